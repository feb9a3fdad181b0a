package import Causality
internal import Changes
package import Inspection
internal import Merge
package import Store

/// Reads what the indicators need out of the rows of a replica, unit by unit, so that memory follows the largest
/// unit and not the province. Source: domain.md §5.
///
/// Rows count for the unit whose scope they are in; a follow-up counts for its owner, wherever it began.
package struct FactsReader {
  let replica: Replica
  let rules: RuleSet
  /// Draws by id, of the unit and the tiers above it: a tier above may have drawn for it.
  var drawsAbove: [Scope: Set<String>] = [:]
  /// Tasks of the plans of tiers above, which may have been handed down.
  var tasksAbove: [Scope: [PlanTask]] = [:]
  /// What waits for people, by scope.
  private let waiting: [Scope: UnitFacts.Sync]
  /// Signed plans of one number that differ, by scope.
  let disputedPlans: [Scope: [[Value]]]
  /// What the lines require, as the province issued it.
  let requirements: [LineRequirement]
  /// Follow-ups whose owner is another unit than the one that found the matter, by owner.
  private var handedOver: [String: [UnitFacts.FollowUp]] = [:]

  /// `units`: all that the report is about. Throws `store`. Cost: follows the open conflicts, the follow-ups
  /// and the length of the log.
  package init(_ replica: Replica, rules: RuleSet, units: [Scope]) throws(CaseworkError) {
    (self.replica, self.rules) = (replica, rules)
    (waiting, disputedPlans) = try Self.waiting(at: replica)
    requirements = try Self.requirements(at: replica)
    for unit in units { try readHandedOver(from: unit) }
  }

  private static func waiting(
    at replica: Replica
  ) throws(CaseworkError) -> ([Scope: UnitFacts.Sync], [Scope: [[Value]]]) {
    var waiting: [Scope: UnitFacts.Sync] = [:]
    var disputed: [Scope: [[Value]]] = [:]
    do throws(StoreError) {
      for conflict in try replica.conflicts() {
        let record = conflict.record
        var sync = waiting[record.scope] ?? UnitFacts.Sync()
        if record.kind == .proposalPending { sync.proposals += 1 } else { sync.reviews += 1 }
        if record.table == PlanTables.plans.id, let key = record.key.values {
          disputed[record.scope, default: []].append(key)
        }
        // It waits since the last of its writes.
        var last: UInt64?
        for dot in record.siblings.flatMap({ $0.writers.map(\.dot) }) {
          if let at = try replica.writtenMilliseconds(dot) { last = max(last ?? at, at) }
        }
        if let last {
          let since = Instant(milliseconds: Int64(clamping: last))
          sync.oldestOpenAt = min(sync.oldestOpenAt ?? since, since)
        }
        waiting[record.scope] = sync
      }
      for (stream, count) in try replica.ineffectiveCounts() {
        waiting[stream.scope, default: UnitFacts.Sync()].refused += count
      }
    } catch {
      throw .store(error)
    }
    return (waiting, disputed)
  }

  /// The facts of a unit on a day, but for what the engine tells of its link. Throws `store`. Cost: linear in
  /// the rows of the unit.
  package mutating func facts(of unit: Scope, today: CivilDate) throws(CaseworkError) -> UnitFacts {
    var facts = UnitFacts()
    facts.filings = try filings(of: unit)
    let planned = try plannedTasks(of: unit)
    facts.requirements = met(by: planned.inForce, of: unit)
    let tasks = try tasks(
      of: unit, planned.newest, handedDown: try handedDownTasks(to: unit))
    let draws = try draws(of: unit)
    facts.draws = draws.facts
    let drawn = try drawIDs(at: unit, own: draws.complete)
    var visits = try VisitFacts(unit, self)
    try visits.readResults(unit, self, tasks: tasks, draws: drawn)
    facts.tasks = tasks.values.map { task in
      var fact = task.fact
      fact.wasDrawn = visits.tasks.contains(task.code) || draws.tasks.contains(task.code)
      fact.provenOn = draws.provenOn[task.code]
      return fact
    }
    facts.rosters = try rosters(of: unit, visited: &visits, today: today)
    facts.visits = visits.facts
    facts.results = visits.results
    facts.followUps = try followUps(of: unit, visits)
    facts.justiceTransfers = try justiceTransfers(of: unit)
    facts.assignments = visits.assignments
    facts.sync = waiting[unit] ?? UnitFacts.Sync()
    return facts
  }

  /// Reads columns of a casework table by name.
  func read(
    _ table: CaseTable, _ names: [String], in scope: Scope, _ body: (RowCells) -> Void
  ) throws(CaseworkError) {
    do throws(StoreError) {
      try replica.forEachRow(of: table.id, in: scope, reading: names.map(table.column), body)
    } catch {
      throw .store(error)
    }
  }

  /// Reads columns of a roster table.
  func read(
    _ table: TableDeclaration, _ fields: [RosterField], in scope: Scope, _ body: (RowCells) -> Void
  ) throws(CaseworkError) {
    do throws(StoreError) {
      try replica.forEachRow(of: table.id, in: scope, reading: fields.map(\.id), body)
    } catch {
      throw .store(error)
    }
  }

  // MARK: follow-ups

  /// The follow-ups that a unit owns: its own rows, and those of others that came to it.
  private func followUps(
    of unit: Scope, _ visits: VisitFacts
  ) throws(CaseworkError) -> [UnitFacts.FollowUp] {
    var facts = handedOver["\(unit)"] ?? []
    let own = "\(unit)"
    let offered = try offeredSubjects(of: unit)
    try read(FollowUpTables.followUps, Self.followUpColumns, in: unit) { row in
      guard row.isEmpty(6) || row.text(6) == own || !offered.contains(Self.subject(row)),
        let createdOn = visits.finalOn[FactsReader.key(row)]
      else { return }
      facts.append(Self.followUp(row, createdOn: createdOn))
    }
    return facts
  }

  private func justiceTransfers(
    of unit: Scope
  ) throws(CaseworkError) -> [UnitFacts.JusticeTransfer] {
    var facts: [UnitFacts.JusticeTransfer] = []
    let columns = ["reported_on", "approved_at", "handed_over_at"]
    try read(FollowUpTables.justiceTransfers, columns, in: unit) { row in
      guard let reportedOn = CivilDate(row.text(0)), let approvedAt = row.integer(1) else { return }
      facts.append(
        UnitFacts.JusticeTransfer(
          result: row.keyText(0), reportedOn: reportedOn,
          approvedAt: Instant(milliseconds: approvedAt),
          handedOverAt: row.integer(2).map { Instant(milliseconds: $0) }))
    }
    return facts
  }

  /// What the unit has offered to others: only that can have another owner than the unit of jurisdiction,
  /// whoever writes one into the row (C-21).
  private func offeredSubjects(of unit: Scope) throws(CaseworkError) -> Set<String> {
    var subjects: Set<String> = []
    try read(FollowUpTables.handOvers, [], in: unit) { row in subjects.insert(row.keyText(0)) }
    return subjects
  }

  /// The follow-up of a row as hand-overs name it.
  private static func subject(_ row: RowCells) -> String {
    "follow_up/\(row.keyText(3))/\(key(row).row)"
  }

  private mutating func readHandedOver(from unit: Scope) throws(CaseworkError) {
    var found: [(owner: String, fact: UnitFacts.FollowUp, key: ResultKey)] = []
    let own = "\(unit)"
    let offered = try offeredSubjects(of: unit)
    guard !offered.isEmpty else { return }
    try read(FollowUpTables.followUps, Self.followUpColumns, in: unit) { row in
      guard !row.isEmpty(6), row.text(6) != own, offered.contains(Self.subject(row)) else { return }
      found.append((row.text(6), Self.followUp(row, createdOn: .latest), FactsReader.key(row)))
    }
    guard !found.isEmpty else { return }
    var finalOn: [ResultKey: CivilDate] = [:]
    try read(VisitTables.finalResults, ["final_on"], in: unit) { row in
      finalOn[FactsReader.key(row)] = CivilDate(row.text(0))
    }
    for entry in found {
      guard let createdOn = finalOn[entry.key] else { continue }
      handedOver[entry.owner, default: []].append(
        UnitFacts.FollowUp(
          createdOn: createdOn, closedOn: entry.fact.closedOn, result: entry.key.row))
    }
  }

  private static let followUpColumns = [
    "state", "outcome", "is_mandatory", "reason", "approver", "finished_on", "owner_unit",
  ]

  private static func followUp(_ row: RowCells, createdOn: CivilDate) -> UnitFacts.FollowUp {
    let state = row.text(0)
    var closedOn: CivilDate?
    if state == "CLOSED" {
      // Closed against a rule counts as open (C-20).
      let closing = FollowUpRules.Closing(
        outcome: Coded(row.text(1)), reason: row.text(3), approver: row.text(4))
      let standing = FollowUpRules.standing(
        state: state, closing: row.isEmpty(1) ? nil : closing,
        kind: FollowUpKind(rawValue: row.keyText(3)) ?? .correct,
        isMandatory: row.integer(2) == 1, row: "")
      if standing == .closed { closedOn = CivilDate(row.text(5)) }
    }
    return UnitFacts.FollowUp(createdOn: createdOn, closedOn: closedOn, result: key(row).row)
  }

  /// The result that a row of visit, item and department belongs to.
  static func key(_ row: RowCells) -> ResultKey {
    ResultKey(visit: row.keyText(0), item: row.keyText(1), department: row.keyText(2))
  }
}

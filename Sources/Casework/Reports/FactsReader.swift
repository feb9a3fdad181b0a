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
  private var drawsAbove: [Scope: Set<String>] = [:]
  /// Open conflicts by scope.
  private let conflicts: [Scope: Int]
  private let ineffective: [Scope: Int]
  /// Follow-ups whose owner is another unit than the one that found the matter, by owner.
  private var handedOver: [String: [UnitFacts.FollowUp]] = [:]

  /// `units`: all that the report is about. Throws `store`. Cost: follows the open conflicts, the follow-ups
  /// and the length of the log.
  package init(_ replica: Replica, rules: RuleSet, units: [Scope]) throws(CaseworkError) {
    (self.replica, self.rules) = (replica, rules)
    do throws(StoreError) {
      var conflicts: [Scope: Int] = [:]
      for conflict in try replica.conflicts() { conflicts[conflict.record.scope, default: 0] += 1 }
      self.conflicts = conflicts
      var ineffective: [Scope: Int] = [:]
      for (stream, count) in try replica.ineffectiveCounts() {
        ineffective[stream.scope, default: 0] += count
      }
      self.ineffective = ineffective
    } catch {
      throw .store(error)
    }
    for unit in units { try readHandedOver(from: unit) }
  }

  /// The facts of a unit on a day, but for what the engine tells of its link. Throws `store`. Cost: linear in
  /// the rows of the unit.
  package mutating func facts(of unit: Scope, today: CivilDate) throws(CaseworkError) -> UnitFacts {
    var facts = UnitFacts()
    facts.filings = try filings(of: unit)
    let tasks = try tasks(of: unit)
    let draws = try draws(of: unit)
    facts.draws = draws.facts
    let drawn = try drawIDs(at: unit, own: draws.complete)
    var visits = try VisitFacts(unit, self)
    try visits.readResults(unit, self, tasks: tasks, draws: drawn)
    facts.tasks = tasks.values.map { task in
      var fact = task.fact
      fact.wasDrawn = visits.tasks.contains(task.code) || draws.tasks.contains(task.code)
      return fact
    }
    facts.rosters = try rosters(of: unit, visited: &visits, today: today)
    facts.visits = visits.facts
    facts.results = visits.results
    facts.followUps = try followUps(of: unit, visits)
    facts.assignments = visits.assignments
    facts.sync.openProblems = (conflicts[unit] ?? 0) + (ineffective[unit] ?? 0)
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

  // MARK: plans and tasks

  /// Signed plans with the receipt of the top of the tree, where plans are filed.
  private func filings(of unit: Scope) throws(CaseworkError) -> [UnitFacts.Filing] {
    let top = replica.tree.entries.first { $0.parent == nil }?.scope.description ?? ""
    var received: [String: Int64] = [:]
    try read(PlanTables.receipts, ["received_at"], in: unit) { row in
      guard row.keyText(3) == top, let at = row.integer(0) else { return }
      received["\(row.keyInteger(0))/\(row.keyText(1))/\(row.keyInteger(2))"] = at
    }
    var filings: [UnitFacts.Filing] = []
    try read(PlanTables.plans, ["signed_at"], in: unit) { row in
      guard let kind = FiledPlan(rawValue: row.keyText(1)), let signed = row.integer(0) else {
        return
      }
      let receipt = received["\(row.keyInteger(0))/\(row.keyText(1))/\(row.keyInteger(2))"]
      filings.append(
        UnitFacts.Filing(
          kind: kind, year: Int(row.keyInteger(0)), signedAt: Instant(milliseconds: signed),
          receivedAt: receipt.map(Instant.init)))
    }
    return filings
  }

  /// A task with what results need of it.
  struct Task {
    let code: String
    var fact: UnitFacts.TaskFact
    let completedOn: CivilDate?
  }

  /// The tasks of all plans; of several plan versions the newest says when and where a task belongs.
  private func tasks(of unit: Scope) throws(CaseworkError) -> [String: Task] {
    var states: [String: (state: String, completedOn: CivilDate?)] = [:]
    try read(PlanTables.tasks, ["state", "completed_on"], in: unit) { row in
      states[row.keyText(0)] = (row.text(0), CivilDate(row.text(1)))
    }
    var tasks: [String: Task] = [:]
    try read(PlanTables.planTasks, ["source", "window_to"], in: unit) { row in
      let code = row.keyText(3)
      guard let windowTo = CivilDate(row.text(1)) else { return }
      let held = states[code]
      tasks[code] = Task(
        code: code,
        fact: UnitFacts.TaskFact(
          state: held?.state ?? StateMachine.task.initial,
          isPlanned: row.text(0) == TaskSource.plan.rawValue, wasDrawn: false, windowTo: windowTo),
        completedOn: held?.completedOn)
    }
    return tasks
  }

  // MARK: draws

  private struct Draws {
    var facts: [UnitFacts.Draw] = []
    /// Ids of draws whose frame, commit and result are all there.
    var complete: Set<String> = []
    /// Tasks that were drawn.
    var tasks: Set<String> = []
  }

  private func draws(of unit: Scope) throws(CaseworkError) -> Draws {
    var frames: [String: (frozenOn: CivilDate?, verification: String)] = [:]
    try read(DrawTables.frames, ["frozen_at", "verification"], in: unit) { row in
      let frozenOn = row.integer(0).flatMap { Instant(milliseconds: $0).date }
      frames[row.keyText(0)] = (frozenOn, row.text(1))
    }
    var (voided, committed, drawn) = (Set<String>(), Set<String>(), Set<String>())
    try read(DrawTables.voids, [], in: unit) { row in voided.insert(row.keyText(0)) }
    var hashes: [String: String] = [:]
    try read(DrawTables.commits, ["commit_hash"], in: unit) { row in
      committed.insert(row.keyText(0))
      hashes[row.keyText(0)] = row.text(0)
    }
    var answered: [String: CivilDate] = [:]
    try read(DrawTables.acknowledgements, ["acknowledged_at"], in: unit) { row in
      answered[row.keyText(0)] = row.integer(0).flatMap { Instant(milliseconds: $0).date }
    }
    try read(DrawTables.results, [], in: unit) { row in drawn.insert(row.keyText(0)) }
    var draws = Draws()
    try read(DrawTables.sessions, ["frame_hash", "task_codes"], in: unit) { row in
      let id = row.keyText(0)
      guard let frame = frames[row.text(0)], let frozenOn = frame.frozenOn else { return }
      if drawn.contains(id) {
        if committed.contains(id) { draws.complete.insert(id) }
        draws.tasks.formUnion(row.text(1).split(separator: " ").map(String.init))
      }
      draws.facts.append(
        UnitFacts.Draw(
          drawnOn: frozenOn,
          verification: frame.verification.isEmpty ? "PENDING" : frame.verification,
          isVoid: voided.contains(id),
          answeredUndrawnOn: drawn.contains(id) ? nil : hashes[id].flatMap { answered[$0] }))
    }
    return draws
  }

  private mutating func drawIDs(
    at unit: Scope, own: Set<String>
  ) throws(CaseworkError) -> Set<String> {
    var all = own
    var next = replica.tree.parent(of: unit)
    while let scope = next {
      if drawsAbove[scope] == nil { drawsAbove[scope] = try draws(of: scope).complete }
      all.formUnion(drawsAbove[scope] ?? [])
      next = replica.tree.parent(of: scope)
    }
    return all
  }

  // MARK: rosters

  /// States in which an object is no more or gone, so that nothing can be checked.
  private static let goneStates: Set<String> = ["CANCELLED", "REVOKED", "RESCINDED", "MOVED_OUT"]

  /// Counts of the rosters; the credit classes of the objects that were visited on the way. A registered object
  /// counts as taken over by the unit (K14) when it is in a library or has a station in charge.
  private func rosters(
    of unit: Scope, visited: inout VisitFacts, today: CivilDate
  ) throws(CaseworkError) -> UnitFacts.Rosters {
    var rosters = UnitFacts.Rosters()
    var members: Set<String> = []
    try read(FollowUpTables.libraryMembers, [], in: unit) { row in members.insert(row.keyText(0)) }
    var classes: [String: String] = [:]
    let wanted = visited.objects
    try read(
      RosterSchema.companies,
      [CompanyFields.registrationState, CompanyFields.station, CompanyFields.creditClass], in: unit
    ) { row in
      let isGone = !row.isEmpty(0) && Self.goneStates.contains(row.text(0))
      if isGone && wanted.isEmpty { return }
      let code = row.keyText(0)
      if wanted.contains(code) { classes[code] = row.text(2) }
      guard !isGone else { return }
      rosters.feedRows += 1
      if !row.isEmpty(1) || members.contains(code) { rosters.matchedFeedRows += 1 }
    }
    rosters.objects = rosters.feedRows
    visited.setClasses(classes)
    try read(
      RosterSchema.inspectors, [InspectorFields.status, InspectorFields.certificateValidTo],
      in: unit
    ) { row in
      guard row.text(0) == "ON_DUTY" else { return }
      rosters.inspectorsOnDuty += 1
      if let validTo = CivilDate(row.text(1)), validTo >= today { rosters.inspectorsValid += 1 }
    }
    return rosters
  }

  // MARK: follow-ups

  /// The follow-ups that a unit owns: its own rows, and those of others that came to it.
  private func followUps(
    of unit: Scope, _ visits: VisitFacts
  ) throws(CaseworkError) -> [UnitFacts.FollowUp] {
    var facts = handedOver["\(unit)"] ?? []
    let own = "\(unit)"
    try read(FollowUpTables.followUps, Self.followUpColumns, in: unit) { row in
      guard row.isEmpty(6) || row.text(6) == own,
        let createdOn = visits.finalOn[FactsReader.key(row)]
      else { return }
      facts.append(Self.followUp(row, createdOn: createdOn))
    }
    return facts
  }

  private mutating func readHandedOver(from unit: Scope) throws(CaseworkError) {
    var found: [(owner: String, fact: UnitFacts.FollowUp, key: ResultKey)] = []
    let own = "\(unit)"
    try read(FollowUpTables.followUps, Self.followUpColumns, in: unit) { row in
      guard !row.isEmpty(6), row.text(6) != own else { return }
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
        UnitFacts.FollowUp(createdOn: createdOn, closedOn: entry.fact.closedOn))
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
    return UnitFacts.FollowUp(createdOn: createdOn, closedOn: closedOn)
  }

  /// The result that a row of visit, item and department belongs to.
  static func key(_ row: RowCells) -> ResultKey {
    ResultKey(visit: row.keyText(0), item: row.keyText(1), department: row.keyText(2))
  }
}

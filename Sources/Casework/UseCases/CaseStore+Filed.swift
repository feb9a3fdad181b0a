package import Causality
internal import Changes
package import Inspection
internal import Store

/// A plan version with how far it has come.
package struct FiledPlanEntry: Hashable, Sendable {
  /// What a hub noted of it.
  package struct Receipt: Hashable, Sendable {
    package let hub: String
    package let receivedAt: Instant?
    package let timeliness: FilingTimeliness
  }

  package let year: Int
  package let kind: FiledPlan
  package let version: Int
  package let title: String
  package let signedBy: String
  package let signedAt: Instant?
  /// Two terminals signed different plans of this number; a person decides (C-10).
  package let isDisputed: Bool
  package let receipts: [Receipt]
  package let tasks: [(code: String, state: String)]

  package static func == (left: FiledPlanEntry, right: FiledPlanEntry) -> Bool {
    (left.year, left.kind, left.version) == (right.year, right.kind, right.version)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(year)
    hasher.combine(kind)
    hasher.combine(version)
  }
}

extension CaseStore {
  /// The newest signed version of a plan of the own unit; nil when there is none.
  package func latestPlan(of kind: FiledPlan, year: Int) throws(CaseworkError) -> Plan? {
    let versions = try rows(of: PlanTables.plans, in: ownScope) {
      $0.key[0] == .integer(Int64(year)) && $0.key[1] == .text(kind.rawValue)
    }.compactMap { row -> Int? in
      guard case .integer(let version) = row.key[2] else { return nil }
      return Int(version)
    }
    guard let newest = versions.max() else { return nil }
    return try plan(of: kind, year: year, version: newest)
  }

  /// The requirements of the lines for a year, as the province issued them.
  package func requirements(year: Int) throws(CaseworkError) -> [LineRequirement] {
    guard let top = RosterCut.streams(replica, unit: ownScope).last?.scope else { return [] }
    return try rows(of: IssuedTables.requirements, in: top) {
      $0.integer("year") == Int64(year)
    }.map(LineRequirement.init)
  }

  /// All that is wrong with a plan by the list and the requirements known here.
  package func breaches(of plan: Plan) throws(CaseworkError) -> [RuleBreach] {
    try breaches(
      of: plan,
      PlanRules(
        list: try effectiveList(of: ownScope, on: today),
        requirements: try requirements(year: plan.year), rules: rules,
        eligible: try rosterCounts()))
  }

  /// How many companies of the own roster may be drawn today, by library and credit class.
  private func rosterCounts() throws(CaseworkError) -> [String: [String: Int]] {
    let counts = try drawable(in: ownScope)
    return counts.isEmpty ? [:] : ["companies": counts]
  }

  /// The companies of a roster that no registration ended, by credit class.
  func drawable(in unit: Scope) throws(CaseworkError) -> [String: Int] {
    let columns = [CompanyFields.creditClass, CompanyFields.registrationState].map(\.id)
    var counts: [String: Int] = [:]
    do throws(StoreError) {
      try replica.forEachRow(of: RosterSchema.companies.id, in: unit, reading: columns) { row in
        guard FrameMaker.status(of: row.text(1)) == nil else { return }
        counts[row.text(0).isEmpty ? "N" : row.text(0), default: 0] += 1
      }
    } catch {
      throw .store(error)
    }
    return counts
  }

  /// Signs a plan by the list and the requirements known here. Throws as the longer form.
  package func sign(_ plan: Plan) throws(CaseworkError) {
    try sign(
      plan, list: try effectiveList(of: ownScope, on: today),
      requirements: try requirements(year: plan.year), eligible: try rosterCounts())
  }

  /// The plan versions of a unit with receipts and the states of their tasks, in order of their keys.
  package func filedPlans(of unit: Scope) throws(CaseworkError) -> [FiledPlanEntry] {
    let disputed = try disputedPlans(in: unit)
    let receipts = try rows(of: PlanTables.receipts, in: unit)
    let tasks = try rows(of: PlanTables.planTasks, in: unit)
    var states: [String: String] = [:]
    for row in try rows(of: PlanTables.tasks, in: unit) { states[row.keyText] = row.text("state") }
    var entries: [FiledPlanEntry] = []
    for row in try rows(of: PlanTables.plans, in: unit) {
      guard case .integer(let year) = row.key[0], case .integer(let version) = row.key[2],
        let kind = row.key[1].string.flatMap({ FiledPlan(rawValue: $0) })
      else { continue }
      var noted: [FiledPlanEntry.Receipt] = []
      for receipt in receipts where Array(receipt.key.prefix(3)) == row.key {
        guard let hub = receipt.key[3].string.flatMap({ Scope($0) }) else { continue }
        guard
          let timeliness = try timeliness(of: kind, year: Int(year), unit: unit, hub: hub)
        else { continue }
        noted.append(
          FiledPlanEntry.Receipt(
            hub: "\(hub)", receivedAt: receipt.integer("received_at").map(Instant.init),
            timeliness: timeliness))
      }
      entries.append(
        FiledPlanEntry(
          year: Int(year), kind: kind, version: Int(version), title: row.text("title"),
          signedBy: row.text("signed_by"), signedAt: row.integer("signed_at").map(Instant.init),
          isDisputed: disputed.contains(row.key), receipts: noted,
          tasks: tasks.filter { Array($0.key.prefix(3)) == row.key }.map { task in
            let code = task.key[3].string ?? ""
            return (code, states[code] ?? StateMachine.task.initial)
          }))
    }
    return entries
  }
}

extension LineRequirement {
  /// Reads a row of `line_requirements`.
  init(_ row: CaseRow) {
    var weights: [String: Int] = [:]
    for pair in row.text("region_weights").split(separator: " ") {
      let parts = pair.split(separator: ":")
      if parts.count == 2, let weight = Int(parts[1]) { weights[String(parts[0])] = weight }
    }
    self.init(
      id: row.keyText, year: Int(row.integer("year") ?? 0), line: row.text("line"),
      itemCode: row.text("item_code"), ratioBp: Int(row.integer("ratio_bp") ?? 0),
      minimumCount: Int(row.integer("minimum_count") ?? 0), regionWeights: weights,
      windowFrom: row.date("window_from"), windowTo: row.date("window_to"),
      source: LineRequirement.Source(rawValue: row.text("source")) ?? .province,
      isMandatory: row.integer("is_mandatory") != 0)
  }
}

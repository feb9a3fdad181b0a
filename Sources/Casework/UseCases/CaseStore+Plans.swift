package import Causality
internal import Changes
package import Inspection
internal import Merge
internal import Store

extension CaseStore {
  /// Signs a plan: checks it against the effective list and the line requirements, and writes the version with
  /// its tasks, in force from then on. Filing is the hub's receipt and vetoes nothing.
  ///
  /// Throws `refused` with all that is wrong, `exists` for a version that is there. Source.
  package func sign(
    _ plan: Plan, list: EffectiveList, requirements: [LineRequirement],
    eligible: [String: [String: Int]] = [:]
  ) throws(CaseworkError) {
    let rules = PlanRules(
      list: list, requirements: requirements, rules: self.rules, eligible: eligible)
    if let refusal = try breaches(of: plan, rules).refusal { throw refusal }
    let scope = ownScope
    try perform("plan signed") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key = Self.planKey(plan)
      guard try transaction.row(of: PlanTables.plans, in: scope, key: key) == nil else {
        return .failure(.exists(table: "plans", key: plan.row))
      }
      try transaction.insert(PlanTables.plans, in: scope, key: key) { values in
        values.set("title", plan.title)
        values.set("signed_by", plan.signedBy)
        values.set("signed_at", plan.signedAt?.milliseconds ?? 0)
        values.set("reason", plan.reason)
        values.set("unmet_reasons", Self.lines(of: plan.unmetReasons))
        values.set("meeting_on", plan.meetingOn)
        values.set("list_version", Int64(clamping: list.baseVersion))
        values.set("rules_version", Int64(clamping: self.rules.version))
        values.set("state", "SUBMITTED")
      }
      for task in plan.tasks {
        try insert(task, key: key, in: scope, transaction)
      }
      return .success(())
    }
  }

  /// All that is wrong with a plan of this unit.
  func breaches(of plan: Plan, _ rules: PlanRules) throws(CaseworkError) -> [RuleBreach] {
    var breaches = rules.breaches(of: plan)
    if plan.unit.text != "\(ownScope)" {
      breaches.append(
        RuleBreach(
          plan.kind.requirement, row: plan.row,
          .notOwner(unit: "\(ownScope)", owner: plan.unit.text)))
    }
    breaches += implementerBreaches(of: plan)
    let libraries = try libraries()
    for task in plan.tasks where task.library != "companies" && !libraries.contains(task.library) {
      breaches.append(
        RuleBreach(.objectRoster, row: task.code, .libraryMissing(library: task.library)))
    }
    if let previous = try self.plan(of: plan.kind, year: plan.year, version: plan.version - 1) {
      breaches += PlanRules.breaches(
        from: previous, to: plan, states: try taskStates(of: previous))
    } else if plan.version > 1 {
      breaches.append(
        RuleBreach(.planAdjustment, row: plan.row, .missing(field: "上一版本")))
    }
    return breaches
  }

  /// Tasks of a plan that check the same objects for the same items at the same time as another task of this unit's
  /// plans in force, the plan's own among them (避免重复多头布置, R-2.24). It is no error: two such draws may share their
  /// numbers, and their visits be made one.
  package func duplicates(in plan: Plan) throws(CaseworkError) -> [RuleBreach] {
    var others: [PlanTask] = []
    for kind in FiledPlan.allCases where kind != plan.kind {
      others += try latestPlan(of: kind, year: plan.year)?.tasks ?? []
    }
    var duplicates = PlanRules.duplicates(plan.tasks, others)
    for (place, task) in plan.tasks.enumerated() {
      duplicates += PlanRules.duplicates([task], Array(plan.tasks.dropFirst(place + 1)))
    }
    return duplicates
  }

  /// Ends a task that is not under way yet, with reason and approver; it stays, and is counted. Visits of it
  /// that nobody has begun are cancelled. Throws `refused`, also while a visit is under way and for one that units below
  /// were given (there the superior voids the draw); `missing`.
  package func terminate(
    task: String, reason: String, approver: String
  ) throws(CaseworkError) {
    let scope = ownScope
    let state = try taskState(task)
    if state == "TERMINATED" {
      throw .refused([
        RuleBreach(
          .planAdjustment, row: task,
          .illegalTransition(machine: "TASK", from: state, to: "TERMINATED"))
      ])
    }
    do throws(RuleBreach) {
      try PlanRules.checkTermination(of: task, state: state, reason: reason, approver: approver)
    } catch {
      throw .refused([error])
    }
    let visits = try rows(of: VisitTables.visits, in: scope) { $0.text("task_code") == task }
    var open = visits.filter { ["STARTED", "DONE"].contains($0.text("state")) }.count
    for session in try sessions(of: scope) where session.tasks.contains(where: { $0.code == task })
    {
      open += try openObjects(of: session)
    }
    guard open == 0 else {
      throw .refused([RuleBreach(.planAdjustment, row: task, .visitsOpen(count: open))])
    }
    for visit in visits where ["ASSIGNED", "NOTIFIED"].contains(visit.text("state")) {
      try advance(visit: visit.keyText, through: ["CANCELLED"])
    }
    try perform("task terminated") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.update(PlanTables.tasks, in: scope, key: [.text(task)]) { values in
        values.set("state", "TERMINATED")
        values.set("termination_reason", reason)
        values.set("termination_approver", approver)
      }
      return .success(())
    }
  }

  private func insert(
    _ task: PlanTask, key: [Value], in scope: Scope, _ transaction: CaseTransaction
  ) throws(StoreError) {
    let taskKey = key + [.text(task.code)]
    try transaction.insert(PlanTables.planTasks, in: scope, key: taskKey) { values in
      values.set("name", task.name)
      values.set("source", task.source.rawValue)
      values.set("origin", task.origin.rawValue)
      values.set("item_codes", task.itemCodes.joined(separator: " "))
      values.set("library", task.library)
      values.set("draw_type", task.drawType.rawValue)
      values.set("filter_fields", task.filterFields.joined(separator: " "))
      values.set("filter", task.filter)
      values.set("strata", task.strata.map(\.text).joined(separator: " "))
      values.set("departments", task.departments.joined(separator: " "))
      values.set("window_from", task.windowFrom)
      values.set("window_to", task.windowTo)
      values.set("team_size", Int64(task.teamSize))
      values.set("is_list_public", task.isListPublic ? 1 : 0)
      values.set("approver", task.approver)
      values.set("requirement_id", task.requirementID ?? "")
      values.set("risk_analysis", task.riskAnalysis ?? "")
      values.set("implementers", task.implementers.joined(separator: " "))
    }
    if try transaction.row(of: PlanTables.tasks, in: scope, key: [.text(task.code)]) == nil {
      try transaction.insert(PlanTables.tasks, in: scope, key: [.text(task.code)]) { values in
        values.set("state", StateMachine.task.initial)
      }
    }
  }

  /// Only units below can visit what this one draws.
  func implementerBreaches(of plan: Plan) -> [RuleBreach] {
    plan.tasks.flatMap { task in
      task.implementers.filter { code in
        guard let scope = Scope(code) else { return true }
        return scope == ownScope || !replica.tree.isAtOrAbove(ownScope, scope)
      }.map { code in
        RuleBreach(.twoStages, row: task.code, .notBelow(unit: code))
      }
    }
  }

  /// A signed plan version of this unit; nil when there is none.
  package func plan(
    of kind: FiledPlan, year: Int, version: Int
  ) throws(CaseworkError) -> Plan? {
    guard let unit = UnitCode("\(ownScope)") else { return nil }
    let key: [Value] = [.integer(Int64(year)), .text(kind.rawValue), .integer(Int64(version))]
    guard let row = try row(of: PlanTables.plans, in: ownScope, key: key) else { return nil }
    let tasks = try rows(of: PlanTables.planTasks, in: ownScope) { Array($0.key.prefix(3)) == key }
    return Plan(
      unit: unit, year: year, kind: kind, version: version, title: row.text("title"),
      tasks: tasks.compactMap(PlanTask.init), signedBy: row.text("signed_by"),
      signedAt: row.integer("signed_at").map(Instant.init), reason: row.text("reason"),
      unmetReasons: Self.pairs(of: row.text("unmet_reasons")), meetingOn: row.date("meeting_on"))
  }

  /// The states of a plan's tasks by code.
  package func taskStates(of plan: Plan) throws(CaseworkError) -> [String: String] {
    var states: [String: String] = [:]
    for task in plan.tasks {
      let row = try row(of: PlanTables.tasks, in: ownScope, key: [.text(task.code)])
      if let row { states[task.code] = row.text("state") }
    }
    return states
  }

  /// The state of a task of the own unit. Throws `missing`.
  package func taskState(_ code: String) throws(CaseworkError) -> String {
    guard let row = try row(of: PlanTables.tasks, in: ownScope, key: [.text(code)]) else {
      throw .missing(table: "tasks", key: code)
    }
    return row.text("state")
  }

  /// Receives all plans of a unit below that have no receipt of this node yet: filing is not approval. Two
  /// signed plans of one number get none until a person has decided (C-10). Returns how many were received.
  package func receivePlans(of unit: Scope) throws(CaseworkError) -> Int {
    let hub = "\(ownScope)"
    let disputed = try disputedPlans(in: unit)
    let plans = try rows(of: PlanTables.plans, in: unit) { !disputed.contains($0.key) }
    let now = wallMilliseconds()
    return try perform("plans received") {
      transaction throws(StoreError) -> Result<Int, CaseworkError> in
      var count = 0
      for plan in plans {
        let key = plan.key + [.text(hub)]
        guard try transaction.row(of: PlanTables.receipts, in: unit, key: key) == nil else {
          continue
        }
        try transaction.insert(PlanTables.receipts, in: unit, key: key) { values in
          values.set("received_at", Int64(clamping: now))
          values.set("received_by", author)
        }
        count += 1
      }
      return .success(count)
    }
  }

  /// Keys of plans with an open conflict.
  func disputedPlans(in scope: Scope) throws(CaseworkError) -> [[Value]] {
    do throws(StoreError) {
      return try replica.conflicts().filter {
        $0.record.table == PlanTables.plans.id && $0.record.scope == scope
      }.compactMap { $0.record.key.values }
    } catch {
      throw .store(error)
    }
  }

  /// Whether the unit's plan of a year was filed on time, by both of its times. The first version counts: an
  /// adjustment later in the year does not spoil it. `hub`: whose receipt counts.
  package func timeliness(
    of kind: FiledPlan, year: Int, unit: Scope, hub: Scope
  ) throws(CaseworkError) -> FilingTimeliness? {
    let key: [Value] = [.integer(Int64(year)), .text(kind.rawValue), .integer(1)]
    let plan = try row(of: PlanTables.plans, in: unit, key: key)
    let receipt = try row(of: PlanTables.receipts, in: unit, key: key + [.text("\(hub)")])
    return FilingTimeliness(
      kind, year: year, signedAt: plan?.integer("signed_at").map(Instant.init),
      receivedAt: receipt?.integer("received_at").map(Instant.init),
      now: Instant(milliseconds: Int64(clamping: wallMilliseconds())), calendar: calendar,
      graceWorkingDays: rules.filingGraceWorkingDays)
  }

  private static func planKey(_ plan: Plan) -> [Value] {
    [
      .integer(Int64(plan.year)), .text(plan.kind.rawValue), .integer(Int64(plan.version)),
    ]
  }
}

extension StratumRatio {
  /// `C:3000:1:` — stratum, ratio, minimum, maximum or nothing.
  var text: String { "\(stratum):\(ratioBp):\(minimum):\(maximum.map(String.init) ?? "")" }

  /// Reads what `text` gave; nil for anything else.
  init?(text: Substring) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 4, let ratio = Int(parts[1]), let minimum = Int(parts[2]),
      parts[3].isEmpty || Int(parts[3]) != nil
    else { return nil }
    self.init(String(parts[0]), ratioBp: ratio, minimum: minimum, maximum: Int(parts[3]))
  }
}

extension PlanTask {
  /// Reads a row of `plan_tasks`; nil when a date or code of it is none of this version.
  init?(_ row: CaseRow) {
    guard let code = row.key.last?.string, let from = row.date("window_from"),
      let to = row.date("window_to"), let source = TaskSource(rawValue: row.text("source")),
      let origin = CheckOrigin(rawValue: row.text("origin")),
      let drawType = DrawType(rawValue: row.text("draw_type"))
    else { return nil }
    func list(_ name: String) -> [String] { row.text(name).split(separator: " ").map(String.init) }
    func optional(_ text: String) -> String? { text.isEmpty ? nil : text }
    self.init(
      code: code, name: row.text("name"), source: source, origin: origin,
      itemCodes: list("item_codes"), library: row.text("library"), drawType: drawType,
      filterFields: list("filter_fields"), filter: row.text("filter"),
      strata: row.text("strata").split(separator: " ").compactMap(StratumRatio.init(text:)),
      departments: list("departments"), windowFrom: from, windowTo: to,
      teamSize: Int(row.integer("team_size") ?? 2),
      isListPublic: row.integer("is_list_public") != 0, approver: row.text("approver"),
      requirementID: optional(row.text("requirement_id")),
      riskAnalysis: optional(row.text("risk_analysis")), implementers: list("implementers"))
  }
}

package import Causality
internal import Changes
package import Inspection
internal import Store

/// Plans, what the lines require of them, and tasks.
extension FactsReader {
  /// What the lines require, as the province issued it.
  static func requirements(at replica: Replica) throws(CaseworkError) -> [LineRequirement] {
    guard let top = replica.tree.entries.first(where: { $0.parent == nil })?.scope else {
      return []
    }
    return try rows(of: IssuedTables.requirements, in: top, at: replica).map(LineRequirement.init)
  }

  private static func rows(
    of table: CaseTable, in scope: Scope, at replica: Replica
  ) throws(CaseworkError) -> [CaseRow] {
    var rows: [CaseRow] = []
    do throws(StoreError) {
      try replica.forEachRow(of: table.id, in: scope) { row in
        rows.append(CaseRow(table, key: row.key, values: row.values))
        return true
      }
    } catch {
      throw .store(error)
    }
    return rows
  }

  /// What a unit owes of which nothing is known: its plans and what the lines require of them.
  package func owed(by unit: Scope) -> UnitFacts {
    var facts = UnitFacts()
    facts.requirements = met(by: [:], of: unit)
    return facts
  }

  /// Signed plans with the receipt of the top of the tree, where plans are filed.
  func filings(of unit: Scope) throws(CaseworkError) -> [UnitFacts.Filing] {
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

  /// The tasks of a unit's plans.
  struct PlannedTasks {
    /// Of several plan versions the newest says when and where a task belongs.
    var newest: [PlanTask] = []
    /// The tasks of the annual plan in force, by year.
    var inForce: [Int: [PlanTask]] = [:]
  }

  func plannedTasks(of unit: Scope) throws(CaseworkError) -> PlannedTasks {
    var planned = PlannedTasks()
    var newest: [String: PlanTask] = [:]
    var versions: [Int: Int64] = [:]
    let disputed = disputedPlans[unit] ?? []
    // Ascending by year, kind and version.
    for row in try Self.rows(of: PlanTables.planTasks, in: unit, at: replica) {
      guard let task = PlanTask(row), case .integer(let year) = row.key[0],
        case .integer(let version) = row.key[2]
      else { continue }
      newest[task.code] = task
      guard row.key[1].string == FiledPlan.annual.rawValue,
        !disputed.contains(Array(row.key.prefix(3)))
      else { continue }
      let number = Int(clamping: year)
      if versions[number] != version {
        versions[number] = version
        planned.inForce[number] = []
      }
      planned.inForce[number]?.append(task)
    }
    planned.newest = newest.values.sorted { $0.code < $1.code }
    return planned
  }

  /// Tasks of plans above that were handed down to a unit, as those plans have them.
  mutating func handedDownTasks(to unit: Scope) throws(CaseworkError) -> [PlanTask] {
    var codes: Set<String> = []
    try read(DrawTables.shares, [], in: unit) { row in codes.insert(row.keyText(1)) }
    guard !codes.isEmpty else { return [] }
    var tasks: [PlanTask] = []
    var next = replica.tree.parent(of: unit)
    while let scope = next {
      if tasksAbove[scope] == nil { tasksAbove[scope] = try plannedTasks(of: scope).newest }
      tasks += (tasksAbove[scope] ?? []).filter { codes.contains($0.code) }
      next = replica.tree.parent(of: scope)
    }
    return tasks
  }

  /// The mandatory requirements that are addressed to a unit, and whether its plan in force meets them.
  func met(by plans: [Int: [PlanTask]], of unit: Scope) -> [UnitFacts.Requirement] {
    guard let code = UnitCode("\(unit)") else { return [] }
    return requirements.filter { $0.isMandatory && $0.addresses(code) }.map { requirement in
      let tasks = plans[requirement.year] ?? []
      return UnitFacts.Requirement(
        id: requirement.id, year: requirement.year,
        isMet: tasks.contains { requirement.isMet(by: $0) })
    }
  }

  /// A task with what results need of it.
  struct Task {
    let code: String
    var fact: UnitFacts.TaskFact
    var completedOn: CivilDate? { fact.completedOn }
  }

  /// `handedDown`: of plans above; the unit owes them, but not as part of its own plan.
  func tasks(
    of unit: Scope, _ planned: [PlanTask], handedDown: [PlanTask]
  ) throws(CaseworkError) -> [String: Task] {
    var states: [String: (state: String, completedOn: CivilDate?)] = [:]
    try read(PlanTables.tasks, ["state", "completed_on"], in: unit) { row in
      states[row.keyText(0)] = (row.text(0), CivilDate(row.text(1)))
    }
    var tasks: [String: Task] = [:]
    let own = Set(planned.map(\.code))
    for task in planned + handedDown.filter({ !own.contains($0.code) }) {
      let held = states[task.code]
      tasks[task.code] = Task(
        code: task.code,
        fact: UnitFacts.TaskFact(
          code: task.code, state: held?.state ?? StateMachine.task.initial,
          isPlanned: task.source == .plan && own.contains(task.code), wasDrawn: false,
          windowTo: task.windowTo,
          isJoint: task.isJoint, needsDraw: ![.lead, .routine].contains(task.origin),
          completedOn: held?.completedOn))
    }
    return tasks
  }
}

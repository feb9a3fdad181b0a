package import Causality
internal import Changes
package import Inspection
internal import Store

/// A result in the publication register, with where it stands today.
package struct PublicationEntry: Hashable, Sendable {
  package let key: ResultKey
  package let due: DueDate?
  package let publishedOn: CivilDate?
  package let standing: PublicationStanding
  /// A tier above asked to take it down; a person of the unit decides (C-19).
  package let takedownRequest: String
}

extension CaseStore {
  /// Completes a task: all visits ended, all results final. Their publication is due on the 20th working day
  /// from then. In a joint task every department has declared that it is done (C-33). Throws `refused`,
  /// `missing`.
  package func complete(task: String, on date: CivilDate) throws(CaseworkError) {
    let scope = ownScope
    let visits = try rows(of: VisitTables.visits, in: scope) { $0.text("task_code") == task }
    let ids = Set(visits.compactMap { $0.key.first })
    let items = try rows(of: VisitTables.visitItems, in: scope) { ids.contains($0.key[0]) }
    let impossible = Set(
      visits.filter { ["IMPOSSIBLE", "CANCELLED"].contains($0.text("state")) }.map { $0.key[0] })
    var states: [String] = []
    for item in items {
      let result = try row(of: VisitTables.results, in: scope, key: item.key)
      if result == nil, impossible.contains(item.key[0]) { continue }
      states.append(result?.text("state") ?? StateMachine.result.initial)
    }
    if let open = try openUnits(of: task) {
      throw .refused([RuleBreach(.twoStages, row: task, .visitsOpen(count: open))])
    }
    let participants = try participants(of: task)
    let done = try rows(of: PlanTables.completions, in: scope) { $0.key[0] == .text(task) }
    do throws(RuleBreach) {
      try TaskCompletion.check(
        task: task, visitStates: visits.map { $0.text("state") }, resultStates: states,
        participants: participants, done: Set(done.compactMap { $0.key[1].string }))
    } catch {
      throw .refused([error])
    }
    let due = PublicationRules.due(completedOn: date, calendar: calendar, rules: rules)
    try perform("task completed") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard
        let held = try transaction.row(of: PlanTables.tasks, in: scope, key: [.text(task)])
      else { return .failure(.missing(table: "tasks", key: task)) }
      do throws(RuleBreach) {
        try StateMachine.task.check(
          from: held.text("state"), to: "COMPLETED", .publication, row: task)
      } catch {
        return .failure(.refused([error]))
      }
      try transaction.update(PlanTables.tasks, in: scope, key: [.text(task)]) { values in
        values.set("state", "COMPLETED")
        values.set("completed_on", date)
      }
      for item in items {
        let row = try transaction.row(of: VisitTables.publications, in: scope, key: item.key)
        guard row?.text("state") == "NOT_DUE" else { continue }
        try transaction.update(VisitTables.publications, in: scope, key: item.key) { values in
          values.set("due_on", due.date)
          values.set("calendar_version", Int64(calendar.version))
          values.set("is_provisional", due.isProvisional ? 1 : 0)
          values.set("state", "DUE")
        }
      }
      return .success(())
    }
  }

  /// How many units below have not completed their share of a task that this unit drew for them; nil when none.
  private func openUnits(of task: String) throws(CaseworkError) -> Int? {
    guard let planned = try plannedTask(task, in: ownScope) else { return nil }
    var count = 0
    for unit in implementers(of: planned) {
      guard try shares(of: unit).contains(where: { $0.taskCode == task }) else { continue }
      let row = try row(of: PlanTables.tasks, in: unit, key: [.text(task)])
      if !["COMPLETED", "PUBLISHED", "CLOSED"].contains(row?.text("state") ?? "") { count += 1 }
    }
    return count == 0 ? nil : count
  }

  /// The departments of a joint task by the newest plan that has it; none for a task of one department.
  private func participants(of task: String) throws(CaseworkError) -> [String] {
    let planned = try definition(of: task, for: ownScope)
    guard let newest = planned.flatMap({ PlanTask($0.row) }), newest.isJoint else { return [] }
    return newest.departments
  }

  /// Declares a department of a joint task done (R-2.25, C-33). Throws `missing` for a task that is not here,
  /// `refused` for a department that has no part in it, `exists`.
  package func declareDone(
    task: String, department: String, on date: CivilDate
  ) throws(CaseworkError) {
    let scope = ownScope
    let departments = try participants(of: task)
    let key: [Value] = [.text(task), .text(department)]
    try perform("department done") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: PlanTables.tasks, in: scope, key: [key[0]]) != nil else {
        return .failure(.missing(table: "tasks", key: task))
      }
      guard departments.contains(department) else {
        return .failure(
          .refused([
            RuleBreach(.jointResults, row: task, .malformed(field: "参与部门", value: department))
          ]))
      }
      guard try transaction.row(of: PlanTables.completions, in: scope, key: key) == nil else {
        return .failure(.exists(table: "task_completions", key: "\(task)/\(department)"))
      }
      try transaction.insert(PlanTables.completions, in: scope, key: key) { values in
        values.set("done_on", date)
      }
      return .success(())
    }
  }

  /// Takes a task through steps before its completion. Throws `refused`, `missing`.
  package func advance(task: String, through states: [String]) throws(CaseworkError) {
    let scope = ownScope
    try perform("task") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard let row = try transaction.row(of: PlanTables.tasks, in: scope, key: [.text(task)])
      else { return .failure(.missing(table: "tasks", key: task)) }
      var state = row.text("state")
      for next in states {
        do throws(RuleBreach) {
          try StateMachine.task.check(from: state, to: next, .linkedChain, row: task)
        } catch {
          return .failure(.refused([error]))
        }
        state = next
      }
      try transaction.update(PlanTables.tasks, in: scope, key: [.text(task)]) { values in
        values.set("state", state)
      }
      return .success(())
    }
  }

  /// Notes that a final result stands on the publicity system. Throws `refused`, `missing`.
  package func publish(
    _ key: ResultKey, on date: CivilDate, channel: String = "GSXT", batch: String = ""
  ) throws(CaseworkError) {
    try change(key, to: "PUBLISHED") { values in
      values.set("published_on", date)
      values.set("channel", channel)
      values.set("batch_number", batch)
    }
  }

  /// Keeps a result from publication, with legal ground and approver. Throws `refused`, `missing`.
  package func exempt(
    _ key: ResultKey, ground: String, approver: String
  ) throws(CaseworkError) {
    do throws(RuleBreach) {
      try PublicationRules.checkExemption(ground: ground, approver: approver, row: key.row)
    } catch {
      throw .refused([error])
    }
    try change(key, to: "EXEMPT") { values in
      values.set("exempt_ground", ground)
      values.set("exempt_approver", approver)
    }
  }

  private func change(
    _ key: ResultKey, to state: String, _ fill: (inout CaseValues) -> Void
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform("result \(state)") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let row = try transaction.row(of: VisitTables.publications, in: scope, key: key.values)
      guard let row else { return .failure(.missing(table: "publications", key: key.row)) }
      // What is published or exempted already is not so again.
      guard StateMachine.publication.allows(row.text("state"), state) else {
        return .failure(
          .refused([
            RuleBreach(
              .publication, row: key.row,
              .illegalTransition(machine: "PUBLICATION", from: row.text("state"), to: state))
          ]))
      }
      try transaction.update(VisitTables.publications, in: scope, key: key.values) { values in
        values.set("state", state)
        fill(&values)
      }
      return .success(())
    }
  }

  /// Asks the unit below to take a publication down: a request for people, which undoes nothing (C-19).
  package func requestTakedown(
    _ key: ResultKey, of unit: Scope, reason: String
  ) throws(CaseworkError) {
    let own = "\(ownScope)"
    try perform("takedown requested") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard
        try transaction.row(of: VisitTables.publications, in: unit, key: key.values) != nil
      else { return .failure(.missing(table: "publications", key: key.row)) }
      try transaction.update(VisitTables.publications, in: unit, key: key.values) { values in
        values.set("takedown_request", reason)
        values.set("takedown_requested_by", own)
      }
      return .success(())
    }
  }

  /// The publication register of a unit, by key, as it stands today. Cost: linear in its results.
  package func publications(of unit: Scope) throws(CaseworkError) -> [PublicationEntry] {
    let today = today
    return try rows(of: VisitTables.publications, in: unit).compactMap { row in
      let texts = row.key.compactMap(\.string)
      guard texts.count == 3 else { return nil }
      let due = row.date("due_on").map {
        DueDate(date: $0, isProvisional: row.integer("is_provisional") == 1)
      }
      return PublicationEntry(
        key: ResultKey(visit: texts[0], item: texts[1], department: texts[2]), due: due,
        publishedOn: row.date("published_on"),
        standing: PublicationRules.standing(
          due: due, publishedOn: row.date("published_on"),
          isExempt: row.text("state") == "EXEMPT", today: today),
        takedownRequest: row.text("takedown_request"))
    }
  }
}

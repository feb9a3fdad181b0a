extension PlanRules {
  /// What a new version may not do to the one before: a task that is drawn stays and is terminated at most,
  /// with reason and approver. `states` are the states of tasks by code. Source.
  package static func breaches(
    from old: Plan, to new: Plan, states: [String: String]
  ) -> [RuleBreach] {
    let adjustment = PlanAdjustment(from: old, to: new)
    return (adjustment.removed + adjustment.changed).sorted().compactMap { code in
      guard let state = states[code], state != StateMachine.task.initial else { return nil }
      return RuleBreach(
        .planAdjustment, row: new.row, .taskDeletedAfterDraw(task: code, state: state))
    }
  }

  /// Refuses the end of a task without reason and approver, or of one that is under way. Source,
  /// domain.md §2.6 (TASK).
  package static func checkTermination(
    of task: String, state: String, reason: String, approver: String
  ) throws(RuleBreach) {
    try StateMachine.task.check(from: state, to: "TERMINATED", .planAdjustment, row: task)
    guard !reason.isEmpty, !approver.isEmpty else {
      throw RuleBreach(.planAdjustment, row: task, .terminationWithoutReason(task: task))
    }
  }

  /// Tasks that check the same objects for the same items at the same time as another plan's: 避免重复多头布置.
  ///
  /// Each pair once, named after the first. Source.
  package static func duplicates(_ first: [PlanTask], _ second: [PlanTask]) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    for task in first {
      for other in second
      where task.code != other.code && task.library == other.library
        && task.windowFrom <= other.windowTo && other.windowFrom <= task.windowTo
      {
        let items = task.itemCodes.filter(other.itemCodes.contains).sorted()
        guard !items.isEmpty else { continue }
        breaches.append(
          RuleBreach(
            .jointPlan, row: task.code, .duplicateDeployment(other: other.code, items: items)))
      }
    }
    return breaches
  }
}

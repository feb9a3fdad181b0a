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

/// How a task stands to an item list that changed under it. Source, C-07, C-08.
package enum TaskStanding: Hashable, Sendable {
  /// Nothing changed for it.
  case regular
  /// Committed before under another version: it is finished under that one.
  case finishUnderOldList(version: UInt64)
  /// Not committed: the unit has to plan again.
  case blocked(RuleBreach)

  /// Judges an item of a task. `state` is the task's, `committedList` the version that its commit bound.
  package init(
    task: String, state: String, item: String, committedList: UInt64?, current: EffectiveList
  ) {
    guard current.item(item) == nil else {
      self = .regular
      return
    }
    if let committedList, state != StateMachine.task.initial {
      self = .finishUnderOldList(version: committedList)
    } else {
      self = .blocked(RuleBreach(.withdrawnItem, row: task, .withdrawnBeforeCommit(code: item)))
    }
  }
}

/// What the hub says to a commit whose ratio is above the cap of a newer list. Source: C-08, R-2.16.
package enum CapVerdict: Hashable, Sendable {
  case withinCap
  /// Accepted under the version of the commit, and flagged: the county could not know.
  case oldList(RuleBreach)
  /// The county had received the newer list: the hub refuses and voids with reason.
  case refused(RuleBreach)

  /// `capAtCommit` and `capNow` are the caps of the item in the list of the commit and in the newest one,
  /// `knewNewest` whether the knowledge of the commit covers the newest one's issue.
  package init(
    task: String, item: String, ratioBp: Int, capAtCommit: Int?, capNow: Int?, knewNewest: Bool
  ) {
    func breach(_ capBp: Int) -> RuleBreach {
      RuleBreach(
        .ratioCap, row: task, .ratioAboveCap(item: item, ratioBp: ratioBp, capBp: capBp))
    }
    if let capAtCommit, ratioBp > capAtCommit {
      self = .refused(breach(capAtCommit))
    } else if let capNow, ratioBp > capNow {
      self = knewNewest ? .refused(breach(capNow)) : .oldList(breach(capNow))
    } else {
      self = .withinCap
    }
  }
}

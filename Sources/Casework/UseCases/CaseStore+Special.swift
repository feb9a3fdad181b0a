internal import Changes
package import Inspection

extension CaseStore {
  /// Dispatches a check that was not drawn at random, under one of the exceptions that the notice makes: a lead
  /// that is being verified (一(四)), a special check of a risk with analysis and approver or a sieve of a grave
  /// event (一(五)), and the strict supervision of special fields, for items that are not on the list (一(三)).
  /// Anything else on a listed item is refused. Two inspectors, items and trace as for every visit.
  ///
  /// `lead`: which, for the origin LEAD. `list`: the unit's effective list. Throws `refused`, `missing`,
  /// `exists`.
  package func dispatchSpecial(
    _ order: VisitOrder, lead: String = "", list: EffectiveList
  ) throws(CaseworkError) {
    switch order.origin {
    case .random:
      throw .refused([RuleBreach(.onePlatform, row: order.id, .missing(field: "抽取编号"))])
    case .lead: try checkLead(lead, order)
    case .riskSpecial, .sieve: try checkTask(order)
    case .routine:
      let listed = order.items.map(\.code).filter { list.item($0) != nil }
      guard listed.isEmpty else {
        throw .refused(
          listed.map {
            RuleBreach(.noBlanketChecks, row: order.id, .nonRandomOnListedItem(item: $0))
          }
        )
      }
    }
    try dispatch(order)
  }

  private func checkLead(_ id: String, _ order: VisitOrder) throws(CaseworkError) {
    guard let lead = try row(of: FollowUpTables.leads, in: ownScope, key: [.text(id)]) else {
      throw .missing(table: "leads", key: id)
    }
    guard lead.text("state") == "VERIFYING" else {
      throw .refused([
        RuleBreach(
          .leads, row: id,
          .illegalTransition(machine: "LEAD", from: lead.text("state"), to: "VERIFYING"))
      ])
    }
    let subject = lead.text("subject_code")
    guard subject.isEmpty || subject == order.subjectCode else {
      throw .refused([
        RuleBreach(.leads, row: id, .malformed(field: "对象", value: order.subjectCode))
      ])
    }
  }

  /// The task names the exception: its origin, the analysis that a special check rests on, and who approved it.
  /// The objects of a sieve are all that there are, its inspectors are drawn.
  private func checkTask(_ order: VisitOrder) throws(CaseworkError) {
    let found = try rows(of: PlanTables.planTasks, in: ownScope) {
      $0.key.last == .text(order.taskCode)
    }
    guard let task = found.last else { throw .missing(table: "plan_tasks", key: order.taskCode) }
    let isSieve = order.origin == .sieve
    let requirement: Requirement = isSieve ? .sieve : .riskAnalysis
    var breaches: [RuleBreach] = []
    func add(_ rule: RuleBreach.Rule) {
      breaches.append(RuleBreach(requirement, row: order.taskCode, rule))
    }
    if task.text("origin") != order.origin.rawValue {
      add(.malformed(field: "检查类型", value: task.text("origin")))
    }
    if task.text("approver").isEmpty { add(.missing(field: "批准人")) }
    if !isSieve, task.text("risk_analysis").isEmpty { add(.missing(field: "风险研判")) }
    if isSieve, order.drawID.isEmpty { add(.missing(field: "抽取编号")) }
    if let refusal = breaches.refusal { throw refusal }
  }
}

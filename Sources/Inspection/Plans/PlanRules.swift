/// The rules that a plan is checked against when it is signed, and again at the hub.
///
/// Source.
package struct PlanRules: Sendable {
  package let list: EffectiveList
  package let requirements: [LineRequirement]
  package let rules: RuleSet
  /// Eligible objects by library and stratum, as the unit's roster has them; a library without an entry is
  /// not counted.
  package let eligible: [String: [String: Int]]
  /// Fields that a filter may name: only what is published.
  package static let publishedFilterFields: Set = Set(
    [
      "industry", "size_class", "item_tag", "credit_class", "library", "last_checked_on", "kind",
      "food_risk", "drug_risk", "equipment_risk", "product_risk",
    ] + FilterField.allCases.map(\.rawValue))

  package init(
    list: EffectiveList, requirements: [LineRequirement], rules: RuleSet,
    eligible: [String: [String: Int]] = [:]
  ) {
    (self.list, self.requirements, self.rules) = (list, requirements, rules)
    self.eligible = eligible
  }

  /// All that is wrong with a plan, in order of its tasks; empty for one that may be signed.
  package func breaches(of plan: Plan) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    let own = plan.kind.requirement
    if plan.signedBy.isEmpty {
      breaches.append(RuleBreach(own, row: plan.row, .missing(field: "签发人")))
    }
    if plan.version > 1, plan.reason.isEmpty {
      breaches.append(RuleBreach(.planAdjustment, row: plan.row, .missing(field: "调整原因")))
    }
    if plan.kind == .joint, plan.meetingOn == nil {
      breaches.append(RuleBreach(.jointPlan, row: plan.row, .missing(field: "专题会议日期")))
    }
    var codes: Set<String> = []
    for task in plan.tasks {
      if !codes.insert(task.code).inserted {
        breaches.append(RuleBreach(own, row: plan.row, .taskCodeRepeated(task: task.code)))
      }
      breaches += self.breaches(of: task, in: plan)
    }
    if plan.kind == .annual { breaches += unmetRequirements(plan) }
    return breaches
  }

  /// Each mandatory requirement addressed to the unit is met by a task or has a reason. A
  /// requirement of the national administration has to be met; no reason stands in for it.
  package func unmetRequirements(_ plan: Plan) -> [RuleBreach] {
    requirements.filter { $0.year == plan.year && $0.isMandatory && $0.addresses(plan.unit) }
      .filter { requirement in
        !plan.tasks.contains { requirement.isMet(by: $0, eligible: counts(for: $0)) }
      }
      .compactMap { requirement in
        if requirement.source == .administration {
          return RuleBreach(.unifiedPlan, row: plan.row, .requirementFixedAbove(id: requirement.id))
        }
        guard plan.unmetReasons[requirement.id]?.isEmpty ?? true else { return nil }
        return RuleBreach(
          .annualPlan, row: plan.row,
          .requirementUnmet(id: requirement.id, item: requirement.itemCode))
      }
  }

  /// What is wrong with one task.
  package func breaches(of task: PlanTask, in plan: Plan) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    func add(_ requirement: Requirement, _ rule: RuleBreach.Rule) {
      breaches.append(RuleBreach(requirement, row: task.code, rule))
    }
    if !Self.isTaskCode(task.code, of: plan) {
      add(plan.kind.requirement, .malformed(field: "任务编号", value: task.code))
    }
    if task.itemCodes.isEmpty { add(.annualPlan, .missing(field: "抽查事项")) }
    for code in task.itemCodes where list.item(code) == nil {
      add(.annualPlan, .itemNotListed(code: code))
    }
    if task.windowTo < task.windowFrom {
      add(.annualPlan, .windowReversed(from: task.windowFrom, to: task.windowTo))
    } else if task.windowFrom.year != plan.year || task.windowTo.year != plan.year {
      add(.annualPlan, .windowOutsideYear(year: plan.year))
    }
    if task.teamSize < 2 { add(.inspectorDraw, .teamTooSmall(size: task.teamSize)) }
    if task.source == .temporary, task.approver.isEmpty {
      add(.linkedChain, .missing(field: "审批人"))
    }
    if plan.kind == .joint {
      if !task.isJoint { add(.jointPlan, .missing(field: "参与部门")) }
    }
    drawBreaches(of: task, add)
    originBreaches(of: task, add)
    ratioBreaches(of: task, add)
    return breaches
  }

  private typealias Add = (Requirement, RuleBreach.Rule) -> Void

  /// a filter names published fields only: a sieve takes all.
  private func drawBreaches(of task: PlanTask, _ add: Add) {
    if task.drawType == .directed, task.filterFields.isEmpty {
      add(.directedDraw, .missing(field: "筛选条件"))
    }
    if task.drawType == .undirected, !task.filterFields.isEmpty {
      add(.directedDraw, .filterOnDrawOfAll)
    }
    for field in task.filterFields where !Self.publishedFilterFields.contains(field) {
      add(.directedDraw, .filterOnUnpublishedField(field: field))
    }
  }

  /// what is on the list is checked at random, unless an exception is named.
  private func originBreaches(of task: PlanTask, _ add: Add) {
    switch task.origin {
    case .random: break
    case .lead, .routine:
      for code in task.itemCodes where list.item(code) != nil && task.origin == .routine {
        add(.noBlanketChecks, .nonRandomOnListedItem(item: code))
      }
    case .riskSpecial, .sieve:
      if task.riskAnalysis?.isEmpty ?? true { add(.riskAnalysis, .missing(field: "风险研判")) }
      if task.approver.isEmpty { add(.noBlanketChecks, .missing(field: "审批人")) }
    }
  }

  /// general items are capped, key items are not: high ratios draw the order of batches.
  private func ratioBreaches(of task: PlanTask, _ add: Add) {
    for stratum in task.strata where !(0...10_000).contains(stratum.ratioBp) {
      add(.ratioCap, .ratioOutOfRange(bp: stratum.ratioBp))
      return
    }
    guard task.drawType != .sieve else { return }
    if task.strata.isEmpty { add(.ratioCap, .missing(field: "抽查比例")) }
    let counts = counts(for: task)
    let (ratioBp, floorBp) = counts.map { task.ratioBp(of: $0) } ?? (smallestRatioBp(of: task), 0)
    for item in task.itemCodes.compactMap(list.item) {
      // One of each class is drawn however small the roster is, and one more where a share is no whole number.
      guard let capBp = item.capBp(rules), ratioBp > max(capBp, floorBp) else { continue }
      add(.ratioCap, .ratioAboveCap(item: item.code, ratioBp: ratioBp, capBp: capBp))
    }
    let shareBp = counts.map(task.weightedRatioBp) ?? smallestRatioBp(of: task)
    if shareBp >= rules.batchThresholdBp, task.drawType != .batch {
      add(.batchOrder, .batchOrderNeeded(ratioBp: shareBp, thresholdBp: rules.batchThresholdBp))
    }
  }

  /// At least this is drawn, where the roster is not counted. The draw checks again what was really frozen.
  private func smallestRatioBp(of task: PlanTask) -> Int { task.strata.map(\.ratioBp).min() ?? 0 }

  /// The roster that a task is drawn from, by stratum; nil where it is not counted: what a filter, a line's risk grades
  /// or the rosters of units below make of it only the draw says.
  private func counts(for task: PlanTask) -> [String: Int]? {
    guard task.filter.isEmpty, task.implementers.isEmpty,
      task.strata.allSatisfy({ $0.stratum.utf8.count == 1 }), let counts = eligible[task.library],
      task.strata.contains(where: { (counts[$0.stratum] ?? 0) > 0 })
    else { return nil }
    return counts
  }

  /// `530102-2026-0001`: unit, year and four digits.
  package static func isTaskCode(_ code: String, of plan: Plan) -> Bool {
    let parts = code.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 3 && parts[0] == plan.unit.text && parts[1] == "\(plan.year)"
      && parts[2].utf8.count == 4 && parts[2].utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}

import Inspection
import Testing

@Suite struct PlanRulesTests {
  private func list() throws -> EffectiveList {
    EffectiveList(
      base: try sampleList(), tiers: [], unit: try unit("530102"), on: try day("2026-01-20"),
      rules: RuleSet())
  }

  private func task(_ code: String = "530102-2026-0001") throws -> PlanTask {
    PlanTask(
      code: code, name: "营业执照抽查", itemCodes: ["Y0101"], library: "companies",
      strata: [StratumRatio("A", ratioBp: 300), StratumRatio("B", ratioBp: 500)],
      windowFrom: try day("2026-04-01"), windowTo: try day("2026-06-30"))
  }

  private func plan(_ tasks: [PlanTask], version: Int = 1, reason: String = "") throws -> Plan {
    Plan(
      unit: try unit("530102"), year: 2026, version: version, title: "计划", tasks: tasks,
      signedBy: "局长", signedAt: Instant(try day("2026-01-20"), hour: 9, minute: 0),
      reason: reason)
  }

  private func rules(
    _ requirements: [LineRequirement] = [], eligible: [String: [String: Int]] = [:]
  ) throws -> PlanRules {
    PlanRules(list: try list(), requirements: requirements, rules: RuleSet(), eligible: eligible)
  }

  @Test func `a plan that keeps all rules may be signed`() throws {
    #expect(try rules().breaches(of: plan([task()])).isEmpty)
  }

  @Test func `二(五): each rule is told with its clause and the task`() throws {
    func changed(_ change: (inout PlanTask) throws -> Void) throws -> PlanTask {
      var changed = try task()
      try change(&changed)
      return changed
    }
    let cases: [(PlanTask, Requirement, RuleBreach.Rule)] = [
      (try changed { $0.itemCodes = ["Y9999"] }, .annualPlan, .itemNotListed(code: "Y9999")),
      (try changed { $0.itemCodes = [] }, .annualPlan, .missing(field: "抽查事项")),
      (
        try changed { $0.strata = [StratumRatio("B", ratioBp: 501)] }, .ratioCap,
        .ratioAboveCap(item: "Y0101", ratioBp: 501, capBp: 500)
      ),
      (
        try changed { $0.strata = [StratumRatio("B", ratioBp: 10_001)] }, .ratioCap,
        .ratioOutOfRange(bp: 10_001)
      ),
      (
        try changed {
          $0.itemCodes = ["Y1101"]
          $0.strata = [StratumRatio("D", ratioBp: 5_001)]
        }, .batchOrder, .batchOrderNeeded(ratioBp: 5_001, thresholdBp: 5_000)
      ),
      (try changed { $0.teamSize = 1 }, .inspectorDraw, .teamTooSmall(size: 1)),
      (
        try changed { $0.windowTo = try day("2026-03-31") }, .annualPlan,
        .windowReversed(from: try day("2026-04-01"), to: try day("2026-03-31"))
      ),
      (
        try changed { $0.windowTo = try day("2027-01-01") }, .annualPlan,
        .windowOutsideYear(year: 2026)
      ),
      (try changed { $0.source = .temporary }, .linkedChain, .missing(field: "审批人")),
      (try changed { $0.drawType = .directed }, .directedDraw, .missing(field: "筛选条件")),
      (
        try changed {
          $0.drawType = .directed
          $0.filterFields = ["legal_representative"]
        }, .directedDraw, .filterOnUnpublishedField(field: "legal_representative")
      ),
      (
        try changed { $0.filterFields = ["industry"] }, .directedDraw, .filterOnDrawOfAll
      ),
      (
        try changed { $0.origin = .routine }, .noBlanketChecks,
        .nonRandomOnListedItem(item: "Y0101")
      ),
      (
        try changed {
          $0.origin = .riskSpecial
          $0.approver = "局长"
        }, .riskAnalysis, .missing(field: "风险研判")
      ),
    ]
    for (task, requirement, rule) in cases {
      #expect(
        try rules().breaches(of: plan([task]))
          == [RuleBreach(requirement, row: task.code, rule)])
    }
    let misnumbered = try task("530102-2025-0001")
    #expect(
      try rules().breaches(of: plan([misnumbered])).map(\.rule)
        == [.malformed(field: "任务编号", value: "530102-2025-0001")])
    #expect(
      try rules().breaches(of: plan([task(), task()])).map(\.rule)
        == [.taskCodeRepeated(task: "530102-2026-0001")])
  }

  @Test func `R-2.16: key items have no upper limit, and a batch order takes all of them`() throws {
    var task = try task()
    task.itemCodes = ["Y1101"]
    task.drawType = .batch
    task.strata = [StratumRatio("D", ratioBp: 10_000)]
    #expect(try rules().breaches(of: plan([task])).isEmpty)
    task.itemCodes = ["Y1101", "Y0101"]
    #expect(
      try rules().breaches(of: plan([task])).map(\.rule)
        == [.ratioAboveCap(item: "Y0101", ratioBp: 10_000, capBp: 500)])
  }

  @Test func `R-2.16: the cap is on the share of all objects, when the roster is counted`() throws {
    var task = try task()
    task.strata = [
      StratumRatio("A", ratioBp: 100, minimum: 1), StratumRatio("D", ratioBp: 10_000),
    ]
    // 1 % of 9,800 and all of 200: 298 of 10,000.
    #expect(
      try rules(eligible: ["companies": ["A": 9_800, "D": 200]]).breaches(of: plan([task]))
        .isEmpty)
    #expect(
      try rules(eligible: ["companies": ["A": 9_000, "D": 1_000]]).breaches(of: plan([task]))
        .map(\.rule) == [.ratioAboveCap(item: "Y0101", ratioBp: 1_090, capBp: 500)])
  }

  @Test func `R-2.16: a small roster is drawn down to its floors, whatever the cap`() throws {
    var task = try task()
    task.strata = ["A", "B", "C"].map { StratumRatio($0, ratioBp: 1_000) }
    // One of each class is the floor: 3 of 6, and no more than that. Who is in no class counts among all.
    #expect(
      try rules(eligible: ["companies": ["A": 2, "B": 2, "C": 2]]).breaches(of: plan([task]))
        .isEmpty)
    #expect(
      try rules(eligible: ["companies": ["A": 20, "B": 2, "C": 2]]).breaches(of: plan([task]))
        .map(\.rule) == [.ratioAboveCap(item: "Y0101", ratioBp: 1_667, capBp: 500)])
    #expect(
      try rules(eligible: ["companies": ["A": 20, "N": 80]]).breaches(of: plan([task])).isEmpty)
    // What a filter makes of it only the draw says.
    task.strata = task.strata.map { StratumRatio($0.stratum, ratioBp: 400) }
    (task.drawType, task.filterFields, task.filter) = (.directed, ["kind"], "kind = 'ENT'")
    #expect(
      try rules(eligible: ["companies": ["A": 1_000]]).breaches(of: plan([task])).isEmpty)
  }

  @Test func `R-2.17: from the threshold on, that itself included, batches are drawn`() throws {
    var task = try task()
    task.itemCodes = ["Y1101"]
    task.strata = [StratumRatio("A", ratioBp: 4_000), StratumRatio("D", ratioBp: 10_000)]
    for (counts, isNeeded) in [(["A": 50, "D": 10], true), (["A": 51, "D": 10], false)] {
      let found = try rules(eligible: ["companies": counts]).breaches(of: plan([task]))
      #expect(
        found.map(\.rule)
          == (isNeeded ? [.batchOrderNeeded(ratioBp: 5_000, thresholdBp: 5_000)] : []))
    }
  }

  @Test func `domain §4.5 step 9: quotas are rounded up and held between minimum and maximum`() {
    let cases: [(StratumRatio, Int, Int)] = [
      (StratumRatio("B", ratioBp: 200), 50, 1), (StratumRatio("C", ratioBp: 3_000), 10, 3),
      (StratumRatio("D", ratioBp: 3_500), 4, 2), (StratumRatio("A", ratioBp: 100), 0, 0),
      (StratumRatio("A", ratioBp: 0, minimum: 0), 100, 0),
      (StratumRatio("A", ratioBp: 0), 100, 1),
      (StratumRatio("A", ratioBp: 5_000, maximum: 7), 100, 7),
      (StratumRatio("A", ratioBp: 1, minimum: 9), 5, 5),
    ]
    for (stratum, eligible, quota) in cases { #expect(stratum.quota(of: eligible) == quota) }
  }

  @Test
  func `R-2.12, R-2.13, R-2.15: requirements are met, explained, or not to be explained away`()
    throws
  {
    let line = LineRequirement(
      id: "L1", year: 2026, line: "食品", itemCode: "Y1101", ratioBp: 2_500,
      regionWeights: ["530102": 3, "530103": 0])
    let samr = LineRequirement(
      id: "S1", year: 2026, line: "食品", itemCode: "Y1101", ratioBp: 2_500,
      source: .administration)
    var food = try task("530102-2026-0002")
    food.itemCodes = ["Y1101"]
    food.strata = [StratumRatio("C", ratioBp: 2_500)]
    #expect(try rules([line, samr]).breaches(of: plan([food])).isEmpty)
    let without = try plan([task()])
    #expect(
      try rules([line]).breaches(of: without)
        == [
          RuleBreach(.annualPlan, row: "530102/2026/1", .requirementUnmet(id: "L1", item: "Y1101"))
        ])
    var explained = without
    explained.unmetReasons = ["L1": "辖区无食品生产企业", "S1": "同上"]
    #expect(try rules([line]).breaches(of: explained).isEmpty)
    #expect(
      try rules([samr]).breaches(of: explained).map(\.rule) == [.requirementFixedAbove(id: "S1")])
    for other in ["530103", "530104"] { #expect(!line.addresses(try unit(other))) }
    food.strata = [StratumRatio("C", ratioBp: 2_499)]
    #expect(!line.isMet(by: food))
  }

  @Test func `二(六) R-2.24: a joint plan has a meeting and tasks of several departments`() throws {
    var joint = Plan(
      unit: try unit("530102"), year: 2026, kind: .joint, tasks: [try task()], signedBy: "局长")
    #expect(
      try rules().breaches(of: joint).map(\.rule)
        == [.missing(field: "专题会议日期"), .missing(field: "参与部门")])
    #expect(try rules().breaches(of: joint).allSatisfy { $0.requirement == .jointPlan })
    joint.meetingOn = try day("2026-03-02")
    joint.tasks[0].departments = ["市场监管", "教育"]
    #expect(try rules().breaches(of: joint).isEmpty)
  }

  @Test func `R-2.24: the same objects, items and weeks in two plans are found`() throws {
    let own = try task()
    var joint = try task("530102-2026-0101")
    joint.itemCodes = ["Y0101", "Y0301"]
    joint.windowFrom = try day("2026-06-30")
    #expect(
      PlanRules.duplicates([own], [joint]).map(\.rule)
        == [.duplicateDeployment(other: "530102-2026-0101", items: ["Y0101"])])
    joint.windowFrom = try day("2026-07-01")
    #expect(PlanRules.duplicates([own], [joint]).isEmpty)
    joint.windowFrom = try day("2026-06-30")
    joint.library = "equipment"
    #expect(PlanRules.duplicates([own], [joint]).isEmpty)
  }

  @Test func `R-2.14: adjustments are told, and what is drawn stays`() throws {
    let old = try plan([task(), task("530102-2026-0002"), task("530102-2026-0003")])
    var second = try task("530102-2026-0002")
    second.teamSize = 3
    let new = try plan(
      [second, task("530102-2026-0003"), task("530102-2026-0004")], version: 2, reason: "机构调整")
    let adjustment = PlanAdjustment(from: old, to: new)
    #expect(adjustment.added == ["530102-2026-0004"])
    #expect(adjustment.removed == ["530102-2026-0001"])
    #expect(adjustment.changed == ["530102-2026-0002"])
    let states = ["530102-2026-0001": "DRAWN", "530102-2026-0002": "PLANNED"]
    #expect(
      PlanRules.breaches(from: old, to: new, states: states)
        == [
          RuleBreach(
            .planAdjustment, row: "530102/2026/2",
            .taskDeletedAfterDraw(task: "530102-2026-0001", state: "DRAWN"))
        ])
    #expect(
      try rules().breaches(of: plan([], version: 2)).map(\.rule) == [.missing(field: "调整原因")])
  }

  @Test func `R-2.14: a termination has reason and approver, and comes before the visits`() {
    #expect(throws: Never.self) {
      try PlanRules.checkTermination(of: "t", state: "DRAWN", reason: "撤并", approver: "局长")
    }
    #expect(throws: RuleBreach.self) {
      try PlanRules.checkTermination(of: "t", state: "DRAWN", reason: "", approver: "局长")
    }
    #expect(throws: RuleBreach.self) {
      try PlanRules.checkTermination(of: "t", state: "COMPLETED", reason: "x", approver: "局长")
    }
  }
}

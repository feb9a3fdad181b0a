import Casework
import Causality
import Changes
import Inspection
import Merge
import Store
import Testing

@Suite struct PlanCaseTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  private func list() throws -> EffectiveList {
    EffectiveList(
      base: try ReferenceData.itemList(), tiers: [], unit: try #require(UnitCode("530102")),
      on: try day("2026-01-20"), rules: RuleSet())
  }

  private func plan(
    version: Int = 1, ratio: Int = 300, reason: String = "", signedOn: String = "2026-01-20"
  ) throws -> Plan {
    let task = PlanTask(
      code: "530102-2026-0001", name: "营业执照抽查", itemCodes: ["Y0101"], library: "companies",
      strata: [StratumRatio("A", ratioBp: ratio, maximum: 40)], windowFrom: try day("2026-04-01"),
      windowTo: try day("2026-06-30"), approver: "李局")
    return Plan(
      unit: try #require(UnitCode("530102")), year: 2026, version: version, title: "2026年计划",
      tasks: [task], signedBy: "张局", signedAt: Instant(try day(signedOn), hour: 9, minute: 0),
      reason: reason, unmetReasons: ["L2": "辖区无此类\n企业"])
  }

  private func sign(_ plan: Plan, at store: CaseStore) throws {
    try store.sign(plan, list: try list(), requirements: [])
  }

  @Test
  func `二(五) R-2.13: a plan is signed without a link, received later, and both times are kept`()
    throws
  {
    let world = try CaseWorld(at: "2026-01-30")
    try sign(plan(signedOn: "2026-01-30"), at: world.store(.county))
    var expected = try plan(signedOn: "2026-01-30")
    expected.unmetReasons = ["L2": "辖区无此类 企业"]
    #expect(try world.store(.county).plan(of: .annual, year: 2026, version: 1) == expected)
    // The county was cut off until 4 February.
    world.set(try day("2026-02-04"), hour: 10)
    try world.settle()
    let county = world.scope(.county)
    #expect(try world.store(.province).receivePlans(of: county) == 1)
    #expect(try world.store(.province).receivePlans(of: county) == 0)
    try world.settle()
    for place in [CaseWorld.Place.province, .prefecture, .county, .terminal] {
      let found = try #require(
        try world.store(place).timeliness(
          of: .annual, year: 2026, unit: county, hub: world.scope(.province)))
      #expect(found.verdict == .onTime, "\(place)")
    }
    #expect(try world[.county].conflicts().isEmpty)
  }

  @Test func `R-2.12, R-2.15: what a line requires comes as a row and holds for the plans below`()
    throws
  {
    let world = try CaseWorld(at: "2026-01-10")
    func requirement(_ id: String, ratio: Int = 500, item: String = "Y0101") -> LineRequirement {
      LineRequirement(
        id: id, year: 2026, line: "信用监管", itemCode: item, ratioBp: ratio,
        regionWeights: ["530102": 2, "530103": 1], windowFrom: CivilDate("2026-03-01"),
        source: .administration)
    }
    expectRefused("notOwner") { try world.store(.prefecture).require(requirement("L9")) }
    expectRefused("itemNotListed") {
      try world.store(.province).require(requirement("L9", item: "Y9999"))
    }
    try world.store(.province).require(requirement("L1"))
    #expect(throws: CaseworkError.self) { try world.store(.province).require(requirement("L1")) }
    try world.settle()
    #expect(try world.store(.county).requirements(year: 2026) == [requirement("L1")])
    expectRefused("requirementFixedAbove") { try world.store(.county).sign(plan(ratio: 300)) }
    try world.store(.county).sign(plan(ratio: 500))
  }

  @Test func `scenario 4: received on 20 February a plan is late, though it was signed in time`()
    throws
  {
    let world = try CaseWorld(at: "2026-01-30")
    try sign(plan(signedOn: "2026-01-30"), at: world.store(.county))
    world.set(try day("2026-02-20"), hour: 10)
    try world.settle()
    let county = world.scope(.county)
    _ = try world.store(.province).receivePlans(of: county)
    let found = try world.store(.province).timeliness(
      of: .annual, year: 2026, unit: county, hub: world.scope(.province))
    #expect(found?.verdict == .receivedLate)
    let neighbour = try world.store(.province).timeliness(
      of: .annual, year: 2026, unit: world.scope(.neighbour), hub: world.scope(.province))
    #expect(neighbour?.verdict == .missing)
  }

  @Test func `a plan that breaks rules is refused with clause and row, and leaves no change set`()
    throws
  {
    let world = try CaseWorld()
    let stream = StreamID(scope: world.scope(.county))
    let before = try world[.county].knowledge(of: stream)
    let error = #expect(throws: CaseworkError.self) {
      try self.sign(self.plan(ratio: 2_001), at: world.store(.county))
    }
    #expect(
      error
        == .refused([
          RuleBreach(
            .ratioCap, row: "530102-2026-0001",
            .ratioAboveCap(item: "Y0101", ratioBp: 2_001, capBp: 2_000))
        ]))
    #expect(try world[.county].knowledge(of: stream) == before)
    let foreign = #expect(throws: CaseworkError.self) {
      try self.sign(self.plan(), at: world.store(.neighbour))
    }
    #expect(
      foreign
        == .refused([
          RuleBreach(
            .annualPlan, row: "530102/2026/1", .notOwner(unit: "530103", owner: "530102"))
        ]))
  }

  @Test func `R-2.14: an adjustment is a new version with a reason, and the first stays as filed`()
    throws
  {
    let world = try CaseWorld()
    try sign(plan(), at: world.store(.county))
    #expect(throws: CaseworkError.exists(table: "plans", key: "530102/2026/1")) {
      try self.sign(self.plan(), at: world.store(.county))
    }
    #expect(throws: CaseworkError.self) {
      try self.sign(self.plan(version: 2), at: world.store(.county))
    }
    #expect(throws: CaseworkError.self) {
      try self.sign(self.plan(version: 3, reason: "机构调整"), at: world.store(.county))
    }
    try sign(plan(version: 2, ratio: 200, reason: "机构调整"), at: world.store(.county))
    let versions = try [1, 2].map {
      try world.store(.county).plan(of: .annual, year: 2026, version: $0)?.tasks.first?.strata
        .first?.ratioBp
    }
    #expect(versions == [300, 200])
  }

  @Test func `C-09: the hub's receipt of v1 and the county's offline v2 do not meet`() throws {
    let world = try CaseWorld()
    try sign(plan(), at: world.store(.county))
    try world.settle()
    // Without a link: the county signs v2, the prefecture receives v1.
    try sign(plan(version: 2, ratio: 200, reason: "调整"), at: world.store(.county))
    #expect(try world.store(.prefecture).receivePlans(of: world.scope(.county)) == 1)
    try world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      #expect(try world[place].conflicts().isEmpty)
    }
    let county = world.scope(.county)
    #expect(try world.store(.county).rows(of: PlanTables.receipts, in: county).count == 1)
    #expect(try world.store(.prefecture).rows(of: PlanTables.plans, in: county).count == 2)
  }

  @Test
  func `C-10: two terminals sign different v2 plans: a person decides, and no receipt before`()
    throws
  {
    let world = try CaseWorld()
    try sign(plan(), at: world.store(.county))
    try world.settle()
    try sign(plan(version: 2, ratio: 200, reason: "调整甲"), at: world.store(.county))
    try sign(plan(version: 2, ratio: 100, reason: "调整乙"), at: world.store(.terminal))
    try world.settle()
    let county = world.scope(.county)
    for place in [CaseWorld.Place.county, .terminal, .prefecture, .province] {
      let tables = try world[place].conflicts().map(\.record.table)
      #expect(tables.contains(PlanTables.plans.id), "\(place)")
    }
    // v1 is received, v2 is not.
    #expect(try world.store(.province).receivePlans(of: county) == 1)
    let receipts = try world.store(.province).rows(of: PlanTables.receipts, in: county)
    #expect(receipts.map { $0.key[2] } == [.integer(1)])
  }

  @Test
  func `R-2.12: a total is parted among regions by weight and roster, and plans are held to it`()
    throws
  {
    // 60 companies in 530102, and 20 in 530103 that weigh twice as much: 60 and 40 of 100 parts.
    let draw = try DrawWorld()
    let world = draw.world
    let province = world.store(.province)
    _ = try world[.province].write(author: "feed", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for number in 100..<121 {
        try transaction.insert(
          RosterSchema.companies.id, scope: world.scope(.neighbour),
          key: [.text(DrawWorld.company(number))],
          [
            // One is no longer registered.
            ColumnValue(
              CompanyFields.registrationState.id, .text(number == 100 ? "CANCELLED" : "ACTIVE"))
          ])
      }
    }
    let whole = LineRequirement(
      id: "2026-食品-1", year: 2026, line: "食品", itemCode: "Y0101", ratioBp: 500,
      regionWeights: ["530102": 1, "530103": 2, "530112": 5])
    let parts = try province.spread(whole, total: 21)
    #expect(parts.map(\.id) == ["530102", "530103", "530112"].map { "2026-食品-1/\($0)" })
    // Of 21: 12.6 and 8.4; nobody is drawn where nobody is.
    #expect(parts.map(\.minimumCount) == [13, 8, 0])
    expectRefused("missing") {
      _ = try province.spread(
        LineRequirement(id: "L", year: 2026, line: "x", itemCode: "Y0101", ratioBp: 1), total: 5)
    }
    for part in parts { try province.require(part) }
    try world.settle()
    let county = world.store(.county)
    func breaches(_ ratio: Int) throws -> [RuleBreach.Rule] {
      try county.breaches(
        of: Plan(
          unit: #require(UnitCode("530102")), year: 2026, version: 2, title: "计划",
          tasks: [draw.planTask(draw.task, ratio: ratio)],
          signedBy: "张局", signedAt: Instant(milliseconds: Int64(world.wall)), reason: "调整")
      ).map(\.rule).filter { "\($0)".hasPrefix("requirement") }
    }
    // 10 % of each class make 9 of 60, 20 % make 14.
    #expect(
      try breaches(1_000) == [.requirementUnmet(id: "2026-食品-1/530102", item: "Y0101")])
    #expect(try breaches(2_000).isEmpty)
  }

  @Test func `R-2.14: a task is ended with reason and approver, and is drawn and visited no more`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    for code in [draw.task, draw.other] {
      let session = try draw.commit([code])
      _ = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
      _ = try county.dispatch(session: session.id)
    }
    expectRefused("terminationWithoutReason") {
      try county.terminate(task: draw.task, reason: "", approver: "李局")
    }
    let visits = try county.rows(of: VisitTables.visits, in: world.scope(.county)) {
      $0.text("task_code") == draw.other
    }
    try county.advance(visit: visits[0].keyText, through: ["NOTIFIED", "STARTED"])
    expectRefused("visitsOpen") {
      try county.terminate(task: draw.other, reason: "机构调整", approver: "李局")
    }
    try county.terminate(task: draw.task, reason: "机构调整", approver: "李局")
    expectRefused("illegalTransition") {
      try county.terminate(task: draw.task, reason: "机构调整", approver: "李局")
    }
    expectRefused("illegalTransition") { _ = try county.freeze([draw.task]) }
    expectRefused("taskDeletedAfterDraw") { try draw.sign(version: 2, [draw.planTask(draw.other)]) }
    try world.settle()
    for place in [CaseWorld.Place.county, .province] {
      let store = world.store(place)
      let states = try store.rows(of: VisitTables.visits, in: world.scope(.county)) {
        $0.text("task_code") == draw.task
      }.map { $0.text("state") }
      #expect(Set(states) == ["CANCELLED"], "\(place)")
      var reader = try FactsReader(world[place], rules: RuleSet(), units: [world.scope(.county)])
      let facts = try reader.facts(of: world.scope(.county), today: day("2026-04-10"))
      #expect(facts.tasks.filter { $0.state == "TERMINATED" && $0.wasDrawn }.count == 1)
    }
  }

  @Test func `R-2.24: the same items at the same objects at the same time are told, not refused`()
    throws
  {
    let draw = try DrawWorld()
    let store = draw.world.store(.county)
    let unit = try #require(UnitCode("530102"))
    func plan(_ kind: FiledPlan, version: Int, _ codes: [String]) throws -> Plan {
      let tasks = try codes.map { code in
        var task = try draw.planTask(code)
        task.departments = kind == .joint ? ["市场监管", "税务"] : []
        return task
      }
      return Plan(
        unit: unit, year: 2026, kind: kind, version: version, title: "计划", tasks: tasks,
        signedBy: "张局", signedAt: Instant(milliseconds: Int64(draw.world.wall)),
        reason: version > 1 ? "调整" : "", meetingOn: try day("2026-03-01"))
    }
    let joint = try plan(.joint, version: 1, ["530102-2026-0101"])
    // Both tasks of the yearly plan in force check the same item.
    #expect(
      try store.duplicates(in: joint).map(\.rule) == [
        .duplicateDeployment(other: draw.task, items: ["Y0101"]),
        .duplicateDeployment(other: draw.other, items: ["Y0101"]),
      ])
    #expect(try store.breaches(of: joint).isEmpty)
    let within = try plan(.annual, version: 2, [draw.task, draw.other])
    #expect(
      try store.duplicates(in: within).map(\.rule)
        == [.duplicateDeployment(other: draw.other, items: ["Y0101"])])
  }

  @Test func `a plan whose library nobody opened is not signed; checking says what signing would`()
    throws
  {
    let draw = try DrawWorld()
    let store = draw.world.store(.county)
    var task = try draw.planTask(draw.task)
    task.library = "食品库"
    let plan = Plan(
      unit: try #require(UnitCode("530102")), year: 2026, version: 3, title: "计划", tasks: [task],
      signedBy: "张局", signedAt: Instant(milliseconds: Int64(draw.world.wall)), reason: "调整")
    let expected: [RuleBreach.Rule] = [
      .libraryMissing(library: "食品库"), .missing(field: "上一版本"),
    ]
    #expect(try store.breaches(of: plan).map(\.rule) == expected)
    let refused = #expect(throws: CaseworkError.self) { try store.sign(plan) }
    guard case .refused(let breaches) = refused else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(breaches.map(\.rule) == expected)
    // A ratio that is above the cap in this very roster: a fifth of the 60 companies.
    task.library = "companies"
    task.strata = [StratumRatio("A", ratioBp: 6_000)]
    let greedy = Plan(
      unit: plan.unit, year: 2026, version: 2, title: "计划", tasks: [task], signedBy: "张局",
      signedAt: plan.signedAt, reason: "调整")
    #expect(
      try store.breaches(of: greedy).map(\.rule).first
        == .ratioAboveCap(item: "Y0101", ratioBp: 2_500, capBp: 2_000))
  }
}

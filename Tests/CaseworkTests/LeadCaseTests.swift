import Casework
import Causality
import Inspection
import Store
import Testing

/// Leads, special checks and evaluations as use cases.
@Suite struct LeadCaseTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  private func notice(
    _ world: CaseWorld, _ id: String, code: String = "", text: String = "无照经营的小吃摊"
  ) -> LeadNotice {
    LeadNotice(
      id: id, source: .complaint, receivedAt: Instant(milliseconds: Int64(world.wall)),
      subjectCode: code, subjectText: text)
  }

  @Test func `R-1.6: a lead without a code is taken in offline, extended once, verified, filed`()
    throws
  {
    let season = try Season()
    let (world, unit) = (season.world, season.world.scope(.county))
    let store = world.store(.county)
    world.set(try day("2026-03-02"), hour: 9)
    try store.receive(notice(world, "L1"))
    #expect(throws: CaseworkError.exists(table: "leads", key: "L1")) {
      try store.receive(self.notice(world, "L1"))
    }
    #expect(throws: CaseworkError.self) { try store.receive(self.notice(world, "L2", text: "")) }
    #expect(throws: CaseworkError.self) { try store.verifyLead("L1", outcome: "属实") }
    try store.verifyingLead("L1")
    let first = try #require(try store.leads(of: unit).first)
    #expect(first.due?.date == (try day("2026-03-23")) && !first.isLate)
    #expect(throws: CaseworkError.self) { try store.extendLead("L1", approver: "") }
    try store.extendLead("L1", approver: "张局")
    #expect(try store.leads(of: unit).first?.due?.date == (try day("2026-04-14")))
    world.set(try day("2026-04-15"), hour: 9)
    #expect(try store.leads(of: unit).first?.isLate == true)
    let late = #expect(throws: CaseworkError.self) { try store.extendLead("L1", approver: "张局") }
    #expect(
      late
        == .refused([
          RuleBreach(
            .leads, row: "L1", .late(due: try day("2026-04-14"), done: try day("2026-04-15")))
        ]))
    try store.verifyLead("L1", outcome: "属实")
    try store.fileCase("云市监案〔2026〕1号", onLead: "L1")
    try store.closeLead("L1")
    try world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let found = try #require(try world.store(place).leads(of: unit).first)
      #expect(found.state == "CLOSED" && found.isLate, "\(place)")
      #expect(found.caseNumber == "云市监案〔2026〕1号")
    }
  }

  @Test func `a lead from above goes down to the county; what is rejected has a reason`() throws {
    let season = try Season()
    let (world, unit) = (season.world, season.world.scope(.county))
    try world.store(.province).receive(notice(world, "L7"), for: unit)
    try world.settle()
    #expect(throws: CaseworkError.self) {
      try world.store(.county).rejectLead("L7", reason: "")
    }
    try world.store(.county).rejectLead("L7", reason: "不属于本局管辖")
    try world.settle()
    #expect(try world.store(.province).leads(of: unit).first?.state == "REJECTED")
  }

  private func order(
    _ id: String, _ origin: CheckOrigin, task: String = "", object: String = "91530102MA6KABCD12",
    draw: String = "", item: String = "Y0101"
  ) throws -> VisitOrder {
    VisitOrder(
      id: id, subjectCode: object, taskCode: task, origin: origin, drawID: draw,
      window: try day("2026-05-01")...day("2026-06-30"), items: [(item, "市场监管")],
      team: [
        .init("Z1", .leader, certificateValidTo: try day("2027-12-31")),
        .init("Z2", .member, certificateValidTo: try day("2027-12-31")),
      ])
  }

  @Test func `R-1.7: a lead is checked without a draw and may be joined to a random visit`() throws
  {
    let season = try Season()
    let (world, store) = (season.world, season.world.store(.county))
    try store.receive(notice(world, "L1", code: "91530102MA6KABCD12"))
    #expect(throws: CaseworkError.self) {
      try store.dispatchSpecial(self.order("w1", .lead), lead: "L1", list: season.list())
    }
    try store.verifyingLead("L1")
    #expect(throws: CaseworkError.missing(table: "leads", key: "L9")) {
      try store.dispatchSpecial(self.order("w1", .lead), lead: "L9", list: season.list())
    }
    #expect(throws: CaseworkError.self) {
      try store.dispatchSpecial(
        self.order("w1", .lead, object: "另一户"), lead: "L1", list: season.list())
    }
    try store.dispatchSpecial(order("w1", .lead), lead: "L1", list: season.list())
    #expect(try store.visitsForLead("L1") == ["v1"])
    try store.joinLead("L1", visit: "w1", to: "v1")
    try world.settle()
    let links = try world.store(.province).rows(
      of: VisitTables.visitLinks, in: world.scope(.county))
    #expect(links.map(\.keyText) == ["v1/w1"])
    let origins = try world.store(.province).rows(
      of: VisitTables.visitItems, in: world.scope(.county)
    ).map { $0.text("origin") }
    #expect(origins == ["RANDOM", "RANDOM", "LEAD"])
    // Nobody was matched at random to the lead: the two of the drawn visit count alone (R-1.5, K10).
    var reader = try FactsReader(
      world[.province], rules: RuleSet(), units: [world.scope(.county)])
    let facts = try reader.facts(of: world.scope(.county), today: day("2026-05-12"))
    #expect(facts.assignments.map(\.visit) == ["v1", "v1"])
  }

  @Test func `R-1.4, R-1.5, R-1.9, R-1.10: what is not drawn at random needs its exception`() throws
  {
    let season = try Season()
    let store = season.world.store(.county)
    func breaches(_ order: VisitOrder) throws -> [RuleBreach.Rule] {
      let error = #expect(throws: CaseworkError.self) {
        try store.dispatchSpecial(order, list: season.list())
      }
      guard case .refused(let breaches) = error else { return [] }
      return breaches.map(\.rule)
    }
    #expect(try breaches(order("w1", .routine)) == [.nonRandomOnListedItem(item: "Y0101")])
    #expect(try breaches(order("w1", .random)) == [.missing(field: "抽取编号")])
    #expect(
      try breaches(order("w1", .riskSpecial, task: season.task)) == [
        .malformed(field: "检查类型", value: "RANDOM"), .missing(field: "批准人"),
        .missing(field: "风险研判"),
      ])
    #expect(
      try breaches(order("w1", .sieve, task: season.task)) == [
        .malformed(field: "检查类型", value: "RANDOM"), .missing(field: "批准人"),
        .missing(field: "抽取编号"),
      ])
    // Strict supervision of a special field that is not on the list needs no draw.
    try store.dispatchSpecial(order("w1", .routine, item: "S9901"), list: season.list())
    // A sieve with its task, approver and drawn inspectors.
    let held = try #require(try store.plan(of: .annual, year: 2026, version: 1))
    var plan = Plan(
      unit: held.unit, year: 2026, version: 2, title: held.title, tasks: held.tasks,
      signedBy: "张局", signedAt: Instant(milliseconds: Int64(season.world.wall)),
      reason: "突发事件")
    plan.tasks.append(
      PlanTask(
        code: "530102-2026-0002", name: "过筛", source: .temporary, origin: .sieve,
        itemCodes: ["Y0101"], library: "companies", drawType: .sieve, strata: [],
        windowFrom: try day("2026-05-01"), windowTo: try day("2026-06-30"), approver: "张局",
        riskAnalysis: "重大突发事件"))
    try store.sign(plan, list: season.list(), requirements: [])
    try store.dispatchSpecial(
      order("w2", .sieve, task: "530102-2026-0002", draw: "d2"), list: season.list())
  }

  @Test func `C-32: an evaluation is never changed; what arrives late makes the next version`()
    throws
  {
    let season = try Season()
    let (world, unit) = (season.world, season.world.scope(.county))
    try season.finish(season.key)
    try season.finish(season.other)
    try world.store(.county).advance(visit: "v1", through: ["DONE"])
    try world.store(.county).complete(task: season.task, on: day("2026-05-12"))
    try world.settle()
    world.set(try day("2026-07-01"), hour: 9)
    let days = try day("2026-01-01")...day("2026-12-31")
    func evaluate() throws -> Int {
      try world.store(.prefecture).evaluate(
        unit, id: "2026-1", method: .inspection, days: days, divisions: world.divisions, score: 90)
    }
    #expect(try evaluate() == 1)
    try world.store(.county).publish(season.key, on: day("2026-06-01"))
    try world.store(.county).publish(season.other, on: day("2026-06-01"))
    try world.settle()
    #expect(try evaluate() == 2)
    try world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let found = try world.store(place).evaluations(of: unit)
      #expect(found.map(\.version) == [1, 2], "\(place)")
      #expect(found[0].indicators.contains(",K05,检查完成率,0/1,"))
      #expect(found[1].indicators.contains(",K05,检查完成率,1/1,"))
    }
    // Without a person's score it is computed: K01 missed, K04 and K05 reached; K06, K07 had no occasion.
    let computed = try world.store(.prefecture).evaluate(
      unit, id: "2026-2", method: .online, days: days, divisions: world.divisions)
    let entry = try world.store(.prefecture).evaluations(of: unit).first { $0.id == "2026-2" }
    let figures = try #require(entry).indicators
    #expect(computed == 1 && entry?.score != nil, "\(figures)")
    #expect(throws: CaseworkError.self) {
      try world.store(.county).evaluate(
        unit, id: "2026-1", method: .online, days: days, divisions: world.divisions)
    }
  }
}

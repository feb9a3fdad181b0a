import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// What the province issues as rows, and what units below make of it.
@Suite struct ReferenceCaseTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  private func inForce(_ world: CaseWorld, _ place: CaseWorld.Place) throws -> CaseStore {
    try CaseStore(inForce: world[place], author: "经办人") {
      world.wall += 1_000
      return world.wall
    }
  }

  @Test func `R-2.10: a rule set holds everywhere from its day on, parameters by name`() throws {
    let world = try CaseWorld(at: "2026-01-20")
    let text =
      #"{"default_cap_bp": 500, "yearly_visit_caps": {"A": 3}, "visits_need_approval": true}"#
    try world.store(.province).issueRules(
      Array(text.utf8), version: 2_026_012_001, effectiveFrom: day("2026-02-01"))
    expectRefused("malformed") {
      try world.store(.province).issueRules(
        Array(#"{"default_cap": 1}"#.utf8), version: 2, effectiveFrom: day("2026-02-01"))
    }
    expectRefused("malformed") {
      try world.store(.province).issueRules(
        Array(#"{"default_cap_bp": -1}"#.utf8), version: 2, effectiveFrom: day("2026-02-01"))
    }
    expectRefused("notOwner") {
      try world.store(.county).issueRules([], version: 2, effectiveFrom: day("2026-02-01"))
    }
    try world.settle()
    #expect(try inForce(world, .county).rules == RuleSet())
    world.set(try day("2026-02-01"), hour: 9)
    for place in [CaseWorld.Place.province, .prefecture, .county] {
      let rules = try inForce(world, place).rules
      #expect(rules.version == 2_026_012_001 && rules.defaultCapBp == 500)
      #expect(rules.yearlyVisitCaps == ["A": 3] && rules.switches.visitsNeedApproval)
      #expect(rules.publicationWorkingDays == RuleSet().publicationWorkingDays)
    }
  }

  @Test func `R-2.10: codes that the province adds to the lists have their words everywhere`()
    throws
  {
    let season = try Season()
    let world = season.world
    let text = #"{"codes": {"findings": {"R91": "违反广告管理规定"}, "kind": {"FUND": "基金"}}}"#
    try world.store(.province).issueRules(
      Array(text.utf8), version: 2_026_050_101, effectiveFrom: day("2026-05-01"))
    for bad in [#"{"codes": {"nolist": {"X": "x"}}}"#, #"{"codes": {"findings": {"": "x"}}}"#] {
      expectRefused("malformed") {
        try world.store(.province).issueRules(
          Array(bad.utf8), version: 2, effectiveFrom: day("2026-05-01"))
      }
    }
    try world.settle()
    let county = try inForce(world, .county)
    #expect(county.rules.codes["kind"] == ["FUND": "基金"])
    var entry = season.entry()
    entry.findings = CodeSet(text: "R77 R91")
    try county.enter(entry, season.key)
    try county.submit(season.key)
    try county.finalise(season.key, reviewer: "王科")
    try season.finish(season.other)
    try county.advance(visit: "v1", through: ["DONE"])
    try county.complete(task: season.task, on: day("2026-05-12"))
    try world.settle()
    for place in [CaseWorld.Place.county, .province] {
      let file = try inForce(world, place).publicationFile(of: world.scope(.county))
      let record = try #require(file.records.first { $0.itemCode == "Y0101" })
      #expect(record.findings == ["R77", "R91"] && record.findingNames == ["R77", "违反广告管理规定"])
    }
  }

  @Test
  func `R-2.10: a draw goes by the rules that its unit knew, and the hub finds the same frame`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    // No company may be visited: known at the hub, not at the county that freezes without a link.
    try world.store(.province).issueRules(
      Array(#"{"yearly_visit_caps": {"A": 0, "B": 0, "C": 0, "D": 0}}"#.utf8),
      version: 2_026_030_901, effectiveFrom: day("2026-03-09"))
    try world.exchange(.prefecture)
    let offline = try draw.commit()
    #expect(offline.tasks[0].parameters.strata.allSatisfy { $0.ratioBp == 1_000 })
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    let county = world.store(.county)
    let drawn = try county.run(offline.id, secret: draw.secret(.county))
    #expect(drawn.draws[0].strata.map(\.eligible) == [24, 12, 12, 12])
    let later = try draw.commit([draw.other])
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match, .match])
    try world.settle()
    let none = try county.run(later.id, secret: draw.secret(.county))
    #expect(none.draws[0].strata.allSatisfy { $0.eligible == 0 })
  }

  @Test func `R-2.26: a new edition of the working days moves what is due`() throws {
    let world = try CaseWorld(at: "2026-01-20")
    let table = "date,kind,name\n2026-05-12,holiday,新假日\n2026-05-13,holiday,新假日\n"
    #expect(throws: CaseworkError.self) {
      try world.store(.province).issueCalendar(Array(table.utf8), version: 1)
    }
    #expect(throws: CaseworkError.self) {
      try world.store(.province).issueCalendar(
        Array("date,kind,name\nx,holiday,y\n".utf8), version: 2)
    }
    try world.store(.province).issueCalendar(Array(table.utf8), version: 2)
    try world.settle()
    let store = try inForce(world, .county)
    #expect(store.calendar.version == 2)
    #expect(
      store.calendar.due(after: try day("2026-05-11"), workingDays: 1).date
        == (try day("2026-05-14")))
    #expect(try store.issuedCalendar(version: 1) == ReferenceData.calendar())
    #expect(throws: CaseworkError.self) { try store.issuedCalendar(version: 3) }
  }

  @Test func `R-2.11: questions of the province and of the county have to be answered`() throws {
    let season = try Season()
    let world = season.world
    func question(_ text: String, _ mandatory: Bool) -> Guideline.Question {
      Guideline.Question(question: text, mandatory: mandatory)
    }
    try world.store(.province).issue(
      Guideline(
        item: "Y0101", version: 2_026_050_101, contents: "核对营业执照",
        checklist: [question("亮照", true), question("照片", false)]))
    try world.settle()
    // What a county adds takes nothing from the province's.
    try world.store(.county).issue(
      Guideline(
        item: "Y0101", version: 2_026_050_201, contents: "", checklist: [question("门牌", true)]))
    let county = world.store(.county)
    try county.enter(season.entry(answers: ["亮照": "是"]), season.key)
    expectRefused("mandatoryQuestionOpen(question: \"门牌\")") { try county.submit(season.key) }
    try county.enter(season.entry(answers: ["亮照": "是", "门牌": "一致"]), season.key)
    try county.submit(season.key)
    try world.settle()
    #expect(try season.row(.province, season.key).integer("guideline_version") == 2_026_050_101)
  }

  @Test func `54号: where the rules ask for it nobody enters without notice and approval`() throws {
    let season = try Season()
    let world = season.world
    try world.store(.province).issueRules(
      Array(#"{"visits_need_approval": true}"#.utf8), version: 2_026_050_101,
      effectiveFrom: day("2026-05-01"))
    try world.store(.county).dispatch(
      VisitOrder(
        id: "v2", subjectCode: "x", taskCode: season.task, drawID: "d1",
        window: day("2026-04-01")...day("2026-06-30"), items: [("Y0101", "市场监管")],
        team: ["Z1", "Z2"].map { .init($0, .member, certificateValidTo: nil) }))
    try world.settle()
    let store = try inForce(world, .county)
    try store.advance(visit: "v2", through: ["NOTIFIED"], notice: "检通〔2026〕1号")
    expectRefused("missing(field: \"检查审批号\")") {
      try store.advance(visit: "v2", through: ["STARTED"])
    }
    try store.advance(visit: "v2", through: ["STARTED"], approval: "检批〔2026〕1号")
    try world.settle()
    let row = try world.store(.province).row(
      of: VisitTables.visits, in: world.scope(.county), key: [.text("v2")])
    #expect(row?.text("notice_number") == "检通〔2026〕1号")
    #expect(row?.text("approval_number") == "检批〔2026〕1号" && row?.text("state") == "STARTED")
  }

  @Test func `C-31: the province moves a county to another prefecture while the county writes`()
    throws
  {
    let world = try CaseWorld(at: "2026-01-20")
    let (county, prefecture) = (world.scope(.county), world.scope(.prefecture))
    let other = try #require(Scope(code: 530_300))
    try world.store(.province).issue(
      division: county, parent: other, name: "五华区", effectiveFrom: day("2026-03-01"))
    expectRefused("malformed") {
      try world.store(.province).issue(
        division: prefecture, parent: county, name: "", effectiveFrom: day("2026-03-01"))
    }
    // The county, offline, writes on.
    try world.store(.county).receive(
      LeadNotice(
        id: "L1", source: .complaint, receivedAt: Instant(milliseconds: Int64(world.wall)),
        subjectText: "无照小吃摊"))
    try world.settle()
    let held = try world.store(.province).rows(of: FollowUpTables.leads, in: county)
    #expect(held.map(\.keyText) == ["L1"], "its rows stay its own")
    func parent(on text: String) throws -> String? {
      let store = world.store(.province)
      let maker = CaseReport(
        world[.province], divisions: world.divisions, calendar: store.calendar)
      let asOf = Instant(try day(text), hour: 9, minute: 0)
      let cut = try maker.cut(asOf: asOf, days: day("2026-01-01")...day(text))
      let lines = try maker.report(at: cut).lines
      // A prefecture's line knows of the units that are summed in it.
      func counts(_ scope: Scope) -> Bool {
        lines.contains {
          $0.unit.text == "\(scope)" && $0.indicator == .k14 && $0.worstAgeMilliseconds != nil
        }
      }
      return counts(other) ? "\(other)" : counts(prefecture) ? "\(prefecture)" : nil
    }
    #expect(try parent(on: "2026-02-28") == "\(prefecture)")
    #expect(try parent(on: "2026-03-01") == "\(other)")
  }
}

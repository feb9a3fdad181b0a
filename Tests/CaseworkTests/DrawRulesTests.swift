import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// What the province may ask of draws by a rule set, beyond what the notice says (R-2.10, R-2.18, R-2.21).
@Suite struct DrawRulesTests {
  private func issue(_ rules: String, _ draw: DrawWorld) throws {
    try draw.world.store(.province).issueRules(
      Array(rules.utf8), version: 2_026_030_901, effectiveFrom: draw.day("2026-03-09"))
    try draw.world.settle()
  }

  private func set(
    _ draw: DrawWorld, _ number: Int, _ field: RosterField, _ text: String
  ) throws {
    let world = draw.world
    _ = try world[.county].write(author: "所", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county),
        key: [.text(DrawWorld.company(number))], [ColumnValue(field.id, .text(text))])
    }
  }

  /// Draws a task, with the hub's answer, and dispatches it. Returns the draw and the visits.
  private func run(
    _ code: String, _ draw: DrawWorld
  ) throws -> (draw: DrawRecord.Draw, visits: [String]) {
    let world = draw.world
    let session = try draw.commit([code])
    try world.settle()
    let answer = try #require(try draw.acknowledge().last)
    #expect(answer.action == .acknowledged, "\(answer)")
    try world.settle()
    let county = world.store(.county)
    let drawn = try county.run(session.id, secret: draw.secret(.county))
    return (drawn.draws[0], try county.dispatch(session: session.id).visits)
  }

  private func finish(_ visits: [String], _ draw: DrawWorld) throws {
    let county = draw.world.store(.county)
    for visit in visits {
      try county.advance(visit: visit, through: ["NOTIFIED", "STARTED", "DONE"])
    }
  }

  private func record(_ draw: DrawWorld) throws -> DrawRecord {
    try draw.world.store(.county).drawRecord(
      of: draw.world.scope(.county), year: 2026, withRows: true)
  }

  @Test func `R-2.21: where the rules ask for it nobody of the last team goes again`() throws {
    // The only company of each of the classes B, C, D is drawn in each draw; of four inspectors two are free.
    let draw = try DrawWorld(companies: 5, inspectors: 4)
    let caps = #""yearly_visit_caps": {"A": 9, "B": 9, "C": 9, "D": 9}"#
    try issue(#"{"avoids_last_team": true, "# + caps + "}", draw)
    let key = try #require(try ReferenceData.itemList().items.first { $0.itemClass == .key }).code
    try draw.sign(
      version: 2,
      [draw.task, draw.other].map { try draw.planTask($0, items: [key], ratio: 4_000) })
    let first = try run(draw.task, draw)
    #expect(first.draw.matching?.teams.count == 4 && first.visits.count == 4)
    try finish(first.visits, draw)
    let second = try run(draw.other, draw)
    let before = first.draw.matching?.teams ?? []
    let again = (second.draw.matching?.teams ?? []).filter { team in
      before.contains { $0.object == team.object }
    }
    #expect(again.count >= 3)
    for team in again {
      let last = before.first { $0.object == team.object }?.members ?? []
      #expect(Set(team.members).isDisjoint(with: last) && team.members.count == 2)
    }
    #expect(try draw.failures(of: record(draw)).isEmpty)
  }

  @Test func `R-2.21: where the rules ask for it at most one is of the company's own station`()
    throws
  {
    let draw = try DrawWorld(companies: 40, inspectors: 4)
    let world = draw.world
    try issue(#"{"limits_own_station": true}"#, draw)
    // Three of four inspectors are of the station of all companies.
    _ = try world[.county].write(author: "人事", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for number in 0..<3 {
        try transaction.update(
          RosterSchema.inspectors.id, scope: world.scope(.county), key: [.text("I\(number)")],
          [ColumnValue(InspectorFields.station.id, .text("城关所"))])
      }
    }
    for number in 0..<40 { try set(draw, number, CompanyFields.station, "城关所") }
    let drawn = try run(draw.task, draw)
    let teams = drawn.draw.matching?.teams ?? []
    #expect(teams.count == 5)
    #expect(teams.allSatisfy { $0.members.count == 2 && $0.members.contains("I3") })
    #expect(try draw.failures(of: record(draw)).isEmpty)
  }

  @Test func `R-2.18: where the rules ask for it a company weighs the years since its last check`()
    throws
  {
    let draw = try DrawWorld(companies: 40)
    try issue(#"{"weighs_years_unchecked": true}"#, draw)
    for (number, day) in [
      (0, "2025-06-01"), (1, "2023-06-01"), (2, "2019-06-01"), (3, "2026-01-05"),
    ] {
      try set(draw, number, CompanyFields.lastCheckedOn, day)
    }
    _ = try run(draw.task, draw)
    let record = try record(draw)
    let weights = (record.frames.compactMap(\.rows).first ?? []).map(\.weight)
    #expect(weights.count == 40 && weights.prefix(5) == [1, 3, 5, 1, 5])
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test func `R-2.18: a final result moves the day of the last check, by which a filter draws`()
    throws
  {
    let draw = try DrawWorld(companies: 40)
    let world = draw.world
    let county = world.store(.county)
    try draw.sign(
      version: 2,
      [
        draw.planTask(draw.task),
        draw.planTask(draw.other, type: .directed, filter: "checked absent"),
      ])
    let first = try run(draw.task, draw)
    try finish(first.visits, draw)
    for visit in first.visits {
      let key = ResultKey(visit: visit, item: "Y0101", department: "市场监管")
      let team = try county.rows(of: VisitTables.assignments, in: world.scope(.county)) {
        $0.key[0].string == visit
      }.compactMap { $0.key[1].string }
      for day in ["2026-04-20", "2026-04-21"] where day != "2026-04-21" || visit != first.visits[0]
      {
        try county.enter(
          ResultEntry(
            methods: CodeSet(text: "M1"), findings: CodeSet(text: "R01"), problem: "",
            disposals: CodeSet(text: "1"), checklist: [:], checkedOn: try draw.day(day),
            signers: team), key)
      }
      try county.submit(key)
      try county.finalise(key, reviewer: "审核员")
    }
    let checked = first.draw.strata.flatMap(\.selected)
    let place = try #require(
      CompanyFields.all.firstIndex { $0.id == CompanyFields.lastCheckedOn.id })
    try world.settle()
    for node in [CaseWorld.Place.county, .province] {
      var days: [String: String] = [:]
      for code in checked {
        let row = try world[node].row(
          RosterSchema.companies.id, scope: world.scope(.county), key: [.text(code)])
        days[code] = row?.values[place].string
      }
      #expect(days.count == checked.count && Set(days.values) == ["2026-04-20", "2026-04-21"])
    }
    // A later draw of those that were never checked takes none of them, at the hub too.
    let second = try run(draw.other, draw)
    #expect(Set(second.draw.strata.flatMap(\.selected)).isDisjoint(with: checked))
    #expect(second.draw.strata.map(\.eligible).reduce(0, +) == 40 - UInt32(checked.count))
  }

  @Test func `R-2.16: what could never be drawn below the cap is refused before anybody is bound`()
    throws
  {
    // Two of ten may be drawn, and one of each of four classes must.
    let draw = try DrawWorld(companies: 10)
    let county = draw.world.store(.county)
    expectRefused("draw(Inspection.DrawError.capConflict(cap: 2, floors: 4))") {
      _ = try county.freeze([draw.task])
    }
    #expect(try county.sessions(of: draw.world.scope(.county)).isEmpty)
  }

  @Test func `a county that leaves out who may not visit whom gets no value`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    try world.store(.county).declareConflict(of: "I0", with: DrawWorld.company(1), .kin)
    let session = try world.store(.county).freeze([draw.task])
    #expect(session.tasks[0].avoidance.count == 1)
    // The county's program was changed: its parameters bind an empty list.
    let (bound, empty) = (Avoidance.hash(session.tasks[0].avoidance), Avoidance.hash([]))
    try forge(draw) { $0.replacing(bound.description, with: empty.description) }
    _ = try world.store(.county).commit("forged", operator: draw.first, supervisor: draw.second)
    try world.settle()
    let answer = try #require(try draw.acknowledge().last)
    #expect(answer.verdict == .match)
    guard case .withheld(let breach) = answer.action else {
      Issue.record("\(answer)")
      return
    }
    #expect(breach.requirement == .inspectorDraw && breach.rule == .avoidanceDiffers)
  }

  @Test func `a county that draws by another ratio than its plan's is voided`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    _ = try world.store(.county).freeze([draw.task])
    try forge(draw) { $0.replacing("\"ratio_bp\":1000", with: "\"ratio_bp\":1100") }
    _ = try world.store(.county).commit("forged", operator: draw.first, supervisor: draw.second)
    try world.settle()
    let answer = try #require(try draw.acknowledge().last)
    guard case .voided(let breach) = answer.action else {
      Issue.record("\(answer)")
      return
    }
    #expect(breach == RuleBreach(.objectDraw, row: draw.task, .planDiffers(task: draw.task)))
  }

  /// Writes the session `forged`: the only one of the county, with other parameters.
  private func forge(_ draw: DrawWorld, _ change: (String) -> String) throws {
    let (world, unit) = (draw.world, draw.world.scope(.county))
    let held = try #require(
      try world.store(.county).rows(of: DrawTables.sessions, in: unit).first)
    let text = change(held.text("entries"))
    #expect(text != held.text("entries"))
    _ = try world[.county].write(author: "t", reason: "测试", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        DrawTables.sessions.id, scope: unit, key: [.text("forged")],
        DrawTables.sessions.fields.enumerated().map { place, field in
          ColumnValue(field.id, field.name == "entries" ? .text(text) : held.values[place])
        })
    }
  }
}

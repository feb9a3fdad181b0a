import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// Conflicts of domain.md §2.9 around draws, with the links cut.
@Suite struct DrawConflictTests {
  private let tiers = [CaseWorld.Place.county, .prefecture, .province]

  private func figures(
    _ draw: DrawWorld, at place: CaseWorld.Place, on text: String = "2026-12-01"
  ) throws -> (figures: [Indicator: Figure], alarms: [Alarm]) {
    let (county, today) = (draw.world.scope(.county), try draw.day(text))
    var reader = try FactsReader(draw.world[place], rules: RuleSet(), units: [county])
    let facts = try reader.facts(of: county, today: today)
    let period = IndicatorPeriod(
      days: try draw.day("2026-01-01")...draw.day("2026-12-31"),
      asOf: Instant(today, hour: 9, minute: 0), today: today, calendar: draw.world.calendar,
      rules: RuleSet())
    return (facts.figures(period), facts.alarms(period))
  }

  private func status(
    of company: Int, in session: DrawSession, _ draw: DrawWorld
  ) throws -> FrameStatus? {
    let record = try draw.world.store(.county).drawRecord(
      of: draw.world.scope(.county), year: 2026, withRows: true)
    let frame = record.frames.first { $0.hash == session.tasks[0].frame }
    return frame?.rows?.first { $0.key == DrawWorld.company(company) }?.status
  }

  private func setInspector(
    _ world: CaseWorld, _ place: CaseWorld.Place, _ code: String, status: String
  ) throws {
    _ = try world[place].write(author: "人事", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      let values = [
        Store.ColumnValue(InspectorFields.certificateValidTo.id, .text("2027-12-31")),
        Store.ColumnValue(InspectorFields.status.id, .text(status)),
      ]
      let (table, scope) = (RosterSchema.inspectors.id, world.scope(place))
      if try transaction.read(table, scope: scope, key: [.text(code)]) == nil {
        try transaction.insert(table, scope: scope, key: [.text(code)], values)
      } else {
        try transaction.update(table, scope: scope, key: [.text(code)], values)
      }
    }
  }

  @Test func `C-06: a drawn company that is deregistered ends its visit, unreplaced, as checked`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try draw.commit()
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    let drawn = try county.run(session.id, secret: draw.secret(.county))
    let visits = try county.dispatch(session: session.id).visits
    let gone = try #require(
      try county.row(
        of: VisitTables.visits, in: world.scope(.county), key: [.text(visits[0])])
    ).text("subject_code")
    // The link is cut: the province's feed deregisters it, the county goes there and finds nobody.
    _ = try world[.province].write(author: "feed", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county), key: [.text(gone)],
        [ColumnValue(CompanyFields.registrationState.id, .text("CANCELLED"))])
    }
    #expect(try figures(draw, at: .county).figures[.k05] == .ratio(0, of: visits.count))
    try county.advance(
      visit: visits[0], through: ["NOTIFIED", "IMPOSSIBLE"], reason: .deregistered)
    try world.settle()
    for place in tiers {
      let figures = try figures(draw, at: place).figures
      #expect(figures[.k05] == .ratio(1, of: visits.count), "\(place)")
      #expect(figures[.k22] == .ratio(0, of: visits.count), "nobody in its place: \(place)")
    }
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
    #expect(drawn.draws[0].strata.flatMap(\.selected).contains(gone))
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    // The next roster has it as deregistered.
    let next = try draw.commit([draw.other])
    _ = try county.run(next.id, secret: draw.secret(.county), selfReveals: true)
    let again = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    let row = again.frames.first { $0.hash == next.tasks[0].frame }?.rows?.first { $0.key == gone }
    #expect(row?.status == .deregistered)
  }

  @Test func `C-11: two draws hit one object: once merged, the yearly cap counts one visit`() throws
  {
    let draw = try DrawWorld(companies: 5)
    let world = draw.world
    let county = world.store(.county)
    let key = try #require(try ReferenceData.itemList().items.first { $0.itemClass == .key }).code
    let codes = (1...4).map { "530102-2026-000\($0)" }
    try draw.sign(
      version: 2, codes.map { try draw.planTask($0, items: [key], ratio: 4_000) })
    var sessions: [DrawSession] = []
    for code in codes.prefix(3) {
      let session = try draw.commit([code])
      _ = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
      if sessions.count < 2 { _ = try county.dispatch(session: session.id) }
      sessions.append(session)
    }
    // Company 3 is the only one of class C: each draw takes it, and its cap is two visits.
    #expect(try status(of: 3, in: sessions[1], draw) == .eligible)
    #expect(try status(of: 3, in: sessions[2], draw) == .frequency)
    let visits = try county.rows(of: VisitTables.visits, in: world.scope(.county)) {
      $0.text("subject_code") == DrawWorld.company(3)
    }
    #expect(visits.count == 2)
    #expect(
      try county.visitMerges().suggested.contains {
        Set($0.visits) == Set(visits.map(\.keyText))
      })
    try county.merge(visits: visits.map(\.keyText))
    let last = try draw.commit([codes[3]])
    _ = try county.run(last.id, secret: draw.secret(.county), selfReveals: true)
    #expect(try status(of: 3, in: last, draw) == .eligible)
    try world.settle()
    #expect(
      try draw.acknowledge().allSatisfy { $0.verdict == .match }, "the hub counts them alike")
  }

  @Test
  func `C-13: a lent inspector leaves while the guest, offline, draws: the next in rank goes`()
    throws
  {
    let draw = try DrawWorld(companies: 20, inspectors: 1)
    let world = draw.world
    let (county, hub) = (world.store(.county), world.store(.prefecture))
    let neighbours = ["N1", "N2", "N3"]
    for code in neighbours { try setInspector(world, .neighbour, code, status: "ON_DUTY") }
    try world.settle()
    let window = try draw.day("2026-04-01")...draw.day("2026-06-30")
    for code in neighbours {
      try hub.lend(
        code, of: world.scope(.neighbour), to: world.scope(.county), window: window, letter: "协1")
    }
    try world.settle()
    // The links are cut: the neighbour's inspector leaves, the county draws from the pool it knows.
    let session = try draw.commit()
    _ = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
    let visit = try #require(try county.dispatch(session: session.id).visits.first)
    func team(_ place: CaseWorld.Place) throws -> [CaseRow] {
      try world.store(place).rows(of: VisitTables.assignments, in: world.scope(.county)) {
        $0.key[0] == .text(visit)
      }
    }
    let gone = try #require(
      try team(.county).first { $0.text("mode") == "NEIGHBOUR" }?.key[1].string)
    try setInspector(world, .neighbour, gone, status: "LEFT")
    try world.settle()
    let recalls = try hub.recallLoans()
    #expect(recalls.map(\.inspector) == [gone] && recalls.map(\.reason) == [.left])
    #expect(try hub.recallLoans().isEmpty)
    try world.settle()
    let next = try county.substitute(
      gone, of: visit, secret: draw.secret(.county), reason: "E_LEFT")
    #expect(neighbours.contains(next) && next != gone)
    try world.settle()
    for place in tiers {
      let rows = try team(place)
      #expect(rows.count == 3, "\(place)")
      #expect(rows.first { $0.key[1] == .text(gone) }?.text("superseded_by") == next)
      let substitute = rows.first { $0.key[1] == .text(next) }
      #expect(substitute?.text("mode") == "NEIGHBOUR")
      #expect(substitute?.text("letter_number") == "协1" && substitute?.text("reason") == "E_LEFT")
    }
    // The draw stays as it was.
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
    #expect(try figures(draw, at: .province).figures[.k22]?.numerator == 1)
  }

  @Test func `C-15: two tiers lend one inspector for the same days: the earlier grant stands`()
    throws
  {
    let draw = try DrawWorld(companies: 5)
    let world = draw.world
    try setInspector(world, .neighbour, "N1", status: "ON_DUTY")
    try world.settle()
    let window = try draw.day("2026-04-01")...draw.day("2026-06-30")
    // The link between the two hubs is cut.
    try world.store(.prefecture).lend(
      "N1", of: world.scope(.neighbour), to: world.scope(.county), window: window, letter: "协1")
    world.wall += 60_000
    try world.store(.province).lend(
      "N1", of: world.scope(.neighbour), to: world.scope(.prefecture), window: window, letter: "协2")
    try world.settle()
    let recalls = try world.store(.province).recallLoans()
    #expect(recalls.map(\.guest) == ["530100"] && recalls.map(\.reason) == [.lentBefore])
    try world.settle()
    func lent(_ place: CaseWorld.Place, to guest: CaseWorld.Place) throws -> Int {
      try world.store(place).rows(of: DrawTables.sharedInspectors, in: world.scope(guest)).count
    }
    #expect(try lent(.county, to: .county) == 1 && lent(.province, to: .county) == 1)
    #expect(try lent(.prefecture, to: .prefecture) == 0)
  }

  @Test
  func `C-22: a roster frozen before a required batch arrived is not committed`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try county.freeze([draw.task])
    // The province's batch of the month, and the barrier that asks for it; the county is cut off.
    _ = try world[.province].write(author: "信用", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county),
        key: [.text(DrawWorld.company(0))],
        [
          ColumnValue(CompanyFields.creditClass.id, .text("D")),
          ColumnValue(CompanyFields.creditMonth.id, .text("2026-03")),
        ])
    }
    try draw.barrier("2026-04")
    try world.settle()
    expectRefused("barrierNotCovered") {
      _ = try county.commit(session.id, operator: draw.first, supervisor: draw.second)
    }
    #expect(try county.sessions(of: world.scope(.county)).map(\.state) == ["FROZEN"])
    let again = try county.freeze([draw.task])
    _ = try county.commit(again.id, operator: draw.first, supervisor: draw.second)
    #expect(again.valueIndex == session.valueIndex, "nothing was used up")
    _ = try county.run(again.id, secret: draw.secret(.county), selfReveals: true)
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    let row = record.frames.compactMap(\.rows).flatMap { $0 }
      .first { $0.key == DrawWorld.company(0) }
    #expect(row?.stratum == "D")
  }

  @Test
  func
    `C-34: an exclusion after the hub's answer changes no frozen roster, and is told`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    func exclude(_ number: Int) throws {
      try county.exclude(
        DrawWorld.company(number), reason: "E_CASE_OPEN", from: draw.day("2026-01-01"), to: nil,
        approver: "张局")
    }
    try exclude(1)
    let session = try draw.commit()
    // Between commit and answer nobody knows the result yet: it counts as a late change only.
    try exclude(2)
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    // The county knows the hub's value, and is cut off.
    try exclude(3)
    _ = try county.run(session.id, secret: draw.secret(.county))
    try exclude(4)
    #expect(try status(of: 1, in: session, draw) == .openCase)
    for number in 2...4 { #expect(try status(of: number, in: session, draw) == .eligible) }
    let next = try draw.commit([draw.other])
    _ = try county.run(next.id, secret: draw.secret(.county), selfReveals: true)
    for number in 1...4 { #expect(try status(of: number, in: next, draw) == .openCase) }
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match, .match])
    for place in tiers {
      let found = try figures(draw, at: place)
      let signals = found.alarms.filter { $0.kind == .lateExclusion }
      #expect(signals.map(\.count) == [1] && signals.first?.rows == [session.id], "\(place)")
      #expect(found.figures[.k22]?.numerator == 2, "\(place)")
    }
  }

  @Test
  func
    `C-34: whoever did not know of the answer manipulated nothing, whatever the clocks say`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    _ = try draw.commit()
    try world.exchange(.county)
    _ = try draw.acknowledge()
    try world.exchange(.county)
    // The second terminal has heard of no draw; its clock says that it is later than the answer.
    world.wall += 3_600_000
    try world.store(.terminal).exclude(
      DrawWorld.company(7), reason: "E_CASE_OPEN", from: draw.day("2026-01-01"), to: nil,
      approver: "张局")
    // The first one knows the answer, and its clock says that it is long before it.
    world.wall -= 40 * 86_400_000
    try world.store(.county).exclude(
      DrawWorld.company(8), reason: "E_CASE_OPEN", from: draw.day("2026-01-01"), to: nil,
      approver: "张局")
    world.wall += 40 * 86_400_000
    try world.settle()
    for place in tiers {
      let found = try figures(draw, at: place)
      #expect(found.alarms.filter { $0.kind == .lateExclusion }.map(\.count) == [1], "\(place)")
      #expect(found.figures[.k22]?.numerator == 1, "\(place)")
    }
  }

  @Test(arguments: [CaseWorld.Place.county, .province])
  func `a roster that shrank is explained by who wrote it, not by what the reason says`(
    writer: CaseWorld.Place
  ) throws {
    let draw = try DrawWorld()
    let world = draw.world
    let first = try draw.commit()
    try world.settle()
    _ = try draw.acknowledge()
    try world.settle()
    _ = try world.store(.county).run(first.id, secret: draw.secret(.county))
    // A twentieth of the roster goes, with the word of the feed.
    _ = try world[writer].write(author: "登记", reason: "注销", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for number in 0..<3 {
        try transaction.delete(
          RosterSchema.companies.id, scope: world.scope(.county),
          key: [.text(DrawWorld.company(number))])
      }
    }
    try world.settle()
    let next = try draw.commit([draw.other])
    try world.settle()
    for place in tiers {
      let shrank = try figures(draw, at: place).alarms.filter { $0.kind == .rosterShrank }
      #expect(shrank.flatMap(\.rows) == (writer == .county ? [next.id] : []), "\(place)")
    }
  }

  @Test func `R-3.3: where the rules ask for training, nobody without it is drawn`() throws {
    let draw = try DrawWorld(inspectors: 4)
    let world = draw.world
    try world.store(.province).issueRules(
      Array("{\"training_months\":12}".utf8), version: 2_026_030_901,
      effectiveFrom: draw.day("2026-03-09"))
    let county = world.store(.county)
    for (code, day) in [("I0", "2026-01-05"), ("I1", "2025-06-01"), ("I2", "2024-01-05")] {
      try county.recordTraining(
        of: code, on: draw.day(day), topic: "双随机", hours: 8, issuer: "省局")
    }
    #expect(throws: CaseworkError.missing(table: "inspectors", key: "I9")) {
      try county.recordTraining(
        of: "I9", on: draw.day("2026-01-05"), topic: "双随机", hours: 8, issuer: "省局")
    }
    try world.settle()
    let session = try draw.commit()
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    let drawn = try county.run(session.id, secret: draw.secret(.county))
    let teams = drawn.draws[0].matching?.teams ?? []
    #expect(!teams.isEmpty && teams.allSatisfy { Set($0.members) == ["I0", "I1"] })
    // K16 by the same rule: two of four.
    var reader = try FactsReader(
      world[.province], rules: world.store(.province).rules(on: draw.day("2026-03-10")),
      units: [world.scope(.county)])
    let rosters = try reader.facts(of: world.scope(.county), today: draw.day("2026-03-10")).rosters
    #expect(rosters.inspectorsValid == 2 && rosters.inspectors == 4)
  }

  @Test func `R-2.18: strata of class and line risk, where the line grades its objects`() throws {
    let draw = try DrawWorld(companies: 10)
    let world = draw.world
    let item = try #require(
      try ReferenceData.itemList().items.first {
        $0.category.hasPrefix("食品") && $0.itemClass == .key
      })
    _ = try world[.county].write(author: "食品科", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      // Of the four companies of class A two are graded.
      for (number, grade) in [(0, "A"), (5, "D")] {
        try transaction.update(
          RosterSchema.companies.id, scope: world.scope(.county),
          key: [.text(DrawWorld.company(number))],
          [ColumnValue(CompanyFields.foodRisk.id, .text(grade))])
      }
    }
    var task = try draw.planTask(draw.task, items: [item.code])
    task.strata = [
      StratumRatio("A", ratioBp: 1_000), StratumRatio("AD", ratioBp: 5_000),
      StratumRatio("B", ratioBp: 1_000),
    ]
    try draw.sign(version: 2, [task])
    let county = world.store(.county)
    let session = try draw.commit()
    let drawn = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
    let strata = drawn.draws[0].strata
    #expect(strata.map(\.stratum) == ["A", "AA", "AD", "B", "C", "D"])
    #expect(strata.map(\.eligible) == [2, 1, 1, 2, 2, 2])
    #expect(strata.map(\.count) == [1, 0, 1, 1, 0, 0])
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match], "the hub finds the same strata")
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
  }
}

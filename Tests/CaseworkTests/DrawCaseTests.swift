import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Testing

/// Draws from freeze to record on a county, its prefecture and the province (domain.md §4).
@Suite struct DrawCaseTests {
  @Test func `二(五)c–d: a season of a draw, from freeze to a record that anyone can check`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try draw.commit([draw.task, draw.other])
    let plan = try county.plan(of: .annual, year: 2026, version: 1)
    let states = try county.taskStates(of: #require(plan))
    #expect(states == [draw.task: "COMMITTED", draw.other: "COMMITTED"])
    // No link yet: nothing is drawn without the hub's value.
    expectRefused("notAcknowledged") {
      _ = try county.run(session.id, secret: draw.secret(.county))
    }
    try world.settle()
    let answers = try draw.acknowledge()
    #expect(answers.map(\.action) == [.acknowledged] && answers[0].verdict == .match)
    #expect(try draw.acknowledge().map(\.action) == [.answeredBefore])
    try world.settle()
    let drawn = try county.run(session.id, secret: draw.secret(.county))
    #expect(drawn.grade == .two && drawn.draws.count == 2)
    // Twelve of A, B, C, D: 24, 12, 12, 12 rows at 10 % with a floor of one.
    #expect(drawn.draws[0].strata.map(\.count) == [3, 2, 2, 2])
    let dispatched = try county.dispatch(session: session.id)
    #expect(dispatched.understaffed.isEmpty)
    #expect(dispatched.visits.count == drawn.draws.flatMap(\.strata).flatMap(\.selected).count)
    #expect(try county.dispatch(session: session.id).visits.isEmpty, "once only")
    let before = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: before).isEmpty && before.draws.allSatisfy { $0.reveal == nil })
    expectRefused("visitsOpen") {
      try county.reveal(session.id, secret: draw.secret(.county))
    }
    for visit in dispatched.visits {
      try county.advance(visit: visit, through: ["NOTIFIED", "STARTED", "DONE"])
    }
    try county.reveal(session.id, secret: draw.secret(.county))
    // A later change of the roster alters no draw (C-34).
    _ = try world[.county].write(author: "t", reason: "测试", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        RosterSchema.exclusionMarks.id, scope: world.scope(.county),
        key: [.text(DrawWorld.company(3)), .text("E_CASE_OPEN"), .text("2026-01-01")], [])
      try transaction.delete(
        RosterSchema.companies.id, scope: world.scope(.county),
        key: [.text(DrawWorld.company(4))])
    }
    try world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let record = try world.store(place).drawRecord(
        of: world.scope(.county), year: 2026, withRows: true)
      #expect(draw.failures(of: record).isEmpty, "\(place)")
      let findings = DrawVerifier.findings(of: record)
      #expect(findings.contains { $0.step == .matching && $0.verdict == .passed })
      #expect(findings.contains { $0.step == .roster && $0.verdict == .passed })
    }
  }

  @Test func `§4.6: nothing is frozen without a barrier, nor below it`() throws {
    let draw = try DrawWorld(hasBarrier: false)
    let world = draw.world
    expectRefused("barrierMissing") {
      _ = try world.store(.county).freeze([draw.task])
    }
    // The province issues a list, then the barrier; the county hears of the barrier alone.
    let program = try ReferenceData.itemList()
    try world.store(.province).issue(
      ItemList(
        version: 2_026_030_501, year: 2026, issuer: program.issuer,
        effectiveFrom: try draw.day("2026-03-05"), items: program.items))
    try draw.barrier()
    try world.exchange(.prefecture)
    try world.pull(.county, only: [world.scope(.county)])
    expectRefused("barrierNotCovered") {
      _ = try world.store(.county).freeze([draw.task])
    }
    var stale = FreezeOptions()
    stale.allowsStale = true
    #expect(try world.store(.county).freeze([draw.task], stale).isStale)
    try world.settle()
    #expect(try !world.store(.county).freeze([draw.task]).isStale)
  }

  @Test func `§4.6: a hub that knows less says PENDING, and later MATCH`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let program = try ReferenceData.itemList()
    try world.store(.province).issue(
      ItemList(
        version: 2_026_030_901, year: 2026, issuer: program.issuer,
        effectiveFrom: try draw.day("2026-03-09"), items: program.items))
    // The county has the list straight from the province; the prefecture has not heard of it.
    try world.pull(.county, from: .province, only: [world.scope(.province)])
    _ = try draw.commit()
    try world.push(.county, only: [world.scope(.county)])
    let hub = world.store(.prefecture)
    let frames = DrawTables.frames
    func verdicts() throws -> Set<String> {
      Set(
        try hub.rows(of: frames, in: world.scope(.county)) { $0.text("kind") == "OBJ" }
          .map { $0.text("verification") })
    }
    #expect(try draw.acknowledge().map(\.verdict) == [.pending])
    #expect(try verdicts() == ["PENDING"])
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    #expect(try verdicts() == ["MATCH"])
    let province = try world.store(.province).acknowledge(
      world.scope(.county), secret: draw.secret(.province))
    #expect(province.map(\.verdict) == [.match] && province.map(\.action) == [.answeredBefore])
  }

  @Test func `T5, scenario 14: a roster that was changed behind the cut does not match`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try county.freeze([draw.task])
    // The county puts a frame of its own making in the place of the one it froze.
    let unit = world.scope(.county)
    let (honest, forged) = (
      session.tasks[0].frame.description, String(repeating: "ab", count: 32)
    )
    let frames = try county.rows(of: DrawTables.frames, in: unit)
    let frame = try #require(frames.first { $0.keyText == honest })
    let rows = try county.rows(of: DrawTables.sessions, in: unit)
    let held = try #require(rows.first)
    _ = try world[.county].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for (table, key, row) in [
        (DrawTables.frames, forged, frame), (DrawTables.sessions, "forged", held),
      ] {
        try transaction.insert(
          table.id, scope: unit, key: [.text(key)],
          zip(table.fields, row.values).map { field, value in
            let text = value.string?.replacingOccurrences(of: honest, with: forged)
            return ColumnValue(field.id, text.map { .text($0) } ?? value)
          })
      }
    }
    _ = try county.commit("forged", operator: draw.first, supervisor: draw.second)
    try world.settle()
    let answers = try draw.acknowledge()
    #expect(answers[0].verdict == .mismatch)
    guard case .withheld = answers[0].action else {
      Issue.record("\(answers[0].action)")
      return
    }
    #expect(try draw.acknowledge()[0].verdict == .mismatch)
  }

  @Test func `T3: a redraw needs the superior's void, and the record shows both draws`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try draw.commit()
    try world.settle()
    _ = try draw.acknowledge()
    try world.settle()
    _ = try county.run(session.id, secret: draw.secret(.county))
    expectRefused("redrawWithoutVoid") {
      _ = try county.freeze([draw.task])
    }
    expectRefused("notOwner") {
      _ = try county.void(
        session.id, of: world.scope(.county), reason: "不满意", approver: "张局")
    }
    try world.settle()
    // One tier up, whose values the draw binds: with another's signature the record would not hold.
    expectRefused("notOwner") {
      _ = try world.store(.province).void(
        session.id, of: world.scope(.county), reason: "名录有误", approver: "省局")
    }
    _ = try world.store(.prefecture).void(
      session.id, of: world.scope(.county), reason: "名录有误", approver: "赵处")
    try world.settle()
    let again = try draw.commit()
    #expect(again.tasks[0].parameters.sequence == 2 && again.valueIndex == 1)
    try world.settle()
    #expect(try draw.acknowledge().map(\.action) == [.answeredBefore, .acknowledged])
    try world.settle()
    _ = try county.run(again.id, secret: draw.secret(.county))
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(record.draws.count == 2 && record.draws[0].void != nil)
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test func `T1: a company that vanishes before a draw is found by the verifier`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    for (code, reason) in [(draw.task, ""), (draw.other, "")] {
      if code == draw.other {
        _ = try world[.county].write(
          author: "张", reason: reason, wallMilliseconds: world.wall
        ) { transaction throws(StoreError) in
          try transaction.delete(
            RosterSchema.companies.id, scope: world.scope(.county),
            key: [.text(DrawWorld.company(7))])
        }
      }
      let session = try draw.commit([code])
      try world.settle()
      _ = try draw.acknowledge()
      try world.settle()
      _ = try county.run(session.id, secret: draw.secret(.county))
    }
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    let failures = draw.failures(of: record)
    #expect(failures.count == 1 && failures[0].contains(DrawWorld.company(7)), "\(failures)")
  }

  @Test func `grade 1 and 1+: without a link the county draws alone, and the record says so`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let alone = try draw.commit()
    #expect(
      try county.run(alone.id, secret: draw.secret(.county), selfReveals: true).grade == .one)
    let session = try county.freeze([draw.other])
    _ = try county.commit(
      session.id, operator: draw.first, supervisor: draw.second, publicSource: .lottery,
      reference: "2026030", lodgedWith: "公证处")
    let value = Array("双色球2026030:01,05,09,17,22,31+08".utf8)
    #expect(
      try county.run(
        session.id, secret: draw.secret(.county), publicValue: value, selfReveals: true
      ).grade == .onePlus)
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test func `grade 3: county, hub and a public value that was named before it existed`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try county.freeze([draw.task])
    _ = try county.commit(
      session.id, operator: draw.first, supervisor: draw.second, publicSource: .lottery,
      reference: "2026030")
    try world.settle()
    #expect(try draw.acknowledge().map(\.action) == [.acknowledged])
    try world.settle()
    // The value of another issue is none.
    expectRefused("malformed") {
      _ = try county.run(
        session.id, secret: draw.secret(.county),
        publicValue: Array("双色球2026031:01,05,09,17,22,31+08".utf8))
    }
    let value = Array("双色球2026030:01,05,09,17,22,31+08".utf8)
    #expect(
      try county.run(session.id, secret: draw.secret(.county), publicValue: value).grade == .three)
    for visit in try county.dispatch(session: session.id).visits {
      try county.advance(visit: visit, through: ["NOTIFIED", "STARTED", "DONE"])
    }
    try county.reveal(session.id, secret: draw.secret(.county), publicValue: value)
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(record.draws[0].reveal?.grade == .three)
    #expect(draw.failures(of: record) == [])
  }

  @Test func `T7, scenario 13: a county that has the hub's value and draws nothing is an ABORT`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    _ = try draw.commit()
    try world.settle()
    #expect(try draw.acknowledge().map(\.action) == [.acknowledged])
    func aborts(on text: String) throws -> Figure? {
      let county = world.scope(.county)
      let today = try draw.day(text)
      var reader = try FactsReader(world[.province], rules: RuleSet(), units: [county])
      let facts = try reader.facts(of: county, today: today)
      return facts.figures(
        IndicatorPeriod(
          days: try draw.day("2026-01-01")...draw.day("2026-12-31"),
          asOf: Instant(today, hour: 9, minute: 0), today: today, calendar: world.calendar,
          rules: RuleSet()))[.k18Abort]
    }
    try world.settle()
    // Answered on Tuesday 10 March: five working days end on the 17th.
    #expect(try aborts(on: "2026-03-17") == .count(0))
    #expect(try aborts(on: "2026-03-18") == .count(1))
    let session = try #require(try world.store(.county).sessions(of: world.scope(.county)).first)
    _ = try world.store(.prefecture).void(
      session.id, of: world.scope(.county), reason: "逾期未抽取", approver: "赵处")
    try world.settle()
    #expect(try aborts(on: "2026-03-18") == .count(0), "voided by the superior, drawn again")
  }

  @Test func `T7: an answer that comes after a draw without it changes nothing of that draw`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try draw.commit()
    #expect(
      try county.run(session.id, secret: draw.secret(.county), selfReveals: true).grade == .one)
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    for visit in try county.dispatch(session: session.id).visits {
      try county.advance(visit: visit, through: ["NOTIFIED", "STARTED", "DONE"])
    }
    try county.reveal(session.id, secret: draw.secret(.county))
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(record.draws[0].reveal?.grade == .one)
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test func `T3, T7: a hub gives each value once, also when the first draw was wiped away`() throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try draw.commit()
    try world.settle()
    #expect(try draw.acknowledge().map(\.action) == [.acknowledged])
    try world.settle()
    _ = try county.run(session.id, secret: draw.secret(.county))
    // The county dislikes the result and deletes all that it wrote of it.
    _ = try world[.county].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for table in [DrawTables.results, DrawTables.commits, DrawTables.sessions] {
        try transaction.delete(
          table.id, scope: world.scope(.county), key: [.text(session.id)])
      }
    }
    let again = try draw.commit()
    #expect(again.valueIndex == session.valueIndex)
    try world.settle()
    let answers = try draw.acknowledge()
    guard case .withheld(let breach) = answers.first(where: { $0.session == again.id })?.action
    else {
      Issue.record("\(answers)")
      return
    }
    #expect("\(breach.rule)".hasPrefix("valueTaken"))
  }

  @Test func `R-2.21: own pool, then the neighbour's, then direct appointment with the shortage`()
    throws
  {
    let draw = try DrawWorld(inspectors: 1)
    let world = draw.world
    let county = world.store(.county)
    _ = try world[.neighbour].write(author: "人事", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        RosterSchema.inspectors.id, scope: world.scope(.neighbour), key: [.text("N1")],
        [
          ColumnValue(InspectorFields.certificateValidTo.id, .text("2027-12-31")),
          ColumnValue(InspectorFields.status.id, .text("ON_DUTY")),
        ])
    }
    // Without a loan: only one inspector, and the count is on record.
    let session = try draw.commit()
    _ = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
    let short = try county.dispatch(session: session.id)
    #expect(short.visits.isEmpty && short.understaffed.allSatisfy { $0.eligible == 1 })
    let subject = try #require(short.understaffed.first?.subject)
    expectRefused("missing") {
      _ = try county.dispatch(
        session: session.id,
        appointments: [.init(subject: subject, inspector: "I9", reason: "", approver: "李局")])
    }
    #expect(
      try county.dispatch(
        session: session.id,
        appointments: [.init(subject: subject, inspector: "I9", reason: "人员不足", approver: "李局")]
      ).visits.count == 1)
    let appointed = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    let team = appointed.draws[0].matching?.teams.first { $0.object == subject }
    #expect(team?.appointed == ["I9"] && team?.reason == "人员不足" && team?.approver == "李局")
    #expect(draw.failures(of: appointed) == [])
    try world.settle()
    let window = try draw.day("2026-04-01")...draw.day("2026-06-30")
    let hub = world.store(.prefecture)
    try hub.lend(
      "N1", of: world.scope(.neighbour), to: world.scope(.county), window: window, letter: "协1")
    // C-15: the same days for another unit are refused.
    expectRefused("lentElsewhere") {
      try hub.lend(
        "N1", of: world.scope(.neighbour), to: world.scope(.prefecture), window: window,
        letter: "协2")
    }
    try world.settle()
    let second = try draw.commit([draw.other])
    _ = try county.run(second.id, secret: draw.secret(.county), selfReveals: true)
    let full = try county.dispatch(session: second.id)
    #expect(full.understaffed.isEmpty && !full.visits.isEmpty)
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test func `R-2.17, R-1.9: batches and sieve; R-2.16: a capped item stays below its cap`() throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let items = try ReferenceData.itemList().items
    let key = try #require(items.first { $0.itemClass == .key }).code
    try draw.sign(
      version: 2,
      [
        draw.planTask(draw.task, items: ["Y0101"], ratio: 2_000),
        draw.planTask(draw.other, items: [key], type: .batch, ratio: 10_000),
        draw.planTask("530102-2026-0003", type: .sieve, filter: "industry begins 'H62'"),
      ])
    let county = world.store(.county)
    let session = try draw.commit([draw.other, "530102-2026-0003", draw.task])
    let drawn = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
    #expect(drawn.draws[0].batches.map(\.count) == [15, 15, 15, 15])
    #expect(drawn.draws[1].strata.map { Int($0.count) }.reduce(0, +) == 30)
    let count = drawn.draws[2].strata.map { Int($0.count) }.reduce(0, +)
    #expect(count == 12, "20 % of 60")
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
  }
}

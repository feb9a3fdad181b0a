import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// what superiors draw to look at, on a tree of replicas.
@Suite struct CheckDrawCaseTests {
  private struct Bureau {
    let draw: DrawWorld
    var world: CaseWorld { draw.world }
    let chief = DrawSigner(name: "赵敏")
    let deputy = DrawSigner(name: "钱军")

    init() throws {
      draw = try DrawWorld(companies: 20, inspectors: 4)
      try world.store(.prefecture).publishAnchor(
        year: 2026, operator: chief, supervisor: deputy, secret: draw.secret(.prefecture))
      try world.store(.province).publishAnchor(
        year: 2026, operator: draw.first, supervisor: draw.second, secret: draw.secret(.province))
      try world.settle()
      _ = try world.store(.province).publishHubAnchors(
        year: 2026, for: [world.scope(.prefecture)], secret: draw.secret(.province))
      try world.settle()
    }

    func committed(_ session: DrawSession) throws {
      _ = try world.store(.prefecture).commit(session.id, operator: chief, supervisor: deputy)
    }

    func answer() throws -> [HubAnswer] {
      try world.store(.province).acknowledge(
        world.scope(.prefecture), secret: draw.secret(.province))
    }

    /// Publishes invented results at a county.
    func publish(_ count: Int, at place: CaseWorld.Place, on day: String) throws {
      _ = try world[place].write(author: "t", wallMilliseconds: world.wall) {
        transaction throws(StoreError) in
        for number in 0..<count {
          try transaction.insert(
            VisitTables.publications.id, scope: world.scope(place),
            key: [.text("\(place)-\(day)-\(number)"), .text("Y0101"), .text("市场监管")],
            [
              ColumnValue(VisitTables.publications.column("published_on"), .text(day)),
              ColumnValue(VisitTables.publications.column("state"), .text("PUBLISHED")),
            ])
        }
      }
    }
  }

  @Test func `a prefecture draws which county checks which, and anyone can check it`() throws {
    let bureau = try Bureau()
    let world = bureau.world
    let store = world.store(.prefecture)
    let units = store.unitsBelow(steps: 1)
    #expect(units.count == 14)
    let session = try store.freezePairs("530100-2026-JC01", of: units)
    try bureau.committed(session)
    try world.settle()
    let answers = try bureau.answer()
    #expect(answers.map(\.action) == [.acknowledged] && answers[0].verdict == .match)
    try world.settle()
    let drawn = try store.run(session.id, secret: bureau.draw.secret(.prefecture))
    #expect(drawn.grade == .two)
    let pairs = drawn.draws[0].pairs
    #expect(pairs.map(\.checker).sorted() == units.map { "\($0)" })
    #expect(Set(pairs.map(\.checked)).count == 14)
    #expect(pairs.allSatisfy { $0.checker != $0.checked })
    try store.reveal(session.id, secret: bureau.draw.secret(.prefecture))
    try world.settle()
    for place in [CaseWorld.Place.prefecture, .province] {
      let record = try world.store(place).drawRecord(
        of: world.scope(.prefecture), year: 2026, withRows: true)
      #expect(bureau.draw.failures(of: record).isEmpty, "\(bureau.draw.failures(of: record))")
      #expect(record.draws[0].pairs.map(\.checked) == pairs.map(\.checked))
    }
    // Drawn until liked: not without the superior.
    expectRefused("redrawWithoutVoid") {
      _ = try store.freezePairs("530100-2026-JC01", of: units)
    }
  }

  @Test func `a prefecture draws published results to check again, of the days it names`() throws {
    let bureau = try Bureau()
    let world = bureau.world
    try bureau.publish(30, at: .county, on: "2026-03-02")
    try bureau.publish(4, at: .neighbour, on: "2026-03-04")
    try world.settle()
    try bureau.publish(9, at: .neighbour, on: "2026-02-04")
    let store = world.store(.prefecture)
    let days = try bureau.draw.day("2026-03-01")...bureau.draw.day("2026-03-09")
    let session = try store.freezeSample(
      "530100-2026-FC01", of: [world.scope(.county), world.scope(.neighbour)], publishedOn: days,
      size: SampleSize(ratioBp: 1_000))
    // What is published after the freeze is in no frame of it.
    try bureau.publish(3, at: .terminal, on: "2026-03-05")
    try bureau.committed(session)
    try world.settle()
    #expect(try bureau.answer().map(\.verdict) == [.match])
    try world.settle()
    let drawn = try store.run(session.id, secret: bureau.draw.secret(.prefecture))
    #expect(drawn.draws[0].strata.map(\.eligible) == [30, 4])
    #expect(drawn.draws[0].strata.map(\.count) == [3, 1])
    try store.reveal(session.id, secret: bureau.draw.secret(.prefecture))
    let record = try store.drawRecord(of: world.scope(.prefecture), year: 2026, withRows: true)
    #expect(bureau.draw.failures(of: record).isEmpty, "\(bureau.draw.failures(of: record))")
  }

  @Test func `the province draws alone, with a lottery that was lodged`() throws {
    let bureau = try Bureau()
    let (world, draw) = (bureau.world, bureau.draw)
    let store = world.store(.province)
    let session = try store.freezePairs(
      "530000-2026-JC01", of: store.unitsBelow(steps: 2), isWithinParents: true)
    _ = try store.commit(
      session.id, operator: draw.first, supervisor: draw.second, publicSource: .lottery,
      reference: "2026045", lodgedWith: "公证处")
    expectRefused("notAcknowledged") {
      _ = try store.run(session.id, secret: draw.secret(.province))
    }
    let value = Array("双色球2026045:01,07,12,20,28,33+16".utf8)
    let drawn = try store.run(
      session.id, secret: draw.secret(.province), publicValue: value, selfReveals: true)
    #expect(drawn.grade == .onePlus && drawn.draws[0].pairs.count == 129)
    #expect(drawn.draws[0].pairs.allSatisfy { $0.checker.prefix(4) == $0.checked.prefix(4) })
    try store.reveal(session.id, secret: draw.secret(.province), publicValue: value)
    let record = try store.drawRecord(of: world.scope(.province), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty, "\(draw.failures(of: record))")
    #expect(record.hubAnchor == nil)
  }

  @Test func `only units below are drawn, and one alone is no pair`() throws {
    let bureau = try Bureau()
    let store = bureau.world.store(.prefecture)
    expectRefused("notOwner") {
      _ = try store.freezePairs(
        "530100-2026-JC02", of: [bureau.world.scope(.county), bureau.world.scope(.province)])
    }
    expectRefused("draw") {
      _ = try store.freezePairs("530100-2026-JC03", of: [bureau.world.scope(.county)])
    }
  }
}

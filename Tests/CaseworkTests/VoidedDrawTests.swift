import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// Draws that do not count: only the superior voids (T3), and what rests on a voided draw goes with it.
@Suite struct VoidedDrawTests {
  @Test func `a voided draw over counties is drawn again, and the new shares count`() throws {
    let stage = try TwoStageWorld()
    let (world, draw) = (stage.world, stage.draw)
    let first = try stage.drawn()
    try world.settle()
    expectRefused("redrawWithoutVoid") { _ = try world.store(.prefecture).freeze([stage.task]) }
    _ = try world.store(.province).void(
      first.id, of: world.scope(.prefecture), reason: "名录有误", approver: "省局")
    try world.settle()
    #expect(try world.store(.county).handedShares().map(\.isVoided) == [true])
    #expect(throws: CaseworkError.self) { _ = try world.store(.county).freeze([stage.task]) }
    let second = try stage.drawn()
    try world.settle()
    #expect(second.draws[0].parameters.sequence == 2)
    let county = try stage.dispatch(at: .county, draw.first, draw.second)
    let neighbour = try stage.dispatch(at: .neighbour, stage.other, stage.fourth)
    try stage.end(county.visits, at: .county)
    try stage.end(neighbour.visits, at: .neighbour)
    try world.settle()
    for session in [first.id, second.id] {
      try world.store(.prefecture).reveal(session, secret: draw.secret(.prefecture))
    }
    let record = try world.store(.prefecture).drawRecord(
      of: world.scope(.prefecture), year: 2026, withRows: true)
    #expect(record.draws.count == 2)
    #expect(draw.failures(of: record).isEmpty, "\(draw.failures(of: record))")
  }

  /// A draw above that was voided when one county had dispatched its visits and begun one, and the other had committed.
  private struct Voided {
    let stage: TwoStageWorld
    let first: String
    let county: (session: String, visits: [String])
    let waiting: DrawSession

    init() throws {
      stage = try TwoStageWorld()
      let (world, draw) = (stage.world, stage.draw)
      first = try stage.drawn().id
      try world.settle()
      county = try stage.dispatch(at: .county, draw.first, draw.second)
      try world.store(.county).advance(visit: county.visits[0], through: ["NOTIFIED", "STARTED"])
      let neighbour = world.store(.neighbour)
      waiting = try neighbour.freeze([stage.task])
      _ = try neighbour.commit(waiting.id, operator: stage.other, supervisor: stage.fourth)
      try world.settle()
      _ = try world.store(.province).void(
        first, of: world.scope(.prefecture), reason: "名录有误", approver: "省局")
      try world.settle()
    }
  }

  @Test func `as soon as a void above is known nobody draws or sets out, and all tiers see why`()
    throws
  {
    let voided = try Voided()
    let (world, draw, county) = (voided.stage.world, voided.stage.draw, voided.county)
    expectRefused("shareVoided") {
      _ = try world.store(.neighbour).run(
        voided.waiting.id, secret: draw.secret(.neighbour), selfReveals: true)
    }
    expectRefused("shareVoided") {
      _ = try world.store(.county).dispatch(session: county.session)
    }
    if county.visits.count > 1 {
      expectRefused("drawVoided") {
        try world.store(.county).advance(visit: county.visits[1], through: ["NOTIFIED"])
      }
    }
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let store = world.store(place)
      let session = try store.session(county.session, of: world.scope(.county))
      #expect(try store.standing(of: session, in: world.scope(.county)).isVoidedAbove)
      var reader = try FactsReader(
        world[place], rules: RuleSet(), units: [world.scope(.county)])
      let facts = try reader.facts(of: world.scope(.county), today: draw.day("2026-04-10"))
      #expect(facts.draws.filter(\.isVoid).map(\.id) == [county.session], "\(place)")
    }
    let bundle = try world.store(.county).dutyBundle(
      of: county.visits[0], in: world.scope(.county))
    #expect(bundle.gaps.contains { $0.element == "draw" && $0.kind == "INVALID" })
  }

  @Test func `the hub voids what counties drew for a voided draw, and the next draw takes over`()
    throws
  {
    let voided = try Voided()
    let (stage, county) = (voided.stage, voided.county)
    let (world, draw) = (stage.world, stage.draw)
    // One was answered before, the other waits.
    let hub = world.store(.prefecture)
    for place in [CaseWorld.Place.county, .neighbour] {
      let answers = try hub.acknowledge(world.scope(place), secret: draw.secret(.prefecture))
      guard answers.count == 1, case .voided(let breach) = answers[0].action else {
        Issue.record("\(answers)")
        continue
      }
      #expect(breach.requirement == .twoStages)
      let again = try hub.acknowledge(world.scope(place), secret: draw.secret(.prefecture))
      #expect(again.map(\.action) == [.answeredBefore])
    }
    try world.settle()
    // What takes its place is drawn, and the visits that nobody began are cancelled.
    _ = try stage.drawn()
    try world.settle()
    let store = world.store(.county)
    let second = try store.freeze([stage.task])
    #expect(second.tasks[0].parameters.sequence == 2)
    _ = try store.commit(second.id, operator: draw.first, supervisor: draw.second)
    try world.settle()
    _ = try hub.acknowledge(world.scope(.county), secret: draw.secret(.prefecture))
    try world.settle()
    _ = try store.run(second.id, secret: draw.secret(.county))
    let visits = try store.dispatch(session: second.id).visits
    let states = try store.rows(of: VisitTables.visits, in: world.scope(.county)).reduce(
      into: [String: String]()
    ) { $0[$1.keyText] = $1.text("state") }
    for visit in county.visits.dropFirst() { #expect(states[visit] == "CANCELLED") }
    #expect(states[county.visits[0]] == "STARTED")
    #expect(visits.allSatisfy { states[$0] == "ASSIGNED" })
    try store.advance(visit: county.visits[0], through: ["DONE"])
    try stage.end(visits, at: .county)
    for session in [county.session, second.id] {
      try store.reveal(session, secret: draw.secret(.county))
    }
    try world.settle()
    let record = try hub.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(record.draws.count == 2 && record.draws[0].void != nil)
    #expect(draw.failures(of: record).isEmpty, "\(draw.failures(of: record))")
  }

  @Test func `a county that learns of a void only after its visits shows a gap in their chain`()
    throws
  {
    let stage = try TwoStageWorld()
    let (world, draw) = (stage.world, stage.draw)
    let first = try stage.drawn()
    try world.exchange(.county)
    // No link from here at the county.
    _ = try world.store(.province).void(
      first.id, of: world.scope(.prefecture), reason: "名录有误", approver: "省局")
    let store = world.store(.county)
    let session = try store.freeze([stage.task])
    _ = try store.commit(session.id, operator: draw.first, supervisor: draw.second)
    _ = try store.run(session.id, secret: draw.secret(.county), selfReveals: true)
    let visits = try store.dispatch(session: session.id).visits
    try stage.end(visits, at: .county)
    try world.settle()
    let answers = try world.store(.prefecture).acknowledge(
      world.scope(.county), secret: draw.secret(.prefecture))
    guard case .voided(let breach) = answers.first?.action else {
      Issue.record("\(answers)")
      return
    }
    #expect(breach.rule == .shareVoided(unit: "530100", draw: first.id))
    try world.settle()
    // What was done stays, and is told.
    let states = try store.rows(of: VisitTables.visits, in: world.scope(.county)).map {
      $0.text("state")
    }
    #expect(states.allSatisfy { $0 == "DONE" } && states.count == visits.count)
    let bundle = try store.dutyBundle(of: visits[0], in: world.scope(.county))
    #expect(bundle.gaps.contains { $0.element == "draw" && $0.kind == "INVALID" })
  }
}

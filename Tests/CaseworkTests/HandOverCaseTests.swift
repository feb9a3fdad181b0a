import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// Hand-overs between two counties that hold nothing of each other.
@Suite struct HandOverCaseTests {
  private let object = HandOverSubject.object("91530102MA6KABCD12")

  private func unit(_ text: String) throws -> UnitCode { try #require(UnitCode(text)) }

  private func owner(
    _ season: Season, _ place: CaseWorld.Place, _ subject: HandOverSubject
  ) throws -> String {
    try season.world.store(place).ownership(
      of: subject, initial: unit("530102"), in: season.world.scope(.county)
    ).owner.text
  }

  /// A season with a final result that asks for a listing.
  private func season() throws -> Season {
    let season = try Season()
    try season.finish(season.key, [.unreachable])
    try season.world.settle()
    return season
  }

  private func carry(_ season: Season) throws {
    try season.world.settle()
    _ = try season.world.store(.prefecture).carryHandOvers()
    try season.world.settle()
  }

  @Test func `a follow-up goes over with its acceptance, has one owner, and its end comes back`()
    throws
  {
    let season = try season()
    let world = season.world
    let subject = HandOverSubject.followUp(.listing, of: season.key)
    try world.store(.county).offer(subject, to: unit("530103"), id: "H1")
    #expect(throws: CaseworkError.self) {
      try world.store(.county).offer(subject, to: self.unit("530111"), id: "H2")
    }
    try carry(season)
    // Until it is accepted the old owner stays.
    #expect(try owner(season, .prefecture, subject) == "530102")
    #expect(throws: CaseworkError.self) {
      try world.store(.neighbour).answer(handOver: "H1", accepting: false)
    }
    try world.store(.neighbour).answer(handOver: "H1", accepting: true)
    try carry(season)
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      #expect(try owner(season, place, subject) == "530103", "\(place)")
    }
    // The visit is not here: whom it lists has to be said.
    let unnamed = #expect(throws: CaseworkError.self) {
      try world.store(.neighbour).close(
        .listing, of: season.key, .init(outcome: .known(.listed)), number: "列1号")
    }
    #expect(
      unnamed
        == .refused([
          RuleBreach(
            .mandatoryListing, row: "v1/Y0101/市场监管/LISTING", .missing(field: "对象"))
        ]))
    try world.store(.neighbour).close(
      .listing, of: season.key, .init(outcome: .known(.listed), reason: "R04"), number: "列1号",
      subject: "91530102MA6KABCD12")
    let listed = try world.store(.neighbour).rows(
      of: FollowUpTables.listings, in: world.scope(.neighbour))
    #expect(listed.map { $0.text("subject_code") } == ["91530102MA6KABCD12"])
    #expect(listed.map { $0.text("ground") } == ["R04"])
    try carry(season)
    for place in [CaseWorld.Place.county, .province] {
      let rows = try world.store(place).rows(
        of: FollowUpTables.followUps, in: world.scope(.county))
      #expect(rows.map { $0.text("owner_unit") } == ["530103"], "\(place)")
      #expect(rows.map { $0.text("state") } == ["CLOSED"])
      #expect(rows.map { $0.text("outcome_number") } == ["列1号"])
    }
    // Carrying again writes nothing.
    #expect(try world.store(.prefecture).carryHandOvers() == 0)
  }

  @Test func `a write after the offer undoes it: accepted or not, the follow-up stays`() throws {
    let season = try season()
    let subject = HandOverSubject.followUp(.listing, of: season.key)
    try season.world.store(.county).offer(subject, to: unit("530103"), id: "H1")
    try carry(season)
    try season.world.store(.neighbour).answer(handOver: "H1", accepting: true)
    try season.world.store(.county).accept(.listing, of: season.key)
    try season.world.store(.county).close(
      .listing, of: season.key, .init(outcome: .known(.listed)), number: "列2号")
    try carry(season)
    let rows = try season.world.store(.province).rows(
      of: FollowUpTables.followUps, in: season.world.scope(.county))
    #expect(rows.map { $0.text("owner_unit") } == ["530102"])
    #expect(
      try season.world.store(.province).rows(
        of: FollowUpTables.followUps, in: season.world.scope(.neighbour)
      ).isEmpty)
  }

  @Test func `C-05: two counties claim an object: without an acceptance the old owner stays`()
    throws
  {
    let season = try season()
    let world = season.world
    // The links are cut: the neighbour claims what is not its own.
    try world.store(.neighbour).offer(object, to: unit("530111"), id: "H9")
    try world.store(.county).offer(object, to: unit("530103"), id: "H1")
    try carry(season)
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      #expect(try owner(season, place, object) == "530102", "\(place)")
    }
    try world.store(.neighbour).answer(handOver: "H1", accepting: false, reason: "未迁入")
    try carry(season)
    #expect(try owner(season, .province, object) == "530102")
    // The common superior decides, and that beats both.
    try world.store(.prefecture).decide(
      handOver: "H1", of: world.scope(.county), owner: unit("530103"))
    try carry(season)
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      #expect(try owner(season, place, object) == "530103", "\(place)")
    }
    #expect(throws: CaseworkError.self) {
      try world.store(.county).offer(self.object, to: self.unit("530111"), id: "H3")
    }
  }
}

import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// experts have a library of their own, go along and sign nothing.
@Suite struct ExpertCaseTests {
  private func take(_ text: String, _ world: CaseWorld, _ place: CaseWorld.Place) throws
    -> ImportReport
  {
    var reader = try RosterReader(
      Array(text.utf8), table: .experts, divisions: world.divisions,
      options: RosterCSV.Options(division: world.scope(place)))
    let store = RosterStore(world[place], author: "test") { world.wall }
    return try store.importRecords(of: &reader).report
  }

  private let file = """
    专家编号,姓名,单位,业务条线,业务专长,聘书号,聘期至
    E1,何工,省特检院,特种设备,锅炉,聘〔2025〕1号,2027-12-31
    E2,吴工,省药检所,药品,药品检验,聘〔2024〕2号,2026-05-31
    """

  @Test func `二(二): the library is imported by key; the same file twice makes no change`() throws {
    let world = try CaseWorld()
    #expect(try take(file, world, .county).inserted == 2)
    try world.settle()
    #expect(try take(file, world, .county).unchanged == 2)
    #expect(try take(file, world, .terminal).unchanged == 2)
    // Two terminals import the same change without a link: no conflict.
    let changed = file.replacing("何工", with: "何志强")
    for place in [CaseWorld.Place.county, .terminal] {
      #expect(try take(changed, world, place).updated == 1)
    }
    try world.settle()
    #expect(try world[.province].conflicts().isEmpty)
  }

  @Test func `an expert goes along, is in the record and duty bundle, and counts for no team`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    #expect(try take(file, world, .province).inserted == 2)
    try world.settle()
    let session = try draw.commit()
    try world.settle()
    _ = try draw.acknowledge()
    try world.settle()
    let county = world.store(.county)
    _ = try county.run(session.id, secret: draw.secret(.county))
    let visits = try county.dispatch(session: session.id).visits
    try county.accompany(visit: visits[0], expert: "E1", reason: "锅炉检验")
    // Appointed to the end of May, the visits go on to June; an inspector is none; nobody unknown.
    expectRefused("certificateExpired") {
      try county.accompany(visit: visits[0], expert: "E2", reason: "药品检验")
    }
    expectRefused("missing") { try county.accompany(visit: visits[1], expert: "E1", reason: "") }
    #expect(throws: CaseworkError.missing(table: "experts", key: "I1")) {
      try county.accompany(visit: visits[1], expert: "I1", reason: "?")
    }
    let team = try county.rows(of: VisitTables.assignments, in: world.scope(.county)) {
      $0.key[0].string == visits[0]
    }
    #expect(team.count == 3 && team.count { $0.text("role") == "EXPERT" } == 1)
    for visit in visits {
      try county.advance(visit: visit, through: ["NOTIFIED", "STARTED", "DONE"])
    }
    expectRefused("illegalTransition") {
      try county.accompany(visit: visits[1], expert: "E1", reason: "迟到")
    }
    try county.reveal(session.id, secret: draw.secret(.county))
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty, "\(draw.failures(of: record))")
    let experts = record.draws.flatMap { $0.matching?.teams ?? [] }.flatMap(\.experts)
    #expect(experts == ["E1"])
    let bundle = try county.dutyBundle(of: visits[0], in: world.scope(.county))
    #expect(bundle.assignments.contains { $0["role"] == "EXPERT" })
  }
}

import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// A tree with rosters in two counties, whose prefecture planned a draw over both.
struct TwoStageWorld {
  let draw: DrawWorld
  var world: CaseWorld { draw.world }
  let task = "530100-2026-0001"
  let chief = DrawSigner(name: "赵敏")
  let deputy = DrawSigner(name: "钱军")
  let other = DrawSigner(name: "孙丽")
  let fourth = DrawSigner(name: "周勇")

  init(implementers: [String] = ["530102", "530103"]) throws {
    draw = try DrawWorld(companies: 40, inspectors: 8)
    let world = draw.world
    // 530103 has 30 more companies, and two that 530102 has too, of which one moved away from 530102.
    _ = try world[.province].write(author: "feed", reason: "登记", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for number in [3, 4] + Array(100..<130) {
        try transaction.insert(
          RosterSchema.companies.id, scope: world.scope(.neighbour),
          key: [.text(DrawWorld.company(number))],
          [
            ColumnValue(CompanyFields.name.id, .text("企业\(number)")),
            ColumnValue(CompanyFields.registrationState.id, .text("ACTIVE")),
            ColumnValue(CompanyFields.creditClass.id, .text(["A", "B", "C", "D"][number % 4])),
            ColumnValue(CompanyFields.creditMonth.id, .text("2026-02")),
          ])
      }
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county),
        key: [.text(DrawWorld.company(3))],
        [ColumnValue(CompanyFields.registrationState.id, .text("MOVED_OUT"))])
    }
    _ = try world[.neighbour].write(author: "人事", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for number in 0..<6 {
        try transaction.insert(
          RosterSchema.inspectors.id, scope: world.scope(.neighbour), key: [.text("N\(number)")],
          [
            ColumnValue(InspectorFields.name.id, .text("检查员N\(number)")),
            ColumnValue(InspectorFields.certificateValidTo.id, .text("2027-12-31")),
            ColumnValue(InspectorFields.status.id, .text("ON_DUTY")),
          ])
      }
    }
    try world.settle()
    let province = world.store(.province)
    try world.store(.prefecture).publishAnchor(
      year: 2026, operator: chief, supervisor: deputy, secret: draw.secret(.prefecture))
    try world.store(.neighbour).publishAnchor(
      year: 2026, operator: other, supervisor: fourth, secret: draw.secret(.neighbour))
    try world.settle()
    let (prefecture, neighbour) = (world.scope(.prefecture), world.scope(.neighbour))
    _ = try province.publishHubAnchors(
      year: 2026, for: [prefecture], secret: draw.secret(.province))
    _ = try world.store(.prefecture).publishHubAnchors(
      year: 2026, for: [neighbour], secret: draw.secret(.prefecture))
    _ = try province.publishBarrier(
      month: "2026-03", for: [prefecture, neighbour])
    try world.settle()
    try sign(implementers)
    try world.settle()
  }

  private func sign(_ implementers: [String]) throws {
    let day = try draw.day("2026-03-10")
    let task = PlanTask(
      code: task, name: "登记事项检查", itemCodes: ["Y0101"], library: "companies",
      strata: ["A", "B", "C", "D"].map { StratumRatio($0, ratioBp: 1_500) },
      windowFrom: try draw.day("2026-04-01"), windowTo: try draw.day("2026-06-30"),
      approver: "李局", implementers: implementers)
    let store = world.store(.prefecture)
    try store.sign(
      Plan(
        unit: try #require(UnitCode("530100")), year: 2026, version: 1, title: "计划",
        tasks: [task], signedBy: "张局", signedAt: Instant(milliseconds: Int64(world.wall))),
      list: store.effectiveList(of: world.scope(.prefecture), on: day), requirements: [])
  }

  func commit() throws -> DrawSession {
    let store = world.store(.prefecture)
    let session = try store.freeze([task])
    _ = try store.commit(session.id, operator: chief, supervisor: deputy)
    return session
  }

  func answer() throws -> [HubAnswer] {
    try world.store(.province).acknowledge(
      world.scope(.prefecture), secret: draw.secret(.province))
  }

  /// Commits and draws over both counties, with the province's answer.
  func drawn() throws -> DrawnSession {
    let session = try commit()
    try world.settle()
    #expect(try answer().map(\.action).last == .acknowledged)
    try world.settle()
    return try world.store(.prefecture).run(session.id, secret: draw.secret(.prefecture))
  }

  /// A county freezes and commits its inspectors for its share, offline, gets its answer and dispatches.
  func dispatch(
    at place: CaseWorld.Place, _ first: DrawSigner, _ second: DrawSigner
  ) throws -> (session: String, visits: [String]) {
    let store = world.store(place)
    let session = try store.freeze([task])
    _ = try store.commit(session.id, operator: first, supervisor: second)
    try world.settle()
    let answers = try world.store(.prefecture).acknowledge(
      world.scope(place), secret: draw.secret(.prefecture))
    #expect(answers.map(\.action) == [.acknowledged] && answers[0].verdict == .match)
    try world.settle()
    _ = try store.run(session.id, secret: draw.secret(place))
    let dispatched = try store.dispatch(session: session.id)
    #expect(dispatched.understaffed.isEmpty)
    return (session.id, dispatched.visits)
  }

  func end(_ visits: [String], at place: CaseWorld.Place) throws {
    for visit in visits {
      try world.store(place).advance(visit: visit, through: ["NOTIFIED", "STARTED", "DONE"])
    }
  }
}

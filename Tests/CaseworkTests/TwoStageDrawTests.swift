import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Testing

/// a prefecture draws companies over its counties' rosters; the counties draw their inspectors and visit.
@Suite struct TwoStageDrawTests {
  /// A tree with rosters in two counties, whose prefecture planned a draw over both.
  private struct Stage {
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

  @Test func `a prefecture draws over its counties, which draw their inspectors and visit`() throws
  {
    let stage = try Stage()
    let (world, draw) = (stage.world, stage.draw)
    let drawn = try stage.drawn()
    #expect(drawn.grade == .two && drawn.draws[0].matching == nil)
    let selected = drawn.draws[0].objects
    try world.settle()
    // Each county learns its own companies, and nothing of the other's.
    var parts: [CaseWorld.Place: [String]] = [:]
    for place in [CaseWorld.Place.county, .neighbour] {
      let store = world.store(place)
      let share = try #require(try store.handedShares().first)
      #expect(share.roster == .match && share.isSigned && !share.isVoided)
      parts[place] = share.handed.share.objects
      let stored = try store.rows(of: DrawTables.results, in: world.scope(.prefecture))
      let others = Set(selected).subtracting(share.handed.share.objects)
      #expect(stored.count == 1 && others.allSatisfy { !stored[0].text("record").contains($0) })
    }
    #expect((parts[.county] ?? []) + (parts[.neighbour] ?? []) != [])
    #expect(Set(parts.values.flatMap { $0 }) == Set(selected))
    // What moved away from 530102 can be drawn at 530103 alone.
    let frames = try world.store(.prefecture).rows(
      of: DrawTables.frames, in: world.scope(.prefecture))
    #expect(frames.map { $0.text("units") } == ["530102 530103"])
    #expect(frames[0].integer("row_count") == 70)
    let county = try stage.dispatch(at: .county, draw.first, draw.second)
    let neighbour = try stage.dispatch(at: .neighbour, stage.other, stage.fourth)
    #expect(county.visits.count == parts[.county]?.count)
    #expect(neighbour.visits.count == parts[.neighbour]?.count)
    // The prefecture's values stay secret until the last visit of the last county has ended.
    try stage.end(county.visits, at: .county)
    try world.settle()
    expectRefused("visitsOpen") {
      try world.store(.prefecture).reveal(drawn.id, secret: draw.secret(.prefecture))
    }
    let secret = try world.store(.province).drawRecord(
      of: world.scope(.prefecture), year: 2026, withRows: true)
    #expect(draw.failures(of: secret).isEmpty && secret.draws[0].strata.isEmpty)
    try stage.end(neighbour.visits, at: .neighbour)
    try world.store(.county).reveal(county.session, secret: draw.secret(.county))
    try world.settle()
    try world.store(.prefecture).reveal(drawn.id, secret: draw.secret(.prefecture))
    try world.settle()
    for place in [CaseWorld.Place.prefecture, .province] {
      let record = try world.store(place).drawRecord(
        of: world.scope(.prefecture), year: 2026, withRows: true)
      #expect(draw.failures(of: record).isEmpty, "\(place): \(draw.failures(of: record))")
      #expect(record.draws[0].objects == selected)
      let passed = Set(
        DrawVerifier.findings(of: record).filter { $0.verdict == .passed }.map(\.step))
      #expect(passed.isSuperset(of: [.frame, .roster, .selection, .shares]))
    }
    for place in [CaseWorld.Place.county, .prefecture] {
      let record = try world.store(place).drawRecord(
        of: world.scope(.county), year: 2026, withRows: true)
      #expect(draw.failures(of: record).isEmpty, "\(draw.failures(of: record))")
      let passed = Set(
        DrawVerifier.findings(of: record).filter { $0.verdict == .passed }.map(\.step))
      #expect(passed.isSuperset(of: [.roster, .shares, .matching]))
    }
  }

  @Test func `a county works on its share for weeks without a link`() throws {
    let stage = try Stage()
    let (world, draw) = (stage.world, stage.draw)
    _ = try stage.drawn()
    try world.exchange(.county)
    // No link from here: the county draws its inspectors alone, as grade 1, visits, finds and completes.
    let store = world.store(.county)
    let session = try store.freeze([stage.task])
    _ = try store.commit(session.id, operator: draw.first, supervisor: draw.second)
    let drawn = try store.run(session.id, secret: draw.secret(.county), selfReveals: true)
    #expect(drawn.grade == .one)
    let visits = try store.dispatch(session: session.id).visits
    try store.advance(task: stage.task, through: ["IN_PROGRESS"])
    try stage.end(visits, at: .county)
    for visit in visits {
      let key = ResultKey(visit: visit, item: "Y0101", department: "市场监管")
      let team = try store.rows(of: VisitTables.assignments, in: world.scope(.county)) {
        $0.key[0].string == visit
      }.compactMap { $0.key[1].string }
      try store.enter(
        ResultEntry(
          methods: CodeSet(text: "M1"), findings: CodeSet(text: "R01"), problem: "",
          disposals: CodeSet(text: "1"), checklist: [:], checkedOn: try draw.day("2026-04-20"),
          signers: team), key)
      try store.submit(key)
      try store.finalise(key, reviewer: "审核员")
    }
    let prefecture = world.store(.prefecture)
    // The prefecture's task is not complete before the counties' are.
    expectRefused("visitsOpen") {
      try prefecture.complete(task: stage.task, on: draw.day("2026-05-01"))
    }
    try store.complete(task: stage.task, on: draw.day("2026-05-01"))
    #expect(try store.taskState(stage.task) == "COMPLETED")
    try world.settle()
    let bundle = try store.dutyBundle(of: visits[0], in: world.scope(.county))
    #expect(bundle.task["task_code"] == stage.task && bundle.plan["title"] == "计划")
    #expect(bundle.draws.count == 2 && bundle.frames.count == 2)
    let file = try prefecture.publicationFile(of: world.scope(.county), withPublished: true)
    #expect(file.records.allSatisfy { $0.taskName == "登记事项检查" } || file.records.isEmpty)
    // Made again when the link is back.
    let answers = try prefecture.acknowledge(
      world.scope(.county), secret: draw.secret(.prefecture))
    #expect(answers.map(\.verdict) == [.match])
  }

  @Test func `a prefecture that takes a company out of a county's roster is found by the county`()
    throws
  {
    let stage = try Stage()
    let world = stage.world
    _ = try stage.commit()
    try world.settle()
    // The prefecture's program was changed: its frame lacks a company of 530102.
    let unit = world.scope(.prefecture)
    let store = world.store(.prefecture)
    let held = try #require(try store.rows(of: DrawTables.sessions, in: unit).first)
    let session = try #require(try store.sessions(of: unit).first)
    let roster = try #require(session.tasks[0].parameters.units?.first)
    let forged = String(repeating: "cd", count: 32)
    let text = held.text("entries").replacing(roster.root.description, with: forged)
    _ = try world[.prefecture].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        DrawTables.sessions.id, scope: unit, key: [.text("forged")],
        DrawTables.sessions.fields.enumerated().map { place, field in
          ColumnValue(field.id, field.name == "entries" ? .text(text) : held.values[place])
        })
    }
    let share = ObjectShare(
      initiator: "530100", commit: .zero, task: session.tasks[0].parameters.task, sequence: 1,
      result: .zero, unit: "530102", objects: [DrawWorld.company(1)])
    let shareText = String(decoding: try JSONEncoder().encode(share), as: UTF8.self)
    _ = try world[.prefecture].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        DrawTables.shares.id, scope: world.scope(.county),
        key: [.text("forged"), .text(stage.task)],
        [
          ColumnValue(DrawTables.shares.column("initiator"), .text("530100")),
          ColumnValue(DrawTables.shares.column("share_record"), .text(shareText)),
        ])
    }
    try world.settle()
    let standing = try #require(try world.store(.county).handedShares().first)
    #expect(standing.roster == .mismatch && !standing.isSigned)
  }

  @Test func `a county that draws for a share it was not given gets no value`() throws {
    let stage = try Stage()
    let (world, draw) = (stage.world, stage.draw)
    _ = try stage.drawn()
    try world.settle()
    let store = world.store(.county)
    let session = try store.freeze([stage.task])
    _ = try store.commit(session.id, operator: draw.first, supervisor: draw.second)
    // The prefecture's share row for it is gone: its draw rests on nothing.
    let id = try #require(try store.handedShares().first).handed.session
    _ = try world[.prefecture].write(author: "t", reason: "测试", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.delete(
        DrawTables.shares.id, scope: world.scope(.county), key: [.text(id), .text(stage.task)])
    }
    try world.settle()
    let answers = try world.store(.prefecture).acknowledge(
      world.scope(.county), secret: draw.secret(.prefecture))
    guard case .voided(let breach) = answers.first?.action else {
      Issue.record("\(answers)")
      return
    }
    #expect(breach.requirement == .twoStages)
  }

  @Test func `a voided draw over counties is drawn again, and the new shares count`() throws {
    let stage = try Stage()
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

  @Test func `only units below can be named to visit, and each is needed`() throws {
    #expect(throws: CaseworkError.self) { _ = try Stage(implementers: ["530000"]) }
    let stage = try Stage()
    let world = stage.world
    // The plan is changed between freeze and commit: a county more is to be drawn from.
    let store = world.store(.prefecture)
    let session = try store.freeze([stage.task])
    let plan = try #require(try store.plan(of: .annual, year: 2026, version: 1))
    var task = plan.tasks[0]
    task.implementers.append("530111")
    try store.sign(
      Plan(
        unit: plan.unit, year: 2026, version: 2, title: plan.title, tasks: [task],
        signedBy: "张局", signedAt: Instant(milliseconds: Int64(world.wall)), reason: "调整"),
      list: store.effectiveList(of: world.scope(.prefecture), on: stage.draw.day("2026-03-10")),
      requirements: [])
    expectRefused("malformed") {
      _ = try store.commit(session.id, operator: stage.chief, supervisor: stage.deputy)
    }
  }
}

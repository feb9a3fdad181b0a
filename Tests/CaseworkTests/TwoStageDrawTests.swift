import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Testing

/// a prefecture draws companies over its counties' rosters; the counties draw their inspectors and visit.
@Suite struct TwoStageDrawTests {
  @Test func `a prefecture draws over its counties, which draw their inspectors and visit`() throws
  {
    let stage = try TwoStageWorld()
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
    let stage = try TwoStageWorld()
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
    let stage = try TwoStageWorld()
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
    let stage = try TwoStageWorld()
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

  @Test func `only units below can be named to visit, and each is needed`() throws {
    #expect(throws: CaseworkError.self) { _ = try TwoStageWorld(implementers: ["530000"]) }
    let stage = try TwoStageWorld()
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

import Casework
import Causality
import Changes
import Inspection
import Merge
import Store
import Testing

@Suite struct ResultCaseTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  @Test func `from entry to publication without a link, and everybody sees the same`() throws {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key)
    try season.finish(season.other, [.notPublicised, .orderedToCorrect])
    let early = #expect(throws: CaseworkError.self) {
      try store.complete(task: season.task, on: self.day("2026-05-12"))
    }
    #expect(
      early
        == .refused([RuleBreach(.publication, row: season.task, .visitsOpen(count: 1))]))
    try store.advance(visit: "v1", through: ["DONE"])
    try store.complete(task: season.task, on: day("2026-05-12"))
    #expect(throws: CaseworkError.self) {
      try store.exempt(season.key, ground: "", approver: "张局")
    }
    try store.publish(season.key, on: day("2026-05-20"), batch: "2026-05")
    try season.world.settle()
    season.world.set(try day("2026-06-15"), hour: 9)
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let register = try season.world.store(place).publications(of: season.world.scope(.county))
      #expect(register.map(\.standing) == [.published, .overdue], "\(place)")
      #expect(register.map(\.due?.date) == [try day("2026-06-09"), try day("2026-06-09")])
      let followUps = try season.world.store(place).followUps(of: season.world.scope(.county))
      #expect(followUps.map(\.kind) == [.known(.correct), .known(.listing)])
      #expect(followUps.map(\.isMandatory) == [false, true])
      #expect(try season.world[place].conflicts().isEmpty)
    }
    #expect(throws: CaseworkError.self) {
      try store.publish(season.key, on: self.day("2026-06-15"))
    }
  }

  @Test func `what breaks a rule does not go to review, and what is final is not changed`() throws {
    let season = try Season()
    let store = season.world.store(.county)
    try store.enter(season.entry([.noProblem, .falsified]), season.key)
    let refused = #expect(throws: CaseworkError.self) {
      try store.submit(season.key, list: season.list())
    }
    #expect(
      refused
        == .refused([
          RuleBreach(
            .publication, row: "v1/Y0101/市场监管", .findingsExclude(code: "R01", others: ["R03"]))
        ]))
    try season.finish(season.key)
    let late = #expect(throws: CaseworkError.self) {
      try store.enter(season.entry([.falsified]), season.key)
    }
    #expect(
      late
        == .refused([
          RuleBreach(.dutyRecord, row: "v1/Y0101/市场监管", .changedAfterFinal(state: "FINAL"))
        ]))
    #expect(throws: CaseworkError.missing(table: "visit_items", key: "v1/Y9/市场监管")) {
      try store.enter(
        season.entry(), ResultKey(visit: "v1", item: "Y9", department: "市场监管"))
    }
  }

  @Test func `a visit needs a draw and two inspectors, and a direct appointment a shortage`() throws
  {
    let season = try Season()
    let store = season.world.store(.county)
    let window = try day("2026-04-01")...day("2026-06-30")
    let error = #expect(throws: CaseworkError.self) {
      try store.dispatch(
        VisitOrder(
          id: "v2", subjectCode: "x", taskCode: season.task, window: window,
          items: [("Y0101", "市场监管")],
          team: [.init("Z1", .leader, mode: .direct, certificateValidTo: nil)]))
    }
    guard case .refused(let breaches) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      breaches.map(\.rule) == [
        .directWithoutShortage, .missing(field: "委派理由"), .missing(field: "批准人"),
        .tooFewInspectors(count: 1), .missing(field: "抽取编号"),
      ])
  }

  @Test func `C-16: two devices enter one result: different checklists wait for a choice`() throws {
    let season = try Season()
    try season.world.store(.county).enter(season.entry(answers: ["q": "合格"]), season.key)
    try season.world.settle()
    try season.world.store(.county).enter(season.entry(answers: ["q": "是"]), season.key)
    try season.world.store(.terminal).enter(season.entry(answers: ["q": "否"]), season.key)
    try season.world.settle()
    for place in [CaseWorld.Place.county, .terminal, .province] {
      #expect(try season.conflicts(place, VisitTables.results) >= 1, "\(place)")
    }
    try season.world.store(.county).submit(season.key, list: season.list())
    #expect(throws: CaseworkError.self) {
      try season.world.store(.county).finalise(season.key, reviewer: "王科")
    }
    // A person chooses by entering it again, having seen both.
    try season.world.store(.county).enter(season.entry(answers: ["q": "不适用"]), season.key)
    try season.world.store(.county).finalise(season.key, reviewer: "王科")
    try season.world.settle()
    #expect(try season.row(.terminal, season.key).text("checklist") == "q=不适用")
  }

  @Test
  func `C-17: returned while the inspector edits: the edit is the new draft, the remark stays`()
    throws
  {
    let season = try Season()
    try season.world.store(.county).enter(season.entry(problem: "一"), season.key)
    try season.world.store(.county).submit(season.key, list: season.list())
    try season.world.settle()
    try season.world.store(.county).sendBack(season.key, reviewer: "王科", opinion: "缺照片")
    try season.world.store(.terminal).enter(season.entry(problem: "二"), season.key)
    try season.world.settle()
    for place in [CaseWorld.Place.county, .terminal, .province] {
      let row = try season.row(place, season.key)
      #expect(row.text("state") == "RETURNED" && row.text("opinion") == "缺照片")
      #expect(row.text("problem") == "二")
      #expect(try season.conflicts(place, VisitTables.results) == 0)
    }
  }

  @Test func `C-18: a final result is the county's: nobody above has a way to change or amend it`()
    throws
  {
    let season = try Season()
    try season.finish(season.key)
    try season.world.settle()
    for table in [VisitTables.finalResults, VisitTables.amendments] {
      #expect(throws: StoreError.self) {
        try season.world[.prefecture].write(
          author: "督查", wallMilliseconds: season.world.wall
        ) { transaction throws(StoreError) in
          try transaction.insert(
            table.id, scope: season.world.scope(.county),
            key: [.text("v1"), .text("Y0101"), .text("市场监管")]
              + (table == VisitTables.amendments ? [.integer(1)] : []), [])
        }
      }
    }
  }

  @Test func `C-19: published here, to be exempted there: published, and a request for people`()
    throws
  {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key)
    try season.finish(season.other)
    try store.advance(visit: "v1", through: ["DONE"])
    try store.complete(task: season.task, on: day("2026-05-12"))
    try season.world.settle()
    try store.publish(season.key, on: day("2026-05-20"))
    try season.world.store(.prefecture).requestTakedown(
      season.key, of: season.world.scope(.county), reason: "涉密")
    try season.world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let found = try #require(
        try season.world.store(place).publications(of: season.world.scope(.county)).first)
      #expect(found.standing == .published && found.takedownRequest == "涉密", "\(place)")
    }
  }

  @Test func `C-20: closed as corrected while the province rules it mandatory: open again`() throws
  {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key, [.orderedToCorrect])
    try season.world.settle()
    try store.accept(.correct, of: season.key)
    try store.close(
      .correct, of: season.key, .init(outcome: .known(.correctionVerified)), number: "改1号")
    try season.world.store(.province).ruleMandatory(
      .correct, of: season.key, unit: season.world.scope(.county))
    try season.world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let found = try #require(
        try season.world.store(place).followUps(of: season.world.scope(.county)).first)
      guard case .reopened(let breach) = found.standing else {
        Issue.record("\(place): \(found.standing)")
        continue
      }
      #expect(breach.requirement == .mandatoryListing)
    }
  }

  @Test func `R-2.28: a mandatory listing cannot be closed with an order to correct`() throws {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key, [.unreachable])
    try store.accept(.listing, of: season.key)
    let error = #expect(throws: CaseworkError.self) {
      try store.close(.listing, of: season.key, .init(outcome: .known(.correctionVerified)))
    }
    #expect(
      error
        == .refused([
          RuleBreach(
            .mandatoryListing, row: "v1/Y0101/市场监管/LISTING",
            .endReplaced(demanded: "LISTED", outcome: "CORRECTED_VERIFIED"))
        ]))
    try store.close(.listing, of: season.key, .init(outcome: .known(.listed)), number: "列1号")
    #expect(try store.followUps(of: season.world.scope(.county)).map(\.standing) == [.closed])
  }

  @Test func `C-21: one follow-up of a kind for a result, whoever opens it`() throws {
    let season = try Season()
    try season.world.store(.county).enter(season.entry([.falsified, .unreachable]), season.key)
    try season.world.store(.county).submit(season.key, list: season.list())
    try season.world.settle()
    try season.world.store(.county).finalise(season.key, reviewer: "王科")
    try season.world.store(.terminal).finalise(season.key, reviewer: "王科")
    try season.world.settle()
    for place in [CaseWorld.Place.county, .terminal, .province] {
      let found = try season.world.store(place).followUps(of: season.world.scope(.county))
      #expect(found.map(\.kind) == [.known(.listing)], "\(place)")
    }
  }
}

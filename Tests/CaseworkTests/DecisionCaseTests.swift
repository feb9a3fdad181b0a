import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// What the end of a follow-up decides: lists, cases, transfers to justice.
@Suite struct DecisionCaseTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  private func rows(_ season: Season, _ place: CaseWorld.Place, _ table: CaseTable) throws
    -> [CaseRow]
  {
    try season.world.store(place).rows(of: table, in: season.world.scope(.county))
  }

  @Test func `R-2.28: who is listed is on the list of every holder until it is taken off`() throws {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key, [.unreachable])
    let early = #expect(throws: CaseworkError.self) {
      try store.unlist(.listing, of: season.key, on: self.day("2026-05-11"))
    }
    #expect(early == .missing(table: "listing_decisions", key: "v1/Y0101/市场监管/LISTING"))
    try store.accept(.listing, of: season.key)
    try store.close(.listing, of: season.key, .init(outcome: .known(.listed)), number: "列1号")
    try season.world.settle()
    for place in [CaseWorld.Place.county, .terminal, .prefecture, .province] {
      let listed = try rows(season, place, FollowUpTables.listings)
      #expect(listed.map { $0.text("subject_code") } == ["91530102MA6KABCD12"], "\(place)")
      #expect(listed.map { $0.text("list_kind") } == ["ABNORMAL_LIST"])
      #expect(listed.map { $0.text("ground") } == ["R04"])
      #expect(listed.map { $0.text("decision_number") } == ["列1号"])
      #expect(listed.map { $0.date("decided_on") } == [try day("2026-05-11")])
    }
    for wrong in ["2026-05-10", "2026-05-12"] {
      let error = #expect(throws: CaseworkError.self) {
        try store.unlist(.listing, of: season.key, on: self.day(wrong))
      }
      #expect(
        error
          == .refused([
            RuleBreach(
              .mandatoryListing, row: "v1/Y0101/市场监管/LISTING",
              .datesReversed(from: try day("2026-05-11"), to: try day(wrong)))
          ]))
    }
    season.world.set(try day("2026-11-02"), hour: 9)
    try store.unlist(.listing, of: season.key, on: day("2026-11-02"))
    try season.world.settle()
    let lifted = try rows(season, .province, FollowUpTables.listings)
    #expect(lifted.map { $0.date("removed_on") } == [try day("2026-11-02")])
  }

  @Test func `R-2.28: two devices list offline: one listing, whoever decided`() throws {
    let season = try Season()
    try season.finish(season.key, [.falsified])
    try season.world.settle()
    for (place, number) in [(CaseWorld.Place.county, "列1号"), (.terminal, "列1号")] {
      let store = season.world.store(place)
      try store.accept(.listing, of: season.key)
      try store.close(.listing, of: season.key, .init(outcome: .known(.listed)), number: number)
    }
    try season.world.settle()
    for place in [CaseWorld.Place.county, .terminal, .province] {
      #expect(try rows(season, place, FollowUpTables.listings).count == 1, "\(place)")
      #expect(try season.conflicts(place, FollowUpTables.listings) == 0, "\(place)")
    }
  }

  @Test func `R-2.29: a case is filed under its number, once`() throws {
    let season = try Season()
    let store = season.world.store(.county)
    for key in [season.key, season.other] {
      var entry = season.entry([.foodDrugViolation], problem: "过期食品")
      entry.disposals = CodeSet(known: [.passedToCaseOffice])
      try store.enter(entry, key)
      try store.submit(key, list: try season.list())
      try store.finalise(key, reviewer: "王科")
      try store.accept(.caseFiling, of: key)
    }
    let filed = FollowUpRules.Closing(outcome: .known(.caseFiled))
    let unnamed = #expect(throws: CaseworkError.self) {
      try store.close(.caseFiling, of: season.key, filed)
    }
    #expect(
      unnamed
        == .refused([
          RuleBreach(.caseAndJustice, row: "v1/Y0101/市场监管/CASE", .missing(field: "案号"))
        ]))
    try store.close(.caseFiling, of: season.key, filed, number: "案1号")
    #expect(throws: CaseworkError.exists(table: "case_filings", key: "案1号")) {
      try store.close(.caseFiling, of: season.other, filed, number: "案1号")
    }
    let cases = try rows(season, .county, FollowUpTables.caseFilings)
    #expect(cases.map { $0.text("source") } == ["follow_up/v1/Y0101/市场监管/CASE"])
    #expect(try store.followUps(of: store.ownScope).map(\.standing) == [.closed, .open])
  }

  private func transfer(
    _ reported: String = "2026-05-10", approver: String = "李局", receiver: String = "公安局"
  ) throws -> JusticeTransfer {
    JusticeTransfer(
      reportedOn: try day(reported),
      approvedAt: Instant(try day("2026-05-11"), hour: 10, minute: 0), approver: approver,
      receiver: receiver)
  }

  @Test func `R-2.29: a transfer to justice has approver and receiver, and times in their order`()
    throws
  {
    let season = try Season()
    let store = season.world.store(.county)
    #expect(throws: CaseworkError.missing(table: "final_results", key: season.key.row)) {
      try store.sendToJustice(season.key, transfer())
    }
    try season.finish(season.key, [.foodDrugViolation])
    let future = #expect(throws: CaseworkError.self) {
      try store.sendToJustice(season.key, transfer())
    }
    #expect(
      future
        == .refused([
          RuleBreach(
            .caseAndJustice, row: season.key.row,
            .datesReversed(from: try day("2026-05-11"), to: try day("2026-05-11")))
        ]), "it is 9 o'clock")
    season.world.set(try day("2026-05-11"), hour: 11)
    let bare = #expect(throws: CaseworkError.self) {
      try store.sendToJustice(
        season.key, transfer("2026-05-12", approver: "", receiver: ""))
    }
    guard case .refused(let breaches) = bare else {
      Issue.record("\(String(describing: bare))")
      return
    }
    #expect(breaches.count == 3)
  }

  @Test func `R-2.29: what is criminal goes to justice within 24 hours, or is told`() throws {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key, [.foodDrugViolation])
    season.world.set(try day("2026-05-11"), hour: 11)
    try store.sendToJustice(season.key, transfer())
    #expect(throws: CaseworkError.exists(table: "justice_transfers", key: season.key.row)) {
      try store.sendToJustice(season.key, transfer())
    }
    // It is no follow-up that an order to correct, a listing or a word ends.
    let words = FollowUpOutcome.allCases.map {
      FollowUpRules.Closing(outcome: .known($0), reason: "无", approver: "李局")
    }
    for word in words {
      let error = #expect(throws: CaseworkError.self) {
        try store.close(.justice, of: season.key, word, number: "1")
      }
      guard case .refused(let breaches) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(breaches.map(\.requirement) == [.caseAndJustice], "\(word)")
    }
    #expect(try store.justiceTransfers(of: store.ownScope).map(\.isLate) == [false])
    #expect(try alarms(season, .province).isEmpty)
    season.world.set(try day("2026-05-12"), hour: 12)
    try season.world.settle()
    #expect(try store.justiceTransfers(of: store.ownScope).map(\.isLate) == [true])
    #expect(try alarms(season, .province) == [season.key.row])
    let early = Instant(try day("2026-05-11"), hour: 9, minute: 0)
    #expect(throws: CaseworkError.self) {
      try store.handOverToJustice(season.key, at: early, number: "移1号")
    }
    let handed = Instant(try day("2026-05-12"), hour: 9, minute: 0)
    #expect(throws: CaseworkError.self) {
      try store.handOverToJustice(season.key, at: handed, number: "")
    }
    // Noted at noon, handed over in time.
    try store.handOverToJustice(season.key, at: handed, number: "移1号")
    try season.world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let county = season.world.scope(.county)
      let entries = try season.world.store(place).justiceTransfers(of: county)
      #expect(entries.map(\.isLate) == [false] && entries.map(\.handedOverAt) == [handed])
      let justice = try season.world.store(place).followUps(of: county)
        .filter { $0.kind == .known(.justice) }
      #expect(justice.map(\.standing) == [.closed], "\(place)")
      #expect(try alarms(season, place).isEmpty, "\(place)")
    }
  }

  private func alarms(_ season: Season, _ place: CaseWorld.Place) throws -> [String] {
    let county = season.world.scope(.county)
    let now = Instant(milliseconds: Int64(season.world.wall))
    let today = try #require(now.date)
    var reader = try FactsReader(season.world[place], rules: RuleSet(), units: [county])
    let period = IndicatorPeriod(
      days: try day("2026-01-01")...day("2026-12-31"), asOf: now, today: today,
      calendar: season.world.calendar, rules: RuleSet())
    return try reader.facts(of: county, today: today).alarms(period)
      .filter { $0.kind == .justiceLate }.flatMap(\.rows)
  }
}

import Inspection
import TestSupport
import Testing

@Suite struct HandOverTests {
  private func offer(
    _ sequence: Int, _ from: String, _ to: String, on date: String = "2026-05-11",
    id: String? = nil, _ answer: HandOver.Answer? = nil, decision: String? = nil
  ) throws -> HandOver {
    HandOver(
      id: id ?? "h\(sequence)", sequence: sequence, from: try unit(from), to: try unit(to),
      contentHash: [1], offeredOn: try day(date), answer: answer,
      decision: try decision.map(unit))
  }

  private func fold(_ offers: [HandOver], today: String = "2026-05-12") throws -> Ownership {
    Ownership(
      initial: try unit("530102"), handOvers: offers, today: try day(today),
      calendar: try calendar(), rules: RuleSet())
  }

  private let accepted = HandOver.Answer.accepted(contentHash: [1])

  @Test func `二(七): ownership stays until the other unit accepts`() throws {
    let open = try offer(1, "530102", "530103")
    #expect(try fold([open]).owner == unit("530102"))
    #expect(try fold([open]).open == open)
    #expect(try fold([offer(1, "530102", "530103", accepted)]).owner == unit("530103"))
    #expect(
      try fold([offer(1, "530102", "530103", .refused(reason: "不属本辖区"))]).owner == unit("530102"))
  }

  @Test func `an acceptance of other content than offered moves nothing`() throws {
    let stale = try offer(1, "530102", "530103", .accepted(contentHash: [2]))
    let found = try fold([stale])
    #expect(try found.owner == unit("530102"))
    #expect(found.void == ["h1"])
    #expect(throws: RuleBreach(.followUp, row: "h1", .offerOutdated)) {
      try stale.checkAcceptance(by: unit("530103"), contentHash: [2])
    }
    #expect(throws: RuleBreach.self) {
      try stale.checkAcceptance(by: unit("530104"), contentHash: [1])
    }
  }

  @Test func `C-05: of two units that offer, who does not own has no effect`() throws {
    let found = try fold([
      offer(1, "530102", "530103", accepted), offer(1, "530103", "530102", id: "h1b", accepted),
      offer(2, "530104", "530105", accepted),
    ])
    // 530103 owns after h1 and hands it back with h1b; 530104 never owned it.
    #expect(try found.owner == unit("530102"))
    #expect(found.void == ["h2"])
  }

  @Test func `no answer in time or two refusals call for the superior, whose word beats both`()
    throws
  {
    let open = try offer(1, "530102", "530103")
    #expect(try !fold([open], today: "2026-05-18").needsDecision)
    #expect(try fold([open], today: "2026-05-19").needsDecision)
    let refused = [
      try offer(1, "530102", "530103", .refused(reason: "a")),
      try offer(2, "530102", "530103", .refused(reason: "b")),
    ]
    #expect(try fold(refused).needsDecision)
    #expect(try !fold([refused[0]]).needsDecision)
    let decided = try refused + [offer(3, "530102", "530103", decision: "530103")]
    #expect(try fold(decided).owner == unit("530103"))
    #expect(try !fold(decided).needsDecision)
    let over = try offer(1, "530102", "530103", accepted, decision: "530102")
    #expect(try fold([over]).owner == unit("530102"))
  }

  @Test func `whatever the order of rows, there is one owner and it is the same`() throws {
    var generator = SeededGenerator(seed: 27)
    let units = ["530102", "530103", "530104"]
    for round in 0..<500 {
      var offers: [HandOver] = []
      for number in 0..<generator.below(8) {
        let answers: [HandOver.Answer?] = [
          nil, accepted, accepted, .refused(reason: "x"), .accepted(contentHash: [9]),
        ]
        offers.append(
          try offer(
            1 + number / 2, generator.pick(units), generator.pick(units), id: "h\(number)",
            generator.pick(answers), decision: generator.chance(8) ? generator.pick(units) : nil))
      }
      let owner = try fold(offers)
      for _ in 0..<3 {
        #expect(try fold(offers.shuffled(using: &generator)) == owner, "seed 27 round \(round)")
      }
    }
  }
}

@Suite struct VisitMergeTests {
  private func visit(
    _ id: String, _ object: String = "91", unit owner: String = "530102",
    from: String = "2026-05-01", to: String = "2026-06-30", mergedFrom: [String] = []
  ) throws -> VisitMerge.Visit {
    VisitMerge.Visit(
      id: id, object: object, unit: try unit(owner), window: try day(from)...day(to),
      mergedFrom: mergedFrom)
  }

  @Test func `R-2.19, C-11: visits of one object, unit and time are offered as one`() throws {
    let visits = try [
      visit("v1"), visit("v2", from: "2026-06-30", to: "2026-07-31"), visit("v3", "92"),
      visit("v4", unit: "530103"), visit("v5", from: "2026-07-01", to: "2026-08-01"),
    ]
    #expect(VisitMerge.suggested(visits).map(\.visits) == [["v1", "v2"]])
  }

  @Test func `C-12: V1+V2 and V2+V3 are one visit, unless windows or units differ`() throws {
    let visits = try [
      visit("v1", mergedFrom: ["v2"]), visit("v2"), visit("v3", mergedFrom: ["v2"]),
    ]
    #expect(VisitMerge.united(visits) == VisitMerge.united(visits.reversed()))
    #expect(VisitMerge.united(visits).map(\.visits) == [["v1", "v2", "v3"]])
    #expect(VisitMerge.united(visits).allSatisfy { !$0.needsReview })
    let apart = try [
      visit("v1", to: "2026-05-31", mergedFrom: ["v2"]), visit("v2"),
      visit("v3", from: "2026-06-01", mergedFrom: ["v2"]),
    ]
    #expect(VisitMerge.united(apart).map(\.needsReview) == [true])
    let other = try [visit("v1", mergedFrom: ["v2"]), visit("v2", unit: "530103")]
    #expect(VisitMerge.united(other).map(\.needsReview) == [true])
    #expect(VisitMerge.suggested(visits).isEmpty)
  }

  @Test func `R-1.7: a lead joins a random visit of the object in its window`() throws {
    let window = try day("2026-05-01")...day("2026-06-30")
    func mergeable(_ object: String?, _ date: String) throws -> Bool {
      LeadRules.isMergeable(
        object: object, unit: try unit("530102"), on: try day(date), visitObject: "91",
        visitUnit: try unit("530102"), window: window)
    }
    #expect(try mergeable("91", "2026-06-30"))
    #expect(try !mergeable("91", "2026-07-01"))
    #expect(try !mergeable(nil, "2026-06-30"))
  }
}

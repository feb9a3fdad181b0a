import Inspection
import TestSupport
import Testing

@Suite struct IndicatorTests {
  private func period(_ today: String = "2026-12-01") throws -> IndicatorPeriod {
    let today = try day(today)
    return IndicatorPeriod(
      days: try day("2026-01-01")...today, asOf: Instant(today, hour: 12, minute: 0),
      today: today, calendar: try calendar(), rules: RuleSet())
  }

  private func figure(
    _ indicator: Indicator, today: String = "2026-12-01", _ facts: UnitFacts
  ) throws -> Figure? {
    try facts.figures(period(today))[indicator]
  }

  @Test func `K01, K02: a plan counts as filed by both of its times`() throws {
    let deadline = Instant(endOf: try day("2026-01-31"))
    var facts = UnitFacts()
    #expect(try figure(.k01, facts) == .ratio(0, of: 1))
    #expect(try figure(.k01, today: "2026-01-20", facts) == .ratio(0, of: 0))
    facts.filings = [
      .init(kind: .annual, year: 2026, signedAt: deadline, receivedAt: deadline.adding(hours: 24))
    ]
    #expect(try figure(.k01, facts) == .ratio(1, of: 1))
    #expect(try figure(.k02, facts) == .ratio(0, of: 1))
    facts.filings = [.init(kind: .annual, year: 2026, signedAt: deadline, receivedAt: nil)]
    #expect(try figure(.k01, today: "2026-02-03", facts) == .ratio(0, of: 0))
    #expect(try figure(.k01, facts) == .ratio(0, of: 1))
    // An adjustment after January does not spoil the filing.
    facts.filings = [
      .init(kind: .annual, year: 2026, signedAt: deadline, receivedAt: deadline),
      .init(kind: .annual, year: 2026, signedAt: deadline.adding(hours: 900), receivedAt: nil),
    ]
    #expect(try figure(.k01, facts) == .ratio(1, of: 1))
  }

  private func result(
    _ findings: [Finding] = [.noProblem], due: String? = nil, published: String? = nil,
    exempt: Bool = false, listed: String? = nil
  ) throws -> UnitFacts.Result {
    UnitFacts.Result(
      checkedOn: try day("2026-05-11"), findings: CodeSet(known: findings),
      completedOn: try due == nil ? nil : day("2026-05-12"), publicationDue: try due.map(day),
      publishedOn: try published.map(day), isExempt: exempt, listedOn: try listed.map(day))
  }

  @Test func `K04: results whose due date has passed are published by it, exempt ones apart`()
    throws
  {
    var facts = UnitFacts()
    facts.results = try [
      result(due: "2026-06-09", published: "2026-06-09"),
      result(due: "2026-06-09", published: "2026-06-10"), result(due: "2026-06-09"),
      result(due: "2026-06-09", exempt: true), result(due: "2026-12-01"), result(),
    ]
    #expect(try figure(.k04, facts) == .ratio(1, of: 3))
    #expect(try figure(.k04Exempt, facts) == .ratio(1, of: 6))
    #expect(try figure(.k04Median, facts)?.median == 20)
    #expect(try figure(.k04, UnitFacts())?.isEmpty == true)
  }

  @Test func `K07: a listing within ten working days, or none once they are over`() throws {
    var facts = UnitFacts()
    facts.results = try [
      result([.falsified], listed: "2026-05-25"), result([.unreachable], listed: "2026-05-26"),
      result([.notPublicised]), result([.orderedToCorrect]),
    ]
    #expect(try figure(.k07, facts) == .ratio(1, of: 3))
    #expect(try figure(.k07, today: "2026-05-25", facts) == .ratio(1, of: 2))
  }

  @Test func `K13: R01, R07 and R09–R13 are no problems, unknown codes neither`() throws {
    var facts = UnitFacts()
    facts.results =
      try Finding.allCases.map { try result([$0]) } + [
        UnitFacts.Result(checkedOn: day("2026-05-11"), findings: CodeSet(text: "R99"))
      ]
    #expect(try figure(.k13, facts) == .ratio(12, of: 20))
  }

  private func visit(
    _ object: String, _ on: String?, origin: CheckOrigin = .random, items: Int = 1,
    published: Bool = false, credit: String = "A"
  ) throws -> UnitFacts.Visit {
    UnitFacts.Visit(
      object: object, creditClass: credit, origin: origin, windowTo: try day("2026-06-30"),
      visitedOn: try on.map(day), itemCount: items, isPublished: published)
  }

  @Test func `K05, K09, K11, K23: visits, what they covered, and how often they came`() throws {
    var facts = UnitFacts()
    facts.rosters.objects = 10
    facts.visits = try [
      visit("a", "2026-05-11", items: 3, published: true), visit("a", "2026-05-20"),
      visit("a", "2026-05-21", origin: .lead), visit("b", "2026-05-12", published: true),
      visit("c", nil), visit("d", "2025-01-02"),
    ]
    #expect(try figure(.k05, facts) == .ratio(2, of: 5))
    #expect(try figure(.k09, facts) == .ratio(6, of: 4))
    #expect(try figure(.k09Shared, facts) == .ratio(1, of: 4))
    #expect(try figure(.k09Repeated, facts) == .ratio(1, of: 2))
    #expect(try figure(.k11, facts) == .ratio(2, of: 10))
    #expect(try figure(.k23, facts) == .count(1))
    facts.visits[1] = try visit("a", "2026-05-20", origin: .lead)
    #expect(try figure(.k23, facts) == .count(0))
  }

  @Test func `K06, K10, K14, K16, K18, K22: follow-ups, matching, rosters, draws`() throws {
    var facts = UnitFacts()
    facts.followUps = try [
      .init(createdOn: day("2026-05-11"), closedOn: day("2026-06-01")),
      .init(createdOn: day("2026-05-11"), closedOn: nil),
      .init(createdOn: day("2026-11-20"), closedOn: nil),
    ]
    #expect(try figure(.k06After30, facts) == .ratio(1, of: 2))
    facts.assignments = [
      .init(mode: .random, hasRecordedShortage: false),
      .init(mode: .direct, hasRecordedShortage: false),
      .init(mode: .direct, hasRecordedShortage: true),
      .init(mode: .neighbour, hasRecordedShortage: true),
    ]
    #expect(try figure(.k10, facts) == .ratio(1, of: 4))
    #expect(try figure(.k10Direct, facts) == .ratio(2, of: 4))
    #expect(try figure(.k10Violations, facts) == .count(1))
    facts.rosters.feedRows = 200
    facts.rosters.matchedFeedRows = 199
    facts.rosters.inspectors = 8
    facts.rosters.inspectorsValid = 7
    #expect(try figure(.k14, facts)?.basisPoints == 9_950)
    #expect(try figure(.k16, facts) == .ratio(7, of: 8))
    facts.draws = try ["MATCH", "MISMATCH", "PENDING"].map {
      .init(drawnOn: try day("2026-04-01"), verification: $0, isVoid: $0 == "MISMATCH")
    }
    #expect(try figure(.k18, facts) == .ratio(1, of: 3))
    #expect(try figure(.k18Mismatch, facts) == .count(1))
    facts.visits = try (0..<50).map { try visit("o\($0)", nil) }
    facts.tasks = try [
      .init(
        state: "TERMINATED", isPlanned: true, wasDrawn: true, windowTo: day("2026-06-30")),
      .init(state: "COMPLETED", isPlanned: true, wasDrawn: true, windowTo: day("2026-06-30")),
      .init(state: "PLANNED", isPlanned: false, wasDrawn: false, windowTo: day("2026-06-30")),
    ]
    #expect(try figure(.k22, facts)?.basisPoints == 200)
    #expect(try figure(.k05Tasks, facts) == .ratio(1, of: 2))
    #expect(try figure(.k05Plan, facts) == .ratio(1, of: 1))
  }
}

@Suite struct ScoreTests {
  @Test
  func `§5.3: a score is the weighted sum of what each indicator reached between floor and target`()
  {
    let rules = [
      ScoreRule(.k04, weight: 200, floorBp: 6_000), ScoreRule(.k05, weight: 100),
      ScoreRule(.k09Repeated, weight: 100, floorBp: 2_000, targetBp: 0),
    ]
    let score = Score(
      [
        .k04: .ratio(8, of: 10), .k05: .ratio(1, of: 1), .k09Repeated: .ratio(1, of: 10),
        .k23: .count(4),
      ], by: rules)
    #expect(score.parts.map(\.share) == [5_000, 10_000, 5_000])
    // (200 · ½ + 100 · 1 + 100 · ½) / 400
    #expect(score.points == 63)
    #expect(Score([.k04: .ratio(1, of: 2)], by: rules).points == 0, "below the floor")
  }

  @Test func `what had no occasion counts in neither sum; nothing at all is no score`() {
    #expect(Score([.k07: .ratio(0, of: 0), .k05: .ratio(1, of: 1)]).points == 100)
    #expect(Score([.k07: .ratio(0, of: 0)]).points == nil && Score([:]).points == nil)
  }
}

@Suite struct IndicatorReportTests {
  private let asOf = Instant(milliseconds: 1_780_000_000_000)

  private func report(
    _ code: String, parent: String?, ageHours: Int64? = 1, _ figures: [Indicator: Figure]?
  ) throws -> UnitReport {
    UnitReport(
      unit: try unit(code), name: "单位\(code)", parent: try parent.map(unit),
      cut: figures == nil ? "" : "c\(code)",
      lastContactAt: ageHours.map { Instant(milliseconds: asOf.milliseconds - $0 * 3_600_000) },
      figures: figures, owed: figures == nil ? [.k01: .ratio(0, of: 1)] : [:])
  }

  private func sample() throws -> [UnitReport] {
    try [
      report("530000", parent: nil, [:]), report("530100", parent: "530000", [:]),
      report("530102", parent: "530100", [.k04: .ratio(30, of: 40), .k01: .ratio(1, of: 1)]),
      report(
        "530103", parent: "530100", ageHours: 80, [.k04: .ratio(10, of: 10), .k27: .count(0)]),
      report("530112", parent: "530100", ageHours: nil, nil),
    ]
  }

  private func line(_ code: String, _ indicator: Indicator) throws -> IndicatorLine {
    let unit = try unit(code)
    let lines = IndicatorReport(try sample(), asOf: asOf).lines
    return try #require(lines.first { $0.unit == unit && $0.indicator == indicator })
  }

  @Test func `sums add numerators and denominators, and no percentages`() throws {
    for group in ["530000", "530100"] {
      let found = try line(group, .k04)
      #expect(found.figure == .ratio(40, of: 50) && found.value == "80.00%")
    }
  }

  @Test func `a county without data is a dash, never 0 %, and is named in every sum`() throws {
    #expect(try line("530112", .k04).value == "—")
    #expect(try line("530112", .k27).value == "—")
    #expect(try line("530102", .k13).value == "—")
    #expect(try line("530000", .k04).silent.map(\.text) == ["530112"])
    // It owes its plan all the same: in the sum, not as a figure of its own.
    #expect(try line("530112", .k01).value == "—")
    #expect(try line("530000", .k01).figure == .ratio(1, of: 2))
  }

  @Test func `stale counties are marked and the worst age is told`() throws {
    let found = try line("530000", .k04)
    #expect(found.stale.map(\.text) == ["530103"])
    #expect(found.worstAgeMilliseconds == Int64(288_000_000))
    #expect(try line("530102", .k04).stale.isEmpty)
  }

  @Test func `below twenty cases counts are shown instead of a percentage`() throws {
    #expect(try line("530103", .k04).value == "10/10")
    #expect(try line("530102", .k04).value == "75.00%")
    #expect(try line("530103", .k27).value == "0")
  }

  @Test func `the same units in any order give the same bytes`() throws {
    var generator = SeededGenerator(seed: 5)
    let units = try sample()
    let first = IndicatorReport(units, asOf: asOf)
    for _ in 0..<10 {
      let again = IndicatorReport(units.shuffled(using: &generator), asOf: asOf)
      #expect(again.csv == first.csv)
      #expect(again.json() == first.json())
    }
    #expect(first.csv.hasPrefix("unit,name,indicator,title,value,"))
    #expect(first.csv.contains("\r\n530112,单位530112,K04,结果按时公示率,—,,,"))
  }
}

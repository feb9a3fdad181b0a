import Inspection
import Testing

@Suite struct RankingTests {
  private let asOf = Instant(milliseconds: 1_780_000_000_000)

  private func report(
    _ code: String, parent: String?, ageHours: Int64? = 1, enrolled: Bool = true,
    _ figures: [Indicator: Figure]?
  ) throws -> UnitReport {
    UnitReport(
      unit: try unit(code), name: code, parent: try parent.map(unit), cut: "",
      lastContactAt: ageHours.map { Instant(milliseconds: asOf.milliseconds - $0 * 3_600_000) },
      figures: figures, isEnrolled: enrolled)
  }

  private func sample() throws -> IndicatorReport {
    func figures(_ published: Int, objects: Int) -> [Indicator: Figure] {
      [
        .k04: .ratio(published, of: 40), .k04Exempt: .ratio(published, of: 40),
        .k11: .ratio(0, of: objects), .k13: .ratio(1, of: 2),
      ]
    }
    return IndicatorReport(
      try [
        report("530000", parent: nil, [:]), report("530100", parent: "530000", [:]),
        report("530102", parent: "530100", figures(30, objects: 160_000)),
        report("530103", parent: "530100", figures(30, objects: 6_400)),
        report("530111", parent: "530100", ageHours: 73, figures(40, objects: 6_400)),
        report("530112", parent: "530100", ageHours: nil, nil),
        report("530113", parent: "530100", ageHours: nil, enrolled: false, nil),
        report("530300", parent: "530000", [:]),
        report("530302", parent: "530300", figures(10, objects: 20_000)),
      ], asOf: asOf)
  }

  private func text(_ entries: [Ranking.Entry]) -> [String] {
    entries.map {
      "\($0.unit) \($0.place.map(String.init) ?? "-")\($0.isTied ? "=" : "") \($0.value)"
    }
  }

  @Test
  func `§5.3: ties share a place; who is stale or silent has none, who has no node is absent`()
    throws
  {
    let report = try sample()
    let counties = report.ranking(.counties, by: .indicator(.k04))
    #expect(
      text(counties.entries) == [
        "530102 1= 75.00%", "530103 1= 75.00%", "530302 3 25.00%", "530111 - 100.00%",
        "530112 - —",
      ])
    let stale = counties.entries[3]
    #expect(stale.staleSince?.milliseconds == asOf.milliseconds - 73 * 3_600_000)
    #expect(!stale.isSilent && counties.entries[4].isSilent)
  }

  @Test func `prefectures are ranked by all below them, and say how much of that is old`() throws {
    let ranking = try sample().ranking(.prefectures, by: .indicator(.k04))
    #expect(text(ranking.entries) == ["530100 1 83.33%", "530300 2 25.00%"])
    #expect(ranking.entries.map(\.staleBelow) == [2, 0])
  }

  @Test func `counties are ranked within their prefecture and among those of their size`() throws {
    let report = try sample()
    #expect(
      try report.rankingGroups == [
        .prefectures, .counties, .below(unit("530100")), .below(unit("530300")),
        .size(.extraLarge), .size(.medium), .size(.small),
      ])
    let below = try report.ranking(.below(unit("530300")), by: .indicator(.k04))
    #expect(text(below.entries) == ["530302 1 25.00%"])
    let large = report.ranking(.size(.extraLarge), by: .indicator(.k04))
    #expect(text(large.entries) == ["530102 1 75.00%"])
  }

  @Test func `what is good when small is ranked so, and K13 ranks nobody`() throws {
    let report = try sample()
    let exempt = report.ranking(.counties, by: .indicator(.k04Exempt))
    #expect(text(exempt.entries).first == "530302 1 25.00%")
    let problems = report.ranking(.counties, by: .indicator(.k13))
    #expect(problems.entries.allSatisfy { $0.place == nil })
  }

  @Test func `a score ranks by its hundredths`() throws {
    let rules = [ScoreRule(.k04, weight: 200)]
    let ranking = try sample().ranking(.counties, by: .score(rules))
    #expect(text(ranking.entries).prefix(2) == ["530102 1= 75.00", "530103 1= 75.00"])
    #expect(ScoreRule.standard.reduce(0) { $0 + $1.weight } == 1_000)
  }

  @Test func `who is silent for more than 72 hours is an alarm, enrolled or not heard of at all`()
    throws
  {
    let silent = try sample().alarms.filter { $0.alarm.kind == .unitSilent }
    #expect(silent.map(\.unit.unit.text) == ["530111", "530112"])
  }
}

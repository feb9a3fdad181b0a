import Inspection
import Rehearsal
import Terminal

/// What the season comes to: the indicators, and whether all was as it must.
extension DemoSeason {
  private static let indicators: [Indicator] = [
    .k01, .k04, .k05, .k06After30, .k07, .k09, .k10, .k11, .k18, .k20, .k22,
  ]

  /// The indicators of a county, its prefecture and the province as a table; what they must be is noted.
  func report() async throws -> String {
    try demo.clock.set("2026-12-15 09:00")
    let units = [linked.unit, hub.unit, province.unit]
    let figures = try await steps.report(
      at: province.folder, units: units + [alone.unit],
      indicators: Self.indicators.map(\.rawValue), from: "2026-01-01", to: "2026-12-31")
    func figure(_ unit: String, _ indicator: Indicator) -> SeasonSteps.Figure? {
      figures.first { $0.unit == unit && $0.indicator == indicator.rawValue }
    }
    func text(_ unit: String, _ indicator: Indicator) -> String {
      guard let figure = figure(unit, indicator), let part = figure.numerator else { return "—" }
      return figure.denominator.map { "\(part)/\($0)" } ?? "\(part)"
    }
    let filed = demo.nodes.count - 2
    note(
      "K01 plans filed on time", province.name, expected: "\(filed)/\(filed + 1)",
      found: text(province.unit, .k01))
    for (unit, name, count) in [
      (linked.unit, linked.name, results[linked.unit] ?? 0),
      (alone.unit, alone.name, 0),
    ] {
      let all = results[unit] ?? 0
      note(
        "K04 on time, K07 listed, K18 verified, K20 whole chains", name,
        expected: "\(count)/\(all), 1/1, 1/1, \(all)/\(all)",
        found: [.k04, .k07, .k18, .k20].map { text(unit, $0) }.joined(separator: ", "))
    }
    var table = TextTable(
      [.init("indicator"), .init("")]
        + [linked.name, hub.name, province.name].map { .init($0, .right) })
    for indicator in Self.indicators {
      table.append(
        [indicator.rawValue, indicator.title]
          + units.map { unit in
            guard let shown = figure(unit, indicator) else { return "—" }
            return shown.value.contains("/") || shown.numerator == nil
              ? shown.value : "\(shown.value) (\(text(unit, indicator)))"
          })
    }
    return table.text
  }

  /// What came of the season, line by line; with what had to, where that is something else.
  var findingsText: String {
    var table = TextTable([.init("season"), .init("unit"), .init("is"), .init("")])
    for finding in findings {
      table.append([
        finding.what, finding.unit,
        finding.isAsExpected ? finding.found : "\(finding.found), not \(finding.expected)",
        finding.isAsExpected ? "✓" : "✗",
      ])
    }
    return table.text
  }

  var isAsExpected: Bool { findings.allSatisfy(\.isAsExpected) }
}

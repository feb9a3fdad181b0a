/// What a report knows of one unit: its figures and how far and how old the knowledge is.
package struct UnitReport: Hashable, Sendable {
  package let unit: UnitCode
  package let name: String
  /// The unit above it in the report; nil at the top.
  package let parent: UnitCode?
  /// A short hash of the version vector that the figures were made at; empty when nothing was heard.
  package let cut: String
  package let lastContactAt: Instant?
  /// nil for a unit that never reported: its figures are `—`, never 0 %.
  package let figures: [Indicator: Figure]?

  package init(
    unit: UnitCode, name: String, parent: UnitCode?, cut: String, lastContactAt: Instant?,
    figures: [Indicator: Figure]?
  ) {
    (self.unit, self.name, self.parent) = (unit, name, parent)
    (self.cut, self.lastContactAt, self.figures) = (cut, lastContactAt, figures)
  }
}

/// One line of a report: an indicator of a unit with all below it.
package struct IndicatorLine: Hashable, Sendable {
  package let unit: UnitCode
  package let name: String
  package let indicator: Indicator
  /// nil when nobody reported.
  package let figure: Figure?
  package let cut: String
  /// How old the knowledge of the worst contributing unit is; nil when nobody reported.
  package let worstAgeMilliseconds: Int64?
  /// Contributing units older than the limit, and units that never reported; both ascending.
  package let stale: [UnitCode]
  package let silent: [UnitCode]

  /// What people read: a percentage with two decimals, a number, or `—`. Of fewer than 20 cases the counts
  /// are shown instead of a percentage (domain.md §5.3).
  package var value: String {
    guard let figure, !figure.isEmpty else { return "—" }
    switch figure {
    case .ratio(let part, let whole):
      guard whole >= 20 || indicator.isPerCase else { return "\(part)/\(whole)" }
      let hundredths =
        indicator.isPerCase ? (figure.basisPoints ?? 0) / 100 : figure.basisPoints ?? 0
      let digits = String(hundredths % 100)
      let text = "\(hundredths / 100)." + (digits.utf8.count == 1 ? "0" : "") + digits
      return indicator.isPerCase ? text : text + "%"
    case .count(let count): return "\(count)"
    case .values: return "\(figure.median ?? 0)"
    case .worst(let age): return "\(age)"
    }
  }
}

/// A report over units and the groups that they form. Equal inputs give equal bytes. Source: domain.md §5.1.
package struct IndicatorReport: Sendable {
  package let asOf: Instant
  /// Ascending by unit, in order of indicators.
  package let lines: [IndicatorLine]

  private init(asOf: Instant, lines: [IndicatorLine]) { (self.asOf, self.lines) = (asOf, lines) }

  /// Only the lines of some units and indicators; nil: all.
  package func filtered(
    units: Set<UnitCode>?, indicators: Set<Indicator>?
  ) -> IndicatorReport {
    IndicatorReport(
      asOf: asOf,
      lines: lines.filter {
        units?.contains($0.unit) ?? true && indicators?.contains($0.indicator) ?? true
      })
  }

  /// Sums each unit with all below it. Units older than `staleMilliseconds` are marked.
  package init(_ units: [UnitReport], asOf: Instant, staleMilliseconds: Int64 = 72 * 3_600_000) {
    self.asOf = asOf
    var below: [UnitCode: [UnitReport]] = [:]
    var parents: [UnitCode: UnitCode] = [:]
    for unit in units { if let parent = unit.parent { parents[unit.unit] = parent } }
    for unit in units.sorted(by: { $0.unit < $1.unit }) {
      var (next, steps) = (Optional(unit.unit), 0)
      while let code = next, steps <= units.count {
        below[code, default: []].append(unit)
        (next, steps) = (parents[code], steps + 1)
      }
    }
    var lines: [IndicatorLine] = []
    for unit in units.sorted(by: { $0.unit < $1.unit }) {
      let members = below[unit.unit] ?? []
      for indicator in Indicator.allCases {
        lines.append(Self.line(unit, members, indicator, asOf, staleMilliseconds))
      }
    }
    self.lines = lines
  }

  private static func line(
    _ unit: UnitReport, _ members: [UnitReport], _ indicator: Indicator, _ asOf: Instant,
    _ staleMilliseconds: Int64
  ) -> IndicatorLine {
    var figure: Figure?
    var worst: Int64?
    var (stale, silent): ([UnitCode], [UnitCode]) = ([], [])
    for member in members {
      guard let figures = member.figures else {
        silent.append(member.unit)
        if indicator.isOwedByAll, members.count > 1 {
          figure = figure?.adding(.ratio(0, of: 1)) ?? .ratio(0, of: 1)
        }
        continue
      }
      if let own = figures[indicator] { figure = figure?.adding(own) ?? own }
      let age = member.lastContactAt.map { max(0, asOf.milliseconds - $0.milliseconds) }
      worst = max(worst ?? 0, age ?? Int64.max)
      if age ?? Int64.max > staleMilliseconds { stale.append(member.unit) }
    }
    if silent.count == members.count { figure = nil }
    return IndicatorLine(
      unit: unit.unit, name: unit.name, indicator: indicator, figure: figure, cut: unit.cut,
      worstAgeMilliseconds: worst, stale: stale, silent: silent)
  }
}

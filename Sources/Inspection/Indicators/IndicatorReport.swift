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
  /// What a unit owes though it never reported: it counts in the sums above it, not in a line of its own. Empty
  /// for a unit that was never enrolled: it has no part in the work yet.
  package let owed: [Indicator: Figure]
  /// Whether a hub has admitted a node of it.
  package let isEnrolled: Bool
  /// But for its silence.
  package let alarms: [Alarm]

  package init(
    unit: UnitCode, name: String, parent: UnitCode?, cut: String, lastContactAt: Instant?,
    figures: [Indicator: Figure]?, owed: [Indicator: Figure] = [:], isEnrolled: Bool = true,
    alarms: [Alarm] = []
  ) {
    (self.unit, self.name, self.parent) = (unit, name, parent)
    (self.cut, self.lastContactAt, self.figures) = (cut, lastContactAt, figures)
    (self.owed, self.isEnrolled, self.alarms) = (owed, isEnrolled, alarms)
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

  /// What people read; `—` without a case.
  package var value: String { figure.map(indicator.value) ?? "—" }
}

extension Indicator {
  /// What people read: a percentage with two decimals, a number, or `—`. Of fewer than 20 cases the counts
  /// are shown instead of a percentage (domain.md §5.3).
  func value(of figure: Figure) -> String {
    guard !figure.isEmpty else { return "—" }
    switch figure {
    case .ratio(let part, let whole):
      guard whole >= 20 || isPerCase else { return "\(part)/\(whole)" }
      let hundredths = isPerCase ? (figure.basisPoints ?? 0) / 100 : figure.basisPoints ?? 0
      let digits = String(hundredths % 100)
      let text = "\(hundredths / 100)." + (digits.utf8.count == 1 ? "0" : "") + digits
      return isPerCase ? text : text + "%"
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
  /// What the lines were made from, ascending by unit.
  package let units: [UnitReport]
  let staleMilliseconds: Int64

  private init(_ report: IndicatorReport, lines: [IndicatorLine]) {
    (asOf, units, staleMilliseconds) = (report.asOf, report.units, report.staleMilliseconds)
    self.lines = lines
  }

  /// The lines of one unit with all below it. Cost: logarithmic in the lines, and the unit's.
  func lines(of unit: UnitCode) -> ArraySlice<IndicatorLine> {
    var (low, high) = (lines.startIndex, lines.endIndex)
    while low < high {
      let middle = (low + high) / 2
      if lines[middle].unit < unit { low = middle + 1 } else { high = middle }
    }
    return lines[low...].prefix { $0.unit == unit }
  }

  /// The figures of one unit with all below it.
  func figures(of unit: UnitCode) -> [Indicator: Figure] {
    var figures: [Indicator: Figure] = [:]
    for line in lines(of: unit) { figures[line.indicator] = line.figure }
    return figures
  }

  /// The alarms of all units, by unit and kind: those of their rows, and whose last news is too old.
  package var alarms: [(unit: UnitReport, alarm: Alarm)] {
    units.filter(\.isEnrolled).flatMap { unit -> [(unit: UnitReport, alarm: Alarm)] in
      let age = unit.lastContactAt.map { asOf.milliseconds - $0.milliseconds }
      let silence = (age ?? .max) > Alarm.silenceMilliseconds ? [Alarm(.unitSilent, count: 1)] : []
      return (unit.alarms + silence).sorted {
        AlarmKind.order($0.kind) < AlarmKind.order($1.kind)
      }.map { (unit, $0) }
    }
  }

  /// Only the lines of some units and indicators; nil: all.
  package func filtered(
    units: Set<UnitCode>?, indicators: Set<Indicator>?
  ) -> IndicatorReport {
    IndicatorReport(
      self,
      lines: lines.filter {
        units?.contains($0.unit) ?? true && indicators?.contains($0.indicator) ?? true
      })
  }

  /// Sums each unit with all below it. Units older than `staleMilliseconds` are marked.
  package init(
    _ units: [UnitReport], asOf: Instant, staleMilliseconds: Int64 = Alarm.silenceMilliseconds
  ) {
    (self.asOf, self.staleMilliseconds) = (asOf, staleMilliseconds)
    self.units = units.sorted { $0.unit < $1.unit }
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
        if members.count > 1, let owed = member.owed[indicator] {
          figure = figure?.adding(owed) ?? owed
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

package import Causality
internal import Changes
package import Inspection
internal import Store

/// Where a drill-down stands: a unit, and within it a task, a visit or a result.
package struct DrillPlace: Hashable, Sendable {
  package let unit: Scope
  /// nil: the unit as a whole.
  package let part: FactsPart?

  package init(unit: Scope, part: FactsPart? = nil) { (self.unit, self.part) = (unit, part) }
}

extension CaseReport {
  /// One level of the way from the province to a piece of evidence, at the cut of a report and under the same
  /// rules: what a figure is made of. Source: domain.md §5.3.
  ///
  /// Throws as `report(at:)`; `missing` for a unit that is not below the cut's, and for a part that is not there.
  /// Cost: as the report, for a unit with others below; else linear in the unit's rows.
  package func drill(
    at document: ReportCut, _ place: DrillPlace, indicators: Set<Indicator>? = nil
  ) throws(CaseworkError) -> DrillReport {
    let cut = try checked(document)
    let (top, period) = (try top(of: document), try period(of: document))
    guard tree.isAtOrAbove(top, place.unit) else {
      throw .missing(table: "divisions", key: "\(place.unit)")
    }
    let source = try source(of: cut)
    var reader = try reader(source, below: top)
    let facts = try reader.facts(of: place.unit, today: period.today)
    guard let part = place.part else {
      return try unit(
        place.unit, facts, period, try report(at: document), indicators: indicators)
    }
    guard !facts.remark(on: part).isEmpty || !facts.parts(below: part).isEmpty else {
      throw .missing(table: part.level.rawValue.lowercased(), key: part.id)
    }
    var lines = facts.parts(below: part).map { line(of: $0, facts, period) }
    if case .result(let row) = part {
      lines = try evidence(of: row, in: place.unit, source)
    }
    return DrillReport(whole: line(of: part, facts, period), parts: lines, indicators: indicators)
  }

  /// A unit with those right below it, then its own tasks.
  private func unit(
    _ unit: Scope, _ facts: UnitFacts, _ period: IndicatorPeriod, _ report: IndicatorReport,
    indicators: Set<Indicator>?
  ) throws(CaseworkError) -> DrillReport {
    guard let code = UnitCode("\(unit)") else {
      throw .missing(table: "divisions", key: "\(unit)")
    }
    func line(_ report: UnitReport, _ lines: [IndicatorLine]) -> DrillLine {
      var figures: [Indicator: Figure] = [:]
      for line in lines where line.unit == report.unit { figures[line.indicator] = line.figure }
      return DrillLine(
        level: .unit, id: report.unit.text, remark: report.name, figures: figures)
    }
    guard let own = report.units.first(where: { $0.unit == code }) else {
      throw .missing(table: "divisions", key: "\(unit)")
    }
    let below = report.units.filter { $0.parent == code }
    let wanted = Set(below.map(\.unit) + [code])
    let lines = report.lines.filter { wanted.contains($0.unit) }
    return DrillReport(
      whole: line(own, lines),
      parts: below.map { line($0, lines) }
        + facts.parts(below: nil).map { self.line(of: $0, facts, period) },
      indicators: indicators)
  }

  private func line(
    of part: FactsPart, _ facts: UnitFacts, _ period: IndicatorPeriod
  ) -> DrillLine {
    // What the unit owes as a whole, and how its link is, belong to no part.
    let figures = facts.part(part).figures(period).filter { !$0.key.isOfWholeUnit }
    return DrillLine(
      level: part.level, id: part.id, remark: facts.remark(on: part), figures: figures)
  }

  /// The evidence of a result's visit, by hash: where the way ends.
  private func evidence(
    of row: String, in unit: Scope, _ source: Replica
  ) throws(CaseworkError) -> [DrillLine] {
    let visit = row.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
    let store = CaseStore(source, author: "", calendar: calendar, rules: rules) { 0 }
    return try store.rows(of: VisitTables.evidence, in: unit) { $0.key[0] == .text(visit) }.map {
      DrillLine(
        level: .evidence, id: $0.key[1].string ?? "",
        remark: "\($0.text("kind")) \($0.integer("byte_count") ?? 0)", figures: [:])
    }
  }
}

/// A part of a unit's work that a figure can be looked at in. Source: domain.md §5.3 (drill-down).
package enum FactsPart: Hashable, Sendable {
  /// Empty: what belongs to no task, such as leads.
  case task(String)
  case visit(String)
  /// Visit, item and department.
  case result(String)
}

extension UnitFacts {
  /// The facts of a part alone: its figures are made by the same rules as the unit's. Cost: linear in the facts.
  package func part(_ part: FactsPart) -> UnitFacts {
    var facts = UnitFacts()
    // What a share of the roster is a share of.
    facts.rosters.objects = rosters.objects
    switch part {
    case .task(let code):
      facts.tasks = tasks.filter { $0.code == code }
      facts.draws = draws.filter { $0.tasks.contains(code) }
      facts.visits = visits.filter { $0.task == code }
    case .visit(let id): facts.visits = visits.filter { $0.ids.contains(id) }
    case .result(let row):
      facts.results = results.filter { $0.row == row }
      facts.followUps = followUps.filter { $0.result == row }
      return facts
    }
    let ids = Set(facts.visits.flatMap(\.ids))
    let isRest = part == .task("")
    let known = isRest ? Set(visits.flatMap(\.ids)) : []
    func belongs(_ visit: String) -> Bool {
      ids.contains(visit) || isRest && !known.contains(visit)
    }
    facts.results = results.filter { belongs(UnitFacts.visit(of: $0.row)) }
    facts.followUps = followUps.filter { belongs(UnitFacts.visit(of: $0.result)) }
    facts.assignments = assignments.filter { belongs($0.visit) }
    return facts
  }

  /// The visit of a result that stands as visit, item and department.
  static func visit(of row: String) -> String {
    row.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
  }

  /// The parts right below one; nil: below the unit, task by task. Ascending by name.
  package func parts(below part: FactsPart?) -> [FactsPart] {
    switch part {
    case nil:
      var codes = Set(tasks.map(\.code) + visits.map(\.task))
      let known = Set(visits.flatMap(\.ids))
      if results.contains(where: { !known.contains(UnitFacts.visit(of: $0.row)) })
        || followUps.contains(where: { !known.contains(UnitFacts.visit(of: $0.result)) })
      {
        codes.insert("")
      }
      return codes.sorted().map(FactsPart.task)
    case .task?:
      let facts = part.map { self.part($0) } ?? self
      var ids = Set(facts.visits.compactMap(\.ids.first))
      // Results whose visit is not here stand by themselves.
      let merged = Set(facts.visits.flatMap(\.ids))
      let rows = facts.results.map(\.row) + facts.followUps.map(\.result)
      ids.formUnion(rows.map(UnitFacts.visit).filter { !merged.contains($0) })
      return ids.sorted().map(FactsPart.visit)
    case .visit(let id)?:
      let merged = Set(visits.first { $0.ids.contains(id) }?.ids ?? [id])
      let rows = Set(results.map(\.row) + followUps.map(\.result))
      return rows.filter { merged.contains(UnitFacts.visit(of: $0)) }.sorted().map(FactsPart.result)
    case .result?: return []
    }
  }

  /// What people read beside a part: the state of a task, the object of a visit, the findings of a result.
  package func remark(on part: FactsPart) -> String {
    switch part {
    case .task(let code): tasks.first { $0.code == code }?.state ?? ""
    case .visit(let id): visits.first { $0.ids.contains(id) }?.object ?? ""
    case .result(let row): results.first { $0.row == row }?.findings.text ?? ""
    }
  }
}

/// Figures of one part of a unit's work, or of a unit below, beside the whole they are of.
package struct DrillLine: Hashable, Sendable {
  /// Where a line stands: from the province down to a piece of evidence.
  package enum Level: String, Hashable, Sendable {
    case unit = "UNIT"
    case task = "TASK"
    case visit = "VISIT"
    case result = "RESULT"
    case evidence = "EVIDENCE"
  }

  package let level: Level
  /// Unit code, task code, visit, visit/item/department, or SHA-256.
  package let id: String
  package let remark: String
  /// Empty for evidence.
  package let figures: [Indicator: Figure]

  package init(level: Level, id: String, remark: String, figures: [Indicator: Figure]) {
    (self.level, self.id, self.remark, self.figures) = (level, id, remark, figures)
  }
}

extension FactsPart {
  package var level: DrillLine.Level {
    switch self {
    case .task: .task
    case .visit: .visit
    case .result: .result
    }
  }

  package var id: String {
    switch self {
    case .task(let id), .visit(let id), .result(let id): id
    }
  }
}

/// One level of a drill-down: a whole, and what it is made of. Equal cuts give equal bytes.
package struct DrillReport: Sendable {
  package let whole: DrillLine
  package let parts: [DrillLine]
  private let indicators: [Indicator]

  /// `indicators`: which are shown; what has no case anywhere is left out.
  package init(whole: DrillLine, parts: [DrillLine], indicators: Set<Indicator>?) {
    (self.whole, self.parts) = (whole, parts)
    self.indicators = Indicator.allCases.filter { indicator in
      indicators?.contains(indicator) ?? true
        && ([whole] + parts).contains { $0.figures[indicator].map { !$0.isEmpty } ?? false }
    }
  }

  /// One line of output.
  package struct Row: Hashable, Sendable, Codable {
    package let level: String
    package let id: String
    package let remark: String
    /// Empty for evidence.
    package let indicator: String
    package let title: String
    package let value: String
    package let numerator: Int64?
    package let denominator: Int64?
  }

  /// The whole, then its parts; for each the indicators that have a case in it.
  package var rows: [Row] {
    ([whole] + parts).flatMap { line -> [Row] in
      if line.level == .evidence {
        return [
          Row(
            level: line.level.rawValue, id: line.id, remark: line.remark, indicator: "", title: "",
            value: "", numerator: nil, denominator: nil)
        ]
      }
      return indicators.compactMap { indicator in
        guard let figure = line.figures[indicator], !figure.isEmpty else { return nil }
        return Row(
          level: line.level.rawValue, id: line.id, remark: line.remark,
          indicator: indicator.rawValue, title: indicator.title,
          value: indicator.value(of: figure), numerator: figure.numerator,
          denominator: figure.denominator)
      }
    }
  }

  /// The rows as CSV: UTF-8, CRLF, a header.
  package var csv: String {
    let header = "level,id,remark,indicator,title,value,numerator,denominator\r\n"
    return header
      + rows.map { row in
        [
          row.level, row.id, row.remark, row.indicator, row.title, row.value,
          row.numerator.map(String.init) ?? "", row.denominator.map(String.init) ?? "",
        ].map(IndicatorReport.quoted).joined(separator: ",") + "\r\n"
      }.joined()
  }
}

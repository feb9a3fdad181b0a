package import Causality
internal import Changes
package import Inspection
internal import Store

/// How a superior looks at an inferior (三(四), R-3.5).
package enum EvaluationMethod: String, ListedCode {
  case inspection = "INSPECTION"
  case crossCheck = "CROSS_CHECK"
  case online = "ONLINE"

  package var title: String {
    switch self {
    case .inspection: "督查检查"
    case .crossCheck: "交叉检查"
    case .online: "网络监督"
    }
  }
}

/// An evaluation as it was made: one version, never changed.
package struct EvaluationEntry: Hashable, Sendable {
  package let id: String
  package let version: Int
  package let method: Coded<EvaluationMethod>
  package let period: String
  /// The indicators of the unit as CSV.
  package let indicators: String
  /// The cut as JSON: with it the indicators can be computed again.
  package let cut: String
  package let score: Int64?
  package let remarks: String
}

extension CaseStore {
  /// Evaluates a unit below at what is known now, as the next version of an evaluation: its indicators with the
  /// cut that anyone who holds the unit's streams can compute them again from. Rows that arrive later change the
  /// next version only (C-32). `score`: 0…100. Returns the version. Throws `refused` for a unit that is not
  /// below.
  package func evaluate(
    _ unit: Scope, id: String, method: EvaluationMethod, days: ClosedRange<CivilDate>,
    divisions: DivisionTree, score: Int64? = nil, remarks: String = ""
  ) throws(CaseworkError) -> Int {
    guard unit != ownScope, replica.tree.isAtOrAbove(ownScope, unit),
      let code = UnitCode("\(unit)")
    else {
      throw .refused([
        RuleBreach(.evaluation, row: id, .notOwner(unit: "\(ownScope)", owner: "\(unit)"))
      ])
    }
    if let score, !(0...100).contains(score) {
      throw .refused([RuleBreach(.evaluation, row: id, .malformed(field: "得分", value: "\(score)"))])
    }
    let maker = CaseReport(replica, divisions: divisions, calendar: calendar, rules: rules)
    let now = Instant(milliseconds: Int64(clamping: wallMilliseconds()))
    let cut = try maker.cut(asOf: now, days: days).restricted(to: unit, replica.tree)
    let report = try maker.report(at: cut).filtered(units: [code], indicators: nil)
    let text = try cut.json()
    var figures: [Indicator: Figure] = [:]
    for line in report.lines { figures[line.indicator] = line.figure }
    // A person's score goes before the computed one.
    let score = score ?? Score(figures, by: rules.scoring).points
    let version =
      try rows(of: PlanTables.evaluations, in: unit) { $0.key.first == .text(id) }
      .count + 1
    try perform("evaluated") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.insert(
        PlanTables.evaluations, in: unit, key: [.text(id), .integer(Int64(version))]
      ) { values in
        values.set("method", method.rawValue)
        values.set("period", "\(days.lowerBound)/\(days.upperBound)")
        values.set("indicators", report.csv)
        values.set("causal_cut", text)
        if let score { values.set("score", score) }
        values.set("remarks", remarks)
      }
      return .success(())
    }
    return version
  }

  /// The evaluations of a unit by id and version.
  package func evaluations(of unit: Scope) throws(CaseworkError) -> [EvaluationEntry] {
    try rows(of: PlanTables.evaluations, in: unit).compactMap { row in
      guard row.key.count == 2, case .integer(let version) = row.key[1] else { return nil }
      return EvaluationEntry(
        id: row.key[0].string ?? "", version: Int(clamping: version),
        method: Coded(row.text("method")), period: row.text("period"),
        indicators: row.text("indicators"), cut: row.text("causal_cut"),
        score: row.integer("score"), remarks: row.text("remarks"))
    }
  }
}

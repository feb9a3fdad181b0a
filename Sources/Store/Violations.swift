package import Causality
package import Changes

/// What kind of rule a violation breaks.
package enum ViolationKind: String, Hashable, Sendable, CaseIterable {
  /// Several rows share what one row only should have.
  case unique
  /// A row refers to one that is not here.
  case reference
  /// A row is in an undeclared state, or lacks what its state needs.
  case state
}

/// Rows that break a rule of their table: a function of the rows held here, gone when they no longer do.
///
/// Source: engine.md §4 (violations), Protocol/4-Merge §10.
package struct Violation: Hashable, Sendable {
  /// A row of the rule's table.
  package struct Place: Hashable, Sendable {
    package let scope: Scope
    package let key: [Value]
  }

  package let table: TableID
  /// The name of the rule.
  package let rule: String
  package let kind: ViolationKind
  /// The columns that the rule compares, and their values.
  package let columns: [String]
  package let values: [Value]
  /// The rows, by scope and key: at least two for `unique`, else one. At most `Limits.rowsPerViolation`.
  package let rows: [Place]
}

/// How many violations of one rule there are.
package struct ViolationCount: Hashable, Sendable {
  package let table: TableID
  package let rule: String
  package let kind: ViolationKind
  package let count: Int
}

extension Replica {
  /// The violations here, by table and rule, of each rule at most `limit`, by values or by place.
  ///
  /// Derived by one indexed query per rule; nothing is kept. Cost: linear in the rows of the tables with
  /// rules: at 160,000 rows about 55 ms for `unique` (28 bytes a row for its index), 140 ms for `reference`.
  package func violations(limit: Int = Limits.violationsPerRule) throws(StoreError) -> [Violation] {
    try reading { () throws(StoreError) in
      var list: [Violation] = []
      for layout in orderedLayouts {
        for rule in layout.table.rules {
          guard let query = RuleQuery(rule, layout, layouts) else { continue }
          list += try violations(query, limit: limit)
        }
      }
      return list
    }
  }

  /// How many violations of each rule there are here, for the rules that are broken. Cost: as
  /// `violations`.
  package func violationCounts() throws(StoreError) -> [ViolationCount] {
    try reading { () throws(StoreError) in
      var list: [ViolationCount] = []
      for layout in orderedLayouts {
        for rule in layout.table.rules {
          guard let query = RuleQuery(rule, layout, layouts) else { continue }
          let select = try Statement(statements.connection, "SELECT count(*) FROM (\(query.sql))")
          query.bind(select)
          let count = try select.step() ? Int(select.integer(0)) : 0
          guard count > 0 else { continue }
          list.append(
            ViolationCount(
              table: layout.table.id, rule: rule.name, kind: query.kind, count: count))
        }
      }
      return list
    }
  }

  private func violations(
    _ query: RuleQuery, limit: Int
  ) throws(StoreError) -> [Violation] {
    let select = try Statement(
      statements.connection, "\(query.sql) ORDER BY \(query.order) LIMIT \(max(0, limit))")
    query.bind(select)
    let layout = query.layout
    var list: [Violation] = []
    while try select.step() {
      let values = query.columns.indices.map { select.value(Int32($0)) }
      var rows: [Violation.Place] = []
      if query.kind == .unique {
        rows = try places(query, values)
      } else if let scope = Scope(select.text(Int32(values.count))) {
        let key = layout.table.key.indices.map { select.value(Int32(values.count + 1 + $0)) }
        rows = [Violation.Place(scope: scope, key: key)]
      }
      list.append(
        Violation(
          table: layout.table.id, rule: query.rule, kind: query.kind, columns: query.columns,
          values: values, rows: rows))
    }
    return list
  }

  /// The rows with these values.
  private func places(
    _ query: RuleQuery, _ values: [Value]
  ) throws(StoreError) -> [Violation.Place] {
    let select = try Statement(statements.connection, query.rowsSQL)
    for (index, value) in values.enumerated() { select.bind(Int32(index + 1), value) }
    query.bind(select, from: values.count + 1)
    var rows: [Violation.Place] = []
    while try select.step() {
      guard let scope = Scope(select.text(0)) else { continue }
      let key = query.layout.table.key.indices.map { select.value(Int32(1 + $0)) }
      rows.append(Violation.Place(scope: scope, key: key))
    }
    return rows
  }
}

/// The SQL of one rule. Names come from declarations only, values are bound.
struct RuleQuery {
  let layout: TableLayout
  let rule: String
  let kind: ViolationKind
  /// What is compared: the first columns of the result.
  let columns: [String]
  /// `unique`: the columns. Else: the columns, then scope and key of the row.
  let sql: String
  let order: String
  /// `unique` only: scope and key of the rows with given values.
  var rowsSQL = ""
  private var bound: [Value] = []

  /// Nil when the rule refers to a table that is not registered.
  init?(_ rule: RowRule, _ layout: TableLayout, _ layouts: [TableID: TableLayout]) {
    self.layout = layout
    self.rule = rule.name
    let table = layout.table
    let place = [table.scopeColumn] + table.key.map(\.name)
    switch rule.kind {
    case .unique(let columns, let except):
      kind = .unique
      order = columns.joined(separator: ", ")
      self.columns = columns
      var condition = columns.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
      if let except {
        bound = except.values
        let marks = Array(repeating: "?", count: bound.count).joined(separator: ", ")
        condition += " AND (\(except.column) IS NULL OR \(except.column) NOT IN (\(marks)))"
      }
      let names = columns.joined(separator: ", ")
      sql =
        "SELECT \(names) FROM \(table.name) WHERE \(condition) "
        + "GROUP BY \(names) HAVING count(*) > 1"
      rowsSQL =
        "SELECT \(place.joined(separator: ", ")) FROM \(table.name) WHERE "
        + columns.map { "\($0) = ?" }.joined(separator: " AND ") + " AND \(condition) ORDER BY "
        + place.joined(separator: ", ") + " LIMIT \(Limits.rowsPerViolation)"
    case .reference(let columns, let target):
      guard let target = layouts[target]?.table else { return nil }
      kind = .reference
      order = place.map { "t.\($0)" }.joined(separator: ", ")
      self.columns = columns
      let match = zip(target.key.map(\.name), columns).map { "o.\($0) = t.\($1)" }
      sql =
        "SELECT " + (columns + place).map { "t.\($0)" }.joined(separator: ", ")
        + " FROM \(table.name) t WHERE "
        + columns.map { "t.\($0) IS NOT NULL" }.joined(separator: " AND ")
        + " AND NOT EXISTS (SELECT 1 FROM \(target.name) o WHERE "
        + "o.\(target.scopeColumn) = t.\(table.scopeColumn) AND "
        + match.joined(separator: " AND ") + ")"
    case .states(let column, let states):
      kind = .state
      order = place.joined(separator: ", ")
      columns = [column]
      bound = states.map(\.value)
      let marks = states.map { _ in "?" }.joined(separator: ", ")
      var broken = ["\(column) NOT IN (\(marks))"]
      for state in states where !state.needs.isEmpty {
        bound.append(state.value)
        let missing = state.needs.map { "\($0) IS NULL" }.joined(separator: " OR ")
        broken.append("(\(column) = ? AND (\(missing)))")
      }
      sql =
        "SELECT \(([column] + place).joined(separator: ", ")) FROM \(table.name) "
        + "WHERE \(column) IS NOT NULL AND (\(broken.joined(separator: " OR ")))"
    }
  }

  func bind(_ statement: Statement, from first: Int = 1) {
    for (index, value) in bound.enumerated() { statement.bind(Int32(first + index), value) }
  }

  /// The index that a `unique` rule is derived by; nil for other rules.
  static func createIndex(_ rule: RowRule, _ table: TableDeclaration) -> String? {
    guard case .unique(let columns, let except) = rule.kind else { return nil }
    let names = (columns + (except.map { [$0.column] } ?? [])).joined(separator: ", ")
    return "CREATE INDEX IF NOT EXISTS tributary_rule_\(table.id.number)_\(rule.name) "
      + "ON \(table.name) (\(names))"
  }
}

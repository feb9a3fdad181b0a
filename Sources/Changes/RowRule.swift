/// What should hold among the rows that a replica holds, and may be broken by nodes that do not see each
/// other. A row that breaks it is a violation: listed, never refused, in no stream and no digest.
///
/// Source: engine.md §4 (violations), Protocol/4-Merge §10. Columns are key or value columns by name.
package struct RowRule: Hashable, Sendable {
  /// `[a-z][a-z0-9_]{0,62}`, once per table.
  package let name: String
  package let kind: Kind

  /// What the rule asks.
  package enum Kind: Hashable, Sendable {
    /// No two rows of all scopes held here have equal values in these columns. A row with NULL in one of
    /// them is left out, and so is one in a state of `except`.
    case unique([String], except: Exception? = nil)
    /// The columns hold the key of a row of another table, in order of its key columns, in the same
    /// scope. A row with NULL in one of them refers to nothing.
    case reference([String], to: TableID)
    /// The column holds one of these states, or NULL, and the columns that the state needs are not NULL.
    case states(String, [State])
  }

  /// Rows that a rule passes over: those with one of the values in the column.
  package struct Exception: Hashable, Sendable {
    package let column: String
    package let values: [Value]

    package init(column: String, values: [Value]) { (self.column, self.values) = (column, values) }
  }

  /// A state of a state machine and what a row in it must have.
  package struct State: Hashable, Sendable {
    package let value: Value
    package let needs: [String]

    package init(_ value: Value, needs: [String] = []) { (self.value, self.needs) = (value, needs) }
  }

  package init(_ name: String, _ kind: Kind) { (self.name, self.kind) = (name, kind) }
}

extension Schema {
  /// Checks the rules of one table: names, columns, targets.
  func checkRules(_ table: TableDeclaration) throws(Invalid) {
    var names: Set<String> = []
    let columns = [table.scopeColumn] + table.key.map(\.name) + table.columns.map(\.name)
    for rule in table.rules {
      func fail(_ text: String) -> Invalid {
        Invalid(reason: "table \(table.name), rule \(rule.name): \(text)")
      }
      guard Self.isName(rule.name), names.insert(rule.name).inserted else {
        throw fail("the name is declared twice or not [a-z][a-z0-9_]{0,62}")
      }
      for column in rule.columns where !columns.contains(column) {
        throw fail("there is no column \(column)")
      }
      switch rule.kind {
      case .unique(let columns, _):
        guard !columns.isEmpty else { throw fail("it names no column") }
      case .reference(let columns, let target):
        guard let target = self.table(target) else { throw fail("its table is not declared") }
        guard target.key.count == columns.count else {
          throw fail("\(columns.count) columns for the \(target.key.count) of \(target.name)")
        }
      case .states(_, let states):
        guard !states.isEmpty else { throw fail("it names no state") }
      }
    }
  }
}

extension RowRule {
  /// All columns that it names.
  var columns: [String] {
    switch kind {
    case .unique(let columns, let except): columns + (except.map { [$0.column] } ?? [])
    case .reference(let columns, _): columns
    case .states(let column, let states): [column] + states.flatMap(\.needs)
    }
  }
}

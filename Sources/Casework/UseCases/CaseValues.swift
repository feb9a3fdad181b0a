package import Changes
package import Inspection
internal import Store

/// A row of a casework table by the names of its columns.
package struct CaseRow: Hashable, Sendable {
  package let table: CaseTable
  /// The key columns after the scope.
  package let key: [Value]
  /// In order of the table's fields.
  package let values: [Value]

  init(_ table: CaseTable, key: [Value], values: [Value]) {
    (self.table, self.key, self.values) = (table, key, values)
  }

  private subscript(name: String) -> Value {
    let column = table.column(name)
    return table.fields.firstIndex { $0.id == column }.map { values[$0] } ?? .null
  }

  /// A text; empty for NULL and for what is no UTF-8.
  package func text(_ name: String) -> String { self[name].string ?? "" }

  /// A whole number; nil for NULL.
  package func integer(_ name: String) -> Int64? {
    guard case .integer(let number) = self[name] else { return nil }
    return number
  }

  /// A date; nil for NULL and for what is none.
  package func date(_ name: String) -> CivilDate? { CivilDate(text(name)) }

  /// A set of codes, unknown ones kept.
  package func codes<List: ListedCode>(_ name: String, _ list: List.Type) -> CodeSet<List> {
    CodeSet(text: text(name))
  }

  /// The key columns, joined for people.
  package var keyText: String { key.map(\.description).joined(separator: "/") }
}

/// Values for the columns of a row, by name.
struct CaseValues {
  private(set) var values: [Store.ColumnValue] = []
  private let table: CaseTable

  init(_ table: CaseTable) { self.table = table }

  mutating func set(_ name: String, _ text: String) {
    values.append(Store.ColumnValue(table.column(name), text.isEmpty ? .null : .text(text)))
  }

  mutating func set(_ name: String, _ number: Int64) {
    values.append(Store.ColumnValue(table.column(name), .integer(number)))
  }

  mutating func set(_ name: String, _ date: CivilDate?) {
    values.append(Store.ColumnValue(table.column(name), date.map { .text("\($0)") } ?? .null))
  }

  /// All columns of a row of the same table.
  mutating func copy(_ row: CaseRow) {
    for (field, value) in zip(table.fields, row.values) {
      values.append(Store.ColumnValue(field.id, value))
    }
  }
}

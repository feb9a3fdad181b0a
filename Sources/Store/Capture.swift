internal import Changes

/// Plain-SQL triggers that record what other programs write, and the record's table. Source: engine.md §11.
///
/// Each record holds what the row was before: number, key, values. What it is now is read from the row itself
/// when the record is stamped, so that many writes of one row coalesce.
enum Capture {
  /// What the trigger saw.
  enum Kind: Int64 {
    case insert = 1
    case update = 2
    case delete = 3
    /// A row under the key that is about to be inserted: REPLACE removes it without a delete trigger.
    case replace = 4
  }

  static func recordName(_ layout: TableLayout) -> String {
    "tributary_capture_\(layout.table.id.number)"
  }

  /// Table and triggers of one replicated table.
  static func create(_ layout: TableLayout) -> [String] {
    let table = layout.table
    let record = recordName(layout)
    let keys = [table.scopeColumn] + table.key.map(\.name)
    let all = keys + table.columns.map(\.name)
    let columns = all.map { "old_\($0)" }.joined(separator: ", ")
    let old = all.map { "OLD.\($0)" }.joined(separator: ", ")
    let localID = Schema.localIDColumn
    func insert(_ kind: Kind, _ row: String, _ newRow: String, _ values: String) -> String {
      "INSERT INTO \(record) (kind, at, row_before, row_after\(values.isEmpty ? "" : ", \(columns)")) "
        + "VALUES (\(kind.rawValue), unixepoch(), \(row), \(newRow)"
        + "\(values.isEmpty ? "" : ", \(values)"));"
    }
    let sameKey = keys.map { "\($0) = NEW.\($0)" }.joined(separator: " AND ")
    let clash = "(\(sameKey)) OR \(localID) = NEW.\(localID)"
    return [
      "CREATE TABLE IF NOT EXISTS \(record) (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, "
        + "at INTEGER NOT NULL, row_before INTEGER, row_after INTEGER, "
        + all.map { "old_\($0) ANY" }.joined(separator: ", ") + ") STRICT",
      "CREATE TRIGGER IF NOT EXISTS \(record)_replace BEFORE INSERT ON \(table.name) "
        + "WHEN EXISTS (SELECT 1 FROM \(table.name) WHERE \(clash)) BEGIN "
        + "INSERT INTO \(record) (kind, at, row_before, row_after, \(columns)) "
        + "SELECT \(Kind.replace.rawValue), unixepoch(), \(localID), NULL, "
        + all.joined(separator: ", ") + " FROM \(table.name) WHERE \(clash); END",
      "CREATE TRIGGER IF NOT EXISTS \(record)_insert AFTER INSERT ON \(table.name) BEGIN "
        + insert(.insert, "NULL", "NEW.\(localID)", "") + " END",
      "CREATE TRIGGER IF NOT EXISTS \(record)_update AFTER UPDATE ON \(table.name) BEGIN "
        + insert(.update, "OLD.\(localID)", "NEW.\(localID)", old) + " END",
      "CREATE TRIGGER IF NOT EXISTS \(record)_delete AFTER DELETE ON \(table.name) BEGIN "
        + insert(.delete, "OLD.\(localID)", "NULL", old) + " END",
    ]
  }

  /// Columns: kind, at, row_before, row_after, scope, key columns, value columns; in the order recorded.
  static func select(_ layout: TableLayout) -> String {
    "SELECT kind, at, row_before, row_after, "
      + ([layout.table.scopeColumn] + layout.table.key.map(\.name)
      + layout.table.columns.map(\.name)).map { "old_\($0)" }.joined(separator: ", ")
      + " FROM \(recordName(layout)) ORDER BY id"
  }

  static func hasRecords(_ layout: TableLayout) -> String {
    "SELECT 1 FROM \(recordName(layout)) LIMIT 1"
  }

  static func clear(_ layout: TableLayout) -> String { "DELETE FROM \(recordName(layout))" }
}

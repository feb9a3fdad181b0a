import CSQLite
package import Changes

/// Reads rows of `companies` from a file made for benchmarks.
package enum CompanySource {
  /// The first `count` rows of the table `companies` of an SQLite file, in `CompanyColumn` order.
  /// Throws when the file cannot be read or holds fewer.
  package static func load(_ path: String, count: Int) throws(BenchError) -> CellTable {
    var connection: OpaquePointer?
    defer { sqlite3_close(connection) }
    guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
      throw failure(path, connection)
    }
    let columns = CompanyColumn.allCases.map(\.name).joined(separator: ", ")
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    let code = sqlite3_prepare_v2(
      connection, "SELECT \(columns) FROM companies ORDER BY rowid LIMIT ?1", -1, &statement, nil)
    guard code == SQLITE_OK else { throw failure(path, connection) }
    sqlite3_bind_int64(statement, 1, Int64(count))
    var rows = CellTable(width: CompanyColumn.allCases.count)
    rows.reserve(rows: count, bytes: count * 180)
    while sqlite3_step(statement) == SQLITE_ROW {
      for column in 0..<Int32(rows.width) { append(statement, column, to: &rows) }
    }
    guard rows.rowCount == count else {
      throw .source(path: path, reason: "\(rows.rowCount) companies, \(count) needed")
    }
    return rows
  }

  private static func append(_ row: OpaquePointer?, _ column: Int32, to rows: inout CellTable) {
    switch sqlite3_column_type(row, column) {
    case SQLITE_NULL: rows.appendNull()
    case SQLITE_INTEGER: rows.append(integer: sqlite3_column_int64(row, column))
    default:
      let start = UnsafeRawPointer(sqlite3_column_text(row, column))
      let length = Int(sqlite3_column_bytes(row, column))
      rows.append(.text, bytes: UnsafeRawBufferPointer(start: start, count: length))
    }
  }

  private static func failure(_ path: String, _ connection: OpaquePointer?) -> BenchError {
    .source(path: path, reason: String(cString: sqlite3_errmsg(connection)))
  }
}

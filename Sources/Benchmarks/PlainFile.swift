import CSQLite
import Changes

/// A plain SQLite file of the benchmark's own.
final class PlainFile {
  private let path: String
  private let connection: OpaquePointer?

  init(path: String, isNew: Bool) throws(BenchError) {
    if isNew {
      for suffix in ["", "-wal", "-shm"] { ProcessMeasures.removeFile(path + suffix) }
    }
    self.path = path
    var connection: OpaquePointer?
    let code = sqlite3_open(path, &connection)
    self.connection = connection
    if code != SQLITE_OK { throw failure }
    try execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536")
  }

  deinit { sqlite3_close(connection) }

  func execute(_ sql: String) throws(BenchError) {
    if sqlite3_exec(connection, sql, nil, nil, nil) != SQLITE_OK { throw failure }
  }

  /// Attaches another file as `source`.
  func attach(_ other: String) throws(BenchError) {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(connection, "ATTACH ?1 AS source", -1, &statement, nil) == SQLITE_OK
    else { throw failure }
    sqlite3_bind_text(statement, 1, other, -1, csqlite_transient())
    if sqlite3_step(statement) != SQLITE_DONE { throw failure }
  }

  func insert(into table: String, _ rows: CellTable) throws(BenchError) {
    let places = Array(repeating: "?", count: rows.width).joined(separator: ",")
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    let sql = "INSERT INTO \(table) VALUES(\(places))"
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
      throw failure
    }
    for row in 0..<rows.rowCount {
      for column in 0..<rows.width { bind(statement, column, rows, rows.cell(row, column)) }
      guard sqlite3_step(statement) == SQLITE_DONE else { throw failure }
      sqlite3_reset(statement)
    }
  }

  private func bind(
    _ statement: OpaquePointer?, _ column: Int, _ rows: CellTable, _ cell: CellTable.Cell
  ) {
    let index = Int32(column + 1)
    switch cell.kind {
    case .null: sqlite3_bind_null(statement, index)
    case .integer: sqlite3_bind_int64(statement, index, Int64(bitPattern: cell.word))
    case .text, .blob, .real:
      rows.byteSlice(cell).withUnsafeBytes {
        let start = $0.baseAddress?.assumingMemoryBound(to: CChar.self)
        _ = sqlite3_bind_text(statement, index, start, Int32($0.count), csqlite_transient())
      }
    }
  }

  private var failure: BenchError {
    .source(path: path, reason: String(cString: sqlite3_errmsg(connection)))
  }
}

internal import CSQLite
internal import Changes

/// A prepared statement on the connection that GRDB opened: the hot paths bind bytes without copies.
///
/// Source: sqlite.org/c3ref/prepare.html. Used on the connection's queue only.
final class Statement {
  private let handle: OpaquePointer
  private let connection: OpaquePointer

  init(_ connection: OpaquePointer, _ sql: String) throws(StoreError) {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK, let handle else {
      throw StoreError(code: code, connection: connection, doing: sql)
    }
    self.handle = handle
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

  func bind(_ index: Int32, _ number: Int64) { sqlite3_bind_int64(handle, index, number) }

  func bind(_ index: Int32, _ number: UInt64) {
    sqlite3_bind_int64(handle, index, Int64(bitPattern: number))
  }

  func bind(_ index: Int32, _ number: UInt32) { sqlite3_bind_int64(handle, index, Int64(number)) }

  /// Copies the bytes.
  func bind(_ index: Int32, blob: [UInt8]) {
    if blob.isEmpty {
      sqlite3_bind_zeroblob(handle, index, 0)
    } else {
      sqlite3_bind_blob(handle, index, blob, Int32(blob.count), csqlite_transient())
    }
  }

  /// Copies the text.
  func bind(_ index: Int32, text: String) {
    sqlite3_bind_text(handle, index, text, -1, csqlite_transient())
  }

  /// Copies the value.
  func bind(_ index: Int32, _ value: Value) {
    switch value {
    case .null: bindNull(index)
    case .integer(let number): bind(index, number)
    case .real(let bits): sqlite3_bind_double(handle, index, Double(bitPattern: bits))
    case .text(let bytes):
      bytes.withUnsafeBytes { bind(index, .text, $0, copied: true) }
    case .blob(let bytes): bind(index, blob: bytes)
    }
  }

  /// Binds bytes that stay in place until the statement is reset, unless they are copied.
  func bind(_ index: Int32, _ kind: ValueKind, _ bytes: UnsafeRawBufferPointer, copied: Bool) {
    let keep = copied ? csqlite_transient() : csqlite_static()
    let count = Int32(bytes.count)
    if kind == .text {
      // A nil pointer would bind NULL, and an empty text is no NULL.
      guard let base = bytes.baseAddress else {
        sqlite3_bind_text(handle, index, "", 0, csqlite_static())
        return
      }
      sqlite3_bind_text(handle, index, base.assumingMemoryBound(to: CChar.self), count, keep)
    } else if bytes.isEmpty {
      sqlite3_bind_zeroblob(handle, index, 0)
    } else {
      sqlite3_bind_blob(handle, index, bytes.baseAddress, count, keep)
    }
  }

  /// Binds a cell whose texts and blobs lie in `arena`, which stays in place until the reset.
  @inline(__always)
  func bind(_ index: Int32, _ cell: CellTable.Cell, arena: UnsafeRawBufferPointer) {
    switch cell.kind {
    case .null: bindNull(index)
    case .integer: bind(index, Int64(bitPattern: cell.word))
    case .real: sqlite3_bind_double(handle, index, Double(bitPattern: cell.word))
    case .text, .blob:
      let start = Int(cell.word)
      bind(
        index, cell.kind,
        UnsafeRawBufferPointer(rebasing: arena[start..<start + Int(cell.length)]), copied: false)
    }
  }

  /// True when there is a row.
  func step() throws(StoreError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    let error = StoreError(code: code, connection: connection, doing: "step")
    sqlite3_reset(handle)
    throw error
  }

  /// Runs a statement that returns no rows, and resets it.
  func run() throws(StoreError) {
    _ = try step()
    sqlite3_reset(handle)
  }

  func reset() { sqlite3_reset(handle) }

  /// Whether it changes nothing in the file.
  var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

  /// The names of the columns that its rows have; empty when it gives none.
  var columnNames: [String] {
    (0..<sqlite3_column_count(handle)).map { column in
      sqlite3_column_name(handle, column).map { String(cString: $0) } ?? ""
    }
  }

  func kind(_ column: Int32) -> ValueKind {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: .integer
    case SQLITE_FLOAT: .real
    case SQLITE_TEXT: .text
    case SQLITE_BLOB: .blob
    default: .null
    }
  }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  func unsigned(_ column: Int32) -> UInt64 {
    UInt64(bitPattern: sqlite3_column_int64(handle, column))
  }

  func realBits(_ column: Int32) -> UInt64 { sqlite3_column_double(handle, column).bitPattern }

  /// The bytes of a text or blob column, valid until the next step or reset.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  func blob(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  func value(_ column: Int32) -> Value {
    switch kind(column) {
    case .null: .null
    case .integer: .integer(integer(column))
    case .real: .real(bits: realBits(column))
    case .text: .text(blob(column))
    case .blob: .blob(blob(column))
    }
  }

  /// Appends the column's value to a table of cells.
  func append(_ column: Int32, to cells: inout CellTable) {
    switch kind(column) {
    case .null: cells.appendNull()
    case .integer: cells.append(integer: integer(column))
    case .real: cells.append(realBits: realBits(column))
    case .text: cells.append(.text, bytes: bytes(column))
    case .blob: cells.append(.blob, bytes: bytes(column))
    }
  }
}

extension StoreError {
  /// From an SQLite result code; `doing` names the statement.
  init(code: Int32, connection: OpaquePointer, doing: String) {
    let message = String(cString: sqlite3_errmsg(connection)) + " (" + doing + ")"
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_INTERRUPT: self = .busy(message)
    case SQLITE_FULL: self = .diskFull(message)
    default:
      self = .storage(code: sqlite3_extended_errcode(connection), message: message)
    }
  }

  /// Whether the disk may have dropped what was written before: a later sync can succeed without it
  /// (wiki.postgresql.org/wiki/Fsync_Errors).
  var isLostSync: Bool {
    guard case .storage(let code, _) = self else { return false }
    return code == SQLITE_IOERR | 4 << 8 || code == SQLITE_IOERR | 5 << 8
  }
}

/// The connection's prepared statements by their constant SQL text.
final class StatementCache {
  let connection: OpaquePointer
  private var statements: [Text: Statement] = [:]
  /// Of texts that several hold at once: those that nobody holds, some of them.
  private var idle: [Text: [Statement]] = [:]
  private static let idlePerText = 16

  /// A text that is hashed by its length: statements are looked up for every row, they are few, and equal ones
  /// mostly share their memory.
  private struct Text: Hashable {
    let sql: String
    func hash(into hasher: inout Hasher) { hasher.combine(sql.utf8.count) }
  }

  init(_ connection: OpaquePointer) { self.connection = connection }

  /// The statement for `sql`, prepared once.
  func callAsFunction(_ sql: String) throws(StoreError) -> Statement {
    if let statement = statements[Text(sql: sql)] { return statement }
    let statement = try Statement(connection, sql)
    statements[Text(sql: sql)] = statement
    return statement
  }

  /// A statement for `sql` of the caller's own until it is given back.
  func take(_ sql: String) throws(StoreError) -> Statement {
    if let statement = idle[Text(sql: sql)]?.popLast() { return statement }
    return try Statement(connection, sql)
  }

  func giveBack(_ statement: Statement, _ sql: String) {
    guard idle[Text(sql: sql), default: []].count < Self.idlePerText else { return }
    statement.reset()
    idle[Text(sql: sql), default: []].append(statement)
  }

  /// Runs constant SQL without parameters.
  func execute(_ sql: String) throws(StoreError) {
    let code = sqlite3_exec(connection, sql, nil, nil, nil)
    guard code == SQLITE_OK else {
      throw StoreError(code: code, connection: connection, doing: sql)
    }
  }

  /// Rows changed by the last statement.
  var changes: Int { Int(sqlite3_changes(connection)) }

  var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(connection) }

  /// Must be called before the connection closes.
  func removeAll() {
    statements = [:]
    idle = [:]
  }
}

internal import CSQLite
package import Changes

/// The rows that one statement gave.
package struct SQLRows: Hashable, Sendable {
  package let columns: [String]
  package let rows: [[Value]]

  package init(columns: [String], rows: [[Value]]) { (self.columns, self.rows) = (columns, rows) }
}

/// What a person's statements did.
package struct SQLOutcome: Hashable, Sendable {
  /// One for each statement that gives rows.
  package let results: [SQLRows]
  /// Rows of replicated tables that were changed and stamped.
  package let stampedCount: Int
  /// Rows that this node may not write: put back, and listed in the quarantine.
  package let quarantinedCount: Int
}

extension Replica {
  /// Rows that one statement may give.
  package static let sqlRowLimit = 100_000
  /// Bytes of one run's statements.
  package static let sqlTextLimit = 16 << 20

  /// Runs statements of a person on the file as the sqlite3 shell would, captured by the triggers, and stamps
  /// what they changed with its author, all in one transaction.
  ///
  /// Takes SELECT, VALUES, WITH, EXPLAIN, INSERT, REPLACE, UPDATE and DELETE; the engine's own tables can only
  /// be read. Throws `invalidValue` for SQL that is wrong or not taken: then nothing happened.
  package func run(
    sql: String, author: String, reason: String = "", wallMilliseconds: UInt64
  ) throws(StoreError) -> SQLOutcome {
    try checkWriting()
    return try transaction(stamping: wallMilliseconds) { () throws(StoreError) in
      let before = try quarantineSize()
      csqlite_set_triggers_enabled(statements.connection, 1)
      let results: [SQLRows]
      do throws(StoreError) {
        results = try runStatements(sql, isReadOnly: false)
      } catch {
        csqlite_set_triggers_enabled(statements.connection, 0)
        throw error
      }
      csqlite_set_triggers_enabled(statements.connection, 0)
      let count = try stampCapturedRows(wallMilliseconds, author: author, reason: reason)
      return SQLOutcome(
        results: results, stampedCount: count, quarantinedCount: try quarantineSize() - before)
    }
  }

  /// Runs statements that only read, at one moment. Throws `invalidValue` for others.
  package func query(sql: String) throws(StoreError) -> [SQLRows] {
    try reading { () throws(StoreError) in try runStatements(sql, isReadOnly: true) }
  }

  private func quarantineSize() throws(StoreError) -> Int {
    let select = try statements("SELECT count(*) FROM tributary_quarantine")
    defer { select.reset() }
    return try select.step() ? Int(select.integer(0)) : 0
  }

  private func runStatements(
    _ sql: String, isReadOnly: Bool
  ) throws(StoreError) -> [SQLRows] {
    guard sql.utf8.count <= Self.sqlTextLimit else {
      throw Self.refused(1, "\(sql.utf8.count) bytes; at most \(Self.sqlTextLimit)")
    }
    let bytes = Array(sql.utf8.filter { $0 != 0 }) + [0]
    var (start, number) = (0, 0)
    var results: [SQLRows] = []
    while start < bytes.count - 1 {
      let end = try statementEnd(bytes, from: start, number + 1)
      guard end > start else { break }
      let text = String(decoding: bytes[start..<end], as: UTF8.self)
      start = end
      let keyword = Self.keyword(of: text)
      if keyword.isEmpty { continue }
      number += 1
      guard Self.takenKeywords.contains(keyword) else {
        throw Self.refused(number, "\(keyword) is not taken here")
      }
      let statement = try prepare(text, number)
      if !statement.isReadOnly {
        guard !isReadOnly else { throw Self.refused(number, "\(keyword) is no reading statement") }
        guard !text.lowercased().contains("tributary_") else {
          throw Self.refused(number, "the engine's tables (tributary_…) can only be read")
        }
      }
      let rows = try run(statement, number)
      if !rows.columns.isEmpty { results.append(rows) }
    }
    return results
  }

  private static let takenKeywords = [
    "SELECT", "VALUES", "WITH", "EXPLAIN", "INSERT", "REPLACE", "UPDATE", "DELETE",
  ]

  private static func refused(_ number: Int, _ problem: String) -> StoreError {
    .invalidValue(table: "SQL", column: "statement \(number)", problem: problem)
  }

  private func prepare(_ text: String, _ number: Int) throws(StoreError) -> Statement {
    do throws(StoreError) {
      return try Statement(statements.connection, text)
    } catch {
      throw Self.mapped(error, number)
    }
  }

  private func run(_ statement: Statement, _ number: Int) throws(StoreError) -> SQLRows {
    let columns = statement.columnNames
    var rows: [[Value]] = []
    do throws(StoreError) {
      while try statement.step() {
        guard rows.count < Self.sqlRowLimit else {
          throw Self.refused(number, "more than \(Self.sqlRowLimit) rows; add LIMIT")
        }
        rows.append(columns.indices.map { statement.value(Int32($0)) })
      }
    } catch {
      throw Self.mapped(error, number)
    }
    return SQLRows(columns: columns, rows: rows)
  }

  /// Errors of the statement itself are the person's; those of the file stay what they are.
  private static func mapped(_ error: StoreError, _ number: Int) -> StoreError {
    guard case .storage(let code, let message) = error,
      [SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_TOOBIG]
        .contains(code & 0xFF)
    else { return error }
    return refused(number, message)
  }

  /// Where the statement that starts at an offset of a text ends, as SQLite sees it. `bytes` end with a zero.
  private func statementEnd(
    _ bytes: [UInt8], from start: Int, _ number: Int
  ) throws(StoreError) -> Int {
    let connection = statements.connection
    var code = SQLITE_OK
    let length = bytes[start...].withUnsafeBufferPointer { buffer -> Int in
      buffer.withMemoryRebound(to: CChar.self) { text in
        var handle: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        code = sqlite3_prepare_v2(connection, text.baseAddress, -1, &handle, &tail)
        sqlite3_finalize(handle)
        guard let base = text.baseAddress, let tail else { return 0 }
        return tail - base
      }
    }
    guard code == SQLITE_OK else {
      throw Self.refused(number, String(cString: sqlite3_errmsg(connection)))
    }
    return start + length
  }

  /// The first word, in capitals, comments aside; empty when there is none.
  private static func keyword(of text: String) -> String {
    var rest = text.utf8[...]
    while let first = rest.first {
      if first == 0x2D, rest.dropFirst().first == 0x2D {
        rest = rest.drop { $0 != 0x0A }
      } else if first == 0x2F, rest.dropFirst().first == 0x2A {
        rest = rest.dropFirst(2)
        while let byte = rest.first, byte != 0x2A || rest.dropFirst().first != 0x2F {
          rest = rest.dropFirst()
        }
        rest = rest.dropFirst(2)
      } else if first <= 0x20 || first == 0x3B {
        rest = rest.dropFirst()
      } else {
        break
      }
    }
    guard !rest.isEmpty else { return "" }
    let word = rest.prefix { byte in (0x41...0x5A).contains(byte & 0xDF) }
    return word.isEmpty ? "?" : String(decoding: word, as: UTF8.self).uppercased()
  }
}

package import Causality
package import Changes

/// Some cells of one live row, by their place in what was asked for. Valid only within the call that hands it
/// over.
package struct RowCells {
  private let statement: Statement
  private let keyWidth: Int32

  init(_ statement: Statement, keyWidth: Int) {
    (self.statement, self.keyWidth) = (statement, Int32(keyWidth))
  }

  /// The scope as it stands in the row.
  package var scopeText: String { statement.text(0) }

  /// A key column as text; a number in decimal digits.
  package func keyText(_ index: Int) -> String { statement.text(1 + Int32(index)) }

  /// A key column as a whole number; 0 when it is none.
  package func keyInteger(_ index: Int) -> Int64 { statement.integer(1 + Int32(index)) }

  /// A cell as text; empty for NULL.
  package func text(_ index: Int) -> String { statement.text(1 + keyWidth + Int32(index)) }

  /// A cell as a whole number; nil for NULL.
  package func integer(_ index: Int) -> Int64? {
    let column = 1 + keyWidth + Int32(index)
    return statement.kind(column) == .null ? nil : statement.integer(column)
  }

  /// Whether a cell is NULL or an empty text.
  package func isEmpty(_ index: Int) -> Bool {
    statement.bytes(1 + keyWidth + Int32(index)).isEmpty
  }
}

extension Replica {
  /// Hands over some columns of the live rows of a table in a scope, by key, at one moment: for reading very
  /// many rows without making a value of every cell. Throws `unknownName`. Cost: linear in the scope's rows.
  package func forEachRow(
    of table: TableID, in scope: Scope, reading columns: [ColumnID], _ body: (RowCells) -> Void
  ) throws(StoreError) {
    let declaration = try layout(table).table
    let keys = declaration.key.map(\.name)
    var names: [String] = []
    for id in columns {
      guard let column = declaration.columns.first(where: { $0.id == id }) else {
        throw .unknownName("column \(id.number) of \(declaration.name)")
      }
      names.append(column.name)
    }
    let list = ([declaration.scopeColumn] + keys + names).joined(separator: ", ")
    try reading { () throws(StoreError) in
      let select = try statements(
        "SELECT \(list) FROM \(declaration.name) WHERE \(declaration.scopeColumn) = ?1 "
          + "ORDER BY \(keys.joined(separator: ", "))")
      defer { select.reset() }
      select.bind(1, text: scope.description)
      let cells = RowCells(select, keyWidth: keys.count)
      while try select.step() { body(cells) }
    }
  }

  /// When a change set was written, milliseconds since 1970 by its writer's clock; nil when it is not here.
  package func writtenMilliseconds(_ dot: Dot) throws(StoreError) -> UInt64? {
    try onConnection { () throws(StoreError) in
      let select = try statements(
        "SELECT hlc FROM tributary_log WHERE \(EngineTables.isDot)")
      defer { select.reset() }
      select.bind(1, dot.stream.packed)
      select.bind(2, dot.replica.packed)
      select.bind(3, dot.number)
      return try select.step()
        ? HybridTimestamp(packed: select.unsigned(0)).milliseconds : nil
    }
  }

  /// Change sets known here that have no effect, by stream: refused by a hub or not decodable. Cost: linear in
  /// the log.
  package func ineffectiveCounts() throws(StoreError) -> [StreamID: Int] {
    try onConnection { () throws(StoreError) in
      let select = try statements(
        "SELECT stream, count(*) FROM tributary_log WHERE flags & ? <> 0 GROUP BY stream")
      defer { select.reset() }
      select.bind(1, LogFlags([.refused, .malformed]).rawValue)
      var counts: [StreamID: Int] = [:]
      while try select.step() {
        guard let stream = StreamID(packed: UInt32(truncatingIfNeeded: select.integer(0))) else {
          continue
        }
        counts[stream] = Int(select.integer(1))
      }
      return counts
    }
  }
}

package import Causality
package import Changes
internal import Merge
internal import Wire

/// A row that was deleted, with who did it and why.
package struct RowRemoval: Hashable, Sendable {
  package let key: [Value]
  package let author: String
  package let reason: String

  package init(key: [Value], author: String, reason: String) {
    (self.key, self.author, self.reason) = (key, author, reason)
  }
}

extension Replica {
  /// Hands over the rows of a table in a stream's scope as they were at an earlier knowledge of it: those
  /// that were not written since by key, then the others by key. Every holder that knows as much hands over
  /// the same rows. `body` returns false to stop.
  ///
  /// Returns false, having handed over nothing, when less than `cut` is known here. What was refused since is
  /// left out. Cost: as `forEachRow`, one pass over the log, and the history of the rows written since.
  package func forEachRow(
    of table: TableID, in stream: StreamID, at cut: VersionVector, _ body: (StoredRow) -> Bool
  ) throws(StoreError) -> Bool {
    let layout = try layout(table)
    var later: Set<RowKey> = []
    var past: [RowKey: [RowOperation]] = [:]
    let isCovered = try reading { () throws(StoreError) -> Bool in
      let state = try state(of: stream)
      guard state.known.dominates(cut) else { return false }
      guard state.known != cut else { return true }
      later = try keysWritten(of: table, in: stream, since: cut)
      if !later.isEmpty {
        past = try histories(of: [table: later], in: state, upTo: cut)[table] ?? [:]
      }
      return true
    }
    guard isCovered else { return false }
    var isStopped = false
    try forEachRow(of: table, in: stream.scope) { row in
      if !later.isEmpty, let key = RowKey(row.key), later.contains(key) { return true }
      isStopped = !body(row)
      return !isStopped
    }
    for key in past.keys.sorted() where !isStopped {
      guard let values = key.values, let history = past[key] else { continue }
      let registers = RowRegisters.rebuild(history: history, RowPolicies(layout.table))
      guard registers.isAlive else { continue }
      isStopped = !body(
        StoredRow(scope: stream.scope, key: values, values: shown(registers, layout)))
    }
    return true
  }

  private func shown(_ registers: RowRegisters, _ layout: TableLayout) -> [Value] {
    var values = [Value](repeating: .null, count: layout.table.columns.count)
    for register in layout.columnsOfRegister.indices.dropFirst() {
      let columns = layout.columnsOfRegister[register]
      let shown = registers[layout.group(register)]
        .shownColumns(.columns(layout.policy(register)))
      guard let shown, shown.count == columns.count else { continue }
      for (column, value) in zip(columns, shown) { values[column] = value }
    }
    return values
  }

  private func keysWritten(
    of table: TableID, in stream: StreamID, since cut: VersionVector
  ) throws(StoreError) -> Set<RowKey> {
    var keys: Set<RowKey> = []
    try forEachLogged(in: stream) { info, _, encoded throws(StoreError) in
      guard !cut.contains(info.dot.replica, info.dot.number) else { return }
      // What does not decode wrote no row.
      guard let body = try? encoded.decodedBody() else { return }
      for block in body.blocks where block.table == table {
        for row in 0..<block.rowCount { if let key = block.key(row) { keys.insert(key) } }
      }
    }
    return keys
  }

  /// The rows of a table that were deleted between two knowledges of a stream, in order of the log; a row
  /// that was deleted twice stands twice. Cost: one pass over the log.
  package func removals(
    of table: TableID, in stream: StreamID, after start: VersionVector, upTo end: VersionVector
  ) throws(StoreError) -> [RowRemoval] {
    var removals: [RowRemoval] = []
    try reading { () throws(StoreError) in
      try forEachLogged(in: stream) { info, header, encoded throws(StoreError) in
        let (replica, number) = (info.dot.replica, info.dot.number)
        guard end.contains(replica, number), !start.contains(replica, number),
          info.flags.isDisjoint(with: [.refused, .malformed])
        else { return }
        // What does not decode deleted no row.
        guard let body = try? encoded.decodedBody() else { return }
        for block in body.blocks where block.table == table && block.kind == .delete {
          for row in 0..<block.rowCount {
            guard let key = block.key(row)?.values else { continue }
            removals.append(RowRemoval(key: key, author: header.author, reason: header.reason))
          }
        }
      }
    }
    return removals
  }
}

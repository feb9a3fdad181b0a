package import Causality
package import Changes
internal import Merge
internal import Wire

/// A row that was deleted, with who did it and why.
package struct RowRemoval: Hashable, Sendable {
  package let key: [Value]
  /// The replica that wrote it: the author is a name that anyone may give, this is who signed.
  package let writer: ReplicaID
  package let author: String
  package let reason: String

  package init(key: [Value], writer: ReplicaID, author: String, reason: String) {
    (self.key, self.writer, self.author, self.reason) = (key, writer, author, reason)
  }
}

/// The rows of a stream's scope as they were at an earlier knowledge of it, for any of its tables.
///
/// Two passes over the log serve all tables: one finds what was written since, one its history. What comes while it is
/// in use is seen, and costs them again. Not Sendable: it reads in the task that owns the replica.
package final class PastRows {
  private let replica: Replica
  private let stream: StreamID
  private let cut: VersionVector
  /// At which the rest was read.
  private var known: VersionVector?
  private var later: [TableID: Set<RowKey>] = [:]
  private var past: [TableID: [RowKey: [RowOperation]]] = [:]

  fileprivate init(_ replica: Replica, _ stream: StreamID, _ cut: VersionVector) {
    (self.replica, self.stream, self.cut) = (replica, stream, cut)
  }

  /// Hands over the rows of a table: those that were not written since by key, then the others by key. Every holder
  /// that knows as much hands over the same rows. `body` returns false to stop. Cost: as `forEachRow`, and the
  /// history of the rows written since.
  package func forEachRow(
    of table: TableID, _ body: (StoredRow) -> Bool
  ) throws(StoreError) {
    let layout = try replica.layout(table)
    try refresh()
    let later = later[table] ?? []
    var isStopped = false
    try replica.forEachRow(of: table, in: stream.scope) { row in
      if !later.isEmpty, let key = RowKey(row.key), later.contains(key) { return true }
      isStopped = !body(row)
      return !isStopped
    }
    let past = past[table] ?? [:]
    for key in past.keys.sorted() where !isStopped {
      guard let values = key.values, let history = past[key] else { continue }
      let registers = RowRegisters.rebuild(history: history, RowPolicies(layout.table))
      guard registers.isAlive else { continue }
      isStopped = !body(
        StoredRow(scope: stream.scope, key: values, values: replica.shown(registers, layout)))
    }
  }

  private func refresh() throws(StoreError) {
    try replica.reading { () throws(StoreError) in
      let state = try replica.state(of: stream)
      guard known != state.known else { return }
      (later, past) = ([:], [:])
      if state.known != cut {
        later = try replica.keysWritten(in: stream, since: cut)
        if !later.isEmpty { past = try replica.histories(of: later, in: state, upTo: cut) }
      }
      known = state.known
    }
  }
}

extension Replica {
  /// What a stream's scope was at an earlier knowledge of it; nil when less than `cut` is known here. What was
  /// refused since is left out.
  package func pastRows(
    in stream: StreamID, at cut: VersionVector
  ) throws(StoreError) -> PastRows? {
    try knowledge(of: stream).dominates(cut) ? PastRows(self, stream, cut) : nil
  }

  fileprivate func shown(_ registers: RowRegisters, _ layout: TableLayout) -> [Value] {
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

  fileprivate func keysWritten(
    in stream: StreamID, since cut: VersionVector
  ) throws(StoreError) -> [TableID: Set<RowKey>] {
    var keys: [TableID: Set<RowKey>] = [:]
    try forEachLogged(in: stream) { info, _, encoded throws(StoreError) in
      guard !cut.contains(info.dot.replica, info.dot.number) else { return }
      // What does not decode wrote no row.
      guard let body = try? encoded.decodedBody() else { return }
      for block in body.blocks {
        for row in 0..<block.rowCount {
          if let key = block.key(row) { keys[block.table, default: []].insert(key) }
        }
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
            removals.append(
              RowRemoval(
                key: key, writer: replica, author: header.author, reason: header.reason))
          }
        }
      }
    }
    return removals
  }
}

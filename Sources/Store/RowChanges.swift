internal import CSQLite
package import Changes

/// How many rows of one table were changed in the end.
package struct RowChangeCount: Hashable, Sendable {
  package let table: TableID
  package fileprivate(set) var inserted = 0
  package fileprivate(set) var updated = 0
  package fileprivate(set) var deleted = 0
}

/// Counts what transactions did to the rows that people see, whatever way they went.
///
/// A row that was inserted and changed counts as inserted; one that came and went does not count. Cost: a
/// few dozen bytes per row touched.
final class RowChanges {
  fileprivate enum Fate {
    case inserted, updated, deleted
    /// The row went, and another one or itself again has its number.
    case replaced
  }

  private let tables: [String: TableID]
  /// Of the transactions that were committed.
  private var settled: [TableID: [Int64: Fate]] = [:]
  /// Of the transaction that runs, in order.
  private var pending: [(table: TableID, row: Int64, event: Fate)] = []

  init(_ schema: Schema) {
    tables = Dictionary(uniqueKeysWithValues: schema.tables.map { ($0.name, $0.id) })
  }

  fileprivate func note(_ event: Fate, _ table: String, _ row: Int64) {
    guard let id = tables[table] else { return }
    pending.append((id, row, event))
  }

  /// The transaction was rolled back.
  func discard() { pending = [] }

  /// The transaction is durable.
  func settle() {
    for change in pending {
      let fate = settled[change.table]?[change.row]
      settled[change.table, default: [:]][change.row] = Self.fate(of: fate, then: change.event)
    }
    pending = []
  }

  private static func fate(of before: Fate?, then event: Fate) -> Fate? {
    switch (before, event) {
    case (nil, _): event
    case (.inserted, .deleted): nil
    case (.inserted, _): .inserted
    case (_, .deleted): .deleted
    case (.deleted, _), (.replaced, _): .replaced
    case (.updated, _): .updated
    }
  }

  /// Ascending by table; tables without a change are left out.
  var counts: [RowChangeCount] {
    settled.keys.sorted().compactMap { table in
      var count = RowChangeCount(table: table)
      for fate in settled[table, default: [:]].values {
        switch fate {
        case .inserted: count.inserted += 1
        case .updated: count.updated += 1
        case .deleted: count.deleted += 1
        case .replaced:
          count.inserted += 1
          count.deleted += 1
        }
      }
      return count.inserted + count.updated + count.deleted > 0 ? count : nil
    }
  }
}

extension Replica {
  /// Counts from now on which rows this connection changes.
  package func startCountingRows() throws(StoreError) {
    let changes = RowChanges(schema)
    _ = try onConnection { () throws(StoreError) in
      sqlite3_update_hook(
        statements.connection,
        { context, operation, _, table, row in
          guard let context, let table else { return }
          let event: RowChanges.Fate =
            switch operation {
            case SQLITE_INSERT: .inserted
            case SQLITE_DELETE: .deleted
            default: .updated
            }
          Unmanaged<RowChanges>.fromOpaque(context).takeUnretainedValue()
            .note(event, String(cString: table), row)
        }, Unmanaged.passUnretained(changes).toOpaque())
    }
    rowChanges = changes
  }

  /// What was counted; nothing is counted any more.
  package func stopCountingRows() throws(StoreError) -> [RowChangeCount] {
    try onConnection { () throws(StoreError) in
      _ = sqlite3_update_hook(statements.connection, nil, nil)
    }
    defer { rowChanges = nil }
    return rowChanges?.counts ?? []
  }
}

package import Causality
internal import Changes
package import Store

/// What an import did to a replica.
package struct RosterImportOutcome: Hashable, Sendable {
  /// Counts and problems, those of the file included.
  package var report = ImportReport()
  /// The change sets written; none when the file says what is there already.
  package var dots: [Dot] = []
}

extension RosterStore {
  /// Takes the records of a file. Bad lines are in the report and the rest goes in, batch by batch: what is in
  /// when an error is thrown stays, and importing the file again adds the rest.
  ///
  /// `isDryRun` only compares, also on a replica that is open for reading. `progress` is told after each batch
  /// how many records were taken. Throws what `Replica.write` throws.
  package func importRecords(
    of reader: inout RosterReader, reinsertsDeleted: Bool = false, isDryRun: Bool = false,
    progress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> RosterImportOutcome {
    var importing = RosterImport(table: reader.table, reinsertsDeleted: reinsertsDeleted)
    var outcome = RosterImportOutcome()
    let table = reader.table.declaration
    var count = 0
    while true {
      let records = reader.nextBatch(Limits.rowsPerBatch)
      if records.isEmpty { break }
      if isDryRun {
        _ = try importing.operations(for: records) { scope, key throws(StoreError) in
          try Self.existing(replica.find(table.id, scope: scope, key: key), table)
        }
      } else {
        let receipt = try replica.write(
          author: author, reason: "roster import", wallMilliseconds: wallMilliseconds()
        ) { transaction throws(StoreError) in
          let operations = try importing.operations(for: records) {
            scope, key throws(StoreError) in
            try Self.existing(transaction.find(table.id, scope: scope, key: key), table)
          }
          try Self.write(operations, table, transaction)
        }
        outcome.dots += receipt.dots
      }
      count += records.count
      progress(count)
    }
    outcome.report = importing.report
    outcome.report.problems.append(reader.problems)
    return outcome
  }

  private static func existing(_ found: FoundRow, _ table: TableDeclaration) -> ExistingRow {
    switch found {
    case .absent: return .absent
    case .deleted: return .deleted
    case .live(let values, let proposals):
      var shown: [ColumnID: Value] = [:]
      for (column, value) in zip(table.columns, values) { shown[column.id] = value }
      return .live(shown: shown, proposed: proposals)
    }
  }

  /// Inserts as one block per division, updates as one block per division and set of columns.
  private static func write(
    _ operations: [RosterOperation], _ table: TableDeclaration, _ transaction: WriteTransaction
  ) throws(StoreError) {
    var blocks: [Block] = []
    var indexes: [Block.Kind: Int] = [:]
    for operation in operations {
      let columns =
        operation.kind == .insert ? table.columns.map(\.id) : operation.values.map(\.column)
      let kind = Block.Kind(
        scope: operation.scope, isInsert: operation.kind == .insert, columns: columns)
      let index = indexes[kind] ?? blocks.count
      if index == blocks.count {
        indexes[kind] = index
        blocks.append(Block(kind, keyWidth: table.key.count))
      }
      blocks[index].append(operation)
    }
    for block in blocks {
      if block.kind.isInsert {
        try transaction.insertRows(table.id, scope: block.kind.scope, block.cells)
      } else {
        try transaction.updateRows(
          table.id, scope: block.kind.scope, columns: block.kind.columns, block.cells)
      }
    }
  }
}

/// Operations of one kind in one division, as rows of cells.
private struct Block {
  struct Kind: Hashable {
    let scope: Scope
    let isInsert: Bool
    /// Ascending.
    let columns: [ColumnID]
  }

  let kind: Kind
  var cells: CellTable

  init(_ kind: Kind, keyWidth: Int) {
    self.kind = kind
    cells = CellTable(width: keyWidth + kind.columns.count)
  }

  mutating func append(_ operation: RosterOperation) {
    for value in operation.key { cells.append(value) }
    var next = operation.values[...]
    for column in kind.columns {
      if let value = next.first, value.column == column {
        cells.append(value.value)
        next.removeFirst()
      } else {
        cells.appendNull()
      }
    }
  }
}

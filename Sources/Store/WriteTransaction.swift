package import Causality
package import Changes
internal import Merge

/// What a local transaction gave.
package struct WriteReceipt<Result> {
  package let result: Result
  /// The change sets written, ascending by stream; empty when nothing changed.
  package let dots: [Dot]
}

/// The dots that a person saw of a row when a form was opened (engine.md §4, stale forms).
package struct FormSnapshot: Hashable, Sendable {
  package let table: TableID
  package let scope: Scope
  package let key: RowKey
  /// Per register that had dots: group and dots, ascending.
  package let seen: [Seen]

  /// The dots of one register.
  package struct Seen: Hashable, Sendable {
    package let group: GroupID
    package let dots: [StreamDot]
    package init(group: GroupID, dots: [StreamDot]) { (self.group, self.dots) = (group, dots) }
  }

  package init(table: TableID, scope: Scope, key: RowKey, seen: [Seen]) {
    (self.table, self.scope, self.key, self.seen) = (table, scope, key, seen)
  }

  func dots(_ group: GroupID) -> [StreamDot] { seen.first { $0.group == group }?.dots ?? [] }
}

/// A live row as it is shown.
package struct RowSnapshot: Hashable, Sendable {
  /// The value columns in order of id.
  package let values: [Value]
  /// For a later save that must not overwrite unseen changes.
  package let form: FormSnapshot
}

/// A value for a column.
package struct ColumnValue: Hashable, Sendable {
  package let column: ColumnID
  package let value: Value
  package init(_ column: ColumnID, _ value: Value) { (self.column, self.value) = (column, value) }
}

/// The writes of one local transaction: all of them happen, or none. Not to be kept after the call.
package final class WriteTransaction {
  let replica: Replica
  private let author: String
  private let reason: String
  private let timestamp: HybridTimestamp
  private(set) var drafts: [StreamDraft] = []

  init(_ replica: Replica, author: String, reason: String, timestamp: HybridTimestamp) {
    self.replica = replica
    self.author = author
    self.reason = reason
    self.timestamp = timestamp
  }

  /// The change set of this transaction in a stream; begun at the first write there.
  func draft(_ stream: StreamID) throws(StoreError) -> StreamDraft {
    if let draft = drafts.first(where: { $0.write.stream.stream == stream }) { return draft }
    let state = try replica.state(of: stream)
    let own = replica.identity.replica
    let info = DotInfo(
      log: replica.nextLog, stream: stream,
      dot: StreamDot(replica: own, number: state.known[own] + 1), timestamp: timestamp,
      schemaVersion: replica.schema.version, flags: [])
    replica.nextLog += 1
    replica.dots.insert(info)
    let write = ChangeWrite(
      info: info, context: WriteContext(dot: info.fullDot, known: state.known),
      origin: replica.writer.loader.origin(of: info), stream: state, isLocal: true)
    let draft = StreamDraft(write)
    drafts.append(draft)
    return draft
  }

  /// Inserts one row; columns that are not given are NULL, counters 0. Throws `duplicateKey` when it is there.
  package func insert(
    _ table: TableID, scope: Scope, key: [Value], _ values: [ColumnValue]
  ) throws(StoreError) {
    let layout = try writableLayout(table, scope)
    try check(layout, key: key)
    var cells = CellTable(width: key.count + layout.table.columns.count)
    var row = layout.emptyRow
    for value in values { row[try index(value.column, layout)] = value.value }
    for value in key + row { cells.append(value) }
    try insertRows(table, scope: scope, cells)
  }

  /// Inserts rows: per row the key columns, then all value columns in order of id. One call, one block:
  /// the fast way for imports. Throws `duplicateKey` for the first row that is there.
  package func insertRows(
    _ table: TableID, scope: Scope, _ rows: CellTable
  ) throws(StoreError) {
    let layout = try writableLayout(table, scope)
    var block = RowBlock(
      table: table, kind: .insert,
      columns: layout.table.columns.map { CarriedColumn(column: $0.id, group: $0.group) },
      keyWidth: layout.table.key.count, hasBefore: false)
    guard rows.width == block.cells.width else {
      throw .invalidValue(
        table: layout.table.name, column: "*",
        problem: "\(rows.width) values per row, \(block.cells.width) expected")
    }
    block.cells = rows
    try check(block, layout)
    let draft = try draft(StreamID(scope: scope, channel: layout.table.channel))
    guard let plan = replica.writer.plan(block, layout, draft.write) else {
      throw .unknownName("columns of \(layout.table.name)")
    }
    block = block.sortedByKey
    let slow = try replica.writer.insert(block, plan, draft.write)
    if slow.isEmpty {
      draft.append(block)
      return
    }
    draft.append(block.selecting((0..<block.rowCount).filter { !slow.contains($0) }))
    for row in slow {
      guard let key = block.key(row) else { continue }
      let values = layout.table.columns.indices.map { block.cells.value(row, block.keyWidth + $0) }
      try general(
        .insert, layout, draft, key, columns: Array(values.indices), values: values, form: nil)
    }
  }

  /// Sets columns of one row. Throws `noSuchRow`, `immutableGroup`. `form`: what the person saw; without
  /// it the write replaces all that stands here.
  package func update(
    _ table: TableID, scope: Scope, key: [Value], _ values: [ColumnValue],
    form: FormSnapshot? = nil
  ) throws(StoreError) {
    let layout = try writableLayout(table, scope)
    try check(layout, key: key)
    guard !values.isEmpty else { return }
    var sorted = values
    sorted.sort { $0.column < $1.column }
    if form == nil {
      var cells = CellTable(width: key.count + sorted.count)
      for value in key { cells.append(value) }
      for value in sorted { cells.append(value.value) }
      try updateRows(table, scope: scope, columns: sorted.map(\.column), cells)
      return
    }
    guard let rowKey = RowKey(key) else { return }
    var columns: [Int] = []
    for value in sorted { columns.append(try index(value.column, layout)) }
    let draft = try draft(StreamID(scope: scope, channel: layout.table.channel))
    try general(
      .update, layout, draft, rowKey, columns: columns, values: sorted.map(\.value), form: form)
  }

  /// Sets the same columns of many rows: per row the key columns, then the new values in order of `columns`,
  /// which ascend. Throws as `update`.
  package func updateRows(
    _ table: TableID, scope: Scope, columns: [ColumnID], _ rows: CellTable
  ) throws(StoreError) {
    let layout = try writableLayout(table, scope)
    var indexes: [Int] = []
    for column in columns { indexes.append(try index(column, layout)) }
    var block = RowBlock(
      table: table, kind: .update,
      columns: indexes.map {
        CarriedColumn(column: layout.table.columns[$0].id, group: layout.table.columns[$0].group)
      }, keyWidth: layout.table.key.count, hasBefore: false)
    guard rows.width == block.cells.width, zip(columns, columns.dropFirst()).allSatisfy(<) else {
      throw .invalidValue(
        table: layout.table.name, column: "*", problem: "columns must ascend, one value each")
    }
    block.cells = rows
    try check(block, layout)
    let draft = try draft(StreamID(scope: scope, channel: layout.table.channel))
    block = block.sortedByKey
    var slow = Array(0..<block.rowCount)
    if let plan = replica.writer.plan(block, layout, draft.write) {
      let registers = layout.hashOrder.filter { plan.registers & 1 << UInt64($0) != 0 }
      let before = BeforeImages(columns: plan.columns, registers: registers)
      slow = try replica.writer.update(block, plan, draft.write, before)
      draft.append(
        block.withBefore(before), existenceWasUpdated: before.existenceWasUpdated)
    }
    for row in slow {
      guard let key = block.key(row) else { continue }
      let values = indexes.indices.map { block.cells.value(row, block.keyWidth + $0) }
      try general(.update, layout, draft, key, columns: indexes, values: values, form: nil)
    }
  }

  /// Deletes one row. Throws `noSuchRow`.
  package func delete(
    _ table: TableID, scope: Scope, key: [Value], form: FormSnapshot? = nil
  ) throws(StoreError) {
    let layout = try writableLayout(table, scope)
    try check(layout, key: key)
    guard let rowKey = RowKey(key) else { return }
    let draft = try draft(StreamID(scope: scope, channel: layout.table.channel))
    try general(.delete, layout, draft, rowKey, columns: [], values: [], form: form)
  }

  /// A live row as this transaction sees it; nil when there is none.
  package func read(
    _ table: TableID, scope: Scope, key: [Value]
  ) throws(StoreError) -> RowSnapshot? {
    try replica.snapshot(table, scope: scope, key: key)
  }

  /// Adds a control operation to the change set of a stream.
  func control(_ operation: ControlOperation, in stream: StreamID) throws(StoreError) {
    try draft(stream).controls.append(operation)
  }

  /// Header texts of the change sets.
  func header(
    _ draft: StreamDraft, parts: [TransactionPart]
  ) -> ChangeSetHeader {
    let state = draft.write.stream
    let own = replica.identity.replica
    var advance = VersionVector()
    let last = state.heads[own]?.context ?? VersionVector()
    for entry in state.known.entries
    where entry.replica != own && entry.number > last[entry.replica] {
      advance[entry.replica] = entry.number
    }
    return ChangeSetHeader(
      stream: state.stream, replica: own, number: draft.write.info.dot.number,
      contextAdvance: advance, timestamp: timestamp, schemaVersion: replica.schema.version,
      parts: parts, author: author, reason: reason)
  }
}

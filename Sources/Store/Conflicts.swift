internal import Causality
internal import Changes
internal import Crypto
package import Merge
internal import Wire

/// An open conflict, as every holder of the row derives it alike (I5).
package struct OpenConflict: Hashable, Sendable {
  /// 32 hexadecimal digits: the first half of SHA-256 over the record's identity bytes.
  package let id: String
  package let record: ConflictRecord
}

extension Replica {
  /// All open conflicts here, by table, scope, key and group. Cost: follows the rows in conflict.
  package func conflicts() throws(StoreError) -> [OpenConflict] {
    try reading { () throws(StoreError) in
      var list: [OpenConflict] = []
      for place in try placesOfStoredRegisters() {
        list += try conflicts(of: place.table, place.scope, place.key)
      }
      return list
    }
  }

  /// One open conflict by its id or an unambiguous beginning of at least 6 digits.
  package func conflict(_ id: String) throws(StoreError) -> OpenConflict {
    let found = try conflicts().filter { id.count >= 6 && $0.id.hasPrefix(id) }
    guard found.count == 1, let conflict = found.first else { throw .noSuchConflict(id) }
    return conflict
  }

  private func conflicts(
    of table: TableID, _ scope: Scope, _ key: RowKey
  ) throws(StoreError) -> [OpenConflict] {
    let layout = layouts[table]
    let state = try writer.loader.load(table, layout, scope: scope, key: key)
    var list: [OpenConflict] = []
    for (group, conflict) in state.registers.conflicts(RowPolicies(layout?.table)) {
      var attributions: [Dot: Attribution] = [:]
      for dot in conflict.siblings.flatMap(\.dots) {
        attributions[dot.dot] = try attribution(of: dot.dot)
      }
      let record = ConflictRecord(
        table: table, scope: scope, key: key, group: group, conflict: conflict,
        base: try base(of: conflict, table, key, group),
        attribution: { attributions[$0.dot] })
      list.append(OpenConflict(id: Self.conflictID(record), record: record))
    }
    return list
  }

  private static func conflictID(_ record: ConflictRecord) -> String {
    Hexadecimal.encode(Array(SHA256.hash(data: record.identityBytes).prefix(16)))
  }

  private func attribution(of dot: Dot) throws(StoreError) -> Attribution? {
    guard
      let log = try dots.log(
        of: StreamDot(replica: dot.replica, number: dot.number), in: dot.stream, statements),
      let header = try loggedHeader(log)
    else { return nil }
    return Attribution(author: header.author, reason: header.reason)
  }

  private func loggedHeader(_ log: Int64) throws(StoreError) -> ChangeSetHeader? {
    let select = try statements("SELECT header FROM tributary_log WHERE id = ?")
    defer { select.reset() }
    select.bind(1, log)
    // A header that does not decode has no author to show; `check` tells of it.
    return try select.step() ? try? ChangeSetCodec.decodeHeader(select.blob(0)) : nil
  }

  /// What the earliest of the concurrent writes replaced, from its before-image.
  private func base(
    of conflict: Conflict, _ table: TableID, _ key: RowKey, _ group: GroupID
  ) throws(StoreError) -> RegisterValue? {
    let dot = conflict.earliest
    guard group != .existence,
      let log = try dots.log(
        of: StreamDot(replica: dot.replica, number: dot.number), in: dot.stream, statements),
      let body = try loggedBody(log)
    else { return nil }
    for block in body.blocks where block.table == table && block.hasBefore {
      for row in 0..<block.rowCount where block.key(row) == key {
        let columns = block.columns.indices.filter { block.columns[$0].group == group }
        guard !columns.isEmpty else { return nil }
        return .columns(
          columns.map { block.cells.value(row, block.keyWidth + block.columns.count + $0) })
      }
    }
    return nil
  }

  /// Decides a conflict: the sibling that stands, by its place in the record, closes it everywhere. The write
  /// names the dots that it decides between, so that a change that came meanwhile stays visible.
  package func resolve(
    _ id: String, choosing sibling: Int, author: String, reason: String, wallMilliseconds: UInt64
  ) throws(StoreError) -> WriteReceipt<Void> {
    let record = try conflict(id).record
    guard record.siblings.indices.contains(sibling) else {
      throw .noSuchConflict("\(id), sibling \(sibling + 1) of \(record.siblings.count)")
    }
    return try resolve(
      record, record.siblings[sibling].value, author: author, reason: reason,
      wallMilliseconds: wallMilliseconds)
  }

  /// Decides a conflict with values of the person's own, by column of the group in order of id.
  package func resolve(
    _ record: ConflictRecord, _ value: RegisterValue, author: String, reason: String,
    wallMilliseconds: UInt64
  ) throws(StoreError) -> WriteReceipt<Void> {
    guard let layout = layouts[record.table], let key = record.key.values else {
      throw .unknownName("table \(record.table.number)")
    }
    let dots = record.siblings.flatMap { $0.writers.map(\.dot) }
      .map { StreamDot(replica: $0.replica, number: $0.number) }.sorted()
    return try write(author: author, reason: reason, wallMilliseconds: wallMilliseconds) {
      transaction throws(StoreError) in
      guard let row = try transaction.read(record.table, scope: record.scope, key: key) else {
        throw .noSuchRow(table: layout.table.name, key: record.key)
      }
      var seen = row.form.seen.filter { $0.group != record.group }
      seen.append(FormSnapshot.Seen(group: record.group, dots: dots))
      let form = FormSnapshot(
        table: record.table, scope: record.scope, key: record.key, seen: seen)
      switch value {
      case .dead:
        try transaction.delete(record.table, scope: record.scope, key: key, form: form)
      case .alive:
        try transaction.touch(record.table, scope: record.scope, key: key, form: form)
      case .columns(let values):
        guard let register = layout.register(of: record.group),
          layout.columnsOfRegister[register].count == values.count
        else { throw .unknownName("group \(record.group.number) of \(layout.table.name)") }
        let columns = layout.columnsOfRegister[register].map { layout.table.columns[$0].id }
        try transaction.update(
          record.table, scope: record.scope, key: key,
          zip(columns, values).map { ColumnValue($0, $1) }, form: form)
      }
    }
  }
}

extension WriteTransaction {
  /// Says that a row shall live, without changing a value. Throws `noSuchRow`.
  func touch(
    _ table: TableID, scope: Scope, key: [Value], form: FormSnapshot?
  ) throws(StoreError) {
    let layout = try writableLayout(table, scope)
    guard let rowKey = RowKey(key) else { return }
    let draft = try draft(StreamID(scope: scope, channel: layout.table.channel))
    try general(.update, layout, draft, rowKey, columns: [], values: [], form: form)
  }
}

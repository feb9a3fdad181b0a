internal import Causality
internal import Changes
internal import Merge

/// A row as the base table has it.
struct BaseRow {
  let scope: String
  let key: [Value]
  let values: [Value]
}

/// A row that another program changed: where it was before the first of its changes.
struct CapturedRow {
  /// Its identity before; nil when it is new.
  var before: (scope: String, key: [Value], values: [Value], localID: Int64)?
  /// Its local number now; nil when it is gone or not read yet.
  var localID: Int64?
}

/// How much of what other programs wrote one change set takes: what any receiver takes, whatever its bytes deflate to.
private struct CaptureBudget {
  private static let values = Limits.ratioFreeCells
  private static let bytes = Limits.changeSetBytes / 4
  private var valuesLeft = values
  private var bytesLeft = bytes

  /// Whether a row still goes in. A first row always does.
  mutating func takes(_ size: (values: Int, bytes: Int)) -> Bool {
    let isFirst = valuesLeft == Self.values
    guard isFirst || size.values <= valuesLeft && size.bytes <= bytesLeft else { return false }
    valuesLeft -= size.values
    bytesLeft -= size.bytes
    return true
  }
}

extension Value {
  /// What the value takes in a change set, at most.
  fileprivate var storedBytes: Int {
    switch self {
    case .null, .integer, .real: 10
    case .text(let bytes), .blob(let bytes): 10 + bytes.count
    }
  }
}

extension Replica {
  /// Stamps what other programs wrote since the last transaction: one change set per stream, several where it is more
  /// than a change set may hold, author `unattributed`. Returns the number of rows; 0 and no cost worth naming when
  /// there is nothing.
  @discardableResult
  package func stampCaptured(wallMilliseconds: UInt64) throws(StoreError) -> Int {
    try checkWriting()
    guard try hasCaptured() else { return 0 }
    return try transaction(stamping: nil) { () throws(StoreError) in
      try stampCapturedRows(wallMilliseconds)
    }
  }

  /// Whether other programs wrote rows that are not stamped yet.
  package func hasCaptured() throws(StoreError) -> Bool {
    try onConnection { () throws(StoreError) in
      for layout in orderedLayouts {
        let select = try statements(Capture.hasRecords(layout))
        defer { select.reset() }
        if try select.step() { return true }
      }
      return false
    }
  }

  /// Within the current transaction.
  func stampCapturedRows(
    _ wallMilliseconds: UInt64, author: String = "unattributed", reason: String = ""
  ) throws(StoreError) -> Int {
    guard stopReason == nil else { return 0 }
    var found: [(TableLayout, [CapturedRow])] = []
    var recorded: UInt64 = 0
    for layout in orderedLayouts {
      let (rows, last) = try capturedRows(layout)
      recorded = max(recorded, last)
      if !rows.isEmpty { found.append((layout, rows)) }
    }
    guard !found.isEmpty else { return 0 }
    knownChildren = nil
    let at = min(recorded &* 1_000, wallMilliseconds)
    var write = begin(author: author, reason: reason, wallMilliseconds: at)
    var budget = CaptureBudget()
    var count = 0
    for (layout, rows) in found {
      // The base rows are put back to what the clocks say first; then the same path as for the API writes
      // them. All are taken before any is put back: keys may have changed places. Deletions come first: a row
      // may have moved to where another was deleted.
      var now: [BaseRow?] = []
      for row in rows {
        if let localID = row.localID {
          now.append(try takeBaseRow(localID, layout))
        } else {
          now.append(nil)
        }
      }
      for row in rows { if let before = row.before { try putBack(before, layout) } }
      for isDeletion in [true, false] {
        for (row, now) in zip(rows, now) where (now == nil) == isDeletion {
          let size = size(row, now, layout)
          if !budget.takes(size) {
            _ = try finish(write)
            write = begin(author: author, reason: reason, wallMilliseconds: at)
            budget = CaptureBudget()
            _ = budget.takes(size)
          }
          count += try stamp(row, now, layout, write, wallMilliseconds) ? 1 : 0
        }
      }
      try statements(Capture.clear(layout)).run()
    }
    _ = try finish(write)
    return count
  }

  /// Folds the records of one table: per row the state before its first change.
  private func capturedRows(
    _ layout: TableLayout
  ) throws(StoreError) -> (rows: [CapturedRow], lastSecond: UInt64) {
    let select = try statements(Capture.select(layout))
    defer { select.reset() }
    var rows: [CapturedRow] = []
    // Open rows by their present local number.
    var current: [Int64: Int] = [:]
    // The row that a REPLACE removes, until the record of the row that it inserts; one that an INSERT OR IGNORE
    // ran into is still there.
    var replaced: (row: Int, localID: Int64)?
    var last: UInt64 = 0
    let keyWidth = layout.table.key.count
    while try select.step() {
      last = max(last, select.unsigned(1))
      let before: Int64? = select.kind(2) == .null ? nil : select.integer(2)
      let after: Int64? = select.kind(3) == .null ? nil : select.integer(3)
      var index = before.flatMap { current[$0] }
      if before == nil, let old = replaced {
        if after == old.localID {
          index = old.row
        } else if try !isThere(old.localID, layout) {
          index = old.row
        }
      }
      replaced = nil
      if index == nil {
        index = rows.count
        rows.append(CapturedRow(before: nil, localID: nil))
        if let before {
          rows[rows.count - 1].before = (
            select.text(4), (0..<keyWidth).map { select.value(Int32(5 + $0)) },
            layout.table.columns.indices.map { select.value(Int32(5 + keyWidth + $0)) }, before
          )
        }
      }
      guard let index else { continue }
      let isReplace = select.integer(0) == Capture.Kind.replace.rawValue
      if isReplace, let before { replaced = (index, before) }
      if let before { current[before] = isReplace ? index : nil }
      if let after { current[after] = index }
      rows[index].localID = after ?? (isReplace ? before : nil)
    }
    return (rows, last)
  }

  /// What a row takes in a change set, before-images with it, at most.
  private func size(
    _ row: CapturedRow, _ now: BaseRow?, _ layout: TableLayout
  ) -> (values: Int, bytes: Int) {
    let values = [row.before?.key, row.before?.values, now?.key, now?.values].compactMap { $0 }
    return (
      2 * (layout.table.key.count + layout.table.columns.count),
      values.joined().reduce(0) { $0 + $1.storedBytes }
    )
  }

  private func isThere(_ localID: Int64, _ layout: TableLayout) throws(StoreError) -> Bool {
    let select = try statements(layout.selectByID)
    defer { select.reset() }
    select.bind(1, localID)
    return try select.step()
  }

  /// Turns one captured row into operations; returns whether anything changed.
  private func stamp(
    _ row: CapturedRow, _ now: BaseRow?, _ layout: TableLayout, _ write: WriteTransaction,
    _ wall: UInt64
  ) throws(StoreError) -> Bool {
    do throws(StoreError) {
      let bytes = size(row, now, layout).bytes
      guard bytes <= Limits.changeSetBytes / 2 else {
        throw .invalidValue(
          table: layout.table.name, column: "*",
          problem: "a row of \(bytes) bytes with what it was; at most \(Limits.changeSetBytes / 2)")
      }
      return try writeCaptured(row, now, layout, write)
    } catch {
      switch error {
      case .scopeNotWritable, .invalidValue, .immutableGroup, .unknownName, .duplicateKey:
        // Put back, and kept where a person sees it (engine.md §11).
        let key = (now?.key ?? row.before?.key ?? []).map(\.description).joined(separator: "/")
        try quarantine(
          "captured",
          subject: "\(layout.table.name) \(now?.scope ?? row.before?.scope ?? "") \(key)",
          detail: "\(error); wrote: \((now?.values ?? []).map(\.description))", counts: false,
          wall: wall)
        return false
      default: throw error
      }
    }
  }

  private func writeCaptured(
    _ row: CapturedRow, _ now: BaseRow?, _ layout: TableLayout, _ write: WriteTransaction
  ) throws(StoreError) -> Bool {
    let id = layout.table.id
    func scope(_ text: String) throws(StoreError) -> Scope {
      guard let scope = Scope(text) else {
        throw .invalidValue(
          table: layout.table.name, column: layout.table.scopeColumn, problem: "'\(text)'")
      }
      return scope
    }
    guard let now else {
      guard let before = row.before else { return false }
      try write.delete(id, scope: scope(before.scope), key: before.key)
      return true
    }
    let target = try scope(now.scope)
    if let before = row.before, before.scope == now.scope, before.key == now.key {
      let changed = layout.table.columns.indices.filter { before.values[$0] != now.values[$0] }
      guard !changed.isEmpty else { return false }
      try write.update(
        id, scope: target, key: now.key,
        changed.map { column in
          // What a REPLACE leaves out of a counter is nothing counted.
          let isEmpty = now.values[column] == .null && layout.isCounter(column)
          return ColumnValue(
            layout.table.columns[column].id, isEmpty ? .integer(0) : now.values[column])
        })
      return true
    }
    if let before = row.before, before.scope != now.scope {
      throw .scopeNotWritable(table: layout.table.name, scope: target)
    }
    let values = layout.table.columns.indices.map {
      ColumnValue(layout.table.columns[$0].id, now.values[$0])
    }
    if try write.read(id, scope: target, key: now.key) != nil {
      try write.update(id, scope: target, key: now.key, values)
    } else {
      // What the program left out is left out: a counter begins at 0, not at NULL.
      try write.insert(id, scope: target, key: now.key, values.filter { $0.value != .null })
    }
    // Another key is another row.
    if let before = row.before {
      try write.delete(id, scope: scope(before.scope), key: before.key)
    }
    return true
  }

  /// Reads a base row as the foreign program left it, and removes it from the base table.
  private func takeBaseRow(
    _ localID: Int64, _ layout: TableLayout
  ) throws(StoreError) -> BaseRow? {
    let select = try statements(layout.selectByID)
    select.bind(1, localID)
    guard try select.step() else {
      select.reset()
      return nil
    }
    let count = layout.table.columns.count
    let values = (0..<count).map { select.value(Int32(4 + $0)) }
    let scope = select.text(Int32(4 + count))
    let key = layout.table.key.indices.map { select.value(Int32(5 + count + $0)) }
    select.reset()
    let delete = try statements(layout.deleteRow)
    delete.bind(1, localID)
    try delete.run()
    return BaseRow(scope: scope, key: key, values: values)
  }

  /// Puts a base row back as the engine knew it, under its old number.
  private func putBack(
    _ before: (scope: String, key: [Value], values: [Value], localID: Int64),
    _ layout: TableLayout
  ) throws(StoreError) {
    let clock = try statements("SELECT 1 FROM \(layout.clockName) WHERE local_id = ?")
    clock.bind(1, before.localID)
    let isKnown = try clock.step()
    clock.reset()
    guard isKnown else { return }
    let insert = try statements(layout.restoreRow)
    insert.bind(1, before.localID)
    insert.bind(2, text: before.scope)
    for (index, value) in (before.key + before.values).enumerated() {
      insert.bind(Int32(index + 3), value)
    }
    try insert.run()
  }
}

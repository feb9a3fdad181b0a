internal import Changes

extension RowBlock {
  /// The rows at ascending or permuted indexes, with their before-images and notes.
  func selecting(_ rows: [Int]) -> RowBlock {
    var block = RowBlock(
      table: table, kind: kind, columns: columns, keyWidth: keyWidth, hasBefore: hasBefore)
    if hasBefore || !notes.isEmpty {
      block.append(self, rows: rows)
    } else {
      block.cells = cells.selecting(rows)
    }
    return block
  }

  /// The rows in ascending order of key; this block when they are.
  var sortedByKey: RowBlock {
    if ascendsByKey { return self }
    return selecting(keyOrder())
  }

  /// Whether the rows ascend by key. Cost: linear.
  private var ascendsByKey: Bool {
    guard keyWidth == 1, rowCount > 0, cells.cell(0, 0).kind == .text else {
      let order = keyOrder()
      return zip(order, order.dropFirst()).allSatisfy { $0 < $1 }
    }
    let (list, width, count) = (cells.cells, cells.width, rowCount)
    return cells.bytes.withUnsafeBytes { arena in
      (1..<max(1, count)).allSatisfy { row in
        !Self.precedes(list[row * width], list[(row - 1) * width], arena)
      }
    }
  }

  /// Appends rows of a block of the same shape.
  mutating func append(_ other: RowBlock, rows: [Int]) {
    precondition(
      table == other.table && kind == other.kind && columns == other.columns
        && hasBefore == other.hasBefore, "blocks of one shape")
    let registers = groups.count + 1
    var lists: [UInt32: UInt32] = [:]
    cells.reserve(rows: rows.count, bytes: other.cells.bytes.count)
    for row in rows {
      let target = rowCount
      for column in 0..<cells.width {
        cells.append(other.cells.cell(row, column), of: other.cells)
      }
      if hasBefore {
        for register in 0..<registers {
          let old = other.beforeIndex[row * registers + register]
          if let new = lists[old] {
            beforeIndex.append(new)
            continue
          }
          let list = other.beforeDots[Int(old)]
          let new = beforeDots.firstIndex(of: list) ?? beforeDots.count
          if new == beforeDots.count { beforeDots.append(list) }
          lists[old] = UInt32(new)
          beforeIndex.append(UInt32(new))
        }
      }
      for note in other.notes where note.row == row {
        notes.append(
          RegisterNote(row: target, group: note.group, over: note.over, origin: note.origin))
      }
    }
  }

  /// The row indexes in ascending order of key. Rows with a key that is null or real come last.
  func keyOrder() -> [Int] {
    if keyWidth == 1, cells.rowCount > 0, cells.cell(0, 0).kind == .text { return textKeyOrder() }
    let keys = (0..<rowCount).map { key($0)?.bytes ?? [] }
    return keys.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
  }

  /// A row and 8 bytes of its key.
  private struct Entry {
    let prefix: UInt64
    let row: Int
  }

  /// One text column: most orders are decided by the first 8 bytes after what all texts begin with.
  private func textKeyOrder() -> [Int] {
    let (list, width) = (cells.cells, cells.width)
    let entries = cells.bytes.withUnsafeBytes { arena in
      var skipped = Int(list[0].length)
      for row in 0..<rowCount where list[row * width].kind == .text {
        skipped = min(skipped, Self.commonPrefix(list[0], list[row * width], arena))
      }
      var entries = (0..<rowCount).map { row in
        Entry(prefix: Self.prefix(list[row * width], after: skipped, arena), row: row)
      }
      Self.sortByPrefix(&entries)
      var start = 0
      while start < entries.count {
        let prefix = entries[start].prefix
        let end = entries[start...].firstIndex { $0.prefix != prefix } ?? entries.count
        if end - start > 1 {
          entries[start..<end].sort { left, right in
            Self.precedes(list[left.row * width], list[right.row * width], arena)
          }
        }
        start = end
      }
      return entries
    }
    return entries.map(\.row)
  }

  /// By counting, byte for byte from the last: linear, where comparing was a twentieth of a bulk update.
  private static func sortByPrefix(_ entries: inout [Entry]) {
    guard let first = entries.first?.prefix else { return }
    let differing = entries.reduce(0) { $0 | ($1.prefix ^ first) }
    var sorted = entries
    for shift in stride(from: 0, to: 64, by: 8) where differing >> UInt64(shift) & 0xFF != 0 {
      var starts = [Int](repeating: 0, count: 257)
      for entry in entries { starts[Int(entry.prefix >> UInt64(shift) & 0xFF) + 1] += 1 }
      for byte in 1...256 { starts[byte] += starts[byte - 1] }
      for entry in entries {
        let byte = Int(entry.prefix >> UInt64(shift) & 0xFF)
        sorted[starts[byte]] = entry
        starts[byte] += 1
      }
      swap(&entries, &sorted)
    }
  }

  private static func commonPrefix(
    _ left: CellTable.Cell, _ right: CellTable.Cell, _ arena: UnsafeRawBufferPointer
  ) -> Int {
    let (first, second, bound) = (Int(left.word), Int(right.word), min(left.length, right.length))
    var common = 0
    while common < Int(bound), arena[first + common] == arena[second + common] { common += 1 }
    return common
  }

  /// 8 bytes of a text after the first `skipped`, which it has.
  private static func prefix(
    _ cell: CellTable.Cell, after skipped: Int, _ arena: UnsafeRawBufferPointer
  ) -> UInt64 {
    guard cell.kind == .text else { return .max }
    let (start, count) = (Int(cell.word) + skipped, Int(cell.length) - skipped)
    if count >= 8 {
      return UInt64(bigEndian: arena.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    var prefix: UInt64 = 0
    for index in 0..<8 {
      prefix = prefix << 8 | (index < count ? UInt64(arena[start + index]) : 0)
    }
    return prefix
  }

  private static func precedes(
    _ left: CellTable.Cell, _ right: CellTable.Cell, _ arena: UnsafeRawBufferPointer
  ) -> Bool {
    guard left.kind == .text, right.kind == .text else {
      return left.kind == right.kind ? left.word < right.word : left.kind == .text
    }
    let common = commonPrefix(left, right, arena)
    if common == Int(min(left.length, right.length)) { return left.length < right.length }
    return arena[Int(left.word) + common] < arena[Int(right.word) + common]
  }
}

/// Brings the operations of a draft into the canonical order of a change set.
enum ChangeSetAssembler {
  private struct Shape: Hashable, Comparable {
    let table: TableID
    let kind: OperationKind
    let columns: [CarriedColumn]
    let hasBefore: Bool

    static func < (left: Shape, right: Shape) -> Bool {
      if left.table != right.table { return left.table < right.table }
      if left.kind != right.kind { return left.kind < right.kind }
      if left.columns != right.columns {
        return left.columns.lexicographicallyPrecedes(right.columns)
      }
      return !left.hasBefore && right.hasBefore
    }
  }

  /// One block per shape, ascending; rows ascending by key.
  static func blocks(_ pieces: [RowBlock]) -> [RowBlock] {
    let filled = pieces.count { $0.rowCount > 0 }
    if filled == 1, let piece = pieces.first(where: { $0.rowCount > 0 }) {
      return [canonical(piece.sortedByKey)]
    }
    var order: [Shape] = []
    var members: [Shape: [RowBlock]] = [:]
    for piece in pieces where piece.rowCount > 0 {
      let shape = Shape(
        table: piece.table, kind: piece.kind, columns: piece.columns, hasBefore: piece.hasBefore)
      if members[shape] == nil { order.append(shape) }
      members[shape, default: []].append(piece)
    }
    return order.sorted().map { shape in
      let list = members[shape] ?? []
      guard var whole = list.first else { preconditionFailure("a shape has members") }
      for piece in list.dropFirst() { whole.append(piece, rows: Array(0..<piece.rowCount)) }
      return canonical(whole.sortedByKey)
    }
  }

  /// The lists of before-dots in order of first use, each used; before-images as the encoding wants them.
  private static func canonical(_ block: RowBlock) -> RowBlock {
    var block = block
    var lists: [[StreamDot]] = []
    var places = [UInt32](repeating: .max, count: block.beforeDots.count)
    for position in block.beforeIndex.indices {
      let old = Int(block.beforeIndex[position])
      if places[old] == .max {
        places[old] = UInt32(lists.count)
        lists.append(block.beforeDots[old])
      }
      block.beforeIndex[position] = places[old]
    }
    block.beforeDots = lists
    block.notes.sort { ($0.row, $0.group) < ($1.row, $1.group) }
    return block
  }
}

import Causality
import Changes

/// Reads one block; throws at any other form than the one that `BlockEncoder` writes.
///
/// Source: Protocol/3-ChangeSets §4.
enum BlockDecoder {
  static func read(
    _ reader: inout ByteReader, _ header: ChangeSetHeader, _ budget: inout BodyBudget
  ) throws(WireError) -> RowBlock {
    let table = try reader.varint(.table, limit: UInt64(UInt32.max))
    let flags = try BlockFlags(byte: try reader.byte())
    // Keys differ, so that each row takes a byte at least.
    let rowCount = try reader.count(.rows, limit: Limits.operationsPerChangeSet, bytesEach: 1)
    guard rowCount > 0 else { throw .malformed(.rows) }
    let columns = try readColumns(&reader, ownGroups: flags.ownGroups)
    // An update without columns says that its row lives, and no more.
    guard flags.kind != .delete || columns.isEmpty else { throw .malformed(.columns) }
    var block = RowBlock(
      table: TableID(UInt32(truncatingIfNeeded: table)), kind: flags.kind, columns: columns,
      keyWidth: flags.keyWidth, hasBefore: flags.hasBefore)
    try budget.take(rows: rowCount, width: block.cells.width)
    try readCells(&reader, rowCount, header, &budget, &block)
    if flags.hasBefore { try readBefore(&reader, rowCount, header, &block) }
    if flags.hasNotes {
      block.notes = try readNotes(&reader, rowCount, header, groups: block.groups)
    }
    return block
  }

  private static func readColumns(
    _ reader: inout ByteReader, ownGroups: Bool
  ) throws(WireError) -> [CarriedColumn] {
    let count = try reader.count(.columns, limit: Limits.columnsPerTable, bytesEach: 1)
    var columns: [CarriedColumn] = []
    var number: UInt64 = 0
    for _ in 0..<count {
      let step = try reader.varint(.column, limit: UInt64(UInt32.max))
      guard step > 0 else { throw .nonCanonical(.columns) }
      number += step
      guard let id = UInt32(exactly: number) else { throw .malformed(.column) }
      let group = ownGroups ? number : try reader.varint(.column, limit: UInt64(UInt32.max))
      columns.append(
        CarriedColumn(
          column: ColumnID(id), group: GroupID(UInt32(truncatingIfNeeded: group))))
    }
    guard columns.allSatisfy({ $0.group != .existence }) else { throw .malformed(.columns) }
    let isOwn = columns.allSatisfy { $0.column.number == $0.group.number }
    guard isOwn == ownGroups else { throw .nonCanonical(.columns) }
    return columns
  }

  private static func readCells(
    _ reader: inout ByteReader, _ rowCount: Int, _ header: ChangeSetHeader,
    _ budget: inout BodyBudget, _ block: inout RowBlock
  ) throws(WireError) {
    let width = block.cells.width
    let newEnd = block.keyWidth + block.columns.count
    let (keyWidth, columnCount, arenaLimit) = (block.keyWidth, block.columns.count, budget.arena)
    var cells = [CellTable.Cell](
      repeating: CellTable.Cell(kind: .null, length: 0, word: 0), count: rowCount * width)
    let arena = try cells.withUnsafeMutableBufferPointer { (cells) throws(WireError) -> [UInt8] in
      var decoder = ColumnDecoder(
        cells: cells, width: width, near: ColumnReference(header), arenaLimit: arenaLimit)
      for column in 0..<width {
        try decoder.read(
          column: column, newColumn: column < newEnd ? nil : column - columnCount,
          isFirstKey: column == 0, from: &reader)
      }
      decoder.finish()
      try checkKeys(UnsafeBufferPointer(cells), decoder.arena, width, keyWidth)
      return decoder.arena
    }
    budget.take(arena: arena.count)
    block.cells = CellTable(width: width, cells: cells, bytes: arena)
  }

  /// Throws unless keys are neither null nor real, within `Limits.keyBytes`, and ascend strictly.
  private static func checkKeys(
    _ cells: UnsafeBufferPointer<CellTable.Cell>, _ bytes: [UInt8], _ width: Int, _ keyWidth: Int
  ) throws(WireError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) in
      let arena = UnsafeRawBufferPointer(buffer)
      for row in 0..<cells.count / width {
        var keyBytes = 0
        for column in 0..<keyWidth {
          let cell = cells[row * width + column]
          guard cell.kind != .null, cell.kind != .real else { throw .malformed(.key) }
          keyBytes += cell.kind == .integer ? 8 : Int(cell.length)
        }
        guard keyBytes <= Limits.keyBytes else {
          throw .limitExceeded(.key, value: UInt64(keyBytes), limit: UInt64(Limits.keyBytes))
        }
        guard row > 0 else { continue }
        var order = 0
        for column in 0..<keyWidth where order == 0 {
          order = BlockOrder.compare(
            cells[(row - 1) * width + column], arena, cells[row * width + column], arena)
        }
        guard order < 0 else { throw .nonCanonical(.rows) }
      }
    }
  }

  private static func readBefore(
    _ reader: inout ByteReader, _ rowCount: Int, _ header: ChangeSetHeader,
    _ block: inout RowBlock
  ) throws(WireError) {
    let registers = block.groups.count + 1
    let mark = try reader.varint(
      .beforeDots, limit: UInt64(Limits.cellsPerChangeSet) << 2 | 3)
    let listCount = Int(mark >> 2)
    guard listCount > 0, listCount <= rowCount * registers else {
      throw .malformed(.beforeDots)
    }
    block.beforeDots = try readLists(
      &reader, listCount, isSingle: mark & 1 == 1, isOwn: mark & 2 == 2, header)
    block.beforeIndex = [UInt32](repeating: 0, count: rowCount * registers)
    guard listCount > 1 else { return }
    for register in 0..<registers {
      let column = try readNumbers(&reader, rowCount)
      for (row, index) in column.enumerated() {
        guard index >= 0, index < listCount else { throw .malformed(.beforeIndex) }
        block.beforeIndex[row * registers + register] = UInt32(index)
      }
    }
    var seen: UInt32 = 0
    for index in block.beforeIndex {
      guard index <= seen else { throw .nonCanonical(.beforeDots) }
      if index == seen { seen += 1 }
    }
    guard seen == listCount, Set(block.beforeDots).count == listCount else {
      throw .nonCanonical(.beforeDots)
    }
  }

  private static func readLists(
    _ reader: inout ByteReader, _ count: Int, isSingle: Bool, isOwn: Bool,
    _ header: ChangeSetHeader
  ) throws(WireError) -> [[StreamDot]] {
    var sizes = [Int64](repeating: 1, count: 0)
    var total = count
    if !isSingle {
      // Lists differ, so that all but one have a dot.
      guard count <= reader.remaining else { throw .truncated(offset: reader.offset) }
      sizes = try readNumbers(&reader, count)
      total = 0
      for size in sizes {
        guard size >= 0, size <= Limits.dotsPerRegister else { throw .malformed(.beforeDots) }
        total += Int(size)
      }
      guard sizes.contains(where: { $0 != 1 }) else { throw .nonCanonical(.beforeDots) }
    }
    // The dots of a list differ, and so do lists: two dots or more take a byte each in a plane.
    guard total <= reader.remaining else { throw .truncated(offset: reader.offset) }
    let dots = try readDots(&reader, total, isOwn: isOwn, header)
    var (lists, start) = ([[StreamDot]](), 0)
    lists.reserveCapacity(count)
    for index in 0..<count {
      let size = isSingle ? 1 : Int(sizes[index])
      let list = Array(dots[start..<start + size])
      start += size
      guard zip(list, list.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw .nonCanonical(.beforeDots)
      }
      lists.append(list)
    }
    return lists
  }

  private static func readDots(
    _ reader: inout ByteReader, _ count: Int, isOwn: Bool, _ header: ChangeSetHeader
  ) throws(WireError) -> [StreamDot] {
    let others =
      isOwn ? 0 : try reader.count(.replica, limit: Limits.vectorEntries, bytesEach: 2)
    guard isOwn || others > 0 else { throw .nonCanonical(.replica) }
    var replicas = [header.replica]
    for _ in 0..<others { replicas.append(try reader.replica(near: header.stream.scope)) }
    guard Set(replicas).count == replicas.count else { throw .nonCanonical(.replica) }
    var indexes = [Int64](repeating: 0, count: others > 0 ? 0 : count)
    if others > 0 {
      indexes = try readNumbers(&reader, count)
      var seen: Int64 = 1
      for index in indexes {
        guard index >= 0, index <= seen, index <= others else { throw .nonCanonical(.replica) }
        if index == seen { seen += 1 }
      }
      guard seen == others + 1 else { throw .nonCanonical(.replica) }
    }
    let numbers =
      count == 1 ? [Int64(bitPattern: try reader.varint())] : try readNumbers(&reader, count)
    var dots: [StreamDot] = []
    dots.reserveCapacity(count)
    for (index, number) in zip(indexes, numbers) {
      let number = UInt64(bitPattern: number)
      guard number > 0 else { throw .malformed(.number) }
      dots.append(StreamDot(replica: replicas[Int(index)], number: number))
    }
    return dots
  }

  private static func readNumbers(
    _ reader: inout ByteReader, _ count: Int
  ) throws(WireError) -> [Int64] {
    guard count > 0 else { return [] }
    let mode = try reader.byte()
    guard mode < IntegerColumn.modeCount else {
      throw .unknownCode(.columnCoding, code: UInt64(mode))
    }
    var numbers = [Int64](repeating: 0, count: count)
    try numbers.withUnsafeMutableBufferPointer { (values) throws(WireError) in
      try IntegerColumn.read(mode: mode, into: values, from: &reader)
    }
    return numbers
  }

  private static func readNotes(
    _ reader: inout ByteReader, _ rowCount: Int, _ header: ChangeSetHeader, groups: [GroupID]
  ) throws(WireError) -> [RegisterNote] {
    let count = try reader.count(
      .notes, limit: rowCount * (groups.count + 1), bytesEach: 4)
    guard count > 0 else { throw .nonCanonical(.notes) }
    var notes: [RegisterNote] = []
    var row = 0
    for _ in 0..<count {
      row += try reader.count(.rows, limit: rowCount)
      guard row < rowCount else { throw .malformed(.notes) }
      let group = GroupID(
        UInt32(truncatingIfNeeded: try reader.varint(.column, limit: UInt64(UInt32.max))))
      guard group == .existence || groups.contains(group) else { throw .malformed(.notes) }
      if let last = notes.last, (last.row, last.group) >= (row, group) {
        throw .nonCanonical(.notes)
      }
      let marks = try reader.byte()
      guard (1...3).contains(marks) else { throw .unknownCode(.notes, code: UInt64(marks)) }
      let over = marks & 1 == 0 ? nil : try readOver(&reader, header)
      let origin = marks & 2 == 0 ? nil : try readOrigin(&reader)
      notes.append(RegisterNote(row: row, group: group, over: over, origin: origin))
    }
    return notes
  }

  private static func readOver(
    _ reader: inout ByteReader, _ header: ChangeSetHeader
  ) throws(WireError) -> [StreamDot] {
    let count = try reader.count(.over, limit: Limits.dotsPerRegister, bytesEach: 3)
    var dots: [StreamDot] = []
    for _ in 0..<count {
      let dot = try reader.streamDot(near: header.stream.scope)
      if let last = dots.last, last >= dot { throw .nonCanonical(.over) }
      dots.append(dot)
    }
    return dots
  }

  private static func readOrigin(_ reader: inout ByteReader) throws(WireError) -> Origin {
    let dot = try reader.dot()
    let timestamp = try reader.timestamp()
    return Origin(
      dot: dot, timestamp: timestamp,
      author: try reader.text(.author, limit: Limits.authorBytes))
  }
}

package import Changes

extension ChangeSetCodec {
  /// The canonical body of the change set with `header`: replicas and codes are written relative to the
  /// header's replica and scope. The body keeps the order that `RowBlock.checkInvariants` asks for;
  /// lists of dots may come in any order and are numbered anew.
  ///
  /// Cost: linear; hot columns take no allocation per value.
  package static func encodeBody(_ body: ChangeSetBody, of header: ChangeSetHeader) -> [UInt8] {
    var writer = ByteWriter(capacity: 64 + body.rowCount * 64)
    writer.write(varint: UInt64(body.blocks.count) << 1 | (body.controls.isEmpty ? 0 : 1))
    for block in body.blocks { BlockEncoder(block, header).write(to: &writer) }
    if !body.controls.isEmpty { writer.write(count: body.controls.count) }
    for control in body.controls { ControlCodec.write(control, header, to: &writer) }
    return writer.bytes
  }

  /// The body in exactly these bytes, of the change set with `header`.
  package static func decodeBody(
    _ bytes: ArraySlice<UInt8>, of header: ChangeSetHeader
  ) throws(WireError) -> ChangeSetBody {
    guard bytes.count <= Limits.changeSetBytes else {
      throw .limitExceeded(
        .body, value: UInt64(bytes.count), limit: UInt64(Limits.changeSetBytes))
    }
    return try ByteReader.read(bytes) { (reader) throws(WireError) -> ChangeSetBody in
      var body = ChangeSetBody()
      var budget = BodyBudget(byteCount: bytes.count)
      let mark = try reader.varint(
        .block, limit: UInt64(Limits.operationsPerChangeSet) << 1 | 1)
      let blockCount = Int(mark >> 1)
      for _ in 0..<blockCount {
        let block = try BlockDecoder.read(&reader, header, &budget)
        if let last = body.blocks.last, !BlockOrder.ascend(last, block) {
          throw .nonCanonical(.block)
        }
        body.blocks.append(block)
      }
      try BlockOrder.checkDistinctRows(body.blocks)
      if mark & 1 == 1 {
        let count = try reader.count(
          .control, limit: Limits.operationsPerChangeSet, bytesEach: 2)
        guard count > 0 else { throw .nonCanonical(.control) }
        for _ in 0..<count { body.controls.append(try ControlCodec.read(&reader, header)) }
      }
      try reader.finish(.body)
      return body
    }
  }

  /// The body in exactly these bytes, of the change set with `header`.
  package static func decodeBody(
    _ bytes: [UInt8], of header: ChangeSetHeader
  ) throws(WireError) -> ChangeSetBody {
    try decodeBody(bytes[...], of: header)
  }
}

/// What the blocks of one body may still take: constant columns cost no bytes, but memory and time.
///
/// Source: Protocol/3-ChangeSets §1.
package struct BodyBudget {
  private(set) var rows = Limits.operationsPerChangeSet
  private(set) var cells: Int
  private(set) var arena = Limits.changeSetBytes

  /// The values of a change set whose canonical body has that many bytes, at most.
  package static func cells(ofBytes byteCount: Int) -> Int {
    min(Limits.cellsPerChangeSet, Limits.ratioFreeCells + byteCount * Limits.cellsPerByte)
  }

  init(byteCount: Int) { cells = Self.cells(ofBytes: byteCount) }

  mutating func take(rows count: Int, width: Int) throws(WireError) {
    guard count <= rows else {
      throw .limitExceeded(.rows, value: UInt64(count), limit: UInt64(rows))
    }
    guard count * width <= cells else {
      throw .limitExceeded(.cells, value: UInt64(count * width), limit: UInt64(cells))
    }
    rows -= count
    cells -= count * width
  }

  mutating func take(arena count: Int) { arena -= count }
}

/// The order of blocks and the rule that a row is in one block only.
enum BlockOrder {
  /// Whether `left` comes before `right`: by table, kind, columns.
  static func ascend(_ left: RowBlock, _ right: RowBlock) -> Bool {
    if left.table != right.table { return left.table < right.table }
    if left.kind != right.kind { return left.kind < right.kind }
    return left.columns.lexicographicallyPrecedes(right.columns)
  }

  /// Throws when a row of a table is in two blocks. Cost: rows × logarithm of the blocks of a table.
  static func checkDistinctRows(_ blocks: [RowBlock]) throws(WireError) {
    var start = 0
    while start < blocks.count {
      var end = start + 1
      while end < blocks.count, blocks[end].table == blocks[start].table { end += 1 }
      if end - start > 1 { try merge(blocks[start..<end]) }
      start = end
    }
  }

  /// Merges the ascending rows of several blocks with a binary heap of cursors.
  private static func merge(_ blocks: ArraySlice<RowBlock>) throws(WireError) {
    let width = blocks.first.map(\.keyWidth) ?? 0
    guard blocks.allSatisfy({ $0.keyWidth == width }) else { throw .malformed(.key) }
    // Cells alone: a block is dear to copy, and one is taken out for each comparison.
    let tables = blocks.map(\.cells)
    var heap = tables.indices.map { (table: $0, row: 0) }
    func compare(_ left: (table: Int, row: Int), _ right: (table: Int, row: Int)) -> Int {
      compareKeys(tables[left.table], left.row, tables[right.table], right.row, width: width)
    }
    func precedes(_ left: Int, _ right: Int) -> Bool { compare(heap[left], heap[right]) < 0 }
    func sink(_ start: Int) {
      var parent = start
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2]
        where child < heap.count && precedes(child, least) {
          least = child
        }
        if least == parent { return }
        heap.swapAt(least, parent)
        parent = least
      }
    }
    for parent in stride(from: heap.count / 2, through: 0, by: -1) { sink(parent) }
    var last: (table: Int, row: Int)?
    while let top = heap.first {
      if let last, compare(last, top) == 0 { throw .nonCanonical(.rows) }
      last = top
      if top.row + 1 < tables[top.table].rowCount {
        heap[0].row += 1
      } else {
        heap[0] = heap[heap.count - 1]
        heap.removeLast()
      }
      if !heap.isEmpty { sink(0) }
    }
  }

  /// Negative, 0 or positive as the key of one row is below, equal to or above that of another.
  private static func compareKeys(
    _ left: CellTable, _ row: Int, _ right: CellTable, _ other: Int, width: Int
  ) -> Int {
    left.cells.withUnsafeBufferPointer { leftCells in
      right.cells.withUnsafeBufferPointer { rightCells in
        left.bytes.withUnsafeBytes { leftArena in
          right.bytes.withUnsafeBytes { rightArena in
            for column in 0..<width {
              let order = compare(
                leftCells[row * left.width + column], leftArena,
                rightCells[other * right.width + column], rightArena)
              if order != 0 { return order }
            }
            return 0
          }
        }
      }
    }
  }

  /// The order of key cells: by kind, integers by value, texts and blobs by bytes.
  static func compare(
    _ left: CellTable.Cell, _ leftArena: UnsafeRawBufferPointer, _ right: CellTable.Cell,
    _ rightArena: UnsafeRawBufferPointer
  ) -> Int {
    if left.kind != right.kind { return Int(left.kind.rawValue) - Int(right.kind.rawValue) }
    if left.kind == .integer {
      let (a, b) = (Int64(bitPattern: left.word), Int64(bitPattern: right.word))
      return a < b ? -1 : a > b ? 1 : 0
    }
    let bound = min(Int(left.length), Int(right.length))
    let (a, b) = (Int(left.word), Int(right.word))
    let common = commonPrefix(
      UnsafeRawBufferPointer(rebasing: leftArena[a..<a + bound]),
      UnsafeRawBufferPointer(rebasing: rightArena[b..<b + bound]))
    if common < bound { return Int(leftArena[a + common]) - Int(rightArena[b + common]) }
    return Int(left.length) - Int(right.length)
  }

  /// The bytes in common at the start of two buffers of one length, by words.
  static func commonPrefix(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    precondition(left.count == right.count, "buffers of one length")
    var index = 0
    while index + 8 <= left.count {
      let difference =
        left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        ^ right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      // Bytes lie in memory as the first is least on little-endian machines.
      if difference != 0 {
        return index + UInt64(littleEndian: difference).trailingZeroBitCount / 8
      }
      index += 8
    }
    while index < left.count, left[index] == right[index] { index += 1 }
    return index
  }
}

import Causality
import Changes

/// Writes one block: its shape, then key columns, new values, values before, dots before, notes.
///
/// Source: Protocol/3-ChangeSets §4.
struct BlockEncoder {
  private let block: RowBlock
  private let header: ChangeSetHeader

  init(_ block: RowBlock, _ header: ChangeSetHeader) {
    precondition(block.rowCount > 0, "a block has rows")
    (self.block, self.header) = (block, header)
  }

  func write(to writer: inout ByteWriter) {
    let flags = BlockFlags(block)
    writer.write(varint: UInt64(block.table.number))
    writer.write(byte: flags.byte)
    writer.write(count: block.rowCount)
    writer.write(count: block.columns.count)
    var last: UInt32 = 0
    for column in block.columns {
      writer.write(varint: UInt64(column.column.number - last))
      last = column.column.number
      if !flags.ownGroups { writer.write(varint: UInt64(column.group.number)) }
    }
    writeColumns(to: &writer)
    if block.hasBefore { writeBefore(to: &writer) }
    if flags.hasNotes { writeNotes(to: &writer) }
  }

  private func writeColumns(to writer: inout ByteWriter) {
    let newEnd = block.keyWidth + block.columns.count
    block.cells.cells.withUnsafeBufferPointer { cells in
      block.cells.bytes.withUnsafeBytes { arena in
        var encoder = ColumnEncoder(
          cells: cells, arena: arena, width: block.cells.width, near: ColumnReference(header))
        for column in 0..<block.cells.width {
          encoder.write(
            column: column, newColumn: column < newEnd ? nil : column - block.columns.count,
            isFirstKey: column == 0, to: &writer)
        }
      }
    }
  }

  /// Writes the distinct lists of dots in the order of their first use, then which register had which.
  private func writeBefore(to writer: inout ByteWriter) {
    var numbers: [[StreamDot]: Int] = [:]
    var renumbered = [Int](repeating: -1, count: block.beforeDots.count)
    var lists: [[StreamDot]] = []
    for index in block.beforeIndex where renumbered[Int(index)] < 0 {
      let list = block.beforeDots[Int(index)]
      let number = numbers[list] ?? lists.count
      if number == lists.count {
        numbers[list] = number
        lists.append(list)
      }
      renumbered[Int(index)] = number
    }
    let isSingle = lists.allSatisfy { $0.count == 1 }
    let isOwn = lists.allSatisfy { list in list.allSatisfy { $0.replica == header.replica } }
    writer.write(varint: UInt64(lists.count) << 2 | (isOwn ? 2 : 0) | (isSingle ? 1 : 0))
    if !isSingle {
      ColumnEncoder.write(lists.map { Int64($0.count) }, tag: 0, to: &writer)
    }
    writeDots(lists, to: &writer)
    guard lists.count > 1 else { return }
    let registers = block.groups.count + 1
    for register in 0..<registers {
      let column = stride(from: register, to: block.beforeIndex.count, by: registers).map {
        Int64(renumbered[Int(block.beforeIndex[$0])])
      }
      ColumnEncoder.write(column, tag: 0, to: &writer)
    }
  }

  /// Writes all dots of all lists: the replicas besides the writer, which one each is of, the numbers.
  private func writeDots(_ lists: [[StreamDot]], to writer: inout ByteWriter) {
    let dots = lists.flatMap { $0 }
    var replicas: [ReplicaID] = []
    var known: [ReplicaID: Int64] = [header.replica: 0]
    var indexes: [Int64] = []
    indexes.reserveCapacity(dots.count)
    for dot in dots {
      if let index = known[dot.replica] {
        indexes.append(index)
      } else {
        replicas.append(dot.replica)
        let index = Int64(replicas.count)
        known[dot.replica] = index
        indexes.append(index)
      }
    }
    if !replicas.isEmpty {
      writer.write(count: replicas.count)
      for replica in replicas { writer.write(replica: replica, near: header.stream.scope) }
      ColumnEncoder.write(indexes, tag: 0, to: &writer)
    }
    if dots.count == 1 {
      writer.write(varint: dots[0].number)
    } else if dots.count > 1 {
      ColumnEncoder.write(dots.map { Int64(bitPattern: $0.number) }, tag: 0, to: &writer)
    }
  }

  private func writeNotes(to writer: inout ByteWriter) {
    writer.write(count: block.notes.count)
    var last = 0
    for note in block.notes {
      precondition(note.over != nil || note.origin != nil, "a note says something")
      writer.write(count: note.row - last)
      last = note.row
      writer.write(varint: UInt64(note.group.number))
      writer.write(byte: (note.over == nil ? 0 : 1) | (note.origin == nil ? 0 : 2))
      if let over = note.over {
        writer.write(count: over.count)
        for dot in over { writer.write(dot, near: header.stream.scope) }
      }
      if let origin = note.origin {
        writer.write(dot: origin.dot)
        writer.write(timestamp: origin.timestamp)
        writer.write(text: origin.author)
      }
    }
  }
}

extension ByteWriter {
  /// Replica and number of a dot of the stream at hand.
  mutating func write(_ dot: StreamDot, near scope: Scope) {
    write(replica: dot.replica, near: scope)
    write(varint: dot.number)
  }
}

extension ByteReader {
  mutating func streamDot(near scope: Scope) throws(WireError) -> StreamDot {
    let replica = try replica(near: scope)
    return StreamDot(replica: replica, number: try number())
  }
}

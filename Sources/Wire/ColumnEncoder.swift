import Changes

/// Writes columns of a block one after the other; its scratch memory is used again for each.
///
/// Source: Protocol/3-ChangeSets §5.
struct ColumnEncoder {
  private let cells: UnsafeBufferPointer<CellTable.Cell>
  private let arena: UnsafeRawBufferPointer
  private let width: Int
  private let rowCount: Int
  private let near: ColumnReference

  private var classes: [ColumnClass] = []
  private var integers: [Int64] = []
  private var reals: [Int64] = []
  private var digits: [Int64] = []
  private var heads: [Int64] = []
  private var serials: [Int64] = []
  private var texts: [ByteSpan] = []
  private var blobs: [ByteSpan] = []

  init(
    cells: UnsafeBufferPointer<CellTable.Cell>, arena: UnsafeRawBufferPointer, width: Int,
    near: ColumnReference
  ) {
    (self.cells, self.arena, self.width, self.near) = (cells, arena, width, near)
    rowCount = width == 0 ? 0 : cells.count / width
    classes.reserveCapacity(rowCount)
  }

  /// Writes one column; `newColumn` is the one with the new values when this holds the values before.
  mutating func write(
    column: Int, newColumn: Int?, isFirstKey: Bool, to writer: inout ByteWriter
  ) {
    gather(column)
    let present = ColumnClass.allCases.filter { count(of: $0) > 0 }
    if present.count == 1 {
      if let newColumn, present[0] == .integer, writeRelative(newColumn, to: &writer) { return }
      write(present[0], isFirstKey: isFirstKey, to: &writer)
    } else {
      writer.write(byte: ColumnTag.mixed)
      classes.withUnsafeBytes { writer.write(raw: $0) }
      for columnClass in present { write(columnClass, isFirstKey: isFirstKey, to: &writer) }
    }
  }

  private func count(of columnClass: ColumnClass) -> Int {
    switch columnClass {
    case .null:
      classes.count - integers.count - reals.count - texts.count - blobs.count - digits.count
        - heads.count
    case .integer: integers.count
    case .real: reals.count
    case .text: texts.count
    case .blob: blobs.count
    case .digits: digits.count
    case .creditCode: heads.count
    }
  }

  private mutating func gather(_ column: Int) {
    classes.removeAll(keepingCapacity: true)
    integers.removeAll(keepingCapacity: true)
    reals.removeAll(keepingCapacity: true)
    digits.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
    serials.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    blobs.removeAll(keepingCapacity: true)
    for row in 0..<rowCount {
      let cell = cells[row * width + column]
      switch cell.kind {
      case .null: classes.append(.null)
      case .integer:
        classes.append(.integer)
        integers.append(Int64(bitPattern: cell.word))
      case .real:
        classes.append(.real)
        reals.append(Int64(bitPattern: cell.word))
      case .text: gather(text: cell)
      case .blob:
        classes.append(.blob)
        blobs.append(ByteSpan(offset: Int(cell.word), length: Int(cell.length)))
      }
    }
  }

  private mutating func gather(text cell: CellTable.Cell) {
    let span = ByteSpan(offset: Int(cell.word), length: Int(cell.length))
    precondition(span.offset + span.length <= arena.count, "a cell lies in the arena")
    if span.length <= DigitText.mostDigits {
      let bytes = bytes(of: span)
      if let code = CreditCode.numbers(bytes, near: near.scope) {
        classes.append(.creditCode)
        heads.append(code.head)
        serials.append(code.serial)
        return
      }
      if let number = DigitText.number(bytes) {
        classes.append(.digits)
        digits.append(number)
        return
      }
    }
    classes.append(.text)
    texts.append(span)
  }

  private func write(_ columnClass: ColumnClass, isFirstKey: Bool, to writer: inout ByteWriter) {
    switch columnClass {
    case .null: writer.write(byte: ColumnTag.null)
    case .integer:
      integers.withUnsafeBufferPointer { values in
        let column = IntegerColumn(values, reference: near.milliseconds)
        let tag = column.isTimed ? ColumnTag.timedInteger : ColumnTag.integer
        writer.write(byte: tag + column.mode)
        column.write(values, to: &writer)
      }
    case .real: Self.write(reals, tag: ColumnTag.real, to: &writer)
    case .digits: Self.write(digits, tag: ColumnTag.digits, to: &writer)
    case .creditCode:
      Self.write(heads, tag: ColumnTag.creditCode, to: &writer)
      Self.write(serials, tag: 0, to: &writer)
    case .text: write(texts, tag: ColumnTag.text, isFirstKey: isFirstKey, to: &writer)
    case .blob: write(blobs, tag: ColumnTag.blob, isFirstKey: isFirstKey, to: &writer)
    }
  }

  static func write(_ numbers: [Int64], tag: UInt8, to writer: inout ByteWriter) {
    numbers.withUnsafeBufferPointer { values in
      let column = IntegerColumn(values)
      writer.write(byte: tag + column.mode)
      column.write(values, to: &writer)
    }
  }

  private func write(
    _ values: [ByteSpan], tag: UInt8, isFirstKey: Bool, to writer: inout ByteWriter
  ) {
    values.withUnsafeBufferPointer { spans in
      let choice = TextColumn.choose(
        spans, arena, isText: tag == ColumnTag.text, isFirstKey: isFirstKey)
      if choice.mode == .constant, tag == ColumnTag.text,
        spans[0].length < ColumnTag.shortTextLengths
      {
        writer.write(byte: ColumnTag.shortText + UInt8(spans[0].length))
        writer.write(raw: bytes(of: spans[0]))
        return
      }
      writer.write(byte: tag + choice.mode.rawValue)
      if let distinct = choice.distinct {
        TextColumn.writeDictionary(distinct, spans, arena, to: &writer)
      } else if let characters = choice.characters {
        characters.write(to: &writer)
      } else {
        switch choice.mode {
        case .front: TextColumn.writeFront(spans, arena, to: &writer)
        case .plain: TextColumn.writePlain(spans, arena, to: &writer)
        case .constant, .dictionary, .characters:
          writer.write(count: spans[0].length)
          writer.write(raw: bytes(of: spans[0]))
        }
      }
    }
  }

  private func bytes(of span: ByteSpan) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: arena[span.offset..<span.offset + span.length])
  }

  /// Writes the integers less the new values when these are all integers and it is shorter.
  private mutating func writeRelative(_ newColumn: Int, to writer: inout ByteWriter) -> Bool {
    var differences: [Int64] = []
    differences.reserveCapacity(rowCount)
    for row in 0..<rowCount {
      let cell = cells[row * width + newColumn]
      guard cell.kind == .integer else { return false }
      differences.append(integers[row] &- Int64(bitPattern: cell.word))
    }
    let plain = integers.withUnsafeBufferPointer {
      IntegerColumn($0, reference: near.milliseconds)
    }
    return differences.withUnsafeBufferPointer { values in
      let relative = IntegerColumn(values)
      guard relative.cost < plain.cost else { return false }
      writer.write(byte: ColumnTag.relativeInteger + relative.mode)
      relative.write(values, to: &writer)
      return true
    }
  }
}

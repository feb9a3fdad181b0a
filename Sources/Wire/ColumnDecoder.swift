import Changes

/// Reads columns of a block into cells and one arena; throws at anything that `ColumnEncoder` does not
/// write. Source: Protocol/3-ChangeSets §5.
struct ColumnDecoder {
  private let cells: UnsafeMutableBufferPointer<CellTable.Cell>
  private let width: Int
  private let rowCount: Int
  private let near: ColumnReference
  private let arenaLimit: Int
  /// The bytes of the texts and blobs read so far.
  private(set) var arena: [UInt8] = []
  private var numbers: [Int64]
  /// Columns of one value, of blocks with many rows: `finish` writes them.
  private var constants: [(column: Int, cell: CellTable.Cell)] = []
  /// Rows from which a column of one value is left to `finish`.
  private static let manyRows = 64

  init(
    cells: UnsafeMutableBufferPointer<CellTable.Cell>, width: Int, near: ColumnReference,
    arenaLimit: Int
  ) {
    (self.cells, self.width, self.near, self.arenaLimit) = (cells, width, near, arenaLimit)
    rowCount = width == 0 ? 0 : cells.count / width
    numbers = [Int64](repeating: 0, count: rowCount)
  }

  /// Writes the columns of one value, row by row: the cells of a row lie together, those of a column far apart.
  func finish() {
    guard !constants.isEmpty else { return }
    for row in 0..<rowCount {
      for constant in constants { cells[row * width + constant.column] = constant.cell }
    }
  }

  /// Leaves a column of one value to `finish` where that pays; false where it does not.
  private mutating func defers(_ cell: CellTable.Cell, _ rows: Rows, _ column: Int) -> Bool {
    guard rows.classes == nil, rowCount >= Self.manyRows else { return false }
    constants.append((column, cell))
    return true
  }

  /// Reads one column; `newColumn` is the one with the new values when this holds the values before.
  mutating func read(
    column: Int, newColumn: Int?, isFirstKey: Bool, from reader: inout ByteReader
  ) throws(WireError) {
    let tag = try reader.byte()
    guard tag == ColumnTag.mixed else {
      let rows = Rows(classes: nil, columnClass: .null, count: rowCount)
      try read(tag, rows, column: column, newColumn: newColumn, isFirstKey, &reader)
      return
    }
    let classBytes = try reader.raw(rowCount)
    var counts = [Int](repeating: 0, count: ColumnClass.allCases.count)
    for byte in classBytes {
      guard Int(byte) < counts.count else {
        throw .unknownCode(.columnCoding, code: UInt64(byte))
      }
      counts[Int(byte)] += 1
    }
    guard counts.count(where: { $0 > 0 }) > 1 else { throw .nonCanonical(.columnCoding) }
    for columnClass in ColumnClass.allCases where counts[Int(columnClass.rawValue)] > 0 {
      let rows = Rows(
        classes: classBytes, columnClass: columnClass,
        count: counts[Int(columnClass.rawValue)])
      let tag = try reader.byte()
      guard let parsed = ColumnTag.parse(tag), parsed.columnClass == columnClass else {
        throw .nonCanonical(.columnCoding)
      }
      try read(tag, rows, column: column, newColumn: nil, isFirstKey, &reader)
    }
  }

  /// The rows of one class: all, when `classes` is nil.
  private struct Rows {
    let classes: UnsafeRawBufferPointer?
    let columnClass: ColumnClass
    let count: Int

    func contains(_ row: Int) -> Bool {
      guard let classes else { return true }
      return classes[row] == columnClass.rawValue
    }
  }

  private mutating func read(
    _ tag: UInt8, _ rows: Rows, column: Int, newColumn: Int?, _ isFirstKey: Bool,
    _ reader: inout ByteReader
  ) throws(WireError) {
    guard let parsed = ColumnTag.parse(tag) else {
      throw .unknownCode(.columnCoding, code: UInt64(tag))
    }
    switch parsed.columnClass {
    case .null: break
    case .integer:
      let isRelative = parsed.form == .relative
      guard !isRelative || newColumn != nil else { throw .nonCanonical(.columnCoding) }
      try readNumbers(
        parsed.mode, rows.count, isTimed: parsed.form == .timed,
        reference: isRelative ? 0 : near.milliseconds, &reader)
      var isConstant = parsed.mode == 0 && !isRelative
      if let newColumn {
        isConstant = try resolve(
          isRelative: isRelative, newColumn: newColumn, isConstant: parsed.mode == 0)
      }
      scatter(rows, column, isConstant: isConstant) {
        CellTable.Cell(kind: .integer, length: 0, word: $0)
      }
    case .real:
      try readNumbers(parsed.mode, rows.count, &reader)
      scatter(rows, column, isConstant: parsed.mode == 0) {
        CellTable.Cell(kind: .real, length: 0, word: $0)
      }
    case .digits:
      try readNumbers(parsed.mode, rows.count, &reader)
      // Equal values are made once.
      let spans = try digitSpans(parsed.mode == 0 ? 1 : rows.count)
      try scatter(spans, .text, rows, column)
    case .creditCode:
      try readNumbers(parsed.mode, rows.count, &reader)
      let headMode = parsed.mode
      let heads = Array(numbers[..<rows.count])
      let mode = try reader.byte()
      guard mode < IntegerColumn.modeCount else {
        throw .unknownCode(.columnCoding, code: UInt64(mode))
      }
      try readNumbers(mode, rows.count, &reader)
      let isConstant = headMode == 0 && mode == 0
      try scatter(
        try codeSpans(heads.prefix(isConstant ? 1 : heads.count)), .text, rows, column)
    case .text, .blob:
      let isText = parsed.columnClass == .text
      let isShort = parsed.form == .short
      guard let mode = isShort ? .constant : TextColumn.Mode(rawValue: parsed.mode) else {
        throw .unknownCode(.columnCoding, code: UInt64(tag))
      }
      let spans =
        isShort
        ? try readConstant(Int(parsed.mode), &reader)
        : try readSpans(mode, rows.count, &reader)
      if mode == .constant, isText, !isShort, spans[0].length < ColumnTag.shortTextLengths {
        throw .nonCanonical(.columnCoding)
      }
      try check(spans, mode, isText: isText, isFirstKey: isFirstKey)
      try scatter(spans, isText ? .text : .blob, rows, column)
    }
  }

  private mutating func readNumbers(
    _ mode: UInt8, _ count: Int, isTimed: Bool = false, reference: Int64 = 0,
    _ reader: inout ByteReader
  ) throws(WireError) {
    try numbers.withUnsafeMutableBufferPointer { (values) throws(WireError) in
      try IntegerColumn.read(
        mode: mode, isTimed: isTimed, reference: reference,
        into: UnsafeMutableBufferPointer(rebasing: values[..<count]), from: &reader)
    }
  }

  /// Adds the new values when the numbers are relative to them, and checks that the choice was right. Returns
  /// whether all values are equal; `isConstant` is whether the numbers are.
  private mutating func resolve(
    isRelative: Bool, newColumn: Int, isConstant: Bool
  ) throws(WireError) -> Bool {
    let constant = constants.first { $0.column == newColumn }?.cell
    func newCell(_ row: Int) -> CellTable.Cell { constant ?? cells[row * width + newColumn] }
    // Of two columns of one value each, the first row says all.
    let isAlike = isConstant && constant != nil
    let count = isAlike ? 1 : rowCount
    guard (0..<count).allSatisfy({ newCell($0).kind == .integer }) else {
      if isRelative { throw .nonCanonical(.columnCoding) }
      return isConstant
    }
    var others = Array(numbers.prefix(count))
    for row in 0..<count {
      let new = Int64(bitPattern: newCell(row).word)
      others[row] = isRelative ? numbers[row] &+ new : numbers[row] &- new
    }
    let time = near.milliseconds
    let read = numbers.withUnsafeBufferPointer {
      IntegerColumn(
        UnsafeBufferPointer(rebasing: $0.prefix(count)), reference: isRelative ? 0 : time
      ).cost
    }
    let other = others.withUnsafeBufferPointer {
      IntegerColumn($0, reference: isRelative ? time : 0).cost
    }
    guard isRelative ? read < other : read <= other else { throw .nonCanonical(.columnCoding) }
    if isRelative {
      numbers = isAlike ? [Int64](repeating: others[0], count: rowCount) : others
    }
    return isAlike || isConstant && !isRelative
  }

  private mutating func scatter(
    _ rows: Rows, _ column: Int, isConstant: Bool, _ cell: (UInt64) -> CellTable.Cell
  ) {
    if isConstant, defers(cell(UInt64(bitPattern: numbers[0])), rows, column) { return }
    var next = 0
    for row in 0..<rowCount where rows.contains(row) {
      cells[row * width + column] = cell(UInt64(bitPattern: numbers[next]))
      next += 1
    }
  }

  private mutating func scatter(
    _ spans: [ByteSpan], _ kind: ValueKind, _ rows: Rows, _ column: Int
  ) throws(WireError) {
    if spans.count == 1, spans[0].length <= Limits.valueBytes {
      let cell = CellTable.Cell(
        kind: kind, length: UInt32(spans[0].length), word: UInt64(spans[0].offset))
      if defers(cell, rows, column) { return }
    }
    var next = 0
    // One span stands for all rows of a constant.
    let step = spans.count == 1 ? 0 : 1
    for row in 0..<rowCount where rows.contains(row) {
      let span = spans[next]
      guard span.length <= Limits.valueBytes else {
        throw .limitExceeded(
          .value, value: UInt64(span.length), limit: UInt64(Limits.valueBytes))
      }
      cells[row * width + column] = CellTable.Cell(
        kind: kind, length: UInt32(span.length), word: UInt64(span.offset))
      next += step
    }
  }
}

extension ColumnDecoder {
  private mutating func digitSpans(_ count: Int) throws(WireError) -> [ByteSpan] {
    var spans: [ByteSpan] = []
    spans.reserveCapacity(count)
    for index in 0..<count {
      let start = arena.count
      guard DigitText.append(numbers[index], to: &arena) else { throw .malformed(.value) }
      spans.append(ByteSpan(offset: start, length: arena.count - start))
      // An 18-digit code with right checks is written as a code.
      if arena.count - start == CreditCode.length {
        let scope = near.scope
        let isCode = arena.withUnsafeBytes {
          CreditCode.numbers(UnsafeRawBufferPointer(rebasing: $0[start...]), near: scope) != nil
        }
        guard !isCode else { throw .nonCanonical(.columnCoding) }
      }
    }
    return spans
  }

  private mutating func codeSpans(_ heads: ArraySlice<Int64>) throws(WireError) -> [ByteSpan] {
    var spans: [ByteSpan] = []
    spans.reserveCapacity(heads.count)
    let start = arena.count
    arena.append(contentsOf: repeatElement(0, count: heads.count * CreditCode.length))
    for (index, head) in heads.enumerated() {
      let offset = start + index * CreditCode.length
      let (serial, scope) = (numbers[index], near.scope)
      let isCode = arena.withUnsafeMutableBytes {
        CreditCode.write(
          head: head, serial: serial, near: scope,
          to: UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + CreditCode.length]))
      }
      guard isCode else { throw .malformed(.value) }
      spans.append(ByteSpan(offset: offset, length: CreditCode.length))
    }
    return spans
  }

  /// Throws unless `mode` is the coding for the values and none of them is of another class.
  private func check(
    _ spans: [ByteSpan], _ mode: TextColumn.Mode, isText: Bool, isFirstKey: Bool
  ) throws(WireError) {
    let scope = near.scope
    let isChosen = arena.withUnsafeBytes { arena in
      if isText {
        for span in spans where span.length <= DigitText.mostDigits {
          let bytes = UnsafeRawBufferPointer(
            rebasing: arena[span.offset..<span.offset + span.length])
          if DigitText.number(bytes) != nil { return false }
          if CreditCode.numbers(bytes, near: scope) != nil { return false }
        }
      }
      return spans.withUnsafeBufferPointer {
        TextColumn.isChoice(mode, for: $0, arena, isText: isText, isFirstKey: isFirstKey)
      }
    }
    guard isChosen else { throw .nonCanonical(.columnCoding) }
  }

  private mutating func readSpans(
    _ mode: TextColumn.Mode, _ count: Int, _ reader: inout ByteReader
  ) throws(WireError) -> [ByteSpan] {
    switch mode {
    case .constant:
      return try readConstant(
        try reader.count(.value, limit: Limits.valueBytes), &reader)
    case .plain: return try readPlain(count, &reader)
    case .dictionary: return try readDictionary(count, &reader)
    case .front: return try readFront(count, &reader)
    case .characters:
      var spans: [ByteSpan] = []
      spans.reserveCapacity(count)
      try CharacterCoding.read(
        count: count, into: &spans, arena: &arena, arenaLimit: arenaLimit, from: &reader)
      return spans
    }
  }

  private mutating func readConstant(
    _ length: Int, _ reader: inout ByteReader
  ) throws(WireError) -> [ByteSpan] {
    let span = ByteSpan(offset: arena.count, length: length)
    try append(try reader.raw(length))
    return [span]
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    guard arena.count + bytes.count <= arenaLimit else {
      throw .limitExceeded(
        .arena, value: UInt64(arena.count + bytes.count), limit: UInt64(arenaLimit))
    }
    arena.append(contentsOf: bytes)
  }

  /// Numbers that are lengths: none negative, none above `Limits.valueBytes`.
  private func readLengths(
    _ count: Int, _ reader: inout ByteReader
  ) throws(WireError) -> [Int64] {
    let mode = try reader.byte()
    guard mode < IntegerColumn.modeCount else {
      throw .unknownCode(.columnCoding, code: UInt64(mode))
    }
    var lengths = [Int64](repeating: 0, count: count)
    try lengths.withUnsafeMutableBufferPointer { (values) throws(WireError) in
      try IntegerColumn.read(mode: mode, into: values, from: &reader)
    }
    for length in lengths {
      guard length >= 0 else { throw .malformed(.value) }
      guard length <= Limits.valueBytes else {
        throw .limitExceeded(.value, value: UInt64(length), limit: UInt64(Limits.valueBytes))
      }
    }
    return lengths
  }

  private mutating func readPlain(
    _ count: Int, _ reader: inout ByteReader
  ) throws(WireError) -> [ByteSpan] {
    let lengths = try readLengths(count, &reader)
    var spans: [ByteSpan] = []
    spans.reserveCapacity(count)
    let total = lengths.reduce(0) { $0 + Int($1) }
    var offset = arena.count
    for length in lengths {
      spans.append(ByteSpan(offset: offset, length: Int(length)))
      offset += Int(length)
    }
    try append(try reader.raw(total))
    return spans
  }

  private mutating func readDictionary(
    _ count: Int, _ reader: inout ByteReader
  ) throws(WireError) -> [ByteSpan] {
    let entryCount = try reader.count(.dictionary, limit: TextColumn.dictionaryEntries)
    let entries = try readPlain(entryCount, &reader)
    let isDistinct = arena.withUnsafeBytes { arena in
      entries.withUnsafeBufferPointer {
        DistinctValues($0, arena, limit: 255)?.values.count == entryCount
      }
    }
    guard isDistinct else { throw .nonCanonical(.dictionary) }
    var (spans, seen) = ([ByteSpan](), 0)
    spans.reserveCapacity(count)
    for index in try reader.raw(count) {
      guard Int(index) <= seen, Int(index) < entries.count else {
        throw .nonCanonical(.dictionary)
      }
      if Int(index) == seen { seen += 1 }
      spans.append(entries[Int(index)])
    }
    guard seen == entries.count else { throw .nonCanonical(.dictionary) }
    return spans
  }

  private mutating func readFront(
    _ count: Int, _ reader: inout ByteReader
  ) throws(WireError) -> [ByteSpan] {
    let shared = try readLengths(count, &reader)
    let rest = try readLengths(count, &reader)
    let suffixes = try reader.raw(rest.reduce(0) { $0 + Int($1) })
    // Before memory is taken: lengths that claim more than a key has.
    var longest: Int64 = 0
    for (common, length) in zip(shared, rest) {
      guard common <= longest else { throw .malformed(.value) }
      guard common + length <= Limits.keyBytes else {
        throw .limitExceeded(
          .key, value: UInt64(common + length), limit: UInt64(Limits.keyBytes))
      }
      longest = common + length
    }
    let total = shared.reduce(suffixes.count) { $0 + Int($1) }
    guard arena.count + total <= arenaLimit else {
      throw .limitExceeded(
        .arena, value: UInt64(arena.count + total), limit: UInt64(arenaLimit))
    }
    arena.reserveCapacity(arena.count + total)
    var spans: [ByteSpan] = []
    spans.reserveCapacity(count)
    var (last, place) = (ByteSpan(offset: 0, length: 0), 0)
    for index in 0..<count {
      let (common, length) = (Int(shared[index]), Int(rest[index]))
      // The shared bytes are all that is shared, else they would be counted so.
      if length > 0, common < last.length, suffixes[place] == arena[last.offset + common] {
        throw .nonCanonical(.columnCoding)
      }
      let start = arena.count
      arena.append(contentsOf: repeatElement(0, count: common))
      arena.withUnsafeMutableBytes {
        TextColumn.copy(UnsafeRawBufferPointer($0), last.offset, common, to: $0, start)
      }
      arena.append(contentsOf: suffixes[place..<place + length])
      place += length
      last = ByteSpan(offset: start, length: common + length)
      spans.append(last)
    }
    return spans
  }
}

import Changes

/// Where a text or blob lies in an arena.
struct ByteSpan {
  let offset: Int
  let length: Int
}

/// Texts or blobs of one column as bytes: constant, dictionary, characters, front-coded or plain.
///
/// The coding follows from the values, in this order: all equal → `constant`; the first key column →
/// `front`; few distinct → `dictionary`; mostly Chinese → `characters`; else `plain`.
/// Source: Protocol/3-ChangeSets §5.
enum TextColumn {
  /// The codings, by their number in the tag.
  enum Mode: UInt8 {
    case constant = 0
    case plain = 1
    case dictionary = 2
    case characters = 3
    case front = 4
  }

  /// Values from which a dictionary is considered.
  static let dictionaryRows = 16
  /// A dictionary has at most this many entries, and at most one per 8 values.
  static let dictionaryEntries = 255
  /// Values, bytes and share of bytes above ASCII (in halves) from which characters are considered.
  static let charactersRows = 8
  static let charactersBytes = 1_024

  /// The mode for values; the coding into characters is returned with it, as it shows whether they can be.
  static func choose(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer, isText: Bool,
    isFirstKey: Bool
  ) -> (mode: Mode, distinct: DistinctValues?, characters: CharacterCoding?) {
    if isConstant(spans, arena) { return (.constant, nil, nil) }
    if isFirstKey { return (.front, nil, nil) }
    if let distinct = smallDictionary(spans, arena) { return (.dictionary, distinct, nil) }
    if isText, mayUseCharacters(spans, arena),
      let coding = CharacterCoding(spans, arena)
    {
      return (.characters, nil, coding)
    }
    return (.plain, nil, nil)
  }

  private static func isConstant(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer
  ) -> Bool {
    let first = spans[0]
    return spans.dropFirst().allSatisfy { DistinctValues.equal(first, $0, arena) }
  }

  private static func smallDictionary(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer
  ) -> DistinctValues? {
    guard spans.count >= dictionaryRows else { return nil }
    return DistinctValues(spans, arena, limit: min(dictionaryEntries, spans.count / 8))
  }

  /// Whether there are enough values, enough bytes, and at least half of them above ASCII.
  static func mayUseCharacters(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer
  ) -> Bool {
    guard spans.count >= charactersRows else { return false }
    var (total, high) = (0, 0)
    for span in spans {
      total += span.length
      for index in span.offset..<span.offset + span.length { high += Int(arena[index] >> 7) }
    }
    return total >= charactersBytes && high * 2 >= total
  }

  /// Whether values that were read in `mode` would be written in it.
  static func isChoice(
    _ mode: Mode, for spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer,
    isText: Bool, isFirstKey: Bool
  ) -> Bool {
    if isConstant(spans, arena) { return mode == .constant }
    if isFirstKey { return mode == .front }
    if smallDictionary(spans, arena) != nil { return mode == .dictionary }
    guard isText, mayUseCharacters(spans, arena) else { return mode == .plain }
    return mode == .characters
      || mode == .plain && CharacterCoding(spans, arena) == nil
  }

  /// Writes lengths, then bytes.
  static func writePlain(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer,
    to writer: inout ByteWriter
  ) {
    writeLengths(spans.map { Int64($0.length) }, to: &writer)
    let total = spans.reduce(0) { $0 + $1.length }
    writer.write(count: total) { target in
      var place = 0
      for span in spans {
        copy(arena, span.offset, span.length, to: target, place)
        place += span.length
      }
    }
  }

  /// Writes the distinct values, then one byte per value: which.
  static func writeDictionary(
    _ distinct: DistinctValues, _ spans: UnsafeBufferPointer<ByteSpan>,
    _ arena: UnsafeRawBufferPointer, to writer: inout ByteWriter
  ) {
    writer.write(count: distinct.values.count)
    distinct.values.withUnsafeBufferPointer { writePlain($0, arena, to: &writer) }
    distinct.indexes.withUnsafeBytes { writer.write(raw: $0) }
  }

  /// Writes how many bytes each value shares with the one before, how many follow, and these.
  static func writeFront(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer,
    to writer: inout ByteWriter
  ) {
    var shared: [Int64] = []
    var rest: [Int64] = []
    shared.reserveCapacity(spans.count)
    rest.reserveCapacity(spans.count)
    var last = ByteSpan(offset: 0, length: 0)
    for span in spans {
      let common = commonPrefix(last, span, arena)
      shared.append(Int64(common))
      rest.append(Int64(span.length - common))
      last = span
    }
    writeLengths(shared, to: &writer)
    writeLengths(rest, to: &writer)
    let total = rest.reduce(0) { $0 + Int($1) }
    writer.write(count: total) { target in
      var place = 0
      for (index, span) in spans.enumerated() {
        let count = Int(rest[index])
        copy(arena, span.offset + span.length - count, count, to: target, place)
        place += count
      }
    }
  }

  static func commonPrefix(
    _ left: ByteSpan, _ right: ByteSpan, _ arena: UnsafeRawBufferPointer
  ) -> Int {
    let bound = min(left.length, right.length)
    return BlockOrder.commonPrefix(
      UnsafeRawBufferPointer(rebasing: arena[left.offset..<left.offset + bound]),
      UnsafeRawBufferPointer(rebasing: arena[right.offset..<right.offset + bound]))
  }

  private static func writeLengths(_ lengths: [Int64], to writer: inout ByteWriter) {
    lengths.withUnsafeBufferPointer { values in
      let column = IntegerColumn(values)
      writer.write(byte: column.mode)
      column.write(values, to: &writer)
    }
  }

  static func copy(
    _ source: UnsafeRawBufferPointer, _ offset: Int, _ count: Int,
    to target: UnsafeMutableRawBufferPointer, _ place: Int
  ) {
    guard count > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
    precondition(place + count <= target.count && offset + count <= source.count)
    (to + place).copyMemory(from: from + offset, byteCount: count)
  }
}

/// The distinct values of a column in the order of their first occurrence.
struct DistinctValues {
  private(set) var values: [ByteSpan] = []
  /// Per value of the column, which.
  private(set) var indexes: [UInt8] = []

  /// Nil when there are more than `limit` (at most 255) distinct values; stops there.
  init?(
    _ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer, limit: Int
  ) {
    precondition(limit <= 255, "indexes are bytes")
    // Slots hold index + 1; four slots per entry keep probes short.
    var slots = [UInt8](repeating: 0, count: 1_024)
    indexes.reserveCapacity(spans.count)
    for span in spans {
      var slot = Int(Self.hash(span, arena) & 1_023)
      while true {
        let entry = Int(slots[slot])
        if entry == 0 {
          guard values.count < limit else { return nil }
          indexes.append(UInt8(values.count))
          values.append(span)
          slots[slot] = UInt8(values.count)
          break
        }
        if Self.equal(values[entry - 1], span, arena) {
          indexes.append(UInt8(entry - 1))
          break
        }
        slot = (slot + 1) & 1_023
      }
    }
  }

  static func equal(
    _ left: ByteSpan, _ right: ByteSpan, _ arena: UnsafeRawBufferPointer
  ) -> Bool {
    guard left.length == right.length else { return false }
    if left.offset == right.offset { return true }
    return TextColumn.commonPrefix(left, right, arena) == left.length
  }

  private static func hash(_ span: ByteSpan, _ arena: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in span.offset..<span.offset + min(span.length, 64) {
      hash = (hash ^ UInt64(arena[index])) &* 0x0000_0100_0000_01B3
    }
    return (hash ^ UInt64(span.length)) >> 20 ^ hash
  }
}

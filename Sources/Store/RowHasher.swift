internal import Causality
internal import Changes
internal import Crypto
internal import Wire

/// The hash of one live row for the digest of its stream: the first 16 bytes of SHA-256 over table, scope,
/// key, and per register every dot with its value as carried.
///
/// Source: engine.md §8, Protocol/4-Merge §11. All numbers big endian. Layout: domain u8, table u32, scope u32,
/// key length u32, key; number of distinct dots u16, each dot (replica u64, number u64) ascending; then per
/// register in order of group id, existence first: group u32, number of dots u16, and per dot its index u16
/// and its value: existence one byte (0 dead, 1 updated, 2 inserted), else the group's columns in order of id,
/// each kind u8 and 8 bytes of number, or length u32 and bytes. Counts and indexes keep their low 16 bits.
struct RowHasher {
  private var buffer: [UInt8] = []

  mutating func begin(table: TableID, scope: Scope) {
    buffer.removeAll(keepingCapacity: true)
    buffer.append(HashDomain.row.rawValue)
    append(table.number)
    append(scope.code)
  }

  mutating func key(_ key: RowKey) {
    append(UInt32(key.bytes.count))
    buffer.append(contentsOf: key.bytes)
  }

  /// The key of one row of a block, as `RowKey` writes it.
  mutating func key(
    _ cells: CellTable, row: Int, width: Int, arena: UnsafeRawBufferPointer
  ) {
    let place = buffer.count
    append(UInt32(0))
    for column in 0..<width {
      let cell = cells.cells[row * cells.width + column]
      buffer.append(cell.kind.rawValue)
      if cell.kind == .integer {
        append(cell.word ^ 1 << 63)
        continue
      }
      let start = Int(cell.word)
      let bytes = arena[start..<start + Int(cell.length)]
      if bytes.contains(0) {
        for byte in bytes {
          buffer.append(byte)
          if byte == 0 { buffer.append(0xFF) }
        }
      } else {
        buffer.append(contentsOf: bytes)
      }
      append(UInt16(0))
    }
    let count = UInt32(buffer.count - place - 4)
    for index in 0..<4 {
      buffer[place + index] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * index))
    }
  }

  mutating func dots(_ dots: [StreamDot]) {
    beginDots(dots.count)
    for dot in dots { appendDot(dot) }
  }

  mutating func dot(_ dot: StreamDot) {
    beginDots(1)
    appendDot(dot)
  }

  mutating func beginDots(_ count: Int) { append(UInt16(truncatingIfNeeded: count)) }

  mutating func appendDot(_ dot: StreamDot) {
    append(dot.replica.packed)
    append(dot.number)
  }

  mutating func register(_ group: GroupID, dotCount: Int) {
    append(group.number)
    append(UInt16(truncatingIfNeeded: dotCount))
  }

  mutating func dotIndex(_ index: Int) { append(UInt16(truncatingIfNeeded: index)) }

  mutating func existence(_ code: UInt8) { buffer.append(code) }

  mutating func value(_ value: Value) {
    buffer.append(value.kind.rawValue)
    switch value {
    case .null: break
    case .integer(let number): append(UInt64(bitPattern: number))
    case .real(let bits): append(bits)
    case .text(let bytes), .blob(let bytes):
      append(UInt32(bytes.count))
      buffer.append(contentsOf: bytes)
    }
  }

  mutating func value(_ cell: CellTable.Cell, arena: UnsafeRawBufferPointer) {
    buffer.append(cell.kind.rawValue)
    switch cell.kind {
    case .null: break
    case .integer, .real: append(cell.word)
    case .text, .blob:
      append(cell.length)
      let start = Int(cell.word)
      buffer.append(contentsOf: arena[start..<start + Int(cell.length)])
    }
  }

  /// The value of a column of a statement's current row.
  mutating func value(_ statement: Statement, _ column: Int32) {
    let kind = statement.kind(column)
    buffer.append(kind.rawValue)
    switch kind {
    case .null: break
    case .integer: append(statement.unsigned(column))
    case .real: append(statement.realBits(column))
    case .text, .blob:
      let bytes = statement.bytes(column)
      append(UInt32(bytes.count))
      buffer.append(contentsOf: bytes)
    }
  }

  func finish() -> UInt128 {
    var hash = SHA256()
    buffer.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().withUnsafeBytes { UInt128(bigEndianBytes: $0) }
  }

  private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.bigEndian) { buffer.append(contentsOf: $0) }
  }
}

extension UInt128 {
  /// From the first 16 of at least 16 bytes.
  init(bigEndianBytes bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count >= 16, "a row hash has 16 bytes")
    self = UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self))
  }

  /// 16 bytes.
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

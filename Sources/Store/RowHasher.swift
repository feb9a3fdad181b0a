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
///
/// A class around the memory in which the bytes of one row are gathered; it serves row after row.
final class RowHasher {
  private var memory = UnsafeMutableRawPointer.allocate(byteCount: 1_024, alignment: 16)
  private var capacity = 1_024
  private var count = 0

  deinit { memory.deallocate() }

  func begin(table: TableID, scope: Scope) {
    count = 0
    append(HashDomain.row.rawValue)
    append(table.number)
    append(scope.code)
  }

  func key(_ key: RowKey) {
    append(UInt32(key.bytes.count))
    append(key.bytes)
  }

  /// The key in the first cells of one row, as `RowKey` writes it.
  func key(
    _ cells: UnsafeBufferPointer<CellTable.Cell>, width: Int, arena: UnsafeRawBufferPointer
  ) {
    let place = count
    append(UInt32(0))
    for column in 0..<width {
      let cell = cells[column]
      append(cell.kind.rawValue)
      if cell.kind == .integer {
        append(cell.word ^ 1 << 63)
        continue
      }
      let start = Int(cell.word)
      let bytes = UnsafeRawBufferPointer(rebasing: arena[start..<start + Int(cell.length)])
      if bytes.contains(0) {
        for byte in bytes {
          append(byte)
          if byte == 0 { append(0xFF as UInt8) }
        }
      } else {
        append(bytes)
      }
      append(UInt16(0))
    }
    let length = UInt32(count - place - 4)
    memory.storeBytes(of: length.bigEndian, toByteOffset: place, as: UInt32.self)
  }

  func dots(_ dots: [StreamDot]) {
    beginDots(dots.count)
    for dot in dots { appendDot(dot) }
  }

  func dot(_ dot: StreamDot) {
    beginDots(1)
    appendDot(dot)
  }

  func beginDots(_ count: Int) { append(UInt16(truncatingIfNeeded: count)) }

  func appendDot(_ dot: StreamDot) {
    append(dot.replica.packed)
    append(dot.number)
  }

  func register(_ group: GroupID, dotCount: Int) {
    append(group.number)
    append(UInt16(truncatingIfNeeded: dotCount))
  }

  func dotIndex(_ index: Int) { append(UInt16(truncatingIfNeeded: index)) }

  func existence(_ code: UInt8) { append(code) }

  func value(_ value: Value) {
    append(value.kind.rawValue)
    switch value {
    case .null: break
    case .integer(let number): append(UInt64(bitPattern: number))
    case .real(let bits): append(bits)
    case .text(let bytes), .blob(let bytes):
      append(UInt32(bytes.count))
      append(bytes)
    }
  }

  func value(_ cell: CellTable.Cell, arena: UnsafeRawBufferPointer) {
    append(cell.kind.rawValue)
    switch cell.kind {
    case .null: break
    case .integer, .real: append(cell.word)
    case .text, .blob:
      append(cell.length)
      let start = Int(cell.word)
      append(UnsafeRawBufferPointer(rebasing: arena[start..<start + Int(cell.length)]))
    }
  }

  /// The value of a column of a statement's current row.
  func value(_ statement: Statement, _ column: Int32) {
    let kind = statement.kind(column)
    append(kind.rawValue)
    switch kind {
    case .null: break
    case .integer: append(statement.unsigned(column))
    case .real: append(statement.realBits(column))
    case .text, .blob:
      let bytes = statement.bytes(column)
      append(UInt32(bytes.count))
      append(bytes)
    }
  }

  func finish() -> UInt128 {
    var hash = SHA256()
    hash.update(bufferPointer: UnsafeRawBufferPointer(start: memory, count: count))
    return hash.finalize().withUnsafeBytes { UInt128(bigEndianBytes: $0) }
  }

  @inline(__always)
  private func append<Number: FixedWidthInteger>(_ number: Number) {
    let size = MemoryLayout<Number>.size
    if count + size > capacity { grow(by: size) }
    memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: Number.self)
    count += size
  }

  private func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    if count + bytes.count > capacity { grow(by: bytes.count) }
    (memory + count).copyMemory(from: start, byteCount: bytes.count)
    count += bytes.count
  }

  private func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  private func grow(by more: Int) {
    capacity = max(capacity * 2, count + more)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: memory, byteCount: count)
    memory.deallocate()
    memory = larger
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

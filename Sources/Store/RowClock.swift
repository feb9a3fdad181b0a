internal import Changes

/// Which change set wrote which registers of one row, packed (engine.md §2): the dot of most registers, and
/// for the others the dots with the set of registers that each wrote.
///
/// Dots are local log ids; registers are bits: 0 is existence, 1… the table's groups in order of
/// (first schema version, id). A register with several dots stands under each of them.
struct RowClock: Equatable {
  /// One further dot and its registers.
  struct Entry: Equatable {
    var log: Int64
    /// Bit set of registers.
    var registers: UInt64
  }

  /// The dot of every register that no entry names and that existed at the dot's schema version.
  var base: Int64
  /// Ascending by log id.
  var entries: [Entry] = []
  /// Some registers have their values in `tributary_register`: several dots, or unknown here.
  var hasStoredRegisters = false
  /// The single existence dot is an update, not an insert.
  var existenceIsUpdate = false

  init(base: Int64) { self.base = base }

  /// Registers named by entries.
  var named: UInt64 { entries.reduce(0) { $0 | $1.registers } }

  /// The dot of the row's existence, when it is one.
  var existenceLog: Int64 { entries.first { $0.registers & 1 != 0 }?.log ?? base }

  /// Makes `log` the only dot of `registers`.
  mutating func replace(_ registers: UInt64, with log: Int64) {
    var kept: [Entry] = []
    kept.reserveCapacity(entries.count + 1)
    for var entry in entries {
      entry.registers &= ~registers
      if entry.registers != 0 { kept.append(entry) }
    }
    if let index = kept.firstIndex(where: { $0.log >= log }) {
      if kept[index].log == log {
        kept[index].registers |= registers
      } else {
        kept.insert(Entry(log: log, registers: registers), at: index)
      }
    } else {
      kept.append(Entry(log: log, registers: registers))
    }
    entries = kept
  }

  /// The further part as stored; nil when the base says it all.
  var packedEntries: [UInt8]? {
    let flags = (hasStoredRegisters ? 1 : 0) | (existenceIsUpdate ? 2 : 0) as UInt8
    guard flags != 0 || !entries.isEmpty else { return nil }
    var bytes: [UInt8] = [flags]
    bytes.reserveCapacity(1 + entries.count * 8)
    for entry in entries {
      let delta = entry.log &- base
      Self.append(UInt64(bitPattern: delta << 1 ^ delta >> 63), to: &bytes)
      Self.append(entry.registers, to: &bytes)
    }
    return bytes
  }

  /// From a stored clock; throws when the bytes do not decode.
  init(base: Int64, packed: UnsafeRawBufferPointer) throws(StoreError) {
    self.base = base
    guard let flags = packed.first else { return }
    hasStoredRegisters = flags & 1 != 0
    existenceIsUpdate = flags & 2 != 0
    var offset = 1
    while offset < packed.count {
      guard let zigzag = Self.read(packed, &offset), let registers = Self.read(packed, &offset)
      else { throw .damagedRecord("row clock") }
      let delta = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
      entries.append(Entry(log: base &+ delta, registers: registers))
    }
  }

  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private static func read(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64? {
    var (number, shift) = (UInt64(0), UInt64(0))
    while offset < bytes.count, shift < 64 {
      let byte = bytes[offset]
      offset += 1
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return number }
      shift += 7
    }
    return nil
  }
}

internal import Causality
internal import Changes
internal import Merge

/// The registers of one row that its base row and clock cannot hold, packed as `tributary_register` keeps them: a
/// local form, never sent. One record per row, so that a row in conflict costs one page more, not one per dot.
///
/// Per dot: group (4 bytes), log (8), flags (1), the origin (29) if it is not the dot's own, bytes of the value (4)
/// and the value (`StoredValues`); big endian; the dots of a group stand together.
struct StoredRegisters {
  struct Entry {
    let group: GroupID
    let log: Int64
    let followsValue: Bool
    /// Nil when the dot is its own origin.
    let origin: WriteOrigin?
    let value: [UInt8]
  }

  private(set) var bytes: [UInt8] = []

  /// Adds a dot of a group whose change set has the id `log`.
  mutating func append(_ dot: RegisterDot, group: GroupID, log: Int64) {
    let isCopy = dot.origin.dot != dot.dot
    StoredValues.append(group.number, to: &bytes)
    StoredValues.append(log, to: &bytes)
    bytes.append((dot.followsValue ? 1 : 0) | (isCopy ? 2 : 0))
    if isCopy { StoredValues.append(dot.origin, to: &bytes) }
    let start = bytes.count
    StoredValues.append(UInt32(0), to: &bytes)
    StoredValues.append(dot.value, to: &bytes)
    let count = UInt32(bytes.count - start - 4)
    for place in 0..<4 {
      bytes[start + place] = UInt8(truncatingIfNeeded: count >> (24 - 8 * place))
    }
  }

  /// Throws `damagedRecord`.
  static func entries(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> [Entry] {
    var (entries, offset): ([Entry], Int) = ([], 0)
    func take(_ count: Int) throws(StoreError) -> UnsafeRawBufferPointer {
      guard count >= 0, count <= bytes.count - offset else { throw .damagedRecord("registers") }
      defer { offset += count }
      return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
    func number(_ width: Int) throws(StoreError) -> UInt64 {
      try take(width).reduce(0) { $0 << 8 | UInt64($1) }
    }
    while offset < bytes.count {
      let group = GroupID(UInt32(try number(4)))
      let log = Int64(bitPattern: try number(8))
      let flags = try number(1)
      let origin = flags & 2 == 0 ? nil : try StoredValues.decodeOrigin(Array(try take(29)))
      let value = Array(try take(Int(try number(4))))
      entries.append(
        Entry(
          group: group, log: log, followsValue: flags & 1 != 0, origin: origin, value: value))
    }
    return entries
  }
}

/// Where a row is whose registers are stored apart.
struct RowPlace {
  let table: TableID
  let scope: Scope
  let key: RowKey
}

extension Replica {
  /// The rows that have stored registers, by table, scope and key; with `log`, those of which one dot is that.
  func placesOfStoredRegisters(holding log: Int64? = nil) throws(StoreError) -> [RowPlace] {
    let select = try Statement(
      statements.connection,
      "SELECT table_id, scope, key, dots FROM tributary_register ORDER BY table_id, scope, key")
    var places: [RowPlace] = []
    while try select.step() {
      guard let scope = Scope(code: UInt32(truncatingIfNeeded: select.integer(1))) else {
        throw .damagedRecord("the scope of a register")
      }
      if let log, try !StoredRegisters.entries(select.bytes(3)).contains(where: { $0.log == log }) {
        continue
      }
      places.append(
        RowPlace(
          table: TableID(UInt32(truncatingIfNeeded: select.integer(0))), scope: scope,
          key: RowKey(bytes: select.blob(2))))
    }
    return places
  }
}

internal import Causality
internal import Changes
internal import Merge

/// Values and origins as this file keeps them beside the rows: a local form, never sent.
enum StoredValues {
  /// Kind, then 8 bytes big endian or a length of 4 bytes and the bytes; per value.
  static func encode(_ values: [Value]) -> [UInt8] {
    var bytes: [UInt8] = []
    append(values, to: &bytes)
    return bytes
  }

  private static func append(_ values: [Value], to bytes: inout [UInt8]) {
    for value in values {
      bytes.append(value.kind.rawValue)
      switch value {
      case .null: break
      case .integer(let number): append(UInt64(bitPattern: number), to: &bytes)
      case .real(let bits): append(bits, to: &bytes)
      case .text(let source), .blob(let source):
        append(UInt32(source.count), to: &bytes)
        bytes.append(contentsOf: source)
      }
    }
  }

  static func decode(_ bytes: [UInt8]) throws(StoreError) -> [Value] {
    var (values, offset): ([Value], Int) = ([], 0)
    func take(_ count: Int) throws(StoreError) -> ArraySlice<UInt8> {
      guard count <= bytes.count - offset else { throw .damagedRecord("stored values") }
      defer { offset += count }
      return bytes[offset..<offset + count]
    }
    func number(_ width: Int) throws(StoreError) -> UInt64 {
      try take(width).reduce(0) { $0 << 8 | UInt64($1) }
    }
    while offset < bytes.count {
      switch ValueKind(rawValue: try take(1).reduce(0) { _, byte in byte }) {
      case .null: values.append(.null)
      case .integer: values.append(.integer(Int64(bitPattern: try number(8))))
      case .real: values.append(.real(bits: try number(8)))
      case .text: values.append(.text(Array(try take(Int(try number(4))))))
      case .blob: values.append(.blob(Array(try take(Int(try number(4))))))
      case nil: throw .damagedRecord("stored values")
      }
    }
    return values
  }

  /// Existence is one integer: 0 dead, 1 updated, 2 inserted.
  static func append(_ value: RegisterValue, to bytes: inout [UInt8]) {
    switch value {
    case .dead: append([.integer(0)], to: &bytes)
    case .alive(let isInsert): append([.integer(isInsert ? 2 : 1)], to: &bytes)
    case .columns(let values): append(values, to: &bytes)
    }
  }

  static func decode(_ bytes: [UInt8], isExistence: Bool) throws(StoreError) -> RegisterValue {
    let values = try decode(bytes)
    guard isExistence else { return .columns(values) }
    switch values {
    case [.integer(0)]: return .dead
    case [.integer(1)]: return .alive(isInsert: false)
    case [.integer(2)]: return .alive(isInsert: true)
    default: throw .damagedRecord("stored existence")
    }
  }

  /// 4 + 8 + 8 + 8 + 1 bytes: stream, replica, number, timestamp, tier.
  static func append(_ origin: WriteOrigin, to bytes: inout [UInt8]) {
    append(origin.dot.stream.packed, to: &bytes)
    append(origin.dot.replica.packed, to: &bytes)
    append(origin.dot.number, to: &bytes)
    append(origin.timestamp.packed, to: &bytes)
    bytes.append(origin.tier.depth)
  }

  static func decodeOrigin(_ bytes: [UInt8]) throws(StoreError) -> WriteOrigin {
    guard bytes.count == 29 else { throw .damagedRecord("stored origin") }
    func number(_ range: Range<Int>) -> UInt64 {
      bytes[range].reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard let stream = StreamID(packed: UInt32(number(0..<4))),
      let replica = ReplicaID(packed: number(4..<12)), number(12..<20) > 0
    else { throw .damagedRecord("stored origin") }
    return WriteOrigin(
      dot: Dot(stream: stream, replica: replica, number: number(12..<20)),
      timestamp: HybridTimestamp(packed: number(20..<28)), tier: Tier(depth: bytes[28]))
  }

  static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}

/// The storage classes of SQLite, with their code on the wire. Source: Protocol/3-ChangeSets.
package enum ValueKind: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case null = 0
  case integer = 1
  case real = 2
  case text = 3
  case blob = 4

  /// For callers of other modules: the compiler's own is called through a witness table, for each value.
  @inlinable package static func == (left: ValueKind, right: ValueKind) -> Bool {
    switch (left, right) {
    case (.null, .null), (.integer, .integer), (.real, .real), (.text, .text), (.blob, .blob): true
    default: false
    }
  }

  package static func < (left: ValueKind, right: ValueKind) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// One SQLite value. Text is its UTF-8 bytes as stored, never normalised; a real is its IEEE 754 bits.
package enum Value: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(bits: UInt64)
  case text([UInt8])
  case blob([UInt8])

  /// Text from a String.
  package static func text(_ string: String) -> Value { .text(Array(string.utf8)) }

  package var kind: ValueKind {
    switch self {
    case .null: .null
    case .integer: .integer
    case .real: .real
    case .text: .text
    case .blob: .blob
    }
  }

  /// The text, when this is text in valid UTF-8.
  package var string: String? {
    guard case .text(let bytes) = self else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension Value: Comparable {
  /// Null < integer < real < text < blob; integers by value, reals by their order-preserving bits,
  /// text and blobs by bytes. A total order that is the same on every node (policies `max`, `min`).
  package static func < (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.integer(let a), .integer(let b)): a < b
    case (.real(let a), .real(let b)): Self.ordered(a) < Self.ordered(b)
    case (.text(let a), .text(let b)), (.blob(let a), .blob(let b)):
      a.lexicographicallyPrecedes(b)
    default: left.kind < right.kind
    }
  }

  private static func ordered(_ bits: UInt64) -> UInt64 {
    bits >> 63 == 1 ? ~bits : bits | 1 << 63
  }
}

extension Value: CustomStringConvertible {
  /// For screens and dumps: text as it is, blobs in hex.
  package var description: String {
    switch self {
    case .null: return "NULL"
    case .integer(let number): return "\(number)"
    case .real(let bits): return "\(Double(bitPattern: bits))"
    case .text(let bytes): return String(decoding: bytes, as: UTF8.self)
    case .blob(let bytes):
      return "x'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
    }
  }
}

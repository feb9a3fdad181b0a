/// The identity of a row within (table, scope): its key columns without the scope column, as bytes whose
/// order is the order of the columns.
///
/// Source: Protocol/3-ChangeSets (row keys). Per column one byte of kind, then: integer: 8 bytes big
/// endian with the sign bit flipped; text and blob: the bytes with 00 written as 00 FF, then 00 00.
/// Null and real are no keys.
package struct RowKey: Hashable, Sendable {
  package let bytes: [UInt8]

  /// From bytes that were made by `init(_:)`, e.g. from the replica's own file.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// Returns nil when a value is null or real, or when there is none.
  package init?(_ values: [Value]) {
    guard !values.isEmpty else { return nil }
    var bytes: [UInt8] = []
    for value in values {
      switch value {
      case .null, .real: return nil
      case .integer(let number): Self.append(integer: number, to: &bytes)
      case .text(let source):
        source.withUnsafeBytes { Self.append(.text, $0, to: &bytes) }
      case .blob(let source):
        source.withUnsafeBytes { Self.append(.blob, $0, to: &bytes) }
      }
    }
    self.bytes = bytes
  }

  /// The key in columns `0..<width` of one row of a table of cells; nil when one is null or real.
  package init?(_ table: CellTable, row: Int, width: Int) {
    var bytes: [UInt8] = []
    for column in 0..<width {
      let cell = table.cell(row, column)
      switch cell.kind {
      case .null, .real: return nil
      case .integer: Self.append(integer: Int64(bitPattern: cell.word), to: &bytes)
      case .text, .blob:
        table.byteSlice(cell).withUnsafeBytes { Self.append(cell.kind, $0, to: &bytes) }
      }
    }
    self.bytes = bytes
  }

  /// The key columns again; nil when the bytes were not made by `init(_:)`.
  package var values: [Value]? {
    var values: [Value] = []
    var rest = bytes[...]
    while let kind = rest.popFirst() {
      switch ValueKind(rawValue: kind) {
      case .integer:
        guard rest.count >= 8 else { return nil }
        let word = rest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        values.append(.integer(Int64(bitPattern: word ^ 1 << 63)))
        rest = rest.dropFirst(8)
      case .text, .blob:
        var content: [UInt8] = []
        while true {
          guard let byte = rest.popFirst() else { return nil }
          if byte == 0 {
            guard let mark = rest.popFirst() else { return nil }
            if mark == 0 { break }
            guard mark == 0xFF else { return nil }
          }
          content.append(byte)
        }
        values.append(kind == ValueKind.text.rawValue ? .text(content) : .blob(content))
      default: return nil
      }
    }
    return values.isEmpty ? nil : values
  }

  private static func append(integer: Int64, to bytes: inout [UInt8]) {
    bytes.append(ValueKind.integer.rawValue)
    let word = UInt64(bitPattern: integer) ^ 1 << 63
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }

  private static func append(
    _ kind: ValueKind, _ source: UnsafeRawBufferPointer, to bytes: inout [UInt8]
  ) {
    bytes.append(kind.rawValue)
    for byte in source {
      bytes.append(byte)
      if byte == 0 { bytes.append(0xFF) }
    }
    bytes.append(0)
    bytes.append(0)
  }
}

extension RowKey: Comparable {
  package static func < (left: RowKey, right: RowKey) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension RowKey: CustomStringConvertible {
  /// The key columns joined by `/`, for screens and dumps.
  package var description: String {
    values.map { $0.map(\.description).joined(separator: "/") } ?? "?"
  }
}

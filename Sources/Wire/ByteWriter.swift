/// Appends integers and bytes to a growing buffer. Source: Protocol/1-Terms §3.
package struct ByteWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Bytes written so far.
  package var count: Int { bytes.count }

  package mutating func write(byte: UInt8) { bytes.append(byte) }

  /// Unsigned LEB128: 7 bits a byte, least significant first.
  package mutating func write(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  package mutating func write(count: Int) {
    precondition(count >= 0, "counts are not negative")
    write(varint: UInt64(count))
  }

  /// A signed number as the varint of its zigzag form.
  package mutating func write(zigzag value: Int64) { write(varint: zigzagged(value)) }

  /// The low `width` bytes, most significant first.
  package mutating func write(bigEndian value: UInt64, width: Int) {
    for index in stride(from: width - 1, through: 0, by: -1) {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
    }
  }

  package mutating func write(raw source: [UInt8]) { bytes.append(contentsOf: source) }

  package mutating func write(raw source: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: source)
  }

  /// A varint length, then the bytes.
  package mutating func write(counted source: [UInt8]) {
    write(count: source.count)
    bytes.append(contentsOf: source)
  }

  /// A varint length in bytes, then UTF-8.
  package mutating func write(text: String) {
    let utf8 = text.utf8
    write(count: utf8.count)
    bytes.append(contentsOf: utf8)
  }

  /// Appends `count` bytes that `fill` sets; they are zero before.
  mutating func write(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    bytes.withUnsafeMutableBytes { buffer in
      fill(UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
    }
  }
}

/// 0, -1, 1, -2… as 0, 1, 2, 3…
func zigzagged(_ value: Int64) -> UInt64 {
  UInt64(bitPattern: value << 1) ^ UInt64(bitPattern: value >> 63)
}

/// The inverse of `zigzagged`.
func unzigzagged(_ value: UInt64) -> Int64 {
  Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
}

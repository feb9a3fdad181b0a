/// Reads integers and bytes from memory that it does not own; every read is checked and throws.
///
/// It is valid only within the scope of the buffer it was made from. Source: Protocol/1-Terms §3.
package struct ByteReader {
  private let buffer: UnsafeRawBufferPointer
  /// Bytes read so far.
  package private(set) var offset = 0

  package init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

  /// Bytes not yet read.
  package var remaining: Int { buffer.count - offset }

  package var isAtEnd: Bool { offset == buffer.count }

  /// Runs `body` over an array or slice without copying it.
  package static func read<Result>(
    _ bytes: ArraySlice<UInt8>, _ body: (inout ByteReader) throws(WireError) -> Result
  ) throws(WireError) -> Result {
    try bytes.withUnsafeBufferPointer { (buffer) throws(WireError) -> Result in
      var reader = ByteReader(UnsafeRawBufferPointer(buffer))
      return try body(&reader)
    }
  }

  /// One byte.
  package mutating func byte() throws(WireError) -> UInt8 {
    guard offset < buffer.count else { throw .truncated(offset: offset) }
    defer { offset += 1 }
    return buffer[offset]
  }

  /// Unsigned LEB128 in its shortest form.
  package mutating func varint() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      if shift == 63, next > 1 { throw .malformed(.integer) }
      value |= UInt64(next & 0x7F) << shift
      if next & 0x80 == 0 {
        if next == 0, shift > 0 { throw .nonCanonical(.integer) }
        return value
      }
      shift += 7
    }
  }

  /// A varint of at most `limit`.
  package mutating func varint(
    _ subject: WireError.Subject, limit: UInt64
  ) throws(WireError) -> UInt64 {
    let value = try varint()
    guard value <= limit else {
      throw .limitExceeded(subject, value: value, limit: limit)
    }
    return value
  }

  /// A count of at most `limit`.
  package mutating func count(
    _ subject: WireError.Subject, limit: Int
  ) throws(WireError) -> Int {
    Int(try varint(subject, limit: UInt64(limit)))
  }

  /// A count of things that take at least `bytesEach` of the bytes that are left.
  package mutating func count(
    _ subject: WireError.Subject, limit: Int, bytesEach: Int
  ) throws(WireError) -> Int {
    let count = try count(subject, limit: limit)
    guard count <= remaining / bytesEach else { throw .truncated(offset: buffer.count) }
    return count
  }

  package mutating func zigzag() throws(WireError) -> Int64 { unzigzagged(try varint()) }

  /// `width` bytes, most significant first.
  package mutating func bigEndian(width: Int) throws(WireError) -> UInt64 {
    try raw(width).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `count` bytes in place.
  package mutating func raw(_ count: Int) throws(WireError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw .truncated(offset: buffer.count) }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
  }

  /// A copy of the next `count` bytes.
  package mutating func array(_ count: Int) throws(WireError) -> [UInt8] {
    Array(try raw(count))
  }

  /// A varint length of at most `limit`, then that many bytes.
  package mutating func counted(
    _ subject: WireError.Subject, limit: Int
  ) throws(WireError) -> [UInt8] {
    try array(try count(subject, limit: limit))
  }

  /// A varint length of at most `limit`, then valid UTF-8.
  package mutating func text(
    _ subject: WireError.Subject, limit: Int
  ) throws(WireError) -> String {
    let bytes = try raw(try count(subject, limit: limit))
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed(subject) }
    return text
  }

  /// The bytes from `start` to here.
  func bytes(since start: Int) -> [UInt8] { Array(buffer[start..<offset]) }

  /// Throws unless everything was read.
  package func finish(_ subject: WireError.Subject) throws(WireError) {
    guard isAtEnd else { throw .malformed(subject) }
  }
}

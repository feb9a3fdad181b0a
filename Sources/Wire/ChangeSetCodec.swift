import Causality
package import Changes

/// The canonical bytes of change sets: header ‖ body, one encoding for one value.
///
/// Decoding anything that encoding does not give throws, so that equal hashes mean equal change sets and
/// a copy that was decoded and encoded again still proves. Source: Protocol/3-ChangeSets.
package enum ChangeSetCodec {
  /// The low three bits of the first byte of each header.
  package static let formatVersion: UInt8 = 1

  /// The high five bits of the first byte: which fields are there.
  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let context = Flags(rawValue: 8)
    static let parts = Flags(rawValue: 16)
    static let author = Flags(rawValue: 32)
    static let reason = Flags(rawValue: 64)
    static let counter = Flags(rawValue: 128)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ header: ChangeSetHeader) {
      self = []
      if !header.contextAdvance.isEmpty { insert(.context) }
      if !header.parts.isEmpty { insert(.parts) }
      if !header.author.isEmpty { insert(.author) }
      if !header.reason.isEmpty { insert(.reason) }
      if header.timestamp.counter > 0 { insert(.counter) }
    }
  }

  /// The canonical header. Texts above their limits are the programmer's mistake.
  package static func encodeHeader(_ header: ChangeSetHeader) -> [UInt8] {
    precondition(header.author.utf8.count <= Limits.authorBytes, "an author is short")
    precondition(header.reason.utf8.count <= Limits.reasonBytes, "a reason is short")
    precondition(header.contextAdvance[header.replica] == 0, "a context leaves out its writer")
    var writer = ByteWriter(capacity: 48)
    let flags = Flags(header)
    writer.write(byte: formatVersion | flags.rawValue)
    writer.write(stream: header.stream)
    writer.write(replica: header.replica, near: header.stream.scope)
    writer.write(varint: header.number)
    writer.write(bigEndian: header.timestamp.milliseconds, width: 6)
    if flags.contains(.counter) { writer.write(varint: UInt64(header.timestamp.counter)) }
    writer.write(varint: UInt64(header.schemaVersion))
    if flags.contains(.context) { writer.write(vector: header.contextAdvance) }
    if flags.contains(.parts) {
      writer.write(count: header.parts.count)
      var last: UInt32 = 0
      for part in header.parts {
        writer.write(varint: UInt64(part.stream.packed - last))
        last = part.stream.packed
        writer.write(varint: part.number)
      }
    }
    if flags.contains(.author) { writer.write(text: header.author) }
    if flags.contains(.reason) { writer.write(text: header.reason) }
    return writer.bytes
  }

  /// The header in exactly these bytes.
  package static func decodeHeader(
    _ bytes: ArraySlice<UInt8>
  ) throws(WireError) -> ChangeSetHeader {
    try ByteReader.read(bytes) { (reader) throws(WireError) -> ChangeSetHeader in
      let header = try decodeHeader(&reader)
      try reader.finish(.header)
      return header
    }
  }

  /// The header in exactly these bytes.
  package static func decodeHeader(_ bytes: [UInt8]) throws(WireError) -> ChangeSetHeader {
    try decodeHeader(bytes[...])
  }

  /// A header that ends where its fields end.
  static func decodeHeader(_ reader: inout ByteReader) throws(WireError) -> ChangeSetHeader {
    let first = try reader.byte()
    guard first & 7 == formatVersion else {
      throw .unknownCode(.formatVersion, code: UInt64(first & 7))
    }
    let flags = Flags(rawValue: first & ~7)
    let stream = try reader.stream()
    let replica = try reader.replica(near: stream.scope)
    let number = try reader.number()
    let milliseconds = try reader.bigEndian(width: 6)
    var counter: UInt64 = 0
    if flags.contains(.counter) {
      counter = try reader.varint(.timestamp, limit: UInt64(UInt16.max))
      guard counter > 0 else { throw .nonCanonical(.timestamp) }
    }
    let schemaVersion = try reader.varint(.schemaVersion, limit: UInt64(UInt32.max))
    var context = VersionVector()
    if flags.contains(.context) {
      context = try reader.vector()
      guard !context.isEmpty else { throw .nonCanonical(.vector) }
      guard context[replica] == 0 else { throw .malformed(.vector) }
    }
    var parts: [TransactionPart] = []
    if flags.contains(.parts) {
      parts = try decodeParts(&reader)
      let own = TransactionPart(stream: stream, number: number)
      guard parts.contains(own) else { throw .malformed(.parts) }
    }
    var (author, reason) = ("", "")
    if flags.contains(.author) {
      author = try reader.text(.author, limit: Limits.authorBytes)
      guard !author.isEmpty else { throw .nonCanonical(.author) }
    }
    if flags.contains(.reason) {
      reason = try reader.text(.reason, limit: Limits.reasonBytes)
      guard !reason.isEmpty else { throw .nonCanonical(.reason) }
    }
    return ChangeSetHeader(
      stream: stream, replica: replica, number: number, contextAdvance: context,
      timestamp: HybridTimestamp(
        milliseconds: milliseconds, counter: UInt16(truncatingIfNeeded: counter)),
      schemaVersion: UInt32(truncatingIfNeeded: schemaVersion),
      parts: parts, author: author, reason: reason)
  }

  private static func decodeParts(
    _ reader: inout ByteReader
  ) throws(WireError) -> [TransactionPart] {
    let count = try reader.count(.parts, limit: Limits.partsPerTransaction, bytesEach: 2)
    guard count >= 2 else { throw .nonCanonical(.parts) }
    var parts: [TransactionPart] = []
    var packed: UInt64 = 0
    for index in 0..<count {
      let step = try reader.varint(.stream, limit: UInt64(UInt32.max))
      guard index == 0 || step > 0 else { throw .nonCanonical(.parts) }
      packed += step
      guard let packed = UInt32(exactly: packed), let stream = StreamID(packed: packed) else {
        throw .malformed(.stream)
      }
      parts.append(TransactionPart(stream: stream, number: try reader.number()))
    }
    return parts
  }
}

extension EncodedChangeSet {
  /// Encodes a change set; a body of at least `deflateThreshold` bytes is deflated when that pays.
  package init(header: ChangeSetHeader, body: ChangeSetBody) {
    let canonical = ChangeSetCodec.encodeBody(body, of: header)
    let deflated =
      canonical.count >= Self.deflateThreshold
      ? Deflate.deflate(canonical, level: Deflate.fastLevel) : nil
    self.init(
      dot: header.dot, header: ChangeSetCodec.encodeHeader(header), body: deflated ?? canonical,
      bodyIsDeflated: deflated != nil, bodyByteCount: canonical.count)
  }

  /// The canonical body, inflated when it was deflated: what is hashed after the header.
  package func canonicalBody() throws(WireError) -> [UInt8] {
    guard bodyIsDeflated else {
      guard body.count == bodyByteCount else { throw .malformed(.body) }
      return body
    }
    let declared = bodyByteCount
    return try body.withUnsafeBufferPointer { (source) throws(WireError) -> [UInt8] in
      try Deflate.inflate(
        UnsafeRawBufferPointer(source), declared: declared, limit: Limits.changeSetBytes)
    }
  }

  /// The change set; throws when header, dot, or body are not canonical.
  package func decoded() throws(WireError) -> ChangeSet {
    let decodedHeader = try ChangeSetCodec.decodeHeader(header)
    guard decodedHeader.dot == dot else { throw .malformed(.header) }
    let body = try ChangeSetCodec.decodeBody(try canonicalBody(), of: decodedHeader)
    return ChangeSet(header: decodedHeader, body: body)
  }
}

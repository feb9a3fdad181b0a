import Causality
package import Changes

/// The canonical bytes of change sets: header ‖ body, one encoding for one value.
///
/// Decoding anything that encoding does not give throws, so that equal hashes mean equal change sets and
/// a copy that was decoded and encoded again still proves. Source: Protocol/3-ChangeSets.
package enum ChangeSetCodec {
  /// The first byte of each header.
  package static let formatVersion: UInt8 = 1

  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let context = Flags(rawValue: 1)
    static let parts = Flags(rawValue: 2)
    static let author = Flags(rawValue: 4)
    static let reason = Flags(rawValue: 8)
    static let all: Flags = [.context, .parts, .author, .reason]
  }

  /// The canonical header. Texts above their limits are the programmer's mistake.
  package static func encodeHeader(_ header: ChangeSetHeader) -> [UInt8] {
    precondition(header.author.utf8.count <= Limits.authorBytes, "an author is short")
    precondition(header.reason.utf8.count <= Limits.reasonBytes, "a reason is short")
    precondition(header.contextAdvance[header.replica] == 0, "a context leaves out its writer")
    var writer = ByteWriter(capacity: 48)
    writer.write(byte: formatVersion)
    writer.write(stream: header.stream)
    writer.write(replica: header.replica, near: header.stream.scope)
    writer.write(varint: header.number)
    writer.write(timestamp: header.timestamp)
    writer.write(varint: UInt64(header.schemaVersion))
    var flags: Flags = []
    if !header.contextAdvance.isEmpty { flags.insert(.context) }
    if !header.parts.isEmpty { flags.insert(.parts) }
    if !header.author.isEmpty { flags.insert(.author) }
    if !header.reason.isEmpty { flags.insert(.reason) }
    writer.write(byte: flags.rawValue)
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
    let version = try reader.byte()
    guard version == formatVersion else {
      throw .unknownCode(.formatVersion, code: UInt64(version))
    }
    let stream = try reader.stream()
    let replica = try reader.replica(near: stream.scope)
    let number = try reader.number()
    let timestamp = try reader.timestamp()
    let schemaVersion = try reader.varint(.schemaVersion, limit: UInt64(UInt32.max))
    let flags = Flags(rawValue: try reader.byte())
    guard flags.isSubset(of: .all) else {
      throw .unknownCode(.flags, code: UInt64(flags.rawValue))
    }
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
      timestamp: timestamp, schemaVersion: UInt32(truncatingIfNeeded: schemaVersion),
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

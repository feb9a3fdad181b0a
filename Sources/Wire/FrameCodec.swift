import Changes

/// Frames: a short header, a CRC-32, a payload that is deflated when that pays.
///
/// Source: Protocol/5-Frames §2–3. Layout: magic (1 byte), CRC-32 of all that follows (4, least significant
/// first), kind + 32 × compression (1), payload bytes (varint), when compressed the inflated bytes (varint),
/// with a dictionary its number (1), the payload.
package enum FrameCodec {
  /// The first byte of each frame.
  package static let magic: UInt8 = 0xB7
  /// Bytes before a payload, at most.
  package static let longestHeader = 16
  /// Payloads up to this are begun with the preset dictionary; longer ones bring their own repetitions.
  static let dictionaryPayloadBytes = 16_383
  /// Bytes of a payload that are not deflated already, from which deflating is tried.
  static let worthwhileBytes = 32

  /// One frame. A message whose payload exceeds `Limits.frameBytes` even when deflated is the programmer's
  /// mistake: senders gather by `Limits.frameTargetBytes` and cut larger change sets into parts.
  package static func encode(_ message: Message) -> [UInt8] {
    let payload = MessageCodec.encode(message)
    precondition(payload.count <= Limits.inflatedFrameBytes, "a payload has a bound")
    let (compression, carried) = compress(payload, of: message)
    precondition(carried.count <= Limits.frameBytes, "a frame has a bound")
    var header = ByteWriter(capacity: longestHeader)
    header.write(byte: message.kind.rawValue | compression.rawValue << 5)
    header.write(count: carried.count)
    if compression != .none { header.write(count: payload.count) }
    if compression == .deflateWithDictionary { header.write(byte: PresetDictionary.current) }
    let seed = header.bytes.withUnsafeBytes { Deflate.crc32($0) }
    let checksum = carried.withUnsafeBytes { Deflate.crc32($0, seed: seed) }
    var frame = ByteWriter(capacity: carried.count + longestHeader)
    frame.write(byte: magic)
    for shift in [UInt32(0), 8, 16, 24] {
      frame.write(byte: UInt8(truncatingIfNeeded: checksum >> shift))
    }
    frame.write(raw: header.bytes)
    frame.write(raw: carried)
    return frame.bytes
  }

  private static func compress(
    _ payload: [UInt8], of message: Message
  ) -> (Compression, [UInt8]) {
    var plain = payload.count
    switch message {
    // Hashes and signatures do not deflate.
    case .hello, .done, .bundleSeal, .part, .error: return (.none, payload)
    case .changes(let changes):
      plain -= changes.heads.count * 96
      for changeSet in changes.changeSets where changeSet.bodyIsDeflated {
        plain -= changeSet.body.count
      }
    case .knowledge, .acknowledgement, .bundleManifest: break
    }
    guard plain >= worthwhileBytes, plain * 4 >= payload.count else { return (.none, payload) }
    if payload.count <= dictionaryPayloadBytes, message.kind == .changes,
      let deflated = Deflate.deflate(
        payload, level: Deflate.smallLevel, dictionary: PresetDictionary.bytes)
    {
      return (.deflateWithDictionary, deflated)
    }
    guard let deflated = Deflate.deflate(payload, level: Deflate.fastLevel) else {
      return (.none, payload)
    }
    return (.deflate, deflated)
  }
}

/// Takes bytes as they arrive and gives the messages of complete frames.
///
/// After an error nothing more comes out: where the next frame begins is not known.
package struct FrameDecoder: Sendable {
  private var buffer: [UInt8] = []
  private var start = 0
  private var failure: WireError?
  /// Bytes of the frames given out so far: after an error, where the damage begins.
  package private(set) var offset: UInt64 = 0

  package init() {}

  /// Bytes of an incomplete frame: at most one frame once `next()` has returned nil.
  package var pendingByteCount: Int { buffer.count - start }

  /// Adds bytes; take all messages out before adding more.
  package mutating func append(_ bytes: some Collection<UInt8>) {
    if start > 0 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next message; nil when the rest is no complete frame yet. Throws as soon as the bytes cannot
  /// become a frame, before its payload is complete, and the same again when called again.
  package mutating func next() throws(WireError) -> Message? {
    if let failure { throw failure }
    do throws(WireError) {
      guard let (message, count) = try Self.first(of: buffer[start...]) else { return nil }
      start += count
      offset += UInt64(count)
      return message
    } catch {
      failure = error
      buffer = []
      start = 0
      throw error
    }
  }

  /// The message of the frame at the start of `bytes` and the bytes that it takes; nil when they are no
  /// complete frame yet.
  static func first(
    of bytes: ArraySlice<UInt8>
  ) throws(WireError) -> (message: Message, byteCount: Int)? {
    guard let header = try header(of: bytes) else { return nil }
    let byteCount = header.byteCount + header.payloadBytes
    guard byteCount <= bytes.count else { return nil }
    let begin = bytes.startIndex
    let payload = bytes[begin + header.byteCount..<begin + byteCount]
    let found = bytes[begin + checkedFrom..<begin + byteCount].withUnsafeBytes {
      Deflate.crc32($0)
    }
    guard found == header.checksum else {
      throw .checksumMismatch(expected: header.checksum, found: found)
    }
    if header.compression == .none {
      return (try MessageCodec.decode(header.kind, payload), byteCount)
    }
    let inflated = try inflate(payload, header)
    return (try MessageCodec.decode(header.kind, inflated[...]), byteCount)
  }

  /// Bytes before those that the checksum is over: magic and checksum.
  private static let checkedFrom = 5

  /// What a header says.
  private struct Header {
    let kind: MessageKind
    let compression: Compression
    let payloadBytes: Int
    let inflatedBytes: Int
    let dictionary: UInt8
    let checksum: UInt32
    let byteCount: Int
  }

  private static func inflate(
    _ payload: ArraySlice<UInt8>, _ header: Header
  ) throws(WireError) -> [UInt8] {
    var dictionary: [UInt8] = []
    if header.compression == .deflateWithDictionary {
      guard let known = PresetDictionary.bytes(of: header.dictionary) else {
        throw .unknownCode(.dictionary, code: UInt64(header.dictionary))
      }
      dictionary = known
    }
    return try payload.withUnsafeBufferPointer { (source) throws(WireError) -> [UInt8] in
      try Deflate.inflate(
        UnsafeRawBufferPointer(source), declared: header.inflatedBytes,
        limit: Limits.inflatedFrameBytes, dictionary: dictionary)
    }
  }

  /// The header at the start of `bytes`; nil when there are too few bytes for one.
  private static func header(of bytes: ArraySlice<UInt8>) throws(WireError) -> Header? {
    if let first = bytes.first, first != FrameCodec.magic { throw .malformed(.frameMagic) }
    let prefix = bytes.prefix(FrameCodec.longestHeader)
    do throws(WireError) {
      return try ByteReader.read(prefix) { (reader) throws(WireError) -> Header in
        try parse(&reader)
      }
    } catch .truncated where prefix.count < FrameCodec.longestHeader {
      return nil
    } catch {
      throw error
    }
  }

  private static func parse(_ reader: inout ByteReader) throws(WireError) -> Header {
    _ = try reader.byte()
    let checksum = try reader.raw(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let mark = try reader.byte()
    guard let kind = MessageKind(rawValue: mark & 31) else {
      throw .unknownCode(.frameKind, code: UInt64(mark & 31))
    }
    guard let compression = Compression(rawValue: mark >> 5) else {
      throw .unknownCode(.compression, code: UInt64(mark >> 5))
    }
    let payloadBytes = try reader.count(.frame, limit: Limits.frameBytes)
    var inflatedBytes = payloadBytes
    if compression != .none {
      inflatedBytes = try reader.count(.frame, limit: Limits.inflatedFrameBytes)
    }
    let dictionary = compression == .deflateWithDictionary ? try reader.byte() : 0
    return Header(
      kind: kind, compression: compression, payloadBytes: payloadBytes,
      inflatedBytes: inflatedBytes, dictionary: dictionary, checksum: checksum,
      byteCount: reader.offset)
  }
}

import Causality
import Changes

/// The payloads of frames, before compression. Source: Protocol/5-Frames §4.
package enum MessageCodec {
  /// The payload of a message.
  package static func encode(_ message: Message) -> [UInt8] {
    var writer = ByteWriter(capacity: 256)
    switch message {
    case .hello(let hello):
      writer.write(unsigned: hello)
      writer.write(raw: hello.signature)
    case .knowledge(let knowledge):
      writer.write(stream: knowledge.stream)
      writer.write(vector: knowledge.known)
      writer.write(byte: knowledge.receiverHead == nil ? 0 : 1)
      if let head = knowledge.receiverHead { writer.write(raw: head.bytes) }
    case .changes(let changes): return encode(changes)
    case .part(let part):
      writer.write(dot: part.dot)
      writer.write(raw: part.contentHash.bytes)
      writer.write(varint: UInt64(part.index))
      writer.write(varint: UInt64(part.count))
      writer.write(counted: part.bytes)
    case .acknowledgement(let acknowledgement):
      let marks = AcknowledgementMarks(acknowledgement)
      writer.write(stream: acknowledgement.stream)
      writer.write(byte: marks.rawValue)
      writer.write(vector: acknowledgement.held)
      if !marks.contains(.needsAreHeld) { writer.write(vector: acknowledgement.needs) }
      if !marks.contains(.topIsNeeds) { writer.write(vector: acknowledgement.top) }
    case .error(let error):
      writer.write(varint: UInt64(error.code.rawValue))
      writer.write(text: error.subject)
      writer.write(varint: error.retryAfterMilliseconds)
    case .done: break
    case .bundleManifest(let manifest): write(manifest, to: &writer)
    case .bundleSeal(let seal):
      writer.write(raw: seal.contentHash.bytes)
      writer.write(raw: seal.signature)
    }
    return writer.bytes
  }

  /// The message of a kind in exactly these payload bytes.
  package static func decode(
    _ kind: MessageKind, _ payload: ArraySlice<UInt8>
  ) throws(WireError) -> Message {
    try ByteReader.read(payload) { (reader) throws(WireError) -> Message in
      let message = try read(kind, &reader)
      try reader.finish(.message)
      return message
    }
  }

  private static func read(
    _ kind: MessageKind, _ reader: inout ByteReader
  ) throws(WireError) -> Message {
    switch kind {
    case .hello: return .hello(try hello(&reader))
    case .knowledge:
      let stream = try reader.stream()
      let known = try reader.vector()
      let mark = try reader.byte()
      guard mark <= 1 else { throw .unknownCode(.flags, code: UInt64(mark)) }
      let head = mark == 1 ? try reader.hash() : nil
      return .knowledge(StreamKnowledge(stream: stream, known: known, receiverHead: head))
    case .changes: return .changes(try changes(&reader))
    case .part: return .part(try part(&reader))
    case .acknowledgement:
      return .acknowledgement(try acknowledgement(&reader))
    case .error:
      let number = try reader.varint()
      guard let raw = UInt16(exactly: number), let code = ProtocolErrorCode(rawValue: raw) else {
        throw .unknownCode(.errorCode, code: number)
      }
      let subject = try reader.text(.errorText, limit: Limits.errorTextBytes)
      return .error(
        ErrorMessage(code: code, subject: subject, retryAfterMilliseconds: try reader.varint()))
    case .done: return .done
    case .bundleManifest: return .bundleManifest(try manifest(&reader))
    case .bundleSeal:
      let hash = try reader.hash()
      return .bundleSeal(BundleSeal(contentHash: hash, signature: try reader.array(64)))
    }
  }

  private static func acknowledgement(
    _ reader: inout ByteReader
  ) throws(WireError) -> Acknowledgement {
    let stream = try reader.stream()
    let marks = AcknowledgementMarks(rawValue: try reader.byte())
    guard marks.isSubset(of: [.needsAreHeld, .topIsNeeds]) else {
      throw .unknownCode(.flags, code: UInt64(marks.rawValue))
    }
    let held = try reader.vector()
    let needs = marks.contains(.needsAreHeld) ? held : try reader.vector()
    let top = marks.contains(.topIsNeeds) ? needs : try reader.vector()
    let acknowledgement = Acknowledgement(stream: stream, held: held, needs: needs, top: top)
    guard marks == AcknowledgementMarks(acknowledgement) else { throw .nonCanonical(.flags) }
    return acknowledgement
  }

  /// The bytes that the parts of a large change set are pieces of, and the payload of a CHANGES frame.
  package static func encode(_ message: ChangesMessage) -> [UInt8] {
    let bodies = message.changeSets.reduce(0) { $0 + $1.byteCount + 8 }
    var writer = ByteWriter(capacity: bodies + message.heads.count * 112 + 8)
    writer.write(
      varint: UInt64(message.changeSets.count) << 1 | (message.heads.isEmpty ? 0 : 1))
    for changeSet in message.changeSets {
      writer.write(raw: changeSet.header)
      writer.write(
        varint: UInt64(changeSet.bodyByteCount) << 1 | (changeSet.bodyIsDeflated ? 1 : 0))
      if changeSet.bodyIsDeflated { writer.write(count: changeSet.body.count) }
      writer.write(raw: changeSet.body)
    }
    if !message.heads.isEmpty { writer.write(count: message.heads.count) }
    for head in message.heads {
      // A head mostly proves the last change set of its stream and replica in the same frame.
      let index = message.changeSets.lastIndex { $0.dot == head.dot }
      writer.write(count: index.map { message.changeSets.count - $0 } ?? 0)
      if index == nil { writer.write(dot: head.dot) }
      writer.write(raw: head.hash.bytes)
      writer.write(raw: head.signature)
    }
    return writer.bytes
  }

  /// The change sets in exactly these bytes, e.g. in the joined parts of a large one. Headers are checked,
  /// bodies are left as they are.
  package static func decodeChanges(
    _ bytes: ArraySlice<UInt8>
  ) throws(WireError) -> ChangesMessage {
    try ByteReader.read(bytes) { (reader) throws(WireError) -> ChangesMessage in
      let message = try changes(&reader)
      try reader.finish(.message)
      return message
    }
  }

  private static func changes(_ reader: inout ByteReader) throws(WireError) -> ChangesMessage {
    let mark = try reader.varint(
      .changeSets, limit: UInt64(Limits.changeSetsPerFrame) << 1 | 1)
    let count = Int(mark >> 1)
    guard count <= reader.remaining / 16 else { throw .truncated(offset: reader.offset) }
    var changeSets: [EncodedChangeSet] = []
    changeSets.reserveCapacity(count)
    for _ in 0..<count { changeSets.append(try changeSet(&reader)) }
    var headCount = 0
    if mark & 1 == 1 {
      headCount = try reader.count(.head, limit: Limits.changeSetsPerFrame, bytesEach: 97)
      guard headCount > 0 else { throw .nonCanonical(.head) }
    }
    var heads: [SignedHead] = []
    heads.reserveCapacity(headCount)
    for _ in 0..<headCount {
      let back = try reader.count(.head, limit: count)
      let dot = back > 0 ? changeSets[count - back].dot : try reader.dot()
      let hash = try reader.hash()
      heads.append(SignedHead(dot: dot, hash: hash, signature: try reader.array(64)))
    }
    return ChangesMessage(changeSets: changeSets, heads: heads)
  }

  private static func changeSet(
    _ reader: inout ByteReader
  ) throws(WireError) -> EncodedChangeSet {
    let start = reader.offset
    let header = try ChangeSetCodec.decodeHeader(&reader)
    let headerBytes = reader.bytes(since: start)
    let mark = try reader.varint(.body, limit: UInt64(Limits.changeSetBytes) << 1 | 1)
    let isDeflated = mark & 1 == 1
    let carried =
      isDeflated ? try reader.count(.body, limit: Limits.changeSetBytes) : Int(mark >> 1)
    return EncodedChangeSet(
      dot: header.dot, header: headerBytes, body: try reader.array(carried),
      bodyIsDeflated: isDeflated, bodyByteCount: Int(mark >> 1))
  }

  private static func part(_ reader: inout ByteReader) throws(WireError) -> PartMessage {
    let dot = try reader.dot()
    let hash = try reader.hash()
    let index = try reader.varint(.part, limit: UInt64(Limits.partsPerChangeSet))
    let count = try reader.varint(.part, limit: UInt64(Limits.partsPerChangeSet))
    guard index < count else { throw .malformed(.part) }
    return PartMessage(
      dot: dot, contentHash: hash, index: UInt32(index), count: UInt32(count),
      bytes: try reader.counted(.part, limit: Limits.partBytes))
  }

  private static func hello(_ reader: inout ByteReader) throws(WireError) -> Hello {
    let lowest = try reader.varint(.hello, limit: UInt64(UInt16.max))
    let highest = lowest + (try reader.varint(.hello, limit: UInt64(UInt16.max)))
    guard let high = UInt16(exactly: highest) else { throw .malformed(.hello) }
    let replica = try reader.replica()
    let schemaVersion = try reader.varint(.schemaVersion, limit: UInt64(UInt32.max))
    let wall = try reader.bigEndian(width: 6)
    let quarantined = try reader.varint()
    let challenge = try reader.array(16)
    let count = try reader.count(.streams, limit: Limits.streamsPerHandshake, bytesEach: 25)
    var streams: [StreamSummary] = []
    streams.reserveCapacity(count)
    var packed: UInt64 = 0
    for index in 0..<count {
      let step = try reader.varint(.stream, limit: UInt64(UInt32.max))
      guard index == 0 || step > 0 else { throw .nonCanonical(.streams) }
      packed += step
      guard let value = UInt32(exactly: packed), let stream = StreamID(packed: value) else {
        throw .malformed(.stream)
      }
      let heads = try reader.bigEndian(width: 8)
      streams.append(
        StreamSummary(stream: stream, headsHash: heads, digest: try reader.array(16)))
    }
    return Hello(
      protocolVersions: UInt16(lowest)...high, replica: replica,
      schemaVersion: UInt32(schemaVersion), wallMilliseconds: wall, quarantineCount: quarantined,
      challenge: challenge, streams: streams, signature: try reader.array(64))
  }

  private static func write(_ manifest: BundleManifest, to writer: inout ByteWriter) {
    writer.write(replica: manifest.from)
    writer.write(byte: (manifest.to == nil ? 0 : 1) | (manifest.isAcknowledgement ? 2 : 0))
    if let target = manifest.to {
      writer.write(varint: UInt64(target.division))
      writer.write(varint: UInt64(target.terminal))
    }
    writer.write(bigEndian: manifest.createdMilliseconds, width: 6)
    writer.write(count: manifest.ranges.count)
    for range in manifest.ranges {
      writer.write(stream: range.stream)
      writer.write(vector: range.after)
      writer.write(vector: range.upTo)
    }
    writer.write(varint: UInt64(manifest.frameCount))
  }

  private static func manifest(_ reader: inout ByteReader) throws(WireError) -> BundleManifest {
    let from = try reader.replica()
    let marks = try reader.byte()
    guard marks <= 3 else { throw .unknownCode(.manifest, code: UInt64(marks)) }
    var target: NodeCode?
    if marks & 1 == 1 {
      let division = try reader.varint(.manifest, limit: UInt64(NodeCode.largestDivision))
      let terminal = try reader.varint(.manifest, limit: UInt64(NodeCode.largestTerminal))
      target = NodeCode(division: UInt32(division), terminal: UInt16(terminal))
      guard target != nil else { throw .malformed(.manifest) }
    }
    let created = try reader.bigEndian(width: 6)
    let count = try reader.count(.streams, limit: Limits.streamsPerHandshake, bytesEach: 5)
    var ranges: [BundleRange] = []
    for _ in 0..<count {
      let stream = try reader.stream()
      if let last = ranges.last, last.stream >= stream { throw .nonCanonical(.streams) }
      let after = try reader.vector()
      ranges.append(BundleRange(stream: stream, after: after, upTo: try reader.vector()))
    }
    let frames = try reader.varint(.frame, limit: UInt64(Limits.bundleFrames))
    return BundleManifest(
      from: from, to: target, createdMilliseconds: created, isAcknowledgement: marks & 2 != 0,
      ranges: ranges, frameCount: UInt32(frames))
  }
}

extension ByteWriter {
  /// HELLO without its signature.
  mutating func write(unsigned hello: Hello) {
    let versions = hello.protocolVersions
    write(varint: UInt64(versions.lowerBound))
    write(varint: UInt64(versions.upperBound - versions.lowerBound))
    write(replica: hello.replica)
    write(varint: UInt64(hello.schemaVersion))
    write(bigEndian: hello.wallMilliseconds, width: 6)
    write(varint: hello.quarantineCount)
    write(raw: hello.challenge)
    write(count: hello.streams.count)
    var last: UInt32 = 0
    for summary in hello.streams {
      write(varint: UInt64(summary.stream.packed - last))
      last = summary.stream.packed
      write(bigEndian: summary.headsHash, width: 8)
      write(raw: summary.digest)
    }
  }
}

/// Which vectors of an ACKNOWLEDGEMENT are not said because they are the one before.
private struct AcknowledgementMarks: OptionSet {
  let rawValue: UInt8
  static let needsAreHeld = AcknowledgementMarks(rawValue: 1)
  static let topIsNeeds = AcknowledgementMarks(rawValue: 2)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ acknowledgement: Acknowledgement) {
    self = acknowledgement.needs == acknowledgement.held ? .needsAreHeld : []
    if acknowledgement.top == acknowledgement.needs { insert(.topIsNeeds) }
  }
}

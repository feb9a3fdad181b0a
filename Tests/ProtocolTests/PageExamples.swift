import Causality
import Changes
import Wire

/// Names of the examples.
enum ExampleNames {
  static func replica(_ division: UInt32 = 530_102, terminal: UInt16 = 0, epoch: UInt32 = 1)
    -> ReplicaID
  {
    guard let node = NodeCode(division: division, terminal: terminal),
      let replica = ReplicaID(node: node, epoch: epoch)
    else { preconditionFailure("a replica of an example") }
    return replica
  }

  static func stream() -> StreamID {
    guard let scope = Scope(code: 530_102) else { preconditionFailure("a scope of an example") }
    return StreamID(scope: scope)
  }
}

/// The worked examples of the protocol pages, by the name that the page gives them.
enum PageExamples {
  static let writer = ExampleNames.replica()
  static let stream = ExampleNames.stream()

  static let header = ChangeSetHeader(
    stream: stream, replica: writer, number: 812,
    contextAdvance: VersionVector(
      ascending: [.init(replica: ExampleNames.replica(530_000), number: 4)]) ?? VersionVector(),
    timestamp: HybridTimestamp(milliseconds: 1_730_000_000_123), schemaVersion: 1,
    author: "li.wei")

  /// Company 91530102MA04A8AE5Y: column 3 from A to B, column 8 from one time to another.
  static let body: ChangeSetBody = {
    let columns = [3, 8].map { CarriedColumn(column: ColumnID($0), group: GroupID($0)) }
    var block = RowBlock(
      table: TableID(1_000), kind: .update, columns: columns, keyWidth: 1, hasBefore: true)
    block.cells.append(.text("91530102MA04A8AE5Y"))
    block.cells.append(.text("B"))
    block.cells.append(integer: 1_730_000_000_000)
    block.cells.append(.text("A"))
    block.cells.append(integer: 1_700_000_000_000)
    block.beforeDots = [[StreamDot(replica: writer, number: 1)]]
    block.beforeIndex = [0, 0, 0]
    return ChangeSetBody(blocks: [block])
  }()

  /// Three rows with integer keys; a text column with a null; a register note.
  static let columnsBody: ChangeSetBody = {
    let columns = [CarriedColumn(column: ColumnID(1), group: GroupID(1))]
    var block = RowBlock(
      table: TableID(7), kind: .insert, columns: columns, keyWidth: 1, hasBefore: false)
    let texts: [Value] = [.text("no"), .null, .text("yes")]
    for (key, text) in zip([Int64(10), 20, 40], texts) {
      block.cells.append(integer: key)
      block.cells.append(text)
    }
    block.notes = [
      RegisterNote(
        row: 2, group: GroupID(1), over: [StreamDot(replica: writer, number: 5)], origin: nil)
    ]
    return ChangeSetBody(
      blocks: [block], controls: [.suspect(StreamDot(replica: writer, number: 9))])
  }()

  static let vector =
    VersionVector(ascending: [
      .init(replica: ExampleNames.replica(530_000), number: 4),
      .init(replica: ExampleNames.replica(530_102), number: 300),
      .init(replica: ExampleNames.replica(530_102, terminal: 3, epoch: 2), number: 1),
    ]) ?? VersionVector()

  static let hello = Hello(
    protocolVersions: 1...1, replica: writer, schemaVersion: 1,
    wallMilliseconds: 1_730_000_000_000, quarantineCount: 0,
    challenge: [UInt8](repeating: 0xC4, count: 16),
    streams: [
      StreamSummary(
        stream: stream, headsHash: 0x0102_0304_0506_0708,
        digest: [UInt8](repeating: 0xD1, count: 16))
    ], signature: [UInt8](repeating: 0x51, count: 64))

  static let head = SignedHead(
    dot: Dot(stream: stream, replica: writer, number: 812), hash: .zero,
    signature: [UInt8](repeating: 0x51, count: 64))

  static let error = ErrorMessage(
    code: .streamNotShared, subject: "530102/both", retryAfterMilliseconds: 0)

  /// A bundle of one acknowledgement.
  static let bundle: [UInt8] = {
    var bundle = BundleWriter()
    let frame = bundle.frame(
      .acknowledgement(
        Acknowledgement(stream: stream, held: vector, needs: vector, top: VersionVector())))
    let manifest = BundleManifest(
      from: writer, to: nil, createdMilliseconds: 1_730_000_000_000, isAcknowledgement: true,
      ranges: [], frameCount: 1)
    let seal = BundleSeal(contentHash: .zero, signature: [UInt8](repeating: 0x51, count: 64))
    return bundle.opening(manifest) + frame + bundle.closing(seal)
  }()

  /// The bytes of each example.
  static let all: [(name: String, bytes: [UInt8])] = {
    var numbers = ByteWriter()
    for number in [UInt64(0), 127, 128, 300] { numbers.write(varint: number) }
    for number in [Int64(-1), 1, -64, 64] { numbers.write(zigzag: number) }
    let changes = ChangesMessage(
      changeSets: [EncodedChangeSet(header: header, body: body)], heads: [head])
    let knowledge = StreamKnowledge(stream: stream, known: vector, receiverHead: nil)
    return [
      ("numbers", numbers.bytes),
      ("vector", MessageCodec.encode(.knowledge(knowledge)).dropLast().dropFirst(3).map { $0 }),
      ("header", ChangeSetCodec.encodeHeader(header)),
      ("body", ChangeSetCodec.encodeBody(body, of: header)),
      ("columns", ChangeSetCodec.encodeBody(columnsBody, of: header)),
      (
        "content-hash",
        Digest.sha256(
          [HashDomain.changeSet.rawValue] + ChangeSetCodec.encodeHeader(header)
            + ChangeSetCodec.encodeBody(body, of: header)
        ).bytes
      ), ("key", RowKey([.text("a"), .integer(1)])?.bytes ?? []),
      (
        "enrolment-signed",
        EnrolmentBytes.signed(
          replica: writer, publicKey: [UInt8](repeating: 7, count: 32), name: "五华")
      ),
      ("head-signed", head.signedBytes),
      ("changes", MessageCodec.encode(.changes(changes))),
      ("hello", MessageCodec.encode(.hello(hello))),
      ("hello-signed", hello.signedBytes),
      ("done-frame", FrameCodec.encode(.done)),
      ("error-frame", FrameCodec.encode(.error(error))),
      ("bundle", bundle),
      (
        "bundle-signed",
        BundleSeal(contentHash: .zero, signature: []).signedBytes
      ),
    ]
  }()
}

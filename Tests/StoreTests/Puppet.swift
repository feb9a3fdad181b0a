import Causality
import Changes
import Crypto
import Store
import Testing
import Wire

/// A replica whose change sets a test writes itself, with a key of its own: what no honest node sends.
struct Puppet {
  let replica: ReplicaID
  private let key = Curve25519.Signing.PrivateKey()
  private var chains: [StreamID: ContentHash] = [:]
  private var numbers: [StreamID: UInt64] = [:]
  private var contexts: [StreamID: VersionVector] = [:]

  init(_ division: UInt32) throws {
    let node = try #require(NodeCode(division: division))
    replica = try #require(ReplicaID(node: node, epoch: 1))
  }

  /// Admitted by a hub.
  func enrol(_ world: World, at hub: UInt32) throws {
    let publicKey = Array(key.publicKey.rawRepresentation)
    let bytes = EnrolmentRequest.signedBytes(replica: replica, publicKey: publicKey, name: "p")
    let request = EnrolmentRequest(
      replica: replica, publicKey: publicKey, name: "p",
      signature: Array(try key.signature(for: bytes)))
    _ = try world[hub].admit(request, author: "test", wallMilliseconds: world.wall)
  }

  /// The next change set in a stream, with a signed head. `knows`: its knowledge of the stream.
  mutating func write(
    _ body: ChangeSetBody, in stream: StreamID, knows: VersionVector = VersionVector(),
    at wall: UInt64
  ) throws -> ChangesMessage {
    try write(in: stream, knows: knows, at: wall) { ChangeSetCodec.encodeBody(body, of: $0) }
  }

  /// The same with whatever bytes as the body.
  mutating func write(
    in stream: StreamID, knows: VersionVector = VersionVector(), at wall: UInt64,
    bytes: (ChangeSetHeader) -> [UInt8]
  ) throws -> ChangesMessage {
    let number = (numbers[stream] ?? 0) + 1
    numbers[stream] = number
    var advance = VersionVector()
    for entry in knows.entries
    where entry.replica != replica && entry.number > (contexts[stream]?[entry.replica] ?? 0) {
      advance[entry.replica] = entry.number
    }
    contexts[stream] = (contexts[stream] ?? VersionVector()).union(advance)
    let header = ChangeSetHeader(
      stream: stream, replica: replica, number: number, contextAdvance: advance,
      timestamp: HybridTimestamp(milliseconds: wall), schemaVersion: 1, parts: [],
      author: "puppet")
    let (headerBytes, bodyBytes) = (ChangeSetCodec.encodeHeader(header), bytes(header))
    let content = try #require(
      ContentHash(
        Array(SHA256.hash(data: [HashDomain.changeSet.rawValue] + headerBytes + bodyBytes))))
    let input = ChangeSetCodec.chainInput(previous: chains[stream] ?? .zero, content: content)
    let chain = try #require(ContentHash(Array(SHA256.hash(data: input))))
    chains[stream] = chain
    let unsigned = SignedHead(dot: header.dot, hash: chain, signature: [])
    let head = SignedHead(
      dot: header.dot, hash: chain, signature: Array(try key.signature(for: unsigned.signedBytes)))
    return ChangesMessage(
      changeSets: [
        EncodedChangeSet(
          dot: header.dot, header: headerBytes, body: bodyBytes, bodyIsDeflated: false,
          bodyByteCount: bodyBytes.count)
      ], heads: [head])
  }

  /// Rows of books with a title each; a number is the key.
  static func books(
    _ kind: OperationKind, _ titles: [(String, Value)], notes: [RegisterNote] = []
  ) -> RowBlock {
    var block = RowBlock(
      table: Library.books, kind: kind,
      columns: [CarriedColumn(column: Library.title, group: GroupID(1))], keyWidth: 1,
      hasBefore: false)
    for (number, title) in titles {
      block.cells.append(.text(number))
      block.cells.append(title)
    }
    block.notes = notes
    return block
  }
}

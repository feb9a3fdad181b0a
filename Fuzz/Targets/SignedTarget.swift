import Causality
import Changes
import Crypto
import Foundation
import Store
import Wire

/// Whatever bodies as change sets of enrolled writers, numbered, chained and signed as they should be, so that
/// the bytes get past every proof and meet merge and storage.
///
/// Two replicas take the same change sets in another order each. Properties: neither throws, both know the same
/// in the end, and where they know the same their digests and heads are equal. Each input has a stream of its
/// own, so that nothing depends on the inputs before.
final class SignedTarget {
  /// Streams of one pair of replicas; then there is another pair.
  private static let streams: UInt32 = 256
  private static let firstStream: UInt32 = 1_000
  private static let wallMilliseconds: UInt64 = 1_800_000_000_000
  /// Change sets of one input, at most.
  private static let longestHistory = 6

  private let folder: String
  private let replicas: [Replica]
  private let writers: [Writer]
  private var nextStream = SignedTarget.firstStream

  /// An enrolled writer; the key is known to all, for tests only.
  private struct Writer {
    let replica: ReplicaID
    let key: Curve25519.Signing.PrivateKey

    init(terminal: UInt16) throws {
      guard let node = NodeCode(division: 2, terminal: terminal),
        let replica = ReplicaID(node: node, epoch: 1)
      else { preconditionFailure("division 2 has terminals") }
      self.replica = replica
      key = try Curve25519.Signing.PrivateKey(
        rawRepresentation: [UInt8](repeating: UInt8(terminal + 1), count: 32))
    }
  }

  /// Whether there is a stream for another input.
  var hasRoom: Bool { nextStream < Self.firstStream + Self.streams }

  init() {
    let memory = "/dev/shm"
    let parent =
      FileManager.default.isWritableFile(atPath: memory)
      ? memory : FileManager.default.temporaryDirectory.path
    folder = parent + "/tributary-fuzz-\(UUID().uuidString)"
    do {
      writers = [try Writer(terminal: 0), try Writer(terminal: 3)]
      replicas = try [Self.make(folder + "/1", writers), Self.make(folder + "/2", writers)]
    } catch {
      preconditionFailure("the replicas of the target cannot be made: \(error)")
    }
  }

  deinit {
    for replica in replicas { try? replica.close() }  // The folder goes anyway.
    try? FileManager.default.removeItem(atPath: folder)  // What stays is a temporary file.
  }

  private static func make(_ path: String, _ writers: [Writer]) throws -> Replica {
    guard let top = NodeCode(division: 1), let root = Scope(code: 1), let hub = Scope(code: 2)
    else { preconditionFailure("1 and 2 are divisions") }
    let below = (firstStream..<firstStream + streams).compactMap { Scope(code: $0) }
    let tree = try ScopeTree(
      [ScopeTree.Entry(scope: root, parent: nil), ScopeTree.Entry(scope: hub, parent: root)]
        + below.map { ScopeTree.Entry(scope: $0, parent: hub) })
    let replica = try Replica.create(
      folder: ReplicaFolder(path), node: top, tree: tree, schema: try schema(), anchor: nil,
      wallMilliseconds: wallMilliseconds)
    for writer in writers {
      let key = Array(writer.key.publicKey.rawRepresentation)
      let bytes = EnrolmentRequest.signedBytes(
        replica: writer.replica, publicKey: key, name: "writer")
      _ = try replica.admit(
        EnrolmentRequest(
          replica: writer.replica, publicKey: key, name: "writer",
          signature: Array(try writer.key.signature(for: bytes))),
        author: "fuzz", wallMilliseconds: wallMilliseconds)
    }
    return replica
  }

  /// Table 1000 of the vectors, with a register of every policy.
  private static func schema() throws -> Schema {
    let policies: [(UInt32, Policy)] = [
      (2, .owner(.tier(Tier(depth: 0)))), (3, .owner(.scope)), (4, .review), (5, .counter),
      (6, .max), (7, .min),
      (
        8,
        .rank([
          RankState(.text("in"), next: [.text("out")]), RankState(.text("out"), next: []),
        ])
      ), (9, .immutable),
    ]
    return try Schema(
      version: 1,
      tables: [1_000, 1_001].map { (table: UInt32) in
        TableDeclaration(
          id: TableID(table), name: "t\(table)", existence: table == 1_000 ? .standard : .addWins,
          scopeColumn: "division", key: [KeyColumn(name: "code", kind: .text)],
          columns: (1...10).map { (number: UInt32) in
            ColumnDeclaration(
              id: number, name: "c\(number)",
              kind: [5, 6, 7].contains(number) ? .integer : .text)
          },
          groups: policies.map { GroupDeclaration(id: GroupID($0.0), policy: $0.1) })
      })
  }

  /// The bytes: a byte per change set, bit 0 its writer, bit 1 whether it knows all before it, the others a place
  /// in the order of the second replica; two bytes for the length of its body; the body.
  func take(_ bytes: [UInt8]) -> Bool {
    precondition(hasRoom, "a pair of replicas has streams for so many inputs")
    guard let scope = Scope(code: nextStream) else { preconditionFailure("a division") }
    nextStream += 1
    let history = history(bytes, in: StreamID(scope: scope))
    guard !history.isEmpty else { return false }
    let other = history.enumerated()
      .sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(\.element)
    do throws(StoreError) {
      for (replica, messages) in zip(replicas, [history, other]) {
        for step in messages {
          _ = try replica.apply(
            step.message, from: step.writer, isIngress: false,
            wallMilliseconds: Self.wallMilliseconds)
        }
      }
      let stream = StreamID(scope: scope)
      let known = try replicas.map { (replica) throws(StoreError) in
        try replica.knowledge(of: stream)
      }
      precondition(known[0] == known[1], "every order ends in the same knowledge")
      let summaries = try replicas.map { (replica) throws(StoreError) in
        try replica.summary(of: stream)
      }
      precondition(summaries[0] == summaries[1], "every order ends in the same rows")
      return !known[0].isEmpty
    } catch {
      preconditionFailure("what is proved is taken: \(error)")
    }
  }

  private struct Step {
    let message: ChangesMessage
    let writer: ReplicaID
    let place: UInt8
  }

  private func history(_ bytes: [UInt8], in stream: StreamID) -> [Step] {
    var steps: [Step] = []
    var rest = bytes[...]
    var chains = [ContentHash](repeating: .zero, count: writers.count)
    var numbers = [UInt64](repeating: 0, count: writers.count)
    var seen = [UInt64](repeating: 0, count: writers.count)
    while rest.count > 3, steps.count < Self.longestHistory {
      let mark = rest.removeFirst()
      let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
      let body = Array(rest.prefix(length))
      rest = rest.dropFirst(length)
      let (mine, peer) = (Int(mark & 1), Int(mark & 1 ^ 1))
      numbers[mine] += 1
      var advance = VersionVector()
      if mark & 2 != 0, numbers[peer] > seen[mine] {
        advance[writers[peer].replica] = numbers[peer]
        seen[mine] = numbers[peer]
      }
      let header = ChangeSetHeader(
        stream: stream, replica: writers[mine].replica, number: numbers[mine],
        contextAdvance: advance,
        timestamp: HybridTimestamp(
          milliseconds: Self.wallMilliseconds + UInt64(steps.count)),
        schemaVersion: 1, author: "fuzz")
      let message = sign(header, body, writers[mine], &chains[mine])
      steps.append(Step(message: message, writer: writers[mine].replica, place: mark >> 2))
    }
    return steps
  }

  private func sign(
    _ header: ChangeSetHeader, _ body: [UInt8], _ writer: Writer, _ chain: inout ContentHash
  ) -> ChangesMessage {
    let headerBytes = ChangeSetCodec.encodeHeader(header)
    let content = hash([HashDomain.changeSet.rawValue] + headerBytes + body)
    chain = hash(ChangeSetCodec.chainInput(previous: chain, content: content))
    let unsigned = SignedHead(dot: header.dot, hash: chain, signature: [])
    guard let signature = try? writer.key.signature(for: unsigned.signedBytes) else {
      preconditionFailure("a key signs any bytes")
    }
    return ChangesMessage(
      changeSets: [
        EncodedChangeSet(
          dot: header.dot, header: headerBytes, body: body, bodyIsDeflated: false,
          bodyByteCount: body.count)
      ], heads: [SignedHead(dot: header.dot, hash: chain, signature: Array(signature))])
  }

  private func hash(_ bytes: [UInt8]) -> ContentHash {
    guard let hash = ContentHash(Array(SHA256.hash(data: bytes))) else {
      preconditionFailure("SHA-256 has 32 bytes")
    }
    return hash
  }
}

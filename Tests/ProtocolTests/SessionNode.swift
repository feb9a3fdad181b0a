import Causality
import Changes
import Merge
import Replication
import Wire

/// A node of the session vectors: a reference replica per stream, the keys of the vectors, and what the
/// machines of Replication ask for.
final class SessionNode {
  let id: ReplicaID
  let isHub: Bool
  let registered: Set<ReplicaID>
  let challenge: [UInt8]
  private(set) var streams: [StreamID: ReferenceReplica] = [:]
  /// What is here of change sets in parts: the hash of the whole, and the parts from the first on.
  private var staged: [Dot: (hash: ContentHash, count: UInt32, parts: [[UInt8]])] = [:]

  init(
    _ id: ReplicaID, isHub: Bool, registered: Set<ReplicaID>, challenge: [UInt8],
    streams: [ReferenceReplica]
  ) {
    (self.id, self.isHub, self.registered) = (id, isHub, registered)
    self.challenge = challenge
    for stream in streams { self.streams[stream.stream] = stream }
  }

  var shared: [StreamID] { streams.keys.sorted() }

  var context: ExchangeContext {
    ExchangeContext(
      replica: id, protocolVersions: 1...1, schemaVersion: 1, quarantineCount: 0,
      wallMilliseconds: 1_730_000_000_000)
  }

  func write(_ changeSet: EncodedChangeSet) throws -> Bool {
    try streams[changeSet.dot.stream]?.apply(changeSet) == .applied
  }

  /// Does what a machine asks, until it waits or ends. Returns what it said.
  func drain(_ machine: inout some ExchangeMachine, _ outcome: inout ExchangeOutcome?) -> [Message]
  {
    var said: [Message] = []
    while let action = machine.next() {
      switch action {
      case .send(let message): said.append(message)
      case .finish(let result): outcome = result
      case .raise, .setTimer: continue
      default: machine.answer(answer(action))
      }
    }
    return said
  }

  private func answer(_ action: ExchangeAction) -> ExchangeAnswer {
    switch action {
    case .readStreams(let ids): return .streams(ids.compactMap(state))
    case .readHeads(let dots):
      return .heads(dots.map { streams[$0.stream]?.chain($0.replica, $0.number) })
    case .readOwnHead(let stream, let number):
      return .ownHead(
        last: streams[stream]?.known[id] ?? 0, hash: streams[stream]?.chain(id, number))
    case .readReceipts(let ids): return .receipts(receipts(ids))
    case .readAcknowledgements(let ids):
      return .acknowledgements(
        ids.map { stream in
          let known = streams[stream]?.known ?? VersionVector()
          return Acknowledgement(
            stream: stream, held: known, needs: known, top: isHub ? known : VersionVector())
        })
    case .readChanges(let request): return .changes(batch(request))
    case .sign(let hello): return .signed(signed(hello))
    case .judge(let hello): return .judged(standing(hello))
    case .apply(let message, _): return .applied(apply(message))
    case .stage(let part): return .staged(stage(part))
    case .record: return .recorded
    case .raise, .setTimer, .send, .finish: preconditionFailure("needs no answer")
    }
  }

  private func state(_ stream: StreamID) -> StreamState? {
    streams[stream].map {
      StreamState(
        summary: StreamSummary(stream: stream, headsHash: $0.headsHash, digest: $0.digest),
        known: $0.known)
    }
  }

  func signed(_ hello: Hello) -> Hello {
    Hello(
      protocolVersions: hello.protocolVersions, replica: hello.replica,
      schemaVersion: hello.schemaVersion, wallMilliseconds: hello.wallMilliseconds,
      quarantineCount: hello.quarantineCount, challenge: hello.challenge, streams: hello.streams,
      signature: VectorKey.sign(hello.signedBytes, by: hello.replica))
  }

  private func standing(_ hello: Hello) -> PeerStanding {
    let key = VectorKey.publicKey(hello.replica)
    return PeerStanding(
      registration: registered.contains(hello.replica) ? .admitted : .unknown,
      signatureHolds: VectorKey.holds(hello.signature, over: hello.signedBytes, key: key),
      challenge: isHub ? challenge : [], shared: shared)
  }

  /// A head over a change set of a log, signed by its writer.
  static func head(_ replica: ReferenceReplica, _ dot: Dot) -> SignedHead {
    let hash = replica.chain(dot.replica, dot.number) ?? .zero
    let unsigned = SignedHead(dot: dot, hash: hash, signature: [])
    return SignedHead(
      dot: dot, hash: hash, signature: VectorKey.sign(unsigned.signedBytes, by: dot.replica))
  }

  private func batch(_ request: ChangesRequest) -> OutgoingBatch? {
    var (sent, heads, advancing) = ([EncodedChangeSet](), [SignedHead](), [StreamVector]())
    for vector in request.lackedBy {
      guard let replica = streams[vector.stream] else { continue }
      let lacking = replica.log.filter { !vector.known.contains($0.dot.replica, $0.dot.number) }
      guard !lacking.isEmpty else { continue }
      sent += lacking
      for writer in Set(lacking.map(\.dot.replica)).sorted() {
        if let last = lacking.last(where: { $0.dot.replica == writer }) {
          heads.append(Self.head(replica, last.dot))
        }
      }
      advancing.append(StreamVector(stream: vector.stream, known: replica.known))
    }
    guard !sent.isEmpty else { return nil }
    let message = ChangesMessage(changeSets: sent, heads: heads)
    return OutgoingBatch(content: Self.content(message, request.held), advancing: advancing)
  }

  // MARK: parts (5-Frames §4, 6-Sessions §5)

  /// One frame, or the parts that the receiver does not hold of what is too large for one.
  private static func content(
    _ message: ChangesMessage, _ held: [PartReceipt]
  ) -> OutgoingBatch.Content {
    guard message.changeSets.reduce(0, { $0 + $1.byteCount }) > Limits.partBytes else {
      return .frame(message)
    }
    let whole = MessageCodec.encode(message)
    let hash = wholeHash(whole)
    let starts = Array(stride(from: 0, to: whole.count, by: Limits.partBytes))
    let first = held.first { $0.contentHash == hash }?.held ?? 0
    return .parts(
      starts.indices.dropFirst(Int(first)).map { index in
        let bytes = whole[starts[index]...].prefix(Limits.partBytes)
        return PartMessage(
          dot: message.changeSets[0].dot, contentHash: hash, index: UInt32(index),
          count: UInt32(starts.count), bytes: Array(bytes))
      })
  }

  private static func wholeHash(_ whole: [UInt8]) -> ContentHash {
    Digest.sha256([HashDomain.parts.rawValue] + whole)
  }

  private func receipts(_ ids: [StreamID]) -> [PartReceipt] {
    staged.keys.filter { ids.contains($0.stream) }.sorted().compactMap { dot in
      staged[dot].map {
        PartReceipt(
          dot: dot, contentHash: $0.hash, held: UInt32($0.parts.count), count: $0.count)
      }
    }
  }

  /// Keeps a part; the whole when it was the last.
  private func stage(_ part: PartMessage) -> ChangesMessage? {
    var held = staged[part.dot] ?? (part.contentHash, part.count, [])
    if held.hash != part.contentHash { held = (part.contentHash, part.count, []) }
    if Int(part.index) == held.parts.count { held.parts.append(part.bytes) }
    guard held.parts.count == Int(held.count) else {
      staged[part.dot] = held
      return nil
    }
    staged[part.dot] = nil
    let whole = held.parts.flatMap { $0 }
    // What does not hash or decode is dropped; the vectors have none.
    guard Self.wholeHash(whole) == held.hash,
      case .changes(let message)? = try? MessageCodec.decode(.changes, whole[...])
    else { return nil }
    return message
  }

  private func apply(_ message: ChangesMessage) -> ApplyReport {
    var (applied, duplicates, parked, rejections) = (0, 0, 0, [Rejection]())
    var stopped: Set<StreamReplica> = []
    for changeSet in message.changeSets {
      let dot = changeSet.dot
      let pair = StreamReplica(stream: dot.stream, replica: dot.replica)
      guard !stopped.contains(pair), var stream = streams[dot.stream] else { continue }
      let isKnown = stream.known.contains(dot.replica, dot.number)
      // What does not decode is not applied; the vectors have none.
      let outcome = (try? stream.apply(changeSet)) ?? .unprovedChangeSet
      if !isKnown, outcome == .applied, !isProved(dot, stream, message, pair) {
        stopped.insert(pair)
        rejections.append(Rejection(dot: dot, code: .unprovedChangeSet))
        continue
      }
      streams[dot.stream] = stream
      switch outcome {
      case .applied: applied += 1
      case .duplicate: duplicates += 1
      case .parked: parked += 1
      case .forkDetected, .unprovedChangeSet:
        stopped.insert(pair)
        rejections.append(
          Rejection(
            dot: dot, code: outcome == .forkDetected ? .forkDetected : .unprovedChangeSet))
      }
    }
    return ApplyReport(
      applied: applied, duplicates: duplicates, parked: parked, rejections: rejections)
  }

  /// Whether a head of the message, at or behind the change set, proves the chain that leads to it.
  private func isProved(
    _ dot: Dot, _ stream: ReferenceReplica, _ message: ChangesMessage, _ pair: StreamReplica
  ) -> Bool {
    guard
      let head = message.heads.first(where: {
        $0.dot.stream == dot.stream && $0.dot.replica == dot.replica && $0.dot.number >= dot.number
      })
    else { return false }
    var copy = stream
    for later in message.changeSets
    where later.dot.replica == dot.replica && later.dot.number > dot.number {
      // As above: what does not decode proves nothing.
      _ = try? copy.apply(later)
    }
    let key = VectorKey.publicKey(dot.replica)
    return copy.chain(dot.replica, head.dot.number) == head.hash
      && VectorKey.holds(head.signature, over: head.signedBytes, key: key)
  }
}

import Causality
import Changes
import Replication
import Store
import Wire

/// Exchanges between a child and its hub in one process: every frame is encoded and decoded, nothing is sent
/// anywhere. HTTP adds its headers to the bytes given here.
final class LoopbackLink {
  private let child: TributaryNode
  private let hub: TributaryNode
  private let shared: [StreamID]
  private let wallMilliseconds: UInt64
  private var hint = PeerHint()
  private var memory = ChildMemory()
  /// The hub's challenge for this child, for the life of the hub's process.
  private static let challenge = [UInt8](repeating: 0xC5, count: 16)

  init(child: TributaryNode, hub: TributaryNode, wallMilliseconds: UInt64) {
    (self.child, self.hub, self.wallMilliseconds) = (child, hub, wallMilliseconds)
    let hubScope = hub.replica.identity.replica.node.scope
    shared = child.replica.streams.filter { child.replica.tree.holds(hubScope, $0) }
  }

  /// Bytes both ways, and exchanges made.
  struct Traffic {
    var bytes = 0
    var rounds = 0
  }

  /// Exchanges until both know the same; at most `Limits.exchangesPerSync`.
  func synchronize() throws(StoreError) -> Traffic {
    var traffic = Traffic()
    while traffic.rounds < Limits.exchangesPerSync {
      traffic.rounds += 1
      let outcome = try exchange(&traffic.bytes)
      switch outcome.result {
      case .complete: if !outcome.differs { return traffic }
      case .challenged: break
      case .failed(let error): throw .damagedRecord("exchange: \(error)")
      }
    }
    throw .damagedRecord("the exchanges do not come to an end")
  }

  /// One request and its answer.
  private func exchange(_ bytes: inout Int) throws(StoreError) -> ExchangeOutcome {
    let start = ChildExchange(context: try context(child), shared: shared, hint: hint)
    var asking = Side(machine: start, replica: child.replica, challenge: nil, wallMilliseconds)
    var answering = Side(
      machine: HubExchange(context: try context(hub), memory: memory), replica: hub.replica,
      challenge: Self.challenge, wallMilliseconds)
    try asking.drain()
    while true {
      let turn = asking.takeFrames() + answering.takeFrames()
      bytes += turn.reduce(0) { $0 + $1.frame.count }
      if turn.isEmpty { break }
      for (frame, isFromChild) in turn.map({ ($0.frame, $0.isFromChild) }) {
        if isFromChild { try answering.hear(frame) } else { try asking.hear(frame) }
      }
    }
    hint = asking.machine.hint
    memory = answering.machine.memory
    guard let outcome = asking.outcome else { throw .damagedRecord("an exchange hangs") }
    return outcome
  }

  private func context(_ node: TributaryNode) throws(StoreError) -> ExchangeContext {
    ExchangeContext(
      replica: node.replica.identity.replica, protocolVersions: 1...1,
      schemaVersion: node.replica.schema.version,
      quarantineCount: try node.replica.quarantineCount(), wallMilliseconds: wallMilliseconds)
  }

  /// One side: its machine, and the replica that does what the machine asks for.
  private struct Side<Machine: ExchangeMachine> {
    var machine: Machine
    let replica: Replica
    /// At the hub only.
    let challenge: [UInt8]?
    let wallMilliseconds: UInt64
    var outcome: ExchangeOutcome?
    private var frames: [(frame: [UInt8], isFromChild: Bool)] = []
    private var decoder = FrameDecoder()
    private var peer: ReplicaID?

    init(machine: Machine, replica: Replica, challenge: [UInt8]?, _ wallMilliseconds: UInt64) {
      (self.machine, self.replica, self.challenge) = (machine, replica, challenge)
      self.wallMilliseconds = wallMilliseconds
    }

    mutating func takeFrames() -> [(frame: [UInt8], isFromChild: Bool)] {
      defer { frames = [] }
      return frames
    }

    mutating func hear(_ frame: [UInt8]) throws(StoreError) {
      decoder.append(frame)
      do {
        while let message = try decoder.next() {
          machine.receive(message, wallMilliseconds: wallMilliseconds)
          try drain()
        }
      } catch let error as StoreError {
        throw error
      } catch {
        throw .damagedRecord("frame: \(error)")
      }
    }

    mutating func drain() throws(StoreError) {
      while let action = machine.next() {
        switch action {
        case .send(let message):
          frames.append((FrameCodec.encode(message), challenge == nil))
        case .finish(let outcome): self.outcome = outcome
        case .raise, .setTimer: break
        default: machine.answer(try answer(action))
        }
      }
    }

    private mutating func answer(
      _ action: ExchangeAction
    ) throws(StoreError) -> ExchangeAnswer {
      switch action {
      case .readStreams(let streams):
        return .streams(
          try replica.summariesWithKnowledge(of: streams).map {
            StreamState(summary: $0.summary, known: $0.known)
          })
      case .readHeads(let dots):
        var heads: [ContentHash?] = []
        for dot in dots {
          heads.append(try replica.head(of: dot.replica, in: dot.stream, at: dot.number))
        }
        return .heads(heads)
      case .readOwnHead(let stream, let number):
        let own = replica.identity.replica
        return .ownHead(
          last: try replica.knowledge(of: stream)[own],
          hash: try replica.head(of: own, in: stream, at: number))
      case .readReceipts: return .receipts([])
      case .readAcknowledgements(let streams):
        var list: [Acknowledgement] = []
        for stream in streams { list.append(try replica.acknowledgement(for: stream)) }
        return .acknowledgements(list)
      case .readChanges(let request): return .changes(try changes(request))
      case .sign(let hello): return .signed(try signed(hello))
      case .judge(let hello): return .judged(try judge(hello))
      case .apply(let message): return .applied(try apply(message))
      case .stage(let part): return .staged(try replica.stage(part))
      case .record(let acknowledgement):
        if let peer {
          _ = try replica.record(acknowledgement, from: peer, wallMilliseconds: wallMilliseconds)
        }
        return .recorded
      case .raise, .setTimer, .send, .finish:
        preconditionFailure("these have no answer")
      }
    }

    private func changes(
      _ request: ChangesRequest
    ) throws(StoreError) -> Replication.OutgoingBatch? {
      let batch = try replica.changes(
        lackedBy: request.lackedBy.map { ($0.stream, $0.known) }, maxBytes: request.maxBytes)
      guard let batch else { return nil }
      let content: Replication.OutgoingBatch.Content
      switch batch.content {
      case .frame(let message): content = .frame(message)
      case .parts(let parts): content = .parts(parts)
      }
      return Replication.OutgoingBatch(
        content: content,
        advancing: batch.advanced.map { StreamVector(stream: $0.stream, known: $0.known) })
    }

    private func signed(_ hello: Hello) throws(StoreError) -> Hello {
      Hello(
        protocolVersions: hello.protocolVersions, replica: hello.replica,
        schemaVersion: hello.schemaVersion, wallMilliseconds: hello.wallMilliseconds,
        quarantineCount: hello.quarantineCount, challenge: hello.challenge,
        streams: hello.streams, signature: try replica.identity.sign(hello.signedBytes))
    }

    private mutating func judge(_ hello: Hello) throws(StoreError) -> PeerStanding {
      peer = hello.replica
      let isSigned = try replica.isSigned(
        hello.signedBytes, signature: hello.signature, by: hello.replica)
      var isRelated = true
      if challenge != nil { isRelated = try replica.isAdmittedChild(hello.replica) }
      let scope = hello.replica.node.scope
      return PeerStanding(
        registration: isRelated ? .admitted : .unknown, signatureHolds: isSigned,
        challenge: challenge ?? [],
        shared: replica.streams.filter { replica.tree.holds(scope, $0) })
    }

    private func apply(_ message: ChangesMessage) throws(StoreError) -> ApplyReport {
      guard let peer else { throw .damagedRecord("changes before HELLO") }
      let outcome = try replica.apply(
        message, from: peer, isIngress: challenge != nil, wallMilliseconds: wallMilliseconds)
      return ApplyReport(
        applied: outcome.applied, duplicates: outcome.duplicates, parked: outcome.parked,
        rejections: outcome.rejected.map { Rejection(dot: $0.dot, code: $0.code) })
    }
  }
}

import Causality
import Changes
import Replication
import Wire

/// A node: replica, registry, hints, and the shell that performs what the machines ask.
final class ModelNode {
  let replica: ModelReplica
  let tree: ScopeTree
  /// What the registry says of others; those not listed are admitted if they are kin.
  var registrations: [ReplicaID: PeerStanding.Registration] = [:]
  var forgers: Set<ReplicaID> = []
  var hints: [NodeCode: PeerHint] = [:]
  var memories: [ReplicaID: ChildMemory] = [:]
  var processSecret: UInt8 = 1
  var schemaVersion: UInt32 = 1
  var quarantineCount: UInt64 = 0
  var versions: ClosedRange<UInt16> = 1...2
  var turnBytes = Limits.turnBytes
  var frameBytes = 200
  var wall: UInt64 = 1_000_000
  /// Times that something was made durable.
  var commits = 0
  var alarms: [Alarm] = []
  var outcomes: [ExchangeOutcome] = []
  var tops: [StreamID: VersionVector] = [:]

  init(_ code: NodeCode, tree: ScopeTree, channels: Set<Channel> = [.both]) {
    self.tree = tree
    let streams = tree.streams(heldBy: code.scope, channels: channels)
    replica = ModelReplica(makeReplica(code), streams: streams)
  }

  var node: NodeCode { replica.id.node }

  var context: ExchangeContext {
    ExchangeContext(
      replica: replica.id, protocolVersions: versions, schemaVersion: schemaVersion,
      quarantineCount: quarantineCount, wallMilliseconds: wall, turnBytes: turnBytes,
      frameBytes: frameBytes)
  }

  func shared(with other: NodeCode) -> [StreamID] {
    replica.sortedStreams.filter { tree.holds(other.scope, $0) }
  }

  func hint(_ hub: ModelNode) -> PeerHint { hints[hub.node] ?? PeerHint() }

  func standing(_ hello: Hello) -> PeerStanding {
    let scope = hello.replica.node.scope
    let isKin = tree.isAtOrAbove(scope, node.scope) || tree.isAtOrAbove(node.scope, scope)
    let registration = registrations[hello.replica] ?? (isKin ? .admitted : .notRelated)
    return PeerStanding(
      registration: registration,
      signatureHolds: hello.signature == sign(hello.replica)
        && !forgers.contains(hello.replica),
      challenge: challenge(hello.replica), shared: shared(with: hello.replica.node))
  }

  private func challenge(_ child: ReplicaID) -> [UInt8] {
    [processSecret] + (1..<16).map { UInt8(truncatingIfNeeded: child.packed >> UInt64($0 * 4)) }
  }

  private func sign(_ replica: ReplicaID) -> [UInt8] {
    (0..<64).map { UInt8(truncatingIfNeeded: mix(replica.packed, UInt64($0))) }
  }

  func acknowledgement(_ stream: StreamID) -> Acknowledgement {
    let known = replica[stream].known
    let isTop = tree.parent(of: node.scope) == nil
    return Acknowledgement(
      stream: stream, held: known, needs: known,
      top: isTop ? known : tops[stream] ?? VersionVector())
  }

  /// The peer that `perform` was told of acknowledges.
  private func record(_ acknowledgements: [Acknowledgement], from peer: ReplicaID?) {
    for acknowledgement in acknowledgements {
      if let peer {
        replica.acknowledged[peer, default: [:]][acknowledgement.stream] = acknowledgement
      }
      tops[acknowledgement.stream] = (tops[acknowledgement.stream] ?? VersionVector())
        .union(acknowledgement.top)
    }
  }

  /// What a shell does with an action; nil for those without an answer.
  func perform(_ action: ExchangeAction, peer: ReplicaID?) -> ExchangeAnswer? {
    switch action {
    case .readStreams(let streams): return .streams(streams.map(replica.state))
    case .readHeads(let dots): return .heads(dots.map(replica.head))
    case .readOwnHead(let stream, let number):
      let dot = Dot(stream: stream, replica: replica.id, number: number)
      return .ownHead(last: replica[stream].known[replica.id], hash: replica.head(dot))
    case .readReceipts(let streams): return .receipts(replica.receipts(streams))
    case .readAcknowledgements(let streams):
      return .acknowledgements(streams.map(acknowledgement))
    case .readChanges(let request): return .changes(replica.changes(request))
    case .sign(let hello):
      return .signed(
        Hello(
          protocolVersions: hello.protocolVersions, replica: hello.replica,
          schemaVersion: hello.schemaVersion, wallMilliseconds: hello.wallMilliseconds,
          quarantineCount: hello.quarantineCount, challenge: hello.challenge,
          streams: hello.streams, signature: sign(replica.id)))
    case .judge(let hello): return .judged(standing(hello))
    case .apply(let message, let acknowledgements):
      commits += 1
      if replica.isDiskFull { return .notReady(retryAfterMilliseconds: 5_000) }
      record(acknowledgements, from: peer)
      return .applied(replica.apply(message))
    case .stage(let part):
      return replica.isDiskFull
        ? .notReady(retryAfterMilliseconds: 5_000) : .staged(replica.stage(part))
    case .record(let acknowledgements):
      commits += 1
      record(acknowledgements, from: peer)
      return .recorded
    case .raise(let alarm): alarms.append(alarm)
    case .finish(let outcome): outcomes.append(outcome)
    case .setTimer, .send: break
    }
    return nil
  }

  /// Drains a machine; returns the frames that it says.
  func drain(_ machine: inout some ExchangeMachine, peer: ReplicaID?) -> [Message] {
    var sent: [Message] = []
    while let action = machine.next() {
      if case .send(let message) = action { sent.append(message) }
      if let answer = perform(action, peer: peer) { machine.answer(answer) }
    }
    return sent
  }
}

/// What a test link does to the frames of one exchange.
struct ModelLink {
  /// Frames that get through, both turns together; then the link ends.
  var cutAfter = Int.max
  /// What becomes of the child's frames between HELLO and DONE.
  var alter: ([Message]) -> [Message] = { $0 }
  /// What becomes of the hub's frames between HELLO and DONE.
  var alterAnswer: ([Message]) -> [Message] = { $0 }
  /// Frames that arrived, in order.
  var childFrames: [Message] = []
  var hubFrames: [Message] = []

  var changeSetsUp: Int { childFrames.reduce(0) { $0 + $1.changeSetCount } }
  var changeSetsDown: Int { hubFrames.reduce(0) { $0 + $1.changeSetCount } }

  /// One exchange; returns the child's outcome.
  @discardableResult mutating func exchange(_ child: ModelNode, _ hub: ModelNode) -> ExchangeOutcome
  {
    (childFrames, hubFrames) = ([], [])
    var left = cutAfter
    var speaker = ChildExchange(
      context: child.context, shared: child.shared(with: hub.node), hint: child.hint(hub))
    var listener = HubExchange(
      context: hub.context, memory: hub.memories[child.replica.id] ?? ChildMemory())
    let said = between(child.drain(&speaker, peer: hub.replica.id), alter)
    var answers: [Message] = []
    for message in said {
      guard left > 0 else { break }
      left -= 1
      childFrames.append(message)
      listener.receive(message, wallMilliseconds: hub.wall)
      answers += hub.drain(&listener, peer: child.replica.id)
    }
    listener.linkEnded()
    _ = hub.drain(&listener, peer: child.replica.id)
    hub.memories[child.replica.id] = listener.memory
    for message in between(answers, alterAnswer) where left > 0 {
      left -= 1
      hubFrames.append(message)
      speaker.receive(message, wallMilliseconds: child.wall)
      _ = child.drain(&speaker, peer: hub.replica.id)
    }
    speaker.linkEnded()
    _ = child.drain(&speaker, peer: hub.replica.id)
    child.hints[hub.node] = speaker.hint
    return child.outcomes.last ?? ExchangeOutcome(result: .failed(.linkEnded), peer: nil)
  }

  /// Exchanges at once while something moves, as LinkSchedule does; returns how many it took.
  @discardableResult mutating func settle(_ child: ModelNode, _ hub: ModelNode, most: Int = 50)
    -> Int
  {
    for count in 1...most {
      let outcome = exchange(child, hub)
      switch outcome.result {
      case .challenged: continue
      case .complete where outcome.differs && outcome.moved: continue
      default: return count
      }
    }
    return most + 1
  }

  private func between(_ frames: [Message], _ change: ([Message]) -> [Message]) -> [Message] {
    guard frames.count > 2, let first = frames.first, let last = frames.last else { return frames }
    return [first] + change(Array(frames.dropFirst().dropLast())) + [last]
  }
}

extension Message {
  var changeSetCount: Int {
    if case .changes(let message) = self { message.changeSets.count } else { 0 }
  }

  var isKnowledge: Bool {
    if case .knowledge = self { true } else { false }
  }

  var errorCode: ProtocolErrorCode? {
    if case .error(let error) = self { error.code } else { nil }
  }
}

/// Codes that are in range by construction.
func makeNode(_ division: UInt32, _ terminal: UInt16 = 0) -> NodeCode {
  guard let node = NodeCode(division: division, terminal: terminal) else {
    preconditionFailure("division \(division) is out of range")
  }
  return node
}

func makeReplica(_ node: NodeCode, epoch: UInt32 = 1) -> ReplicaID {
  guard let replica = ReplicaID(node: node, epoch: epoch) else {
    preconditionFailure("epochs count from 1")
  }
  return replica
}

func makeStream(_ division: UInt32, _ channel: Channel = .both) -> StreamID {
  StreamID(scope: makeNode(division).scope, channel: channel)
}

/// A province with two prefectures of two counties each.
func makeTree() throws -> ScopeTree {
  func entry(_ code: UInt32, _ parent: UInt32?) -> ScopeTree.Entry {
    ScopeTree.Entry(scope: makeNode(code).scope, parent: parent.map { makeNode($0).scope })
  }
  return try ScopeTree([
    entry(10, nil), entry(11, 10), entry(12, 10), entry(111, 11), entry(112, 11),
    entry(121, 12), entry(122, 12),
  ])
}

/// A county and its prefecture, with what they share.
struct ModelPair {
  let child: ModelNode
  let hub: ModelNode
  var link = ModelLink()
  let county = makeStream(111)
  let prefecture = makeStream(11)

  init() throws {
    let tree = try makeTree()
    child = ModelNode(makeNode(111), tree: tree)
    hub = ModelNode(makeNode(11), tree: tree)
  }

  /// A pair that met before and is equal.
  static func met() throws -> ModelPair {
    var pair = try ModelPair()
    pair.child.replica.write(pair.county)
    pair.hub.replica.write(pair.prefecture)
    pair.link.settle(pair.child, pair.hub)
    pair.link.settle(pair.child, pair.hub)
    return pair
  }

  var isEqual: Bool {
    child.shared(with: hub.node).allSatisfy { child.replica.state($0) == hub.replica.state($0) }
  }
}

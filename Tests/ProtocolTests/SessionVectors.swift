import Causality
import Changes
import Merge
import Replication
import Testing
import Wire

/// `sessions.json`: conversations word by word (6-Sessions). A step is one thing that happens; its `given`
/// frames come from elsewhere, all others are what the machines said.
struct SessionFile: Codable {
  struct Said: Codable, Equatable {
    var kind: String
    var payload: String
  }

  struct Step: Codable, Equatable {
    /// `childWrites`, `hubWrites`, `exchange`, `wait`, `hubHears`, `childHears`.
    var action: String
    var changeSet: MergeFile.Carried?
    /// How many frames of the child reach the hub before the link breaks.
    var cutAfter: Int?
    /// Frames of a peer that keeps to no rule.
    var given: [Said]?
    var childSays: [Said] = []
    var hubSays: [Said] = []
    var childEnds: String?
    var hubEnds: String?
    var childKnows: [String: [String]] = [:]
    var hubKnows: [String: [String]] = [:]
  }

  struct Session: Codable {
    var name: String
    var child: String
    var hub: String
    /// Whether the child's registry names the hub.
    var childKnowsHub: Bool
    var challenge: String
    var streams: [String]
    var steps: [Step]
  }

  var tree: [MergeFile.Scope]
  /// The public key of each replica that signs.
  var keys: [String: String]
  var sessions: [Session]
}

/// Two nodes and the link between them; runs the steps of a session.
struct SessionWorld {
  let child: SessionNode
  let hub: SessionNode
  private(set) var hint = PeerHint()
  private(set) var memory = ChildMemory()

  init(_ session: SessionFile.Session) throws {
    let merges = MergeFile(tree: MergeStage.tree, tables: [], histories: [])
    let (child, hub) = (try ReplicaID(vector: session.child), try ReplicaID(vector: session.hub))
    let streams = try session.streams.map { try merges.replica($0) }
    self.child = SessionNode(
      child, isHub: false, registered: session.childKnowsHub ? [hub] : [], challenge: [],
      streams: streams)
    self.hub = SessionNode(
      hub, isHub: true, registered: [child], challenge: try Hex.decode(session.challenge),
      streams: streams)
  }

  static func said(_ messages: [Message]) throws -> [SessionFile.Said] {
    try messages.map {
      SessionFile.Said(kind: "\($0.kind)", payload: try VectorBytes.text(MessageCodec.encode($0)))
    }
  }

  static func messages(_ said: [SessionFile.Said]) throws -> [Message] {
    try said.map { item in
      guard let kind = MessageKind.allCases.first(where: { "\($0)" == item.kind }) else {
        throw MalformedVector(what: item.kind)
      }
      return try MessageCodec.decode(kind, try VectorBytes.bytes(item.payload)[...])
    }
  }

  /// The step with what was said in it.
  mutating func run(_ given: SessionFile.Step) throws -> SessionFile.Step {
    var step = SessionFile.Step(
      action: given.action, changeSet: given.changeSet, cutAfter: given.cutAfter,
      given: given.given)
    let heard = try Self.messages(given.given ?? [])
    switch given.action {
    case "childWrites", "hubWrites":
      guard let changeSet = try given.changeSet?.changeSet(),
        try (given.action == "childWrites" ? child : hub).write(changeSet)
      else { throw MalformedVector(what: given.action) }
    case "exchange":
      var machine = ChildExchange(context: child.context, shared: child.shared, hint: hint)
      var other = HubExchange(context: hub.context, memory: memory)
      try talk(&machine, &other, &step, given: nil)
      (hint, memory) = (machine.hint, other.memory)
    case "wait":
      var machine = ChildWait(context: child.context, shared: child.shared, hint: hint)
      var other = HubWait(context: hub.context, memory: memory)
      try talk(&machine, &other, &step, given: nil)
      hint = machine.hint
    case "hubHears":
      var other = HubExchange(context: hub.context, memory: memory)
      var outcome: ExchangeOutcome?
      var frames: [Message] = []
      for message in heard {
        other.receive(message, wallMilliseconds: 1_730_000_000_000)
        frames += hub.drain(&other, &outcome)
      }
      step.hubSays = try Self.said(frames)
      step.hubEnds = outcome.map { Self.text($0.result) } ?? "listens"
    case "childHears":
      var machine = ChildExchange(context: child.context, shared: child.shared, hint: hint)
      var other = HubExchange(context: hub.context, memory: memory)
      try talk(&machine, &other, &step, given: heard)
      hint = machine.hint
    default: throw MalformedVector(what: given.action)
    }
    step.childKnows = Self.knowledge(child)
    step.hubKnows = Self.knowledge(hub)
    return step
  }

  private static func knowledge(_ node: SessionNode) -> [String: [String]] {
    var known: [String: [String]] = [:]
    for stream in node.shared { known[stream.vector] = node.streams[stream]?.known.vector }
    return known
  }

  /// One conversation; `given` stands for the hub's turn.
  private func talk(
    _ machine: inout some ExchangeMachine, _ other: inout some ExchangeMachine,
    _ step: inout SessionFile.Step, given: [Message]?
  ) throws {
    var (ends, otherEnds): (ExchangeOutcome?, ExchangeOutcome?) = (nil, nil)
    let turn = child.drain(&machine, &ends)
    step.childSays = try Self.said(turn)
    var answer = given ?? []
    if given == nil {
      for message in turn.prefix(step.cutAfter ?? turn.count) {
        other.receive(message, wallMilliseconds: 1_730_000_000_000)
        answer += hub.drain(&other, &otherEnds)
      }
      if step.cutAfter != nil {
        other.linkEnded()
        answer += hub.drain(&other, &otherEnds)
      }
      step.hubSays = try Self.said(answer)
      step.hubEnds = otherEnds.map { Self.text($0.result) } ?? "listens"
    }
    for message in step.cutAfter == nil ? answer : [] where !machine.isFinished {
      machine.receive(message, wallMilliseconds: 1_730_000_000_000)
      _ = child.drain(&machine, &ends)
    }
    machine.linkEnded()
    _ = child.drain(&machine, &ends)
    step.childEnds = ends.map { Self.text($0.result) }
  }

  static func text(_ result: ExchangeOutcome.Result) -> String {
    switch result {
    case .complete: "complete"
    case .challenged: "challenged"
    case .failed(.refused(let error)): "refused \(error.code)"
    case .failed(.violated(let error)): "violated \(error.code)"
    case .failed(.linkEnded): "linkEnded"
    case .failed(.notReady): "notReady"
    case .failed(.hubBusy): "hubBusy"
    case .failed(.identityLost): "identityLost"
    case .failed(.bundleForOther), .failed(.bundleGap), .failed(.bundleMalformed): "bundle"
    }
  }
}

@Suite struct SessionVectors {
  static let file = "sessions.json"

  /// The files that a file of sessions names for long bytes.
  static func files(_ file: SessionFile) -> Set<String> {
    let steps = file.sessions.flatMap(\.steps)
    let payloads = steps.flatMap { ($0.given ?? []) + $0.childSays + $0.hubSays }.map(\.payload)
    let bodies = steps.compactMap(\.changeSet?.bodyHex)
    return Set((payloads + bodies).filter { $0.hasSuffix(".bin") })
  }

  @Test(.enabled(if: VectorFolder.isWriting)) func `The generator writes the file`() throws {
    try VectorFolder.settle(try SessionSamples.make(), Self.file)
  }

  @Test func `Both machines say every session word by word`() throws {
    for session in try VectorFolder.read(SessionFile.self, Self.file).sessions {
      var world = try SessionWorld(session)
      for (index, step) in session.steps.enumerated() {
        let found = try world.run(step)
        #expect(found == step, "\(session.name), step \(index)")
      }
    }
  }

  @Test func `The sessions meet every end that a conversation can have`() throws {
    let steps = try VectorFolder.read(SessionFile.self, Self.file).sessions.flatMap(\.steps)
    let ends = Set(steps.flatMap { [$0.childEnds, $0.hubEnds] }.compactMap { $0 })
    for end in [
      "complete", "challenged", "linkEnded", "identityLost", "violated unexpectedFrame",
      "violated versionMismatch", "violated unknownReplica", "refused notReady",
    ] { #expect(ends.contains(end), "\(end)") }
  }
}

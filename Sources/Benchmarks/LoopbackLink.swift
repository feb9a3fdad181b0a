import Causality
import Changes
import Peering
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
  private let challenges = ChallengeBook()

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
    var asking = Side(machine: start, actions: actions(child, isHub: false))
    var answering = Side(
      machine: HubExchange(context: try context(hub), memory: memory),
      actions: actions(hub, isHub: true))
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

  private func actions(_ node: TributaryNode, isHub: Bool) -> ReplicaActions {
    ReplicaActions(
      node.replica, challenges: challenges,
      conversation: Conversation(isHub: isHub, wallMilliseconds: wallMilliseconds))
  }

  /// One side: its machine, and what does on the replica what the machine asks for.
  private struct Side<Machine: ExchangeMachine> {
    var machine: Machine
    private var actions: ReplicaActions
    var outcome: ExchangeOutcome?
    private var frames: [(frame: [UInt8], isFromChild: Bool)] = []
    private var decoder = FrameDecoder()

    init(machine: Machine, actions: ReplicaActions) {
      (self.machine, self.actions) = (machine, actions)
    }

    mutating func takeFrames() -> [(frame: [UInt8], isFromChild: Bool)] {
      defer { frames = [] }
      return frames
    }

    mutating func hear(_ frame: [UInt8]) throws(StoreError) {
      decoder.append(frame)
      do {
        while let message = try decoder.next() {
          machine.receive(
            message, wallMilliseconds: actions.conversation.wallMilliseconds)
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
          frames.append((FrameCodec.encode(message), !actions.conversation.isHub))
        case .finish(let outcome): self.outcome = outcome
        case .raise, .setTimer: break
        default: if let answer = try actions.perform(action) { machine.answer(answer) }
        }
      }
    }
  }
}

package import Causality
package import Changes
internal import Foundation
package import Peering
package import Replication
package import Store
package import Wire

/// The one owner of a node's replica: performs what the exchange machines ask for, and tells who waits what
/// changed.
///
/// Source: architecture.md §2. It holds no protocol state besides what Protocol/6-Sessions §8 lets it
/// remember; each call is synchronous inside, so that nothing interleaves.
package actor NodeEngine {
  /// What a machine came to.
  package enum Step: Sendable {
    /// A frame to write; then step again.
    case send(Message)
    /// Call `timerFired` after that many milliseconds; step again.
    case timer(milliseconds: UInt64)
    /// Waits for a frame.
    case idle
    case finished(ExchangeOutcome)
  }

  /// What changed here, for links and long polls.
  package struct Change: Sendable {
    /// Streams whose knowledge rose, ascending.
    package let advanced: [StreamID]
    /// Streams of which an acknowledgement came, ascending.
    package let acknowledged: [StreamID]
  }

  /// Versions of Protocol/ that this program speaks.
  package static var protocolVersions: ClosedRange<UInt16> { Replica.protocolVersions }

  private let replica: Replica
  private let challenges = ChallengeBook()
  private let alarm: @Sendable (Alarm) -> Void
  private var memories: [ReplicaID: ChildMemory] = [:]
  private var listeners: [UInt64: AsyncStream<Change>.Continuation] = [:]
  private var nextListener: UInt64 = 0
  private var fileVersion: Int64 = 0
  private let turnBytes: Int
  /// The time of day.
  nonisolated let clock: WallClock
  /// What kept the replica from working when it was last tried; nil when it worked.
  package private(set) var trouble: StoreError?
  private var peers: [ReplicaID: PeerRecord] = [:]
  /// Change sets taken from peers that no `note` has counted: a link may break before the answer, which is the last
  /// that a hub hears of a conversation.
  private var uncounted: [ReplicaID: UInt64] = [:]

  /// Opens the replica of `folder`. `mustOwn`: also throws `folder` when another process owns it. Throws what
  /// `Replica.open` throws.
  package init(
    folder: ReplicaFolder, tree: ScopeTree, schema: Schema, turnBytes: Int = Limits.turnBytes,
    mustOwn: Bool = false, clock: WallClock = .system, alarm: @escaping @Sendable (Alarm) -> Void
  ) throws(StoreError) {
    replica = try Self.open(folder, tree, schema, mustOwn: mustOwn, clock)
    (self.turnBytes, self.clock) = (turnBytes, clock)
    self.alarm = alarm
    // What other programs wrote while no node ran.
    if replica.stopReason == nil {
      try replica.stampCaptured(wallMilliseconds: clock.milliseconds)
    }
    for peer in try replica.peers() { peers[peer.replica] = peer }
    fileVersion = try replica.fileVersion()
  }

  /// A command that writes owns the file for a moment: it is waited for.
  private static func open(
    _ folder: ReplicaFolder, _ tree: ScopeTree, _ schema: Schema, mustOwn: Bool, _ clock: WallClock
  ) throws(StoreError) -> Replica {
    for _ in 0..<Limits.ownershipTries {
      let replica = try Replica.open(
        folder: folder, tree: tree, schema: schema, wallMilliseconds: clock.milliseconds)
      if replica.isOwner || !mustOwn { return replica }
      try replica.close()
      Thread.sleep(forTimeInterval: 0.1)
    }
    throw .folder(path: folder.lock, problem: "another process serves this replica")
  }

  package var replicaID: ReplicaID { replica.identity.replica }

  package var stopReason: StopReason? { replica.stopReason }

  /// The streams shared with a hub of a division above.
  package func streams(sharedWith hub: NodeCode) -> [StreamID] {
    replica.streams(sharedWith: hub)
  }

  // MARK: conversations

  /// Begins a conversation, and says what never changes in it. `isHub`: a child called. Throws
  /// `writingStopped` for a replica that was restored or cloned: it takes and gives nothing.
  package func begin(isHub: Bool) throws(StoreError) -> (Conversation, ExchangeContext) {
    if let reason = replica.stopReason { throw .writingStopped(reason) }
    let wall = clock.milliseconds
    let context = try replica.exchangeContext(wallMilliseconds: wall, turnBytes: turnBytes)
    return (Conversation(isHub: isHub, wallMilliseconds: wall), context)
  }

  /// Performs actions until the machine has something to send, waits, or is finished.
  package func step<Machine: ExchangeMachine>(
    _ machine: Machine, in conversation: Conversation
  ) throws(StoreError) -> (machine: Machine, conversation: Conversation, step: Step) {
    var (machine, conversation) = (machine, conversation)
    while let action = machine.next() {
      switch action {
      case .send(let message): return (machine, conversation, .send(message))
      case .setTimer(let milliseconds):
        return (machine, conversation, .timer(milliseconds: milliseconds))
      case .finish(let outcome): return (machine, conversation, .finished(outcome))
      case .raise(let raised):
        alarm(raised)
        try replica.heed(raised, from: conversation.peer)
      default:
        var actions = ReplicaActions(
          replica, challenges: challenges, conversation: conversation)
        let answer = try noting { () throws(StoreError) in try actions.perform(action) }
        conversation = actions.conversation
        if actions.hasWritten { trouble = nil }
        if let found = actions.trouble { trouble = found }
        let changed = actions.takeChanged()
        announce(Change(advanced: changed.advanced, acknowledged: changed.acknowledged))
        if case .applied(let report)? = answer, let peer = conversation.peer {
          uncounted[peer, default: 0] += UInt64(report.applied)
        }
        if let answer { machine.answer(answer) }
      }
    }
    return (machine, conversation, .idle)
  }

  /// Why this process must end and open the file anew.
  package var diskFailure: StoreError? { replica.diskFailure }

  /// Keeps what the replica throws, for `/readyz`.
  private func noting<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) { return try body() } catch {
      trouble = error
      throw error
    }
  }

  /// What this process remembers of the child of a conversation; empty before its HELLO.
  package func memory(of child: ReplicaID?) -> ChildMemory {
    child.flatMap { memories[$0] } ?? ChildMemory()
  }

  package func remember(_ memory: ChildMemory, of child: ReplicaID) { memories[child] = memory }

  // MARK: changes

  /// Every later change here, until the stream is dropped.
  package func changes() -> AsyncStream<Change> {
    nextListener += 1
    let id = nextListener
    let (stream, continuation) = AsyncStream<Change>.makeStream(
      bufferingPolicy: .bufferingNewest(1_024))
    continuation.onTermination = { [weak self] _ in
      // The stream may end on any task; only the engine's own state is touched, on the engine.
      Task { await self?.removeListener(id) }
    }
    listeners[id] = continuation
    return stream
  }

  private func removeListener(_ id: UInt64) { listeners[id] = nil }

  /// Lets every listener look again, e.g. after a timer.
  func wake() {
    for listener in listeners.keys.sorted() {
      listeners[listener]?.yield(Change(advanced: [], acknowledged: []))
    }
  }

  private func announce(_ change: Change) {
    guard !change.advanced.isEmpty || !change.acknowledged.isEmpty else { return }
    for listener in listeners.keys.sorted() { listeners[listener]?.yield(change) }
  }

  /// Looks for what other programs wrote into the file; stamps and announces it.
  package func watchFile() throws(StoreError) {
    let version = try replica.fileVersion()
    guard version != fileVersion else { return }
    if replica.stopReason == nil {
      // What cannot be stamped now is looked at again.
      _ = try noting { () throws(StoreError) in
        try replica.stampCaptured(wallMilliseconds: clock.milliseconds)
      }
      trouble = nil
    }
    fileVersion = version
    announce(Change(advanced: replica.streams, acknowledged: []))
  }

  // MARK: peers

  /// Notes how a conversation with a peer went, durably. `problem`: why it did not come to its end.
  package func note(
    _ peer: ReplicaID, isParent: Bool, address: String?, outcome: ExchangeOutcome?,
    problem: LinkProblem?, traffic: LinkTraffic
  ) throws(StoreError) {
    // Bundles that other processes carried count as well.
    var record =
      try replica.peers().first { $0.replica == peer }
      ?? PeerRecord(replica: peer, isParent: isParent)
    record.isParent = isParent
    record.address = address ?? record.address
    record.bytesIn += traffic.bytesIn
    record.bytesOut += traffic.bytesOut
    record.framesIn += traffic.framesIn
    record.framesOut += traffic.framesOut
    record.lastError = problem?.description
    if let outcome {
      // An attempt that heard nothing is no contact.
      if traffic.framesIn > 0 { record.lastContactMilliseconds = clock.milliseconds }
      if let offset = outcome.clockOffsetMilliseconds { record.clockOffsetMilliseconds = offset }
      record.changeSetsOut += UInt64(outcome.sent)
    }
    record.changeSetsIn += uncounted.removeValue(forKey: peer) ?? 0
    peers[peer] = record
    try noting { () throws(StoreError) in try replica.record(record) }
    // It was written durably: a file that was busy or a disk that was full is so no more.
    if trouble?.retryAfterMilliseconds != nil { trouble = nil }
  }

  /// For `/readyz` and `/metrics`.
  package func status() throws(StoreError) -> NodeStatus {
    var conflicts: UInt64 = 0
    conflicts = UInt64(try replica.conflicts().count)
    return NodeStatus(
      stopReason: replica.stopReason, trouble: trouble, quarantine: try replica.quarantineCount(),
      conflicts: conflicts,
      peers: peers.values.sorted { $0.replica < $1.replica }.map { record in
        var record = record
        record.changeSetsIn += uncounted[record.replica] ?? 0
        return record
      })
  }

  /// Orderly end.
  package func close() throws(StoreError) { try replica.close() }
}

/// Bytes and frames of one conversation.
package struct LinkTraffic: Hashable, Sendable {
  package var bytesIn: UInt64 = 0
  package var bytesOut: UInt64 = 0
  package var framesIn: UInt64 = 0
  package var framesOut: UInt64 = 0
  package init() {}
}

/// A node's state for operators.
package struct NodeStatus: Sendable {
  package let stopReason: StopReason?
  /// What kept the replica from working when it was last tried.
  package let trouble: StoreError?
  package let quarantine: UInt64
  package let conflicts: UInt64
  package let peers: [PeerRecord]
}

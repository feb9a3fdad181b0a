import Causality
import Changes
import Wire

/// What one side took of the other's turn: filters what may not come in, counts, and keeps what the peer
/// must be told.
struct Intake: Sendable {
  let peer: ReplicaID
  /// Ascending.
  let shared: [StreamID]
  private(set) var stopped: Set<StreamReplica> = []
  private var foreign: Set<StreamID> = []
  /// Errors to tell the peer, in the order found; at most `Limits.reportsPerTurn`.
  private(set) var reports: [ErrorMessage] = []
  private(set) var rejections: [Rejection] = []
  private(set) var applied = 0
  private(set) var parked = 0
  private(set) var stagedParts = 0
  /// What the peer acknowledged and is not kept yet: the next commit, or the end of the turn, keeps it.
  private var acknowledgements: [Acknowledgement] = []
  private var frames = 0
  private var bytes = 0

  init(peer: ReplicaID, shared: [StreamID]) { (self.peer, self.shared) = (peer, shared) }

  /// Whether both sides hold the stream. Cost: logarithmic.
  func isShared(_ stream: StreamID) -> Bool {
    var (low, high) = (0, shared.count)
    while low < high {
      let middle = (low + high) / 2
      if shared[middle] < stream { low = middle + 1 } else { high = middle }
    }
    return low < shared.count && shared[low] == stream
  }

  /// Counts one frame; returns the limit that it exceeds.
  mutating func count(_ message: Message) -> ErrorMessage? {
    frames += 1
    switch message {
    case .changes(let changes):
      bytes += changes.changeSets.reduce(0) { $0 + $1.byteCount }
    case .part(let part): bytes += part.bytes.count
    default: break
    }
    if frames > Limits.framesPerTurn {
      return ErrorMessage(code: .limitExceeded, subject: "framesPerTurn")
    }
    if bytes > Limits.receivedTurnBytes {
      return ErrorMessage(code: .limitExceeded, subject: "receivedTurnBytes")
    }
    return nil
  }

  /// True when the stream is shared; else it is stopped on this link, and reported once.
  mutating func admits(_ stream: StreamID, _ queue: inout ActionQueue) -> Bool {
    if isShared(stream) { return true }
    guard foreign.count < Limits.reportsPerTurn, foreign.insert(stream).inserted else {
      return false
    }
    queue.append(.raise(.notShared(stream, from: peer)))
    report(.streamNotShared, .stream(stream))
    return false
  }

  /// Asks to apply what of the message is shared and not stopped.
  mutating func hear(_ message: ChangesMessage, _ queue: inout ActionQueue) {
    var kept: [EncodedChangeSet] = []
    kept.reserveCapacity(message.changeSets.count)
    for changeSet in message.changeSets {
      let dot = changeSet.dot
      guard admits(dot.stream, &queue), !isStopped(dot) else { continue }
      kept.append(changeSet)
    }
    guard !kept.isEmpty else { return }
    let isWhole = kept.count == message.changeSets.count
    let heads = message.heads.filter { isShared($0.dot.stream) && !isStopped($0.dot) }
    queue.append(
      .apply(
        isWhole ? message : ChangesMessage(changeSets: kept, heads: heads),
        after: acknowledgements))
    acknowledgements = []
  }

  /// Remembers what the peer acknowledges. Changes mostly follow, and one commit is enough for both.
  mutating func hear(_ acknowledgement: Acknowledgement) {
    acknowledgements.removeAll { $0.stream == acknowledgement.stream }
    acknowledgements.append(acknowledgement)
  }

  /// Asks to keep what no change sets came after; returns whether there is any.
  mutating func recordRest(_ queue: inout ActionQueue) -> Bool {
    guard !acknowledgements.isEmpty else { return false }
    queue.append(.record(acknowledgements))
    acknowledgements = []
    return true
  }

  /// Asks to stage a part; a part without bytes tells what the peer holds (Protocol/6-Sessions §5).
  mutating func hear(
    _ part: PartMessage, receipts: inout [PartReceipt], _ queue: inout ActionQueue
  ) {
    guard admits(part.dot.stream, &queue) else { return }
    if let receipt = PartReceipt(part) {
      receipts.removeAll { $0.dot == receipt.dot }
      if receipts.count < Limits.reportsPerTurn { receipts.append(receipt) }
    } else if !isStopped(part.dot) && !part.bytes.isEmpty {
      queue.append(.stage(part))
    }
  }

  /// A part is staged; asks to apply the change set when it was the last one.
  mutating func hearStaged(_ complete: ChangesMessage?, _ queue: inout ActionQueue) {
    stagedParts += 1
    if let complete { hear(complete, &queue) }
  }

  func isStopped(_ dot: Dot) -> Bool {
    stopped.contains(StreamReplica(stream: dot.stream, replica: dot.replica))
  }

  /// Counts what an apply did; what the store rejected is stopped, raised and reported. Returns the limit
  /// exceeded when too much is stopped.
  mutating func take(_ report: ApplyReport, _ queue: inout ActionQueue) -> ErrorMessage? {
    applied += report.applied
    parked += report.parked
    for rejection in report.rejections {
      let dot = rejection.dot
      let pair = StreamReplica(stream: dot.stream, replica: dot.replica)
      guard stopped.insert(pair).inserted else { continue }
      switch rejection.code {
      case .unprovedChangeSet: queue.append(.raise(.unproved(dot, from: peer)))
      case .forkDetected: queue.append(.raise(.fork(dot, from: peer)))
      default: break
      }
      rejections.append(rejection)
      self.report(rejection.code, .dot(dot))
    }
    return stopped.count > Limits.stopsPerLink
      ? ErrorMessage(code: .limitExceeded, subject: "stopsPerLink") : nil
  }

  mutating func report(_ code: ProtocolErrorCode, _ subject: ErrorSubject) {
    guard reports.count < Limits.reportsPerTurn else { return }
    reports.append(ErrorMessage(code: code, subject: subject.text))
  }
}

/// Whether the peer's summary and ours tell of unequal rows under equal knowledge (I9).
func digestsDisagree(
  _ own: StreamSummary, _ ownHello: Hello, _ peer: StreamSummary, _ peerHello: Hello
) -> Bool {
  own.headsHash == peer.headsHash && own.digest != peer.digest
    && ownHello.quarantineCount == 0 && peerHello.quarantineCount == 0
    && ownHello.schemaVersion == peerHello.schemaVersion
}

/// What a statement of the peer about this node's own replica proves: nil when all is well.
///
/// Source: engine.md §6. `own` is the answer to `.readOwnHead` at the number that the peer knows.
func identityAlarm(
  _ knowledge: StreamKnowledge, replica: ReplicaID, last: UInt64, hash: ContentHash?
) -> Alarm? {
  let number = knowledge.known[replica]
  guard number > 0 else { return nil }
  if number > last { return .restored(knowledge.stream, own: last, peer: number) }
  guard let hash, let claimed = knowledge.receiverHead, hash != claimed else { return nil }
  return .cloned(Dot(stream: knowledge.stream, replica: replica, number: number))
}

package import Causality
package import Wire

/// Why a conversation or a bundle did not come to its end. Source: Protocol/6-Sessions §7.
package enum ReplicationError: Error, Hashable, Sendable {
  /// The peer ended it, with an ERROR frame.
  case refused(ErrorMessage)
  /// The peer broke the protocol or is not who it should be; this is what it was or would be told.
  case violated(ErrorMessage)
  /// The link ended early. What arrived counts.
  case linkEnded
  /// The hub cannot serve now and asks not to be called for so long; 0 when it did not say (HTTP 429, 503).
  case hubBusy(retryAfterMilliseconds: UInt64)
  /// This node cannot write now (disk full, busy).
  case notReady(retryAfterMilliseconds: UInt64)
  /// This node's replica was restored or cloned: it must take a new epoch (engine.md §6).
  case identityLost(Alarm)
  /// The bundle is for another node.
  case bundleForOther(NodeCode)
  /// The bundle builds on change sets that are not known here.
  case bundleGap([StreamID])
  /// The bundle's frames do not follow its manifest.
  case bundleMalformed(ErrorMessage)
}

/// What people must see. Source: engine.md §3, §6, §8.
package enum Alarm: Hashable, Sendable {
  /// Equal knowledge, unequal rows (I9): repair the stream.
  case digestMismatch(StreamID, peer: ReplicaID)
  /// The peer knows later change sets of this replica than this replica itself: it was restored from the
  /// past.
  case restored(StreamID, own: UInt64, peer: UInt64)
  /// The peer knows another content under this replica's number: it is cloned.
  case cloned(Dot)
  /// Two contents for one dot of another replica.
  case fork(Dot, from: ReplicaID)
  /// A signature or chain hash of a change set is wrong.
  case unproved(Dot, from: ReplicaID)
  /// The peer sent what it may not send here.
  case notShared(StreamID, from: ReplicaID)
  /// The peer's HELLO is not signed with its key.
  case impostor(ReplicaID)
}

/// How a conversation went.
package struct ExchangeOutcome: Hashable, Sendable {
  /// How it ended.
  package enum Result: Hashable, Sendable {
    /// Both turns were said to the end.
    case complete
    /// The hub gave a challenge; the next HELLO signs it. Try again at once, once.
    case challenged
    case failed(ReplicationError)
  }

  package let result: Result
  /// The peer, as far as it is known.
  package let peer: ReplicaID?
  /// The peer's wall clock minus ours, milliseconds; nil before its HELLO.
  package let clockOffsetMilliseconds: Int64?
  /// Change sets sent, whether or not they were new to the peer; change sets in parts count when their
  /// last part is sent.
  package let sent: Int
  /// Change sets applied here.
  package let applied: Int
  /// Change sets kept parked here.
  package let parked: Int
  /// Whether anything moved: applied or staged here, or learned of the peer.
  package let moved: Bool
  /// Whether a stream still differs: another exchange is worth it at once if something moved.
  package let differs: Bool

  package init(
    result: Result, peer: ReplicaID?, clockOffsetMilliseconds: Int64? = nil, sent: Int = 0,
    applied: Int = 0, parked: Int = 0, moved: Bool = false, differs: Bool = false
  ) {
    self.result = result
    self.peer = peer
    self.clockOffsetMilliseconds = clockOffsetMilliseconds
    self.sent = sent
    self.applied = applied
    self.parked = parked
    self.moved = moved
    self.differs = differs
  }

  /// The same counts with another result: what the carrier knows beside the machine.
  package func with(_ result: Result) -> ExchangeOutcome {
    ExchangeOutcome(
      result: result, peer: peer, clockOffsetMilliseconds: clockOffsetMilliseconds, sent: sent,
      applied: applied, parked: parked, moved: moved, differs: differs)
  }
}

/// peer − own, clamped to ± 2^62.
func clockOffset(peer: UInt64, own: UInt64) -> Int64 {
  let bound: UInt64 = 1 << 62
  return peer >= own
    ? Int64(min(peer - own, bound)) : -Int64(min(own - peer, bound))
}

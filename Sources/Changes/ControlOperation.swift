package import Causality

/// Why a hub refused a change set. Source: engine.md §3 (refusal), Protocol/9-Limits (codes).
package enum RefusalReason: UInt16, Hashable, Sendable, CaseIterable {
  /// The writer's division is neither the scope nor above it.
  case scopeNotWritable = 1
  /// The table may not be written by this writer in this scope.
  case tableNotWritable = 2
  /// The writer's replica was fenced before.
  case fenced = 3
}

/// An operation on the replication itself, valid only from the replica that the registry names for it.
/// Dots are of the stream that carries the operation. Source: engine.md §3, §5, §6, §12.
package enum ControlOperation: Hashable, Sendable {
  /// The change set counts as known and writes nothing.
  case refuse(StreamDot, RefusalReason, detail: String)
  /// The change set's clock was more than 5 minutes ahead of its ingress hub's.
  case suspect(StreamDot)
  /// From here on nothing more is taken from that replica itself.
  case fence(ReplicaID)
  /// The last number of a fenced replica.
  case retire(ReplicaID, last: UInt64)
  /// Two contents were seen for one dot.
  case fork(StreamDot, ContentHash, ContentHash)
  /// Σ: what every holder has acknowledged.
  case stable(VersionVector)
  /// An operation of a later protocol version: kept, relayed, without effect here.
  case unknown(code: UInt16, bytes: [UInt8])
}

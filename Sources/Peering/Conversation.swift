package import Causality

/// What a conversation keeps between two steps of its machine.
package struct Conversation: Hashable, Sendable {
  /// Whether a child called; else this node called a parent.
  package let isHub: Bool
  package let wallMilliseconds: UInt64
  /// The peer, once its HELLO named it.
  package var peer: ReplicaID?
  /// Whether the peer proved to be the admitted child or parent that its HELLO names: only then is anything
  /// remembered of it, so that strangers fill nothing.
  package var isProved = false

  package init(isHub: Bool, wallMilliseconds: UInt64) {
    (self.isHub, self.wallMilliseconds) = (isHub, wallMilliseconds)
  }
}

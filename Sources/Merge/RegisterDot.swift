package import Causality
package import Changes

/// The write that a dot of a register stands for. Copies made by the engine carry the origin of what they
/// copy and merge under it.
///
/// Source: engine.md §1 (origin), Protocol/4-Merge §1.
package struct WriteOrigin: Hashable, Sendable {
  /// The change set that the write was made in; its stream may be another than the register's.
  package let dot: Dot
  /// When it was written, by the clock of its writer.
  package let timestamp: HybridTimestamp
  /// The depth of the writer's division.
  package let tier: Tier

  package init(dot: Dot, timestamp: HybridTimestamp, tier: Tier) {
    (self.dot, self.timestamp, self.tier) = (dot, timestamp, tier)
  }

  /// Whether the writer's division is the scope that it wrote in.
  package var isInOwnScope: Bool { dot.replica.node.scope == dot.stream.scope }

  /// Whether this is a write of the owner; any other one is a proposal.
  package func isOwner(_ owner: Owner) -> Bool {
    switch owner {
    case .tier(let tier): self.tier == tier
    case .scope: isInOwnScope
    }
  }
}

/// What one write puts into one register.
package enum RegisterValue: Hashable, Sendable {
  /// The row lives, by an insert or by an update. Only in the register of existence.
  case alive(isInsert: Bool)
  /// The row was deleted. Only in the register of existence.
  case dead
  /// The columns of the group, ascending by id.
  case columns([Value])

  /// Whether the row lives by this value.
  package var isAlive: Bool {
    guard case .alive = self else { return false }
    return true
  }

  /// The columns; nil in the register of existence.
  package var columns: [Value]? {
    guard case .columns(let values) = self else { return nil }
    return values
  }

  /// Whether two dots with these values are one sibling: an insert and an update are both `alive`.
  package func isSameSibling(as other: RegisterValue) -> Bool {
    switch (self, other) {
    case (.alive, .alive), (.dead, .dead): true
    case (.columns(let left), .columns(let right)): left == right
    default: false
    }
  }
}

/// One write that stands in a register: an element of D. The replica keeps every field of it.
///
/// Source: engine.md §4, Protocol/4-Merge §1.
package struct RegisterDot: Hashable, Sendable {
  /// The change set that carried the write here; its stream is the row's.
  package let dot: Dot
  /// The write itself; `origin.dot` is `dot` unless this is a copy.
  package let origin: WriteOrigin
  package let value: RegisterValue
  /// Whether the write followed a value of its register and decided nothing: a violation under
  /// `immutable`, without meaning under any other policy.
  package let followsValue: Bool
  /// Whether the clock of the write was marked as ahead (engine.md §12).
  package internal(set) var isSuspect: Bool

  package init(
    dot: Dot, origin: WriteOrigin, value: RegisterValue, followsValue: Bool = false,
    isSuspect: Bool = false
  ) {
    self.dot = dot
    self.origin = origin
    self.value = value
    self.followsValue = followsValue
    self.isSuspect = isSuspect
  }

  /// The dot within the stream of the row, as `over` names it.
  package var streamDot: StreamDot { StreamDot(replica: dot.replica, number: dot.number) }

  /// Whether this is shown rather than `other` where the policy prefers neither: max by (not suspect,
  /// timestamp, node, epoch, stream, number) of the origins; copies of one origin by their own dots.
  func isPreferred(to other: RegisterDot) -> Bool {
    if isSuspect != other.isSuspect { return other.isSuspect }
    return other.isEarlier(than: self)
  }

  /// By (timestamp, node, epoch, stream, number) of the origins, then by the dots.
  func isEarlier(than other: RegisterDot) -> Bool {
    (origin.timestamp, origin.dot, dot) < (other.origin.timestamp, other.origin.dot, other.dot)
  }
}

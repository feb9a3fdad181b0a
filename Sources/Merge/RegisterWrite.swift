package import Causality
package import Changes

/// What the writer of one change set knew of its stream when it committed.
///
/// Source: engine.md §1 (context), Protocol/4-Merge §2.
package struct WriteContext: Hashable, Sendable {
  /// The change set of the write.
  package let dot: Dot
  /// Knowledge of `dot.stream`; the writer's own entry is not looked at, it is `dot.number` − 1.
  package let known: VersionVector

  package init(dot: Dot, known: VersionVector) { (self.dot, self.known) = (dot, known) }

  /// Whether the writer knew the change set (replica, number) of this stream. Cost: logarithmic.
  package func contains(_ replica: ReplicaID, _ number: UInt64) -> Bool {
    replica == dot.replica ? number < dot.number : known.contains(replica, number)
  }

  /// Whether the writer knew a change set; false for one of another stream.
  package func contains(_ other: Dot) -> Bool {
    other.stream == dot.stream && contains(other.replica, other.number)
  }

  /// Whether a list of dots ascends strictly and lies within the context. A write whose `over` does not
  /// is malformed: known and without effect.
  package func allows(over: [StreamDot]) -> Bool {
    for index in over.indices {
      if index > 0, over[index - 1] >= over[index] { return false }
      if !contains(over[index].replica, over[index].number) { return false }
    }
    return true
  }
}

/// What one operation does to one register that it carries.
package struct RegisterWrite: Hashable, Sendable {
  /// The operation that the write belongs to; an insert begins a new life of its row.
  package let kind: OperationKind
  package let origin: WriteOrigin
  package let value: RegisterValue
  /// The dots that the write replaces, ascending; nil where that is all of its context.
  package let over: [StreamDot]?
  /// Whether the before-image of the operation names a dot in this register.
  package let hadValue: Bool
  /// Whether a mark of the stream names the carrying dot, or the origin's dot, as ahead of its clock.
  package let isSuspect: Bool

  package init(
    kind: OperationKind, origin: WriteOrigin, value: RegisterValue, over: [StreamDot]? = nil,
    hadValue: Bool = false, isSuspect: Bool = false
  ) {
    self.kind = kind
    self.origin = origin
    self.value = value
    self.over = over
    self.hadValue = hadValue
    self.isSuspect = isSuspect
  }

  /// Whether the write decides between siblings: its `over` names at least two dots. Such a write may
  /// cover values of an `immutable` group.
  package var isResolution: Bool { (over?.count ?? 0) >= 2 }

  /// Whether the write follows a value and decides nothing (see `RegisterDot.followsValue`).
  package var followsValue: Bool { hadValue && kind != .insert && !isResolution }

  func covers(_ other: RegisterDot, _ context: WriteContext, _ policy: RegisterPolicy) -> Bool {
    saw(other, context) && mayCover(other, policy)
  }

  private func saw(_ other: RegisterDot, _ context: WriteContext) -> Bool {
    guard let over else { return context.contains(other.dot) }
    return other.dot.stream == context.dot.stream && over.contains(other.streamDot)
  }

  /// Whether the policy lets this write replace `other` once it has seen it. A function of these two
  /// writes alone, so that the result does not depend on the order of arrival.
  func mayCover(_ other: RegisterDot, _ policy: RegisterPolicy) -> Bool {
    guard case .columns(let policy) = policy else { return true }
    switch policy {
    case .latest, .review, .max, .min, .rank: return true
    case .owner(let owner):
      return origin.isOwner(owner) || !other.origin.isOwner(owner)
    case .counter:
      return kind == .insert || origin.dot.replica == other.origin.dot.replica
    case .immutable:
      return kind == .insert || isResolution || followsValue && other.followsValue
    }
  }
}

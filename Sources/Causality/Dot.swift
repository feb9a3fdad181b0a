/// The name of one change set: the n-th of one replica in one stream; n counts from 1 without holes.
///
/// Source: engine.md §1.
package struct Dot: Hashable, Sendable {
  package let stream: StreamID
  package let replica: ReplicaID
  /// 1, 2, 3… contiguous per (stream, replica).
  package let number: UInt64

  package init(stream: StreamID, replica: ReplicaID, number: UInt64) {
    precondition(number > 0, "dots count from 1")
    self.stream = stream
    self.replica = replica
    self.number = number
  }
}

extension Dot: Comparable {
  /// By replica, stream, number: the last three terms of the tie-break (Protocol/4-Merge).
  package static func < (left: Dot, right: Dot) -> Bool {
    (left.replica, left.stream, left.number) < (right.replica, right.stream, right.number)
  }
}

extension Dot: CustomStringConvertible {
  /// `530102/both:530102-1:7`.
  package var description: String { "\(stream):\(replica):\(number)" }
}

/// The depth of a node or scope in the tree: 0 is the top. Source: engine.md §1.
package struct Tier: Hashable, Comparable, Sendable {
  /// 0…255; 0 is the top of the tree.
  package let depth: UInt8

  package init(depth: UInt8) { self.depth = depth }

  package static func < (left: Tier, right: Tier) -> Bool { left.depth < right.depth }
}

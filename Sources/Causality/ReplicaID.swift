/// The place of an installation in the tree: a division code and a terminal number within it.
///
/// Source: engine.md §1 (node). Order is by division, then terminal.
package struct NodeCode: Hashable, Comparable, Sendable {
  /// Division code, 1…999,999 (GB/T 2260 has six digits; shorter test codes are allowed).
  package let division: UInt32
  /// Terminal within the division, 0…4,095; 0 is the division's own node.
  package let terminal: UInt16

  /// Largest division code: six decimal digits.
  package static let largestDivision: UInt32 = 999_999
  /// Largest terminal number: twelve bits.
  package static let largestTerminal: UInt16 = 4_095

  /// Returns nil when a part is out of range.
  package init?(division: UInt32, terminal: UInt16 = 0) {
    guard (1...Self.largestDivision).contains(division), terminal <= Self.largestTerminal else {
      return nil
    }
    self.division = division
    self.terminal = terminal
  }

  /// The division as a scope: every node writes in the scope of its division.
  package var scope: Scope { Scope(uncheckedCode: division) }

  package static func < (left: NodeCode, right: NodeCode) -> Bool {
    (left.division, left.terminal) < (right.division, right.terminal)
  }
}

extension NodeCode: CustomStringConvertible {
  /// `530102` for the division's own node, `530102.3` for its terminal 3.
  package var description: String {
    terminal == 0 ? "\(division)" : "\(division).\(terminal)"
  }

  /// Parses `description`; nil for anything else, also for leading zeros and signs.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let division = UInt32(parts[0]) else { return nil }
    var terminal: UInt16 = 0
    if parts.count == 2 {
      guard let number = UInt16(parts[1]), number > 0 else { return nil }
      terminal = number
    }
    self.init(division: division, terminal: terminal)
    guard description == text else { return nil }
  }
}

/// One life of one node's replica: node code and epoch. A restored, cloned or rebuilt node gets a new
/// epoch and never continues an old one.
///
/// Source: engine.md §1. Packed in 64 bits (division 20, terminal 12, epoch 32), which is also its
/// order: by division, terminal, epoch.
package struct ReplicaID: Hashable, Sendable {
  /// The packed form, unique per replica; never 0.
  package let packed: UInt64

  /// Epochs count from 1.
  package init?(node: NodeCode, epoch: UInt32) {
    guard epoch > 0 else { return nil }
    packed = UInt64(node.division) << 44 | UInt64(node.terminal) << 32 | UInt64(epoch)
  }

  /// Returns nil when the packed form names no division or no epoch.
  package init?(packed: UInt64) {
    guard packed & 0xFFFF_FFFF > 0,
      NodeCode(
        division: UInt32(truncatingIfNeeded: packed >> 44),
        terminal: UInt16(truncatingIfNeeded: packed >> 32) & NodeCode.largestTerminal) != nil
    else { return nil }
    self.packed = packed
  }

  /// The node that this replica belongs to.
  package var node: NodeCode {
    guard
      let node = NodeCode(
        division: UInt32(truncatingIfNeeded: packed >> 44),
        terminal: UInt16(truncatingIfNeeded: packed >> 32) & NodeCode.largestTerminal)
    else { preconditionFailure("a ReplicaID is made from a NodeCode only") }
    return node
  }

  /// The life of the node, from 1.
  package var epoch: UInt32 { UInt32(truncatingIfNeeded: packed) }
}

extension ReplicaID: Comparable {
  package static func < (left: ReplicaID, right: ReplicaID) -> Bool { left.packed < right.packed }
}

extension ReplicaID: CustomStringConvertible {
  /// `530102-1`: node code and epoch.
  package var description: String { "\(node)-\(epoch)" }

  /// Parses `description`; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let node = NodeCode(String(parts[0])), let epoch = UInt32(parts[1])
    else { return nil }
    self.init(node: node, epoch: epoch)
    guard description == text else { return nil }
  }
}

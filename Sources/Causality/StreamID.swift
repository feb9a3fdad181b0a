/// The unit of replication and of interest: a stored attribute of a row, here a division code.
///
/// Source: engine.md §1. In tables a scope is TEXT of decimal digits without leading zeros.
package struct Scope: Hashable, Comparable, Sendable {
  /// 1…999,999.
  package let code: UInt32

  /// Returns nil when the code is out of range.
  package init?(code: UInt32) {
    guard (1...NodeCode.largestDivision).contains(code) else { return nil }
    self.code = code
  }

  init(uncheckedCode: UInt32) { code = uncheckedCode }

  package static func < (left: Scope, right: Scope) -> Bool { left.code < right.code }
}

extension Scope: CustomStringConvertible {
  package var description: String { "\(code)" }

  /// Parses decimal digits without leading zeros; nil for anything else.
  package init?(_ text: String) {
    guard let code = UInt32(text), String(code) == text else { return nil }
    self.init(code: code)
  }
}

/// Who holds the streams of a scope besides its own nodes. Source: engine.md §1.
package enum Channel: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  /// The tiers above and below.
  case both = 0
  /// The tiers above: drafts, evidence, results that siblings and lower tiers must not see.
  case up = 1
  /// The tiers below.
  case down = 2

  package static func < (left: Channel, right: Channel) -> Bool { left.rawValue < right.rawValue }
}

/// A stream is a scope and a channel. Order is by scope, then channel; packed as scope × 4 + channel.
package struct StreamID: Hashable, Comparable, Sendable {
  package let scope: Scope
  package let channel: Channel

  package init(scope: Scope, channel: Channel = .both) {
    self.scope = scope
    self.channel = channel
  }

  /// Scope × 4 + channel, never 0.
  package var packed: UInt32 { scope.code << 2 | UInt32(channel.rawValue) }

  /// Returns nil when the scope or the channel is unknown.
  package init?(packed: UInt32) {
    guard let scope = Scope(code: packed >> 2),
      let channel = Channel(rawValue: UInt8(packed & 3))
    else { return nil }
    self.init(scope: scope, channel: channel)
  }

  package static func < (left: StreamID, right: StreamID) -> Bool { left.packed < right.packed }
}

extension StreamID: CustomStringConvertible {
  /// `530102/both`.
  package var description: String { "\(scope)/\(channel)" }
}

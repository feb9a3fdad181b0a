package import Causality

/// The tree of scopes (divisions): who is above whom. It is the same value on every node.
///
/// Source: engine.md §1 (tiers, scopes, channels), domain.md §3.2 for the real one.
package struct ScopeTree: Hashable, Sendable {
  /// One scope and the scope above it; nil for the top.
  package struct Entry: Hashable, Sendable {
    package let scope: Scope
    package let parent: Scope?
    package init(scope: Scope, parent: Scope?) { (self.scope, self.parent) = (scope, parent) }
  }

  /// What makes a list of entries no tree.
  package struct Invalid: Error, Hashable, Sendable {
    package let reason: String
  }

  /// Ascending by scope.
  package let entries: [Entry]
  private let index: [Scope: Int]
  private let depths: [UInt8]
  /// Places of the scopes above; the top's is its own.
  private let parents: [Int]

  /// Takes entries in any order; there is one top, every parent exists, depth is at most 16.
  package init(_ list: [Entry]) throws(Invalid) {
    let entries = list.sorted { $0.scope < $1.scope }
    var index: [Scope: Int] = [:]
    for (position, entry) in entries.enumerated() {
      guard index.updateValue(position, forKey: entry.scope) == nil else {
        throw Invalid(reason: "scope \(entry.scope) is listed twice")
      }
    }
    guard entries.filter({ $0.parent == nil }).count == 1 else {
      throw Invalid(reason: "a tree has one top")
    }
    var depths: [UInt8] = []
    for entry in entries {
      var (depth, next) = (UInt8(0), entry.parent)
      while let scope = next {
        guard let position = index[scope] else {
          throw Invalid(reason: "scope \(entry.scope): the parent \(scope) is not listed")
        }
        depth += 1
        guard depth <= 16 else { throw Invalid(reason: "scope \(entry.scope): deeper than 16") }
        next = entries[position].parent
      }
      depths.append(depth)
    }
    (self.entries, self.index, self.depths) = (entries, index, depths)
    parents = entries.enumerated().map { $1.parent.flatMap { index[$0] } ?? $0 }
  }

  package func contains(_ scope: Scope) -> Bool { index[scope] != nil }

  package func parent(of scope: Scope) -> Scope? { index[scope].flatMap { entries[$0].parent } }

  /// The depth of a scope, 0 for the top; nil when it is not in the tree.
  package func tier(of scope: Scope) -> Tier? {
    index[scope].map { Tier(depth: depths[$0]) }
  }

  /// Whether `upper` is `lower` or above it.
  package func isAtOrAbove(_ upper: Scope, _ lower: Scope) -> Bool {
    if upper == lower { return true }
    guard let top = index[upper], let bottom = index[lower] else { return false }
    return isAtOrAbove(top, bottom)
  }

  /// By places: climbs from the lower one to the depth of the upper one.
  private func isAtOrAbove(_ upper: Int, _ lower: Int) -> Bool {
    guard depths[upper] <= depths[lower] else { return false }
    var place = lower
    for _ in 0..<(depths[lower] - depths[upper]) { place = parents[place] }
    return place == upper
  }

  /// Whether a node of division `scope` holds `stream`. Source: engine.md §1 (channels).
  package func holds(_ scope: Scope, _ stream: StreamID) -> Bool {
    guard let own = index[scope], let other = index[stream.scope] else { return false }
    switch stream.channel {
    case .both: return isAtOrAbove(own, other) || isAtOrAbove(other, own)
    case .up: return isAtOrAbove(own, other)
    case .down: return isAtOrAbove(other, own)
    }
  }

  /// All streams of the given channels that a node of division `scope` holds, ascending.
  package func streams(heldBy scope: Scope, channels: Set<Channel>) -> [StreamID] {
    entries.flatMap { entry in
      Channel.allCases.filter(channels.contains).map { StreamID(scope: entry.scope, channel: $0) }
    }.filter { holds(scope, $0) }
  }

  /// Whether a node of division `writer` may write a table's rows in `scope`.
  package func mayWrite(_ writer: Scope, _ writers: Writers, in scope: Scope) -> Bool {
    guard contains(writer), isAtOrAbove(writer, scope) else { return false }
    switch writers {
    case .scopeAndAbove: return true
    case .scopeOnly: return writer == scope
    case .above: return writer != scope || parent(of: scope) == nil
    }
  }
}

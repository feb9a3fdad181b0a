package import Causality
package import Changes

/// Who wrote a sibling, from the header of the change set.
package struct Attribution: Hashable, Sendable {
  package let author: String
  package let reason: String

  package init(author: String, reason: String) { (self.author, self.reason) = (author, reason) }
}

/// One write behind a sibling: who, where, when, why.
package struct ConflictWriter: Hashable, Sendable {
  /// The change set that carried it here.
  package let dot: Dot
  /// Where (replica, stream) and when it was written.
  package let origin: WriteOrigin
  package let isSuspect: Bool
  /// nil when the change set is no longer held.
  package let attribution: Attribution?
}

/// One side of a conflict in the inbox.
package struct ConflictSibling: Hashable, Sendable {
  package let value: RegisterValue
  /// At least one; the earliest write first.
  package let writers: [ConflictWriter]
  package let isProposal: Bool
  package let isSuspect: Bool
}

/// An entry of the conflict inbox.
///
/// Source: engine.md §4 (I5), Protocol/4-Merge §7.
package struct ConflictRecord: Hashable, Sendable {
  package let table: TableID
  package let scope: Scope
  package let key: RowKey
  /// `.existence` for the row itself.
  package let group: GroupID
  package let kind: ConflictKind
  /// At least two; the one with the earliest write first.
  package let siblings: [ConflictSibling]
  /// The index of the sibling that the row shows.
  package let shownIndex: Int
  /// What the earliest of the writes replaced; nil when there was nothing or it is no longer held.
  package let base: RegisterValue?
  /// The bytes whose SHA-256 is the conflict's id.
  package let identityBytes: [UInt8]

  /// `base` is the before-image of `conflict.earliest`; `attribution` gives author and reason of a
  /// write, looked up by its origin or else by its carrying change set.
  package init(
    table: TableID, scope: Scope, key: RowKey, group: GroupID, conflict: Conflict,
    base: RegisterValue?, attribution: (RegisterDot) -> Attribution?
  ) {
    self.table = table
    self.scope = scope
    self.key = key
    self.group = group
    kind = conflict.kind
    siblings = conflict.siblings.map { sibling in
      let writers = sibling.dots.map { dot in
        ConflictWriter(
          dot: dot.dot, origin: dot.origin, isSuspect: dot.isSuspect,
          attribution: attribution(dot))
      }
      return ConflictSibling(
        value: sibling.value, writers: writers, isProposal: sibling.isProposal,
        isSuspect: sibling.isSuspect)
    }
    shownIndex = conflict.shownIndex
    self.base = base
    identityBytes = Self.identityBytes(
      table: table, scope: scope, key: key, group: group, origins: conflict.origins)
  }

  /// The canonical name of a conflict: the domain `tributary/conflict/1` and a zero byte, then big endian
  /// table (4), scope (4), length of the key (4), key, group (4), number of origins (4), and per origin
  /// stream (4), replica (8), number (8). `origins` ascend.
  ///
  /// Source: Protocol/4-Merge §7.
  package static func identityBytes(
    table: TableID, scope: Scope, key: RowKey, group: GroupID, origins: [Dot]
  ) -> [UInt8] {
    precondition(
      zip(origins, origins.dropFirst()).allSatisfy { $0 < $1 }, "origins ascend, each once")
    var bytes = Array("tributary/conflict/1".utf8) + [0]
    bytes.reserveCapacity(bytes.count + 20 + key.bytes.count + 20 * origins.count)
    append(table.number, to: &bytes)
    append(scope.code, to: &bytes)
    append(UInt32(clamping: key.bytes.count), to: &bytes)
    bytes.append(contentsOf: key.bytes)
    append(group.number, to: &bytes)
    append(UInt32(clamping: origins.count), to: &bytes)
    for origin in origins {
      append(origin.stream.packed, to: &bytes)
      append(origin.replica.packed, to: &bytes)
      append(origin.number, to: &bytes)
    }
    return bytes
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }
}

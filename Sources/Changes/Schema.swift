package import Causality

/// Stable number of a table, never reused. 1…999 are the engine's own tables, 1,000… the products'.
package struct TableID: Hashable, Comparable, Sendable {
  package let number: UInt32
  package init(_ number: UInt32) { self.number = number }
  package static func < (left: TableID, right: TableID) -> Bool { left.number < right.number }
}

/// Stable number of a column within its table, never reused; counts from 1.
package struct ColumnID: Hashable, Comparable, Sendable {
  package let number: UInt32
  package init(_ number: UInt32) { self.number = number }
  package static func < (left: ColumnID, right: ColumnID) -> Bool { left.number < right.number }
}

/// Stable number of a column group within its table: the number of its first column. 0 is the register
/// of the row's existence.
package struct GroupID: Hashable, Comparable, Sendable {
  package let number: UInt32
  package init(_ number: UInt32) { self.number = number }
  package static let existence = GroupID(0)
  package static func < (left: GroupID, right: GroupID) -> Bool { left.number < right.number }
}

/// Whose writes of a group stand; other writes are proposals. Source: engine.md §4 (`owner`).
package enum Owner: Hashable, Sendable {
  /// The nodes of one tier, e.g. the province.
  case tier(Tier)
  /// The nodes whose division is the scope of the row.
  case scope
}

/// One state of a `rank` policy and the states that may follow it directly.
package struct RankState: Hashable, Sendable {
  package let value: Value
  package let next: [Value]
  package init(_ value: Value, next: [Value]) {
    self.value = value
    self.next = next
  }
}

/// How concurrent writes of one column group are merged. Source: engine.md §4, Protocol/4-Merge.
package enum Policy: Hashable, Sendable {
  /// The latest by hybrid timestamp among concurrent writes; recorded and reviewable.
  case latest
  /// The owner's writes stand, others are proposals.
  case owner(Owner)
  /// Disputed until a person decides; the latest is shown meanwhile.
  case review
  /// One register per replica with its running total; the value is their sum. One INTEGER column.
  case counter
  /// The largest value; no conflict is filed. One column.
  case max
  /// The smallest value; no conflict is filed. One column.
  case min
  /// A state machine: the one state reachable from all others and from which none of them is
  /// reachable, else review. One column.
  case rank([RankState])
  /// Written once; a write that follows a value is a violation, concurrent first writes are for review.
  case immutable
}

/// How inserts, updates and deletes of a row merge. Source: engine.md §4 (existence, `addWins`).
package enum ExistencePolicy: Hashable, Sendable {
  /// A row lives while one write that makes it alive is not covered; delete against update keeps the
  /// row with a conflict.
  case standard
  /// An element of a set: a removal covers what it saw and adds nothing; no conflict is filed.
  case addWins
}

/// A value column. Source: Protocol/3-ChangeSets.
package struct ColumnDeclaration: Hashable, Sendable {
  package let id: ColumnID
  /// `[a-z][a-z0-9_]{0,62}`.
  package let name: String
  /// INTEGER, REAL, TEXT or BLOB affinity; `.null` is not allowed.
  package let kind: ValueKind
  /// The register that this column belongs to.
  package let group: GroupID
  /// The schema version that introduced the column; a group has one. Rows written under an older version
  /// have no dot for it (engine.md §10).
  package let since: UInt32

  package init(id: ColumnID, name: String, kind: ValueKind, group: GroupID, since: UInt32 = 1) {
    (self.id, self.name, self.kind, self.group, self.since) = (id, name, kind, group, since)
  }

  /// A column that is a register of its own.
  package init(id: UInt32, name: String, kind: ValueKind, since: UInt32 = 1) {
    self.init(id: ColumnID(id), name: name, kind: kind, group: GroupID(id), since: since)
  }
}

/// A column of the key besides the scope column: TEXT, INTEGER or BLOB, never NULL.
package struct KeyColumn: Hashable, Sendable {
  package let name: String
  package let kind: ValueKind
  package init(name: String, kind: ValueKind) { (self.name, self.kind) = (name, kind) }
}

/// One register of a table: columns that merge as a unit, and their policy.
package struct GroupDeclaration: Hashable, Sendable {
  package let id: GroupID
  package let policy: Policy
  package init(id: GroupID, policy: Policy) { (self.id, self.policy) = (id, policy) }
}

/// Who may write a table's rows in a scope. Source: engine.md §3 (refusal), §1 (rights).
package enum Writers: Hashable, Sendable {
  /// Nodes whose division is the scope or above it.
  case scopeAndAbove
  /// Nodes above the scope only; in the top scope its own nodes.
  case above
  /// The scope's own nodes only.
  case scopeOnly
}

/// A replicated table as a value: names, stable ids, scope column, key, groups, policies.
///
/// In SQLite it is `name(local_id INTEGER PRIMARY KEY, scope column, key columns, value columns,
/// UNIQUE(scope column, key columns))`. `local_id` is this replica's own integer and never travels.
package struct TableDeclaration: Hashable, Sendable {
  package let id: TableID
  package let name: String
  package let channel: Channel
  package let writers: Writers
  package let existence: ExistencePolicy
  /// The TEXT column that holds the scope.
  package let scopeColumn: String
  package let key: [KeyColumn]
  /// Ascending by id.
  package let columns: [ColumnDeclaration]
  /// Ascending by id; every column's group is here.
  package let groups: [GroupDeclaration]
  /// What should hold among the rows; what breaks it is listed. May change with any version.
  package let rules: [RowRule]

  /// Columns without an entry in `groups` form a group of their own with policy `latest`.
  package init(
    id: TableID, name: String, channel: Channel = .both, writers: Writers = .scopeAndAbove,
    existence: ExistencePolicy = .standard, scopeColumn: String, key: [KeyColumn],
    columns: [ColumnDeclaration], groups: [GroupDeclaration] = [], rules: [RowRule] = []
  ) {
    self.id = id
    self.rules = rules
    self.name = name
    self.channel = channel
    self.writers = writers
    self.existence = existence
    self.scopeColumn = scopeColumn
    self.key = key
    self.columns = columns.sorted { $0.id < $1.id }
    var all = groups
    for column in self.columns where !all.contains(where: { $0.id == column.group }) {
      all.append(GroupDeclaration(id: column.group, policy: .latest))
    }
    self.groups = all.sorted { $0.id < $1.id }
  }

  /// The policy of a group; nil when the group is unknown at this schema version.
  package func policy(of group: GroupID) -> Policy? {
    groups.first { $0.id == group }?.policy
  }
}

/// All tables of a product at one version. Source: engine.md §10.
package struct Schema: Hashable, Sendable {
  /// Grows with each additive change; 1….
  package let version: UInt32
  /// Ascending by id.
  package let tables: [TableDeclaration]

  /// What makes a schema unusable; the text names table and column.
  package struct Invalid: Error, Hashable, Sendable {
    package let reason: String
  }

  /// Checks names, ids, keys, groups and policies.
  package init(version: UInt32, tables: [TableDeclaration]) throws(Invalid) {
    self.version = version
    self.tables = tables.sorted { $0.id < $1.id }
    try check()
  }

  package func table(_ id: TableID) -> TableDeclaration? { tables.first { $0.id == id } }
  package func table(named name: String) -> TableDeclaration? { tables.first { $0.name == name } }
}

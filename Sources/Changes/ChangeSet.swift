package import Causality

/// 32 bytes of SHA-256: the hash of one change set's canonical bytes, or of a chain of them.
package struct ContentHash: Hashable, Sendable {
  package let bytes: [UInt8]

  /// Returns nil unless there are 32 bytes.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// The predecessor of a replica's first change set: 32 zero bytes.
  package static let zero = ContentHash(zeros: ())

  private init(zeros: Void) { bytes = [UInt8](repeating: 0, count: 32) }
}

extension ContentHash: CustomStringConvertible {
  /// 64 hexadecimal digits.
  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// A change set of the stream at hand: replica and number.
package struct StreamDot: Hashable, Comparable, Sendable {
  package let replica: ReplicaID
  /// From 1.
  package let number: UInt64

  package init(replica: ReplicaID, number: UInt64) {
    precondition(number > 0, "dots count from 1")
    (self.replica, self.number) = (replica, number)
  }

  package static func < (left: StreamDot, right: StreamDot) -> Bool {
    (left.replica, left.number) < (right.replica, right.number)
  }
}

/// One part of a transaction that touched several streams; its replica is the writer.
package struct TransactionPart: Hashable, Comparable, Sendable {
  package let stream: StreamID
  package let number: UInt64

  package init(stream: StreamID, number: UInt64) {
    (self.stream, self.number) = (stream, number)
  }

  package static func < (left: TransactionPart, right: TransactionPart) -> Bool {
    (left.stream, left.number) < (right.stream, right.number)
  }
}

/// Who wrote what, before the operations. Source: engine.md §1, Protocol/3-ChangeSets §2.
package struct ChangeSetHeader: Hashable, Sendable {
  package let stream: StreamID
  package let replica: ReplicaID
  /// From 1, contiguous per (stream, replica).
  package let number: UInt64
  /// The writer's knowledge of the stream at commit, as what rose since its change set `number` − 1
  /// here. The writer's own entry is left out: it is `number` − 1.
  package let contextAdvance: VersionVector
  package let timestamp: HybridTimestamp
  package let schemaVersion: UInt32
  /// All parts of the transaction, ascending by stream, this one among them; empty when this change set
  /// is the whole transaction.
  package let parts: [TransactionPart]
  /// The person or program; `unattributed` for captured writes. At most `Limits.authorBytes`.
  package let author: String
  /// Why; may be empty. At most `Limits.reasonBytes`.
  package let reason: String

  package init(
    stream: StreamID, replica: ReplicaID, number: UInt64, contextAdvance: VersionVector,
    timestamp: HybridTimestamp, schemaVersion: UInt32, parts: [TransactionPart] = [],
    author: String, reason: String = ""
  ) {
    self.stream = stream
    self.replica = replica
    self.number = number
    self.contextAdvance = contextAdvance
    self.timestamp = timestamp
    self.schemaVersion = schemaVersion
    self.parts = parts
    self.author = author
    self.reason = reason
  }

  package var dot: Dot { Dot(stream: stream, replica: replica, number: number) }
}

/// What one local transaction did in one stream. Source: engine.md §1, Protocol/3-ChangeSets.
package struct ChangeSet: Equatable, Sendable {
  package let header: ChangeSetHeader
  package let body: ChangeSetBody

  package init(header: ChangeSetHeader, body: ChangeSetBody) {
    (self.header, self.body) = (header, body)
  }
}

/// The operations of a change set.
package struct ChangeSetBody: Equatable, Sendable {
  /// Ascending by (table, kind, columns), no two alike; a row is in one block only.
  package var blocks: [RowBlock]
  /// In the order written.
  package var controls: [ControlOperation]

  package init(blocks: [RowBlock] = [], controls: [ControlOperation] = []) {
    (self.blocks, self.controls) = (blocks, controls)
  }

  package var rowCount: Int { blocks.reduce(0) { $0 + $1.rowCount } }
}

/// What an operation does to a row.
package enum OperationKind: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case insert = 0
  case update = 1
  case delete = 2

  package static func < (left: OperationKind, right: OperationKind) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// A value column carried by a block, with the group that it had at the writer.
package struct CarriedColumn: Hashable, Comparable, Sendable {
  package let column: ColumnID
  package let group: GroupID

  package init(column: ColumnID, group: GroupID) { (self.column, self.group) = (column, group) }

  package static func < (left: CarriedColumn, right: CarriedColumn) -> Bool {
    (left.column, left.group) < (right.column, right.group)
  }
}

/// The write that a copied register stands for. Source: engine.md §1 (origin).
package struct Origin: Hashable, Sendable {
  package let dot: Dot
  package let timestamp: HybridTimestamp
  package let author: String

  package init(dot: Dot, timestamp: HybridTimestamp, author: String) {
    (self.dot, self.timestamp, self.author) = (dot, timestamp, author)
  }
}

/// What differs from the default for one register of one operation of a block.
package struct RegisterNote: Hashable, Sendable {
  /// Index of the row in the block.
  package let row: Int
  /// The register; `.existence` for the row itself.
  package let group: GroupID
  /// The dots that this write replaces, where that is not all of its context: ascending.
  package let over: [StreamDot]?
  /// The write that this one is a copy of.
  package let origin: Origin?

  package init(row: Int, group: GroupID, over: [StreamDot]?, origin: Origin?) {
    (self.row, self.group, self.over, self.origin) = (row, group, over, origin)
  }
}

/// Rows of one table that were changed in the same way: same kind, same columns.
///
/// `cells` holds per row the key columns (without the scope), then the new values of `columns`, then, when
/// `hasBefore`, the values that `columns` had before. Rows ascend by `RowKey`.
package struct RowBlock: Equatable, Sendable {
  package let table: TableID
  package let kind: OperationKind
  /// Ascending by column; empty for deletes.
  package let columns: [CarriedColumn]
  /// Key columns, at least 1.
  package let keyWidth: Int
  /// Updates and deletes of rows that existed carry what they replaced.
  package let hasBefore: Bool
  package var cells: CellTable
  /// The distinct lists of dots that registers had before, each ascending; indexed by `beforeIndex`.
  package var beforeDots: [[StreamDot]]
  /// When `hasBefore`: per row one index into `beforeDots` for existence, then one per group of
  /// `groups`, row by row; else empty.
  package var beforeIndex: [UInt32]
  /// Ascending by (row, group).
  package var notes: [RegisterNote]

  package init(
    table: TableID, kind: OperationKind, columns: [CarriedColumn], keyWidth: Int, hasBefore: Bool
  ) {
    precondition(keyWidth > 0, "a row has a key")
    self.table = table
    self.kind = kind
    self.columns = columns
    self.keyWidth = keyWidth
    self.hasBefore = hasBefore
    cells = CellTable(width: keyWidth + columns.count * (hasBefore ? 2 : 1))
    beforeDots = []
    beforeIndex = []
    notes = []
  }

  package var rowCount: Int { cells.rowCount }

  /// The distinct groups of `columns`, ascending: the registers that each row of this block writes
  /// besides existence.
  package var groups: [GroupID] {
    var groups: [GroupID] = []
    for column in columns where !groups.contains(column.group) { groups.append(column.group) }
    return groups.sorted()
  }

  /// The key of one row; nil when a key cell is null or real (malformed input).
  package func key(_ row: Int) -> RowKey? { RowKey(cells, row: row, width: keyWidth) }

  /// Checks shapes and order. Cost: linear.
  package func checkInvariants() {
    cells.checkInvariants()
    precondition(kind != .delete || columns.isEmpty, "a delete carries no columns")
    precondition(
      zip(columns, columns.dropFirst()).allSatisfy { $0.column < $1.column }, "columns ascend")
    let expected = hasBefore ? rowCount * (groups.count + 1) : 0
    precondition(beforeIndex.count == expected, "one before-image index per row and register")
    precondition(beforeIndex.allSatisfy { Int($0) < beforeDots.count }, "indexes lie in the list")
    var last: RowKey?
    for row in 0..<rowCount {
      let key = key(row)
      precondition(key != nil, "keys are neither null nor real")
      if let last, let key { precondition(last < key, "rows ascend by key") }
      last = key
    }
  }
}

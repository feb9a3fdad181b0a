import Causality
import Changes
import Merge
import Wire

/// The tree, the tables and the histories of `merges.json`.
enum MergeStage {
  static let stream = "530102/both"
  static let province = "530000-1"
  static let prefecture = "530100-1"
  static let county = "530102-1"
  static let terminal = "530102.3-1"
  static let tree: [MergeFile.Scope] = [
    MergeFile.Scope(scope: "530000"), MergeFile.Scope(scope: "530100", parent: "530000"),
    MergeFile.Scope(scope: "530102", parent: "530100"),
    MergeFile.Scope(scope: "530103", parent: "530100"),
  ]

  /// One group per policy; 10 is a group of columns 10 and 11. Group 12 and table 1002 are in no schema.
  static let tables: [MergeFile.Table] = [
    MergeFile.Table(
      id: 1_000, existence: "standard",
      groups: [
        MergeFile.Group(id: 1, policy: "latest"), MergeFile.Group(id: 2, policy: "owner", tier: 0),
        MergeFile.Group(id: 3, policy: "ownerScope"), MergeFile.Group(id: 4, policy: "review"),
        MergeFile.Group(id: 5, policy: "counter"), MergeFile.Group(id: 6, policy: "max"),
        MergeFile.Group(id: 7, policy: "min"),
        MergeFile.Group(
          id: 8, policy: "rank",
          next: [
            "t:planned": ["t:visited"], "t:visited": ["t:closed", "t:appealed"],
            "t:loop1": ["t:loop2"], "t:loop2": ["t:loop1"],
          ]), MergeFile.Group(id: 9, policy: "immutable"),
        MergeFile.Group(id: 10, policy: "latest"),
      ]),
    MergeFile.Table(
      id: 1_001, existence: "addWins", groups: [MergeFile.Group(id: 1, policy: "latest")]),
  ]
}

/// A history of one row in the making. `knows` names what the writer knew besides its own change sets.
struct MergeScene {
  let name: String
  var table: UInt32 = 1_000
  private(set) var changeSets: [EncodedChangeSet] = []
  private var contexts: [ReplicaID: VersionVector] = [:]

  init(_ name: String, table: UInt32 = 1_000) { (self.name, self.table) = (name, table) }

  /// One change set with one operation. `had`: the dots that each register had before, for updates and
  /// deletes. `over`: per register. `values`: column, group, value.
  mutating func write(
    _ kind: OperationKind, by writer: String, at milliseconds: UInt64, knows: [String] = [],
    _ values: [(UInt32, UInt32, Value)] = [], had: [String] = [], over: [UInt32: [String]] = [:],
    origin: (dot: String, milliseconds: UInt64)? = nil, controls: [ControlOperation] = []
  ) throws {
    let registers = 1 + Set(values.map(\.1)).count
    var row = ChangeSetSamples.Row(key: [.integer(1)], new: values.map(\.2))
    if kind != .insert {
      row.before = values.map { _ in .null }
      row.dots = Array(repeating: had, count: registers)
    }
    let source = try origin.map {
      Origin(
        dot: try Dot(vector: $0.dot), timestamp: HybridTimestamp(milliseconds: $0.milliseconds),
        author: "")
    }
    let noted = source == nil ? over.keys.sorted() : [0] + Set(values.map(\.1)).sorted()
    let notes = try noted.map {
      try ChangeSetSamples.note(0, $0, over: over[$0], origin: source)
    }
    let block = try ChangeSetSamples.block(
      table, kind, values.map { ($0.0, $0.1) }, [row], notes: notes)
    try commit(
      ChangeSetBody(blocks: [block], controls: controls), by: writer, at: milliseconds,
      knows: knows)
  }

  mutating func control(
    _ control: ControlOperation, by writer: String, at milliseconds: UInt64, knows: [String] = []
  ) throws {
    try commit(ChangeSetBody(controls: [control]), by: writer, at: milliseconds, knows: knows)
  }

  private mutating func commit(
    _ body: ChangeSetBody, by writer: String, at milliseconds: UInt64, knows: [String]
  ) throws {
    let replica = try ReplicaID(vector: writer)
    let number = UInt64(changeSets.count { $0.dot.replica == replica } + 1)
    let before = contexts[replica] ?? VersionVector()
    let context = try VersionVector(vector: knows.sorted()).union(before)
    var advance = VersionVector()
    for entry in context.entries where before[entry.replica] < entry.number {
      advance[entry.replica] = entry.number
    }
    contexts[replica] = context
    let header = ChangeSetHeader(
      stream: try StreamID(vector: MergeStage.stream), replica: replica, number: number,
      contextAdvance: advance, timestamp: HybridTimestamp(milliseconds: milliseconds),
      schemaVersion: 1, author: "")
    changeSets.append(EncodedChangeSet(header: header, body: body))
  }

  static func dot(_ text: String) throws -> StreamDot { try StreamDot(vector: text) }
}

import Causality
import Changes
import Merge
import Testing
import Wire

/// `merges.json`: histories in, registers, conflicts and hashes out (4-Merge).
struct MergeFile: Codable {
  struct Scope: Codable {
    var scope: String
    var parent: String?
  }

  struct Group: Codable {
    var id: UInt32
    var policy: String
    var tier: UInt8?
    /// Of `rank`: the states that may follow a state.
    var next: [String: [String]]?
  }

  struct Table: Codable {
    var id: UInt32
    var existence: String
    var groups: [Group]
  }

  struct Item: Codable {
    var name: String
    var stream: String
    var changeSets: [Carried]
    /// In how many orders contexts let them be applied.
    var orders: Int
    var rows: [Row]
    var headsHash: String
    var digest: String
  }

  struct Carried: Codable, Equatable {
    var dot: String
    var headerHex: String
    var bodyHex: String
  }

  struct Row: Codable, Equatable {
    var table: UInt32
    var key: [String]
    var keyHex: String
    var isAlive: Bool
    var registers: [Register]
    var conflicts: [OpenConflict]
    /// Of a row that lives; the first 16 bytes are summed in the digest.
    var rowHash: String?
  }

  struct Register: Codable, Equatable {
    var group: UInt32
    var dots: [Standing]
    /// The columns shown; none in the register of existence.
    var shown: [String]?
  }

  struct Standing: Codable, Equatable {
    var dot: String
    var origin: String
    var timestamp: String
    /// `inserted`, `updated`, `dead`, or the columns.
    var value: [String]
    var followsValue: Bool
    var isSuspect: Bool
  }

  struct OpenConflict: Codable, Equatable {
    var group: UInt32
    var kind: UInt8
    var id: String
    /// The dots of each, the earliest write first.
    var siblings: [[String]]
    var proposals: [Bool]
    var shownSibling: Int
  }

  var tree: [Scope]
  var tables: [Table]
  var histories: [Item]
}

extension MergeFile.Group {
  func declaration() throws -> GroupDeclaration {
    let policy: Policy
    switch self.policy {
    case "latest": policy = .latest
    case "owner": policy = .owner(.tier(Tier(depth: tier ?? 0)))
    case "ownerScope": policy = .owner(.scope)
    case "review": policy = .review
    case "counter": policy = .counter
    case "max": policy = .max
    case "min": policy = .min
    case "immutable": policy = .immutable
    case "rank":
      policy = .rank(
        try (next ?? [:]).sorted { $0.key < $1.key }.map { state, next in
          RankState(try Value(vector: state), next: try next.map { try Value(vector: $0) })
        })
    default: throw MalformedVector(what: self.policy)
    }
    return GroupDeclaration(id: GroupID(id), policy: policy)
  }
}

extension MergeFile {
  func scopeTree() throws -> ScopeTree {
    try ScopeTree(
      tree.map { entry in
        guard let scope = Causality.Scope(entry.scope) else {
          throw MalformedVector(what: entry.scope)
        }
        return ScopeTree.Entry(scope: scope, parent: entry.parent.flatMap(Causality.Scope.init))
      })
  }

  func policies() throws -> [TableID: RowPolicies] {
    var policies: [TableID: RowPolicies] = [:]
    for table in tables {
      let groups = try table.groups.map { try $0.declaration() }
      policies[TableID(table.id)] = RowPolicies(
        TableDeclaration(
          id: TableID(table.id), name: "t\(table.id)",
          existence: table.existence == "addWins" ? .addWins : .standard, scopeColumn: "scope",
          key: [KeyColumn(name: "id", kind: .integer)],
          columns: groups.map {
            ColumnDeclaration(
              id: ColumnID($0.id.number), name: "c", kind: .integer, group: $0.id)
          }, groups: groups))
    }
    return policies
  }

  func replica(_ stream: String) throws -> ReferenceReplica {
    let policies = try policies()
    return ReferenceReplica(
      stream: try StreamID(vector: stream), tree: try scopeTree(),
      policies: { policies[$0] ?? RowPolicies(nil) })
  }

  static func make() throws -> MergeFile {
    var file = MergeFile(tree: MergeStage.tree, tables: MergeStage.tables, histories: [])
    file.histories = try MergeSamples.all().map { scene in
      var replica = try file.replica(MergeStage.stream)
      for changeSet in scene.changeSets { _ = try replica.apply(changeSet) }
      return Item(
        name: scene.name, stream: MergeStage.stream,
        changeSets: try scene.changeSets.map { try Carried($0) },
        orders: try orders(scene.changeSets, file.replica(MergeStage.stream)).count,
        rows: replica.rowFields, headsHash: Hex.encode(bigEndian(replica.headsHash)),
        digest: Hex.encode(replica.digest))
    }
    return file
  }

  /// Every order in which the change sets can be applied, as the replica after each.
  static func orders(
    _ changeSets: [EncodedChangeSet], _ start: ReferenceReplica
  ) throws -> [ReferenceReplica] {
    if changeSets.isEmpty { return [start] }
    var found: [ReferenceReplica] = []
    for (index, changeSet) in changeSets.enumerated() {
      var replica = start
      guard try replica.apply(changeSet) == .applied else { continue }
      var rest = changeSets
      rest.remove(at: index)
      found += try orders(rest, replica)
    }
    return found
  }
}

extension MergeFile.Carried {
  init(_ changeSet: EncodedChangeSet) throws {
    dot = changeSet.dot.description
    headerHex = Hex.encode(changeSet.header)
    bodyHex = try VectorBytes.text(try changeSet.canonicalBody())
  }

  func changeSet() throws -> EncodedChangeSet {
    let body = try VectorBytes.bytes(bodyHex)
    return EncodedChangeSet(
      dot: try Dot(vector: dot), header: try Hex.decode(headerHex), body: body,
      bodyIsDeflated: false, bodyByteCount: body.count)
  }
}

extension ReferenceReplica {
  /// All rows as fields, ascending.
  var rowFields: [MergeFile.Row] {
    rows.keys.sorted().map { id in
      let row = rows[id] ?? RowRegisters()
      let policies = policies(id.table)
      return MergeFile.Row(
        table: id.table.number, key: (id.key.values ?? []).map(\.vector),
        keyHex: Hex.encode(id.key.bytes), isAlive: row.isAlive,
        registers: ([.existence] + row.groups.map(\.id)).map { fields(row, $0, policies) },
        conflicts: row.conflicts(policies).map { group, conflict in
          let identity = ConflictRecord.identityBytes(
            table: id.table, scope: stream.scope, key: id.key, group: group,
            origins: conflict.origins)
          return MergeFile.OpenConflict(
            group: group.number, kind: conflict.kind.rawValue,
            id: Hex.encode(Digest.sha256(identity).bytes.prefix(16)),
            siblings: conflict.siblings.map { $0.dots.map(\.streamDot.vector) },
            proposals: conflict.siblings.map(\.isProposal), shownSibling: conflict.shownIndex)
        }, rowHash: row.isAlive ? Hex.encode(Self.rowHash(id, row, stream.scope)) : nil)
    }
  }

  private func fields(
    _ row: RowRegisters, _ group: GroupID, _ policies: RowPolicies
  ) -> MergeFile.Register {
    MergeFile.Register(
      group: group.number,
      dots: row[group].dots.map { dot in
        let value: [String] =
          switch dot.value {
          case .alive(let isInsert): [isInsert ? "inserted" : "updated"]
          case .dead: ["dead"]
          case .columns(let values): values.map(\.vector)
          }
        return MergeFile.Standing(
          dot: dot.streamDot.vector, origin: dot.origin.dot.description,
          timestamp: dot.origin.timestamp.vector, value: value, followsValue: dot.followsValue,
          isSuspect: dot.isSuspect)
      }, shown: row[group].shownColumns(policies[group])?.map(\.vector))
  }
}

@Suite struct MergeVectors {
  static let file = "merges.json"

  @Test func `The file is what the generator gives`() throws {
    try VectorFolder.settle(try MergeFile.make(), Self.file)
  }

  @Test func `Every order of every history ends as the file says`() throws {
    let file = try VectorFolder.read(MergeFile.self, Self.file)
    for item in file.histories {
      let start = try file.replica(item.stream)
      let ends = try MergeFile.orders(try item.changeSets.map { try $0.changeSet() }, start)
      #expect(ends.count == item.orders && !ends.isEmpty, "\(item.name)")
      for replica in ends {
        #expect(replica.rowFields == item.rows, "\(item.name)")
        #expect(Hex.encode(replica.digest) == item.digest, "\(item.name)")
        #expect(Hex.encode(bigEndian(replica.headsHash)) == item.headsHash, "\(item.name)")
      }
    }
  }

  @Test func `The histories meet every policy and every kind of conflict`() throws {
    let file = try VectorFolder.read(MergeFile.self, Self.file)
    let kinds = Set(file.histories.flatMap(\.rows).flatMap(\.conflicts).map(\.kind))
    #expect(kinds == Set(ConflictKind.allCases.map(\.rawValue)))
  }
}

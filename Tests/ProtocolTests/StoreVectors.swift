import Causality
import Changes
import Foundation
import Merge
import Store
import Testing
import Wire

/// The product's store ends where `merges.json` says: rows in SQLite, heads and digests as the reference has them.
@Suite struct StoreVectors {
  /// A node above the province, which is no writer of any history.
  private static let root = Scope(code: 100_000)

  /// The file's tables with the kinds of the values that a history has; nil when a column has two.
  private static func schema(_ file: MergeFile, _ changeSets: [ChangeSet]) throws -> Schema? {
    var kinds: [ColumnID: ValueKind] = [:]
    for block in changeSets.flatMap(\.body.blocks) {
      for (index, carried) in block.columns.enumerated() {
        for row in 0..<block.rowCount {
          let kind = block.cells.value(row, block.keyWidth + index).kind
          if kind == .null { continue }
          if let other = kinds[carried.column], other != kind { return nil }
          kinds[carried.column] = kind
        }
      }
    }
    return try Schema(
      version: 1,
      tables: file.tables.map { table in
        let groups = try table.groups.map { try deeper($0.declaration()) }
        var columns = groups.map {
          ColumnDeclaration(
            id: $0.id.number, name: "c\($0.id.number)",
            kind: kinds[ColumnID($0.id.number)] ?? ($0.policy == .counter ? .integer : .text))
        }
        if groups.contains(where: { $0.id == GroupID(10) }) {
          columns.append(
            ColumnDeclaration(
              id: ColumnID(11), name: "c11", kind: kinds[ColumnID(11)] ?? .text,
              group: GroupID(10)))
        }
        return TableDeclaration(
          id: TableID(table.id), name: "t\(table.id)",
          existence: table.existence == "addWins" ? .addWins : .standard, scopeColumn: "scope",
          key: [KeyColumn(name: "id", kind: .integer)], columns: columns, groups: groups)
      })
  }

  /// One tier deeper: there is a root above the province of the vectors.
  private static func deeper(_ group: GroupDeclaration) -> GroupDeclaration {
    guard case .owner(.tier(let tier)) = group.policy else { return group }
    return GroupDeclaration(id: group.id, policy: .owner(.tier(Tier(depth: tier.depth + 1))))
  }

  private static func replica(
    _ path: String, _ file: MergeFile, _ schema: Schema, _ writers: Set<ReplicaID>
  ) throws -> Replica {
    let root = try #require(root)
    let entries = try file.tree.map { entry in
      ScopeTree.Entry(
        scope: try #require(Scope(entry.scope)), parent: entry.parent.flatMap(Scope.init) ?? root)
    }
    let replica = try Replica.create(
      folder: ReplicaFolder(path), node: try #require(NodeCode(division: root.code)),
      tree: try ScopeTree([ScopeTree.Entry(scope: root, parent: nil)] + entries),
      schema: schema, anchor: nil, wallMilliseconds: 1_000)
    for writer in writers.sorted() {
      let key = VectorKey.publicKey(writer)
      let bytes = EnrolmentRequest.signedBytes(replica: writer, publicKey: key, name: "")
      _ = try replica.admit(
        EnrolmentRequest(
          replica: writer, publicKey: key, name: "",
          signature: VectorKey.sign(bytes, by: writer)), author: "vectors", wallMilliseconds: 1_000)
    }
    return replica
  }

  /// All change sets of a stream that a replica holds.
  private static func log(_ replica: Replica, _ stream: StreamID) throws -> [EncodedChangeSet] {
    let batch = try replica.changes(lackedBy: [(stream, VersionVector())], maxBytes: 1 << 20)
    guard case .frame(let message)? = batch?.content else { return [] }
    return message.changeSets
  }

  @Test func `The store has the digest and the heads of every history, in two orders`() throws {
    let file = try VectorFolder.read(MergeFile.self, MergeVectors.file)
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "tributary-vectors-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var checked = 0
    for (number, item) in file.histories.enumerated() {
      let carried = try item.changeSets.map { try $0.changeSet() }
      guard let schema = try Self.schema(file, try carried.map { try $0.decoded() }) else {
        continue
      }
      checked += 1
      var reference = try file.replica(item.stream)
      for changeSet in carried { #expect(try reference.apply(changeSet) == .applied) }
      let messages = carried.map {
        ChangesMessage(changeSets: [$0], heads: [SessionNode.head(reference, $0.dot)])
      }
      for (order, list) in [messages, messages.reversed()].enumerated() {
        let replica = try Self.replica(
          "\(folder)/\(number)-\(order)", file, schema, Set(carried.map(\.dot.replica)))
        try Self.check(replica, list, item, reference)
        try replica.close()
      }
    }
    #expect(checked >= file.histories.count - 2, "\(checked) histories have columns of one kind")
  }

  /// The registry is in the stream too: its rows are those that the store has before, and the digest is a sum.
  private static func check(
    _ replica: Replica, _ messages: [ChangesMessage], _ item: MergeFile.Item,
    _ reference: ReferenceReplica
  ) throws {
    let stream = reference.stream
    let before = try replica.summary(of: stream)
    for message in messages {
      let outcome = try replica.apply(
        message, from: message.changeSets[0].dot.replica, isIngress: false,
        wallMilliseconds: 10_000)
      #expect(outcome.rejected.isEmpty, "\(item.name): \(outcome.rejected)")
    }
    let summary = try replica.summary(of: stream)
    let sum = number(summary.digest) &- number(before.digest)
    #expect(sum == number(try Hex.decode(item.digest)), "\(item.name): the digest")
    // Heads: the reference with the registry's change sets before those of the history.
    var whole = reference
    for changeSet in try log(replica, stream) where !reference.log.contains(changeSet) {
      _ = try whole.apply(changeSet)
    }
    #expect(whole.known == (try replica.knowledge(of: stream)), "\(item.name): what is known")
    #expect(summary.headsHash == whole.headsHash, "\(item.name): the heads")
    #expect(try replica.check().problems.isEmpty, "\(item.name)")
  }

  private static func number(_ digest: [UInt8]) -> UInt128 {
    digest.reduce(0) { $0 << 8 | UInt128($1) }
  }
}

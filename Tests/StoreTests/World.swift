import Causality
import Changes
import Foundation
import Store
import Testing
import Wire

/// A schema that has nothing to do with inspections: a library's books and loans.
enum Library {
  static let books = TableID(2_000)
  static let tags = TableID(2_001)
  static let title = ColumnID(1)
  static let shelf = ColumnID(2)
  static let note = ColumnID(3)
  static let copies = ColumnID(4)
  static let state = ColumnID(5)
  static let isbn = ColumnID(6)
  static let price = ColumnID(7)
  static let seen = ColumnID(8)
  static let classMark = ColumnID(9)
  static let remark = ColumnID(11)
  /// Written by the tiers above a branch; a branch with `looseNotices` writes them too, and is refused.
  static let notices = TableID(2_002)
  /// On the channel `up`: siblings and lower tiers do not hold it.
  static let drafts = TableID(2_003)

  static func schema(looseNotices: Bool = false) throws -> Schema {
    try Schema(
      version: 1,
      tables: [
        TableDeclaration(
          id: books, name: "books", scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [
            ColumnDeclaration(id: 1, name: "title", kind: .text),
            ColumnDeclaration(id: ColumnID(2), name: "shelf", kind: .text, group: GroupID(2)),
            ColumnDeclaration(id: ColumnID(3), name: "note", kind: .text, group: GroupID(2)),
            ColumnDeclaration(id: 4, name: "copies", kind: .integer),
            ColumnDeclaration(id: 5, name: "state", kind: .text),
            ColumnDeclaration(id: 6, name: "isbn", kind: .text),
            ColumnDeclaration(id: 7, name: "price", kind: .real),
            ColumnDeclaration(id: 8, name: "seen", kind: .integer),
            ColumnDeclaration(id: 9, name: "class_mark", kind: .text),
            ColumnDeclaration(id: 10, name: "age_limit", kind: .integer),
            ColumnDeclaration(id: 11, name: "remark", kind: .text),
            ColumnDeclaration(id: 12, name: "keeper", kind: .text),
          ],
          groups: [
            GroupDeclaration(id: GroupID(4), policy: .counter),
            GroupDeclaration(
              id: GroupID(5),
              policy: .rank([
                RankState(.text("in"), next: [.text("out")]),
                RankState(.text("out"), next: [.text("lost")]),
                RankState(.text("lost"), next: []),
              ])),
            GroupDeclaration(id: GroupID(6), policy: .immutable),
            GroupDeclaration(id: GroupID(8), policy: .max),
            GroupDeclaration(id: GroupID(9), policy: .owner(.tier(Tier(depth: 0)))),
            GroupDeclaration(id: GroupID(10), policy: .min),
            GroupDeclaration(id: GroupID(11), policy: .review),
            GroupDeclaration(id: GroupID(12), policy: .owner(.scope)),
          ]),
        TableDeclaration(
          id: tags, name: "tags", existence: .addWins, scopeColumn: "branch",
          key: [KeyColumn(name: "book", kind: .text), KeyColumn(name: "tag", kind: .text)],
          columns: []),
        TableDeclaration(
          id: notices, name: "notices",
          writers: looseNotices ? .scopeAndAbove : .above, scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [ColumnDeclaration(id: 1, name: "body", kind: .text)]),
        TableDeclaration(
          id: drafts, name: "drafts", channel: .up, scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [ColumnDeclaration(id: 1, name: "body", kind: .text)]),
      ])
  }
}

/// Replicas of a small tree in temporary folders, and links between them without a network.
final class World {
  static let top = 1
  let tree: ScopeTree
  let schema: Schema
  /// Of nodes whose program has another one.
  var schemas: [UInt32: Schema]
  let root: String
  private(set) var replicas: [UInt32: Replica] = [:]
  var wall: UInt64 = 1_800_000_000_000

  /// Divisions by parent: 1 above 10 and 20; 10 above 11 and 12; 20 above 21.
  /// `isInMemory`: on a file system without a disk, where the platform has one.
  init(
    _ nodes: [UInt32] = [1, 10, 11], schema: Schema? = nil, schemas: [UInt32: Schema] = [:],
    isInMemory: Bool = false
  ) throws {
    let parents: [(UInt32, UInt32?)] = [(1, nil), (10, 1), (20, 1), (11, 10), (12, 10), (21, 20)]
    tree = try ScopeTree(
      parents.compactMap { pair in
        Scope(code: pair.0).map {
          ScopeTree.Entry(scope: $0, parent: pair.1.flatMap { Scope(code: $0) })
        }
      })
    self.schema = try schema ?? Library.schema()
    self.schemas = schemas
    let memory = "/dev/shm"
    let hasMemory = isInMemory && FileManager.default.isWritableFile(atPath: memory)
    root =
      (hasMemory ? memory : FileManager.default.temporaryDirectory.path)
      + "/tributary-store-\(UUID().uuidString)"
    for node in nodes { try add(node) }
  }

  deinit {
    replicas = [:]
    try? FileManager.default.removeItem(atPath: root)
  }

  func folder(_ node: UInt32) -> ReplicaFolder { ReplicaFolder(root + "/\(node)") }

  subscript(node: UInt32) -> Replica {
    guard let replica = replicas[node] else { preconditionFailure("no node \(node)") }
    return replica
  }

  private func add(_ node: UInt32) throws {
    let code = try #require(NodeCode(division: node))
    let anchor = replicas[1].map(\.identity.anchor)
    let replica = try Replica.create(
      folder: folder(node), node: code, tree: tree, schema: schemas[node] ?? schema,
      anchor: anchor,
      wallMilliseconds: wall)
    replicas[node] = replica
    if let parent = tree.parent(of: code.scope), let hub = replicas[parent.code] {
      _ = try hub.admit(
        replica.identity.enrolmentRequest(name: "n\(node)"), author: "test",
        wallMilliseconds: wall)
      try exchange(node, parent.code)
    }
  }

  func reopen(_ node: UInt32) throws {
    try replicas[node]?.close()
    replicas[node] = nil
    try open(node)
  }

  func open(_ node: UInt32) throws {
    replicas[node] = try Replica.open(
      folder: folder(node), tree: tree, schema: schemas[node] ?? schema, wallMilliseconds: wall)
  }

  func release(_ node: UInt32) { replicas[node] = nil }

  /// Change sets that one node lacks of another, in batches.
  func send(_ from: UInt32, _ to: UInt32, isIngress: Bool = false, maxBytes: Int = 4_000) throws {
    var known = try self[from].streams.filter { self[to].streams.contains($0) }
      .map { ($0, try self[to].knowledge(of: $0)) }
    while let batch = try self[from].changes(lackedBy: known, maxBytes: maxBytes) {
      switch batch.content {
      case .frame(let message): try receive(message, from, to, isIngress)
      case .parts(let parts):
        for part in parts.reversed() {
          if let message = try self[to].stage(part) { try receive(message, from, to, isIngress) }
        }
      }
      for advance in batch.advanced {
        known.removeAll { $0.0 == advance.stream }
        known.append((advance.stream, advance.known))
      }
    }
  }

  private func receive(
    _ message: ChangesMessage, _ from: UInt32, _ to: UInt32, _ isIngress: Bool
  ) throws {
    let outcome = try self[to].apply(
      message, from: self[from].identity.replica, isIngress: isIngress, wallMilliseconds: wall)
    #expect(outcome.rejected.isEmpty, "\(outcome.rejected)")
  }

  /// Child and parent tell each other everything.
  func exchange(_ child: UInt32, _ parent: UInt32, maxBytes: Int = 4_000) throws {
    try send(child, parent, isIngress: true, maxBytes: maxBytes)
    try send(parent, child, maxBytes: maxBytes)
  }

  /// Everything to everybody, and the check that they agree.
  func settle() throws {
    for _ in 0..<3 {
      for node in replicas.keys.sorted(by: >) {
        guard let parent = tree.parent(of: try #require(Scope(code: node))),
          replicas[parent.code] != nil
        else { continue }
        try exchange(node, parent.code)
      }
    }
    try expectAgreement()
  }

  func expectAgreement() throws {
    let nodes = replicas.keys.sorted()
    for left in nodes {
      for right in nodes where left < right {
        for stream in self[left].streams where self[right].streams.contains(stream) {
          let mine = try self[left].summary(of: stream)
          let theirs = try self[right].summary(of: stream)
          let leftKnown = try self[left].knowledge(of: stream)
          let rightKnown = try self[right].knowledge(of: stream)
          #expect(
            leftKnown == rightKnown, "\(stream) at \(left) and \(right)")
          #expect(mine == theirs, "\(stream) at \(left) and \(right): \(leftKnown)")
        }
      }
      let report = try self[left].check()
      #expect(report.problems.isEmpty, "node \(left): \(report.problems)")
    }
  }

  // MARK: short forms

  func insert(
    _ node: UInt32, _ number: String, in branch: UInt32 = 11, _ values: [ColumnValue]
  ) throws {
    wall += 1_000
    let scope = try #require(Scope(code: branch))
    _ = try self[node].write(author: "a\(node)", wallMilliseconds: wall) {
      transaction throws(StoreError) in
      try transaction.insert(Library.books, scope: scope, key: [.text(number)], values)
    }
  }

  func update(
    _ node: UInt32, _ number: String, in branch: UInt32 = 11, _ values: [ColumnValue],
    form: FormSnapshot? = nil
  ) throws {
    wall += 1_000
    let scope = try #require(Scope(code: branch))
    _ = try self[node].write(author: "a\(node)", wallMilliseconds: wall) {
      transaction throws(StoreError) in
      try transaction.update(
        Library.books, scope: scope, key: [.text(number)], values, form: form)
    }
  }

  func delete(_ node: UInt32, _ number: String, in branch: UInt32 = 11) throws {
    wall += 1_000
    let scope = try #require(Scope(code: branch))
    _ = try self[node].write(author: "a\(node)", wallMilliseconds: wall) {
      transaction throws(StoreError) in
      try transaction.delete(Library.books, scope: scope, key: [.text(number)])
    }
  }

  func row(_ node: UInt32, _ number: String, in branch: UInt32 = 11) throws -> RowSnapshot? {
    try self[node].row(
      Library.books, scope: try #require(Scope(code: branch)), key: [.text(number)])
  }

  func value(_ node: UInt32, _ number: String, _ column: ColumnID) throws -> Value? {
    try row(node, number)?.values[Int(column.number) - 1]
  }
}

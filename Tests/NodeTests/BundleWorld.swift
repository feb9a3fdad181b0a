import Causality
import Changes
import Foundation
import Node
import Store
import TestSupport
import Testing
import Wire

/// Replicas of a small tree that exchange by bundles and, without a network, by links.
final class BundleWorld {
  static let books = TableID(2_000)
  /// Seen by the scope's own nodes and those above.
  static let drafts = TableID(2_001)
  static let title = ColumnID(1)
  static let shelf = ColumnID(2)

  let tree: ScopeTree
  let folder: TemporaryFolder
  var wall: UInt64 = 1_800_000_000_000
  private(set) var replicas: [UInt32: Replica] = [:]

  static func schema(_ writers: Writers = .scopeAndAbove) throws -> Schema {
    try Schema(
      version: 1,
      tables: [
        TableDeclaration(
          id: books, name: "books", writers: writers, scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [
            ColumnDeclaration(id: 1, name: "title", kind: .text),
            ColumnDeclaration(id: 2, name: "shelf", kind: .text),
          ], rules: [RowRule("title_once", .unique(["title"]))]),
        TableDeclaration(
          id: drafts, name: "drafts", channel: .up, scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [ColumnDeclaration(id: 1, name: "text", kind: .text)]),
      ])
  }

  /// 1 above 10 and 20; 10 above 11 and 12; 20 above 21. All are admitted; `isSettled`: and know it.
  init(_ nodes: [UInt32] = [1, 10, 11], isSettled: Bool = true) throws {
    folder = try TemporaryFolder("tributary-bundles")
    let parents: [(UInt32, UInt32?)] = [(1, nil), (10, 1), (20, 1), (11, 10), (12, 10), (21, 20)]
    tree = try ScopeTree(
      parents.compactMap { pair in
        Scope(code: pair.0).map {
          ScopeTree.Entry(scope: $0, parent: pair.1.flatMap { Scope(code: $0) })
        }
      })
    for node in nodes {
      let code = try #require(NodeCode(division: node))
      let replica = try Replica.create(
        folder: place(node), node: code, tree: tree, schema: try Self.schema(),
        anchor: replicas[1]?.identity.anchor, wallMilliseconds: wall)
      replicas[node] = replica
      guard let parent = tree.parent(of: code.scope), let hub = replicas[parent.code] else {
        continue
      }
      _ = try hub.admit(
        replica.identity.enrolmentRequest(name: ""), author: "t", wallMilliseconds: wall)
      if isSettled { try link(node, parent.code) }
    }
  }

  func place(_ node: UInt32) -> ReplicaFolder { ReplicaFolder(folder.path(of: "\(node)")) }

  subscript(node: UInt32) -> Replica {
    guard let replica = replicas[node] else { preconditionFailure("no node \(node)") }
    return replica
  }

  /// A world of its own with copies of the folders as they are now.
  init(copyOf other: BundleWorld) throws {
    folder = try TemporaryFolder("tributary-bundles")
    (tree, wall) = (other.tree, other.wall)
    for node in other.replicas.keys.sorted() {
      try other.replicas[node]?.close()
      other.replicas[node] = nil
      try FileManager.default.copyItem(atPath: other.place(node).path, toPath: place(node).path)
      try open(node)
      try other.open(node)
    }
  }

  /// `writers`: of a program whose rights were changed.
  func open(_ node: UInt32, writers: Writers = .scopeAndAbove) throws {
    if let replica = replicas[node] {
      try replica.close()
      replicas[node] = nil
    }
    replicas[node] = try Replica.open(
      folder: place(node), tree: tree, schema: try Self.schema(writers), wallMilliseconds: wall)
  }

  func close(_ node: UInt32) throws {
    try replicas[node]?.close()
    replicas[node] = nil
  }

  // MARK: exchange

  @discardableResult
  func export(
    _ from: UInt32, to: UInt32, _ basis: BundleExporter.Basis = .acknowledged,
    as name: String = "bundle"
  ) throws -> BundleExporter.Result {
    wall += 1
    return try BundleExporter(self[from], wallMilliseconds: wall).export(
      to: try #require(NodeCode(division: to)), basis: basis, path: folder.path(of: name))
  }

  @discardableResult
  func load(
    _ name: String = "bundle", at node: UInt32, acknowledging: String? = nil
  ) throws -> BundleImporter.Result {
    wall += 1
    return try BundleImporter(self[node], wallMilliseconds: wall).run(
      path: folder.path(of: name),
      acknowledgementPath: acknowledging.map { folder.path(of: $0) })
  }

  /// A stick from one to the other, and the acknowledgement back.
  func carry(_ from: UInt32, to: UInt32) throws {
    try export(from, to: to)
    try load(at: to, acknowledging: "ack")
    try load("ack", at: from)
  }

  /// As a link would, without frames: child and parent tell each other everything.
  func link(_ child: UInt32, _ parent: UInt32) throws {
    try send(child, parent, isIngress: true)
    try send(parent, child, isIngress: false)
  }

  private func send(_ from: UInt32, _ to: UInt32, isIngress: Bool) throws {
    var known = try self[from].streams.filter { self[to].streams.contains($0) }
      .map { ($0, try self[to].knowledge(of: $0)) }
    while let batch = try self[from].changes(lackedBy: known, maxBytes: 2_000) {
      guard case .frame(let message) = batch.content else {
        throw StoreError.damagedRecord("parts over this link")
      }
      _ = try self[to].apply(
        message, from: self[from].identity.replica, isIngress: isIngress, wallMilliseconds: wall)
      for advance in batch.advanced {
        known.removeAll { $0.0 == advance.stream }
        known.append((advance.stream, advance.known))
      }
    }
  }

  // MARK: rows

  func scope(_ code: UInt32) throws -> Scope { try #require(Scope(code: code)) }

  /// Writes a row, whether it is there or not.
  func put(
    _ node: UInt32, _ number: String, title: String, in branch: UInt32 = 11
  ) throws {
    wall += 1_000
    let scope = try scope(branch)
    let values = [ColumnValue(Self.title, .text(title))]
    _ = try self[node].write(author: "a\(node)", wallMilliseconds: wall) { t throws(StoreError) in
      if try t.read(Self.books, scope: scope, key: [.text(number)]) == nil {
        try t.insert(Self.books, scope: scope, key: [.text(number)], values)
      } else {
        try t.update(Self.books, scope: scope, key: [.text(number)], values)
      }
    }
  }

  func draft(_ node: UInt32, _ text: String, in branch: UInt32) throws {
    wall += 1_000
    let scope = try scope(branch)
    _ = try self[node].write(author: "a\(node)", wallMilliseconds: wall) { t throws(StoreError) in
      try t.insert(
        Self.drafts, scope: scope, key: [.text("D")], [ColumnValue(ColumnID(1), .text(text))])
    }
  }

  func delete(_ node: UInt32, _ number: String, in branch: UInt32 = 11) throws {
    wall += 1_000
    let scope = try scope(branch)
    _ = try self[node].write(author: "a\(node)", wallMilliseconds: wall) { t throws(StoreError) in
      try t.delete(Self.books, scope: scope, key: [.text(number)])
    }
  }

  func title(_ node: UInt32, _ number: String, in branch: UInt32 = 11) throws -> Value? {
    try self[node].row(Self.books, scope: try scope(branch), key: [.text(number)])?.values[0]
  }

  /// Knowledge and digest of every stream of a node.
  func state(_ node: UInt32) throws -> [String] {
    try self[node].summariesWithKnowledge(of: self[node].streams).map {
      "\($0.summary.stream) \($0.known) \($0.summary.digest)"
    }
  }

  func expectAgreement(_ nodes: [UInt32], _ comment: Comment? = nil) throws {
    for left in nodes {
      for right in nodes where left < right {
        for stream in self[left].streams where self[right].streams.contains(stream) {
          #expect(
            try self[left].summary(of: stream) == self[right].summary(of: stream), comment)
        }
      }
      #expect(try self[left].check().problems == [], comment)
    }
  }
}

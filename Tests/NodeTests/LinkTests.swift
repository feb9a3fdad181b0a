import Causality
import Changes
import Logging
import Node
import Replication
import Store
import TestSupport
import Testing
import Transport

/// Real replicas, real machines, bytes over a loopback link.
@Suite struct LinkTests {
  private static func tree() throws -> ScopeTree {
    let top = try #require(Scope(code: 1))
    let below = try #require(Scope(code: 11))
    return try ScopeTree([
      ScopeTree.Entry(scope: top, parent: nil), ScopeTree.Entry(scope: below, parent: top),
    ])
  }

  private static func schema() throws -> Schema {
    try Schema(
      version: 1,
      tables: [
        TableDeclaration(
          id: TableID(2_000), name: "books", scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [ColumnDeclaration(id: 1, name: "title", kind: .text)])
      ])
  }

  @Test func `a child's change is at the hub after the exchanges of a cold start`() async throws {
    let folder = try TemporaryFolder()
    let (tree, schema) = (try Self.tree(), try Self.schema())
    let wall = NodeEngine.wallMilliseconds()
    let (hubFolder, childFolder) = (
      ReplicaFolder(folder.path + "/hub"), ReplicaFolder(folder.path + "/child")
    )
    let scope = try #require(Scope(code: 11))
    do {
      let hub = try Replica.create(
        folder: hubFolder, node: try #require(NodeCode(division: 1)), tree: tree, schema: schema,
        anchor: nil, wallMilliseconds: wall)
      let child = try Replica.create(
        folder: childFolder, node: try #require(NodeCode(division: 11)), tree: tree,
        schema: schema, anchor: hub.identity.anchor, wallMilliseconds: wall)
      _ = try hub.admit(
        child.identity.enrolmentRequest(name: ""), author: "t", wallMilliseconds: wall)
      _ = try child.write(author: "t", wallMilliseconds: wall) { t throws(StoreError) in
        for index in 0..<100 {
          try t.insert(TableID(2_000), scope: scope, key: [.text("B\(index)")], [])
        }
      }
      try hub.close()
      try child.close()
    }
    let hub = try NodeEngine(folder: hubFolder, tree: tree, schema: schema) { _ in }
    let child = try NodeEngine(folder: childFolder, tree: tree, schema: schema) { _ in }
    let (ports, opened) = AsyncStream<UInt16>.makeStream()
    let server = SyncServer(
      address: try #require(HostAndPort("127.0.0.1:0")),
      handler: HubHandler(engine: hub, logger: Logger(label: "test")),
      logger: Logger(label: "test"),
      onListening: { opened.yield($0) })
    let running = Task { try await server.run() }
    defer { running.cancel() }
    var port = ports.makeAsyncIterator()
    let address = try ParentAddress("http://127.0.0.1:\(try #require(await port.next()))")
    let caller = ParentCaller(
      engine: child, client: SyncClient(), hub: try #require(NodeCode(division: 1)),
      logger: Logger(label: "test"))
    var outcomes: [ExchangeOutcome] = []
    for _ in 0..<6 {
      let outcome = await caller.exchange(with: address)
      outcomes.append(outcome)
      if outcome.result == .complete, !outcome.differs { break }
    }
    #expect(outcomes.last?.result == .complete, "\(outcomes)")
    #expect(outcomes.last?.differs == false, "\(outcomes)")
    try await hub.close()
    try await child.close()
    let at = try Replica.openReadOnly(folder: hubFolder, tree: tree, schema: schema)
    #expect(try at.row(TableID(2_000), scope: scope, key: [.text("B99")]) != nil)
  }
}

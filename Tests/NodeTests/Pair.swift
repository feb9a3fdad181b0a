import Causality
import Changes
import Logging
import Node
import Replication
import Store
import TestSupport
import Transport

/// A hub and its child: real replicas, real machines, HTTP over loopback through a proxy.
final class Pair {
  static let table = TableID(2_000)

  let tree: ScopeTree
  let schema: Schema
  let scope: Scope
  let hub: NodeEngine
  let child: NodeEngine
  let caller: ParentCaller
  let proxy: FaultProxy
  let address: ParentAddress
  let hubFolder: ReplicaFolder
  let childFolder: ReplicaFolder
  private let folder: TemporaryFolder
  private let running: Task<Void, any Error>

  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// The child has `rows` rows that the hub lacks, each its own transaction.
  init(rows: Int = 0, turnBytes: Int = Limits.turnBytes) async throws {
    guard let top = Scope(code: 1), let scope = Scope(code: 11),
      let hubNode = NodeCode(division: 1), let childNode = NodeCode(division: 11),
      let listen = HostAndPort("127.0.0.1:0")
    else { throw CancellationError() }
    folder = try TemporaryFolder("pair")
    self.scope = scope
    tree = try ScopeTree([
      ScopeTree.Entry(scope: top, parent: nil), ScopeTree.Entry(scope: scope, parent: top),
    ])
    schema = try Schema(
      version: 1,
      tables: [
        TableDeclaration(
          id: Pair.table, name: "books", scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .text)],
          columns: [ColumnDeclaration(id: 1, name: "title", kind: .text)])
      ])
    hubFolder = ReplicaFolder(folder.path(of: "hub"))
    childFolder = ReplicaFolder(folder.path(of: "child"))
    try Pair.create((hubFolder, childFolder), (hubNode, childNode), tree, schema, rows: rows)
    hub = try NodeEngine(
      folder: hubFolder, tree: tree, schema: schema, turnBytes: turnBytes, mustOwn: true
    ) { _ in }
    child = try NodeEngine(
      folder: childFolder, tree: tree, schema: schema, turnBytes: turnBytes, mustOwn: true
    ) { _ in }
    let (ports, opened) = AsyncStream<UInt16>.makeStream()
    let server = SyncServer(
      address: listen, handler: HubHandler(engine: hub, logger: Pair.silent),
      logger: Pair.silent, onListening: { opened.yield($0) })
    running = Task { try await server.run() }
    var port = ports.makeAsyncIterator()
    guard let open = await port.next() else { throw CancellationError() }
    proxy = try FaultProxy(to: open)
    address = try ParentAddress("http://127.0.0.1:\(proxy.port)")
    var timeouts = SyncClient.Timeouts()
    timeouts.answerMilliseconds = 20_000
    caller = ParentCaller(
      engine: child, client: SyncClient(timeouts: timeouts), hub: hubNode, logger: Pair.silent)
  }

  deinit {
    running.cancel()
    proxy.stop()
  }

  /// Makes both; their replicas are let go of when it returns, and with them the leases.
  private static func create(
    _ folders: (hub: ReplicaFolder, child: ReplicaFolder),
    _ nodes: (hub: NodeCode, child: NodeCode),
    _ tree: ScopeTree, _ schema: Schema, rows: Int
  ) throws {
    let wall = WallClock.system.milliseconds
    let above = try Replica.create(
      folder: folders.hub, node: nodes.hub, tree: tree, schema: schema, anchor: nil,
      wallMilliseconds: wall)
    let below = try Replica.create(
      folder: folders.child, node: nodes.child, tree: tree, schema: schema,
      anchor: above.identity.anchor, wallMilliseconds: wall)
    _ = try above.admit(
      below.identity.enrolmentRequest(name: ""), author: "t", wallMilliseconds: wall)
    try above.close()
    try Pair.insert(below, below.identity.replica.node.scope, 0..<rows)
    try below.close()
  }

  private static func insert(_ replica: Replica, _ scope: Scope, _ numbers: Range<Int>) throws {
    for number in numbers {
      _ = try replica.write(
        author: "t", wallMilliseconds: WallClock.system.milliseconds
      ) { transaction throws(StoreError) in
        try transaction.insert(Pair.table, scope: scope, key: [.text("B\(number)")], [])
      }
    }
  }

  /// Writes into the child's file beside its engine, as a command does.
  func write(
    _ body: (WriteTransaction, Scope) throws(StoreError) -> Void
  ) async throws {
    let replica = try Replica.open(
      folder: childFolder, tree: tree, schema: schema,
      wallMilliseconds: WallClock.system.milliseconds)
    _ = try replica.write(
      author: "t", wallMilliseconds: WallClock.system.milliseconds
    ) { transaction throws(StoreError) in try body(transaction, scope) }
    try replica.close()
    try await child.watchFile()
  }

  /// Exchanges until both agree. Returns the change sets that were sent.
  func settle() async throws -> Int {
    var sent = 0
    for _ in 0..<20 {
      let call = await caller.exchange(with: address)
      sent += call.outcome.sent
      if let problem = call.problem { throw Failure(description: "\(problem)") }
      if call.outcome.result == .complete, !call.outcome.differs { return sent }
    }
    throw Failure(description: "no agreement")
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Change sets of the child that the hub has applied, by its own count.
  func applied() async throws -> Int {
    Int(try await hub.status().peers.first?.changeSetsIn ?? 0)
  }

  /// Waits until the hub has noted so many: it notes a conversation when that is over on its side.
  func hasApplied(_ count: Int) async throws -> Bool {
    for _ in 0..<1_000 where try await applied() < count {
      try await Task.sleep(for: .milliseconds(10))
    }
    return try await applied() == count
  }

  /// The rows at the hub.
  func rowsAtHub() throws -> Int {
    let replica = try Replica.openReadOnly(folder: hubFolder, tree: tree, schema: schema)
    return try replica.rowCount(of: Pair.table)
  }
}

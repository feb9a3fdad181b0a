internal import CSQLite
package import Causality
package import Changes
internal import Foundation
internal import GRDB
internal import Merge
package import Wire

/// One node's replica: an SQLite file with the user's tables, and everything that the engine keeps beside
/// them. Synchronous, not Sendable: one task owns it.
///
/// Source: engine.md §2. Every write is one SQLite transaction that begins IMMEDIATE and is durable
/// (`synchronous = FULL`) when the call returns (I1, I2). Other processes may write the same file: what they
/// wrote is stamped at the start of the next transaction.
package final class Replica {
  package let folder: ReplicaFolder
  package let schema: Schema
  package let tree: ScopeTree
  package let identity: ReplicaIdentity
  /// The streams held here, ascending.
  package let streams: [StreamID]
  /// Why this replica does not write; nil when it does.
  package internal(set) var stopReason: StopReason?
  /// Set once the disk did not keep what it was told to keep. What memory and caches hold may then be wrong, while
  /// the file recovers when it is opened again: every later call throws this.
  package internal(set) var diskFailure: StoreError?

  let database: DatabaseQueue
  let statements: StatementCache
  let layouts: [TableID: TableLayout]
  let dots = DotTable()
  let writer: RowWriter
  let host: any Host
  let lease: Lease?
  let logPages = LogPages()
  /// Whether this process holds the lease: it checkpoints, and no other process serves the file.
  package var isOwner: Bool { lease != nil }
  var clock = HybridClock()
  var nextLog: Int64 = 1
  /// Set while rows are counted.
  var rowChanges: RowChanges?
  private var states: [StreamID: StreamState] = [:]
  /// The active replicas that answer to this node, once somebody asked; nil when the registry has changed since.
  var knownChildren: [ReplicaID]?
  private var dataVersion: Int64 = -1
  /// Another connection has written since the last stamping: this one's own writes are not captured.
  private var mayHaveCaptured = true

  init(
    folder: ReplicaFolder, database: DatabaseQueue, connection: OpaquePointer, schema: Schema,
    tree: ScopeTree, identity: ReplicaIdentity, host: any Host, lease: Lease?
  ) {
    self.folder = folder
    self.database = database
    self.schema = schema
    self.tree = tree
    self.identity = identity
    self.host = host
    self.lease = lease
    let statements = StatementCache(connection)
    self.statements = statements
    layouts = Dictionary(
      uniqueKeysWithValues: schema.tables.map { ($0.id, TableLayout($0, at: schema.version)) })
    let channels = Set(schema.tables.map(\.channel))
    streams = tree.streams(heldBy: identity.replica.node.scope, channels: channels)
    writer = RowWriter(statements, dots, tree)
    logPages.watch(connection)
  }

  deinit {
    // The hook holds no reference to what it counts in.
    if rowChanges != nil { sqlite3_update_hook(statements.connection, nil, nil) }
    statements.removeAll()
  }

  /// The layouts in order of table id.
  var orderedLayouts: [TableLayout] {
    schema.tables.compactMap { layouts[$0.id] }
  }

  func layout(_ table: TableID) throws(StoreError) -> TableLayout {
    guard let layout = layouts[table] else { throw .unknownName("table \(table.number)") }
    return layout
  }

  // MARK: transactions

  /// Runs `body` on the connection; maps GRDB's errors.
  func onConnection<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if let diskFailure { throw diskFailure }
    do {
      return try database.inDatabase { _ in try body() }
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError {
      throw .storage(
        code: error.extendedResultCode.rawValue, message: error.message ?? "no message")
    } catch {
      throw .storage(code: 0, message: "\(error)")
    }
  }

  /// One durable SQLite transaction. `stamping`: first stamps what other programs wrote.
  func transaction<Result>(
    stamping wallMilliseconds: UInt64?, _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    try onConnection { () throws(StoreError) in
      try statements("BEGIN IMMEDIATE").run()
      do throws(StoreError) {
        try refresh()
        writer.begin()
        if let wallMilliseconds, mayHaveCaptured, stopReason == nil {
          _ = try stampCapturedRows(wallMilliseconds)
          mayHaveCaptured = false
        }
        let result = try body()
        if writer.hasWrittenRegistry { knownChildren = nil }
        for state in states.values.sorted(by: { $0.stream < $1.stream }) {
          try state.flush(statements, clock: clock.last)
        }
        try statements("COMMIT").run()
        rowChanges?.settle()
        if logPages.count >= LogPages.most { checkpoint() }
        return result
      } catch {
        rowChanges?.discard()
        forget()
        rollback()
        if error.isLostSync { diskFailure = error }
        throw error
      }
    }
  }

  /// A consistent view for reading.
  func reading<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    try onConnection { () throws(StoreError) in
      try statements("BEGIN").run()
      do throws(StoreError) {
        try refresh()
        let result = try body()
        try statements("COMMIT").run()
        return result
      } catch {
        rollback()
        throw error
      }
    }
  }

  /// SQLite rolls back by itself after some errors; then there is nothing left to do.
  private func rollback() {
    guard sqlite3_get_autocommit(statements.connection) == 0 else { return }
    sqlite3_exec(statements.connection, "ROLLBACK", nil, nil, nil)
  }

  /// Drops everything read from the file.
  private func forget() {
    states = [:]
    knownChildren = nil
    dots.removeAll()
    dataVersion = -1
  }

  /// Reads again what another connection may have changed.
  func refresh() throws(StoreError) {
    let pragma = try statements("PRAGMA data_version")
    defer { pragma.reset() }
    let version = try pragma.step() ? pragma.integer(0) : -1
    guard version != dataVersion else { return }
    forget()
    mayHaveCaptured = true
    // The clock survives a restart (engine.md §1, HLC): it stands in the last head or entry that was written.
    let last = try statements("SELECT id, clock FROM tributary_log ORDER BY id DESC LIMIT 1")
    defer { last.reset() }
    let hasEntry = try last.step()
    nextLog = hasEntry ? last.integer(0) + 1 : 1
    let highest = try statements("SELECT max(clock) FROM tributary_head")
    defer { highest.reset() }
    let seen = max(
      try highest.step() ? highest.unsigned(0) : 0, hasEntry ? last.unsigned(1) : 0)
    clock = HybridClock(last: HybridTimestamp(packed: max(seen, clock.last.packed)))
    // Last: what failed in between is read again.
    dataVersion = version
  }

  func state(of stream: StreamID) throws(StoreError) -> StreamState {
    if let state = states[stream] { return state }
    let state = try StreamState(stream, statements)
    states[stream] = state
    return state
  }

  // MARK: knowledge

  /// What is applied here of a stream.
  package func knowledge(of stream: StreamID) throws(StoreError) -> VersionVector {
    try reading { () throws(StoreError) in try state(of: stream).known }
  }

  /// Heads hash and digest of a stream (Protocol/6-Sessions §2).
  package func summary(of stream: StreamID) throws(StoreError) -> StreamSummary {
    try summaries(of: [stream])[0]
  }

  /// Summaries of several streams at one moment, in the given order.
  package func summaries(of streams: [StreamID]) throws(StoreError) -> [StreamSummary] {
    try reading { () throws(StoreError) in
      var list: [StreamSummary] = []
      for stream in streams {
        let state = try state(of: stream)
        list.append(
          StreamSummary(
            stream: stream, headsHash: state.headsHash, digest: state.digest.bigEndianBytes))
      }
      return list
    }
  }

  /// Summary and knowledge of several streams at one moment, in the given order.
  package func summariesWithKnowledge(
    of streams: [StreamID]
  ) throws(StoreError) -> [(summary: StreamSummary, known: VersionVector)] {
    try reading { () throws(StoreError) in
      var list: [(summary: StreamSummary, known: VersionVector)] = []
      for stream in streams {
        let state = try state(of: stream)
        let summary = StreamSummary(
          stream: stream, headsHash: state.headsHash, digest: state.digest.bigEndianBytes)
        list.append((summary, state.known))
      }
      return list
    }
  }

  /// The 16 bytes of a stream's digest.
  package func digest(of stream: StreamID) throws(StoreError) -> [UInt8] {
    try reading { () throws(StoreError) in try state(of: stream).digest.bigEndianBytes }
  }

  /// The chain hash of a replica's change set; nil when it is not known here or `number` is 0.
  package func head(
    of replica: ReplicaID, in stream: StreamID, at number: UInt64
  ) throws(StoreError) -> ContentHash? {
    try onConnection { () throws(StoreError) in
      try chain(of: replica, in: stream, at: number)
    }
  }

  func chain(
    of replica: ReplicaID, in stream: StreamID, at number: UInt64
  ) throws(StoreError) -> ContentHash? {
    let select = try statements(
      "SELECT chain FROM tributary_log WHERE \(EngineTables.isDot)")
    defer { select.reset() }
    select.bind(1, stream.packed)
    select.bind(2, replica.packed)
    select.bind(3, number)
    return try select.step() ? ContentHash(select.blob(0)) : nil
  }

  /// Bounds the file to a number of pages of 4 KiB, at least what it has: a write beyond it fails with
  /// `diskFull` and takes nothing. Not kept: it holds until the replica is closed.
  package func limit(pages: Int64) throws(StoreError) {
    try onConnection { () throws(StoreError) in
      // SQLite counts pages in 32 bits.
      let count = min(max(1, pages), 4_294_967_294)
      let pragma = try Statement(statements.connection, "PRAGMA max_page_count = \(count)")
      _ = try pragma.step()
    }
  }

  /// Changes whenever another connection has committed to the file; for polling.
  package func fileVersion() throws(StoreError) -> Int64 {
    try onConnection { () throws(StoreError) in
      let pragma = try statements("PRAGMA data_version")
      defer { pragma.reset() }
      return try pragma.step() ? pragma.integer(0) : 0
    }
  }
}

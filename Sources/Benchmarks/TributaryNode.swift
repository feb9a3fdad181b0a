import CSQLite
import Causality
import Changes
import Store
import Wire

/// One replica of the benchmark's table, and what it says and hears as bytes.
final class TributaryNode {
  let replica: Replica
  let folder: ReplicaFolder

  /// A wall clock for HLCs; only differences matter.
  static let wallMilliseconds: UInt64 = 1_760_000_000_000

  /// A new node below `top`, or the top of the tree itself. It is admitted when it is below.
  init(
    _ node: NodeCode, tree: ScopeTree, folder path: String, below top: TributaryNode?
  ) throws(StoreError) {
    folder = ReplicaFolder(path)
    replica = try Replica.create(
      folder: folder, node: node, tree: tree, schema: try Self.schema(),
      anchor: top.map { $0.replica.identity.anchor }, wallMilliseconds: Self.wallMilliseconds)
    try Self.addIndex(folder)
    if let top {
      _ = try top.replica.admit(
        replica.identity.enrolmentRequest(name: ""), author: "bench",
        wallMilliseconds: Self.wallMilliseconds)
    }
  }

  /// Opens an existing one.
  init(opening path: String, tree: ScopeTree) throws(StoreError) {
    folder = ReplicaFolder(path)
    replica = try Replica.open(
      folder: folder, tree: tree, schema: try Self.schema(),
      wallMilliseconds: Self.wallMilliseconds)
  }

  private static func schema() throws(StoreError) -> Schema {
    do throws(Schema.Invalid) {
      return try Schema(version: 1, tables: [CompanyTable.declaration])
    } catch {
      throw .schema(error.reason)
    }
  }

  /// The user's own index, as the baselines have it.
  private static func addIndex(_ folder: ReplicaFolder) throws(StoreError) {
    var connection: OpaquePointer?
    defer { sqlite3_close(connection) }
    let sql = "CREATE INDEX companies_county ON companies(county)"
    guard sqlite3_open(folder.database, &connection) == SQLITE_OK,
      sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK
    else {
      throw .storage(
        code: sqlite3_errcode(connection), message: String(cString: sqlite3_errmsg(connection)))
    }
  }

  /// Bytes of the database file after a checkpoint, the change log and its index apart.
  func fileSize() throws(StoreError) -> (withoutLog: Int, log: Int) {
    var connection: OpaquePointer?
    defer { sqlite3_close(connection) }
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    let sql = "SELECT sum(pgsize) FROM dbstat WHERE name IN ('tributary_log', 'tributary_run')"
    guard sqlite3_open(folder.database, &connection) == SQLITE_OK,
      sqlite3_exec(connection, "PRAGMA wal_checkpoint(TRUNCATE)", nil, nil, nil) == SQLITE_OK,
      sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK,
      sqlite3_step(statement) == SQLITE_ROW
    else {
      throw .storage(
        code: sqlite3_errcode(connection), message: String(cString: sqlite3_errmsg(connection)))
    }
    let log = Int(sqlite3_column_int64(statement, 0))
    return (ProcessMeasures.fileSize(folder.database) - log, log)
  }

  // MARK: writing

  func insert(
    _ rows: CellTable, in scope: Scope, wallMilliseconds: UInt64 = wallMilliseconds
  ) throws(StoreError) {
    _ = try replica.write(author: "bench", wallMilliseconds: wallMilliseconds) {
      transaction throws(StoreError) in
      try transaction.insertRows(CompanyTable.id, scope: scope, rows)
    }
  }

  func update(
    _ rows: CellTable, in scope: Scope, wallMilliseconds: UInt64 = wallMilliseconds
  ) throws(StoreError) {
    _ = try replica.write(author: "bench", wallMilliseconds: wallMilliseconds) {
      transaction throws(StoreError) in
      try transaction.updateRows(
        CompanyTable.id, scope: scope, columns: Self.updatedColumns, rows)
    }
  }

  static let updatedColumns = [
    CompanyTable.columnID(.credit), CompanyTable.columnID(.updatedAt),
  ]

  // MARK: sending and receiving

  /// What a receiver knows and hears: frames as sent, and their bytes before deflating.
  struct Payload {
    var frames: [[UInt8]] = []
    var plainBytes = 0
    var bytes: Int { frames.reduce(0) { $0 + $1.count } }
  }

  /// Everything that a receiver with that knowledge lacks of a stream, as frames; advances `known`.
  func frames(
    of stream: StreamID, lackedBy known: inout VersionVector
  ) throws(StoreError) -> Payload {
    var payload = Payload()
    while let batch = try replica.changes(
      lackedBy: [(stream, known)], maxBytes: Limits.frameTargetBytes)
    {
      switch batch.content {
      case .frame(let message):
        payload.plainBytes += message.changeSets.reduce(0) {
          $0 + $1.header.count + $1.bodyByteCount
        }
        payload.frames.append(FrameCodec.encode(.changes(message)))
      case .parts(let parts):
        payload.plainBytes += parts.reduce(0) { $0 + $1.bytes.count }
        for part in parts { payload.frames.append(FrameCodec.encode(.part(part))) }
      }
      for advanced in batch.advanced where advanced.stream == stream { known = advanced.known }
    }
    return payload
  }

  /// Applies frames of a child as its hub does. Returns what was not applied, as text; nil when all was.
  func receive(
    _ payload: Payload, from peer: ReplicaID, wallMilliseconds: UInt64 = wallMilliseconds
  ) throws(StoreError) -> String? {
    for frame in payload.frames {
      var message: ChangesMessage?
      switch try Self.decode(frame) {
      case .changes(let changes): message = changes
      case .part(let part): message = try replica.stage(part)
      default: return "an unexpected frame"
      }
      guard let message else { continue }
      let outcome = try replica.apply(
        message, from: peer, isIngress: true, wallMilliseconds: wallMilliseconds)
      guard outcome.applied == message.changeSets.count, outcome.refused.isEmpty else {
        return "\(outcome)"
      }
    }
    return nil
  }

  private static func decode(_ frame: [UInt8]) throws(StoreError) -> Message {
    var decoder = FrameDecoder()
    decoder.append(frame)
    do {
      if let message = try decoder.next() { return message }
    } catch {
      throw .damagedRecord("frame: \(error)")
    }
    throw .damagedRecord("frame: incomplete")
  }
}

import CFaultVFS
import CSQLite
import Causality
import Changes
import Store

/// Fresh disks by value: the tables of a schema are made once per process; each node gets a copy of that disk and
/// an identity of its own.
extension World {
  /// The disk of a schema's template, made before the worlds that use it.
  static func template(of schema: Schema) throws -> Int32 {
    let disk = firstTemplate + Int32(fingerprint(schema) % 5_000)
    let folder = ReplicaFolder("/\(disk)")
    if faultvfs_exists(folder.database) != 0 { return disk }
    guard let top = Scope(code: 1), let leaf = Scope(code: 2), let node = NodeCode(division: 2),
      let anchor = NodeCode(division: 1).flatMap({ ReplicaID(node: $0, epoch: 1) })
    else { preconditionFailure("1 and 2 are divisions") }
    let tree = try ScopeTree([
      ScopeTree.Entry(scope: top, parent: nil), ScopeTree.Entry(scope: leaf, parent: top),
    ])
    let host = SimulatedHost(seed: 0, disk: Int(disk), isReal: false) { faultvfs_exists($0) != 0 }
    let replica = try Replica.create(
      folder: folder, node: node, tree: tree, schema: schema,
      anchor: Anchor(replica: anchor, publicKey: host.randomBytes(32)), host: host,
      wallMilliseconds: 0)
    try replica.close()
    return disk
  }

  private static let firstTemplate: Int32 = 60_000

  /// A hash of what decides the tables of a file.
  private static func fingerprint(_ schema: Schema) -> UInt64 {
    var hash = UInt64(schema.version)
    func add(_ text: String) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    for table in schema.tables {
      add(table.name)
      for key in table.key { add("\(key.name) \(key.kind.rawValue)") }
      for column in table.columns { add("\(column.name) \(column.kind.rawValue)") }
    }
    return hash ^ hash >> 32
  }

  /// Opens a new replica of a node below the top on a copy of a template.
  func openFresh(_ node: SimulatedNode, _ schema: Schema, _ template: Int32, _ anchor: Anchor)
    throws
    -> Replica
  {
    guard let replica = ReplicaID(node: node.code, epoch: 1) else {
      throw PlanError(line: 0, problem: "division \(node.plan.division)")
    }
    faultvfs_copy(template, Int32(node.disk))
    let key = node.host.randomBytes(32)
    guard let publicKey = node.host.signatures.publicKey(of: key) else {
      throw StoreError.folder(path: node.folder.key, problem: "no key can be made")
    }
    try node.host.write(
      Array((Self.hexadecimal(key) + "\n").utf8), to: node.folder.key, isPrivate: true)
    try Self.execute(
      """
      UPDATE tributary_meta SET value = CASE name
        WHEN 'replica' THEN '\(replica)' WHEN 'anchor' THEN '\(anchor.description)'
        WHEN 'public_key' THEN '\(Self.hexadecimal(publicKey))' END
      WHERE name IN ('replica', 'anchor', 'public_key');
      DELETE FROM tributary_meta WHERE name IN ('lease', 'previous_lease');
      """, on: node.folder.database)
    return try Replica.open(
      folder: node.folder, tree: tree, schema: schema, host: node.host,
      wallMilliseconds: node.wall(0))
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Runs statements on a file by a connection of their own.
  private static func execute(_ sql: String, on path: String) throws {
    var connection: OpaquePointer?
    defer { sqlite3_close_v2(connection) }
    guard sqlite3_open(path, &connection) == SQLITE_OK,
      sqlite3_exec(connection, "PRAGMA synchronous = FULL;" + sql, nil, nil, nil) == SQLITE_OK
    else {
      throw StoreError.storage(
        code: sqlite3_extended_errcode(connection), message: "\(path): a copied template")
    }
  }
}

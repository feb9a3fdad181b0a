internal import CSQLite
package import Causality
package import Changes
internal import GRDB

extension Replica {
  /// Makes the folder, the file, the key and the identity of a new node with epoch 1, and opens it.
  ///
  /// `anchor`: nil only for the top of the tree, which becomes its own. Throws `folder` when the folder holds a
  /// replica already, `notAdmissible` when the division is not in the tree. `host`: the machine.
  package static func create(
    folder: ReplicaFolder, node: NodeCode, tree: ScopeTree, schema: Schema, anchor: Anchor?,
    name: String = "", host: any Host = SystemHost(), wallMilliseconds: UInt64
  ) throws(StoreError) -> Replica {
    guard !host.exists(folder.database) else {
      throw .folder(path: folder.path, problem: "holds a replica already")
    }
    guard tree.contains(node.scope), let id = ReplicaID(node: node, epoch: 1) else {
      throw .notAdmissible("division \(node.division) is not in the tree")
    }
    let isTop = tree.parent(of: node.scope) == nil
    guard isTop == (anchor == nil) else {
      throw .notAdmissible(
        isTop ? "the top of the tree is its own anchor" : "a node below the top needs an anchor")
    }
    try host.makeFolder(folder.path)
    let key = host.randomBytes(32)
    guard let publicKey = host.signatures.publicKey(of: key) else {
      throw .folder(path: folder.key, problem: "no key can be made")
    }
    try host.write(
      Array((Hexadecimal.encode(key) + "\n").utf8), to: folder.key, isPrivate: true)
    let root = anchor ?? Anchor(replica: id, publicKey: publicKey)
    let (database, connection) = try openDatabase(folder, readOnly: false)
    try createTables(
      database,
      facts: [
        ("format", .integer(EngineTables.formatVersion)),
        ("replica", .text(id.description)), ("anchor", .text(root.description)),
        ("public_key", .text(Hexadecimal.encode(publicKey))),
      ])
    _ = connection
    // It is opened again at once; what is wrong shows then.
    try? database.close()
    let replica = try open(
      folder: folder, tree: tree, schema: schema, host: host, wallMilliseconds: wallMilliseconds)
    if isTop {
      _ = try replica.write(
        author: "init", reason: "anchor", wallMilliseconds: wallMilliseconds
      ) { transaction throws(StoreError) in
        try transaction.insert(
          Registry.table.id, scope: node.scope, key: [.text(id.description)],
          [
            ColumnValue(Registry.publicKey, .blob(publicKey)),
            ColumnValue(Registry.status, .text(Registry.active)),
            ColumnValue(Registry.name, .text(name)),
          ])
      }
    }
    return replica
  }

  /// Opens a replica for reading and writing. When another process owns it, this one shares it: it writes,
  /// but leaves checkpoints and the lease to the owner.
  ///
  /// A replica whose lease does not fit opens with `stopReason` set: it can be read, and it does not write.
  package static func open(
    folder: ReplicaFolder, tree: ScopeTree, schema: Schema, host: any Host = SystemHost(),
    wallMilliseconds: UInt64
  ) throws(StoreError) -> Replica {
    guard host.exists(folder.database) else {
      throw .folder(path: folder.path, problem: "holds no replica; `tributary init` makes one")
    }
    let lease = try Lease(folder, host)
    let (database, connection) = try openDatabase(folder, readOnly: false)
    try upgrade(database, folder)
    let replica = try make(
      folder, database, connection, tree, schema, host, lease, withKey: true)
    try replica.register()
    try replica.takeLease()
    try replica.retryUndecodable()
    return replica
  }

  /// Opens a replica for reading only, also while its server runs. A file of an older schema version is read
  /// as it is, without the tables and columns that came later: `open` makes them.
  package static func openReadOnly(
    folder: ReplicaFolder, tree: ScopeTree, schema: Schema, host: any Host = SystemHost()
  ) throws(StoreError) -> Replica {
    guard host.exists(folder.database) else {
      throw .folder(path: folder.path, problem: "holds no replica; `tributary init` makes one")
    }
    let (database, connection) = try openDatabase(folder, readOnly: true)
    let replica = try make(
      folder, database, connection, tree, try present(schema, in: database), host, nil,
      withKey: false)
    try replica.readStopReason()
    return replica
  }

  /// The schema without the tables and columns that the file does not have.
  private static func present(
    _ schema: Schema, in database: DatabaseQueue
  ) throws(StoreError) -> Schema {
    do {
      let found = try database.read { database in
        try Row.fetchAll(
          database,
          sql: "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c "
            + "WHERE t.type = 'table'"
        ).map { TableColumn(table: $0[0], column: $0[1]) }
      }
      let present = Set(found)
      return try Schema(
        version: schema.version,
        tables: schema.tables.compactMap { table in
          let columns = table.columns.filter {
            present.contains(TableColumn(table: table.name, column: $0.name))
          }
          guard present.contains(TableColumn(table: table.name, column: table.scopeColumn)),
            columns.count < table.columns.count
          else { return found.contains { $0.table == table.name } ? table : nil }
          return TableDeclaration(
            id: table.id, name: table.name, channel: table.channel, writers: table.writers,
            existence: table.existence, scopeColumn: table.scopeColumn, key: table.key,
            columns: columns,
            groups: table.groups.filter { group in columns.contains { $0.group == group.id } })
        })
    } catch {
      throw .folder(path: database.path, problem: "its tables cannot be read: \(error)")
    }
  }

  /// A column of a table in the file.
  private struct TableColumn: Hashable {
    let table: String
    let column: String
  }

  static func make(
    _ folder: ReplicaFolder, _ database: DatabaseQueue, _ connection: OpaquePointer,
    _ tree: ScopeTree, _ schema: Schema, _ host: any Host, _ lease: Lease?, withKey: Bool
  ) throws(StoreError) -> Replica {
    let facts = try readFacts(database, folder)
    guard facts["format"] == "\(EngineTables.formatVersion)" else {
      throw .folder(
        path: folder.database,
        problem:
          "has format \(facts["format"] ?? "?"), this program reads \(EngineTables.formatVersion); "
          + "a command that writes, e.g. `tributary sync`, brings an older file to it")
    }
    guard let id = facts["replica"].flatMap({ ReplicaID($0) }),
      let anchor = facts["anchor"].flatMap({ Anchor($0) }),
      let publicKey = facts["public_key"].flatMap({ Hexadecimal.decode($0) })
    else { throw .damagedRecord("identity in tributary_meta") }
    var privateKey: [UInt8]?
    if withKey {
      let text = String(decoding: try host.read(folder.key), as: UTF8.self)
      privateKey = Hexadecimal.decode(text.filter { !$0.isWhitespace })
      guard let privateKey, host.signatures.publicKey(of: privateKey) == publicKey else {
        throw .folder(path: folder.key, problem: "is not the key of replica \(id)")
      }
    }
    let all: Schema
    do throws(Schema.Invalid) {
      all = try Schema(version: schema.version, tables: [Registry.table] + schema.tables)
    } catch {
      throw .schema(error.reason)
    }
    return Replica(
      folder: folder, database: database, connection: connection, schema: all, tree: tree,
      identity: ReplicaIdentity(
        replica: id, anchor: anchor, publicKey: publicKey, privateKey: privateKey,
        signatures: host.signatures), host: host, lease: lease)
  }

  // MARK: the file

  /// SQLite is configured once per process, before its first use.
  private static let configured: Int32 = csqlite_configure()

  static func openDatabase(
    _ folder: ReplicaFolder, readOnly: Bool
  ) throws(StoreError) -> (DatabaseQueue, OpaquePointer) {
    _ = configured
    do {
      let queue = try DatabaseQueue(
        path: folder.database, configuration: configuration(readOnly: readOnly))
      let connection = try queue.inDatabase { database -> OpaquePointer in
        if !readOnly {
          try database.execute(sql: "PRAGMA journal_mode = WAL")
          try database.execute(sql: "PRAGMA synchronous = FULL")
          guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
            throw StoreError.folder(path: folder.database, problem: "synchronous is not FULL")
          }
        }
        // Only the owner checkpoints, by itself (engine.md §11).
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        return try prepare(database, folder)
      }
      return (queue, connection)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .folder(path: folder.database, problem: "cannot be opened: \(error)")
    }
  }

  static func configuration(readOnly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.busyMode = .timeout(10)
    configuration.foreignKeysEnabled = false
    configuration.label = "replica"
    return configuration
  }

  /// What every connection needs; the connection itself.
  static func prepare(
    _ database: Database, _ folder: ReplicaFolder
  ) throws -> OpaquePointer {
    try database.execute(sql: "PRAGMA cache_size = -32768")
    guard let connection = database.sqliteConnection else {
      throw StoreError.folder(path: folder.database, problem: "has no connection")
    }
    // The capture triggers are for other programs: the engine stamps its own writes itself.
    csqlite_harden(connection)
    // A connection that closes after a failed sync would copy what is lost out of the log into the database.
    csqlite_set_checkpoint_on_close(connection, 0)
    // GRDB asks SQLite what every statement touches; nothing here needs the answer, and it is a third of the cost
    // of preparing one.
    csqlite_forget_authorizer(connection)
    csqlite_set_triggers_enabled(connection, 0)
    return connection
  }

  static func createTables(
    _ database: DatabaseQueue, facts: [(String, Value)]
  ) throws(StoreError) {
    do {
      try database.write { database in
        for sql in EngineTables.create { try database.execute(sql: sql) }
        for (name, value) in facts {
          try database.execute(
            sql: "INSERT INTO tributary_meta VALUES (?, ?)",
            arguments: [name, value.description])
        }
      }
    } catch {
      throw .folder(path: database.path, problem: "cannot be made: \(error)")
    }
  }

  /// Brings the engine's tables of an earlier program to the present format.
  private static func upgrade(
    _ database: DatabaseQueue, _ folder: ReplicaFolder
  ) throws(StoreError) {
    guard var format = try readFacts(database, folder)["format"].flatMap({ Int64($0) }),
      EngineTables.upgrades[format] != nil
    else { return }
    do {
      try database.write { database in
        while let statements = EngineTables.upgrades[format] {
          for sql in statements { try database.execute(sql: sql) }
          format += 1
        }
        try database.execute(
          sql: "UPDATE tributary_meta SET value = ? WHERE name = 'format'",
          arguments: ["\(format)"])
      }
    } catch {
      throw .folder(
        path: folder.database, problem: "cannot be brought to format \(format + 1): \(error)")
    }
  }

  private static func readFacts(
    _ database: DatabaseQueue, _ folder: ReplicaFolder
  ) throws(StoreError) -> [String: String] {
    do {
      return try database.read { database in
        var facts: [String: String] = [:]
        for row in try Row.fetchAll(
          database, sql: "SELECT name, CAST(value AS TEXT) AS value FROM tributary_meta")
        {
          let name: String = row["name"]
          facts[name] = row["value"]
        }
        return facts
      }
    } catch {
      throw .folder(path: folder.database, problem: "is no replica: \(error)")
    }
  }
}

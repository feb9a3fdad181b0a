package import Changes
internal import GRDB

extension Replica {
  /// Opens a private copy of a replica, as it is at this moment, to try on it what would happen: the file, its
  /// lease and its server notice nothing, and the copy is gone when it is closed.
  ///
  /// A transaction that is rolled back would keep every other writer out for as long as the trial takes. The
  /// copy is one of SQLite's own temporary files (`SQLITE_TMPDIR`, else `/var/tmp`), which have no name and go
  /// with the process. Cost: linear in the file. Throws what `openReadOnly` throws, and `diskFull`.
  package static func openTrial(
    folder: ReplicaFolder, tree: ScopeTree, schema: Schema
  ) throws(StoreError) -> Replica {
    guard folder.holdsReplica else {
      throw .folder(path: folder.path, problem: "holds no replica; `tributary init` makes one")
    }
    let (source, _) = try openDatabase(folder, readOnly: true)
    let (copy, connection) = try self.copy(source, of: folder)
    let replica = try make(folder, copy, connection, tree, schema, SystemHost(), nil, withKey: true)
    try replica.readStopReason()
    try replica.register()
    return replica
  }
  /// The copy, when the file has been read.
  private static func copy(
    _ source: DatabaseQueue, of folder: ReplicaFolder
  ) throws(StoreError) -> (DatabaseQueue, OpaquePointer) {
    do {
      let copy = try DatabaseQueue(path: "", configuration: configuration(readOnly: false))
      try source.backup(to: copy)
      try source.close()
      let connection = try copy.inDatabase { database in
        // Nobody misses the copy after a power cut.
        try database.execute(sql: "PRAGMA synchronous = OFF")
        return try prepare(database, folder)
      }
      return (copy, connection)
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
      throw .diskFull("no room for a copy to try it on: \(error)")
    } catch {
      throw .folder(path: folder.database, problem: "cannot be copied for a trial: \(error)")
    }
  }
}

internal import CSQLite

extension Replica {
  /// Writes the write-ahead log into the database, as far as no reader needs it (engine.md §11).
  ///
  /// SQLite's own checkpoints tell nobody of a sync that failed. What the disk dropped with it may lie in the log
  /// before what is committed later, which a power cut would then take along: such a failure ends the process like that
  /// of a commit (`diskFailure`). The commits before it are durable.
  package func checkpoint() {
    guard isOwner, diskFailure == nil else { return }
    logPages.count = 0
    let code = sqlite3_wal_checkpoint_v2(
      statements.connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
    guard code != SQLITE_OK else { return }
    let error = StoreError(code: code, connection: statements.connection, doing: "checkpoint")
    // What another program holds, and a full disk, the next commits meet themselves.
    if case .storage = error { diskFailure = error }
  }
}

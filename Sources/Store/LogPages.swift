internal import CSQLite

/// The pages of the write-ahead log after the last commit that wrote, as far as no checkpoint was made since.
final class LogPages {
  var count: Int32 = 0
  /// From this many on the log goes into the database.
  static let most: Int32 = 4_000

  /// Counts the commits of a connection; the connection must not outlive this object's owner.
  func watch(_ connection: OpaquePointer) {
    sqlite3_wal_hook(
      connection,
      { context, _, _, pages in
        if let context {
          Unmanaged<LogPages>.fromOpaque(context).takeUnretainedValue().count = pages
        }
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}

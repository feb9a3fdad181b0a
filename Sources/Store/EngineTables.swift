/// The engine's own tables, beside the user's in the same file (engine.md §2).
enum EngineTables {
  /// Grows with each change of the statements below; `upgrades` lead to it.
  static let formatVersion: Int64 = 4

  /// What brings a file of the format to the next one.
  static let upgrades: [Int64: [String]] = [
    1: [
      "ALTER TABLE tributary_log ADD COLUMN digest BLOB",
      "ALTER TABLE tributary_log ADD COLUMN row_count INTEGER",
      "ALTER TABLE tributary_log ADD COLUMN clock INTEGER",
    ],
    2: [
      createRuns,
      """
      INSERT INTO tributary_run SELECT stream, replica, number, id FROM (
        SELECT stream, replica, number, id, id - number AS shift,
          lag(id - number) OVER (PARTITION BY stream, replica ORDER BY number) AS shift_before
        FROM tributary_log)
      WHERE shift IS NOT shift_before
      """,
      "DROP INDEX tributary_log_dot",
    ],
    3: ["ALTER TABLE tributary_parked ADD COLUMN source INTEGER"],
  ]

  /// Where change sets stand in the log: from `number` on ids go along with numbers, up to the replica's next run
  /// or to an entry that is another's. In place of an index with an entry for each: a local transaction after
  /// another touches one page less.
  private static let createRuns = """
    CREATE TABLE tributary_run (
      stream INTEGER NOT NULL, replica INTEGER NOT NULL, number INTEGER NOT NULL,
      log INTEGER NOT NULL, PRIMARY KEY (stream, replica, number)
    ) STRICT, WITHOUT ROWID
    """

  /// Chooses the log entry of stream ?1, replica ?2, number ?3.
  static let isDot = """
    id = (SELECT log + ?3 - number FROM tributary_run
      WHERE stream = ?1 AND replica = ?2 AND number <= ?3 ORDER BY number DESC LIMIT 1)
    AND stream = ?1 AND replica = ?2 AND number = ?3
    """

  static let create: [String] = [
    // Facts of the file: identity, anchor, lease, versions.
    "CREATE TABLE tributary_meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID",
    // Every change set known here, verbatim. `atom`: the id of the first entry of the transaction, or of the
    // group of change sets that may be sent only together. `digest`, `row_count`, `clock`: what the whole stream
    // and the clock were after it, where its replica's head was not written: a small local transaction touches
    // one page less.
    """
    CREATE TABLE tributary_log (
      id INTEGER PRIMARY KEY, atom INTEGER NOT NULL, stream INTEGER NOT NULL,
      replica INTEGER NOT NULL, number INTEGER NOT NULL, hlc INTEGER NOT NULL,
      schema_version INTEGER NOT NULL, flags INTEGER NOT NULL, chain BLOB NOT NULL,
      signature BLOB, header BLOB NOT NULL, body_bytes INTEGER NOT NULL, body BLOB NOT NULL,
      digest BLOB, row_count INTEGER, clock INTEGER
    ) STRICT
    """,
    createRuns,
    // The last change set of each replica, unless later ones of the same context stand in the log with what they
    // led to. What the whole stream and the clock were after it stands with the one of the highest `log`.
    """
    CREATE TABLE tributary_head (
      stream INTEGER NOT NULL, replica INTEGER NOT NULL, number INTEGER NOT NULL,
      chain BLOB NOT NULL, context BLOB NOT NULL, log INTEGER NOT NULL, digest BLOB NOT NULL,
      row_count INTEGER NOT NULL, clock INTEGER NOT NULL, PRIMARY KEY (stream, replica)
    ) STRICT, WITHOUT ROWID
    """,
    // Change sets that wait for a predecessor, a part, a signature or a key; `source`: the replica that brought it.
    """
    CREATE TABLE tributary_parked (
      stream INTEGER NOT NULL, replica INTEGER NOT NULL, number INTEGER NOT NULL,
      flags INTEGER NOT NULL, header BLOB NOT NULL, body_bytes INTEGER NOT NULL,
      body BLOB NOT NULL, head_hash BLOB, signature BLOB, source INTEGER,
      PRIMARY KEY (stream, replica, number)
    ) STRICT, WITHOUT ROWID
    """,
    // Pieces of change sets too large for one frame.
    """
    CREATE TABLE tributary_part (
      hash BLOB NOT NULL, part INTEGER NOT NULL, count INTEGER NOT NULL, bytes BLOB NOT NULL,
      stream INTEGER NOT NULL, replica INTEGER NOT NULL, number INTEGER NOT NULL,
      PRIMARY KEY (hash, part)
    ) STRICT, WITHOUT ROWID
    """,
    // Registers whose values the base row cannot hold: several dots, or unknown at this schema version.
    """
    CREATE TABLE tributary_register (
      table_id INTEGER NOT NULL, scope INTEGER NOT NULL, key BLOB NOT NULL, dots BLOB NOT NULL,
      PRIMARY KEY (table_id, scope, key)
    ) STRICT, WITHOUT ROWID
    """,
    // Deleted rows: values and clocks until they are collected.
    """
    CREATE TABLE tributary_tombstone (
      table_id INTEGER NOT NULL, scope INTEGER NOT NULL, key BLOB NOT NULL,
      base INTEGER NOT NULL, entries BLOB, value BLOB NOT NULL,
      PRIMARY KEY (table_id, scope, key)
    ) STRICT, WITHOUT ROWID
    """,
    // What each peer is known to hold (engine.md §5).
    """
    CREATE TABLE tributary_ack (
      stream INTEGER NOT NULL, peer INTEGER NOT NULL, held BLOB NOT NULL, needs BLOB NOT NULL,
      top BLOB NOT NULL, at INTEGER NOT NULL, counted BLOB NOT NULL, PRIMARY KEY (stream, peer)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE tributary_peer (
      replica INTEGER PRIMARY KEY, is_parent INTEGER NOT NULL, address TEXT, last_contact INTEGER,
      last_error TEXT, clock_offset INTEGER, bytes_in INTEGER NOT NULL,
      bytes_out INTEGER NOT NULL, frames_in INTEGER NOT NULL, frames_out INTEGER NOT NULL,
      change_sets_in INTEGER NOT NULL, change_sets_out INTEGER NOT NULL
    ) STRICT
    """,
    // What could not be applied, and alarms, for the inbox.
    """
    CREATE TABLE tributary_quarantine (
      id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
      detail TEXT NOT NULL, counts INTEGER NOT NULL, UNIQUE (kind, subject)
    ) STRICT
    """,
  ]
}

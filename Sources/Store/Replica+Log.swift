internal import Causality
package import Changes
internal import Crypto
internal import Merge
internal import Wire

/// One entry as it goes into the log.
struct LogEntry {
  let id: Int64
  let atom: Int64
  let header: ChangeSetHeader
  let encoded: EncodedChangeSet
  let chain: ContentHash
  var flags: LogFlags
  var signature: [UInt8]?
  /// What it led to, in place of a head.
  var result: Result?

  /// A stream and the clock after a change set.
  struct Result {
    let digest: UInt128
    let rowCount: Int64
    let clock: HybridTimestamp
  }

  /// The size in bytes of entries from which what they led to is read without effort: no overflow page.
  static let smallBytes = 2_048
}

extension Replica {
  /// hash_n = SHA-256(01 ‖ hash_{n−1} ‖ SHA-256(00 ‖ canonical bytes)). Source: Protocol/3-ChangeSets §7.
  package static func chainHash(
    _ previous: ContentHash, header: [UInt8], canonicalBody: [UInt8]
  ) -> ContentHash {
    var content = SHA256()
    content.update(data: [HashDomain.changeSet.rawValue])
    content.update(data: header)
    content.update(data: canonicalBody)
    guard let contentHash = ContentHash(Array(content.finalize())),
      let hash = ContentHash(
        Array(
          SHA256.hash(
            data: ChangeSetCodec.chainInput(previous: previous, content: contentHash))))
    else { preconditionFailure("SHA-256 has 32 bytes") }
    return hash
  }

  func insert(_ entry: LogEntry) throws(StoreError) {
    let statement = try statements(
      "INSERT INTO tributary_log "
        + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")
    let header = entry.header
    var flags = entry.flags
    if entry.encoded.bodyIsDeflated { flags.insert(.deflated) }
    statement.bind(1, entry.id)
    statement.bind(2, entry.atom)
    statement.bind(3, header.stream.packed)
    statement.bind(4, header.replica.packed)
    statement.bind(5, header.number)
    statement.bind(6, header.timestamp.packed)
    statement.bind(7, header.schemaVersion)
    statement.bind(8, flags.rawValue)
    statement.bind(9, blob: entry.chain.bytes)
    if let signature = entry.signature {
      statement.bind(10, blob: signature)
    } else {
      statement.bindNull(10)
    }
    statement.bind(11, blob: entry.encoded.header)
    statement.bind(12, Int64(entry.encoded.bodyByteCount))
    statement.bind(13, blob: entry.encoded.body)
    if let result = entry.result {
      statement.bind(14, blob: result.digest.bigEndianBytes)
      statement.bind(15, result.rowCount)
      statement.bind(16, result.clock.packed)
    } else {
      for index in [14, 15, 16] as [Int32] { statement.bindNull(index) }
    }
    try statement.run()
    try startRun(entry)
    dots.insert(
      DotInfo(
        log: entry.id, stream: header.stream,
        dot: StreamDot(replica: header.replica, number: header.number),
        timestamp: header.timestamp, schemaVersion: header.schemaVersion, flags: flags))
  }

  /// Notes where an entry stands that does not follow its predecessor.
  private func startRun(_ entry: LogEntry) throws(StoreError) {
    let header = entry.header
    if let before = dots.known(entry.id - 1), before.stream == header.stream,
      before.dot.replica == header.replica, before.dot.number + 1 == header.number
    {
      return
    }
    let statement = try statements("INSERT INTO tributary_run VALUES (?1, ?2, ?3, ?4)")
    statement.bind(1, header.stream.packed)
    statement.bind(2, header.replica.packed)
    statement.bind(3, header.number)
    statement.bind(4, entry.id)
    try statement.run()
  }

  /// The change set in a row of `SELECT id, atom, stream, replica, number, flags, chain, signature, header,
  /// body_bytes, body FROM tributary_log`.
  func encodedChangeSet(_ row: Statement) throws(StoreError) -> EncodedChangeSet {
    guard let stream = StreamID(packed: UInt32(truncatingIfNeeded: row.integer(2))),
      let replica = ReplicaID(packed: row.unsigned(3)), row.unsigned(4) > 0
    else { throw .damagedRecord("log entry \(row.integer(0))") }
    return EncodedChangeSet(
      dot: Dot(stream: stream, replica: replica, number: row.unsigned(4)), header: row.blob(8),
      body: row.blob(10),
      bodyIsDeflated: LogFlags(rawValue: row.integer(5)).contains(.deflated),
      bodyByteCount: Int(row.integer(9)))
  }

  static let logColumns =
    "id, atom, stream, replica, number, flags, chain, signature, header, body_bytes, body"

  /// The context of a replica's last change set here, without its own entry.
  func context(
    of header: ChangeSetHeader, after head: Head?
  ) -> VersionVector {
    (head?.context ?? VersionVector()).union(header.contextAdvance)
  }
}

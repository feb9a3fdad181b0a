internal import Causality
internal import Changes
internal import Crypto
internal import Wire

/// The last change set of one replica that is applied here.
struct Head {
  var number: UInt64
  /// hash_number of the chain.
  var chain: ContentHash
  /// The context of that change set without its writer's own entry.
  var context: VersionVector
  /// Its id in the log.
  var log: Int64
}

/// What a replica holds of one stream: heads (so knowledge), digest, number of rows. Read once, written back
/// with each commit; dropped on rollback and when another connection has written.
final class StreamState {
  let stream: StreamID
  private(set) var known: VersionVector
  private(set) var heads: [ReplicaID: Head]
  var digest: UInt128 = 0 { didSet { digestIsDirty = true } }
  var rowCount: Int64 = 0
  private var dirty: [ReplicaID] = []
  /// Whose change set was applied last.
  private var latest: ReplicaID?
  var digestIsDirty = false

  init(_ stream: StreamID, _ statements: StatementCache) throws(StoreError) {
    self.stream = stream
    known = VersionVector()
    heads = [:]
    let rows = try statements(
      "SELECT replica, number, chain, context, log, digest, row_count FROM tributary_head "
        + "WHERE stream = ? ORDER BY log")
    defer { rows.reset() }
    rows.bind(1, stream.packed)
    while try rows.step() {
      guard let replica = ReplicaID(packed: rows.unsigned(0)),
        let chain = ContentHash(rows.blob(2)),
        let context = VersionVector(stored: rows.blob(3))
      else { throw .damagedRecord("head of \(stream)") }
      known[replica] = rows.unsigned(1)
      heads[replica] = Head(
        number: rows.unsigned(1), chain: chain, context: context, log: rows.integer(4))
      latest = replica
      digest = UInt128(bigEndianBytes: rows.bytes(5))
      rowCount = rows.integer(6)
    }
    digestIsDirty = false
  }

  func advance(_ replica: ReplicaID, to head: Head) {
    precondition(head.number == known[replica] + 1, "numbers are contiguous")
    known[replica] = head.number
    heads[replica] = head
    latest = replica
    if !dirty.contains(replica) { dirty.append(replica) }
  }

  /// Writes what changed since the last flush. `clock`: the latest timestamp given out or seen.
  func flush(_ statements: StatementCache, clock: HybridTimestamp) throws(StoreError) {
    if digestIsDirty, let latest, !dirty.contains(latest) { dirty.append(latest) }
    for replica in dirty {
      guard let head = heads[replica] else { continue }
      let statement = try statements(
        "REPLACE INTO tributary_head VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
      statement.bind(1, stream.packed)
      statement.bind(2, replica.packed)
      statement.bind(3, head.number)
      statement.bind(4, blob: head.chain.bytes)
      statement.bind(5, blob: head.context.stored)
      statement.bind(6, head.log)
      statement.bind(7, blob: digest.bigEndianBytes)
      statement.bind(8, rowCount)
      statement.bind(9, clock.packed)
      try statement.run()
    }
    dirty = []
    digestIsDirty = false
  }

  /// The first 8 bytes of SHA-256 over the domain and all (replica, number, hash), ascending by replica.
  /// Source: Protocol/5-Frames §4.
  var headsHash: UInt64 {
    var hash = SHA256()
    hash.update(data: [HashDomain.heads.rawValue])
    for entry in known.entries {
      var bytes: [UInt8] = []
      withUnsafeBytes(of: entry.replica.packed.bigEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: entry.number.bigEndian) { bytes.append(contentsOf: $0) }
      bytes.append(contentsOf: heads[entry.replica]?.chain.bytes ?? ContentHash.zero.bytes)
      hash.update(data: bytes)
    }
    return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension VersionVector {
  /// 16 bytes per entry, for this replica's own file.
  var stored: [UInt8] {
    entries.flatMap { entry in
      withUnsafeBytes(of: entry.replica.packed.bigEndian) { Array($0) }
        + withUnsafeBytes(of: entry.number.bigEndian) { Array($0) }
    }
  }

  init?(stored bytes: [UInt8]) {
    guard bytes.count % 16 == 0 else { return nil }
    var entries: [Entry] = []
    for start in stride(from: 0, to: bytes.count, by: 16) {
      let words = [start, start + 8].map { offset in
        bytes[offset..<offset + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      }
      guard let replica = ReplicaID(packed: words[0]), words[1] > 0 else { return nil }
      entries.append(Entry(replica: replica, number: words[1]))
    }
    self.init(ascending: entries)
  }
}

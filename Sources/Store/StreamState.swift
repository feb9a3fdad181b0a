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
    var newest: Int64 = 0
    while try rows.step() {
      guard let replica = ReplicaID(packed: rows.unsigned(0)),
        let chain = ContentHash(rows.blob(2)),
        let context = VersionVector(stored: rows.blob(3))
      else { throw .damagedRecord("head of \(stream)") }
      var head = Head(
        number: rows.unsigned(1), chain: chain, context: context, log: rows.integer(4))
      var (digest, rowCount) = (UInt128(bigEndianBytes: rows.bytes(5)), rows.integer(6))
      if let later = try Self.later(than: head, of: replica, in: stream, statements) {
        (head, digest, rowCount) = (later.head, later.digest, later.rowCount)
      }
      known[replica] = head.number
      heads[replica] = head
      guard head.log >= newest else { continue }
      (newest, latest, self.digest, self.rowCount) = (head.log, replica, digest, rowCount)
    }
    digestIsDirty = false
  }

  /// A replica's last entry in the log beyond its head, with what it led to. Cost: logarithmic in how many there
  /// are.
  private static func later(
    than head: Head, of replica: ReplicaID, in stream: StreamID, _ statements: StatementCache
  ) throws(StoreError) -> (head: Head, digest: UInt128, rowCount: Int64)? {
    let entry = try statements(
      "SELECT id, number, chain, digest, row_count FROM tributary_log WHERE \(EngineTables.isDot)")
    defer { entry.reset() }
    func isHere(_ number: UInt64) throws(StoreError) -> Bool {
      entry.reset()
      entry.bind(1, stream.packed)
      entry.bind(2, replica.packed)
      entry.bind(3, number)
      return try entry.step()
    }
    // Numbers are contiguous: `last` is here, `last` + `stride` mostly not.
    var (last, stride) = (head.number, UInt64(1))
    while try isHere(last + stride) { (last, stride) = (last + stride, stride * 2) }
    while stride > 1 {
      stride /= 2
      if try isHere(last + stride) { last += stride }
    }
    guard last > head.number, try isHere(last) else { return nil }
    guard let chain = ContentHash(entry.blob(2)), entry.kind(3) == .blob else {
      throw .damagedRecord("head of \(replica) in \(stream)")
    }
    return (
      Head(
        number: entry.unsigned(1), chain: chain, context: head.context, log: entry.integer(0)),
      UInt128(bigEndianBytes: entry.bytes(3)), entry.integer(4)
    )
  }

  /// `standsInLog`: the log's entry says what it led to, and the replica's context is that of its head before.
  func advance(_ replica: ReplicaID, to head: Head, standsInLog: Bool = false) {
    precondition(head.number == known[replica] + 1, "numbers are contiguous")
    known[replica] = head.number
    heads[replica] = head
    latest = replica
    if standsInLog {
      digestIsDirty = false
    } else if !dirty.contains(replica) {
      dirty.append(replica)
    }
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

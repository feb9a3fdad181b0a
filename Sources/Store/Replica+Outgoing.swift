package import Causality
internal import Changes
internal import Crypto
package import Wire

/// What to send next, and what the receiver will know after it.
package struct OutgoingBatch: Sendable {
  /// One frame, or the parts of one message that is too large for a frame.
  package enum Content: Sendable {
    case frame(ChangesMessage)
    case parts([PartMessage])
  }

  package let content: Content
  /// The receiver's knowledge after this batch, for the streams that it advances.
  package let advanced: [(stream: StreamID, known: VersionVector)]
  /// Change sets in the batch.
  package let changeSetCount: Int
  /// Whether nothing is lacking after it.
  package let isLast: Bool
}

extension Replica {
  /// The next change sets that a receiver lacks: whole transactions in the order applied here, about
  /// `maxBytes`; nil when it lacks none.
  ///
  /// `lackedBy`: the receiver's knowledge of each stream that may be sent to it. `messageBytes`: what a receiver
  /// takes as one message. Own heads are signed first. Cost: follows the difference, not the data.
  package func changes(
    lackedBy receiver: [(StreamID, VersionVector)], maxBytes: Int,
    messageBytes: Int = Limits.messageBytes
  ) throws(StoreError) -> OutgoingBatch? {
    let lacking = try reading { () throws(StoreError) -> [Run] in try self.lacking(receiver) }
    guard !lacking.isEmpty else { return nil }
    let (entries, witnesses, isLast) = try reading {
      () throws(StoreError) -> ([Entry], [Entry], Bool) in
      let (entries, isLast) = try collect(lacking, maxBytes: maxBytes)
      return try fitted(entries, isLast: isLast, messageBytes: messageBytes)
    }
    guard !entries.isEmpty else { return nil }
    let heads = try sign(entries + witnesses)
    var advanced: [(stream: StreamID, known: VersionVector)] = []
    for entry in entries {
      let dot = entry.encoded.dot
      let index: Int
      if let found = advanced.firstIndex(where: { $0.stream == dot.stream }) {
        index = found
      } else {
        index = advanced.count
        let start = receiver.first { $0.0 == dot.stream }?.1 ?? VersionVector()
        advanced.append((dot.stream, start))
      }
      advanced[index].known[dot.replica] = max(advanced[index].known[dot.replica], dot.number)
    }
    let message = ChangesMessage(changeSets: (entries + witnesses).map(\.encoded), heads: heads)
    return OutgoingBatch(
      content: try content(message), advanced: advanced, changeSetCount: entries.count,
      isLast: isLast)
  }

  /// What a receiver lacks of one stream and replica: all after a number.
  private typealias Run = (stream: StreamID, replica: ReplicaID, after: UInt64)

  private struct Entry {
    let id: Int64
    let atom: Int64
    var encoded: EncodedChangeSet
    let chain: ContentHash
    let signature: [UInt8]?

    /// One for each stream and replica.
    var place: Dot { Dot(stream: encoded.dot.stream, replica: encoded.dot.replica, number: 1) }

    /// Bytes of a message that it takes at most, with its length and a head of its own.
    var messageBytes: Int { encoded.byteCount + 192 }
  }

  /// The (stream, replica) runs of which the receiver lacks something.
  private func lacking(
    _ receiver: [(StreamID, VersionVector)]
  ) throws(StoreError) -> [Run] {
    var runs: [Run] = []
    for (stream, known) in receiver where streams.contains(stream) {
      for entry in try state(of: stream).known.entries
      where entry.number > known[entry.replica] {
        runs.append((stream, entry.replica, known[entry.replica]))
      }
    }
    return runs
  }

  /// Merges the runs in the order of the log until the batch is full; groups stay whole.
  private func collect(
    _ runs: [Run], maxBytes: Int
  ) throws(StoreError) -> (entries: [Entry], isLast: Bool) {
    let log = try LogMerge(statements, runs)
    var (entries, bytes): ([Entry], Int) = ([], 0)
    while try log.step(), let row = log.row {
      var next = try entry(row)
      next.encoded = next.encoded.deflated
      let isNewGroup = entries.last?.atom != next.atom
      let size = next.encoded.byteCount
      if isNewGroup, !entries.isEmpty,
        bytes + size > maxBytes || entries.count >= Limits.changeSetsPerFrame
      {
        return (entries, false)
      }
      entries.append(next)
      bytes += size + 8
    }
    return (entries, true)
  }

  /// The longest beginning of the batch that fits in one message with what proves its ends. Groups stay whole
  /// but one that is too large alone: its change sets go one by one, and wait at the receiver for each other.
  private func fitted(
    _ batch: [Entry], isLast: Bool, messageBytes: Int
  ) throws(StoreError) -> (entries: [Entry], witnesses: [Entry], isLast: Bool) {
    var entries = batch
    while true {
      let witnesses = try witnesses(of: entries)
      let count = entries.count + witnesses.count
      let bytes = (entries + witnesses).reduce(0) { $0 + $1.messageBytes }
      if entries.count <= 1 || count <= Limits.changeSetsPerFrame && bytes <= messageBytes {
        return (entries, witnesses, isLast && entries.count == batch.count)
      }
      let last = entries.removeLast()
      if entries.first?.atom != last.atom { entries.removeAll { $0.atom == last.atom } }
    }
  }

  /// What proves the ends of a batch: a change set applied here may be proved only by a head above it that
  /// waits here for a part; who comes next cannot take it without those up to that head, and keeps them waiting
  /// too.
  private func witnesses(of entries: [Entry]) throws(StoreError) -> [Entry] {
    var witnesses: [Entry] = []
    for end in ends(of: entries)
    where end.signature == nil && end.encoded.dot.replica != identity.replica {
      witnesses += try parkedUpToHead(behind: end.encoded.dot)
    }
    return witnesses
  }

  /// The last entry of each stream and replica, in order of first use.
  private func ends(of entries: [Entry]) -> [Entry] {
    var ends: [Entry] = []
    var places: [Dot: Int] = [:]
    for entry in entries {
      if let index = places[entry.place] {
        ends[index] = entry
      } else {
        places[entry.place] = ends.count
        ends.append(entry)
      }
    }
    return ends
  }

  /// What waits here behind the last applied change set of a replica, up to the first signed head; none when
  /// `dot` is not that change set.
  private func parkedUpToHead(behind dot: Dot) throws(StoreError) -> [Entry] {
    guard try state(of: dot.stream).known[dot.replica] == dot.number else { return [] }
    let select = try statements(
      "SELECT 0, 0, stream, replica, number, flags, head_hash, signature, header, body_bytes, body "
        + "FROM tributary_parked WHERE stream = ?1 AND replica = ?2 AND number > ?3 ORDER BY number"
    )
    defer { select.reset() }
    select.bind(1, dot.stream.packed)
    select.bind(2, dot.replica.packed)
    select.bind(3, dot.number)
    var parked: [Entry] = []
    var isProved = false
    while !isProved, try select.step() {
      let encoded = try encodedChangeSet(select)
      guard encoded.dot.number == dot.number + UInt64(parked.count) + 1 else { return [] }
      isProved = select.kind(7) != .null
      parked.append(
        Entry(
          id: 0, atom: 0, encoded: encoded.deflated,
          chain: isProved ? ContentHash(select.blob(6)) ?? .zero : .zero,
          signature: isProved ? select.blob(7) : nil))
    }
    return isProved ? parked : []
  }

  private func entry(_ row: Statement) throws(StoreError) -> Entry {
    guard let chain = ContentHash(row.blob(6)) else {
      throw .damagedRecord("chain of log entry \(row.integer(0))")
    }
    return Entry(
      id: row.integer(0), atom: row.integer(1), encoded: try encodedChangeSet(row), chain: chain,
      signature: row.kind(7) == .null ? nil : row.blob(7))
  }

  /// The signed heads that prove a batch; signs the last own change set of each stream if need be.
  private func sign(_ entries: [Entry]) throws(StoreError) -> [SignedHead] {
    let proving = entries.filter {
      $0.encoded.dot.replica == identity.replica || $0.signature != nil
    }
    var heads: [SignedHead] = []
    for entry in ends(of: proving) {
      let dot = entry.encoded.dot
      var signature = entry.signature
      if signature == nil {
        // Own heads are signed as they are sent: the same head has the same signature each time.
        let head = SignedHead(dot: dot, hash: entry.chain, signature: [])
        signature = try identity.sign(head.signedBytes)
      }
      heads.append(SignedHead(dot: dot, hash: entry.chain, signature: signature ?? []))
    }
    return heads
  }

  /// SHA-256 over the domain and the whole that parts are pieces of. Source: Protocol/5-Frames §4 (PART).
  static func partsHash(_ whole: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: [HashDomain.parts.rawValue] + whole))
  }

  /// One frame, or parts when it would be too large.
  private func content(_ message: ChangesMessage) throws(StoreError) -> OutgoingBatch.Content {
    let bytes = message.changeSets.reduce(0) { $0 + $1.byteCount }
    guard bytes > Limits.partBytes else { return .frame(message) }
    let payload = MessageCodec.encode(message)
    guard let hash = ContentHash(Self.partsHash(payload)),
      let first = message.changeSets.first
    else { preconditionFailure("a batch has change sets") }
    let count = (payload.count + Limits.partBytes - 1) / Limits.partBytes
    return .parts(
      (0..<count).map { index in
        let start = index * Limits.partBytes
        let end = min(start + Limits.partBytes, payload.count)
        return PartMessage(
          dot: first.dot, contentHash: hash, index: UInt32(index), count: UInt32(count),
          bytes: Array(payload[start..<end]))
      })
  }
}

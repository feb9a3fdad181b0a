import Causality
import Changes
import Replication
import Wire

/// A replica without rows and SQL: a log of change sets per stream, applied causally. The context of a
/// change set stands in its header bytes; hashes are mixes of 64 bits, not SHA-256.
final class ModelReplica {
  struct Stream {
    var known = VersionVector()
    /// In apply order.
    var log: [EncodedChangeSet] = []
    /// hash_n by dot.
    var heads: [Dot: ContentHash] = [:]
    var digest: UInt64 = 0
    var parked: [Dot: EncodedChangeSet] = [:]
  }

  struct Staging {
    let hash: ContentHash
    let count: UInt32
    var held: [UInt32: [UInt8]] = [:]
  }

  var id: ReplicaID
  private(set) var streams: [StreamID: Stream] = [:]
  var staging: [Dot: Staging] = [:]
  var acknowledged: [ReplicaID: [StreamID: Acknowledgement]] = [:]
  var isDiskFull = false
  /// Bodies of at least this size travel in parts.
  var partThreshold = 10_000
  var partBytes = 4_000

  init(_ id: ReplicaID, streams: [StreamID]) {
    self.id = id
    for stream in streams { self.streams[stream] = Stream() }
  }

  /// Goes back to an earlier state, or takes another replica's: a backup, a clone.
  func restore(_ streams: [StreamID: Stream]) { self.streams = streams }

  /// Rows that no change set explains.
  func corruptDigest(_ stream: StreamID) { self[stream].digest &+= 1 }

  var sortedStreams: [StreamID] { streams.keys.sorted() }

  subscript(_ stream: StreamID) -> Stream {
    get { streams[stream] ?? Stream() }
    set { streams[stream] = newValue }
  }

  /// One local transaction.
  @discardableResult func write(_ stream: StreamID, bytes: Int = 20, salt: UInt8 = 0) -> Dot {
    let known = self[stream].known
    let dot = Dot(stream: stream, replica: id, number: known[id] + 1)
    let body = [UInt8](repeating: UInt8(truncatingIfNeeded: dot.number) &+ salt, count: bytes)
    let changeSet = EncodedChangeSet(
      dot: dot, header: Self.header(known), body: body, bodyIsDeflated: false,
      bodyByteCount: bytes)
    commit(changeSet)
    return dot
  }

  func state(_ stream: StreamID) -> StreamState {
    let model = self[stream]
    var hash: UInt64 = 1
    for entry in model.known.entries {
      let dot = Dot(stream: stream, replica: entry.replica, number: entry.number)
      hash = mix(hash, entry.replica.packed)
      hash = mix(hash, entry.number)
      for byte in model.heads[dot]?.bytes ?? [] { hash = mix(hash, UInt64(byte)) }
    }
    let digest = (0..<16).map { UInt8(truncatingIfNeeded: model.digest >> UInt64($0 % 8 * 8)) }
    return StreamState(
      summary: StreamSummary(stream: stream, headsHash: hash, digest: digest), known: model.known)
  }

  func head(_ dot: Dot) -> ContentHash? { self[dot.stream].heads[dot] }

  func apply(_ message: ChangesMessage) -> ApplyReport {
    var (applied, duplicates, rejections) = (0, 0, [Rejection]())
    let parkedBefore = parkedCount
    let unproved = unprovedPairs(message)
    var forked: Set<StreamReplica> = []
    for changeSet in message.changeSets {
      let dot = changeSet.dot
      let pair = StreamReplica(stream: dot.stream, replica: dot.replica)
      if forked.contains(pair) { continue }
      if unproved.contains(pair) {
        rejections.append(Rejection(dot: dot, code: .unprovedChangeSet))
      } else if self[dot.stream].known.contains(dot.replica, dot.number) {
        let same = self[dot.stream].log.contains(changeSet)
        duplicates += 1
        if !same {
          rejections.append(Rejection(dot: dot, code: .forkDetected))
          forked.insert(pair)
        }
      } else if isReady(changeSet) {
        commit(changeSet)
        applied += 1
        applied += releaseParked(dot.stream)
      } else {
        self[dot.stream].parked[dot] = changeSet
      }
    }
    return ApplyReport(
      applied: applied, duplicates: duplicates, parked: max(0, parkedCount - parkedBefore),
      rejections: rejections)
  }

  func stage(_ part: PartMessage) -> ChangesMessage? {
    if self[part.dot.stream].known.contains(part.dot.replica, part.dot.number) { return nil }
    var entry = staging[part.dot] ?? Staging(hash: part.contentHash, count: part.count)
    if entry.hash != part.contentHash { entry = Staging(hash: part.contentHash, count: part.count) }
    entry.held[part.index] = part.bytes
    if entry.held.count == Int(entry.count) {
      staging[part.dot] = nil
      let whole = (0..<entry.count).flatMap { entry.held[$0] ?? [] }
      return Self.message(part.dot, whole)
    }
    staging[part.dot] = entry
    return nil
  }

  func receipts(_ streams: [StreamID]) -> [PartReceipt] {
    staging.keys.sorted().filter { streams.contains($0.stream) }.compactMap { dot in
      guard let entry = staging[dot] else { return nil }
      let held = (0..<entry.count).first { entry.held[$0] == nil } ?? 0
      return PartReceipt(dot: dot, contentHash: entry.hash, held: held, count: entry.count)
    }
  }

  func changes(_ request: ChangesRequest) -> OutgoingBatch? {
    var advancing = request.lackedBy
    var (frame, bytes) = ([EncodedChangeSet](), 0)
    for index in advancing.indices {
      let stream = advancing[index].stream
      for changeSet in self[stream].log {
        let dot = changeSet.dot
        if advancing[index].known.contains(dot.replica, dot.number) { continue }
        if changeSet.body.count >= partThreshold {
          if !frame.isEmpty { return batch(frame, advancing) }
          advancing[index].known[dot.replica] = dot.number
          return parts(of: changeSet, advancing)
        }
        if !frame.isEmpty && bytes + changeSet.byteCount > request.maxBytes {
          return batch(frame, advancing)
        }
        frame.append(changeSet)
        bytes += changeSet.byteCount
        advancing[index].known[dot.replica] = dot.number
      }
    }
    return frame.isEmpty ? nil : batch(frame, advancing)
  }

  private func batch(_ frame: [EncodedChangeSet], _ advancing: [StreamVector]) -> OutgoingBatch {
    OutgoingBatch(
      content: .frame(ChangesMessage(changeSets: frame, heads: heads(of: frame))),
      advancing: advancing)
  }

  private func heads(of frame: [EncodedChangeSet]) -> [SignedHead] {
    var last: [StreamReplica: Dot] = [:]
    for dot in frame.map(\.dot) {
      last[StreamReplica(stream: dot.stream, replica: dot.replica)] = dot
    }
    return last.values.sorted().map {
      SignedHead(dot: $0, hash: head($0) ?? .zero, signature: [UInt8](repeating: 0, count: 64))
    }
  }

  private func parts(of changeSet: EncodedChangeSet, _ advancing: [StreamVector]) -> OutgoingBatch {
    let bytes =
      (head(changeSet.dot) ?? .zero).bytes + [UInt8(truncatingIfNeeded: changeSet.header.count)]
      + changeSet.header + changeSet.body
    let count = (bytes.count + partBytes - 1) / partBytes
    let parts = (0..<count).map {
      PartMessage(
        dot: changeSet.dot, contentHash: chain(.zero, changeSet), index: UInt32($0),
        count: UInt32(count),
        bytes: Array(bytes[$0 * partBytes..<min(bytes.count, ($0 + 1) * partBytes)]))
    }
    return OutgoingBatch(content: .parts(parts), advancing: advancing)
  }

  /// 32 bytes of head, the count of header bytes, header, body.
  private static func message(_ dot: Dot, _ whole: [UInt8]) -> ChangesMessage? {
    guard whole.count > 33, let hash = ContentHash(Array(whole[0..<32])) else { return nil }
    let bodyStart = 33 + Int(whole[32])
    let body = Array(whole[bodyStart...])
    let changeSet = EncodedChangeSet(
      dot: dot, header: Array(whole[33..<bodyStart]), body: body, bodyIsDeflated: false,
      bodyByteCount: body.count)
    let head = SignedHead(dot: dot, hash: hash, signature: [UInt8](repeating: 0, count: 64))
    return ChangesMessage(changeSets: [changeSet], heads: [head])
  }

  private func unprovedPairs(_ message: ChangesMessage) -> Set<StreamReplica> {
    var unproved: Set<StreamReplica> = []
    for head in message.heads {
      let pair = StreamReplica(stream: head.dot.stream, replica: head.dot.replica)
      let chained = message.changeSets.filter {
        StreamReplica(stream: $0.dot.stream, replica: $0.dot.replica) == pair
      }
      guard let first = chained.first else { continue }
      var hash = ContentHash.zero
      if first.dot.number > 1 {
        let before = Dot(
          stream: pair.stream, replica: pair.replica, number: first.dot.number - 1)
        guard let known = self.head(before) else { continue }
        hash = known
      }
      for changeSet in chained { hash = chain(hash, changeSet) }
      if hash != head.hash && !self[pair.stream].known.contains(pair.replica, first.dot.number) {
        unproved.insert(pair)
      }
    }
    return unproved
  }

  private var parkedCount: Int { streams.values.reduce(0) { $0 + $1.parked.count } }

  private func isReady(_ changeSet: EncodedChangeSet) -> Bool {
    let known = self[changeSet.dot.stream].known
    return changeSet.dot.number == known[changeSet.dot.replica] + 1
      && known.dominates(Self.context(changeSet))
  }

  private func releaseParked(_ stream: StreamID) -> Int {
    var released = 0
    while let dot = self[stream].parked.keys.sorted().first(where: {
      self[stream].parked[$0].map(isReady) ?? false
    }) {
      if let changeSet = self[stream].parked.removeValue(forKey: dot) {
        commit(changeSet)
        released += 1
      }
    }
    return released
  }

  private func commit(_ changeSet: EncodedChangeSet) {
    let dot = changeSet.dot
    var model = self[dot.stream]
    var before = ContentHash.zero
    if dot.number > 1 {
      let previous = Dot(stream: dot.stream, replica: dot.replica, number: dot.number - 1)
      before = model.heads[previous] ?? .zero
    }
    model.heads[dot] = chain(before, changeSet)
    model.known[dot.replica] = dot.number
    model.log.append(changeSet)
    var digest = mix(dot.replica.packed, dot.number)
    for byte in changeSet.body.prefix(8) { digest = mix(digest, UInt64(byte)) }
    model.digest &+= digest
    self[dot.stream] = model
  }

  private static func header(_ known: VersionVector) -> [UInt8] {
    known.entries.flatMap { entry in
      [entry.replica.packed, entry.number].flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
      }
    }
  }

  static func context(_ changeSet: EncodedChangeSet) -> VersionVector {
    var vector = VersionVector()
    for offset in stride(from: 0, to: changeSet.header.count, by: 16) {
      let words = [offset, offset + 8].map { start in
        (0..<8).reduce(UInt64(0)) { $0 | UInt64(changeSet.header[start + $1]) << UInt64($1 * 8) }
      }
      if let replica = ReplicaID(packed: words[0]) { vector[replica] = words[1] }
    }
    return vector
  }
}

func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
  var mixed = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
  mixed ^= mixed >> 29
  return mixed &* 0xBF58_476D_1CE4_E5B9
}

private func chain(_ before: ContentHash, _ changeSet: EncodedChangeSet) -> ContentHash {
  var words: [UInt64] = [1, 2, 3, 4]
  for index in words.indices {
    var hash = mix(words[index], changeSet.dot.number)
    for byte in before.bytes { hash = mix(hash, UInt64(byte)) }
    for byte in changeSet.header { hash = mix(hash, UInt64(byte)) }
    for byte in changeSet.body.prefix(32) { hash = mix(hash, UInt64(byte)) }
    words[index] = hash
  }
  let bytes = words.flatMap { word in
    (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
  }
  return ContentHash(bytes) ?? .zero
}

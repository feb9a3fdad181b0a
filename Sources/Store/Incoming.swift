internal import Causality
internal import Changes
internal import Wire

/// A change set on its way in: received, maybe proved, not applied yet.
struct Incoming {
  let header: ChangeSetHeader
  let encoded: EncodedChangeSet
  /// hash_n, once all its predecessors here are known.
  var chain: ContentHash?
  /// A signed head at or above it was verified.
  var isProved = false
  /// The signature over its own head, when there is one.
  var signedHead: SignedHead?
  /// This node is the hub where it entered: rights and clock are judged when it is applied, however long it
  /// waits until then and whoever brings what it waits for.
  var awaitsJudgement: Bool
  /// It waited here before the message at hand.
  let hasWaited: Bool
  /// Who brought it first; nil for what waits since a program of an earlier format.
  let source: ReplicaID?
  /// The message at hand brings it.
  var isBrought: Bool { !hasWaited || isRepeated }
  /// It waited here, and the message at hand brings it again.
  fileprivate(set) var isRepeated = false
  /// The canonical body, inflated once: it is hashed, decoded and judged.
  private var canonicalBody: [UInt8]?

  init(
    header: ChangeSetHeader, encoded: EncodedChangeSet, signedHead: SignedHead?,
    awaitsJudgement: Bool, hasWaited: Bool, source: ReplicaID?
  ) {
    (self.header, self.encoded) = (header, encoded)
    (self.signedHead, self.awaitsJudgement) = (signedHead, awaitsJudgement)
    (self.hasWaited, self.source) = (hasWaited, source)
  }

  /// Whether both have the same content, and no other signed head.
  fileprivate func isSame(as other: Incoming) -> Bool {
    guard encoded.header == other.encoded.header,
      signedHead == nil || other.signedHead == nil || signedHead == other.signedHead
    else { return false }
    if encoded.body == other.encoded.body { return true }
    // Deflated bytes may differ; what does not inflate is the same as nothing.
    guard let mine = try? encoded.canonicalBody() else { return false }
    // As above.
    guard let others = try? other.encoded.canonicalBody() else { return false }
    return mine == others
  }

  /// The canonical body; throws when it does not inflate.
  mutating func content() throws(WireError) -> [UInt8] {
    if let canonicalBody { return canonicalBody }
    let body = try encoded.canonicalBody()
    canonicalBody = body
    return body
  }
}

/// The change sets of one (stream, replica) that wait, ascending by number without two alike.
///
/// Cost: a message brings thousands, mostly in order, and they leave in order: each comes and goes in constant time.
struct IncomingRun {
  /// `entries[start...]` wait; what is before was applied.
  private var entries: [Incoming] = []
  private var start = 0
  /// What the message at hand brings under a number under which something else waits.
  private var rivals: [Incoming] = []
  /// Applied entries that are kept at least before the others move up.
  private static let keptEntries = 64

  /// All that wait. Cost: a copy.
  var list: [Incoming] {
    get { Array(entries[start...]) }
    set { (entries, start) = (newValue, 0) }
  }

  /// The one of the lowest number.
  var first: Incoming? { start < entries.count ? entries[start] : nil }

  /// The one of a number.
  subscript(number: UInt64) -> Incoming? {
    let index = index(from: number)
    return index < entries.count && entries[index].header.number == number ? entries[index] : nil
  }

  /// The place of the first entry that has the number or a higher one.
  private func index(from number: UInt64) -> Int {
    if let last = entries.last, last.header.number < number { return entries.count }
    var (low, high) = (start, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].header.number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds a change set. Of two in a message under one number the first counts; of one that waits and another that
  /// the message brings both are kept until it shows which is proved.
  mutating func insert(_ incoming: Incoming) {
    let number = incoming.header.number
    let index = index(from: number)
    guard index < entries.count, entries[index].header.number == number else {
      return entries.insert(incoming, at: index)
    }
    if entries[index].isSame(as: incoming) {
      if entries[index].signedHead == nil { entries[index].signedHead = incoming.signedHead }
      if incoming.awaitsJudgement { entries[index].awaitsJudgement = true }
      entries[index].isRepeated = true
    } else if entries[index].hasWaited, !rivals.contains(where: { $0.header.number == number }) {
      rivals.append(incoming)
    }
  }

  /// Forgets what was applied, mostly the first.
  mutating func remove(_ number: UInt64) {
    rivals.removeAll { $0.header.number == number }
    let index = index(from: number)
    guard index < entries.count, entries[index].header.number == number else { return }
    if index > start {
      entries.remove(at: index)
      return
    }
    start += 1
    guard start >= Self.keptEntries, start * 2 >= entries.count else { return }
    entries.removeFirst(start)
    start = 0
  }

  /// What waited and what the message brings, for when they do not go together; nil unless there is both.
  var parts: (waited: [Incoming], brought: [Incoming])? {
    let waited = entries[start...].filter(\.hasWaited)
    guard !waited.isEmpty else { return nil }
    let brought = (entries[start...].filter(\.isBrought) + rivals)
      .sorted { $0.header.number < $1.header.number }
    return brought.isEmpty ? nil : (waited, brought)
  }
}

/// Which waiting change sets may be applied next. Pure: it sees knowledge and headers, no file.
///
/// Source: engine.md §3 (apply rule): a change set is ready when it is the next of its replica, proved, and
/// its context is known; a transaction is applied when each of its parts in the streams held here is.
struct ReadyCheck {
  let held: (StreamID) -> Bool
  let known: (StreamID) throws(StoreError) -> VersionVector
  let context: (ChangeSetHeader) throws(StoreError) -> VersionVector

  /// The parts of the transaction that `incoming` belongs to, ascending by stream, when all are ready;
  /// nil while one is missing or waits.
  func transaction(
    of incoming: Incoming, among runs: [StreamID: [ReplicaID: IncomingRun]]
  ) throws(StoreError) -> [Incoming]? {
    guard try isReady(incoming) else { return nil }
    let header = incoming.header
    guard !header.parts.isEmpty else { return [incoming] }
    var transaction: [Incoming] = []
    for part in header.parts where held(part.stream) {
      if part.stream == header.stream {
        transaction.append(incoming)
        continue
      }
      // A part that is applied already was applied before this node held the other stream.
      if try known(part.stream).contains(header.replica, part.number) { continue }
      guard
        let other = runs[part.stream]?[header.replica]?[part.number], try isReady(other)
      else { return nil }
      transaction.append(other)
    }
    return transaction
  }

  private func isReady(_ incoming: Incoming) throws(StoreError) -> Bool {
    let header = incoming.header
    let known = try known(header.stream)
    guard incoming.isProved, header.number == known[header.replica] + 1 else { return false }
    return try known.dominates(context(header))
  }
}

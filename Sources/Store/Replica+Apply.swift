package import Causality
package import Changes
internal import Crypto
internal import Merge
package import Wire

/// What one received message did. Source: engine.md §3.
package struct ApplyOutcome: Equatable, Sendable {
  /// Why a change set was turned away.
  package struct Rejection: Equatable, Sendable {
    package let dot: Dot
    package let code: ProtocolErrorCode
    package let detail: String
  }

  /// Change sets applied, among them parked ones that became ready.
  package var applied = 0
  /// Change sets known before.
  package var duplicates = 0
  /// Change sets of this message that wait for a predecessor, a part, a signature or a key.
  package var parked = 0
  /// Change sets that this node refused as their ingress hub.
  package var refused: [Dot] = []
  /// Change sets marked as ahead of their time by this node.
  package var suspect: [Dot] = []
  /// Not kept; the (stream, replica) should be stopped on this link.
  package var rejected: [Rejection] = []
  /// Streams whose knowledge rose, ascending.
  package var streamsAdvanced: [StreamID] = []
  /// Streams of which the peer acknowledged something new.
  package var acknowledged: [StreamID] = []

  package init() {}

  /// Takes over what another message did.
  package mutating func add(_ other: ApplyOutcome) {
    applied += other.applied
    duplicates += other.duplicates
    parked += other.parked
    refused += other.refused
    suspect += other.suspect
    rejected += other.rejected
    streamsAdvanced = Set(streamsAdvanced).union(other.streamsAdvanced).sorted()
    acknowledged = Set(acknowledged).union(other.acknowledged).sorted()
  }
}

/// Whose change sets a hub judges, as the first that has them. Source: engine.md §3 (refusal), §12.
package enum Ingress: Hashable, Sendable {
  /// What comes was judged already, or comes from above.
  case none
  /// Those of the peer itself, which proved to be the sender.
  case peer
  /// Those of all nodes below: who brings them is not proved. Judging once more what another hub has judged
  /// refuses what was refused.
  case everyone
}

extension Replica {
  /// Takes change sets from a peer: verifies, orders, merges, and keeps what is not ready. One durable SQLite
  /// transaction.
  ///
  /// `isIngress`: this node judges the peer's own change sets (rights, clock) because it is the first hub that
  /// has them. Throws only what concerns this node (`diskFull`, `busy`, `storage`): then nothing was taken.
  package func apply(
    _ message: ChangesMessage, from peer: ReplicaID, isIngress: Bool, wallMilliseconds: UInt64
  ) throws(StoreError) -> ApplyOutcome {
    try apply(
      message, from: peer, ingress: isIngress ? .peer : .none, wallMilliseconds: wallMilliseconds)
  }

  /// As above; `ingress` says whose change sets enter here, `acknowledgements` are what the peer said before.
  package func apply(
    _ message: ChangesMessage, after acknowledgements: [Acknowledgement] = [],
    from peer: ReplicaID, ingress: Ingress, wallMilliseconds: UInt64
  ) throws(StoreError) -> ApplyOutcome {
    try transaction(stamping: stopReason == nil ? wallMilliseconds : nil) {
      () throws(StoreError) in
      let news = try keep(acknowledgements, from: peer, wallMilliseconds: wallMilliseconds)
      let delivery = Delivery(
        self, peer: peer, ingress: ingress, wallMilliseconds: wallMilliseconds)
      try delivery.receive(message)
      try delivery.applyReady()
      try delivery.park()
      var outcome = delivery.outcome
      outcome.acknowledged = news
      return outcome
    }
  }

  /// Keeps one part of a large message; returns the message once all parts are here.
  package func stage(_ part: PartMessage) throws(StoreError) -> ChangesMessage? {
    guard part.count > 0, part.index < part.count, part.count <= UInt32(Limits.partsPerChangeSet),
      part.bytes.count <= Limits.partBytes
    else { throw .damagedRecord("part \(part.index) of \(part.count) of \(part.dot)") }
    return try transaction(stamping: nil) { () throws(StoreError) in
      let insert = try statements(
        "INSERT INTO tributary_part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING")
      insert.bind(1, blob: part.contentHash.bytes)
      insert.bind(2, part.index)
      insert.bind(3, part.count)
      insert.bind(4, blob: part.bytes)
      insert.bind(5, part.dot.stream.packed)
      insert.bind(6, part.dot.replica.packed)
      insert.bind(7, part.dot.number)
      try insert.run()
      let held = try statements("SELECT count(*) FROM tributary_part WHERE hash = ? AND count = ?")
      held.bind(1, blob: part.contentHash.bytes)
      held.bind(2, part.count)
      let isComplete = try held.step() && held.integer(0) == Int64(part.count)
      held.reset()
      guard isComplete else { return nil }
      let select = try statements(
        "SELECT bytes FROM tributary_part WHERE hash = ? AND count = ? ORDER BY part")
      defer { select.reset() }
      select.bind(1, blob: part.contentHash.bytes)
      select.bind(2, part.count)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(Int(part.count) * Limits.partBytes)
      while try select.step() { bytes.append(contentsOf: select.bytes(0)) }
      let delete = try statements("DELETE FROM tributary_part WHERE hash = ?")
      delete.bind(1, blob: part.contentHash.bytes)
      try delete.run()
      guard ContentHash(Self.partsHash(bytes)) == part.contentHash else {
        return nil
      }
      do {
        return try MessageCodec.decodeChanges(bytes[...])
      } catch {
        try quarantine(
          "part", subject: part.dot.description, detail: "\(error)", counts: false, wall: 0)
        return nil
      }
    }
  }

  /// The large messages that are here in part: all parts before `held` are.
  package func stagedMessages(in streams: [StreamID]) throws(StoreError) -> [StagedMessage] {
    try onConnection { () throws(StoreError) in
      let select = try statements(
        "SELECT stream, replica, number, hash, count, part FROM tributary_part "
          + "ORDER BY stream, replica, number, hash, part")
      defer { select.reset() }
      var list: [StagedMessage] = []
      while try select.step() {
        guard let stream = StreamID(packed: UInt32(truncatingIfNeeded: select.integer(0))),
          let replica = ReplicaID(packed: select.unsigned(1)),
          let hash = ContentHash(select.blob(3)), streams.contains(stream)
        else { continue }
        let part = UInt32(truncatingIfNeeded: select.integer(5))
        if let last = list.indices.last, list[last].contentHash == hash {
          if list[last].held == part { list[last].held += 1 }
        } else {
          list.append(
            StagedMessage(
              dot: Dot(stream: stream, replica: replica, number: select.unsigned(2)),
              contentHash: hash, held: part == 0 ? 1 : 0,
              count: UInt32(truncatingIfNeeded: select.integer(4))))
        }
      }
      return list
    }
  }
}

/// A large message of which some parts are here.
package struct StagedMessage: Hashable, Sendable {
  package let dot: Dot
  package let contentHash: ContentHash
  /// The index of the first part that is missing.
  package internal(set) var held: UInt32
  package let count: UInt32
}

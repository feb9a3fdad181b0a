package import Causality
internal import Changes
package import Wire

/// What a node remembers of a peer.
package struct PeerRecord: Hashable, Sendable {
  package let replica: ReplicaID
  package var isParent: Bool
  package var address: String?
  package var lastContactMilliseconds: UInt64?
  package var lastError: String?
  /// The peer's clock minus ours, milliseconds.
  package var clockOffsetMilliseconds: Int64?
  package var bytesIn: UInt64
  package var bytesOut: UInt64
  package var framesIn: UInt64
  package var framesOut: UInt64
  package var changeSetsIn: UInt64
  package var changeSetsOut: UInt64

  package init(replica: ReplicaID, isParent: Bool) {
    self.replica = replica
    self.isParent = isParent
    (bytesIn, bytesOut, framesIn, framesOut) = (0, 0, 0, 0)
    (changeSetsIn, changeSetsOut) = (0, 0)
  }
}

extension Replica {
  /// Stores what is remembered of a peer.
  package func record(_ peer: PeerRecord) throws(StoreError) {
    try transaction(stamping: nil) { () throws(StoreError) in
      let insert = try statements(
        "INSERT OR REPLACE INTO tributary_peer "
          + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
      insert.bind(1, peer.replica.packed)
      insert.bind(2, peer.isParent ? 1 : 0 as Int64)
      insert.bind(3, peer.address.map { .text($0) } ?? .null)
      insert.bind(4, peer.lastContactMilliseconds.map { .integer(Int64($0)) } ?? .null)
      insert.bind(5, peer.lastError.map { .text($0) } ?? .null)
      insert.bind(6, peer.clockOffsetMilliseconds.map { .integer($0) } ?? .null)
      insert.bind(7, peer.bytesIn)
      insert.bind(8, peer.bytesOut)
      insert.bind(9, peer.framesIn)
      insert.bind(10, peer.framesOut)
      insert.bind(11, peer.changeSetsIn)
      insert.bind(12, peer.changeSetsOut)
      try insert.run()
    }
  }

  /// All peers, by replica.
  package func peers() throws(StoreError) -> [PeerRecord] {
    try onConnection { () throws(StoreError) in
      let select = try statements("SELECT * FROM tributary_peer ORDER BY replica")
      defer { select.reset() }
      var list: [PeerRecord] = []
      while try select.step() {
        guard let replica = ReplicaID(packed: select.unsigned(0)) else { continue }
        var peer = PeerRecord(replica: replica, isParent: select.integer(1) != 0)
        peer.address = select.value(2).string
        if select.kind(3) != .null { peer.lastContactMilliseconds = select.unsigned(3) }
        peer.lastError = select.value(4).string
        if select.kind(5) != .null { peer.clockOffsetMilliseconds = select.integer(5) }
        (peer.bytesIn, peer.bytesOut) = (select.unsigned(6), select.unsigned(7))
        (peer.framesIn, peer.framesOut) = (select.unsigned(8), select.unsigned(9))
        (peer.changeSetsIn, peer.changeSetsOut) = (select.unsigned(10), select.unsigned(11))
        list.append(peer)
      }
      return list
    }
  }

  // MARK: acknowledgements

  /// What this node tells a peer of a stream: A, what A builds on, and what the top holds.
  ///
  /// A leaf's A is its knowledge; a hub's is the minimum of its own and its admitted children's counted A
  /// (engine.md §5).
  package func acknowledgement(for stream: StreamID) throws(StoreError) -> Acknowledgement {
    try reading { () throws(StoreError) in
      let known = try state(of: stream).known
      var (held, top) = (known, VersionVector())
      if tree.parent(of: identity.replica.node.scope) == nil { top = known }
      for ack in try acknowledgements(stream) {
        let isBelow =
          ack.peer.node.scope != identity.replica.node.scope
          && tree.isAtOrAbove(identity.replica.node.scope, ack.peer.node.scope)
        if isBelow {
          held = held.intersection(known.dominates(ack.needs) ? ack.held : VersionVector())
        }
        top = top.union(ack.top)
      }
      return Acknowledgement(stream: stream, held: held, needs: known, top: top)
    }
  }

  /// Keeps what a peer told of a stream; a statement only grows. Returns whether it said anything new.
  package func record(
    _ acknowledgement: Acknowledgement, from peer: ReplicaID, wallMilliseconds: UInt64
  ) throws(StoreError) -> Bool {
    try transaction(stamping: nil) { () throws(StoreError) in
      let old = try acknowledgements(acknowledgement.stream).first { $0.peer == peer }
      let held = acknowledgement.held.union(old?.held ?? VersionVector())
      let top = acknowledgement.top.union(old?.top ?? VersionVector())
      let isNew =
        old.map { $0.held != held || $0.top != top || $0.needs != acknowledgement.needs } ?? true
      let insert = try statements(
        "INSERT OR REPLACE INTO tributary_ack VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
      insert.bind(1, acknowledgement.stream.packed)
      insert.bind(2, peer.packed)
      insert.bind(3, blob: held.stored)
      insert.bind(4, blob: acknowledgement.needs.stored)
      insert.bind(5, blob: top.stored)
      insert.bind(6, wallMilliseconds)
      try insert.run()
      return isNew
    }
  }

  /// What one peer said of one stream.
  package struct StoredAcknowledgement: Hashable, Sendable {
    package let peer: ReplicaID
    package let held: VersionVector
    package let needs: VersionVector
    package let top: VersionVector
    package let atMilliseconds: UInt64
  }

  /// All statements of peers about a stream, by peer.
  package func peerAcknowledgements(
    for stream: StreamID
  ) throws(StoreError) -> [StoredAcknowledgement] {
    try reading { () throws(StoreError) in try acknowledgements(stream) }
  }

  private func acknowledgements(
    _ stream: StreamID
  ) throws(StoreError) -> [StoredAcknowledgement] {
    let select = try statements(
      "SELECT peer, held, needs, top, at FROM tributary_ack WHERE stream = ? ORDER BY peer")
    defer { select.reset() }
    select.bind(1, stream.packed)
    var list: [StoredAcknowledgement] = []
    while try select.step() {
      guard let peer = ReplicaID(packed: select.unsigned(0)),
        let held = VersionVector(stored: select.blob(1)),
        let needs = VersionVector(stored: select.blob(2)),
        let top = VersionVector(stored: select.blob(3))
      else { throw .damagedRecord("acknowledgement of \(stream)") }
      list.append(
        StoredAcknowledgement(
          peer: peer, held: held, needs: needs, top: top, atMilliseconds: select.unsigned(4)))
    }
    return list
  }
}

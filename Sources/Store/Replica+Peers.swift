package import Causality
internal import Changes

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
}

internal import Causality
internal import Changes
internal import Replication
internal import Store
internal import Wire

/// The other side of a bundle, as the registry here knows it.
struct BundlePeer {
  let node: NodeCode
  /// Its newest admitted life; nil while none is known here.
  let replica: ReplicaID?
  /// It is below this node, or another node of its division: this node is its hub.
  let isBelow: Bool
  /// The streams that both hold, ascending.
  let shared: [StreamID]

  /// Throws `own`, `unknownNode`, `notRelated`.
  init(_ node: NodeCode, at replica: Replica) throws(BundleError) {
    let own = replica.identity.replica
    guard node != own.node else { throw .own(own) }
    guard replica.tree.contains(node.scope) else { throw .unknownNode(node) }
    isBelow = replica.tree.isAtOrAbove(own.node.scope, node.scope)
    guard isBelow || replica.tree.isAtOrAbove(node.scope, own.node.scope) else {
      throw .notRelated(node)
    }
    self.node = node
    self.replica = try BundleError.store { () throws(StoreError) in
      try replica.admittedReplica(of: node)
    }
    shared = replica.streams.filter { replica.tree.holds(node.scope, $0) }
  }

  /// What this node tells of its streams; only a hub tells of the top (Protocol/6-Sessions §7).
  func acknowledgements(
    of streams: [StreamID], at replica: Replica
  ) throws(StoreError) -> [Acknowledgement] {
    var list: [Acknowledgement] = []
    for stream in streams {
      let own = try replica.acknowledgement(for: stream)
      list.append(isBelow ? own : own.withoutTop)
    }
    return list
  }

  /// What the peer said last that it knows.
  func known(at replica: Replica) throws(StoreError) -> [StreamVector] {
    guard let peer = self.replica else { return [] }
    var list: [StreamVector] = []
    for stream in shared {
      let said = try replica.peerAcknowledgements(for: stream).first { $0.peer == peer }
      if let said { list.append(StreamVector(stream: stream, known: said.needs)) }
    }
    return list
  }
}

extension Replica {
  /// Notes what a bundle carried, beside what links did.
  func noteBundle(
    _ peer: ReplicaID, isParent: Bool, _ change: (inout PeerRecord) -> Void
  ) throws(StoreError) {
    var record =
      try peers().first { $0.replica == peer } ?? PeerRecord(replica: peer, isParent: isParent)
    change(&record)
    try self.record(record)
  }
}

package import Causality
internal import Changes
package import Wire

/// What one peer said of one stream.
package struct StoredAcknowledgement: Hashable, Sendable {
  package let peer: ReplicaID
  /// What it and all below it hold.
  package let held: VersionVector
  /// Its knowledge when it said so.
  package let needs: VersionVector
  /// What the top holds, as far as the peer was told.
  package let top: VersionVector
  package let atMilliseconds: UInt64
  /// The last of its `held` whose `needs` was known here: what counts while the newest does not yet.
  let counted: VersionVector

  /// What it holds, as far as that counts where `known` is known (engine.md §5).
  func counted(where known: VersionVector) -> VersionVector {
    known.dominates(needs) ? held : counted
  }
}

extension Replica {
  /// What this node tells a peer of a stream: A, what A builds on, and what the top holds.
  package func acknowledgement(for stream: StreamID) throws(StoreError) -> Acknowledgement {
    try acknowledgements(for: [stream])[0]
  }

  /// What this node tells a peer of several streams, at one moment, in the given order.
  ///
  /// A leaf's A is its knowledge; a hub's is the minimum of its own and its children's counted A. A child
  /// that was admitted and said nothing yet holds nothing: A, of which the receiver keeps the largest,
  /// stands still until it speaks. Source: engine.md §5.
  package func acknowledgements(
    for streams: [StreamID]
  ) throws(StoreError) -> [Acknowledgement] {
    try reading { () throws(StoreError) in
      let children = try children()
      var list: [Acknowledgement] = []
      for stream in streams {
        let known = try state(of: stream).known
        let said = try storedAcknowledgements(stream)
        var held = known
        for child in children where tree.holds(child.node.scope, stream) {
          let counted = said.first { $0.peer == child }?.counted(where: known)
          held = held.intersection(counted ?? VersionVector())
        }
        list.append(
          Acknowledgement(
            stream: stream, held: held, needs: known, top: top(of: stream, known, said)))
      }
      return list
    }
  }

  /// The active replicas that answer to this node: those below it without an active replica between. Kept until
  /// the registry changes: the top of a country has thousands of rows in it, and each long poll asks.
  private func children() throws(StoreError) -> [ReplicaID] {
    if let knownChildren { return knownChildren }
    let select = try statements(
      "SELECT replica FROM tributary_replicas WHERE status = ? ORDER BY division, replica")
    defer { select.reset() }
    select.bind(1, text: Registry.active)
    var active: [ReplicaID] = []
    while try select.step() {
      if let replica = ReplicaID(select.text(0)) { active.append(replica) }
    }
    let hubs = Set(active.map(\.node.scope))
    let children = active.filter { isChild($0, hubs) }
    knownChildren = children
    return children
  }

  private func isChild(_ replica: ReplicaID, _ hubs: Set<Scope>) -> Bool {
    let own = identity.replica.node
    if replica.node.scope == own.scope { return own.terminal == 0 && replica.node.terminal != 0 }
    // A terminal's node, before all above.
    if replica.node.terminal != 0, hubs.contains(replica.node.scope) { return false }
    var next = tree.parent(of: replica.node.scope)
    while let scope = next {
      if scope == own.scope { return own.terminal == 0 }
      if hubs.contains(scope) { return false }
      next = tree.parent(of: scope)
    }
    return false
  }

  /// Whether a peer is a hub of this node: above it, or for a terminal its division's own node.
  private func isHub(_ peer: ReplicaID) -> Bool {
    let own = identity.replica.node
    if peer.node.scope == own.scope { return own.terminal != 0 && peer.node.terminal == 0 }
    return tree.isAtOrAbove(peer.node.scope, own.scope)
  }

  private var isTop: Bool { tree.parent(of: identity.replica.node.scope) == nil }

  /// What the top holds, as this node knows from itself or its hubs.
  private func top(
    of stream: StreamID, _ known: VersionVector, _ said: [StoredAcknowledgement]
  ) -> VersionVector {
    if isTop { return known }
    var top = VersionVector()
    for acknowledgement in said where isHub(acknowledgement.peer) {
      top = top.union(acknowledgement.top)
      if tree.parent(of: acknowledgement.peer.node.scope) == nil {
        top = top.union(acknowledgement.needs)
      }
    }
    return top
  }

  /// Keeps what a peer told of streams, in one commit; a statement only grows. Returns of which it said anything new.
  package func record(
    _ acknowledgements: [Acknowledgement], from peer: ReplicaID, wallMilliseconds: UInt64
  ) throws(StoreError) -> [StreamID] {
    try transaction(stamping: nil) { () throws(StoreError) in
      try keep(acknowledgements, from: peer, wallMilliseconds: wallMilliseconds)
    }
  }

  /// `record` within a transaction.
  func keep(
    _ acknowledgements: [Acknowledgement], from peer: ReplicaID, wallMilliseconds: UInt64
  ) throws(StoreError) -> [StreamID] {
    var news: [StreamID] = []
    for acknowledgement in acknowledgements {
      let stream = acknowledgement.stream
      let old = try storedAcknowledgements(stream).first { $0.peer == peer }
      let held = acknowledgement.held.union(old?.held ?? VersionVector())
      let top = acknowledgement.top.union(old?.top ?? VersionVector())
      let needs = acknowledgement.needs.union(old?.needs ?? VersionVector())
      let known = try state(of: stream).known
      let counted =
        known.dominates(needs) ? held : old?.counted(where: known) ?? VersionVector()
      let isNew = old.map { $0.held != held || $0.top != top || $0.needs != needs } ?? true
      let insert = try statements(
        "INSERT OR REPLACE INTO tributary_ack VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
      insert.bind(1, stream.packed)
      insert.bind(2, peer.packed)
      insert.bind(3, blob: held.stored)
      insert.bind(4, blob: needs.stored)
      insert.bind(5, blob: top.stored)
      insert.bind(6, wallMilliseconds)
      insert.bind(7, blob: counted.stored)
      try insert.run()
      if isNew { news.append(stream) }
    }
    return news
  }

  /// All statements of peers about a stream, by peer.
  package func peerAcknowledgements(
    for stream: StreamID
  ) throws(StoreError) -> [StoredAcknowledgement] {
    try reading { () throws(StoreError) in try storedAcknowledgements(stream) }
  }

  private func storedAcknowledgements(
    _ stream: StreamID
  ) throws(StoreError) -> [StoredAcknowledgement] {
    let select = try statements(
      "SELECT peer, held, needs, top, at, counted FROM tributary_ack WHERE stream = ? "
        + "ORDER BY peer")
    defer { select.reset() }
    select.bind(1, stream.packed)
    var list: [StoredAcknowledgement] = []
    while try select.step() {
      guard let peer = ReplicaID(packed: select.unsigned(0)),
        let held = VersionVector(stored: select.blob(1)),
        let needs = VersionVector(stored: select.blob(2)),
        let top = VersionVector(stored: select.blob(3)),
        let counted = VersionVector(stored: select.blob(5))
      else { throw .damagedRecord("acknowledgement of \(stream)") }
      list.append(
        StoredAcknowledgement(
          peer: peer, held: held, needs: needs, top: top, atMilliseconds: select.unsigned(4),
          counted: counted))
    }
    return list
  }
}

/// How far a change set has come, as acknowledgements prove. Source: engine.md §9.
package enum Reach: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  /// Durable on this node.
  case here = 0
  /// Durable at a hub of this node too.
  case hub = 1
  /// Durable at the top of the tree.
  case top = 2

  package static func < (left: Reach, right: Reach) -> Bool { left.rawValue < right.rawValue }
}

/// How far this replica's own change sets of one stream have come: each counts once.
package struct StreamReach: Hashable, Sendable {
  package let stream: StreamID
  /// Durable here, and no hub said that it has them.
  package let hereOnly: UInt64
  /// At a hub, and nothing says that they are at the top.
  package let atHub: UInt64
  package let atTop: UInt64

  package var total: UInt64 { hereOnly + atHub + atTop }
}

extension Replica {
  /// How far a change set has come; nil when it is not known here. Never more than what was acknowledged:
  /// a change set that arrived is counted once its hub has said so. Cost: follows the hubs.
  ///
  /// Source: engine.md §9.
  package func reach(of dot: Dot) throws(StoreError) -> Reach? {
    guard streams.contains(dot.stream) else { return nil }
    return try reading { () throws(StoreError) in
      guard try state(of: dot.stream).known.contains(dot.replica, dot.number) else { return nil }
      let (hub, top) = try reached(dot.stream)
      if top.contains(dot.replica, dot.number) { return .top }
      return hub.contains(dot.replica, dot.number) ? .hub : .here
    }
  }

  /// How far the own change sets have come, for the streams that have some, ascending by stream.
  package func reaches() throws(StoreError) -> [StreamReach] {
    try reading { () throws(StoreError) in
      let own = identity.replica
      var list: [StreamReach] = []
      for stream in streams {
        let count = try state(of: stream).known[own]
        guard count > 0 else { continue }
        let (hub, top) = try reached(stream)
        let atTop = min(count, top[own])
        let above = max(atTop, min(count, hub[own]))
        list.append(
          StreamReach(
            stream: stream, hereOnly: count - above, atHub: above - atTop, atTop: atTop))
      }
      return list
    }
  }

  /// What the hubs and the top are known to hold of a stream.
  private func reached(
    _ stream: StreamID
  ) throws(StoreError) -> (hub: VersionVector, top: VersionVector) {
    let said = try storedAcknowledgements(stream)
    var hub = VersionVector()
    for acknowledgement in said where isHub(acknowledgement.peer) {
      hub = hub.union(acknowledgement.needs)
    }
    return (hub, top(of: stream, try state(of: stream).known, said))
  }
}

package import Causality
internal import Changes
package import Replication
package import Store

extension Replica {
  /// Versions of Protocol/ that this program speaks.
  package static let protocolVersions: ClosedRange<UInt16> = 1...1

  /// What never changes in a conversation that begins now. `turnBytes`: about how much one turn carries.
  package func exchangeContext(
    wallMilliseconds: UInt64, turnBytes: Int = Limits.turnBytes
  ) throws(StoreError) -> ExchangeContext {
    ExchangeContext(
      replica: identity.replica, protocolVersions: Self.protocolVersions,
      schemaVersion: schema.version, quarantineCount: try quarantineCount(),
      wallMilliseconds: wallMilliseconds, turnBytes: turnBytes)
  }

  /// The streams shared with a hub of a division above, ascending.
  package func streams(sharedWith hub: NodeCode) -> [StreamID] {
    streams.filter { tree.holds(hub.scope, $0) }
  }

  /// Does what an alarm of a conversation demands of the replica: a restored or cloned one stops writing
  /// (engine.md §6), unequal rows at equal knowledge go to the inbox (I9).
  /// `peer`: who raised it; nil when its HELLO had not come yet.
  package func heed(_ alarm: Alarm, from peer: ReplicaID?) throws(StoreError) {
    let witness = peer ?? identity.replica
    switch alarm {
    case .restored(let stream, let own, let known):
      try stopWriting(.restored(stream: stream, peer: witness, known: known, own: own))
    case .cloned(let dot):
      try stopWriting(.cloned(stream: dot.stream, peer: witness, number: dot.number))
    case .digestMismatch(let stream, let peer):
      try report("digest", subject: "\(stream) \(peer)", detail: "equal knowledge")
    case .fork, .unproved, .notShared, .impostor:
      break
    }
  }
}

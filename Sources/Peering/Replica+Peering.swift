package import Causality
internal import Changes
package import Replication
package import Store

extension Replica {
  /// What never changes in a conversation that begins now.
  package func exchangeContext(wallMilliseconds: UInt64) throws(StoreError) -> ExchangeContext {
    ExchangeContext(
      replica: identity.replica, protocolVersions: 1...1, schemaVersion: schema.version,
      quarantineCount: try quarantineCount(), wallMilliseconds: wallMilliseconds)
  }

  /// The streams shared with a hub of a division above, ascending.
  package func streams(sharedWith hub: NodeCode) -> [StreamID] {
    streams.filter { tree.holds(hub.scope, $0) }
  }

  /// Does what an alarm of a conversation demands of the replica: a restored or cloned one stops writing
  /// (engine.md §6), unequal rows at equal knowledge go to the inbox (I9).
  package func heed(_ alarm: Alarm) throws(StoreError) {
    switch alarm {
    case .restored(let stream, let own, let peer):
      try stopWriting(
        .restored(stream: stream, peer: identity.replica, known: peer, own: own))
    case .cloned(let dot):
      try stopWriting(
        .cloned(stream: dot.stream, peer: identity.replica, number: dot.number))
    case .digestMismatch(let stream, let peer):
      try report("digest", subject: "\(stream) \(peer)", detail: "equal knowledge")
    case .fork, .unproved, .notShared, .impostor:
      break
    }
  }
}

internal import Causality
internal import Foundation

/// What a lease file says. Source: engine.md §6.
package struct LeaseContent: Codable, Hashable, Sendable {
  /// The replica, as `ReplicaID.description`.
  package var replica: String
  /// New at each opening.
  package var nonce: String
  /// Own change sets by packed stream, at the last orderly point.
  package var own: [String: UInt64]

  init(replica: ReplicaID, nonce: String, own: [(StreamID, UInt64)]) {
    (self.replica, self.nonce) = (replica.description, nonce)
    self.own = Dictionary(own.map { ("\($0.0.packed)", $0.1) }) { first, _ in first }
  }

  /// The content of a file; nil when it is damaged: another form, or a name that is no stream.
  package init?(file bytes: [UInt8]) {
    guard bytes.count <= Self.mostBytes else { return nil }
    // What is wrong with it does not matter: a damaged lease stops the replica.
    let decoded = try? JSONDecoder().decode(LeaseContent.self, from: Data(bytes))
    guard let content = decoded,
      content.own.keys.allSatisfy({ UInt32($0).flatMap { StreamID(packed: $0) } != nil })
    else { return nil }
    self = content
  }

  /// Far above what a node with all streams of a province writes.
  private static let mostBytes = 1 << 20

  /// The file; nil when it cannot be encoded.
  package var file: [UInt8]? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    // An encoder that fails is told by whoever writes.
    return (try? encoder.encode(self)).map { Array($0) }
  }
}

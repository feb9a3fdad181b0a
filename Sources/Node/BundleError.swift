package import Causality
package import Store
package import Transport
package import Wire

/// Why a bundle was not written or not taken. Source: Protocol/6-Sessions §11.
package enum BundleError: Error, Equatable, Sendable {
  /// The replica cannot be read or written; what was taken before counts.
  case store(StoreError)
  /// The bundle file cannot be read or written.
  case file(TransportError)
  /// The file is no bundle, or is damaged before its first change.
  case unreadable(BundleDamage)
  /// The bundle is for another node.
  case addressed(to: NodeCode, from: ReplicaID)
  /// The bundle was written by this replica, or is to be written for it.
  case own(ReplicaID)
  /// The other node is neither above nor below this one.
  case notRelated(NodeCode)
  /// No such division in the tree.
  case unknownNode(NodeCode)
  /// The other node is below this one and was not admitted.
  case notAdmitted(NodeCode)
  /// The other replica's life is over.
  case retired(ReplicaID)
  /// The bundle builds on change sets of these streams that are not here.
  case gap([StreamID], from: ReplicaID)
  /// The sender knows change sets of this replica that it has not itself: it was put back from a copy.
  case restored(StreamID, own: UInt64, known: UInt64)
  /// The bundle breaks the protocol.
  case violated(ErrorMessage)

  /// Runs `body`; errors of the replica become `store`.
  static func store<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(BundleError) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }

  /// Runs `body`; errors of the file become `file`.
  static func file<Result>(
    _ body: () throws(TransportError) -> Result
  ) throws(BundleError) -> Result {
    do throws(TransportError) { return try body() } catch { throw .file(error) }
  }
}

/// Where a bundle cannot be read any further, and why.
package struct BundleDamage: Hashable, Sendable {
  /// Bytes of the file that are whole messages.
  package let offset: UInt64
  /// The message that is not, from 0.
  package let frame: UInt32
  package let error: WireError
}

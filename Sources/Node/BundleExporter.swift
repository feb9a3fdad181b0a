package import Causality
internal import Changes
internal import Peering
internal import Replication
package import Store
internal import Transport
package import Wire

/// Writes a bundle for a node that no link reaches. Source: Protocol/6-Sessions §11, 8-Bundles.
package struct BundleExporter {
  /// What the receiver is taken to know.
  package enum Basis: String, Hashable, Sendable {
    /// What it acknowledged last, by a link or a bundle.
    case acknowledged
    /// Nothing: all is carried.
    case nothing
  }

  /// What was written.
  package struct Result: Hashable, Sendable {
    package let path: String
    package let manifest: BundleManifest
    package let byteCount: Int
    /// Whether something was left for a next bundle, because one has a bound.
    package let isPartial: Bool
  }

  private let replica: Replica
  private let wallMilliseconds: UInt64

  package init(_ replica: Replica, wallMilliseconds: UInt64) {
    (self.replica, self.wallMilliseconds) = (replica, wallMilliseconds)
  }

  /// Writes what `node` lacks, as far as it is known, into a file that appears when it is whole and durable.
  ///
  /// First stamps what other programs wrote. Only streams that the receiver holds by right are carried, and only
  /// what is durable here (I2). Throws `notAdmitted` for a child that is not in the registry, `notRelated`,
  /// `unknownNode`, `own`, `file`, `store`.
  package func export(
    to node: NodeCode, basis: Basis, path: String
  ) throws(BundleError) -> Result {
    let peer = try BundlePeer(node, at: replica)
    guard !peer.isBelow || peer.replica != nil else { throw .notAdmitted(node) }
    var machine = try BundleError.store { () throws(StoreError) in
      try replica.stampCaptured(wallMilliseconds: wallMilliseconds)
      return BundleExport(
        context: try replica.exchangeContext(wallMilliseconds: wallMilliseconds), to: node,
        own: try replica.summariesWithKnowledge(of: peer.shared).map {
          StreamState(summary: $0.summary, known: $0.known)
        },
        base: basis == .acknowledged ? try peer.known(at: replica) : [],
        acknowledgements: try peer.acknowledgements(of: peer.shared, at: replica))
    }
    let actions = ReplicaActions(
      replica, challenges: ChallengeBook(),
      conversation: Conversation(isHub: false, wallMilliseconds: wallMilliseconds))
    var writer = try BundleFileWriter(replica)
    var isPartial = false
    while let action = machine.next() {
      switch action {
      case .append(let message): try writer.append(message)
      case .readChanges(let request):
        let batch = try BundleError.store { () throws(StoreError) in
          try actions.readChanges(request)
        }
        isPartial = batch != nil && !writer.hasRoom
        machine.answer(isPartial ? nil : batch)
      case .finish(let manifest):
        let byteCount = try writer.finish(manifest, path: path)
        try note(peer, manifest, byteCount)
        return Result(
          path: path, manifest: manifest, byteCount: byteCount, isPartial: isPartial)
      }
    }
    preconditionFailure("an export ends with its manifest")
  }

  private func note(
    _ peer: BundlePeer, _ manifest: BundleManifest, _ byteCount: Int
  ) throws(BundleError) {
    guard let to = peer.replica else { return }
    try BundleError.store { () throws(StoreError) in
      try replica.noteBundle(to, isParent: !peer.isBelow) { record in
        record.bytesOut += UInt64(byteCount)
        record.framesOut += UInt64(manifest.frameCount)
        record.changeSetsOut += manifest.changeSetCount
      }
    }
  }
}

extension BundleManifest {
  /// Change sets between the ends of its ranges.
  package var changeSetCount: UInt64 {
    ranges.reduce(0) { $0 + $1.upTo.count(beyond: $1.after) }
  }
}

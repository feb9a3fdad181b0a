package import Causality
package import Changes
package import Wire

/// What never changes during one conversation: who speaks, and with which bounds.
package struct ExchangeContext: Hashable, Sendable {
  /// This node's replica.
  package let replica: ReplicaID
  package let protocolVersions: ClosedRange<UInt16>
  package let schemaVersion: UInt32
  /// Rows in quarantine here.
  package let quarantineCount: UInt64
  /// Wall clock at the start, milliseconds since 1970.
  package let wallMilliseconds: UInt64
  /// Bytes of change sets sent in one turn.
  package let turnBytes: Int
  /// Bytes of change sets gathered in one frame.
  package let frameBytes: Int

  package init(
    replica: ReplicaID, protocolVersions: ClosedRange<UInt16>, schemaVersion: UInt32,
    quarantineCount: UInt64, wallMilliseconds: UInt64, turnBytes: Int = Limits.turnBytes,
    frameBytes: Int = Limits.frameTargetBytes
  ) {
    precondition(turnBytes > 0 && frameBytes > 0, "a turn has room for something")
    self.replica = replica
    self.protocolVersions = protocolVersions
    self.schemaVersion = schemaVersion
    self.quarantineCount = quarantineCount
    self.wallMilliseconds = wallMilliseconds
    self.turnBytes = turnBytes
    self.frameBytes = frameBytes
  }

  /// A HELLO of this node without its signature.
  func hello(challenge: [UInt8], streams: [StreamSummary], wall: UInt64) -> Hello {
    Hello(
      protocolVersions: protocolVersions, replica: replica, schemaVersion: schemaVersion,
      wallMilliseconds: wall, quarantineCount: quarantineCount, challenge: challenge,
      streams: streams, signature: [])
  }
}

/// One stream as it is here: what is compared and what is known, at one moment.
package struct StreamState: Hashable, Sendable {
  package let summary: StreamSummary
  package let known: VersionVector

  package init(summary: StreamSummary, known: VersionVector) {
    (self.summary, self.known) = (summary, known)
  }
}

/// What the registry and the rights say of the sender of a HELLO.
package struct PeerStanding: Hashable, Sendable {
  /// Where the replica stands in the registry.
  package enum Registration: Hashable, Sendable {
    /// Not in the registry.
    case unknown
    /// Admitted, and this node's child or parent.
    case admitted
    /// Admitted, but neither child nor parent of this node.
    case notRelated
    /// Fenced, or its epoch is over.
    case retired
  }

  package let registration: Registration
  /// Whether HELLO is signed by the key that the registry names.
  package let signatureHolds: Bool
  /// At a hub: the 16 bytes that this process gives that replica, and that its HELLO must carry. Empty
  /// at a child.
  package let challenge: [UInt8]
  /// The streams held here that the peer holds too (`ScopeTree.holds`), ascending.
  package let shared: [StreamID]

  package init(
    registration: Registration, signatureHolds: Bool, challenge: [UInt8], shared: [StreamID]
  ) {
    self.registration = registration
    self.signatureHolds = signatureHolds
    self.challenge = challenge
    self.shared = shared
  }
}

/// How many parts of one large change set are here: all before `held`. On the wire it is a PART without
/// bytes (Protocol/6-Sessions §5).
package struct PartReceipt: Hashable, Sendable {
  package let dot: Dot
  package let contentHash: ContentHash
  /// 0…count − 1: the index of the first part that is missing.
  package let held: UInt32
  package let count: UInt32

  package init(dot: Dot, contentHash: ContentHash, held: UInt32, count: UInt32) {
    precondition(held < count, "what is complete is applied, not staged")
    (self.dot, self.contentHash, self.held, self.count) = (dot, contentHash, held, count)
  }

  var message: Message {
    .part(
      PartMessage(dot: dot, contentHash: contentHash, index: held, count: count, bytes: []))
  }

  init?(_ part: PartMessage) {
    guard part.bytes.isEmpty, part.index < part.count else { return nil }
    self.init(dot: part.dot, contentHash: part.contentHash, held: part.index, count: part.count)
  }
}

/// What a peer knows of one stream.
package struct StreamVector: Hashable, Sendable {
  package let stream: StreamID
  package var known: VersionVector

  package init(stream: StreamID, known: VersionVector) {
    (self.stream, self.known) = (stream, known)
  }
}

/// Whole transactions, in apply order, that the receiver lacks.
package struct ChangesRequest: Hashable, Sendable {
  /// What the receiver knows, ascending by stream. A replica that is stopped on the link counts as known
  /// up to the largest number. Transactions of other streams are not asked for.
  package let lackedBy: [StreamVector]
  /// What the receiver holds in part: those parts need not be read.
  package let held: [PartReceipt]
  /// Bytes of one frame.
  package let maxBytes: Int

  package init(lackedBy: [StreamVector], held: [PartReceipt], maxBytes: Int) {
    (self.lackedBy, self.held, self.maxBytes) = (lackedBy, held, maxBytes)
  }
}

/// One frame of change sets, or one large change set in parts.
package struct OutgoingBatch: Hashable, Sendable {
  /// What is sent: a large change set never shares a message.
  package enum Content: Hashable, Sendable {
    case frame(ChangesMessage)
    /// Ascending by index, up to the last.
    case parts([PartMessage])
  }

  package let content: Content
  /// What the receiver knows of the streams of the request when it has all of this batch; streams that
  /// it does not touch may be left out.
  package let advancing: [StreamVector]

  package init(content: Content, advancing: [StreamVector]) {
    (self.content, self.advancing) = (content, advancing)
  }
}

/// One change set that the store did not take, and why. Nothing after it of the same stream and replica
/// is applied from the same message.
package struct Rejection: Hashable, Sendable {
  package let dot: Dot
  /// `unprovedChangeSet`, `forkDetected`, `limitExceeded`, …: what the peer is told.
  package let code: ProtocolErrorCode

  package init(dot: Dot, code: ProtocolErrorCode) { (self.dot, self.code) = (dot, code) }
}

/// What one apply did. It is durable.
package struct ApplyReport: Hashable, Sendable {
  /// Change sets applied now, those included that had waited parked.
  package let applied: Int
  /// Change sets that were known already.
  package let duplicates: Int
  /// Change sets of this message kept until what they need comes.
  package let parked: Int
  package let rejections: [Rejection]

  package init(applied: Int, duplicates: Int, parked: Int, rejections: [Rejection] = []) {
    self.applied = applied
    self.duplicates = duplicates
    self.parked = parked
    self.rejections = rejections
  }
}

/// A replica within a stream, stopped or fenced.
package struct StreamReplica: Hashable, Sendable {
  package let stream: StreamID
  package let replica: ReplicaID

  package init(stream: StreamID, replica: ReplicaID) {
    (self.stream, self.replica) = (stream, replica)
  }
}

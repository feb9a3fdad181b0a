package import Causality
package import Changes

/// A change set as it is carried and stored: canonical header bytes and body, the body maybe deflated.
/// Its canonical bytes are `header` ‖ inflated `body`; their hash chains and their heads are signed.
///
/// Source: Protocol/3-ChangeSets §1, 5-Frames §4.
package struct EncodedChangeSet: Hashable, Sendable {
  package let dot: Dot
  /// Canonical header bytes (Protocol/3-ChangeSets §2).
  package let header: [UInt8]
  /// Canonical body bytes, deflated (zlib) when `bodyIsDeflated`.
  package let body: [UInt8]
  /// Bodies of at least `EncodedChangeSet.deflateThreshold` bytes are deflated alone, by the writer's
  /// store as they are sent; smaller ones are deflated with the frame that carries them.
  package let bodyIsDeflated: Bool
  /// Bytes of the canonical body.
  package let bodyByteCount: Int

  package init(
    dot: Dot, header: [UInt8], body: [UInt8], bodyIsDeflated: Bool, bodyByteCount: Int
  ) {
    self.dot = dot
    self.header = header
    self.body = body
    self.bodyIsDeflated = bodyIsDeflated
    self.bodyByteCount = bodyByteCount
  }

  /// Bytes of a canonical body from which it is deflated alone.
  package static let deflateThreshold = 2_048

  /// Bytes that this change set takes in a frame or in the log, about.
  package var byteCount: Int { header.count + body.count }
}

/// A replica's signature over its head of one stream: it proves every change set up to `number`.
///
/// Source: engine.md §3 (signatures), Protocol/3-ChangeSets §6.
package struct SignedHead: Hashable, Sendable {
  package let dot: Dot
  /// hash_n of the chain.
  package let hash: ContentHash
  /// 64 bytes of Ed25519.
  package let signature: [UInt8]

  package init(dot: Dot, hash: ContentHash, signature: [UInt8]) {
    (self.dot, self.hash, self.signature) = (dot, hash, signature)
  }
}

/// What two replicas compare of one stream first: 20 + 16 bytes. Equal all → nothing to do.
package struct StreamSummary: Hashable, Sendable {
  package let stream: StreamID
  /// The first 8 bytes of SHA-256 over all (replica, number, hash_n), ascending by replica: equal when both
  /// know the same change sets, each with the same content.
  package let headsHash: UInt64
  /// The 128-bit sum of row hashes (engine.md §8), big-endian; compared when the heads are equal.
  package let digest: [UInt8]

  package init(stream: StreamID, headsHash: UInt64, digest: [UInt8]) {
    precondition(digest.count == 16, "a digest has 128 bits")
    (self.stream, self.headsHash, self.digest) = (stream, headsHash, digest)
  }
}

/// The first frame of each side of an exchange. Source: engine.md §8, Protocol/6-Sessions §2.
package struct Hello: Hashable, Sendable {
  /// Lowest and highest protocol version spoken.
  package let protocolVersions: ClosedRange<UInt16>
  package let replica: ReplicaID
  package let schemaVersion: UInt32
  /// Wall clock of the sender, milliseconds since 1970.
  package let wallMilliseconds: UInt64
  /// Rows in quarantine; digests are compared only when it is 0 on both sides.
  package let quarantineCount: UInt64
  /// From hub to child: the challenge that the child's next HELLO must sign. From child to hub: the
  /// challenge that it signs, zeros at first contact. 16 bytes.
  package let challenge: [UInt8]
  /// Streams that the sender holds and the receiver holds too, ascending.
  package let streams: [StreamSummary]
  /// Ed25519 by the sender's replica key over the canonical HELLO without this field; 64 bytes.
  package let signature: [UInt8]

  package init(
    protocolVersions: ClosedRange<UInt16>, replica: ReplicaID, schemaVersion: UInt32,
    wallMilliseconds: UInt64, quarantineCount: UInt64, challenge: [UInt8],
    streams: [StreamSummary], signature: [UInt8]
  ) {
    self.protocolVersions = protocolVersions
    self.replica = replica
    self.schemaVersion = schemaVersion
    self.wallMilliseconds = wallMilliseconds
    self.quarantineCount = quarantineCount
    self.challenge = challenge
    self.streams = streams
    self.signature = signature
  }
}

/// The sender's knowledge of one stream, durable at the sender, and its head of the receiver's own change
/// sets there (for the detection of restored and cloned replicas).
package struct StreamKnowledge: Hashable, Sendable {
  package let stream: StreamID
  package let known: VersionVector
  /// hash_n of the receiver's replica at `known[receiver]`; nil when that is 0.
  package let receiverHead: ContentHash?

  package init(stream: StreamID, known: VersionVector, receiverHead: ContentHash?) {
    (self.stream, self.known, self.receiverHead) = (stream, known, receiverHead)
  }
}

/// Change sets in the sender's apply order, whole transactions only, with the signed heads that prove them.
package struct ChangesMessage: Hashable, Sendable {
  package let changeSets: [EncodedChangeSet]
  package let heads: [SignedHead]

  package init(changeSets: [EncodedChangeSet], heads: [SignedHead]) {
    (self.changeSets, self.heads) = (changeSets, heads)
  }
}

/// One piece, at most `Limits.partBytes`, of one change set that is too large for a frame.
package struct PartMessage: Hashable, Sendable {
  package let dot: Dot
  /// SHA-256 of the whole (the concatenated parts: the encoding of one ChangesMessage with this one change
  /// set and its head).
  package let contentHash: ContentHash
  /// 0-based index of this part and count of all parts.
  package let index: UInt32
  package let count: UInt32
  package let bytes: [UInt8]

  package init(dot: Dot, contentHash: ContentHash, index: UInt32, count: UInt32, bytes: [UInt8]) {
    self.dot = dot
    self.contentHash = contentHash
    self.index = index
    self.count = count
    self.bytes = bytes
  }
}

/// How far one stream has come. Source: engine.md §5 (acks), §9 (what the user is told).
package struct Acknowledgement: Hashable, Sendable {
  package let stream: StreamID
  /// A: what the sender and all its admitted children hold. It counts only when the receiver's
  /// knowledge dominates `needs`.
  package let held: VersionVector
  /// The sender's knowledge when it computed `held`.
  package let needs: VersionVector
  /// From hub to child: what the top holder is known to hold.
  package let top: VersionVector

  package init(
    stream: StreamID, held: VersionVector, needs: VersionVector, top: VersionVector
  ) {
    (self.stream, self.held, self.needs, self.top) = (stream, held, needs, top)
  }
}

/// Why an exchange ends. Source: Protocol/9-Limits (codes), 6-Sessions §6.
package enum ProtocolErrorCode: UInt16, Hashable, Sendable, CaseIterable {
  /// The bytes are no frame, or the frame's checksum or form is wrong.
  case malformedFrame = 1
  /// A stated limit is exceeded.
  case limitExceeded = 2
  /// No protocol version in common.
  case versionMismatch = 3
  /// The replica is not in the registry.
  case unknownReplica = 4
  /// The signature of HELLO is wrong or its challenge is stale; sign the challenge given and try again.
  case authenticationNeeded = 5
  /// The replica was fenced or its epoch is over.
  case retiredReplica = 6
  /// A stream that the sender of the change set may not send here.
  case streamNotShared = 7
  /// A signature or chain hash is wrong; that stream and replica are stopped on this link.
  case unprovedChangeSet = 8
  /// Two contents for one dot.
  case forkDetected = 9
  /// The receiver has seen later change sets of the sender than the sender itself: it was restored or
  /// cloned.
  case replicaRestored = 10
  /// The receiver cannot write now (disk full, busy); try again later.
  case notReady = 11
  /// A frame that does not belong here in the session.
  case unexpectedFrame = 12
  /// The two are not parent and child.
  case notAdmitted = 13
}

/// Ends an exchange; facts, not prose: text for people is made from them.
package struct ErrorMessage: Hashable, Sendable {
  package let code: ProtocolErrorCode
  /// The change set, stream, replica or limit concerned, as text; at most `Limits.errorTextBytes`.
  package let subject: String
  /// Milliseconds for which the receiver asks not to be called again; 0 for none.
  package let retryAfterMilliseconds: UInt64

  package init(code: ProtocolErrorCode, subject: String, retryAfterMilliseconds: UInt64 = 0) {
    self.code = code
    self.subject = subject
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }
}

/// The first frame of a bundle. Source: engine.md §9, Protocol/8-Bundles.
package struct BundleManifest: Hashable, Sendable {
  package let from: ReplicaID
  /// Nil: for whoever holds the streams.
  package let to: NodeCode?
  package let createdMilliseconds: UInt64
  /// True: only acknowledgements, to be carried back.
  package let isAcknowledgement: Bool
  /// Per stream: what the bundle builds on (the receiver must know it) and up to where it leads.
  package let ranges: [BundleRange]
  package let frameCount: UInt32

  package init(
    from: ReplicaID, to: NodeCode?, createdMilliseconds: UInt64, isAcknowledgement: Bool,
    ranges: [BundleRange], frameCount: UInt32
  ) {
    self.from = from
    self.to = to
    self.createdMilliseconds = createdMilliseconds
    self.isAcknowledgement = isAcknowledgement
    self.ranges = ranges
    self.frameCount = frameCount
  }
}

/// The K range of one stream in a bundle.
package struct BundleRange: Hashable, Sendable {
  package let stream: StreamID
  package let after: VersionVector
  package let upTo: VersionVector

  package init(stream: StreamID, after: VersionVector, upTo: VersionVector) {
    (self.stream, self.after, self.upTo) = (stream, after, upTo)
  }
}

/// The last frame of a bundle: SHA-256 over all bytes before it, signed by the exporter.
package struct BundleSeal: Hashable, Sendable {
  package let contentHash: ContentHash
  package let signature: [UInt8]

  package init(contentHash: ContentHash, signature: [UInt8]) {
    (self.contentHash, self.signature) = (contentHash, signature)
  }
}

/// Everything that one frame can say. One definition for HTTP bodies, bundle files and the simulator.
package enum Message: Hashable, Sendable {
  case hello(Hello)
  case knowledge(StreamKnowledge)
  case changes(ChangesMessage)
  case part(PartMessage)
  case acknowledgement(Acknowledgement)
  case error(ErrorMessage)
  /// The sender has said all of this turn; nothing may follow.
  case done
  case bundleManifest(BundleManifest)
  case bundleSeal(BundleSeal)
}

package import Causality
package import Changes

// What signatures are made over: a domain, so that a signature of one kind is worth nothing as another,
// then length-prefixed canonical fields. Source: Protocol/3-ChangeSets §7, 5-Frames §5, 8-Bundles §4.

extension Hello {
  /// What `signature` is over: `tributary hello v1` and HELLO without the signature.
  package var signedBytes: [UInt8] {
    var writer = ByteWriter(capacity: 128)
    writer.write(text: "tributary hello v1")
    writer.write(unsigned: self)
    return writer.bytes
  }
}

extension SignedHead {
  /// What `signature` is over: `tributary head v1`, the dot and the chain hash.
  package var signedBytes: [UInt8] {
    var writer = ByteWriter(capacity: 64)
    writer.write(text: "tributary head v1")
    writer.write(dot: dot)
    writer.write(counted: hash.bytes)
    return writer.bytes
  }
}

extension BundleSeal {
  /// What `signature` is over: `tributary bundle v1` and the content hash.
  package var signedBytes: [UInt8] {
    var writer = ByteWriter(capacity: 64)
    writer.write(text: "tributary bundle v1")
    writer.write(counted: contentHash.bytes)
    return writer.bytes
  }
}

/// What a new node asks of the hub that shall admit it. Source: Protocol/6-Sessions §13.
package enum EnrolmentBytes {
  /// What the signature of a request is over: `tributary enrolment v1`, the replica, its key, its name.
  package static func signed(replica: ReplicaID, publicKey: [UInt8], name: String) -> [UInt8] {
    var writer = ByteWriter(capacity: 96)
    writer.write(text: "tributary enrolment v1")
    writer.write(replica: replica)
    writer.write(counted: publicKey)
    writer.write(text: name)
    return writer.bytes
  }
}

extension ChangeSetCodec {
  /// The 65 bytes whose SHA-256 is the next hash of a chain: the domain, hash_n−1, the content hash of change
  /// set n. The content hash is SHA-256 over its domain and the canonical bytes.
  package static func chainInput(previous: ContentHash, content: ContentHash) -> [UInt8] {
    [HashDomain.chain.rawValue] + previous.bytes + content.bytes
  }
}

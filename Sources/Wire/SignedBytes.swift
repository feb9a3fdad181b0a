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

extension ChangeSetCodec {
  /// The 64 bytes whose SHA-256 is the next hash of a chain: hash_n−1, then the hash of the canonical bytes
  /// of change set n.
  package static func chainInput(previous: ContentHash, content: ContentHash) -> [UInt8] {
    previous.bytes + content.bytes
  }
}

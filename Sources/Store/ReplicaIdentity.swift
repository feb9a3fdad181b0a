package import Causality

/// The top replica's id and key: the root of every proof.
package struct Anchor: Hashable, Sendable {
  package let replica: ReplicaID
  /// 32 bytes of Ed25519.
  package let publicKey: [UInt8]

  package init(replica: ReplicaID, publicKey: [UInt8]) {
    (self.replica, self.publicKey) = (replica, publicKey)
  }

  /// `530000-1:` and 64 hexadecimal digits, as `init --anchor` takes it.
  package var description: String { "\(replica):\(Hexadecimal.encode(publicKey))" }

  /// Parses `description`; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let replica = ReplicaID(String(parts[0])),
      let key = Hexadecimal.decode(parts[1]), key.count == 32
    else { return nil }
    self.init(replica: replica, publicKey: key)
  }
}

/// Who this replica is, and its key.
package struct ReplicaIdentity: Sendable {
  package let replica: ReplicaID
  package let anchor: Anchor
  /// 32 bytes of Ed25519.
  package let publicKey: [UInt8]
  /// Nil for a reader.
  private let signer: Signer?

  init(
    replica: ReplicaID, anchor: Anchor, publicKey: [UInt8],
    privateKey: [UInt8]?, signatures: any SignatureScheme
  ) {
    self.replica = replica
    self.anchor = anchor
    self.publicKey = publicKey
    signer = privateKey.flatMap(signatures.signer)
  }

  /// 64 bytes of Ed25519 over `bytes`. Throws `folder` when the private key is not at hand.
  package func sign(_ bytes: [UInt8]) throws(StoreError) -> [UInt8] {
    guard let signature = signer?(bytes) else {
      throw .folder(path: "identity.key", problem: "the private key is not at hand")
    }
    return signature
  }

  /// The request that a hub admits this replica by.
  package func enrolmentRequest(name: String) throws(StoreError) -> EnrolmentRequest {
    let signature = try sign(
      EnrolmentRequest.signedBytes(replica: replica, publicKey: publicKey, name: name))
    return EnrolmentRequest(
      replica: replica, publicKey: publicKey, name: name, signature: signature)
  }
}

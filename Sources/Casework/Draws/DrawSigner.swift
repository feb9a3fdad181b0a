internal import Inspection
internal import Store

/// A person who signs commits: the name and the key, which the person keeps in a file of its own.
package struct DrawSigner: Sendable {
  package let name: String
  private let privateKey: [UInt8]
  /// 32 bytes of Ed25519.
  package let publicKey: [UInt8]

  /// A new key by chance.
  package init(name: String) {
    self.init(name: name, checked: SystemHost().randomBytes(32))
  }

  /// Reads what `text` gave. Returns nil for anything else.
  package init?(text: String) {
    let lines = text.split(whereSeparator: \.isNewline)
    guard lines.count == 2, let key = HexText.bytes(String(lines[1])), key.count == 32,
      Ed25519().publicKey(of: key) != nil
    else { return nil }
    self.init(name: String(lines[0]), checked: key)
  }

  private init(name: String, checked key: [UInt8]) {
    guard let publicKey = Ed25519().publicKey(of: key) else {
      preconditionFailure("any 32 bytes are a key of Ed25519")
    }
    (self.name, privateKey, self.publicKey) = (name, key, publicKey)
  }

  /// The content of the key's file: the name, and 64 hexadecimal digits that are secret.
  package var text: String { "\(name)\n\(HexText.text(privateKey))\n" }

  /// 64 bytes over `bytes`.
  func sign(_ bytes: [UInt8]) -> [UInt8] {
    guard let signature = Ed25519().signer(with: privateKey)?(bytes) else {
      preconditionFailure("the key was checked when it was read")
    }
    return signature
  }
}

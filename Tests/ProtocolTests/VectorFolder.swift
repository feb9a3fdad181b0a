import Causality
import Changes
import Crypto
import Foundation
import Testing

/// `Protocol/Vectors`: the frozen cases. The generators beside write it when asked to (`make vectors`).
enum VectorFolder {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let url = root.appending(path: "Protocol/Vectors")

  /// Whether the generators write their files instead of comparing them.
  static let isWriting = ProcessInfo.processInfo.environment["TRIBUTARY_VECTORS"] == "write"

  static func read<File: Decodable>(_ type: File.Type, _ name: String) throws -> File {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: try Data(contentsOf: url.appending(path: name)))
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: url.appending(path: name)))
  }

  /// The text of a file: sorted keys, so that a changed byte is a changed line.
  static func text(_ file: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(file) + Data("\n".utf8)
  }

  /// Writes a file, or expects that it is what the generator gives.
  static func settle(_ file: some Encodable, _ name: String) throws {
    try settle(try text(file), name)
  }

  static func settle(_ data: Data, _ name: String) throws {
    let place = url.appending(path: name)
    if isWriting {
      try data.write(to: place)
    } else {
      #expect(try Data(contentsOf: place) == data, "\(name) is what `make vectors` gives")
    }
  }
}

/// Bytes in a vector: hexadecimal digits, or where they are long the file that has them, which is named by its content.
enum VectorBytes {
  static let inlineBytes = 65_536

  static func text(_ bytes: [UInt8]) throws -> String {
    guard bytes.count > inlineBytes else { return Hex.encode(bytes) }
    let name = name(of: bytes)
    if VectorFolder.isWriting {
      try Data(bytes).write(to: VectorFolder.url.appending(path: name))
    }
    return name
  }

  static func bytes(_ text: String) throws -> [UInt8] {
    guard text.hasSuffix(".bin") else { return try Hex.decode(text) }
    let bytes = try VectorFolder.bytes(text)
    guard text == name(of: bytes) else { throw MalformedVector(what: text) }
    return bytes
  }

  private static func name(of bytes: [UInt8]) -> String {
    "session-\(Hex.encode(Digest.sha256(bytes).bytes.prefix(4))).bin"
  }
}

/// What a vector says that is no vector.
struct MalformedVector: Error {
  let what: String
}

/// Lower-case hexadecimal digits.
enum Hex {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func decode(_ text: String) throws -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else {
      throw MalformedVector(what: text)
    }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}

/// The keys of the vectors' replicas: the seed is SHA-256 of `tributary vector key `, then the replica.
enum VectorKey {
  static func seed(_ replica: String) -> [UInt8] {
    Array(SHA256.hash(data: Array("tributary vector key \(replica)".utf8)))
  }

  static func make(_ replica: ReplicaID) -> Curve25519.Signing.PrivateKey {
    make(replica.description)
  }

  static func make(_ replica: String) -> Curve25519.Signing.PrivateKey {
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed(replica)) else {
      preconditionFailure("any 32 bytes are a seed")
    }
    return key
  }

  /// The public key of a replica.
  static func publicKey(_ replica: ReplicaID) -> [UInt8] {
    Array(make(replica).publicKey.rawRepresentation)
  }

  static func sign(_ bytes: [UInt8], by replica: ReplicaID) -> [UInt8] {
    guard let signature = try? make(replica).signature(for: bytes) else {
      preconditionFailure("a key signs any bytes")
    }
    return Array(signature)
  }

  static func holds(_ signature: [UInt8], over bytes: [UInt8], key: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return false }
    return key.isValidSignature(signature, for: bytes)
  }
}

/// Hashes as Protocol/3-ChangeSets §7 says them.
enum Digest {
  static func sha256(_ bytes: [UInt8]) -> ContentHash {
    guard let hash = ContentHash(Array(SHA256.hash(data: bytes))) else {
      preconditionFailure("SHA-256 has 32 bytes")
    }
    return hash
  }
}

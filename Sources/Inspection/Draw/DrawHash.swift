internal import Crypto

/// A SHA-256 value: 32 bytes, ordered as they stand.
package struct DrawHash: Hashable, Sendable {
  /// The bytes as four big-endian words, so that comparing takes no memory.
  let words: (UInt64, UInt64, UInt64, UInt64)

  /// 32 zero bytes: what stands where a value is absent.
  package static let zero = DrawHash(words: (0, 0, 0, 0))

  init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

  /// Returns nil unless there are 32 bytes.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (index, byte) in bytes.enumerated() {
      words[index / 8] = words[index / 8] << 8 | UInt64(byte)
    }
    self.words = (words[0], words[1], words[2], words[3])
  }

  /// SHA-256 of bytes.
  package init(hashing bytes: [UInt8]) { self = DrawDigest.hash(bytes) }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    append(to: &bytes)
    return bytes
  }

  func append(to bytes: inout [UInt8]) {
    for word in [words.0, words.1, words.2, words.3] {
      withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }
  }

  /// The first 8 bytes as a number: `u` of YDR-1 step 8.
  package var leading: UInt64 { words.0 }

  package static func == (left: DrawHash, right: DrawHash) -> Bool { left.words == right.words }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }
}

extension DrawHash: Comparable {
  /// By bytes.
  package static func < (left: DrawHash, right: DrawHash) -> Bool { left.words < right.words }
}

extension DrawHash: CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  package var description: String { HexText.text(bytes) }
}

extension DrawHash: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = HexText.bytes(try container.decode(String.self)), let hash = DrawHash(bytes)
    else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "64 lower-case hexadecimal digits are needed")
    }
    self = hash
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Lower-case hexadecimal digits.
package enum HexText {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Two digits a byte.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 0xF)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Returns nil for an odd count, an upper-case digit or another character: one value, one text.
  package static func bytes(_ text: String) -> [UInt8]? {
    let source = Array(text.utf8)
    guard source.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.count / 2)
    for index in stride(from: 0, to: source.count, by: 2) {
      guard let high = value(source[index]), let low = value(source[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }
}

/// SHA-256 and its uses in YDR-1: the only place of Inspection that names swift-crypto.
package enum DrawDigest {
  static func hash(_ bytes: [UInt8]) -> DrawHash {
    var function = SHA256()
    bytes.withUnsafeBytes { function.update(bufferPointer: $0) }
    return value(function.finalize())
  }

  /// Takes the words without a copy on the way.
  private static func value(_ digest: some Sequence<UInt8> & ContiguousBytesView) -> DrawHash {
    digest.withWords { DrawHash(words: $0) }
  }

  /// Whether an Ed25519 signature (RFC 8032) of 64 bytes fits; a malformed key fits nothing.
  package static func isSigned(_ bytes: [UInt8], signature: [UInt8], key: [UInt8]) -> Bool {
    // A key that is no point of the curve signed nothing.
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return false }
    return key.isValidSignature(signature, for: bytes)
  }
}

/// HMAC-SHA-256 under one key: what depends on the key alone is computed once.
struct KeyedDigest {
  private let start: HMAC<SHA256>

  init(key: DrawHash) { start = HMAC<SHA256>(key: SymmetricKey(data: key.bytes)) }

  init(secret: [UInt8]) { start = HMAC<SHA256>(key: SymmetricKey(data: secret)) }

  func hash(_ bytes: [UInt8]) -> DrawHash {
    var function = start
    function.update(data: bytes)
    return function.finalize().withWords { DrawHash(words: $0) }
  }
}

/// Digests and codes of swift-crypto, which are 32 bytes in memory.
private protocol ContiguousBytesView {
  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension ContiguousBytesView {
  fileprivate func withWords<Result>(
    _ body: ((UInt64, UInt64, UInt64, UInt64)) -> Result
  ) -> Result {
    withUnsafeBytes { bytes in
      precondition(bytes.count == 32, "a SHA-256 value has 32 bytes")
      func word(_ index: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
      }
      return body((word(0), word(1), word(2), word(3)))
    }
  }
}

extension SHA256Digest: ContiguousBytesView {}
extension HashedAuthenticationCode<SHA256>: ContiguousBytesView {}

// The standard library normalises texts, but shows it only under this name; Foundation would do the same.
@_spi(_Unicode) internal import Swift

/// Canonical bytes of YDR-1: integers big-endian, texts as UTF-8 of NFC behind their length.
/// Source: Protocol/10-Draw.md §1.
package struct DrawBytes: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []

  /// Nothing yet.
  package init() {}

  /// A domain tag: ASCII and one zero byte.
  package init(tag: StaticString) {
    tag.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(0)
  }

  mutating func u8(_ value: UInt8) { bytes.append(value) }
  mutating func u16(_ value: UInt16) { number(value) }
  mutating func u32(_ value: UInt32) { number(value) }
  mutating func u64(_ value: UInt64) { number(value) }

  private mutating func number(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// `S(t)`: the length as 16 bits, then the text. No sound text has 65,535 bytes; a longer one of a hostile
  /// record stands as that length and its hash, which equals nothing sound.
  mutating func text(_ text: String) {
    let normal = DrawBytes.normal(text)
    u16(UInt16(clamping: normal.count))
    bytes.append(contentsOf: normal.count < 0xFFFF ? normal : DrawDigest.hash(normal).bytes)
  }

  /// `LP(b)`: the length as 32 bits, then the bytes.
  mutating func prefixed(_ value: [UInt8]) {
    u32(UInt32(value.count))
    bytes.append(contentsOf: value)
  }

  mutating func hash(_ hash: DrawHash) { hash.append(to: &bytes) }
  mutating func task(_ task: TaskID) { bytes.append(contentsOf: task.bytes) }
  mutating func raw(_ value: some Collection<UInt8>) { bytes.append(contentsOf: value) }
  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// The SHA-256 value of what was written.
  package var hash: DrawHash { DrawDigest.hash(bytes) }

  /// UTF-8 of the canonical composition (NFC) of a text. ASCII is its own.
  static func normal(_ text: String) -> [UInt8] {
    let utf8 = Array(text.utf8)
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8 }
    var scalars = String.UnicodeScalarView()
    for scalar in text._nfc { scalars.append(scalar) }
    return Array(String(scalars).utf8)
  }
}

/// The identifier of a plan task: 16 bytes, written as 32 lower-case hexadecimal digits.
package struct TaskID: Hashable, Sendable {
  /// 16 bytes.
  package let bytes: [UInt8]

  /// 16 zero bytes: stands for every task of a session whose draws share their numbers.
  static let shared = TaskID(bytes: [UInt8](repeating: 0, count: 16))

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The identifier of a task with a code: the first 16 bytes of H(T("YDR1/task") ‖ S(code)).
  package init(code: String) {
    var bytes = DrawBytes(tag: "YDR1/task")
    bytes.text(code)
    self.bytes = Array(bytes.hash.bytes.prefix(16))
  }

  /// Returns nil unless there are 16 bytes.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }
}

extension TaskID: Comparable {
  /// By bytes.
  package static func < (left: TaskID, right: TaskID) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension TaskID: CustomStringConvertible {
  /// 32 lower-case hexadecimal digits.
  package var description: String { HexText.text(bytes) }
}

extension TaskID: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = HexText.bytes(try container.decode(String.self)), let task = TaskID(bytes)
    else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "32 lower-case hexadecimal digits are needed")
    }
    self = task
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A registration number of industry and commerce (注册号): 15 digits, the key of old individual
/// businesses that have no credit code.
///
/// Layout: six digits of the division of the registering authority, eight of sequence, one check digit
/// (GS 15-2006, ISO 7064 MOD 11,10). A wrong check digit is a warning and no refusal.
package struct RegistrationNumber: Hashable, Sendable {
  /// 15 ASCII digits.
  package let bytes: [UInt8]

  /// Returns nil unless there are 15 digits.
  package init?(_ text: some Collection<UInt8>) {
    guard text.count == 15, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    bytes = Array(text)
  }

  /// From division (six digits) and sequence (eight digits), with the check digit computed. Returns nil
  /// when one has more digits.
  package init?(division: UInt32, sequence: UInt32) {
    guard division <= 999_999, sequence <= 99_999_999 else { return nil }
    var bytes = [UInt8](repeating: 0x30, count: 15)
    var rest = UInt64(division) * 100_000_000 + UInt64(sequence)
    for position in stride(from: 13, through: 0, by: -1) {
      bytes[position] = 0x30 + UInt8(rest % 10)
      rest /= 10
    }
    bytes[14] = Self.checkDigit(bytes[0..<14])
    self.bytes = bytes
  }

  /// Whether the last digit is what MOD 11,10 computes.
  package var hasValidCheckDigit: Bool { Self.checkDigit(bytes[0..<14]) == bytes[14] }

  private static func checkDigit(_ body: ArraySlice<UInt8>) -> UInt8 {
    var remainder = 10
    for byte in body {
      let sum = (Int(byte) - 0x30 + remainder) % 10
      remainder = (sum == 0 ? 10 : sum) * 2 % 11
    }
    return 0x30 + UInt8((11 - remainder) % 10)
  }
}

extension RegistrationNumber: CustomStringConvertible {
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}

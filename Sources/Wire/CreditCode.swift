/// Unified social credit codes (GB 32100-2015) as two small numbers: their two check characters are
/// computable, and codes of one county and series are near each other.
///
/// The engine gives the text no meaning; this is a coding for texts that have this form, like digits.
/// Source: GB 32100-2015 §5–6, GB 11714-1997; Protocol/3-ChangeSets §5.
enum CreditCode {
  /// Characters of a code.
  static let length = 18
  private static let alphabet: [UInt8] = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
  private static let outerWeights: [UInt32] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
  ]
  private static let innerWeights: [UInt32] = [3, 7, 9, 10, 5, 8, 4, 2]
  /// Serial of the series MA000000: 21 × 31^7 + 10 × 31^6, in the alphabet's digits.
  private static let series: Int64 = 21 * 27_512_614_111 + 10 * 887_503_681
  /// 31^8.
  private static let serialBound: Int64 = 852_891_037_441
  /// 31 × 31: first and second character.
  private static let kindCount: Int64 = 961

  /// Digit of each ASCII character in the alphabet of 31, or 255.
  private static let digits: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    for (index, character) in alphabet.enumerated() { table[Int(character)] = UInt8(index) }
    return table
  }()

  /// The two numbers of a code; nil when the 18 bytes are no code with right checks.
  static func numbers(
    _ bytes: UnsafeRawBufferPointer, near scope: UInt32
  ) -> (head: Int64, serial: Int64)? {
    guard bytes.count == length else { return nil }
    return digits.withUnsafeBufferPointer { digits in
      var region: Int64 = 0
      var serial: Int64 = 0
      var outer: UInt32 = 0
      for index in 0..<17 {
        let digit = digits[Int(bytes[index])]
        guard digit < 31 else { return nil }
        outer += UInt32(digit) * outerWeights[index]
        if index >= 2, index < 8 {
          guard digit < 10 else { return nil }
          region = region * 10 + Int64(digit)
        } else if index >= 8, index < 16 {
          serial = serial * 31 + Int64(digit)
        }
      }
      guard bytes[16] == innerCheck(bytes), bytes[17] == alphabet[Int((31 - outer % 31) % 31)]
      else { return nil }
      let kind = Int64(digits[Int(bytes[0])]) * 31 + Int64(digits[Int(bytes[1])])
      let place = Int64(bitPattern: zigzagged(region - Int64(scope)))
      return (kind + kindCount * place, serial - series)
    }
  }

  /// Writes the code of two numbers in 18 bytes; false when they are out of range.
  static func write(
    head: Int64, serial: Int64, near scope: UInt32, to bytes: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard head >= 0, bytes.count == length else { return false }
    let kind = head % kindCount
    var region = unzigzagged(UInt64(head / kindCount)) + Int64(scope)
    var rest = serial &+ series
    guard (0...999_999).contains(region), (0..<serialBound).contains(rest) else { return false }
    bytes[0] = alphabet[Int(kind / 31)]
    bytes[1] = alphabet[Int(kind % 31)]
    for index in stride(from: 7, through: 2, by: -1) {
      bytes[index] = UInt8(48 + region % 10)
      region /= 10
    }
    for index in stride(from: 15, through: 8, by: -1) {
      bytes[index] = alphabet[Int(rest % 31)]
      rest /= 31
    }
    bytes[16] = innerCheck(UnsafeRawBufferPointer(bytes))
    var outer: UInt32 = 0
    for index in 0..<17 { outer += UInt32(digits[Int(bytes[index])]) * outerWeights[index] }
    bytes[17] = alphabet[Int((31 - outer % 31) % 31)]
    return true
  }

  /// The check character of the organisation code in characters 8…15 (GB 11714: base 36, modulo 11).
  private static func innerCheck(_ bytes: UnsafeRawBufferPointer) -> UInt8 {
    var sum: UInt32 = 0
    for index in 0..<8 {
      let character = UInt32(bytes[8 + index])
      sum += (character < 65 ? character - 48 : character - 55) * innerWeights[index]
    }
    switch 11 - sum % 11 {
    case 11: return 48
    case 10: return 88
    case let check: return UInt8(48 + check)
    }
  }
}

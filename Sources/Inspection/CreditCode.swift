/// A unified social credit code (统一社会信用代码): 18 characters, the key of an organisation.
///
/// Layout: [1] registering department, [2] kind of organisation, [3–8] division of the registering
/// authority at registration time (never checked against today's divisions), [9–17] subject code, its
/// last character a check character of GB 11714, [18] check character. Source: GB 32100-2015,
/// domain.md §3.1.
///
/// A wrong check character is a warning and no refusal: such codes were issued and are in use.
package struct CreditCode: Hashable, Sendable {
  /// 18 characters of `0…9A…Z` without I, O, S, V, Z (those may stand in the subject code of old
  /// organisation codes), upper case.
  package let bytes: [UInt8]

  /// What is wrong with a code that is kept nevertheless.
  package enum Warning: Hashable, Sendable, CaseIterable {
    /// The last character is not what GB 32100-2015 computes.
    case checkCharacter
    /// The 17th character is not what GB 11714 computes from the eight before it.
    case subjectCheckCharacter
  }

  /// Why a text is no credit code at all.
  package enum Malformed: Error, Hashable, Sendable {
    case length(Int)
    /// Position from 1.
    case character(position: Int)
  }

  /// Takes 18 characters, lower case as upper case. Throws `Malformed` for another length, a character
  /// outside the alphabet, or a division part that is not six digits.
  package init(_ text: some Collection<UInt8>) throws(Malformed) {
    guard text.count == 18 else { throw .length(text.count) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(18)
    for (position, byte) in zip(1..., text) {
      let upper = (0x61...0x7A).contains(byte) ? byte - 0x20 : byte
      let isDivision = (3...8).contains(position)
      let isAllowed =
        isDivision ? (0x30...0x39).contains(upper) : CheckCharacter.value31(upper) != nil
      guard isAllowed else { throw .character(position: position) }
      bytes.append(upper)
    }
    self.bytes = bytes
  }

  /// From the parts, with both check characters computed: department, kind, division (six digits) and
  /// the eight characters of the subject code's body. Returns nil when a part has another length or a
  /// character outside the alphabet. Cost: constant, one allocation.
  package init?(department: UInt8, kind: UInt8, division: UInt32, subject: some Collection<UInt8>) {
    guard division <= 999_999, subject.count == 8 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(18)
    bytes.append(department)
    bytes.append(kind)
    var divisor: UInt32 = 100_000
    while divisor > 0 {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: division / divisor % 10))
      divisor /= 10
    }
    bytes.append(contentsOf: subject)
    guard let subjectCheck = CheckCharacter.subject(bytes[8..<16]) else { return nil }
    bytes.append(subjectCheck)
    guard let check = CheckCharacter.code(bytes[0..<17]) else { return nil }
    bytes.append(check)
    self.bytes = bytes
  }

  /// The warnings, none for a code that passes both checks.
  package var warnings: [Warning] {
    var warnings: [Warning] = []
    if CheckCharacter.code(bytes[0..<17]) != bytes[17] { warnings.append(.checkCharacter) }
    if CheckCharacter.subject(bytes[8..<16]) != bytes[16] {
      warnings.append(.subjectCheckCharacter)
    }
    return warnings
  }

  /// The registering department, e.g. `9` for market supervision.
  package var department: UInt8 { bytes[0] }
  /// The kind within the department, with `9`: 1 enterprise, 2 individual business, 3 cooperative.
  package var kind: UInt8 { bytes[1] }
  /// The division code at registration time, perhaps of a division that is no more.
  package var division: ArraySlice<UInt8> { bytes[2..<8] }
  /// The subject code: 8 characters and their check character.
  package var subjectCode: ArraySlice<UInt8> { bytes[8..<17] }
}

extension CreditCode: Comparable {
  /// By bytes.
  package static func < (left: CreditCode, right: CreditCode) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension CreditCode: CustomStringConvertible {
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}

/// The two check characters of a credit code.
enum CheckCharacter {
  /// GB 32100-2015 table: 31 symbols, the value is the index.
  static let symbols31 = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)

  private static let values31: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, symbol) in symbols31.enumerated() { values[Int(symbol)] = UInt8(value) }
    return values
  }()

  static func value31(_ byte: UInt8) -> Int? {
    let value = values31[Int(byte)]
    return value == 0xFF ? nil : Int(value)
  }

  /// The 18th character from the 17 before it: weights 3^(i−1) mod 31, GB 32100-2015.
  static func code(_ body: ArraySlice<UInt8>) -> UInt8? {
    precondition(body.count == 17, "the check character follows 17 characters")
    var (sum, weight) = (0, 1)
    for byte in body {
      guard let value = value31(byte) else { return nil }
      sum += value * weight
      weight = weight * 3 % 31
    }
    return symbols31[(31 - sum % 31) % 31]
  }

  /// The 9th character of a subject code from the 8 before it: GB 11714, digits and letters as 0…35.
  static func subject(_ body: ArraySlice<UInt8>) -> UInt8? {
    precondition(body.count == 8, "the check character follows 8 characters")
    var (sum, weights) = (0, 0x2485_A973 as UInt32)
    for byte in body {
      let value: Int
      switch byte {
      case 0x30...0x39: value = Int(byte) - 0x30
      case 0x41...0x5A: value = Int(byte) - 0x41 + 10
      default: return nil
      }
      sum += value * Int(weights & 0xF)
      weights >>= 4
    }
    switch 11 - sum % 11 {
    case 10: return 0x58
    case 11: return 0x30
    case let digit: return 0x30 + UInt8(digit)
    }
  }
}

import Causality
import Changes

/// What a cell is written as: the storage classes, and two forms of text that are shorter as numbers.
///
/// A function of the value alone, so that a column has one encoding. Source: Protocol/3-ChangeSets §5.
enum ColumnClass: UInt8, CaseIterable {
  case null = 0
  case integer = 1
  case real = 2
  case text = 3
  case blob = 4
  /// Text of 1…18 decimal digits without leading zeros.
  case digits = 5
  /// Text that is a unified social credit code with right check characters.
  case creditCode = 6
}

/// The first byte of a column or of one class of a mixed column: class and coding in one.
enum ColumnTag {
  static let null: UInt8 = 0
  /// Plus `TextColumn.Mode`.
  static let text: UInt8 = 1
  static let blob: UInt8 = 6
  /// Plus the mode of an `IntegerColumn`, 0…16.
  static let integer: UInt8 = 16
  /// Integers less the new values of the same rows and column.
  static let relativeInteger: UInt8 = 33
  static let real: UInt8 = 50
  static let digits: UInt8 = 67
  /// Plus the mode of the heads; the serials' mode follows as a byte of its own.
  static let creditCode: UInt8 = 84
  /// Integers whose base is less the header's milliseconds: time stamps are near the commit.
  static let timedInteger: UInt8 = 101
  /// One class byte per row, then the classes present, ascending, each with its own tag.
  static let mixed: UInt8 = 120
  /// Plus the length, 0…63: a constant text, whose bytes follow.
  static let shortText: UInt8 = 128
  static let shortTextLengths = 64

  /// What the number in a tag is added to.
  enum Form {
    case own
    /// Less the new values.
    case relative
    /// The base is less the time.
    case timed
    /// The mode is the length of a constant text.
    case short
  }

  /// The class of a tag and the coding within it; nil for an unknown tag.
  static func parse(_ tag: UInt8) -> (columnClass: ColumnClass, mode: UInt8, form: Form)? {
    switch tag {
    case null: (.null, 0, .own)
    case text..<blob: (.text, tag - text, .own)
    case blob..<blob + 5: (.blob, tag - blob, .own)
    case integer..<relativeInteger: (.integer, tag - integer, .own)
    case relativeInteger..<real: (.integer, tag - relativeInteger, .relative)
    case real..<digits: (.real, tag - real, .own)
    case digits..<creditCode: (.digits, tag - digits, .own)
    case creditCode..<timedInteger: (.creditCode, tag - creditCode, .own)
    case timedInteger..<timedInteger + IntegerColumn.modeCount:
      (.integer, tag - timedInteger, .timed)
    case shortText..<shortText + UInt8(shortTextLengths): (.text, tag - shortText, .short)
    default: nil
    }
  }
}

/// What values of a change set are near to: known to sender and receiver from its header.
struct ColumnReference {
  /// The division code of the scope: region codes are near it.
  let scope: UInt32
  /// The time of the commit: time stamps are near it.
  let milliseconds: Int64

  init(_ header: ChangeSetHeader) {
    scope = header.stream.scope.code
    milliseconds = Int64(header.timestamp.milliseconds)
  }
}

/// Decimal digits without leading zeros, as numbers.
enum DigitText {
  static let mostDigits = 18
  private static let bound: Int64 = 1_000_000_000_000_000_000

  static func number(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard (1...mostDigits).contains(bytes.count) else { return nil }
    if bytes[0] == 48, bytes.count > 1 { return nil }
    var number: Int64 = 0
    for byte in bytes {
      guard (48...57).contains(byte) else { return nil }
      number = number * 10 + Int64(byte - 48)
    }
    return number
  }

  /// Appends the digits; false when the number is negative or has more than 18 digits.
  static func append(_ number: Int64, to bytes: inout [UInt8]) -> Bool {
    guard number >= 0, number < bound else { return false }
    var rest = UInt64(number)
    let start = bytes.count
    repeat {
      bytes.append(UInt8(truncatingIfNeeded: 48 + rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
    return true
  }
}

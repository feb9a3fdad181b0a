/// A civil date of Asia/Shanghai, in the Gregorian calendar, as a day number.
///
/// Source: days-from-civil of Howard Hinnant, "chrono-compatible low-level date algorithms". Years
/// 1…9999.
package struct CivilDate: Hashable, Sendable {
  /// Days since 1970-01-01; negative before.
  package let dayNumber: Int32

  private static let first = Int32(-719_162)
  private static let last = Int32(2_932_896)

  /// Returns nil outside the years 1…9999.
  package init?(dayNumber: Int) {
    guard (Int(Self.first)...Int(Self.last)).contains(dayNumber) else { return nil }
    self.dayNumber = Int32(dayNumber)
  }

  /// Returns nil when there is no such day.
  package init?(year: Int, month: Int, day: Int) {
    guard (1...9_999).contains(year), (1...12).contains(month), day >= 1,
      day <= Self.days(in: month, of: year)
    else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    dayNumber = Int32(era * 146_097 + dayOfEra - 719_468)
  }

  /// Takes `YYYY-MM-DD` only; returns nil for anything else.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D else { return nil }
    var parts = [0, 0, 0]
    for (index, byte) in bytes.enumerated() where index != 4 && index != 7 {
      guard (0x30...0x39).contains(byte) else { return nil }
      let part = index < 4 ? 0 : index < 7 ? 1 : 2
      parts[part] = parts[part] * 10 + Int(byte) - 0x30
    }
    self.init(year: parts[0], month: parts[1], day: parts[2])
  }

  /// Year, month 1…12 and day 1…31.
  package var parts: (year: Int, month: Int, day: Int) {
    let shifted = Int(dayNumber) + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  package var year: Int { parts.year }

  /// 1 Monday … 7 Sunday.
  package var weekday: Int {
    let remainder = (Int(dayNumber) + 3) % 7
    return (remainder < 0 ? remainder + 7 : remainder) + 1
  }

  package var isWeekend: Bool { weekday >= 6 }

  /// The date that many days later or earlier, held within the years 1…9999.
  package func adding(days: Int) -> CivilDate {
    let sum = Int(dayNumber) + max(min(days, 4_000_000), -4_000_000)
    return CivilDate(held: Int32(min(max(sum, Int(Self.first)), Int(Self.last))))
  }

  /// The same day of the month so many months later or earlier, or the last day of a shorter month.
  package func adding(months: Int) -> CivilDate {
    let (year, month, day) = parts
    let number = year * 12 + month - 1 + max(min(months, 120_000), -120_000)
    guard number >= 12, number < 120_000 else {
      return number < 12 ? adding(days: -4_000_000) : .latest
    }
    let (toYear, toMonth) = (number / 12, number % 12 + 1)
    return CivilDate(
      year: toYear, month: toMonth, day: min(day, Self.days(in: toMonth, of: toYear))) ?? self
  }

  /// Days from this date to another; negative when that is earlier.
  package func days(to other: CivilDate) -> Int { Int(other.dayNumber) - Int(dayNumber) }

  /// 9999-12-31, later than any date that is written.
  package static let latest = CivilDate(held: last)

  private init(held dayNumber: Int32) { self.dayNumber = dayNumber }

  private static func days(in month: Int, of year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    switch month {
    case 2: return isLeap ? 29 : 28
    case 4, 6, 9, 11: return 30
    default: return 31
    }
  }
}

extension CivilDate: Comparable {
  /// The earlier date is the smaller one.
  package static func < (left: CivilDate, right: CivilDate) -> Bool {
    left.dayNumber < right.dayNumber
  }
}

extension CivilDate: CustomStringConvertible {
  /// `YYYY-MM-DD`.
  package var description: String {
    let (year, month, day) = parts
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
}

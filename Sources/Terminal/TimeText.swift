/// Moments as people and programs read them: RFC 3339 in UTC.
package enum TimeText {
  /// `2026-03-05T08:09:10.123Z` of milliseconds since 1970. Source: RFC 3339 §5.6; the calendar is the
  /// proleptic Gregorian one.
  package static func rfc3339(milliseconds: UInt64) -> String {
    let seconds = milliseconds / 1_000
    let (year, month, day) = date(daysSince1970: Int64(seconds / 86_400))
    let second = seconds % 86_400
    let clock = [second / 3_600, second / 60 % 60, second % 60].map { padded(Int64($0), 2) }
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T"
      + clock.joined(separator: ":") + "." + padded(Int64(milliseconds % 1_000), 3) + "Z"
  }

  /// Counts from 1 March 0000, so that the leap day ends a year, in cycles of 400 years of 146,097 days.
  private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let days = daysSince1970 + 719_468
    let dayOfCycle = days % 146_097
    let yearOfCycle =
      (dayOfCycle - dayOfCycle / 1_460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
    let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let year = yearOfCycle + days / 146_097 * 400 + (month < 10 ? 0 : 1)
    return (year, month < 10 ? month + 3 : month - 9, day)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}

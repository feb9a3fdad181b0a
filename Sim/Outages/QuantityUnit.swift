/// Quantities as people write them: a number and a unit, sums of several.
protocol QuantityUnit {
  static var name: String { get }
  static var example: String { get }
  /// Nil for a text that is none.
  static func parse(_ text: String) -> Int?
}

extension QuantityUnit {
  /// `1 d 6 h` as a sum; nil when a part has no number, or a unit that is not in the table.
  static func sum(_ text: String, _ units: [String: Double]) -> Int? {
    var total = 0.0
    let words = text.split(separator: " ")
    guard !words.isEmpty, words.count % 2 == 0 else { return nil }
    for index in stride(from: 0, to: words.count, by: 2) {
      guard let number = Double(words[index]), number.isFinite, abs(number) < 1e12,
        let unit = units[String(words[index + 1])]
      else { return nil }
      total += number * unit
    }
    return Int(total.rounded())
  }
}

/// Milliseconds.
enum Duration: QuantityUnit {
  static let name = "length of time"
  static let example = "\"5 d\", \"4 h 30 min\" or \"200 ms\""
  private static let units: [String: Double] = [
    "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "y": 31_557_600_000,
  ]

  static func parse(_ text: String) -> Int? { sum(text, units) }
}

/// Bits per second; 0 for `unlimited`.
enum Bandwidth: QuantityUnit {
  static let name = "speed of a line"
  static let example = "\"9.6 kbit/s\", \"2 Mbit/s\" or \"unlimited\""

  static func parse(_ text: String) -> Int? {
    if text == "unlimited" { return 0 }
    let speed = sum(text, ["bit/s": 1, "kbit/s": 1_000, "Mbit/s": 1_000_000, "Gbit/s": 1e9])
    return speed.flatMap { $0 > 0 ? $0 : nil }
  }
}

/// Parts per million.
enum Share: QuantityUnit {
  static let name = "share"
  static let example = "\"0.5 %\""

  static func parse(_ text: String) -> Int? {
    sum(text, ["%": 10_000]).flatMap { (0...1_000_000).contains($0) ? $0 : nil }
  }
}

/// Bytes; 0 for `none`.
enum Volume: QuantityUnit {
  static let name = "amount of data"
  static let example = "\"50 MB\" or \"none\""

  static func parse(_ text: String) -> Int? {
    if text == "none" { return 0 }
    return sum(text, ["B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1e9]).flatMap {
      $0 > 0 ? $0 : nil
    }
  }
}

/// A moment of a rehearsal, milliseconds since its start: `day 2 06:00`, the first day being 1.
enum Moment: QuantityUnit {
  static let name = "moment"
  static let example = "\"day 2 06:00\""

  static func parse(_ text: String) -> Int? {
    let words = text.split(separator: " ")
    guard words.count == 3, words[0] == "day", let day = Int(words[1]), (1...400).contains(day),
      let time = CivilTime.minutes(String(words[2]))
    else { return nil }
    return (day - 1) * 86_400_000 + time * 60_000
  }
}

/// Days and hours of China's clocks (UTC+8, no summer time), without Foundation's calendars.
enum CivilTime {
  static let zoneMilliseconds = 28_800_000

  /// Minutes of `06:30`; 24:00 is allowed.
  static func minutes(_ text: String) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]),
      let minute = Int(parts[1]), (0...24).contains(hour), (0...59).contains(minute)
    else { return nil }
    let total = hour * 60 + minute
    return total <= 1_440 ? total : nil
  }

  /// Milliseconds since 1970 in UTC of `2026-07-13` at midnight in China.
  static func midnight(_ text: String) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, let year = Int(parts[0]),
      let month = Int(parts[1]),
      let day = Int(parts[2]), (1970...2100).contains(year), (1...12).contains(month),
      (1...days(year, month)).contains(day)
    else { return nil }
    return daysSince1970(year, month, day) * 86_400_000 - zoneMilliseconds
  }

  private static func days(_ year: Int, _ month: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  /// Hinnant, chrono-Compatible Low-Level Date Algorithms: days_from_civil.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let ofEra = shifted - era * 400
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  /// Year, month, day of a moment, in China.
  static func date(_ milliseconds: Int) -> (year: Int, month: Int, day: Int) {
    let days = (milliseconds + zoneMilliseconds) / 86_400_000 + 719_468
    let era = days / 146_097
    let ofEra = days - era * 146_097
    let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    let day = ofYear - (153 * month + 2) / 5 + 1
    let civil = month < 10 ? month + 3 : month - 9
    return (year + era * 400 + (civil <= 2 ? 1 : 0), civil, day)
  }

  /// 1 for Monday … 7 for Sunday.
  static func weekday(_ milliseconds: Int) -> Int {
    ((milliseconds + zoneMilliseconds) / 86_400_000 + 3) % 7 + 1
  }

  /// `13 Jul 06:00`.
  static func shortText(_ milliseconds: Int) -> String {
    let date = date(milliseconds)
    return "\(date.day) \(months[date.month - 1]) \(clock(milliseconds))"
  }

  /// `06:00`.
  static func clock(_ milliseconds: Int) -> String {
    let minutes = (milliseconds + zoneMilliseconds) / 60_000 % 1_440
    return two(minutes / 60) + ":" + two(minutes % 60)
  }

  /// `13 Jul`.
  static func dayText(_ milliseconds: Int) -> String {
    let date = date(milliseconds)
    return "\(date.day) \(months[date.month - 1])"
  }

  /// `2026-07-13`.
  static func isoDay(_ milliseconds: Int) -> String {
    let date = date(milliseconds)
    return "\(date.year)-\(two(date.month))-\(two(date.day))"
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

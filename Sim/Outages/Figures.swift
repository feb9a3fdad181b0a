/// Figures as people read them; the same text for the same number everywhere.
enum Figures {
  /// `11 min`, `4 d 2 h`, `350 ms`.
  static func duration(_ milliseconds: Int) -> String {
    if milliseconds < 1_000 { return "\(milliseconds) ms" }
    if milliseconds < 60_000 { return decimal(milliseconds, 1_000) + " s" }
    if milliseconds < 3_600_000 {
      let (minutes, seconds) = (milliseconds / 60_000, milliseconds / 1_000 % 60)
      return minutes < 10 && seconds > 0 ? "\(minutes) min \(seconds) s" : "\(minutes) min"
    }
    if milliseconds < 86_400_000 {
      let (hours, minutes) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60)
      return minutes > 0 ? "\(hours) h \(minutes) min" : "\(hours) h"
    }
    if milliseconds >= 400 * 86_400_000 {
      return decimal(milliseconds / 1_000, 31_557_600) + " years"
    }
    let (days, hours) = (milliseconds / 86_400_000, milliseconds / 3_600_000 % 24)
    return hours > 0 ? "\(days) d \(hours) h" : "\(days) d"
  }

  /// `1.3 MB`, `850 kB`, `12 B`; a kB has 1,000 bytes.
  static func bytes(_ count: Int) -> String {
    if count < 1_000 { return "\(count) B" }
    if count < 1_000_000 { return decimal(count, 1_000) + " kB" }
    if count < 1_000_000_000 { return decimal(count, 1_000_000) + " MB" }
    return decimal(count, 1_000_000_000) + " GB"
  }

  /// `9.6 kbit/s`.
  static func bandwidth(_ bits: Int) -> String {
    if bits == 0 { return "unlimited" }
    if bits < 1_000 { return "\(bits) bit/s" }
    if bits < 1_000_000 { return decimal(bits, 1_000) + " kbit/s" }
    return decimal(bits, 1_000_000) + " Mbit/s"
  }

  /// `12,345`.
  static func count(_ number: Int) -> String {
    var groups: [String] = []
    var rest = String(abs(number))
    while rest.count > 3 {
      groups.insert(String(rest.suffix(3)), at: 0)
      rest = String(rest.dropLast(3))
    }
    groups.insert(rest, at: 0)
    return (number < 0 ? "-" : "") + groups.joined(separator: ",")
  }

  /// `1 county`, `129 counties`.
  static func counted(_ number: Int, _ one: String, _ many: String) -> String {
    "\(count(number)) \(number == 1 ? one : many)"
  }

  /// Per cent of a whole: `0.4 %`, `37 %`.
  static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0, part > 0 else { return "0 %" }
    if part * 1_000 < whole { return "under 0.1 %" }
    let perMille = part * 1_000 / whole
    return perMille < 100 ? decimal(perMille, 10) + " %" : "\(perMille / 10) %"
  }

  /// At most one decimal, none above ten.
  static func decimal(_ number: Int, _ unit: Int) -> String {
    let tenths = (number * 10 + unit / 2) / unit
    return tenths >= 100 || tenths % 10 == 0 ? count(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
  }
}

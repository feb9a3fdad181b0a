/// Numbers as people read them. All are exact integers underneath; what is shown is cut, not rounded up.
package enum Quantity {
  /// `1,234,567`.
  package static func count(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
      text.append(digit)
    }
    return number < 0 ? "-" + text : text
  }

  /// `512 B`, `1.5 KiB`, `12.3 MiB`: units of 1,024.
  package static func bytes(_ count: UInt64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    if count < 1_024 { return "\(count) B" }
    var value = count
    var tenths: UInt64 = 0
    var index = -1
    while value >= 1_024 {
      tenths = (value % 1_024) * 10 / 1_024
      value /= 1_024
      index += 1
    }
    return "\(value).\(tenths) \(units[index])"
  }

  /// `340 ms`, `2.3 s`, `1 min 05 s`, `2 h 03 min`, `3 d 4 h`.
  package static func duration(milliseconds: UInt64) -> String {
    let seconds = milliseconds / 1_000
    let (minutes, hours) = (seconds / 60, seconds / 3_600)
    if seconds == 0 { return "\(milliseconds) ms" }
    if minutes == 0 { return "\(seconds).\(milliseconds % 1_000 / 100) s" }
    if hours == 0 { return "\(minutes) min \(padded(seconds % 60)) s" }
    if hours < 24 { return "\(hours) h \(padded(minutes % 60)) min" }
    return "\(hours / 24) d \(hours % 24) h"
  }

  /// How many times smaller `small` is than `large`: `3.4×`; `–` when nothing was made smaller.
  package static func ratio(_ large: UInt64, _ small: UInt64) -> String {
    if small == 0 { return "–" }
    let (tenths, overflow) = large.multipliedReportingOverflow(by: 10)
    if overflow { return "\(large / small)×" }
    let value = tenths / small
    return "\(value / 10).\(value % 10)×"
  }

  /// The first digits of a digest or hash in lower-case hexadecimal.
  package static func hexadecimal(_ bytes: [UInt8], digits: Int = 12) -> String {
    var text = ""
    for byte in bytes {
      text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
      if text.utf8.count >= digits { break }
    }
    return String(text.prefix(digits))
  }

  private static func padded(_ number: UInt64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}

import Foundation
import Terminal
import Testing

@Suite("Numbers and times for people")
struct QuantityTests {
  @Test(
    "Counts have separators",
    arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
  func counts(_ number: Int, _ text: String) { #expect(Quantity.count(number) == text) }

  @Test("The smallest integer has a text") func smallest() {
    #expect(Quantity.count(.min) == "-9,223,372,036,854,775,808")
  }

  @Test(
    "Bytes are shown in units of 1,024",
    arguments: [
      (0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1_536, "1.5 KiB"),
      (1_048_575, "1023.9 KiB"), (1 << 20, "1.0 MiB"), (UInt64.max, "15.9 EiB"),
    ] as [(UInt64, String)])
  func bytes(_ count: UInt64, _ text: String) { #expect(Quantity.bytes(count) == text) }

  @Test(
    "Durations name two units at most",
    arguments: [
      (0, "0 ms"), (999, "999 ms"), (2_345, "2.3 s"), (59_999, "59.9 s"), (65_000, "1 min 05 s"),
      (7_380_000, "2 h 03 min"), (273_600_000, "3 d 4 h"),
    ] as [(UInt64, String)])
  func durations(_ milliseconds: UInt64, _ text: String) {
    #expect(Quantity.duration(milliseconds: milliseconds) == text)
  }

  @Test("Ratios and digests are short") func ratios() {
    #expect(Quantity.ratio(34, 10) == "3.4×")
    #expect(Quantity.ratio(10, 0) == "–")
    #expect(Quantity.ratio(.max, 2) == "9223372036854775807×")
    #expect(Quantity.hexadecimal([0, 171, 255], digits: 5) == "00abf")
    #expect(Quantity.hexadecimal([1]) == "01")
  }

  @Test(
    "Times are RFC 3339 in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
      (1_772_698_150_123, "2026-03-05T08:09:10.123Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] as [(UInt64, String)])
  func times(_ milliseconds: UInt64, _ text: String) {
    #expect(TimeText.rfc3339(milliseconds: milliseconds) == text)
  }

  @Test("Times agree with Foundation's over four centuries")
  func timesAgree() {
    for day in stride(from: UInt64(0), through: 146_097, by: 31) {
      let text = Date(timeIntervalSince1970: TimeInterval(day * 86_400)).formatted(.iso8601)
      #expect(TimeText.rfc3339(milliseconds: day * 86_400_000) == text.dropLast() + ".000Z")
    }
  }
}

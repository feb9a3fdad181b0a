/// A moment, in milliseconds since 1970-01-01T00:00Z.
package struct Instant: Hashable, Sendable {
  package let milliseconds: Int64

  private static let dayMilliseconds: Int64 = 86_400_000
  /// Asia/Shanghai has had no summer time since 1991: eight hours ahead.
  private static let shanghaiMilliseconds: Int64 = 28_800_000

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// 24:00 of a day in Asia/Shanghai, which is 0:00 of the next.
  package init(endOf date: CivilDate) {
    milliseconds = (Int64(date.dayNumber) + 1) * Self.dayMilliseconds - Self.shanghaiMilliseconds
  }

  /// A time of day in Asia/Shanghai; hours and minutes are not checked.
  package init(_ date: CivilDate, hour: Int, minute: Int) {
    let start = Int64(date.dayNumber) * Self.dayMilliseconds - Self.shanghaiMilliseconds
    milliseconds = start + Int64(hour) * 3_600_000 + Int64(minute) * 60_000
  }

  /// The civil date in Asia/Shanghai; nil outside the years 1…9999.
  package var date: CivilDate? {
    let (shifted, overflow) = milliseconds.addingReportingOverflow(Self.shanghaiMilliseconds)
    guard !overflow else { return nil }
    let day = shifted / Self.dayMilliseconds
    return CivilDate(dayNumber: Int(shifted % Self.dayMilliseconds < 0 ? day - 1 : day))
  }

  /// The moment that many hours later; earlier for a negative number.
  package func adding(hours: Int) -> Instant {
    Instant(milliseconds: milliseconds + Int64(hours) * 3_600_000)
  }
}

extension Instant: Comparable {
  /// The earlier moment is the smaller one.
  package static func < (left: Instant, right: Instant) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

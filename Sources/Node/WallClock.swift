internal import Foundation

/// Where a node takes the time of day from: this machine's clock or, for rehearsals, a file.
///
/// A rehearsal (演练) plays a year of deadlines in minutes: all its nodes and commands name one file, which holds
/// a moment; the clock shows that moment plus what has passed since the file was written. Its times are evidence
/// of nothing: a hub with the true time marks what comes from a clock far ahead (Protocol/2-Clocks).
package struct WallClock: Sendable {
  private let path: String?

  /// The machine's own.
  package static let system = WallClock(path: nil)

  private init(path: String?) { self.path = path }

  /// The clock of a rehearsal. Returns nil when the file does not hold a moment as RFC 3339, such as
  /// `2026-01-31T23:50:00+08:00`.
  package init?(rehearsal path: String) {
    guard Self.moment(in: path) != nil else { return nil }
    self.path = path
  }

  /// Since 1970; 0 for a clock that is before. Of a rehearsal whose file is gone: the machine's.
  package var milliseconds: UInt64 {
    let now = Date()
    return Self.milliseconds(path.flatMap { Self.moment(in: $0, at: now) } ?? now)
  }

  private static func milliseconds(_ date: Date) -> UInt64 {
    UInt64(max(0, date.timeIntervalSince1970 * 1_000))
  }

  private static func moment(in path: String, at now: Date = Date()) -> Date? {
    guard let bytes = FileManager.default.contents(atPath: path),
      let start = ISO8601DateFormatter().date(
        from: String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      ),
      // Without the time of its writing there is nothing to count from.
      let written = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        as? Date
    else { return nil }
    return start.addingTimeInterval(max(0, now.timeIntervalSince(written)))
  }
}

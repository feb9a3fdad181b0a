/// Milliseconds since it was made, by a clock that never goes back.
package struct MonotonicClock: Sendable {
  private let start = ContinuousClock.now

  package init() {}

  package var milliseconds: UInt64 { Self.milliseconds(start.duration(to: .now)) }

  /// How long it is until a moment; 0 for one that has passed.
  package func pause(until moment: UInt64) -> UInt64 {
    let now = milliseconds
    return moment > now ? moment - now : 0
  }

  /// Whole milliseconds; 0 for what is negative.
  package static func milliseconds(_ duration: Duration) -> UInt64 {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) * 1_000 + UInt64(attoseconds / 1_000_000_000_000_000)
  }
}

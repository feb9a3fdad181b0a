import Changes

/// Growing pauses after failures in a row, with jitter, so that many children do not call at once.
///
/// Source: Protocol/6-Sessions §10. A pause is between half and all of min(first × 2^(failures − 1),
/// longest).
package struct BackOff: Hashable, Sendable {
  /// Failures in a row.
  package private(set) var failures: UInt32 = 0
  private let firstMilliseconds: UInt64
  private let longestMilliseconds: UInt64

  package init(
    firstMilliseconds: UInt64 = Limits.backOffFirstMilliseconds,
    longestMilliseconds: UInt64 = Limits.backOffLongestMilliseconds
  ) {
    precondition(
      0 < firstMilliseconds && firstMilliseconds <= longestMilliseconds, "pauses grow from first")
    (self.firstMilliseconds, self.longestMilliseconds) = (firstMilliseconds, longestMilliseconds)
  }

  /// Counts a failure and returns the pause after it, milliseconds.
  package mutating func fail(using generator: inout some RandomNumberGenerator) -> UInt64 {
    failures = failures == .max ? failures : failures + 1
    let exponent = min(failures - 1, 32)
    return Self.jitter(min(firstMilliseconds << UInt64(exponent), longestMilliseconds), &generator)
  }

  /// Counts a failure that only people can cure, and returns the longest pause.
  package mutating func failForLong(using generator: inout some RandomNumberGenerator) -> UInt64 {
    failures = max(failures, Limits.failOverAfterFailures - 1) + 1
    return Self.jitter(longestMilliseconds, &generator)
  }

  package mutating func succeed() { failures = 0 }

  /// Between half of `milliseconds` and all of it.
  static func jitter(
    _ milliseconds: UInt64, _ generator: inout some RandomNumberGenerator
  ) -> UInt64 {
    let half = milliseconds / 2
    return milliseconds - half + UInt64.random(in: 0...half, using: &generator)
  }
}

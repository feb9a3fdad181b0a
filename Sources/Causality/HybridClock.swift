/// A hybrid logical timestamp: 48 bits of milliseconds since 1970 and a 16-bit counter.
///
/// Source: engine.md §1 (HLC); Kulkarni et al., "Logical Physical Clocks", 2014. It breaks ties among
/// concurrent writes and labels screens; no other rule reads a clock.
package struct HybridTimestamp: Hashable, Comparable, Sendable {
  /// Milliseconds × 65,536 + counter.
  package let packed: UInt64

  package init(packed: UInt64) { self.packed = packed }

  /// Milliseconds above 2^48 − 1 (the year 10,889) are clamped.
  package init(milliseconds: UInt64, counter: UInt16 = 0) {
    packed = min(milliseconds, 0xFFFF_FFFF_FFFF) << 16 | UInt64(counter)
  }

  /// Milliseconds since 1970-01-01T00:00:00Z, 48 bits.
  package var milliseconds: UInt64 { packed >> 16 }

  /// Orders events within one millisecond.
  package var counter: UInt16 { UInt16(truncatingIfNeeded: packed) }

  package static func < (left: HybridTimestamp, right: HybridTimestamp) -> Bool {
    left.packed < right.packed
  }

  /// The next timestamp; stays at the last one at the end of time.
  package var next: HybridTimestamp {
    HybridTimestamp(packed: packed == .max ? packed : packed + 1)
  }
}

/// Gives out strictly increasing timestamps of one replica. Time is an argument; nothing here reads a
/// clock. Its last value is persisted with each commit (engine.md §12).
package struct HybridClock: Sendable {
  /// The largest timestamp given out or seen.
  package private(set) var last: HybridTimestamp

  package init(last: HybridTimestamp = HybridTimestamp(packed: 0)) { self.last = last }

  /// The timestamp of a local write at wall time `milliseconds`: max(last + 1, wall).
  package mutating func tick(milliseconds: UInt64) -> HybridTimestamp {
    last = max(last.next, HybridTimestamp(milliseconds: milliseconds))
    return last
  }

  /// Moves the clock past a timestamp seen, but at most `furthestAheadMilliseconds` beyond the wall, so
  /// that one wrong clock does not drag every other clock with it. Returns false when it clamped.
  package mutating func observe(
    _ timestamp: HybridTimestamp, milliseconds: UInt64, furthestAheadMilliseconds: UInt64
  ) -> Bool {
    let bound = HybridTimestamp(milliseconds: milliseconds &+ furthestAheadMilliseconds)
    last = max(last, min(timestamp, bound))
    return timestamp <= bound
  }
}

import Causality
import TestSupport
import Testing

/// Timestamps and names of writers (Protocol/2-Clocks §2, 1-Terms §4).
@Suite struct ClockTests {
  @Test func `A clock never gives out a timestamp twice or below what it saw`() {
    let ahead: UInt64 = 300_000
    for seed in UInt64(0)..<200 {
      var random = SeededGenerator(seed: seed)
      var clock = HybridClock()
      var wall: UInt64 = 1_730_000_000_000
      for _ in 0..<100 {
        // Walls jump forward and back.
        wall = wall &+ UInt64(random.below(2_000)) &- UInt64(random.below(2_000))
        let before = clock.last
        if random.chance(60) {
          let given = clock.tick(milliseconds: wall)
          #expect(given > before && given == clock.last, "seed \(seed)")
          #expect(given.milliseconds >= wall, "seed \(seed)")
        } else {
          let seen = HybridTimestamp(
            milliseconds: wall - 500_000 + UInt64(random.below(1_000_000)),
            counter: UInt16(truncatingIfNeeded: random.next()))
          let fits = clock.observe(
            seen, milliseconds: wall, furthestAheadMilliseconds: ahead)
          let bound = HybridTimestamp(milliseconds: wall + ahead)
          #expect(fits == (seen <= bound), "seed \(seed)")
          #expect(clock.last == max(before, min(seen, bound)), "seed \(seed)")
        }
      }
    }
  }

  @Test func `The counter carries into the milliseconds, and time ends without wrapping`() {
    var clock = HybridClock(last: HybridTimestamp(milliseconds: 7, counter: .max))
    #expect(clock.tick(milliseconds: 0) == HybridTimestamp(milliseconds: 8))
    var last = HybridClock(last: HybridTimestamp(packed: .max - 1))
    #expect(last.tick(milliseconds: 0) == HybridTimestamp(packed: .max))
    #expect(last.tick(milliseconds: .max) == HybridTimestamp(packed: .max))
    #expect(HybridTimestamp(milliseconds: .max).milliseconds == 0xFFFF_FFFF_FFFF)
  }

  @Test func `Names come back from numbers and texts, and compare as they are packed`() throws {
    for seed in UInt64(0)..<500 {
      var random = SeededGenerator(seed: seed)
      let first = try #require(ReplicaID(node: try node(&random), epoch: epoch(&random)))
      let second = try #require(ReplicaID(node: try node(&random), epoch: epoch(&random)))
      #expect(ReplicaID(packed: first.packed) == first, "seed \(seed)")
      #expect(ReplicaID(first.description) == first, "seed \(seed): \(first)")
      #expect((first < second) == (first.packed < second.packed), "seed \(seed)")
      let code = UInt32(1 + random.below(999_999))
      for channel in [Channel.both, .up, .down] {
        let stream = StreamID(scope: try #require(Scope(code: code)), channel: channel)
        #expect(StreamID(packed: stream.packed) == stream, "seed \(seed)")
      }
    }
  }

  private func node(_ random: inout SeededGenerator) throws -> NodeCode {
    try #require(
      NodeCode(
        division: UInt32(100_000 + random.below(4)), terminal: UInt16(random.below(3))))
  }

  private func epoch(_ random: inout SeededGenerator) -> UInt32 { UInt32(1 + random.below(3)) }
}

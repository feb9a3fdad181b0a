import Node
import Testing

@Suite struct MonotonicClockTests {
  @Test func `it goes on from its making, and nothing waits for what has passed`() async throws {
    let clock = MonotonicClock()
    #expect(clock.pause(until: 0) == 0)
    // Whoever asks while a moment passes waits no time at all.
    for _ in 0..<20_000 { #expect(clock.pause(until: clock.milliseconds + 1) <= 1) }
    try await Task.sleep(for: .milliseconds(20))
    #expect(clock.milliseconds >= 20)
    #expect(clock.pause(until: clock.milliseconds + 60_000) > 50_000)
  }

  @Test func `no duration is less than nothing`() {
    #expect(MonotonicClock.milliseconds(.milliseconds(-3)) == 0)
    #expect(MonotonicClock.milliseconds(.seconds(-3)) == 0)
    #expect(MonotonicClock.milliseconds(.microseconds(2_999)) == 2)
    #expect(MonotonicClock.milliseconds(.seconds(61)) == 61_000)
  }
}

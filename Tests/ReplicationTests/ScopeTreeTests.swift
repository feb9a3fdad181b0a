import Causality
import Changes
import Testing

/// Places in the tree against climbing it step by step.
@Suite struct ScopeTreeTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `who is above whom is as climbing tells`(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var parents: [UInt32: UInt32] = [:]
    var codes: [UInt32] = [500]
    for number in 1..<UInt32(30) {
      let code = number * 37 % 997 + 1
      parents[code] = codes[draw(min(codes.count, 8))]
      codes.append(code)
    }
    let tree = try ScopeTree(
      codes.map { code in
        ScopeTree.Entry(
          scope: try #require(Scope(code: code)), parent: parents[code].flatMap { Scope(code: $0) })
      })
    func climbs(_ upper: UInt32, _ lower: UInt32) -> Bool {
      var next: UInt32? = lower
      while let code = next {
        if code == upper { return true }
        next = parents[code]
      }
      return false
    }
    for upper in codes + [999] {
      for lower in codes + [998] {
        let (above, below) = (try #require(Scope(code: upper)), try #require(Scope(code: lower)))
        #expect(tree.isAtOrAbove(above, below) == climbs(upper, lower), "seed \(seed)")
        let isKnown = codes.contains(upper) && codes.contains(lower)
        let (up, down) = (isKnown && climbs(upper, lower), isKnown && climbs(lower, upper))
        for (channel, expected) in [(Channel.both, up || down), (.up, up), (.down, down)] {
          #expect(
            tree.holds(above, StreamID(scope: below, channel: channel)) == expected, "seed \(seed)")
        }
      }
    }
  }
}

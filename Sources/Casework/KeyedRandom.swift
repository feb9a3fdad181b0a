/// Random numbers of generated rosters: one independent stream per list of keys, so that a row depends
/// on the seed, its division and its number only, not on what was generated before.
///
/// Source: SplitMix64 (Steele, Lea, Flood, 2014). Not for draws: those are YDR-1 (domain.md §4.5).
struct KeyedRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Equal keys in equal order give equal streams on every platform.
  init(_ keys: UInt64...) {
    state = 0
    for key in keys {
      state = next() ^ key
    }
    state = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A number in 0..<bound; its bias is below 2^-32 for the bounds used here.
  mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a choice needs something to choose from")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in 0..<bound, small ones more often: about ln(bound / number) / bound.
  mutating func skewed(_ bound: Int) -> Int { below(below(bound) + 1) }

  /// True in `perMille` of 1,000 cases.
  mutating func chance(_ perMille: Int) -> Bool { below(1_000) < perMille }

  /// The index of a weight, in proportion to the weights; their sum is given.
  mutating func weighted(_ weights: [Int], sum: Int) -> Int {
    var rest = below(sum)
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    preconditionFailure("the sum is that of the weights")
  }
}

/// What a stream of chance is for: adding a draw in one place changes nothing elsewhere.
package enum ChanceLabel: UInt64 {
  case plan = 1
  case tie, delay, fate, chunk, schedule, host, disk, core, work
}

/// A keyed stream of chance: a function of its key alone, without shared state.
///
/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
package struct Chance: RandomNumberGenerator {
  private var state: UInt64

  /// The stream of (seed, label, a, b).
  package init(_ seed: UInt64, _ label: ChanceLabel, _ a: UInt64 = 0, _ b: UInt64 = 0) {
    state = Self.hash(Self.hash(Self.hash(seed, label.rawValue), a), b)
  }

  /// A hash of two words.
  static func hash(_ left: UInt64, _ right: UInt64) -> UInt64 {
    mix(left ^ mix(right &+ 0x9E37_79B9_7F4A_7C15))
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var word = value
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number of 0..<bound; 0 for a bound of 0.
  package mutating func below(_ bound: Int) -> Int { bound <= 0 ? 0 : Int(next() % UInt64(bound)) }

  /// A number of a range.
  package mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True that many times in a million.
  package mutating func happens(perMillion: Int) -> Bool { below(1_000_000) < perMillion }

  /// One of a list that is not empty.
  package mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

  /// Roughly exponential with that mean: the sum of a geometric number of halves and a uniform rest.
  mutating func exponential(mean: Int) -> Int {
    guard mean > 0 else { return 0 }
    let halvings = min(next().trailingZeroBitCount, 20)
    return below(mean * 7 / 10 + 1) + halvings * (mean * 7 / 10)
  }
}

/// A hash of everything that happened, in order (D1).
struct Trace {
  private(set) var hash: UInt64 = 0
  private(set) var count = 0

  mutating func add(_ kind: UInt64, _ a: UInt64, _ b: UInt64 = 0) {
    hash = Chance.hash(Chance.hash(Chance.hash(hash, kind), a), b)
    count += 1
  }

  mutating func add(_ bytes: [UInt8]) {
    var word = UInt64(bytes.count)
    for byte in bytes { word = (word ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    hash = Chance.hash(hash, word)
  }
}

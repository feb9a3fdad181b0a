/// The 64-bit xorshift generator (13, 7, 17) of Marsaglia, "Xorshift RNGs", 2003, of which 32 bits from
/// bit 16 are used: the choice of rows is part of the workload's definition (performance.md §3).
struct WorkloadRandom {
  private var state: UInt64 = 88_172_645_463_325_252

  mutating func next() -> UInt32 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt32(truncatingIfNeeded: state >> 16)
  }

  /// 0…bound − 1, by remainder.
  mutating func next(below bound: Int) -> Int { Int(next() % UInt32(bound)) }
}

/// SplitMix64, for generated rows. Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014.
struct BenchRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// 0…bound − 1.
  mutating func next(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number of the closed range.
  mutating func next(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + next(below: range.upperBound - range.lowerBound + 1)
  }

  /// True in `percent` of 100 cases.
  mutating func chance(_ percent: Int) -> Bool { next(below: 100) < percent }
}

/// A choice among words, some more likely than others.
struct WeightedWords {
  private let words: [[UInt8]]
  private let ends: [Int]

  /// Words with whole weights; one weight per word.
  init(_ words: [String], weights: [Int]) {
    precondition(words.count == weights.count && !words.isEmpty, "one weight per word")
    self.words = words.map { Array($0.utf8) }
    var total = 0
    ends = weights.map { weight in
      total += weight
      return total
    }
  }

  /// The word at index i has the weight 1 / (i + offset): few are common, many are rare.
  init(_ words: [String], zipfOffset offset: Int) {
    self.init(words, weights: words.indices.map { 1_000_000 / ($0 + offset) })
  }

  func pick(_ random: inout BenchRandom) -> [UInt8] { words[index(&random)] }

  func index(_ random: inout BenchRandom) -> Int {
    let target = random.next(below: ends[ends.count - 1])
    var (low, high) = (0, ends.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= target { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

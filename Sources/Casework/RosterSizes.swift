import Causality

/// How many companies and inspectors a division has in generated data. Source: domain.md §7.2.
struct RosterSizes: Sendable {
  /// A size class of counties.
  private struct SizeClass {
    let companies: Int
    let inspectors: Int
    /// Codes of GB/T 2260.
    let members: [UInt32]
  }

  private static let largest = SizeClass(
    companies: 160_000, inspectors: 220,
    members: [530_102, 530_103, 530_111, 530_112, 530_114])
  private static let large = SizeClass(
    companies: 48_000, inspectors: 130,
    members: [
      530_115, 530_181, 530_302, 530_303, 530_322, 530_326, 530_381, 530_402, 530_502, 530_581,
      530_602, 530_627, 530_802, 532_301, 532_501, 532_503, 532_504, 532_601, 532_801, 532_901,
    ])
  private static let small = SizeClass(
    companies: 6_400, inspectors: 45,
    members: [
      530_113, 530_124, 530_304, 530_424, 530_425, 530_426, 530_523, 530_623, 530_624, 530_626,
      530_629, 530_681, 530_721, 530_723, 530_821, 530_825, 530_826, 530_827, 530_829, 530_924,
      530_925, 530_927, 532_322, 532_323, 532_325, 532_327, 532_523, 532_529, 532_531, 532_532,
      532_623, 532_624, 532_922, 532_926, 532_927, 532_928, 532_929, 532_931, 533_122, 533_323,
      533_324, 533_325, 533_422, 533_423,
    ])
  /// Of the counties in no other class.
  private static let medium = (companies: 20_000, inspectors: 85)
  private static let prefectureInspectors = 70
  private static let provinceInspectors = 300

  /// exp(0.35 z) at the midpoints of 32 equal parts of the normal distribution, per mille of their
  /// mean: sizes within a class are log-normal with σ = 0.35.
  private static let spreadPerMille = [
    444, 525, 574, 613, 647, 677, 705, 732, 757, 782, 807, 831, 856, 880, 905, 930, 956, 983,
    1_010, 1_039, 1_070, 1_102, 1_137, 1_174, 1_215, 1_261, 1_314, 1_375, 1_450, 1_549, 1_695,
    2_004,
  ]

  private let companies: [Scope: Int]
  private let inspectors: [Scope: Int]

  /// Sizes at 1,000,000 parts per million are the model of 2019 (3.24 million companies). Inspectors
  /// shrink with the scale, but do not grow with it.
  init(divisions: DivisionTree, seed: UInt64, partsPerMillion scale: Int) {
    var (companies, inspectors): ([Scope: Int], [Scope: Int]) = ([:], [:])
    let named = Self.largest.members + Self.large.members + Self.small.members
    let others = divisions.counties.map(\.scope.code).filter { !named.contains($0) }
    let classes = [
      Self.largest, Self.large, Self.small,
      SizeClass(
        companies: Self.medium.companies, inspectors: Self.medium.inspectors, members: others),
    ]
    for sizeClass in classes {
      let members = sizeClass.members.compactMap { Scope(code: $0) }
        .filter { divisions.division($0)?.level == .county }
      for (scope, spread) in Self.spread(members, seed: seed) {
        companies[scope] = Self.scaled(sizeClass.companies * spread / 1_000, scale)
        inspectors[scope] = Self.scaled(sizeClass.inspectors, min(scale, 1_000_000))
      }
    }
    for division in divisions.divisions where division.level != .county {
      let count =
        division.level == .province ? Self.provinceInspectors : Self.prefectureInspectors
      inspectors[division.scope] = Self.scaled(count, min(scale, 1_000_000))
    }
    (self.companies, self.inspectors) = (companies, inspectors)
  }

  /// 0 for divisions other than counties.
  func companies(in scope: Scope) -> Int { companies[scope] ?? 0 }

  /// 0 for unknown divisions, at least 4 for all others.
  func inspectors(in scope: Scope) -> Int { inspectors[scope].map { max($0, 4) } ?? 0 }

  /// Gives each member of a class another part of the distribution, so that the sum keeps its size.
  private static func spread(_ members: [Scope], seed: UInt64) -> [(Scope, Int)] {
    let ranked = members.map { scope -> (UInt64, Scope) in
      var random = KeyedRandom(seed, 1, UInt64(scope.code))
      return (random.next(), scope)
    }.sorted { $0 < $1 }
    return ranked.enumerated().map { rank, member in
      (member.1, spreadPerMille[(2 * rank + 1) * spreadPerMille.count / (2 * ranked.count)])
    }
  }

  private static func scaled(_ count: Int, _ partsPerMillion: Int) -> Int {
    max(1, (count * partsPerMillion + 500_000) / 1_000_000)
  }
}

/// How an indicator counts in a score. Source: domain.md §5.3.
package struct ScoreRule: Hashable, Sendable, Codable {
  package let indicator: String
  /// In tenths of a point.
  package let weight: Int
  /// At or below this ratio it is worth 0, at or above that one all of its weight; linear between them. In basis
  /// points; a target below the floor is for what is good when it is small.
  package let floorBp: Int64
  package let targetBp: Int64

  enum CodingKeys: String, CodingKey {
    case indicator, weight
    case floorBp = "floor_bp"
    case targetBp = "target_bp"
  }

  package init(_ indicator: Indicator, weight: Int, floorBp: Int64 = 0, targetBp: Int64 = 10_000) {
    (self.indicator, self.weight) = (indicator.rawValue, weight)
    (self.floorBp, self.targetBp) = (floorBp, targetBp)
  }

  /// The weights of the specification; 40 % of joint tasks and half of the visits for two items or more are enough.
  package static let standard = [
    ScoreRule(.k01, weight: 50), ScoreRule(.k02, weight: 50), ScoreRule(.k03, weight: 50),
    ScoreRule(.k04, weight: 200), ScoreRule(.k05, weight: 200),
    ScoreRule(.k06After30, weight: 100, targetBp: 9_500), ScoreRule(.k07, weight: 100),
    ScoreRule(.k08, weight: 50, targetBp: 4_000),
    ScoreRule(.k09Shared, weight: 50, targetBp: 5_000),
    ScoreRule(.k14, weight: 25, targetBp: 9_950), ScoreRule(.k16, weight: 25),
    ScoreRule(.k18, weight: 50), ScoreRule(.k19, weight: 50),
  ]

  /// 0…10,000 for a ratio.
  func share(of basisPoints: Int64) -> Int64 {
    guard floorBp != targetBp else { return basisPoints >= targetBp ? 10_000 : 0 }
    let share = (basisPoints - floorBp) * 10_000 / (targetBp - floorBp)
    return min(10_000, max(0, share))
  }
}

/// What a unit reached, and of what it was made.
package struct Score: Hashable, Sendable {
  /// What one indicator gave.
  package struct Part: Hashable, Sendable {
    package let rule: ScoreRule
    /// 0…10,000 of its weight.
    package let share: Int64
  }

  /// In order of the rules; those without a figure count in neither sum.
  package let parts: [Part]

  /// Scores figures. What has no whole to divide by, and what is no ratio, is left out: a unit is not judged by
  /// what it had no occasion for.
  package init(_ figures: [Indicator: Figure], by rules: [ScoreRule] = ScoreRule.standard) {
    parts = rules.compactMap { rule in
      guard let indicator = Indicator(rawValue: rule.indicator),
        let reached = figures[indicator]?.basisPoints
      else { return nil }
      return Part(rule: rule, share: rule.share(of: reached))
    }
  }

  /// 0…100, rounded half up; nil without any part.
  package var points: Int64? { sum.map { ($0.shares + $0.weights * 50) / ($0.weights * 100) } }

  /// 0…10,000, rounded half up; nil without any part.
  package var hundredths: Int64? { sum.map { ($0.shares * 2 + $0.weights) / ($0.weights * 2) } }

  private var sum: (shares: Int64, weights: Int64)? {
    let weights = parts.reduce(Int64(0)) { $0 + Int64($1.rule.weight) }
    guard weights > 0 else { return nil }
    return (parts.reduce(Int64(0)) { $0 + Int64($1.rule.weight) * $1.share }, weights)
  }
}

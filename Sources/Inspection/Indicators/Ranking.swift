/// Which units are put in order with each other. Source: domain.md §5.3.
package enum RankingGroup: Hashable, Sendable {
  case prefectures
  case counties
  /// The counties below one prefecture.
  case below(UnitCode)
  case size(CountySize)
}

/// Counties by the size of their rosters: the limits lie between the model's sizes of 6,400, 20,000, 48,000 and
/// 160,000 objects, at their geometric means. Source: domain.md §7.2.
package enum CountySize: String, ListedCode {
  case extraLarge = "XL"
  case large = "L"
  case medium = "M"
  case small = "S"

  package init(objects: Int64) {
    switch objects {
    case 87_636...: self = .extraLarge
    case 30_984...: self = .large
    case 11_314...: self = .medium
    default: self = .small
    }
  }

  package var title: String {
    switch self {
    case .extraLarge: "特大县"
    case .large: "大县"
    case .medium: "中等县"
    case .small: "小县"
    }
  }
}

/// What a unit is ranked by.
package enum RankingCriterion: Hashable, Sendable {
  /// The weights of the rules.
  case score([ScoreRule])
  /// One indicator that has a direction.
  case indicator(Indicator)
}

/// Units of a group in order of what they reached: prefectures with all below them, counties alone.
///
/// Equal values share a place and say so. A unit whose data are older than the limit, or that never reported, has
/// no place: it stands at the end with the day of its last news. Source: domain.md §5.3.
package struct Ranking: Hashable, Sendable {
  /// One unit.
  package struct Entry: Hashable, Sendable {
    package let unit: UnitCode
    package let name: String
    /// 1…; nil without a place.
    package let place: Int?
    package let isTied: Bool
    /// The score with two decimals, or the indicator as reports show it.
    package let value: String
    /// Since when nothing was heard, for a unit without a place; nil for one that never reported and for one that
    /// has nothing to be ranked by.
    package let staleSince: Instant?
    package let isSilent: Bool
    /// Enrolled units in it that are stale or silent.
    package let staleBelow: Int
  }

  package let group: RankingGroup
  package let entries: [Entry]
}

extension IndicatorReport {
  /// The groups that a report has units of: prefectures, counties, counties of each prefecture, counties of each
  /// size.
  package var rankingGroups: [RankingGroup] {
    let prefectures = units.filter { $0.unit.level == .prefecture }.map(\.unit)
    let sizes = Set(units.filter { $0.unit.level == .county }.map { size(of: $0.unit) })
    return [.prefectures, .counties] + prefectures.map { .below($0) }
      + CountySize.allCases.filter(sizes.contains).map { .size($0) }
  }

  /// The size of a county by the objects of its roster here.
  private func size(of unit: UnitCode) -> CountySize {
    CountySize(objects: figures(of: unit)[.k11]?.denominator ?? 0)
  }

  private func isMember(_ unit: UnitReport, of group: RankingGroup) -> Bool {
    switch group {
    case .prefectures: unit.unit.level == .prefecture
    case .counties: unit.unit.level == .county
    case .below(let parent): unit.unit.level == .county && unit.parent == parent
    case .size(let size): unit.unit.level == .county && self.size(of: unit.unit) == size
    }
  }

  /// Puts the units of a group in order. Units that were never enrolled are in none. An indicator without a
  /// direction ranks nobody. Cost: the lines of the report.
  package func ranking(_ group: RankingGroup, by criterion: RankingCriterion) -> Ranking {
    var (ranked, others) = ([(report: UnitReport, key: Int64, value: String)](), [Ranking.Entry]())
    for unit in units where unit.isEnrolled && isMember(unit, of: group) {
      let reached = reached(by: unit.unit, criterion)
      guard let reached, isFresh(unit) else {
        others.append(
          Ranking.Entry(
            unit: unit.unit, name: unit.name, place: nil, isTied: false,
            value: reached?.value ?? "—", staleSince: isFresh(unit) ? nil : unit.lastContactAt,
            isSilent: unit.figures == nil, staleBelow: staleBelow(unit.unit)))
        continue
      }
      ranked.append((unit, reached.key, reached.value))
    }
    ranked.sort { ($1.key, $0.report.unit) < ($0.key, $1.report.unit) }
    let entries = ranked.indices.map { index in
      let (report, key, value) = ranked[index]
      return Ranking.Entry(
        unit: report.unit, name: report.name,
        place: 1 + (ranked.firstIndex { $0.key == key } ?? index),
        isTied: ranked.count { $0.key == key } > 1, value: value, staleSince: nil,
        isSilent: false, staleBelow: staleBelow(report.unit))
    }
    return Ranking(group: group, entries: entries + others)
  }

  private func isFresh(_ unit: UnitReport) -> Bool {
    guard unit.figures != nil, let heard = unit.lastContactAt else { return false }
    return asOf.milliseconds - heard.milliseconds <= staleMilliseconds
  }

  private func staleBelow(_ unit: UnitCode) -> Int {
    guard let line = lines(of: unit).first else { return 0 }
    let old = Set(line.stale + line.silent)
    return units.count { $0.isEnrolled && old.contains($0.unit) }
  }

  /// What a unit with all below it reached, as a number that is better when it is greater, and as text.
  private func reached(
    by unit: UnitCode, _ criterion: RankingCriterion
  ) -> (key: Int64, value: String)? {
    switch criterion {
    case .score(let rules):
      guard let hundredths = Score(figures(of: unit), by: rules).hundredths else { return nil }
      let digits = String(hundredths % 100)
      return (
        hundredths, "\(hundredths / 100)." + (digits.utf8.count == 1 ? "0" : "") + digits
      )
    case .indicator(let indicator):
      guard let isGoodWhenHigh = indicator.isGoodWhenHigh,
        let line = lines(of: unit).first(where: { $0.indicator == indicator }),
        let figure = line.figure, !figure.isEmpty
      else { return nil }
      let key = figure.basisPoints ?? figure.numerator
      return (isGoodWhenHigh ? key : -key, line.value)
    }
  }
}

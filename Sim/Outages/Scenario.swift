package import Simulator

/// What an operator rehearses: a tree, lines, people at work, and what goes wrong when.
package struct Scenario: Hashable, Sendable {
  package let title: String
  /// What the operator wants to know.
  package let question: String
  package let seed: UInt64
  /// Midnight in China at which it begins, milliseconds since 1970.
  package let startMilliseconds: Int
  package let lengthMilliseconds: Int
  /// How long all may take after the end to agree.
  package let settleMilliseconds: Int
  package let territory: Territory
  /// Of each division to the one above it.
  package let lines: [LinkClass]
  package let sizes: Sizes
  package let workload: Workload
  package let outages: [Outage]

  /// How large replicas and work are.
  package struct Sizes: Hashable, Sendable {
    /// Companies of an average county that are there at the beginning. A sample: what is sent follows the changes.
    package var companies = 40
    /// Work against the model of 2019, parts per million.
    package var scalePerMillion = 1_000_000
  }

  /// Transactions of an average county and working day. Source: domain.md §7.2.
  package struct Workload: Hashable, Sendable {
    package var season = Season.quiet
    /// Changes of the register, written for each county by the node that takes the feed in.
    package var registrations = 18.0
    /// Contacts and addresses that the county corrects.
    package var corrections = 4.0
    /// Visits with their results.
    package var visits = 0.0
    /// Draws.
    package var draws = 0.0
    /// Batches of results that are published.
    package var publications = 0.0
    /// Plans that are filed a day outside of `plans`.
    package var plans = 0.0
    /// Corrections that the other tier makes at the same company on the same day, parts per million.
    package var sameCompanyPerMillion = 20_000
    /// The tier of the node that takes the feed in.
    package var feedTier = 0
    package var worksOnWeekends = false
    package var filing: Filing?
  }

  /// A last day on which plans are filed.
  package struct Filing: Hashable, Sendable {
    package let fromMilliseconds: Int
    package let toMilliseconds: Int
    /// Counties that file then, parts per million.
    package let sharePerMillion: Int
  }

  /// Something that goes wrong, by places of divisions.
  package struct Outage: Hashable, Sendable {
    package let kind: Kind
    package let places: [Int]
    package let fromMilliseconds: Int
    package let toMilliseconds: Int
    package let name: String

    /// What happens.
    package enum Kind: Hashable, Sendable {
      /// The lines upwards are cut.
      case cut
      /// The machines are off.
      case off
      /// A copy of the disk is taken at the beginning and put back at the end.
      case backup
      /// The wall clock is so many milliseconds ahead.
      case clock(Int)
    }
  }
}

/// What a year's work is about, by month. Source: domain.md §7.2, "Season".
package enum Season: String, Hashable, Sendable, CaseIterable {
  /// January: annual plans, all counties within ten working days.
  case plans
  /// March: joint plans.
  case joint
  /// April to June: draws.
  case draws
  /// May to October: visits and results.
  case visits
  /// November and December: publication.
  case publication
  /// The rest: changes of the register alone.
  case quiet

  static func of(month: Int) -> Season {
    switch month {
    case 1: .plans
    case 3: .joint
    case 4: .draws
    case 5...10: .visits
    case 11, 12: .publication
    default: .quiet
    }
  }

  /// A county's transactions in a working day of the season: 107,000 visits in 129 counties and 125 days;
  /// 40 tasks drawn in 60 days; 250,000 results published in batches of eight in 40 days; a plan in ten days.
  var workload: Scenario.Workload {
    var work = Scenario.Workload()
    work.season = self
    switch self {
    case .plans: work.plans = 0.1
    case .joint: work.plans = 0.05
    case .draws: work.draws = 0.7
    case .visits: work.visits = 6.6
    case .publication: work.publications = 6
    case .quiet: break
    }
    return work
  }
}

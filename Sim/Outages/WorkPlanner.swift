internal import Causality
internal import Simulator

/// When people write what: transactions of every county over the days of a scenario.
///
/// Office hours are 08:30 to 12:00 and 14:00 to 17:30; weekends are free unless the scenario says otherwise;
/// holidays are not known. Counts are Poisson-like: each transaction falls on its own.
struct WorkPlanner {
  let scenario: Scenario
  /// Virtual time at which the scenario begins.
  let warmUpMilliseconds: Int

  func work() -> [Work] {
    var list: [Work] = []
    for place in scenario.territory.leaves {
      let division = scenario.territory.divisions[place]
      guard let scope = Scope(code: UInt32(division.code)) else { continue }
      let feed = scenario.territory.ancestor(of: place, tier: scenario.workload.feedTier)
      // Set-up, spread over the first quarter of an hour.
      list.append(
        Work(
          atMilliseconds: 60_000 + place * 97 % 900_000, node: feed, scope: scope,
          kind: WorkKind.roster.rawValue, number: 0))
      var chance = Chance(scenario.seed, .work, UInt64(division.code))
      append(place, feed, scope, division.weight, to: &list, &chance)
    }
    return list.sorted {
      ($0.atMilliseconds, $0.scope, $0.kind, $0.number)
        < ($1.atMilliseconds, $1.scope, $1.kind, $1.number)
    }
  }

  private func append(
    _ place: Int, _ feed: Int, _ scope: Scope, _ weight: Int, to list: inout [Work],
    _ chance: inout Chance
  ) {
    let work = scenario.workload
    let scale = Double(scenario.sizes.scalePerMillion) / 1_000_000 * Double(weight) / 1_000
    let rates: [(kind: WorkKind, node: Int, perDay: Double)] = [
      (.registration, feed, work.registrations * scale),
      (.correction, place, work.corrections * scale),
      (.visit, place, work.visits * scale), (.draw, place, work.draws * scale),
      (.publication, place, work.publications * scale), (.plan, place, work.plans),
    ]
    var numbers = [Int](repeating: 0, count: WorkKind.allCases.count)
    func add(_ kind: WorkKind, _ node: Int, at time: Int) {
      list.append(
        Work(
          atMilliseconds: warmUpMilliseconds + time, node: node, scope: scope, kind: kind.rawValue,
          number: numbers[kind.rawValue]))
      numbers[kind.rawValue] += 1
    }
    let days = (scenario.lengthMilliseconds + 86_399_999) / 86_400_000
    for day in 0..<days where isWorking(day) {
      for (kind, node, perDay) in rates {
        for _ in 0..<count(perDay, &chance) {
          let time = day * 86_400_000 + officeTime(&chance)
          guard time < scenario.lengthMilliseconds else { continue }
          if kind == .correction, feed != place,
            chance.happens(perMillion: work.sameCompanyPerMillion)
          {
            let number = numbers[kind.rawValue]
            list.append(
              Work(
                atMilliseconds: warmUpMilliseconds + day * 86_400_000 + officeTime(&chance),
                node: feed, scope: scope, kind: WorkKind.feedCorrection.rawValue, number: number))
          }
          add(kind, node, at: time)
        }
      }
    }
    if let filing = work.filing, chance.happens(perMillion: filing.sharePerMillion) {
      add(.plan, place, at: chance.within(filing.fromMilliseconds...filing.toMilliseconds))
    }
  }

  private func isWorking(_ day: Int) -> Bool {
    scenario.workload.worksOnWeekends
      || CivilTime.weekday(scenario.startMilliseconds + day * 86_400_000) < 6
  }

  /// A whole number with that mean.
  private func count(_ mean: Double, _ chance: inout Chance) -> Int {
    let whole = Int(mean)
    return whole + (chance.happens(perMillion: Int((mean - Double(whole)) * 1_000_000)) ? 1 : 0)
  }

  /// Milliseconds of a day, in office hours.
  private func officeTime(_ chance: inout Chance) -> Int {
    let time = chance.below(25_200_000)
    return time < 12_600_000 ? 30_600_000 + time : 50_400_000 + time - 12_600_000
  }
}

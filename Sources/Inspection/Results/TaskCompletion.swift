/// Whether a task is completed. Source: domain.md §2.6 (TASK), §9 (seed gaps), R-2.26, C-33.
package enum TaskCompletion {
  /// Refuses completion while a visit is open or a result not final; in a joint task every participant
  /// has to have declared itself done.
  package static func check(
    task: String, visitStates: [String], resultStates: [String], participants: [String],
    done: Set<String>
  ) throws(RuleBreach) {
    let openVisits = visitStates.filter { !["DONE", "IMPOSSIBLE", "CANCELLED"].contains($0) }
    let openResults = resultStates.filter { !["FINAL", "PUBLISHED", "AMENDED"].contains($0) }
    guard openVisits.isEmpty, openResults.isEmpty else {
      throw RuleBreach(
        .publication, row: task, .visitsOpen(count: openVisits.count + openResults.count))
    }
    for participant in participants where !done.contains(participant) {
      throw RuleBreach(.jointResults, row: task, .missing(field: participant))
    }
  }
}

/// Visits of one object that can be one: 进一次门、查多项事. Source, C-11, C-12.
package struct VisitMerge: Hashable, Sendable {
  /// What the rule needs of a visit.
  package struct Visit: Hashable, Sendable {
    package let id: String
    package let object: String
    package let unit: UnitCode
    package let window: ClosedRange<CivilDate>
    /// Visits that somebody merged into this one.
    package let mergedFrom: [String]

    package init(
      id: String, object: String, unit: UnitCode, window: ClosedRange<CivilDate>,
      mergedFrom: [String] = []
    ) {
      (self.id, self.object, self.unit, self.window) = (id, object, unit, window)
      self.mergedFrom = mergedFrom
    }
  }

  /// Ascending ids of the visits in it.
  package let visits: [String]
  /// Whether a person has to look: another unit, another object, or windows that do not meet.
  package let needsReview: Bool

  /// The groups that the stored links make, united whoever made them (C-12), in order of their first id.
  /// Single visits are in none. Cost: linear in visits and links.
  package static func united(_ visits: [Visit]) -> [VisitMerge] {
    var byID: [String: Visit] = [:]
    var links: [String: Set<String>] = [:]
    for visit in visits { byID[visit.id] = visit }
    for visit in visits {
      for other in visit.mergedFrom where other != visit.id && byID[other] != nil {
        links[visit.id, default: []].insert(other)
        links[other, default: []].insert(visit.id)
      }
    }
    var seen: Set<String> = []
    return links.keys.sorted().compactMap { start in
      guard !seen.contains(start) else { return nil }
      var (group, open) = ([String](), [start])
      while let id = open.popLast() {
        guard seen.insert(id).inserted else { continue }
        group.append(id)
        open += links[id] ?? []
      }
      let members = group.sorted().compactMap { byID[$0] }
      return VisitMerge(visits: members.map(\.id), needsReview: !canBeOne(members))
    }
  }

  /// Groups of visits that are not linked and could be one: what a unit is offered, in order of object, unit
  /// and window. Cost: n log n in the visits.
  package static func suggested(_ visits: [Visit]) -> [VisitMerge] {
    let linked = Set(united(visits).flatMap(\.visits))
    let free = visits.filter { !linked.contains($0.id) }.sorted {
      ($0.object, $0.unit, $0.window.lowerBound, $0.id)
        < ($1.object, $1.unit, $1.window.lowerBound, $1.id)
    }
    var groups: [[Visit]] = []
    for visit in free {
      if let last = groups.last, canBeOne(last + [visit]) {
        groups[groups.count - 1].append(visit)
      } else {
        groups.append([visit])
      }
    }
    return groups.filter { $0.count > 1 }.map {
      VisitMerge(visits: $0.map(\.id).sorted(), needsReview: false)
    }
  }

  /// One object and unit, and a day that all windows have.
  private static func canBeOne(_ visits: [Visit]) -> Bool {
    guard let first = visits.first, let from = visits.map(\.window.lowerBound).max(),
      let to = visits.map(\.window.upperBound).min()
    else { return false }
    return from <= to && visits.allSatisfy { $0.object == first.object && $0.unit == first.unit }
  }
}

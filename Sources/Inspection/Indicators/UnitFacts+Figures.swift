/// The time that figures are for, and the rules that they are judged by.
package struct IndicatorPeriod: Sendable {
  /// Business dates within it count.
  package let days: ClosedRange<CivilDate>
  /// The moment of the report.
  package let asOf: Instant
  package let today: CivilDate
  package let calendar: WorkingCalendar
  package let rules: RuleSet

  package init(
    days: ClosedRange<CivilDate>, asOf: Instant, today: CivilDate, calendar: WorkingCalendar,
    rules: RuleSet
  ) {
    (self.days, self.asOf, self.today) = (days, asOf, today)
    (self.calendar, self.rules) = (calendar, rules)
  }
}

extension UnitFacts {
  /// All figures of a unit. Cost: linear in the facts. Source: domain.md §5.2.
  package func figures(_ period: IndicatorPeriod) -> [Indicator: Figure] {
    var figures: [Indicator: Figure] = [:]
    func set(_ indicator: Indicator, _ figure: Figure) { figures[indicator] = figure }
    for (indicator, kind) in [(Indicator.k01, FiledPlan.annual), (.k02, .joint)] {
      set(indicator, filed(kind, period))
    }
    set(.k03, requirementsMet(period))
    publicationFigures(period, set)
    completionFigures(period, set)
    for (indicator, age) in [(Indicator.k06After30, 30), (.k06After90, 90)] {
      let old = followUps.filter {
        period.days.contains($0.createdOn) && $0.createdOn.days(to: period.today) >= age
      }
      set(indicator, .ratio(old.count { ($0.closedOn ?? .latest) <= period.today }, of: old.count))
    }
    set(.k07, listed(period))
    visitFigures(period, set)
    assignmentFigures(set)
    drawFigures(period, set)
    set(.k14, .ratio(rosters.matchedFeedRows, of: rosters.feedRows))
    set(.k16, .ratio(rosters.inspectorsValid, of: rosters.inspectors))
    syncFigures(period, set)
    return figures
  }

  private typealias Set = (Indicator, Figure) -> Void

  /// Owed once the deadline has passed; a plan that is still awaited counts in neither.
  private func filed(_ kind: FiledPlan, _ period: IndicatorPeriod) -> Figure {
    let year = period.days.upperBound.year
    let verdicts = filings.filter { $0.kind == kind && $0.year == year }.compactMap {
      FilingTimeliness(
        kind, year: year, signedAt: $0.signedAt, receivedAt: $0.receivedAt, now: period.asOf,
        calendar: period.calendar, graceWorkingDays: period.rules.filingGraceWorkingDays)?.verdict
    }
    if verdicts.contains(.onTime) { return .ratio(1, of: 1) }
    if verdicts.contains(.awaited) { return .ratio(0, of: 0) }
    guard let lastDay = kind.lastDay(of: year), period.asOf > Instant(endOf: lastDay) else {
      return .ratio(0, of: 0)
    }
    return .ratio(0, of: 1)
  }

  /// Owed from the unit's plan on, and by everybody once the deadline of plans has passed.
  private func requirementsMet(_ period: IndicatorPeriod) -> Figure {
    let year = period.days.upperBound.year
    let isPlanned = filings.contains { $0.kind == .annual && $0.year == year }
    let isOver = FiledPlan.annual.lastDay(of: year).map { period.asOf > Instant(endOf: $0) }
    guard isPlanned || isOver == true else { return .ratio(0, of: 0) }
    let addressed = requirements.filter { $0.year == year }
    return .ratio(addressed.count(where: \.isMet), of: addressed.count)
  }

  private func syncFigures(_ period: IndicatorPeriod, _ set: Set) {
    func age(_ indicator: Indicator, _ since: Instant?) {
      guard let since else { return }
      set(indicator, .worst(max(0, period.asOf.milliseconds - since.milliseconds)))
    }
    age(.k26, sync.lastContactAt)
    age(.k26Change, sync.lastChangeAt)
    age(.k26Unacknowledged, sync.oldestUnacknowledgedAt)
    if let bytes = sync.queuedBytes { set(.k26Queued, .count(bytes)) }
    set(.k27, .count(sync.refused + sync.proposals + sync.reviews))
    set(.k27Refused, .count(sync.refused))
    set(.k27Proposals, .count(sync.proposals))
    set(.k27Reviews, .count(sync.reviews))
    age(.k27Oldest, sync.oldestOpenAt)
  }

  private func publicationFigures(_ period: IndicatorPeriod, _ set: Set) {
    let final = results.filter { period.days.contains($0.checkedOn) }
    let due = final.filter { !$0.isExempt && ($0.publicationDue ?? .latest) < period.today }
    let onTime = due.count { ($0.publishedOn ?? .latest) <= ($0.publicationDue ?? .latest) }
    set(.k04, .ratio(due.isEmpty ? 0 : onTime, of: due.count))
    var days: [Int: Int] = [:]
    for result in final {
      guard let completed = result.completedOn, let published = result.publishedOn else { continue }
      days[period.calendar.workingDays(after: completed, through: published), default: 0] += 1
    }
    set(.k04Median, .values(days))
    set(.k04Exempt, .ratio(final.count(where: \.isExempt), of: final.count))
    set(.k13, .ratio(final.count { $0.isProblem }, of: final.count))
    set(.k20, .ratio(final.count(where: \.isChainComplete), of: final.count))
  }

  private func completionFigures(_ period: IndicatorPeriod, _ set: Set) {
    let drawn = visits.filter { $0.origin == .random && period.days.contains($0.windowTo) }
    set(.k05, .ratio(drawn.count(where: \.isPublished), of: drawn.count))
    let tasks = tasks.filter { period.days.contains($0.windowTo) }
    let counted = tasks.filter { $0.state != "TERMINATED" }
    set(.k05Tasks, .ratio(counted.count(where: \.isCompleted), of: counted.count))
    let planned = counted.filter(\.isPlanned)
    set(.k05Plan, .ratio(planned.count(where: \.isCompleted), of: planned.count))
    set(.k08, .ratio(counted.count(where: \.isJoint), of: counted.count))
    set(.k19, proven(period))
    let late = draws.filter { period.days.contains($0.drawnOn) }.reduce(0) {
      $0 + $1.lateExclusions
    }
    let changes =
      drawn.count(where: \.isPostDrawChange) + late + assignments.count(where: \.isReplaced)
      + tasks.count { $0.state == "TERMINATED" && $0.wasDrawn }
    set(.k22, .ratio(changes, of: drawn.count))
  }

  /// Completed tasks whose draw anyone can make again by the day that their results are due; counted once that is
  /// so or the day has passed.
  private func proven(_ period: IndicatorPeriod) -> Figure {
    var (kept, all) = (0, 0)
    for task in tasks where task.needsDraw && task.isCompleted {
      guard let completedOn = task.completedOn, period.days.contains(completedOn) else { continue }
      let due = period.calendar.due(
        after: completedOn, workingDays: period.rules.publicationWorkingDays)
      guard task.provenOn != nil || due.date < period.today else { continue }
      all += 1
      if let provenOn = task.provenOn, provenOn <= due.date { kept += 1 }
    }
    return .ratio(kept, of: all)
  }

  /// Findings that must be listed, once decided or once the time has run out.
  private func listed(_ period: IndicatorPeriod) -> Figure {
    var (kept, all) = (0, 0)
    for result in results where period.days.contains(result.checkedOn) {
      guard let due = result.listingDue(period) else { continue }
      guard result.listedOn != nil || due < period.today else { continue }
      all += 1
      if let listedOn = result.listedOn, listedOn <= due { kept += 1 }
    }
    return .ratio(kept, of: all)
  }

  private func visitFigures(_ period: IndicatorPeriod, _ set: Set) {
    let made = visits.filter { $0.visitedOn.map(period.days.contains) ?? false }
    set(.k09, .ratio(made.reduce(0) { $0 + $1.itemCount }, of: made.count))
    set(.k09Shared, .ratio(made.count { $0.itemCount >= 2 }, of: made.count))
    set(.k08Visits, .ratio(made.count { $0.departmentCount >= 2 }, of: made.count))
    let today = period.today
    var yearly: [String: (visits: Int, capped: Int, creditClass: String)] = [:]
    for visit in visits where visit.isOnSite {
      guard let visitedOn = visit.visitedOn, visitedOn <= today, visitedOn.days(to: today) < 365
      else { continue }
      var held = yearly[visit.object] ?? (0, 0, visit.creditClass)
      held.visits += 1
      // Leads do not count towards the cap (K23).
      if visit.origin != .lead, visitedOn.year == today.year { held.capped += 1 }
      yearly[visit.object] = held
    }
    set(.k09Repeated, .ratio(yearly.values.count { $0.visits > 1 }, of: yearly.count))
    let caps = period.rules.yearlyVisitCaps
    set(
      .k23,
      .count(
        yearly.values.count { $0.capped > caps[$0.creditClass] ?? caps["N"] ?? Int.max }))
    let objects = Swift.Set(made.map(\.object))
    set(.k11, .ratio(rosters.objects == 0 ? 0 : objects.count, of: rosters.objects))
  }

  private func assignmentFigures(_ set: Set) {
    let assignments = assignments.filter { !$0.isReplaced }
    let count = assignments.count
    let modes: [(Indicator, AssignmentMode)] = [
      (.k10, .random), (.k10Neighbour, .neighbour), (.k10Direct, .direct),
    ]
    for (indicator, mode) in modes {
      set(indicator, .ratio(assignments.count { $0.mode == mode }, of: count))
    }
    set(
      .k10Violations, .count(assignments.count { $0.mode == .direct && !$0.hasRecordedShortage }))
  }

  private func drawFigures(_ period: IndicatorPeriod, _ set: Set) {
    let made = draws.filter { period.days.contains($0.drawnOn) }
    set(.k18, .ratio(made.count { $0.verification == "MATCH" }, of: made.count))
    set(.k18Mismatch, .count(made.count { $0.verification == "MISMATCH" }))
    set(.k18Void, .count(made.count(where: \.isVoid)))
    set(.k18Abort, .count(made.count { $0.isAborted(period) }))
  }
}

extension UnitFacts.Result {
  /// A finding other than R01, R07, R09–R13 (K13); unknown codes are no problem found.
  package var isProblem: Bool { findings.codes.compactMap(\.known).contains(where: \.isProblem) }
}

/// A plan that has to be filed with the province by a day of its year.
package enum FiledPlan: String, Hashable, Sendable, CaseIterable {
  /// 年度抽查工作计划: by 31 January. Source: notice 二(五), R-2.13.
  case annual = "ANNUAL"
  /// 年度联合抽查工作计划: by 31 March. Source: notice 二(六), R-2.24.
  case joint = "JOINT"

  /// The last day; nil outside the years 1…9999.
  package func lastDay(of year: Int) -> CivilDate? {
    CivilDate(year: year, month: self == .annual ? 1 : 3, day: 31)
  }

  /// The requirement that sets the day.
  package var requirement: Requirement { self == .annual ? .annualPlan : .jointPlan }
}

/// Whether a plan was filed on time, and how one knows.
package struct FilingTimeliness: Hashable, Sendable {
  /// The verdict.
  package enum Verdict: String, Hashable, Sendable, CaseIterable {
    /// Signed by the deadline and received within the grace.
    case onTime = "ON_TIME"
    /// Signed by the deadline, received after the grace.
    case receivedLate = "RECEIVED_LATE"
    /// Signed after the deadline.
    case signedLate = "SIGNED_LATE"
    /// Signed by the deadline, not received, and the grace still runs.
    case awaited = "AWAITED"
    /// Not signed, and the deadline has not passed.
    case notYet = "NOT_YET"
    /// Not received though the grace is over, or not signed though the deadline is.
    case missing = "MISSING"
  }

  package let verdict: Verdict
  /// The last day for the signature.
  package let lastDay: CivilDate
  /// The last day for the receipt.
  package let graceDay: DueDate

  /// Judges by both times, which are both shown to people: signed at 24:00 of the last day or before, and
  /// received at 24:00 of the last grace day or before. `now` matters only while something is missing.
  /// Returns nil outside the years 1…9999. Source.
  package init?(
    _ plan: FiledPlan, year: Int, signedAt: Instant?, receivedAt: Instant?, now: Instant,
    calendar: WorkingCalendar, graceWorkingDays: Int
  ) {
    guard let lastDay = plan.lastDay(of: year) else { return nil }
    self.lastDay = lastDay
    graceDay = calendar.due(after: lastDay, workingDays: graceWorkingDays)
    let (deadline, graceEnd) = (Instant(endOf: lastDay), Instant(endOf: graceDay.date))
    guard let signedAt else {
      verdict = now <= deadline ? .notYet : .missing
      return
    }
    if signedAt > deadline {
      verdict = .signedLate
    } else if let receivedAt {
      verdict = receivedAt <= graceEnd ? .onTime : .receivedLate
    } else {
      verdict = now <= graceEnd ? .awaited : .missing
    }
  }
}

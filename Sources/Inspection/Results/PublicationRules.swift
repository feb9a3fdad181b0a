/// How the publication of one result stands on a day. OVERDUE and PUBLISHED_LATE are derived from dates and
/// never stored. Source, domain.md §2.6.
package enum PublicationStanding: String, ListedCode {
  case notDue = "NOT_DUE"
  case due = "DUE"
  case overdue = "OVERDUE"
  case published = "PUBLISHED"
  case publishedLate = "PUBLISHED_LATE"
  case exempt = "EXEMPT"

  package var title: String {
    switch self {
    case .notDue: "任务未完成"
    case .due: "应公示"
    case .overdue: "逾期未公示"
    case .published: "已公示"
    case .publishedLate: "逾期公示"
    case .exempt: "依法不公开"
    }
  }
}

/// The rules of publication.
package enum PublicationRules {
  /// The 20th working day after the task was completed. Anyone can compute it again from the day and the
  /// edition of the calendar.
  package static func due(
    completedOn: CivilDate, calendar: WorkingCalendar, rules: RuleSet
  ) -> DueDate {
    calendar.due(after: completedOn, workingDays: rules.publicationWorkingDays)
  }

  /// Where a result stands on a day. `isExempt` only counts with ground and approver, which
  /// `checkExemption` asks for.
  package static func standing(
    due: DueDate?, publishedOn: CivilDate?, isExempt: Bool, today: CivilDate
  ) -> PublicationStanding {
    if let publishedOn {
      guard let due, publishedOn > due.date else { return .published }
      return .publishedLate
    }
    if isExempt { return .exempt }
    guard let due else { return .notDue }
    return today > due.date ? .overdue : .due
  }

  /// Refuses an exemption without legal ground or without approver.
  package static func checkExemption(
    ground: String, approver: String, row: String
  ) throws(RuleBreach) {
    guard !ground.isEmpty, !approver.isEmpty else {
      throw RuleBreach(.publication, row: row, .exemptionWithoutGround)
    }
  }
}

/// The rules of leads: no draw, at once, offline, with or without a credit code. Source.
package enum LeadRules {
  /// The last working day for verification and decision.
  package static func due(
    receivedOn: CivilDate, isExtended: Bool, calendar: WorkingCalendar, rules: RuleSet
  ) -> DueDate {
    calendar.due(
      after: receivedOn,
      workingDays: rules.leadWorkingDays + (isExtended ? rules.leadExtensionWorkingDays : 0))
  }

  /// Whether the check of a lead is offered to be made in one visit with a random one: the same object and
  /// unit, and the day is in the visit's window. Both origins stay and both count.
  package static func isMergeable(
    object: String?, unit: UnitCode, on date: CivilDate, visitObject: String,
    visitUnit: UnitCode, window: ClosedRange<CivilDate>
  ) -> Bool {
    object == visitObject && unit == visitUnit && window.contains(date)
  }
}

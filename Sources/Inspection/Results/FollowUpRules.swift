/// What has to be done after a result. Source, domain.md §3.4.
package struct NeededFollowUp: Hashable, Sendable {
  package let kind: FollowUpKind
  /// Whether nothing else may stand in for it.
  package let isMandatory: Bool
  /// The findings that ask for it, ascending.
  package let findings: [Finding]
  package let due: DueDate
}

/// The rules of follow-ups.
package enum FollowUpRules {
  /// What a result asks for: at most one of each kind (C-21), in order of kinds. `verifiedOn` is the day
  /// the fact was verified, from which the times run.
  ///
  /// R02–R04, and R06 unless switched off, lead to a mandatory listing; R05 to the verification of the
  /// correction; R09 to the register; R08 and the codes of lines to what the disposal says.
  package static func needed(
    findings: CodeSet<Finding>, disposals: CodeSet<Disposal>, verifiedOn: CivilDate,
    calendar: WorkingCalendar, rules: RuleSet
  ) -> [NeededFollowUp] {
    var asked: [FollowUpKind: [Finding]] = [:]
    for finding in findings.codes.compactMap(\.known) {
      for kind in kinds(of: finding, disposals, rules) { asked[kind, default: []].append(finding) }
    }
    return FollowUpKind.allCases.compactMap { kind in
      guard let findings = asked[kind] else { return nil }
      let due = calendar.due(after: verifiedOn, workingDays: workingDays(of: kind, rules))
      return NeededFollowUp(
        kind: kind, isMandatory: kind == .listing, findings: findings, due: due)
    }
  }

  /// Whether a finding must be listed. Source.
  package static func isListed(_ finding: Finding, rules: RuleSet) -> Bool {
    switch finding {
    case .notPublicised, .falsified, .unreachable: true
    case .uncooperative: rules.switches.refusalIsListed
    default: false
    }
  }

  private static func kinds(
    of finding: Finding, _ disposals: CodeSet<Disposal>, _ rules: RuleSet
  ) -> [FollowUpKind] {
    if isListed(finding, rules: rules) { return [.listing] }
    switch finding {
    case .orderedToCorrect: return [.correct]
    case .closed: return [.registration]
    case .noProblem, .noSuchActivity, .uncooperative, .cancelled, .revoked, .rescinded, .movedOut:
      return []
    default:
      if disposals.contains(.passedToCaseOffice) { return [.caseFiling] }
      if disposals.contains(.passedToDepartment) { return [.notifyDepartment] }
      return [.correct]
    }
  }

  private static func workingDays(of kind: FollowUpKind, _ rules: RuleSet) -> Int {
    switch kind {
    case .listing: rules.listingWorkingDays
    case .serious: rules.seriousListingWorkingDays
    case .caseFiling: rules.caseFilingWorkingDays
    default: rules.followUpWorkingDays
    }
  }

  /// The list that a subject goes on: individual businesses are marked, others listed. Source.
  package static func list(forSubjectKind kind: String) -> ListKind {
    kind == "IND" ? .abnormalMark : .abnormalList
  }

  /// How a follow-up is proposed to end.
  package struct Closing: Hashable, Sendable {
    package var outcome: Coded<FollowUpOutcome>
    /// The legal reason of a decision not to list.
    package var reason: String
    package var approver: String

    package init(outcome: Coded<FollowUpOutcome>, reason: String = "", approver: String = "") {
      (self.outcome, self.reason, self.approver) = (outcome, reason, approver)
    }
  }

  /// Refuses an end that the notice forbids: a mandatory listing closed with an order to correct or with
  /// guidance, and a decision not to list without legal reason and approver. A mandatory case or transfer ends with
  /// what it asks for. Source.
  package static func checkClosing(
    _ closing: Closing, kind: FollowUpKind, isMandatory: Bool, row: String
  ) throws(RuleBreach) {
    guard isMandatory || kind == .listing || kind == .serious else { return }
    switch closing.outcome.known {
    case demanded(by: kind): return
    case .noGround:
      guard !closing.reason.isEmpty, !closing.approver.isEmpty else {
        throw RuleBreach(.mandatoryListing, row: row, .noGroundWithoutApproval)
      }
    default:
      let rule = RuleBreach.Rule.endReplaced(
        demanded: demanded(by: kind).rawValue, outcome: closing.outcome.code)
      throw RuleBreach(requirement(of: kind), row: row, rule)
    }
  }

  /// How a mandatory follow-up ends.
  private static func demanded(by kind: FollowUpKind) -> FollowUpOutcome {
    switch kind {
    case .caseFiling: .caseFiled
    case .justice, .notifyDepartment: .transferred
    default: .listed
    }
  }

  private static func requirement(of kind: FollowUpKind) -> Requirement {
    switch kind {
    case .caseFiling, .justice: .caseAndJustice
    default: .mandatoryListing
    }
  }

  /// How a stored follow-up stands: one that was closed against the rule counts as open again, whoever
  /// closed it and whenever the rule came (C-20).
  package static func standing(
    state: String, closing: Closing?, kind: FollowUpKind, isMandatory: Bool, row: String
  ) -> Standing {
    guard let closing, StateMachine.followUp.rank(state) > StateMachine.followUp.rank("ACCEPTED")
    else { return .open }
    do throws(RuleBreach) {
      try checkClosing(closing, kind: kind, isMandatory: isMandatory, row: row)
      return state == "CLOSED" ? .closed : .decided
    } catch {
      return .reopened(error)
    }
  }

  /// How a follow-up stands.
  package enum Standing: Hashable, Sendable {
    case open
    /// The outcome is written, the file not closed.
    case decided
    case closed
    /// Closed against a rule: open again, with the reason, e.g. MANDATORY_LISTING.
    case reopened(RuleBreach)
  }

  /// Whether a transfer to justice is late: approved days after the report, or the file handed over hours after the
  /// approval. Source, 国务院令310号.
  package static func isTransferLate(
    reportedOn: CivilDate, approvedAt: Instant, handedOverAt: Instant?, now: Instant,
    rules: RuleSet
  ) -> Bool {
    let decidedOn = approvedAt.date ?? .latest
    if reportedOn.days(to: decidedOn) > rules.justiceDecisionDays { return true }
    return (handedOverAt ?? now) > approvedAt.adding(hours: rules.justiceHandOverHours)
  }
}

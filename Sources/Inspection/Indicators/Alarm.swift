/// What a hub has to look at first. Source: domain.md §5.3, §2.9 C-34.
package enum AlarmKind: String, ListedCode {
  case publicationOverdue = "PUBLICATION_OVERDUE"
  case listingMissing = "LISTING_MISSING"
  case justiceLate = "JUSTICE_LATE"
  case frameMismatch = "FRAME_MISMATCH"
  case drawAborted = "DRAW_ABORTED"
  case drawVoided = "DRAW_VOIDED"
  case unitSilent = "UNIT_SILENT"
  case directShare = "DIRECT_SHARE"
  case terminatedAfterDraw = "TERMINATED_AFTER_DRAW"
  case rosterShrank = "ROSTER_SHRANK"
  case lateExclusion = "LATE_EXCLUSION"
  case resultWithoutVisit = "RESULT_WITHOUT_VISIT"

  /// The place of a kind in lists.
  static func order(_ kind: AlarmKind) -> Int { allCases.firstIndex(of: kind) ?? 0 }

  package var title: String {
    switch self {
    case .publicationOverdue: "逾期未公示"
    case .listingMissing: "应列未列"
    case .justiceLate: "移送司法逾期"
    case .frameMismatch: "名录核验不一致"
    case .drawAborted: "确认后未抽取（中止）"
    case .drawVoided: "抽取作废"
    case .unitSilent: "单位失联"
    case .directShare: "直接委派占比过高"
    case .terminatedAfterDraw: "抽取后终止任务"
    case .rosterShrank: "名录无登记原因缩减"
    case .lateExclusion: "确认后排除对象（疑似操纵）"
    case .resultWithoutVisit: "结果缺少检查记录"
    }
  }
}

/// One alarm of a unit.
package struct Alarm: Hashable, Sendable {
  package let kind: AlarmKind
  package let count: Int
  /// Of how many, where it is a share; nil for others.
  package let whole: Int?
  /// Results, tasks or draws that it is about, as people name them.
  package let rows: [String]

  package init(_ kind: AlarmKind, count: Int, of whole: Int? = nil, rows: [String] = []) {
    (self.kind, self.count, self.whole, self.rows) = (kind, count, whole, rows)
  }

  /// A unit that nothing is known of for so long is silent.
  package static let silenceMilliseconds = Int64(72 * 3_600_000)
  /// Direct appointments above this share, and rosters that lost more than that one, in per cent.
  static let directPercent = 20
  static let shrinkPercent = 2
  /// Days after which a result that came without its visit is told (C-35).
  static let danglingDays = 7
}

extension UnitFacts {
  /// The alarms of a unit but for its silence, in order of their kinds. Cost: linear in the facts.
  package func alarms(_ period: IndicatorPeriod) -> [Alarm] {
    var alarms: [Alarm] = []
    func add(_ kind: AlarmKind, _ rows: [String]) {
      if !rows.isEmpty { alarms.append(Alarm(kind, count: rows.count, rows: rows.sorted())) }
    }
    let results = results.filter { period.days.contains($0.checkedOn) }
    add(
      .publicationOverdue,
      results.filter {
        !$0.isExempt && $0.publishedOn == nil && ($0.publicationDue ?? .latest) < period.today
      }.map(\.row))
    add(
      .listingMissing,
      results.filter {
        $0.listedOn == nil && ($0.listingDue(period) ?? .latest) < period.today
      }.map(\.row))
    let late = justiceTransfers.filter { transfer in
      period.days.contains(transfer.reportedOn)
        && FollowUpRules.isTransferLate(
          reportedOn: transfer.reportedOn, approvedAt: transfer.approvedAt,
          handedOverAt: transfer.handedOverAt, now: period.asOf, rules: period.rules)
    }
    add(.justiceLate, late.map(\.result))
    let draws = draws.filter { period.days.contains($0.drawnOn) }
    add(.frameMismatch, draws.filter { $0.verification == "MISMATCH" }.map(\.id))
    add(.drawAborted, draws.filter { $0.isAborted(period) }.map(\.id))
    add(.drawVoided, draws.filter(\.isVoid).map(\.id))
    let teams = assignments.filter { !$0.isReplaced }
    let direct = teams.count { $0.mode == .direct }
    if direct * 100 > teams.count * Alarm.directPercent {
      alarms.append(Alarm(.directShare, count: direct, of: teams.count))
    }
    add(
      .terminatedAfterDraw,
      tasks.filter {
        $0.state == "TERMINATED" && $0.wasDrawn && period.days.contains($0.windowTo)
      }.map(\.code))
    add(
      .rosterShrank,
      draws.filter { $0.rowsLost * 100 > $0.rowsBefore * Alarm.shrinkPercent }.map(\.id))
    let touched = draws.filter { $0.manipulations > 0 }
    if !touched.isEmpty {
      alarms.append(
        Alarm(
          .lateExclusion, count: touched.reduce(0) { $0 + $1.manipulations },
          rows: touched.map(\.id).sorted()))
    }
    add(
      .resultWithoutVisit,
      results.filter {
        $0.isDangling && $0.checkedOn.days(to: period.today) > Alarm.danglingDays
      }.map(\.row))
    return alarms
  }
}

extension UnitFacts.Result {
  /// Until when a finding that has to be listed is listed (应列尽列); nil for all other findings.
  func listingDue(_ period: IndicatorPeriod) -> CivilDate? {
    let isOwed = findings.codes.compactMap(\.known).contains {
      FollowUpRules.isListed($0, rules: period.rules)
    }
    guard isOwed else { return nil }
    return period.calendar.due(
      after: checkedOn, workingDays: period.rules.listingWorkingDays
    ).date
  }
}

extension UnitFacts.Draw {
  /// T7: who knows the hub's value knows the result; not to draw then is an alarm, until the superior voids it.
  func isAborted(_ period: IndicatorPeriod) -> Bool {
    guard let answeredOn = answeredUndrawnOn, !isVoid else { return false }
    let due = period.calendar.due(after: answeredOn, workingDays: period.rules.drawWorkingDays)
    return due.date < period.today
  }
}

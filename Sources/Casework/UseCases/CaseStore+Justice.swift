package import Causality
internal import Changes
package import Inspection
internal import Store

/// 移送司法: what a result shows to be a crime, reported and approved. Source, 国务院令310号.
package struct JusticeTransfer: Hashable, Sendable {
  /// When the inspectors reported it.
  package let reportedOn: CivilDate
  /// When the head of the unit approved the transfer.
  package let approvedAt: Instant
  package let approver: String
  /// 公安机关 or another office that takes the file.
  package let receiver: String

  package init(reportedOn: CivilDate, approvedAt: Instant, approver: String, receiver: String) {
    (self.reportedOn, self.approvedAt) = (reportedOn, approvedAt)
    (self.approver, self.receiver) = (approver, receiver)
  }
}

/// A transfer as it stands.
package struct JusticeEntry: Hashable, Sendable {
  /// Visit, item and department.
  package let result: String
  package let reportedOn: CivilDate
  package let approvedAt: Instant
  package let handedOverAt: Instant?
  package let receiver: String
  /// Decided or handed over later than the rules allow, or not handed over though the time is over.
  package let isLate: Bool
}

extension CaseStore {
  /// Opens the transfer of a final result to justice, as a mandatory follow-up that is due when the hours of the
  /// rules are over. A late decision is taken and shown as late. Throws `refused` without approver or receiver, and
  /// for times that are reversed or yet to come; `missing` for a result that is not final; `exists`.
  package func sendToJustice(
    _ result: ResultKey, _ transfer: JusticeTransfer
  ) throws(CaseworkError) {
    let (scope, rules, now) = (ownScope, rules, Int64(clamping: wallMilliseconds()))
    let row = result.row
    guard try self.row(of: VisitTables.finalResults, in: scope, key: result.values) != nil else {
      throw .missing(table: "final_results", key: row)
    }
    var breaches = [("批准人", transfer.approver), ("接收机关", transfer.receiver)]
      .filter { $0.1.isEmpty }
      .map { RuleBreach(.caseAndJustice, row: row, .missing(field: $0.0)) }
    let approvedOn = transfer.approvedAt.date ?? .latest
    if transfer.reportedOn > approvedOn || transfer.approvedAt.milliseconds > now {
      let to = transfer.approvedAt.milliseconds > now ? today : approvedOn
      let from = max(transfer.reportedOn, approvedOn)
      breaches.append(RuleBreach(.caseAndJustice, row: row, .datesReversed(from: from, to: to)))
    }
    if let refusal = breaches.refusal { throw refusal }
    let key: [Value] = [.text(row)]
    let followUp = result.values + [.text(FollowUpKind.justice.rawValue)]
    let dueOn = transfer.approvedAt.adding(hours: rules.justiceHandOverHours).date ?? .latest
    try perform("to justice") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: FollowUpTables.justiceTransfers, in: scope, key: key) == nil
      else { return .failure(.exists(table: "justice_transfers", key: row)) }
      try transaction.insert(FollowUpTables.justiceTransfers, in: scope, key: key) { values in
        values.set("reported_on", transfer.reportedOn)
        values.set("approved_at", transfer.approvedAt.milliseconds)
        values.set("receiver", transfer.receiver)
      }
      if try transaction.row(of: FollowUpTables.followUps, in: scope, key: followUp) == nil {
        try transaction.insert(FollowUpTables.followUps, in: scope, key: followUp) { values in
          values.set("is_mandatory", 1)
          values.set("due_on", dueOn)
          values.set("owner_unit", "\(scope)")
          values.set("state", "ACCEPTED")
          values.set("approver", transfer.approver)
        }
      }
      return .success(())
    }
  }

  /// Notes when the file was handed over, under its number, and ends the follow-up. Throws `refused` for a moment
  /// before the approval or yet to come, `missing` when the transfer was not approved.
  package func handOverToJustice(
    _ result: ResultKey, at moment: Instant, number: String
  ) throws(CaseworkError) {
    let (scope, today, row) = (ownScope, today, result.row)
    let key: [Value] = [.text(row)]
    guard let held = try self.row(of: FollowUpTables.justiceTransfers, in: scope, key: key),
      let approvedAt = held.integer("approved_at")
    else { throw .missing(table: "justice_transfers", key: row) }
    guard !number.isEmpty else {
      throw .refused([RuleBreach(.caseAndJustice, row: row, .missing(field: "移送文书号"))])
    }
    let now = Int64(clamping: wallMilliseconds())
    guard approvedAt <= moment.milliseconds, moment.milliseconds <= now else {
      let from = Instant(milliseconds: approvedAt).date ?? .latest
      let to = moment.date ?? .latest
      throw .refused([RuleBreach(.caseAndJustice, row: row, .datesReversed(from: from, to: to))])
    }
    let approver =
      try self.row(
        of: FollowUpTables.followUps, in: scope,
        key: result.values + [.text(FollowUpKind.justice.rawValue)])?.text("approver") ?? ""
    try change(
      .justice, of: result, through: ["TRANSFERRED", "CLOSED"],
      { values in
        values.set("outcome", FollowUpOutcome.transferred.rawValue)
        values.set("outcome_number", number)
        values.set("approver", approver)
        values.set("finished_on", today)
      },
      also: { transaction throws(StoreError) in
        try transaction.update(FollowUpTables.justiceTransfers, in: scope, key: key) { values in
          values.set("handed_over_at", moment.milliseconds)
        }
      })
  }

  /// The transfers of a unit by result, as they stand now.
  package func justiceTransfers(of unit: Scope) throws(CaseworkError) -> [JusticeEntry] {
    let (rules, now) = (rules, Instant(milliseconds: Int64(clamping: wallMilliseconds())))
    return try rows(of: FollowUpTables.justiceTransfers, in: unit).compactMap { row in
      guard let reportedOn = row.date("reported_on"), let approved = row.integer("approved_at")
      else { return nil }
      let approvedAt = Instant(milliseconds: approved)
      let handedOverAt = row.integer("handed_over_at").map { Instant(milliseconds: $0) }
      return JusticeEntry(
        result: row.keyText, reportedOn: reportedOn, approvedAt: approvedAt,
        handedOverAt: handedOverAt, receiver: row.text("receiver"),
        isLate: FollowUpRules.isTransferLate(
          reportedOn: reportedOn, approvedAt: approvedAt, handedOverAt: handedOverAt, now: now,
          rules: rules))
    }
  }
}

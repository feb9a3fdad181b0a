package import Causality
internal import Changes
package import Inspection
internal import Store

/// A follow-up as it stands.
package struct FollowUpEntry: Hashable, Sendable {
  package let result: ResultKey
  package let kind: Coded<FollowUpKind>
  package let isMandatory: Bool
  package let dueOn: CivilDate?
  package let state: String
  package let standing: FollowUpRules.Standing
}

extension CaseStore {
  /// Takes a follow-up as the competent unit. Throws `refused`, `missing`.
  package func accept(_ kind: FollowUpKind, of result: ResultKey) throws(CaseworkError) {
    try change(kind, of: result, through: ["ACCEPTED"]) { _ in }
  }

  /// Ends a follow-up. A mandatory listing is not ended by an order to correct or by guidance, and a decision
  /// not to list has reason and approver. A listing puts the subject on its list, a case is filed under its
  /// number; what goes to justice is ended by `handOverToJustice`. `subject`: whom a listing is about, where
  /// the visit is another unit's, which handed the follow-up over. Throws `refused`, `missing`, `exists`.
  package func close(
    _ kind: FollowUpKind, of result: ResultKey, _ closing: FollowUpRules.Closing,
    number: String = "", subject: String = ""
  ) throws(CaseworkError) {
    let row = "\(result.row)/\(kind.rawValue)"
    let key = result.values + [.text(kind.rawValue)]
    let held = try self.row(of: FollowUpTables.followUps, in: ownScope, key: key)
    guard let held else { throw .missing(table: "follow_ups", key: row) }
    do throws(RuleBreach) {
      try FollowUpRules.checkClosing(
        closing, kind: kind, isMandatory: held.integer("is_mandatory") == 1, row: row)
    } catch {
      throw .refused([error])
    }
    let today = today
    let decision = try decision(
      of: closing, kind, result, number: number, subject: subject, row: row)
    try change(
      kind, of: result, through: [closing.outcome.code, "CLOSED"],
      { values in
        values.set("outcome", closing.outcome.code)
        values.set("outcome_number", number)
        values.set("reason", closing.reason)
        values.set("approver", closing.approver)
        values.set("finished_on", today)
      }, also: decision)
  }

  /// What the end of a follow-up writes besides its own row.
  private func decision(
    of closing: FollowUpRules.Closing, _ kind: FollowUpKind, _ result: ResultKey, number: String,
    subject given: String, row: String
  ) throws(CaseworkError) -> (CaseTransaction) throws(StoreError) -> Void {
    let (scope, today) = (ownScope, today)
    switch (closing.outcome.known, kind) {
    case (_, .justice):
      throw .refused([RuleBreach(.caseAndJustice, row: row, .missing(field: "移送文书"))])
    case (.listed, .listing), (.listed, .serious):
      let key: [Value] = [.text(row)]
      let visit = try self.row(of: VisitTables.visits, in: scope, key: [.text(result.visit)])
      let subject = visit?.text("subject_code") ?? given
      guard !subject.isEmpty else {
        throw .refused([RuleBreach(.mandatoryListing, row: row, .missing(field: "对象"))])
      }
      let final = try self.row(of: VisitTables.finalResults, in: scope, key: result.values)
      let ground = final?.text("findings") ?? closing.reason
      return { transaction throws(StoreError) in
        guard try transaction.row(of: FollowUpTables.listings, in: scope, key: key) == nil else {
          return
        }
        let company = try transaction.values(
          of: RosterSchema.companies, in: scope, key: [.text(subject)])
        let place = CompanyFields.all.firstIndex { $0.id == CompanyFields.kind.id } ?? 0
        let list =
          kind == .serious
          ? ListKind.serious : FollowUpRules.list(forSubjectKind: company?[place].string ?? "")
        try transaction.insert(FollowUpTables.listings, in: scope, key: key) { values in
          values.set("subject_code", subject)
          values.set("list_kind", list.rawValue)
          values.set("ground", ground)
          values.set("decided_on", today)
          values.set("decision_number", number)
          values.set("result", result.row)
        }
      }
    case (.caseFiled, _):
      guard !number.isEmpty else {
        throw .refused([RuleBreach(.caseAndJustice, row: row, .missing(field: "案号"))])
      }
      let key: [Value] = [.text(number)]
      guard try self.row(of: FollowUpTables.caseFilings, in: scope, key: key) == nil else {
        throw .exists(table: "case_filings", key: number)
      }
      return { transaction throws(StoreError) in
        try transaction.insert(FollowUpTables.caseFilings, in: scope, key: key) { values in
          values.set("filed_on", today)
          values.set("source", "follow_up/\(row)")
        }
      }
    default: break
    }
    return { _ in }
  }

  /// Takes a subject off its list (移出). Throws `refused` before the day of the listing, `missing` when it is not
  /// listed here for that result.
  package func unlist(_ kind: FollowUpKind, of result: ResultKey, on day: CivilDate)
    throws(CaseworkError)
  {
    let (scope, name) = (ownScope, "\(result.row)/\(kind.rawValue)")
    let key: [Value] = [.text(name)]
    guard let held = try row(of: FollowUpTables.listings, in: scope, key: key) else {
      throw .missing(table: "listing_decisions", key: name)
    }
    let decidedOn = held.date("decided_on") ?? .latest
    guard decidedOn <= day, day <= today else {
      throw .refused([
        RuleBreach(.mandatoryListing, row: name, .datesReversed(from: decidedOn, to: day))
      ])
    }
    try perform("listing lifted") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.update(FollowUpTables.listings, in: scope, key: key) { values in
        values.set("removed_on", day)
      }
      return .success(())
    }
  }

  func change(
    _ kind: FollowUpKind, of result: ResultKey, through states: [String],
    _ fill: (inout CaseValues) -> Void,
    also: (CaseTransaction) throws(StoreError) -> Void = { _ in }
  ) throws(CaseworkError) {
    let scope = ownScope
    let name = "\(result.row)/\(kind.rawValue)"
    let key = result.values + [.text(kind.rawValue)]
    try perform("follow-up") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let row = try transaction.row(of: FollowUpTables.followUps, in: scope, key: key)
      guard let row else { return .failure(.missing(table: "follow_ups", key: name)) }
      var state = row.text("state")
      for next in states {
        do throws(RuleBreach) {
          try StateMachine.followUp.check(from: state, to: next, .followUp, row: name)
        } catch {
          return .failure(.refused([error]))
        }
        state = next
      }
      try transaction.update(FollowUpTables.followUps, in: scope, key: key) { values in
        values.set("state", state)
        fill(&values)
      }
      try also(transaction)
      return .success(())
    }
  }

  /// A tier above rules that a follow-up is mandatory: it stays so, whoever writes what (C-20).
  package func ruleMandatory(
    _ kind: FollowUpKind, of result: ResultKey, unit: Scope
  ) throws(CaseworkError) {
    let key = result.values + [.text(kind.rawValue)]
    let name = "\(result.row)/\(kind.rawValue)"
    try perform("mandatory") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: FollowUpTables.followUps, in: unit, key: key) != nil else {
        return .failure(.missing(table: "follow_ups", key: name))
      }
      try transaction.update(FollowUpTables.followUps, in: unit, key: key) { values in
        values.set("is_mandatory", 1)
      }
      return .success(())
    }
  }

  /// The follow-ups of a unit, by key, each judged anew: one closed against the rules counts as open again.
  package func followUps(of unit: Scope) throws(CaseworkError) -> [FollowUpEntry] {
    try rows(of: FollowUpTables.followUps, in: unit).compactMap { row in
      let texts = row.key.compactMap(\.string)
      guard texts.count == 4 else { return nil }
      let kind = Coded<FollowUpKind>(texts[3])
      let isMandatory = row.integer("is_mandatory") == 1
      let closing = FollowUpRules.Closing(
        outcome: Coded(row.text("outcome")), reason: row.text("reason"),
        approver: row.text("approver"))
      return FollowUpEntry(
        result: ResultKey(visit: texts[0], item: texts[1], department: texts[2]), kind: kind,
        isMandatory: isMandatory, dueOn: row.date("due_on"), state: row.text("state"),
        standing: FollowUpRules.standing(
          state: row.text("state"), closing: row.text("outcome").isEmpty ? nil : closing,
          kind: kind.known ?? .correct, isMandatory: isMandatory, row: row.keyText))
    }
  }
}

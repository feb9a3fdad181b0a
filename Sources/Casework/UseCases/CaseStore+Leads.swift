package import Causality
internal import Changes
package import Inspection
internal import Store

/// 线索 as it comes in: with or without a credit code, at any tier, without a link.
package struct LeadNotice: Hashable, Sendable {
  /// Minted by whoever takes it in.
  package let id: String
  package let source: LeadSource
  package let receivedAt: Instant
  /// Empty for a subject without a code.
  package let subjectCode: String
  package let subjectText: String

  package init(
    id: String, source: LeadSource, receivedAt: Instant, subjectCode: String = "",
    subjectText: String = ""
  ) {
    (self.id, self.source, self.receivedAt) = (id, source, receivedAt)
    (self.subjectCode, self.subjectText) = (subjectCode, subjectText)
  }
}

/// A lead with where it stands today.
package struct LeadEntry: Hashable, Sendable {
  package let id: String
  package let source: Coded<LeadSource>
  package let subjectCode: String
  package let subjectText: String
  package let state: String
  package let due: DueDate?
  package let isExtended: Bool
  package let verifiedOn: CivilDate?
  /// Verified after its due date, or not verified though it has passed.
  package let isLate: Bool
  package let caseNumber: String
  /// The random visit that it is checked in, if it was joined to one.
  package let visit: String
}

extension CaseStore {
  /// Takes a lead in, for this unit or, from a tier above, for one below it. Throws `refused` without anything
  /// that says whom it is about, `exists`.
  package func receive(_ lead: LeadNotice, for unit: Scope? = nil) throws(CaseworkError) {
    guard !lead.subjectCode.isEmpty || !lead.subjectText.isEmpty else {
      throw .refused([RuleBreach(.leads, row: lead.id, .missing(field: "对象"))])
    }
    let scope = unit ?? ownScope
    try perform("lead received") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(lead.id)]
      guard try transaction.row(of: FollowUpTables.leads, in: scope, key: key) == nil else {
        return .failure(.exists(table: "leads", key: lead.id))
      }
      try transaction.insert(FollowUpTables.leads, in: scope, key: key) { values in
        values.set("source", lead.source.rawValue)
        values.set("received_at", lead.receivedAt.milliseconds)
        values.set("subject_code", lead.subjectCode)
        values.set("subject_text", lead.subjectText)
        values.set("state", StateMachine.lead.initial)
      }
      return .success(())
    }
  }

  /// Begins to verify a lead.
  package func verifyingLead(_ id: String) throws(CaseworkError) {
    try step(lead: id, to: "VERIFYING") { _ in }
  }

  /// Rejects a lead that is not to be verified, with the reason. Throws `refused`, `missing`.
  package func rejectLead(_ id: String, reason: String) throws(CaseworkError) {
    try need(reason, "理由", of: id)
    try step(lead: id, to: "REJECTED") { values in values.set("outcome", reason) }
  }

  /// Extends the time of verification by as many working days again, with an approver and before it is over.
  /// Throws `refused`, `missing`.
  package func extendLead(_ id: String, approver: String) throws(CaseworkError) {
    try need(approver, "批准人", of: id)
    let (scope, today, calendar, rules) = (ownScope, today, calendar, rules)
    try perform("lead extended") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(id)]
      guard let row = try transaction.row(of: FollowUpTables.leads, in: scope, key: key) else {
        return .failure(.missing(table: "leads", key: id))
      }
      let entry = Self.lead(row, today: today, calendar: calendar, rules: rules)
      guard ["RECEIVED", "VERIFYING"].contains(entry.state) else {
        let rule = RuleBreach.Rule.illegalTransition(
          machine: "LEAD", from: entry.state, to: "VERIFYING")
        return .failure(.refused([RuleBreach(.leads, row: id, rule)]))
      }
      if let due = entry.due?.date, today > due {
        return .failure(.refused([RuleBreach(.leads, row: id, .late(due: due, done: today))]))
      }
      try transaction.update(FollowUpTables.leads, in: scope, key: key) { values in
        values.set("extension_approver", approver)
      }
      return .success(())
    }
  }

  /// Notes what the verification of a lead found. A late one is taken and shown as late. Throws `refused`,
  /// `missing`.
  package func verifyLead(_ id: String, outcome: String) throws(CaseworkError) {
    try need(outcome, "核查结果", of: id)
    let today = today
    try step(lead: id, to: "VERIFIED") { values in
      values.set("verified_on", today)
      values.set("outcome", outcome)
    }
  }

  /// Files a case on a verified lead. Throws `refused`, `missing`, `exists`.
  package func fileCase(_ number: String, onLead id: String) throws(CaseworkError) {
    try need(number, "案号", of: id)
    let (scope, today) = (ownScope, today)
    let key: [Value] = [.text(number)]
    guard try row(of: FollowUpTables.caseFilings, in: scope, key: key) == nil else {
      throw .exists(table: "case_filings", key: number)
    }
    try step(
      lead: id, to: "CASE_FILED", { values in values.set("case_number", number) },
      also: { transaction throws(StoreError) in
        try transaction.insert(FollowUpTables.caseFilings, in: scope, key: key) { values in
          values.set("filed_on", today)
          values.set("source", "lead/\(id)")
        }
      })
  }

  /// Closes a verified lead, with or without a case.
  package func closeLead(_ id: String) throws(CaseworkError) {
    try step(lead: id, to: "CLOSED") { _ in }
  }

  /// The random visits that the check of a lead can be made in: the same object, and today within their window
  /// . By id.
  package func visitsForLead(_ id: String) throws(CaseworkError) -> [String] {
    let scope = ownScope
    guard let lead = try row(of: FollowUpTables.leads, in: scope, key: [.text(id)]) else {
      throw .missing(table: "leads", key: id)
    }
    let (subject, today) = (lead.text("subject_code"), today)
    guard !subject.isEmpty, let unit = UnitCode("\(scope)") else { return [] }
    return try rows(of: VisitTables.visits, in: scope) { visit in
      guard let from = visit.date("window_from"), let to = visit.date("window_to"), from <= to,
        visit.text("origin") == CheckOrigin.random.rawValue,
        ["ASSIGNED", "NOTIFIED", "STARTED"].contains(visit.text("state"))
      else { return false }
      return LeadRules.isMergeable(
        object: subject, unit: unit, on: today, visitObject: visit.text("subject_code"),
        visitUnit: unit, window: from...to)
    }.compactMap { $0.key.first?.string }
  }

  /// Makes the visit of a lead and a random visit one, of those that `visitsForLead` offers. Both keep their
  /// origins and both count. Throws `refused`, `missing`.
  package func joinLead(
    _ id: String, visit leadVisit: String, to visit: String
  ) throws(CaseworkError) {
    guard try visitsForLead(id).contains(visit) else {
      throw .refused([RuleBreach(.leadInOneVisit, row: "\(id)/\(visit)", .missing(field: "可合并检查"))])
    }
    let scope = ownScope
    let made = try row(of: VisitTables.visits, in: scope, key: [.text(leadVisit)])
    guard let made, made.text("origin") == CheckOrigin.lead.rawValue else {
      throw .missing(table: "visits", key: leadVisit)
    }
    let author = author
    try perform("lead joined") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(visit), .text(leadVisit)]
      if try transaction.row(of: VisitTables.visitLinks, in: scope, key: key) == nil {
        try transaction.insert(VisitTables.visitLinks, in: scope, key: key) { values in
          values.set("merged_by", author)
        }
      }
      try transaction.update(FollowUpTables.leads, in: scope, key: [.text(id)]) { values in
        values.set("visit_id", visit)
      }
      return .success(())
    }
  }

  /// The leads of a unit by id, as they stand today.
  package func leads(of unit: Scope) throws(CaseworkError) -> [LeadEntry] {
    let today = today
    return try rows(of: FollowUpTables.leads, in: unit).map { row in
      Self.lead(row, today: today, calendar: calendar, rules: rules)
    }
  }

  private static func lead(
    _ row: CaseRow, today: CivilDate, calendar: WorkingCalendar, rules: RuleSet
  ) -> LeadEntry {
    let isExtended = !row.text("extension_approver").isEmpty
    let receivedOn = row.integer("received_at").flatMap { Instant(milliseconds: $0).date }
    let due = receivedOn.map {
      LeadRules.due(receivedOn: $0, isExtended: isExtended, calendar: calendar, rules: rules)
    }
    let verifiedOn = row.date("verified_on")
    let isOpen = ["RECEIVED", "VERIFYING"].contains(row.text("state"))
    let judged = verifiedOn ?? (isOpen ? today : nil)
    return LeadEntry(
      id: row.key.first?.string ?? "", source: Coded(row.text("source")),
      subjectCode: row.text("subject_code"), subjectText: row.text("subject_text"),
      state: row.text("state"), due: due, isExtended: isExtended, verifiedOn: verifiedOn,
      isLate: judged.flatMap { day in due.map { day > $0.date } } ?? false,
      caseNumber: row.text("case_number"), visit: row.text("visit_id"))
  }

  private func need(_ text: String, _ field: String, of id: String) throws(CaseworkError) {
    guard text.isEmpty else { return }
    throw .refused([RuleBreach(.leads, row: id, .missing(field: field))])
  }

  private func step(
    lead id: String, to state: String, _ fill: (inout CaseValues) -> Void,
    also: (CaseTransaction) throws(StoreError) -> Void = { _ in }
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform("lead \(state)") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(id)]
      guard let row = try transaction.row(of: FollowUpTables.leads, in: scope, key: key) else {
        return .failure(.missing(table: "leads", key: id))
      }
      let from = row.text("state")
      guard StateMachine.lead.allows(from, state) else {
        let rule = RuleBreach.Rule.illegalTransition(machine: "LEAD", from: from, to: state)
        return .failure(.refused([RuleBreach(.leads, row: id, rule)]))
      }
      try transaction.update(FollowUpTables.leads, in: scope, key: key) { values in
        values.set("state", state)
        fill(&values)
      }
      try also(transaction)
      return .success(())
    }
  }
}

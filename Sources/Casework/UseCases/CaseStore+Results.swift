internal import Causality
internal import Changes
package import Inspection
internal import Store

/// Which result: one item of a visit, by the department that checked it (谁检查、谁录入, R-2.25).
package struct ResultKey: Hashable, Sendable {
  package let visit: String
  package let item: String
  package let department: String

  package init(visit: String, item: String, department: String) {
    (self.visit, self.item, self.department) = (visit, item, department)
  }

  /// How breaches name it.
  package var row: String { "\(visit)/\(item)/\(department)" }

  var values: [Value] { [.text(visit), .text(item), .text(department)] }
}

extension CaseStore {
  /// Enters or changes a result while it is not final; every device may, and drafts merge. Throws `refused`
  /// for a final one, which is only amended, `missing` for an item that the visit does not have.
  package func enter(_ entry: ResultEntry, _ key: ResultKey) throws(CaseworkError) {
    let scope = ownScope
    let guideline = try guidelines(of: key.item, for: scope).first?.map(\.version).max()
    try perform("result entered") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard
        try transaction.row(of: VisitTables.visitItems, in: scope, key: key.values) != nil
      else { return .failure(.missing(table: "visit_items", key: key.row)) }
      let held = try transaction.row(of: VisitTables.results, in: scope, key: key.values)
      let state = held?.text("state") ?? StateMachine.result.initial
      guard ["NONE", "ENTERED", "REVIEW", "RETURNED"].contains(state) else {
        return .failure(
          .refused([RuleBreach(.dutyRecord, row: key.row, .changedAfterFinal(state: state))]))
      }
      func fill(_ values: inout CaseValues) {
        values.set("findings", entry.findings.text)
        values.set("methods", entry.methods.text)
        values.set("problem", entry.problem)
        values.set("disposals", entry.disposals.text)
        values.set("checked_on", entry.checkedOn)
        values.set("signers", Set(entry.signers).sorted().joined(separator: " "))
        if held?.text("checklist") != Self.lines(of: entry.checklist) {
          values.set("checklist", Self.lines(of: entry.checklist))
          // Whatever comes later, the result stays valid under what it was made by.
          if let guideline { values.set("guideline_version", Int64(clamping: guideline)) }
        }
        if state == "NONE" { values.set("state", "ENTERED") }
      }
      if held == nil {
        try transaction.insert(VisitTables.results, in: scope, key: key.values, fill)
      } else {
        try transaction.update(VisitTables.results, in: scope, key: key.values, fill)
      }
      return .success(())
    }
  }

  /// Sends a result to review, if it keeps all rules. Throws `refused` with all that is wrong.
  package func submit(
    _ key: ResultKey, list: EffectiveList, mandatoryQuestions: [String] = []
  ) throws(CaseworkError) {
    guard let entry = try entry(of: key) else {
      throw .missing(table: "results", key: key.row)
    }
    let rules = try resultRules(for: key, list: list, mandatoryQuestions: mandatoryQuestions)
    if let refusal = rules.breaches(of: entry, row: key.row).refusal { throw refusal }
    try move(key, to: "REVIEW", reviewer: nil, opinion: "")
  }

  /// Sends a result to review by the list and the guidelines known here. Throws as the longer form.
  package func submit(_ key: ResultKey) throws(CaseworkError) {
    try submit(
      key, list: try effectiveList(of: ownScope, on: today),
      mandatoryQuestions: Guideline.mandatoryQuestions(
        try guidelines(of: key.item, for: ownScope)))
  }

  /// Returns a result with an opinion (审核退回).
  package func sendBack(
    _ key: ResultKey, reviewer: String, opinion: String
  ) throws(CaseworkError) {
    try move(key, to: "RETURNED", reviewer: reviewer, opinion: opinion)
  }

  private func move(
    _ key: ResultKey, to state: String, reviewer: String?, opinion: String
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform("result \(state)") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try step(key, to: state, reviewer: reviewer, opinion: opinion, in: scope, transaction)
    }
  }

  /// One step of the state machine within a transaction.
  private func step(
    _ key: ResultKey, to state: String, reviewer: String?, opinion: String, in scope: Scope,
    _ transaction: CaseTransaction
  ) throws(StoreError) -> Result<Void, CaseworkError> {
    let held = try transaction.row(of: VisitTables.results, in: scope, key: key.values)
    guard let held else { return .failure(.missing(table: "results", key: key.row)) }
    do throws(RuleBreach) {
      try StateMachine.result.check(
        from: held.text("state"), to: state, .dutyRecord, row: key.row)
    } catch {
      return .failure(.refused([error]))
    }
    try transaction.update(VisitTables.results, in: scope, key: key.values) { values in
      values.set("state", state)
      if let reviewer {
        values.set("reviewed_by", reviewer)
        values.set("opinion", opinion)
      }
    }
    return .success(())
  }

  /// Makes a result final: its content goes into a row that never changes, and what the findings ask for is
  /// created, each follow-up once, mandatory listings among them. Throws `refused`, also while two
  /// checklists of it wait for a choice (C-16).
  package func finalise(_ key: ResultKey, reviewer: String) throws(CaseworkError) {
    if try isDisputed(key) {
      throw .refused([
        RuleBreach(
          .dutyRecord, row: key.row, .illegalTransition(machine: "RESULT", from: "争议", to: "FINAL"))
      ])
    }
    guard let entry = try entry(of: key), let checkedOn = entry.checkedOn else {
      throw .missing(table: "results", key: key.row)
    }
    let needed = FollowUpRules.needed(
      findings: entry.findings, disposals: entry.disposals, verifiedOn: checkedOn,
      calendar: calendar, rules: rules)
    let (scope, today) = (ownScope, today)
    try perform("result final") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let step = try step(
        key, to: "FINAL", reviewer: reviewer, opinion: "", in: scope, transaction)
      guard case .success = step else { return step }
      if try transaction.row(of: VisitTables.finalResults, in: scope, key: key.values) == nil {
        try transaction.insert(VisitTables.finalResults, in: scope, key: key.values) { values in
          values.set("findings", entry.findings.text)
          values.set("content", Self.text(entry))
          values.set("checked_on", checkedOn)
          values.set("final_on", today)
          values.set("final_by", reviewer)
        }
      }
      if try transaction.row(of: VisitTables.publications, in: scope, key: key.values) == nil {
        try transaction.insert(VisitTables.publications, in: scope, key: key.values) { values in
          values.set("state", StateMachine.publication.initial)
        }
      }
      for followUp in needed {
        try open(followUp, of: key, in: scope, transaction)
      }
      try noteCheck(of: key.visit, on: checkedOn, in: scope, transaction)
      return .success(())
    }
  }

  /// Moves the day of a company's last check on to a later one (上次检查日期); filters of draws look at it. A subject that
  /// is in no roster has none.
  private func noteCheck(
    of visit: String, on day: CivilDate, in scope: Scope, _ transaction: CaseTransaction
  ) throws(StoreError) {
    let row = try transaction.row(of: VisitTables.visits, in: scope, key: [.text(visit)])
    guard let subject = row?.text("subject_code") else { return }
    let field = CompanyFields.lastCheckedOn
    guard
      let held = try transaction.values(
        of: RosterSchema.companies, in: scope, key: [.text(subject)]),
      let place = CompanyFields.all.firstIndex(where: { $0.id == field.id })
    else { return }
    if let last = held[place].string.flatMap({ CivilDate($0) }), last >= day { return }
    try transaction.put(
      RosterSchema.companies, in: scope, key: [.text(subject)],
      [Store.ColumnValue(field.id, .text("\(day)"))])
  }

  /// Corrects what is final: appended, never changed. Only the unit itself may (C-18). Throws `refused`
  /// without reason or approver, or for what is not final; `missing`.
  package func amend(
    _ key: ResultKey, field: String, to content: String, reason: String, approver: String
  ) throws(CaseworkError) {
    let (scope, today) = (ownScope, today)
    guard let final = try row(of: VisitTables.finalResults, in: scope, key: key.values) else {
      throw .missing(table: "final_results", key: key.row)
    }
    let missing = [("更正理由", reason), ("批准人", approver)].filter { $0.1.isEmpty }.map {
      RuleBreach(.dutyRecord, row: key.row, .missing(field: $0.0))
    }
    if let refusal = missing.refusal { throw refusal }
    let earlier = try amendments(of: key)
    let old =
      earlier.last { $0.text("field") == field }?.text("new_content")
      ?? Self.pairs(of: final.text("content"))[field] ?? ""
    try perform("result amended") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let number = Value.integer(Int64(earlier.count + 1))
      try transaction.insert(VisitTables.amendments, in: scope, key: key.values + [number]) {
        $0.set("field", field)
        $0.set("old_content", old)
        $0.set("new_content", content)
        $0.set("reason", reason)
        $0.set("approver", approver)
        $0.set("amended_on", today)
      }
      return .success(())
    }
  }

  /// The amendments of a result in order.
  package func amendments(of key: ResultKey) throws(CaseworkError) -> [CaseRow] {
    try rows(of: VisitTables.amendments, in: ownScope) { Array($0.key.prefix(3)) == key.values }
  }

  /// Notes a piece of evidence by the hash of its content; the content stays here. Throws `missing` for an
  /// unknown visit, `exists`.
  package func addEvidence(
    visit: String, content: [UInt8], kind: String
  ) throws(CaseworkError) -> String {
    let (scope, now) = (ownScope, wallMilliseconds())
    let hash = DrawHash(hashing: content).description
    try perform("evidence") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: VisitTables.visits, in: scope, key: [.text(visit)]) != nil
      else {
        return .failure(.missing(table: "visits", key: visit))
      }
      let key: [Value] = [.text(visit), .text(hash)]
      guard try transaction.row(of: VisitTables.evidence, in: scope, key: key) == nil else {
        return .failure(.exists(table: "evidence", key: "\(visit)/\(hash)"))
      }
      try transaction.insert(VisitTables.evidence, in: scope, key: key) { values in
        values.set("kind", kind)
        values.set("byte_count", Int64(content.count))
        values.set("taken_at", Int64(clamping: now))
        values.set("taken_by", author)
      }
      return .success(())
    }
    return hash
  }

  private func open(
    _ followUp: NeededFollowUp, of key: ResultKey, in scope: Scope, _ transaction: CaseTransaction
  ) throws(StoreError) {
    let rowKey = key.values + [.text(followUp.kind.rawValue)]
    guard try transaction.row(of: FollowUpTables.followUps, in: scope, key: rowKey) == nil else {
      return
    }
    try transaction.insert(FollowUpTables.followUps, in: scope, key: rowKey) { values in
      values.set("is_mandatory", followUp.isMandatory ? 1 : 0)
      values.set("due_on", followUp.due.date)
      values.set("owner_unit", "\(scope)")
      values.set("state", StateMachine.followUp.initial)
    }
  }
}

internal import Causality
internal import Changes
internal import Inspection
internal import Store

extension CaseStore {
  /// Sends an expert of the own library, or of one above, along on a visit of the own unit: the team stays as it was
  /// drawn, and the expert signs nothing. Throws `missing` for a visit or an expert that is not here,
  /// `refused` without a reason, for an inspector, after the end of the appointment, and for a visit that has ended;
  /// `exists`.
  package func accompany(
    visit: String, expert: String, reason: String
  ) throws(CaseworkError) {
    let scope = ownScope
    guard let held = try row(of: VisitTables.visits, in: scope, key: [.text(visit)]) else {
      throw .missing(table: "visits", key: visit)
    }
    guard let found = try expertRow(expert) else { throw .missing(table: "experts", key: expert) }
    let row = "\(visit)/\(expert)"
    var breaches: [RuleBreach] = []
    if reason.isEmpty { breaches.append(RuleBreach(.experts, row: row, .missing(field: "理由"))) }
    if try holds(RosterSchema.inspectors, expert, in: scope) {
      breaches.append(RuleBreach(.experts, row: row, .malformed(field: "专家", value: expert)))
    }
    let last = held.date("window_to") ?? today
    if let appointed = found.date("appointed_to"), appointed < last {
      breaches.append(
        RuleBreach(
          .experts, row: row, .certificateExpired(inspector: expert, validTo: "\(appointed)")))
    }
    let state = held.text("state")
    if !["ASSIGNED", "NOTIFIED", "STARTED"].contains(state) {
      breaches.append(
        RuleBreach(
          .experts, row: row, .illegalTransition(machine: "VISIT", from: state, to: "专家参加")))
    }
    if let refusal = breaches.refusal { throw refusal }
    let drawID = try rows(of: VisitTables.visitItems, in: scope) { $0.key[0] == .text(visit) }
      .first?.text("draw_id")
    try perform("expert goes along") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(visit), .text(expert)]
      guard try transaction.row(of: VisitTables.assignments, in: scope, key: key) == nil else {
        return .failure(.exists(table: "assignments", key: row))
      }
      try transaction.insert(VisitTables.assignments, in: scope, key: key) { values in
        values.set("role", TeamRole.expert.rawValue)
        values.set("mode", AssignmentMode.direct.rawValue)
        values.set("draw_id", drawID ?? "")
        values.set("reason", reason)
      }
      return .success(())
    }
  }

  /// An expert of the own library or of the nearest above that has the code.
  private func expertRow(_ code: String) throws(CaseworkError) -> CaseRow? {
    for stream in RosterCut.streams(replica, unit: ownScope) {
      let row = try row(of: ExpertTables.experts, in: stream.scope, key: [.text(code)])
      if let row { return row }
    }
    return nil
  }
}

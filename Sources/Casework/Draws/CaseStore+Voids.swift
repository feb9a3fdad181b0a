package import Causality
internal import Changes
internal import Inspection
internal import Store

/// Draws that do not count: voided by a superior, or resting on a draw above that was voided.
extension CaseStore {
  /// Decides as the superior that a draw of a unit below does not count; then it may be drawn again. The superior is
  /// one tier up: the hub whose values the unit's draws of the year bind, and by whose key their record is checked.
  /// Throws `refused` at any other node, without a reason or approver; `missing`, `exists`. Source: T3, R-2.18.
  package func void(
    _ id: String, of unit: Scope, reason: String, approver: String
  ) throws(CaseworkError) -> DrawSession {
    let session = try session(id, of: unit)
    let year = try frozenYear(of: session, in: unit)
    let superior = try hubAnchor(of: unit, year: year)?.hub ?? replica.tree.parent(of: unit)
    guard superior == ownScope else {
      let owner = superior.map { "\($0)" } ?? "上级"
      throw .refused([
        RuleBreach(.objectDraw, row: id, .notOwner(unit: "\(ownScope)", owner: owner))
      ])
    }
    guard !reason.isEmpty, !approver.isEmpty else {
      throw .refused([RuleBreach(.objectDraw, row: id, .missing(field: "作废原因、批准人"))])
    }
    let (now, today) = (wallMilliseconds(), today)
    let commit = try commitRecord(of: id, in: unit)?.hash ?? .zero
    var signatures: [String: String] = [:]
    for task in session.tasks {
      signatures[task.code] = HexText.text(
        try sign(
          DrawStatement.void(
            commit: commit, task: task.parameters.task, sequence: task.parameters.sequence,
            reason: reason, atMilliseconds: now)))
    }
    let text = DrawJSON.text(signatures)
    try perform("draw voided") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(id)]
      guard try transaction.row(of: DrawTables.voids, in: unit, key: key) == nil else {
        return .failure(.exists(table: "draw_voids", key: id))
      }
      try transaction.insert(DrawTables.voids, in: unit, key: key) { values in
        values.set("reason", reason)
        values.set("approver", approver)
        values.set("voided_on", today)
        values.set("voided_at", Int64(clamping: now))
        values.set("signatures", text)
      }
      return .success(())
    }
    return session
  }

  // MARK: what rests on a void

  /// Whether a superior voided a session.
  func isVoided(_ session: String, of unit: Scope) throws(CaseworkError) -> Bool {
    try row(of: DrawTables.voids, in: unit, key: [.text(session)]) != nil
  }

  /// The voided draw above that gave a session its objects: whom inspectors were drawn for is no longer to
  /// be visited. nil for a session that rests on none.
  func voidedShare(
    of session: DrawSession, in unit: Scope
  ) throws(CaseworkError) -> RuleBreach? {
    for task in session.tasks {
      guard let share = task.share, let initiator = Scope(share.initiator) else { continue }
      for handed in try shares(of: unit) where handed.share == share {
        guard try isVoided(handed.session, of: initiator) else { continue }
        return RuleBreach(
          .twoStages, row: task.code, .shareVoided(unit: share.initiator, draw: handed.session))
      }
    }
    return nil
  }

  /// Whether a session does not count: by its own void, or by that of the draw that gave it its objects.
  func isDead(_ session: DrawSession, of unit: Scope) throws(CaseworkError) -> Bool {
    if try isVoided(session.id, of: unit) { return true }
    return try voidedShare(of: session, in: unit) != nil
  }

  /// Why nobody may set out for a visit: its draw does not count any more. nil where it does, or where there was none.
  func voidedDraw(of visit: CaseRow, in unit: Scope) throws(CaseworkError) -> RuleBreach? {
    let code = visit.text("task_code")
    let rows = try rows(of: DrawTables.sessions, in: unit) { row in
      row.text("task_codes").split(separator: " ").contains { $0 == code }
        && Self.visitID(
          session: row.keyText, task: code, subject: visit.text("subject_code"))
          == visit.keyText
    }
    guard let session = rows.first.flatMap({ DrawSession($0) }),
      try isDead(session, of: unit)
    else { return nil }
    return RuleBreach(.objectDraw, row: visit.keyText, .drawVoided(draw: session.id))
  }

  /// Cancels the visits that earlier draws of some tasks sent out and that nobody has begun, where those draws do not
  /// count any more: the draw that takes their place visits.
  func cancelVisits(ofVoidedDrawsOf codes: Set<String>) throws(CaseworkError) {
    let waiting = try rows(of: VisitTables.visits, in: ownScope) {
      codes.contains($0.text("task_code")) && ["ASSIGNED", "NOTIFIED"].contains($0.text("state"))
    }
    for visit in waiting where try voidedDraw(of: visit, in: ownScope) != nil {
      try advance(visit: visit.keyText, through: ["CANCELLED"])
    }
  }
}

internal import Causality
internal import Changes
package import Inspection
internal import Store

/// Who is appointed directly where chance found too few (直接委派, R-2.21).
package struct DirectAppointment: Hashable, Sendable {
  package let subject: String
  package let inspector: String
  package let reason: String
  package let approver: String

  package init(subject: String, inspector: String, reason: String, approver: String) {
    (self.subject, self.inspector) = (subject, inspector)
    (self.reason, self.approver) = (reason, approver)
  }
}

/// What a dispatch did.
package struct Dispatched: Sendable {
  /// Visits that were written now, by id.
  package var visits: [String] = []
  /// Companies whose team is too small, with how many inspectors chance could choose from.
  package var understaffed: [(subject: String, eligible: UInt32)] = []
}

extension CaseStore {
  /// Writes the visits of a drawn session with the teams that were drawn. A company whose team stays too small
  /// waits until somebody is appointed directly; what is written already stays. Visits of a voided draw of the same
  /// tasks that nobody has begun are cancelled. Throws `refused` for an appointment without shortage, reason or
  /// approver and for a draw that does not count; `missing`.
  package func dispatch(
    session id: String, appointments: [DirectAppointment] = []
  ) throws(CaseworkError) -> Dispatched {
    let session = try session(id, of: ownScope)
    let draws = try drawn(id, of: ownScope)
    guard draws.count == session.tasks.count else {
      throw .missing(table: "draw_results", key: id)
    }
    guard try !isVoided(id, of: ownScope) else {
      throw .refused([
        RuleBreach(
          .objectDraw, row: id,
          .illegalTransition(machine: "DRAW", from: "VOIDED", to: "DISPATCHED"))
      ])
    }
    if let breach = try voidedShare(of: session, in: ownScope) { throw .refused([breach]) }
    for task in session.tasks { try requireOpen(task.code) }
    try cancelVisits(ofVoidedDrawsOf: Set(session.tasks.map(\.code)))
    var dispatched = Dispatched()
    for (task, draw) in zip(session.tasks, draws) {
      for team in draw.matching?.teams ?? [] {
        try dispatch(
          team, task, session: id, appointments.filter { $0.subject == team.object },
          into: &dispatched)
      }
      let state = try row(of: PlanTables.tasks, in: ownScope, key: [.text(task.code)])
      if dispatched.understaffed.isEmpty, state?.text("state") == "DRAWN" {
        try advance(task: task.code, through: ["DISPATCHED"])
      }
    }
    return dispatched
  }

  private func dispatch(
    _ team: DrawRecord.Matching.Team, _ task: FrozenTask, session id: String,
    _ appointed: [DirectAppointment], into dispatched: inout Dispatched
  ) throws(CaseworkError) {
    let visit = Self.visitID(session: id, task: task.code, subject: team.object)
    guard try row(of: VisitTables.visits, in: ownScope, key: [.text(visit)]) == nil else { return }
    let planned = try dispatchedTask(task)
    let found = team.members.count + team.neighbours.count
    guard found + appointed.count >= planned.teamSize else {
      dispatched.understaffed.append((team.object, team.eligible))
      return
    }
    var members: [VisitOrder.Member] = []
    for inspector in team.members + team.neighbours {
      let lent = try loan(of: inspector, to: ownScope)
      members.append(
        VisitOrder.Member(
          inspector, inspector == team.leader ? .leader : .member,
          mode: team.neighbours.contains(inspector) ? .neighbour : .random,
          certificateValidTo: try certificate(of: inspector) ?? lent?.date("certificate_valid_to"),
          eligibleCount: Int(team.eligible), letter: lent?.text("letter_number") ?? ""))
    }
    for one in appointed {
      members.append(
        VisitOrder.Member(
          one.inspector, members.isEmpty ? .leader : .member, mode: .direct,
          certificateValidTo: try certificate(of: one.inspector),
          eligibleCount: Int(team.eligible), reason: one.reason, approver: one.approver))
    }
    let departments = planned.departments.isEmpty ? ["市场监管"] : planned.departments
    try dispatch(
      VisitOrder(
        id: visit, subjectCode: team.object, taskCode: task.code, origin: planned.origin,
        drawID: id, window: planned.windowFrom...max(planned.windowFrom, planned.windowTo),
        items: planned.itemCodes.flatMap { code in departments.map { (code, $0) } },
        team: members))
    dispatched.visits.append(visit)
  }

  /// The visit that a draw makes of a company: the same however often it is dispatched.
  static func visitID(session: String, task: String, subject: String) -> String {
    String(
      DrawHash(hashing: Array("visit\n\(session)\n\(task)\n\(subject)".utf8)).description.prefix(32)
    )
  }

  func certificate(of inspector: String) throws(CaseworkError) -> CivilDate? {
    let held: (values: [Value], Void)?
    do throws(StoreError) {
      held = try replica.row(
        RosterSchema.inspectors.id, scope: ownScope, key: [.text(inspector)]
      ).map { ($0.values, ()) }
    } catch {
      throw .store(error)
    }
    let place = InspectorFields.all.firstIndex { $0.id == InspectorFields.certificateValidTo.id }
    return held.flatMap { held in place.flatMap { held.values[$0].string } }.flatMap {
      CivilDate($0)
    }
  }

  // MARK: one visit

  /// Visits of the own unit that could be one, and those that were merged, with whether a person has to look
  /// (R-2.19, C-12).
  package func visitMerges() throws(CaseworkError) -> (suggested: [VisitMerge], made: [VisitMerge])
  {
    guard let unit = UnitCode("\(ownScope)") else { return ([], []) }
    let links = try rows(of: VisitTables.visitLinks, in: ownScope)
    let open = ["ASSIGNED", "NOTIFIED", "STARTED"]
    let visits = try rows(of: VisitTables.visits, in: ownScope).compactMap {
      row -> VisitMerge.Visit? in
      guard let from = row.date("window_from"), let to = row.date("window_to"), from <= to,
        open.contains(row.text("state"))
      else { return nil }
      return VisitMerge.Visit(
        id: row.keyText, object: row.text("subject_code"), unit: unit, window: from...to,
        mergedFrom: links.filter { $0.key[0] == row.key[0] }.compactMap { $0.key[1].string })
    }
    return (VisitMerge.suggested(visits), VisitMerge.united(visits))
  }

  /// Makes several visits one (进一次门、查多项事); what was found stays with each. Throws `missing`.
  package func merge(visits ids: [String]) throws(CaseworkError) {
    let scope = ownScope
    try perform("visits merged") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      for id in ids {
        guard try transaction.row(of: VisitTables.visits, in: scope, key: [.text(id)]) != nil else {
          return .failure(.missing(table: "visits", key: id))
        }
      }
      for id in ids.dropFirst() {
        let key: [Value] = [.text(ids[0]), .text(id)]
        guard try transaction.row(of: VisitTables.visitLinks, in: scope, key: key) == nil else {
          continue
        }
        try transaction.insert(VisitTables.visitLinks, in: scope, key: key) { values in
          values.set("merged_by", author)
        }
      }
      return .success(())
    }
  }
}

package import Causality
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
  /// waits until somebody is appointed directly; what is written already stays. Throws `refused` for an
  /// appointment without shortage, reason or approver; `missing`.
  package func dispatch(
    session id: String, appointments: [DirectAppointment] = []
  ) throws(CaseworkError) -> Dispatched {
    let session = try session(id, of: ownScope)
    let draws = try drawn(id, of: ownScope)
    guard draws.count == session.tasks.count else {
      throw .missing(table: "draw_results", key: id)
    }
    guard try row(of: DrawTables.voids, in: ownScope, key: [.text(id)]) == nil else {
      throw .refused([
        RuleBreach(
          .objectDraw, row: id,
          .illegalTransition(machine: "DRAW", from: "VOIDED", to: "DISPATCHED"))
      ])
    }
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
    let planned = try plannedTask(task.code)
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

  private func certificate(of inspector: String) throws(CaseworkError) -> CivilDate? {
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

  // MARK: neighbours

  private func loan(of inspector: String, to unit: Scope) throws(CaseworkError) -> CaseRow? {
    try rows(of: DrawTables.sharedInspectors, in: unit) { $0.key[1] == .text(inspector) }.first
  }

  /// Lends an inspector of one unit below to another for some days, as the tier above both. Throws `refused`
  /// while the inspector is lent to somebody else on one of the days (C-15), is not on duty or has no
  /// certificate through the last day; `missing`.
  package func lend(
    _ inspector: String, of owner: Scope, to guest: Scope, window: ClosedRange<CivilDate>,
    letter: String
  ) throws(CaseworkError) {
    let row = "\(owner)/\(inspector)"
    for sibling in replica.streams.map(\.scope) where sibling != guest {
      for loan in try rows(of: DrawTables.sharedInspectors, in: sibling) {
        guard loan.key[0] == .text("\(owner)"), loan.key[1] == .text(inspector),
          let from = loan.key[2].string.flatMap({ CivilDate($0) }),
          let to = loan.date("window_to"), from <= window.upperBound, window.lowerBound <= to
        else { continue }
        throw .refused([
          RuleBreach(
            .inspectorDraw, row: row, .lentElsewhere(inspector: inspector, unit: "\(sibling)"))
        ])
      }
    }
    let pool = FrameMaker(
      self, unit: owner, cut: try currentCut(of: owner), frozenAt: wallMilliseconds())
    let frame = try pool.inspectors(month: window.lowerBound)
    guard let held = frame.rows.first(where: { $0.id == inspector }) else {
      throw .missing(table: "inspectors", key: row)
    }
    guard held.isOnDuty, held.certificateValidTo >= FrameMaker.number(of: window.upperBound) else {
      throw .refused([
        RuleBreach(
          .inspectorDraw, row: row,
          .certificateExpired(inspector: inspector, validTo: "\(held.certificateValidTo)"))
      ])
    }
    let number = Int(held.certificateValidTo)
    let valid = CivilDate(
      year: number / 10_000, month: number / 100 % 100, day: number % 100)
    try perform("inspector lent") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text("\(owner)"), .text(inspector), .text("\(window.lowerBound)")]
      guard try transaction.row(of: DrawTables.sharedInspectors, in: guest, key: key) == nil else {
        return .failure(.exists(table: "shared_inspectors", key: row))
      }
      try transaction.insert(DrawTables.sharedInspectors, in: guest, key: key) { values in
        values.set("window_to", window.upperBound)
        values.set("certificate_valid_to", valid)
        values.set("tags", held.tags.joined(separator: " "))
        values.set("letter_number", letter)
      }
      return .success(())
    }
  }

  func currentCut(of unit: Scope) throws(CaseworkError) -> RosterCut {
    do throws(StoreError) { return try RosterCut(replica, unit: unit) } catch {
      throw .store(error)
    }
  }

  // MARK: substitutes

  /// Puts the next of the same draw in the place of an inspector who cannot go any more (C-13): the one whom
  /// the draw would have chosen from the rest of the pool. The row of the other stays and names the
  /// substitute. Throws `refused` when nobody is left; `missing`. Returns the substitute.
  package func substitute(
    _ inspector: String, of visit: String, secret: DrawSecret, reason: String
  ) throws(CaseworkError) -> String {
    let key: [Value] = [.text(visit), .text(inspector)]
    guard let held = try row(of: VisitTables.assignments, in: ownScope, key: key),
      let order = try row(of: VisitTables.visits, in: ownScope, key: [.text(visit)])
    else { throw .missing(table: "assignments", key: "\(visit)/\(inspector)") }
    let id = held.text("draw_id")
    let session = try session(id, of: ownScope)
    guard let task = session.tasks.first(where: { $0.code == order.text("task_code") }),
      let commit = try commitRecord(of: id, in: ownScope),
      let frame = try row(
        of: DrawTables.frames, in: ownScope, key: [.text(task.frame.description)]),
      let header = FrameHeader(frame, unit: ownScope), let rules = task.parameters.matching,
      let made = try remake(task, header, unit: ownScope)
    else { throw .missing(table: "draw_sessions", key: id) }
    let year = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds)).date?.year ?? 0
    let values = CommittedValues(
      secret: secret.bytes, unit: "\(ownScope)", side: .county, year: UInt16(clamping: year))
    let seed = DrawSeed(
      county: values.value(commit.valueIndex),
      hub: try acknowledgement(of: commit.hash, in: ownScope)?.value, source: commit.source)
    let now = FrameMaker(
      self, unit: ownScope, cut: try currentCut(of: ownScope), frozenAt: wallMilliseconds())
    let onDuty = Set(try now.inspectors(month: today).rows.filter(\.isOnDuty).map(\.id))
    let team = try rows(of: VisitTables.assignments, in: ownScope) { $0.key[0] == key[0] }
    let taken = Set(team.compactMap { $0.key[1].string })
    let rest = made.pool.rows.filter { onDuty.contains($0.id) && !taken.contains($0.id) }
    let match = try drawing(task.code) { () throws(DrawError) in
      InspectorMatch(
        objects: [order.text("subject_code")], pool: try InspectorFrame(rest),
        poolHash: task.inspectorFrame, rules: rules, avoidance: task.avoidance,
        seed: seed.value(commit: commit.hash))
    }
    guard let next = match.teams.first?.members.first else {
      throw .refused([RuleBreach(.inspectorDraw, row: visit, .tooFewInspectors(count: 0))])
    }
    let valid = try certificate(of: next)
    let scope = ownScope
    try perform("substitute") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.update(VisitTables.assignments, in: scope, key: key) { values in
        values.set("superseded_by", next)
      }
      try transaction.insert(VisitTables.assignments, in: scope, key: [key[0], .text(next)]) {
        $0.set("role", held.text("role"))
        $0.set("mode", AssignmentMode.random.rawValue)
        $0.set("draw_id", id)
        $0.set("reason", reason)
        $0.set("certificate_valid_to", valid)
      }
      return .success(())
    }
    return next
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

package import Causality
internal import Changes
internal import Inspection
internal import Store

extension CaseStore {
  /// The duty bundle of a visit of a unit. Throws `missing` when the visit is not here. Cost: linear in
  /// the unit's rows.
  package func dutyBundle(of visit: String, in unit: Scope) throws(CaseworkError) -> DutyBundle {
    guard let row = try row(of: VisitTables.visits, in: unit, key: [.text(visit)]) else {
      throw .missing(table: "visits", key: visit)
    }
    func ofVisit(_ table: CaseTable) throws(CaseworkError) -> [CaseRow] {
      try rows(of: table, in: unit) { $0.key.first == .text(visit) }
    }
    let task = row.text("task_code")
    let definition = try definition(of: task, for: unit)
    let plan = try definition.flatMap { found throws(CaseworkError) in
      try self.row(of: PlanTables.plans, in: found.owner, key: Array(found.row.key.prefix(3)))
    }
    let items = try ofVisit(VisitTables.visitItems)
    let subject = row.text("subject_code")
    let shares = try rows(of: DrawTables.shares, in: unit) { $0.key[1] == .text(task) }.filter {
      DrawJSON.read(ObjectShare.self, from: $0.text("share_record"))?.objects.contains(subject)
        ?? false
    }
    let drawn = Set(items.map { $0.text("draw_id") } + shares.compactMap { $0.key[0].string })
    let draws = try self.draws(drawn, for: unit)
    let voided = try voidedDraw(of: row, in: unit)
    let parts = DutyParts(
      visit: row, definition: definition?.row, plan: plan, drawn: drawn.sorted(),
      isVoided: voided != nil,
      task: try self.row(of: PlanTables.tasks, in: unit, key: [.text(task)]), items: items,
      sessions: draws.sessions, frames: draws.frames,
      assignments: try ofVisit(VisitTables.assignments),
      evidence: try ofVisit(VisitTables.evidence), results: try ofVisit(VisitTables.results),
      finals: try ofVisit(VisitTables.finalResults),
      amendments: try ofVisit(VisitTables.amendments),
      publications: try ofVisit(VisitTables.publications),
      followUps: try ofVisit(FollowUpTables.followUps))
    let now = wallMilliseconds()
    return parts.bundle(
      visit: visit, unit: "\(unit)", at: Int64(clamping: now), today: today, rules: rules,
      calendar: calendar)
  }

  /// Sessions and frames of draws, of the unit or of a tier above it.
  private func draws(
    _ ids: Set<String>, for unit: Scope
  ) throws(CaseworkError) -> (sessions: [CaseRow], frames: [CaseRow]) {
    var (sessions, frames) = ([CaseRow](), [CaseRow]())
    var next: Scope? = unit
    while let scope = next {
      let found = try rows(of: DrawTables.sessions, in: scope) {
        ids.contains($0.key.first?.string ?? "")
      }
      let hashes = Set(found.map { $0.text("frame_hash") })
      sessions += found
      frames += try rows(of: DrawTables.frames, in: scope) {
        hashes.contains($0.key.first?.string ?? "")
      }
      next = replica.tree.parent(of: scope)
    }
    return (sessions, frames)
  }
}

/// The rows of a duty bundle, while it is judged.
private struct DutyParts {
  let visit: CaseRow
  let definition: CaseRow?
  let plan: CaseRow?
  /// Ids of the sessions that drew the object and the team.
  let drawn: [String]
  /// Whether the draw does not count any more.
  let isVoided: Bool
  let task: CaseRow?
  let items: [CaseRow]
  let sessions: [CaseRow]
  let frames: [CaseRow]
  let assignments: [CaseRow]
  let evidence: [CaseRow]
  let results: [CaseRow]
  let finals: [CaseRow]
  let amendments: [CaseRow]
  let publications: [CaseRow]
  let followUps: [CaseRow]

  func bundle(
    visit id: String, unit: String, at milliseconds: Int64, today: CivilDate, rules: RuleSet,
    calendar: WorkingCalendar
  ) -> DutyBundle {
    let gaps = chainGaps(id) + teamGaps(id) + resultGaps(today)
    return DutyBundle(
      format: DutyBundle.format, unit: unit, visitId: id, madeAtMilliseconds: milliseconds,
      rulesVersion: rules.version, calendarVersion: calendar.version, visit: visit.fields,
      plan: plan?.fields ?? [:], task: definition?.fields ?? [:], taskState: task?.fields ?? [:],
      items: items.map(\.fields), draws: sessions.map(\.fields), frames: frames.map(\.fields),
      assignments: assignments.map(\.fields), evidence: evidence.map(\.fields),
      results: results.map(\.fields), finalResults: finals.map(\.fields),
      amendments: amendments.map(\.fields), publications: publications.map(\.fields),
      followUps: followUps.map(\.fields), gaps: gaps)
  }

  private var isRandom: Bool { visit.text("origin") == CheckOrigin.random.rawValue }

  /// Item, plan, frame and draw.
  private func chainGaps(_ id: String) -> [DutyBundle.Gap] {
    var gaps: [DutyBundle.Gap] = []
    if items.isEmpty { gaps.append(.init("item", "MISSING", .linkedChain, id)) }
    guard isRandom else { return gaps }
    let task = visit.text("task_code")
    if definition == nil { gaps.append(.init("plan_task", "MISSING", .linkedChain, task)) }
    if plan == nil { gaps.append(.init("plan", "MISSING", .annualPlan, task)) }
    if isVoided { gaps.append(.init("draw", "INVALID", .objectDraw, id)) }
    for draw in drawn {
      guard let session = sessions.first(where: { $0.keyText == draw }) else {
        gaps.append(.init("draw", "MISSING", .onePlatform, draw))
        continue
      }
      guard let frame = frames.first(where: { $0.keyText == session.text("frame_hash") }) else {
        gaps.append(.init("frame", "MISSING", .objectDraw, draw))
        continue
      }
      let verdict = frame.text("verification")
      if verdict != "MATCH" {
        gaps.append(
          .init("verification", verdict == "MISMATCH" ? "INVALID" : "MISSING", .objectDraw, draw))
      }
    }
    return gaps
  }

  /// Two inspectors with certificates valid on the days of their checks, and evidence.
  private func teamGaps(_ id: String) -> [DutyBundle.Gap] {
    var gaps: [DutyBundle.Gap] = []
    let team = assignments.filter {
      $0.text("superseded_by").isEmpty && $0.text("role") != TeamRole.expert.rawValue
    }
    if team.count < 2 { gaps.append(.init("assignment", "MISSING", .inspectorDraw, id)) }
    let last = finals.compactMap { $0.date("checked_on") }.max() ?? visit.date("window_to")
    for member in team {
      guard let validTo = member.date("certificate_valid_to"), validTo >= last ?? validTo else {
        gaps.append(.init("certificate", "INVALID", .inspectorRoster, member.keyText))
        continue
      }
    }
    if evidence.isEmpty { gaps.append(.init("evidence", "MISSING", .trace, id)) }
    return gaps
  }

  /// A checklist, a final result, its publication in time, and what follows.
  private func resultGaps(_ today: CivilDate) -> [DutyBundle.Gap] {
    var gaps: [DutyBundle.Gap] = []
    for item in items {
      let name = item.keyText
      guard let final = finals.first(where: { $0.key == item.key }) else {
        gaps.append(.init("result", "MISSING", .linkedChain, name))
        continue
      }
      let entered = results.first { $0.key == item.key }
      if entered?.text("checklist").isEmpty ?? true {
        gaps.append(.init("checklist", "MISSING", .guideline, name))
      }
      if let to = visit.date("window_to"), let on = final.date("checked_on"), on > to {
        gaps.append(.init("result", "LATE", .linkedChain, name))
      }
      let publication = publications.first { $0.key == item.key }
      let standing = PublicationRules.standing(
        due: publication?.date("due_on").map { DueDate(date: $0, isProvisional: false) },
        publishedOn: publication?.date("published_on"),
        isExempt: publication?.text("state") == "EXEMPT", today: today)
      switch standing {
      case .overdue: gaps.append(.init("publication", "MISSING", .publication, name))
      case .publishedLate: gaps.append(.init("publication", "LATE", .publication, name))
      case .notDue, .due, .published, .exempt: break
      }
    }
    for row in followUps {
      guard let due = row.date("due_on") else { continue }
      if let finished = row.date("finished_on") {
        if finished > due { gaps.append(.init("follow_up", "LATE", .followUp, row.keyText)) }
      } else if due < today {
        gaps.append(.init("follow_up", "MISSING", .followUp, row.keyText))
      }
    }
    return gaps
  }
}

extension CaseRow {
  /// All columns by name, the key's among them; what is NULL is left out.
  fileprivate var fields: DutyBundle.Fields {
    var fields: DutyBundle.Fields = [:]
    for (column, value) in zip(table.declaration.key, key) {
      fields[column.name] = Self.text(value)
    }
    for (field, value) in zip(table.fields, values) {
      if value != .null { fields[field.name] = Self.text(value) }
    }
    return fields
  }

  private static func text(_ value: Value) -> String { value.string ?? value.description }
}

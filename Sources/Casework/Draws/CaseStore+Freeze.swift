package import Causality
internal import Changes
package import Inspection
internal import Store

/// One task of a draw as the unit froze it.
package struct FrozenTask: Hashable, Sendable, Codable {
  package let code: String
  package let parameters: DrawParameters
  /// Of the objects; of the inspectors where those alone are drawn.
  package let frame: DrawHash
  /// Absent where units below draw their own, and where inspectors alone are drawn.
  package let inspectorFrame: DrawHash?
  package let avoidance: [Avoidance]
  /// 检查期限.
  package let windowFrom: String
  package let windowTo: String
  /// What a tier above drew for this unit, where inspectors alone are drawn.
  package let share: ObjectShare?
  /// What a superior draws to look at, where it is no task of a plan.
  package let check: CheckSubject?

  /// The pool that teams are drawn from; nil where units below draw theirs.
  var poolFrame: DrawHash? { share == nil ? inspectorFrame : frame }

  /// Whether units below visit what is drawn.
  package var isSpanning: Bool { parameters.units != nil }
}

/// A draw session: what was frozen together and is drawn from one seed.
package struct DrawSession: Sendable {
  package let id: String
  package let valueIndex: UInt32
  package let tasks: [FrozenTask]
  package let state: String
  /// Whether the roster was frozen below the barrier: then it counts as grade 1 at most (STALE_FRAME).
  package let isStale: Bool
}

/// What the tiers above say of a session.
package struct SessionStanding: Sendable {
  package let isVoided: Bool
  /// Whether the draw above that gave it its objects was voided (R-2.20).
  package let isVoidedAbove: Bool
  /// `530100:MATCH`, one for each hub and frame.
  package let verdicts: [String]
}

/// How a roster is frozen.
package struct FreezeOptions: Sendable {
  /// Freezes below the barrier, which is recorded: for a link that is down for long.
  package var allowsStale = false
  /// Batches of a draw of their order.
  package var batchCount: UInt32 = 4
  /// Whether the tasks share their numbers, so that one company comes up in several (进一次门).
  package var isCoordinated = false

  package init() {}
}

extension CaseStore {
  /// Freezes the rosters for some planned tasks at what is known now, fixes all parameters, and writes the
  /// session. Returns it. Source: domain.md §4.6, §2.6 (DRAW).
  ///
  /// A task whose plan names units that visit freezes their rosters together, and no inspectors; a task that a tier
  /// above drew and handed down freezes the inspectors alone (R-2.20).
  ///
  /// Throws `refused` below the barrier, for an item that is withdrawn (C-07), above a cap, and for a task that
  /// was drawn and not voided (a redraw is never silent); `missing` for a task of no plan in force.
  package func freeze(
    _ codes: [String], _ options: FreezeOptions = FreezeOptions()
  ) throws(CaseworkError) -> DrawSession {
    // What other programs wrote into the file becomes a change set first, inside the cut.
    try perform("before a freeze") { _ throws(StoreError) in .success(()) }
    let (unit, now) = (ownScope, wallMilliseconds())
    let day = Instant(milliseconds: Int64(clamping: now)).date ?? CivilDate.latest
    let units = try implementers(ofTasks: codes)
    let cut: RosterCut
    do throws(StoreError) { cut = try RosterCut(replica, unit: unit, and: units) } catch {
      throw .store(error)
    }
    var barriers: [RuleBreach] = []
    // Nobody is above the top to publish one for it.
    let owed = replica.tree.parent(of: unit) == nil ? units : [unit] + units
    for scope in owed {
      barriers += try barrierBreaches(
        cut, of: scope, on: day, row: codes.joined(separator: " "))
    }
    if !options.allowsStale, let refusal = barriers.refusal { throw refusal }
    let list = try effectiveList(of: unit, on: day, at: cut)
    let rules = try rules(on: day, at: cut)
    let items = try drawing { () throws(DrawError) in try list.drawItems(rules) }
    let maker = FrameMaker(self, unit: unit, cut: cut, frozenAt: now)
    var freezer = Freezer(
      store: self, maker: maker, list: list, rules: rules, items: items, frozenAt: now,
      options: options)
    for code in codes { try freezer.add(code) }
    let id = HexText.text(SystemHost().randomBytes(16))
    try write(
      freezer.frames, freezer.tasks, kinds: freezer.kinds, id: id, isStale: !barriers.isEmpty,
      listVersion: items.version)
    return try session(id, of: unit)
  }

  /// Writes frames and session. `kinds`: what is drawn.
  func write(
    _ frames: [MadeFrame], _ tasks: [FrozenTask], kinds: String, id: String, isStale: Bool,
    listVersion: UInt64
  ) throws(CaseworkError) {
    let (scope, index) = (ownScope, Int64(try nextValueIndex()))
    try perform("roster frozen") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      for made in frames {
        let key: [Value] = [.text(made.header.hash.description)]
        guard try transaction.row(of: DrawTables.frames, in: scope, key: key) == nil else {
          continue
        }
        try transaction.insert(DrawTables.frames, in: scope, key: key) { values in
          values.set("kind", made.header.kind.rawValue)
          values.set("version_vector", DrawJSON.text(made.header.cut.entries))
          values.set("merkle_root", made.header.root.description)
          values.set("row_count", Int64(clamping: made.header.rowCount))
          values.set("frozen_at", Int64(clamping: made.header.frozenAtMilliseconds))
          values.set("list_hash", made.listHash.description)
          values.set("list_version", Int64(clamping: listVersion))
          values.set("previous_frame", made.previous?.description ?? "")
          values.set("roster_changes", DrawJSON.text(made.removed))
          values.set("units", made.units)
        }
      }
      try transaction.insert(DrawTables.sessions, in: scope, key: [.text(id)]) { values in
        values.set("task_codes", tasks.map(\.code).joined(separator: " "))
        values.set("kind", kinds)
        values.set("draw_sequence", Int64(tasks.map(\.parameters.sequence).max() ?? 1))
        values.set("value_index", index)
        values.set("frame_hash", tasks.first?.frame.description ?? "")
        values.set("parameters_hash", tasks.first?.parameters.hash.description ?? "")
        values.set("entries", DrawJSON.text(tasks))
        values.set("is_stale", isStale ? 1 : 0)
        values.set("state", "FROZEN")
      }
      return .success(())
    }
  }

  /// A session of a unit. Throws `missing`.
  package func session(_ id: String, of unit: Scope) throws(CaseworkError) -> DrawSession {
    let row = try row(of: DrawTables.sessions, in: unit, key: [.text(id)])
    guard let session = row.flatMap({ DrawSession($0) }) else {
      throw .missing(table: "draw_sessions", key: id)
    }
    return session
  }

  /// All sessions of a unit, in order of their values.
  package func sessions(of unit: Scope) throws(CaseworkError) -> [DrawSession] {
    try rows(of: DrawTables.sessions, in: unit).compactMap { DrawSession($0) }
      .sorted { ($0.valueIndex, $0.id) < ($1.valueIndex, $1.id) }
  }

  /// What the tiers above say of a session.
  package func standing(
    of session: DrawSession, in unit: Scope
  ) throws(CaseworkError) -> SessionStanding {
    let frames = Set(session.tasks.map(\.frame.description))
    let witnesses = try rows(of: DrawTables.witnesses, in: unit) {
      frames.contains($0.key[0].string ?? "")
    }
    return SessionStanding(
      isVoided: try isVoided(session.id, of: unit),
      isVoidedAbove: try voidedShare(of: session, in: unit) != nil,
      verdicts: witnesses.map { "\($0.key[1].string ?? ""):\($0.text("verdict"))" })
  }

  /// The units below this node whose rows it holds, ascending.
  package var unitsBelow: [Scope] {
    replica.streams.map(\.scope).filter {
      $0 != ownScope && replica.tree.isAtOrAbove(ownScope, $0)
    }.sorted { $0.code < $1.code }
  }

  /// The task of the highest signed plan version that is in force and has it.
  func plannedTask(_ code: String) throws(CaseworkError) -> PlanTask {
    guard let task = try plannedTask(code, in: ownScope) else {
      throw .missing(table: "plan_tasks", key: code)
    }
    return task
  }

  /// The same of another unit's plan; nil for a task of none.
  func plannedTask(_ code: String, in unit: Scope) throws(CaseworkError) -> PlanTask? {
    let rows = try rows(of: PlanTables.planTasks, in: unit) { $0.key.last == .text(code) }
    let disputed = try disputedPlans(in: unit)
    let newest = rows.filter { !disputed.contains(Array($0.key.prefix(3))) }.max { left, right in
      guard case .integer(let first) = left.key[2], case .integer(let second) = right.key[2] else {
        return false
      }
      return first < second
    }
    return newest.flatMap { PlanTask($0) }
  }

  /// Refuses a task that was terminated (R-2.14): it is drawn and visited no more.
  func requireOpen(_ code: String) throws(CaseworkError) {
    let state = try row(of: PlanTables.tasks, in: ownScope, key: [.text(code)])?.text("state")
    guard state == "TERMINATED" else { return }
    throw .refused([
      RuleBreach(
        .planAdjustment, row: code,
        .illegalTransition(machine: "TASK", from: "TERMINATED", to: "COMMITTED"))
    ])
  }

  /// The committed sessions of the own unit; what was only frozen binds nobody.
  private func committedSessions() throws(CaseworkError) -> [DrawSession] {
    let committed = Set(try rows(of: DrawTables.commits, in: ownScope).map(\.keyText))
    return try sessions(of: ownScope).filter { committed.contains($0.id) }
  }

  /// The next committed value that no commit has taken.
  func nextValueIndex() throws(CaseworkError) -> UInt32 {
    try committedSessions().map { $0.valueIndex + 1 }.max() ?? 0
  }

  /// The sequence that the next draw of a task has. Refused while the one before is not voided.
  func nextSequence(of task: String) throws(CaseworkError) -> UInt32 {
    var last: UInt32 = 0
    for session in try committedSessions() {
      for entry in session.tasks where entry.code == task {
        guard try isVoided(session.id, of: ownScope) else {
          throw .refused([
            RuleBreach(
              .objectDraw, row: task,
              .redrawWithoutVoid(task: task, sequence: Int(entry.parameters.sequence)))
          ])
        }
        last = max(last, entry.parameters.sequence)
      }
    }
    return last + 1
  }
}

extension DrawSession {
  init?(_ row: CaseRow) {
    guard let tasks = DrawJSON.read([FrozenTask].self, from: row.text("entries")) else {
      return nil
    }
    id = row.key[0].string ?? ""
    valueIndex = UInt32(clamping: row.integer("value_index") ?? 0)
    self.tasks = tasks
    state = row.text("state")
    isStale = row.integer("is_stale") == 1
  }
}

extension EffectiveList {
  /// As draws bind it.
  func drawItems(_ rules: RuleSet) throws(DrawError) -> DrawItemList {
    try DrawItemList(
      version: baseVersion,
      items: entries.map { entry in
        DrawItemList.Item(
          code: entry.item.code, name: entry.item.name,
          itemClass: entry.item.itemClass == .key ? .key : .general,
          capBp: entry.item.capBp(rules).map { UInt32(clamping: $0) },
          qualifications: entry.item.qualifications)
      })
  }
}

extension FrameHeader {
  /// Reads a row of `frames`; nil for one of a later version.
  init?(_ row: CaseRow, unit: Scope) {
    guard let kind = Kind(rawValue: row.text("kind")),
      let root = HexText.bytes(row.text("merkle_root")).flatMap({ DrawHash($0) }),
      let entries = DrawJSON.read([FrameCut.Entry].self, from: row.text("version_vector")),
      // A cut that names a node twice is none.
      let cut = try? FrameCut(entries)
    else { return nil }
    self.init(
      unit: "\(unit)", kind: kind,
      itemListVersion: UInt64(clamping: row.integer("list_version") ?? 0),
      frozenAtMilliseconds: UInt64(clamping: row.integer("frozen_at") ?? 0), cut: cut,
      rowCount: UInt64(clamping: row.integer("row_count") ?? 0), root: root)
  }
}

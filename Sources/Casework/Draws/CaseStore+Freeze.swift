package import Causality
internal import Changes
package import Inspection
internal import Store

/// One task of a draw as the unit froze it.
package struct FrozenTask: Hashable, Sendable, Codable {
  package let code: String
  package let parameters: DrawParameters
  package let frame: DrawHash
  package let inspectorFrame: DrawHash
  package let avoidance: [Avoidance]
  /// 检查期限.
  package let windowFrom: String
  package let windowTo: String
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
  /// Throws `refused` below the barrier, for an item that is withdrawn (C-07), above a cap, and for a task that
  /// was drawn and not voided (a redraw is never silent); `missing` for a task of no plan in force.
  package func freeze(
    _ codes: [String], _ options: FreezeOptions = FreezeOptions()
  ) throws(CaseworkError) -> DrawSession {
    // What other programs wrote into the file becomes a change set first, inside the cut.
    try perform("before a freeze") { _ throws(StoreError) in .success(()) }
    let (unit, now) = (ownScope, wallMilliseconds())
    let day = Instant(milliseconds: Int64(clamping: now)).date ?? CivilDate.latest
    let cut: RosterCut
    do throws(StoreError) { cut = try RosterCut(replica, unit: unit) } catch {
      throw .store(error)
    }
    let barriers = try barrierBreaches(cut, on: day, row: codes.joined(separator: " "))
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
    let index = try nextValueIndex()
    try write(
      freezer, id: id, index: Int64(index), isStale: !barriers.isEmpty, listVersion: items.version)
    return try session(id, of: unit)
  }

  private func write(
    _ freezer: Freezer, id: String, index: Int64, isStale: Bool, listVersion: UInt64
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform("roster frozen") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      for made in freezer.frames {
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
        }
      }
      try transaction.insert(DrawTables.sessions, in: scope, key: [.text(id)]) { values in
        values.set("task_codes", freezer.tasks.map(\.code).joined(separator: " "))
        values.set("kind", "OBJ INS")
        values.set(
          "draw_sequence", Int64(freezer.tasks.map(\.parameters.sequence).max() ?? 1))
        values.set("value_index", index)
        values.set("frame_hash", freezer.tasks.first?.frame.description ?? "")
        values.set("parameters_hash", freezer.tasks.first?.parameters.hash.description ?? "")
        values.set("entries", DrawJSON.text(freezer.tasks))
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
      isVoided: try row(of: DrawTables.voids, in: unit, key: [.text(session.id)]) != nil,
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
    let rows = try rows(of: PlanTables.planTasks, in: ownScope) { $0.key.last == .text(code) }
    let disputed = try disputedPlans(in: ownScope)
    let newest = rows.filter { !disputed.contains(Array($0.key.prefix(3))) }.max { left, right in
      guard case .integer(let first) = left.key[2], case .integer(let second) = right.key[2] else {
        return false
      }
      return first < second
    }
    guard let task = newest.flatMap({ PlanTask($0) }) else {
      throw .missing(table: "plan_tasks", key: code)
    }
    return task
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
        let void = try row(of: DrawTables.voids, in: ownScope, key: [.text(session.id)])
        guard void != nil else {
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

/// What a freeze makes: frames and parameters, task by task.
private struct Freezer {
  struct MadeFrame {
    let header: FrameHeader
    let listHash: DrawHash
    let previous: DrawHash?
    let removed: [DrawRecord.Removal]
  }

  let store: CaseStore
  let maker: FrameMaker
  let list: EffectiveList
  let rules: RuleSet
  let items: DrawItemList
  let frozenAt: UInt64
  let options: FreezeOptions
  private(set) var frames: [MadeFrame] = []
  private(set) var tasks: [FrozenTask] = []

  init(
    store: CaseStore, maker: FrameMaker, list: EffectiveList, rules: RuleSet, items: DrawItemList,
    frozenAt: UInt64, options: FreezeOptions
  ) {
    (self.store, self.maker, self.list, self.items) = (store, maker, list, items)
    self.rules = rules
    (self.frozenAt, self.options) = (frozenAt, options)
  }

  mutating func add(_ code: String) throws(CaseworkError) {
    let task = try store.plannedTask(code)
    let sequence = try store.nextSequence(of: code)
    let withdrawn = task.itemCodes.filter { list.item($0) == nil }
    if let refusal = withdrawn.map({
      RuleBreach(.withdrawnItem, row: code, .withdrawnBeforeCommit(code: $0))
    }).refusal {
      throw refusal
    }
    let filter = try filter(of: task)
    let risk = LineRisk(
      items: task.itemCodes.compactMap(list.item), strata: task.strata.map(\.stratum))
    let frame = try maker.objects(filter: filter, risk: risk)
    let header = try self.header(of: frame)
    let pool = try maker.inspectors(month: task.windowFrom)
    let poolHeader = try self.header(of: pool)
    let avoidance = try maker.avoidance()
    let neighbours = try maker.neighbours(window: task.windowFrom...task.windowTo)
    let neighbourHeader = try neighbours.map { pool throws(CaseworkError) in
      try self.header(of: pool)
    }
    let parameters = try parameters(
      task, sequence: sequence, counts: frame.counts, filter: filter, avoidance: avoidance,
      neighbours: neighbourHeader?.hash)
    let before = try previous(of: .objects)
    frames.append(
      MadeFrame(
        header: header, listHash: items.hash, previous: before?.hash,
        removed: try removals(since: before, in: frame)))
    for header in [poolHeader, neighbourHeader].compactMap({ $0 }) {
      frames.append(
        MadeFrame(header: header, listHash: items.hash, previous: nil, removed: []))
    }
    tasks.append(
      FrozenTask(
        code: code, parameters: parameters, frame: header.hash, inspectorFrame: poolHeader.hash,
        avoidance: avoidance, windowFrom: "\(task.windowFrom)", windowTo: "\(task.windowTo)"))
  }

  private func filter(of task: PlanTask) throws(CaseworkError) -> FilterExpression? {
    var parts = task.filter.isEmpty ? [] : [task.filter]
    if task.library != "companies" { parts.insert("library = '\(task.library)'", at: 0) }
    guard !parts.isEmpty else { return nil }
    let text = parts.count == 1 ? parts[0] : "\(parts[0]) and (\(parts[1]))"
    do throws(FilterError) {
      return try FilterExpression(parsing: text)
    } catch {
      throw .refused([RuleBreach(.directedDraw, row: task.code, .draw(.filter(error)))])
    }
  }

  /// The planned strata with a floor of one; classes that the plan does not name are drawn from in no case.
  private func parameters(
    _ task: PlanTask, sequence: UInt32, counts: [StratumCount], filter: FilterExpression?,
    avoidance: [Avoidance], neighbours: DrawHash?
  ) throws(CaseworkError) -> DrawParameters {
    let planned = task.strata.map { ratio in
      StratumRule(
        stratum: ratio.stratum, ratioBp: UInt32(clamping: ratio.ratioBp),
        min: UInt32(clamping: ratio.minimum),
        max: ratio.maximum.map { UInt32(clamping: $0) } ?? DrawParameters.none)
    }
    let others = counts.filter { count in !planned.contains { $0.stratum == count.stratum } }
    let strata =
      DrawParameters.withFloors(planned, in: counts)
      + others.map { StratumRule(stratum: $0.stratum, ratioBp: 0, min: 0, max: 0) }
    let mode: DrawParameters.Mode =
      switch task.drawType {
      case .batch: .batchOrder
      case .sieve: .sieve
      case .directed, .undirected: .sample
      }
    let eligible = counts.reduce(UInt64(0)) { $0 + UInt64($1.eligible) }
    let cap = mode == .sample ? items.allowedTotal(codes: task.itemCodes, eligible: eligible) : nil
    let required = Set(task.itemCodes.flatMap { list.item($0)?.qualifications ?? [] })
    let threshold = UInt32(clamping: rules.batchThresholdBp)
    return try drawing(task.code) { () throws(DrawError) in
      let matching = try MatchingRules(
        teamSize: task.teamSize, firstDay: FrameMaker.number(of: task.windowFrom),
        lastDay: FrameMaker.number(of: task.windowTo), requiredTags: required.sorted(),
        avoidanceHash: Avoidance.hash(avoidance), neighbourFrame: neighbours)
      let parameters = try DrawParameters(
        task: TaskID(code: task.code), sequence: sequence, mode: mode, strata: strata,
        totalCap: cap ?? DrawParameters.none, isCoordinated: options.isCoordinated,
        filter: filter?.canonical, itemListHash: items.hash,
        batchCount: mode == .batchOrder ? options.batchCount : nil,
        requirement: task.requirementID, items: task.itemCodes, matching: matching)
      try parameters.check(against: items, counts: counts, batchThresholdBp: threshold)
      return parameters
    }
  }

  private func header(of frame: Frame) throws(CaseworkError) -> FrameHeader {
    try drawing { () throws(DrawError) in
      frame.header(
        unit: "\(store.ownScope)", itemListVersion: items.version, frozenAtMilliseconds: frozenAt,
        cut: try maker.cut.frameCut())
    }
  }

  private func header(of pool: InspectorFrame) throws(CaseworkError) -> FrameHeader {
    try drawing { () throws(DrawError) in
      pool.header(
        unit: "\(store.ownScope)", itemListVersion: items.version, frozenAtMilliseconds: frozenAt,
        cut: try maker.cut.frameCut())
    }
  }

  // MARK: who left

  /// The newest frame of a kind before this freeze, with its cut.
  private func previous(
    of kind: FrameHeader.Kind
  ) throws(CaseworkError) -> (hash: DrawHash, header: FrameHeader)? {
    let rows = try store.rows(of: DrawTables.frames, in: store.ownScope) {
      $0.text("kind") == kind.rawValue
    }
    let newest = rows.max { ($0.integer("frozen_at") ?? 0) < ($1.integer("frozen_at") ?? 0) }
    return newest.flatMap { FrameHeader($0, unit: store.ownScope) }.map { ($0.hash, $0) }
  }

  /// Companies of the frame before that are not in this one, with who deleted them and why. A deletion
  /// without a reason stays without one, and the verifier says so.
  private func removals(
    since before: (hash: DrawHash, header: FrameHeader)?, in frame: Frame
  ) throws(CaseworkError) -> [DrawRecord.Removal] {
    guard let before, let start = RosterCut(before.header.cut) else { return [] }
    let stream = StreamID(scope: store.ownScope)
    let deleted: [RowRemoval]
    do throws(StoreError) {
      deleted = try store.replica.removals(
        of: RosterSchema.companies.id, in: stream, after: start[stream],
        upTo: maker.cut[stream])
    } catch {
      throw .store(error)
    }
    var removals: [String: DrawRecord.Removal] = [:]
    for row in deleted {
      guard let key = row.key.first?.string, frame.index(of: key) == nil else { continue }
      removals[key] = DrawRecord.Removal(key: key, reason: row.reason, author: row.author)
    }
    return removals.values.sorted { $0.key < $1.key }
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

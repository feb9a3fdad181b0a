internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// A frame that is to be written.
struct MadeFrame {
  let header: FrameHeader
  let listHash: DrawHash
  let previous: DrawHash?
  let removed: [DrawRecord.Removal]
  /// The units whose rosters it has; empty for the own.
  let units: String
}

/// What a freeze makes: frames and parameters, task by task.
struct Freezer {
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

  /// What is drawn, as `kind` of a session says it.
  var kinds: String {
    let hasObjects = tasks.contains { $0.share == nil }
    let hasInspectors = tasks.contains { !$0.isSpanning }
    return [hasObjects ? "OBJ" : nil, hasInspectors ? "INS" : nil].compactMap { $0 }
      .joined(separator: " ")
  }

  mutating func add(_ code: String) throws(CaseworkError) {
    try store.requireOpen(code)
    guard let task = try store.plannedTask(code, in: store.ownScope) else {
      return try addHandedDown(code)
    }
    let withdrawn = task.itemCodes.filter { list.item($0) == nil }
    if let refusal = withdrawn.map({
      RuleBreach(.withdrawnItem, row: code, .withdrawnBeforeCommit(code: $0))
    }).refusal {
      throw refusal
    }
    let baseless = task.itemCodes.compactMap(list.item).compactMap {
      $0.basisBreach(on: maker.day)
    }
    if let refusal = baseless.refusal { throw refusal }
    let filter = try Self.filter(of: task)
    let risk = LineRisk(
      items: task.itemCodes.compactMap(list.item), strata: task.strata.map(\.stratum))
    guard task.implementers.isEmpty else { return try addSpanning(task, (filter, risk)) }
    let frame = try maker.objects(filter: filter, risk: risk)
    let header = try addObjects(frame, units: [])
    let teams = try addPool(
      window: task.windowFrom...max(task.windowFrom, task.windowTo), for: frame.eligibleKeys)
    let matching = try matching(of: task, teams)
    let parameters = try parameters(task, counts: frame.counts, filter: filter, matching: matching)
    append(task, parameters, frame: header.hash, inspectorFrame: teams.pool, teams.avoidance)
  }

  /// Objects of units below, which visit them and draw their own inspectors.
  private mutating func addSpanning(
    _ task: PlanTask, _ choice: CaseStore.ObjectChoice
  ) throws(CaseworkError) {
    let units = store.implementers(of: task)
    let made = try store.spanning(units, choice, cut: maker.cut, frozenAt: frozenAt)
    let header = try addObjects(made.frame, units: units)
    let parameters = try parameters(
      task, counts: made.frame.counts, filter: choice.filter, matching: nil, units: made.rosters)
    append(task, parameters, frame: header.hash, inspectorFrame: nil, [])
  }

  /// Inspectors for what a tier above drew.
  private mutating func addHandedDown(_ code: String) throws(CaseworkError) {
    guard let (share, task) = try store.newestShare(of: code) else {
      throw .missing(table: "plan_tasks", key: code)
    }
    let window = task.windowFrom...max(task.windowFrom, task.windowTo)
    let teams = try addPool(window: window, for: Set(share.objects))
    let matching = try matching(of: task, teams, objectResult: share.hash)
    let sequence = try store.nextSequence(of: code)
    let itemsHash = items.hash
    let parameters = try drawing(code) { () throws(DrawError) in
      try DrawParameters(
        task: share.task, sequence: sequence, mode: .sample, strata: [], itemListHash: itemsHash,
        matching: matching)
    }
    append(task, parameters, frame: teams.pool, inspectorFrame: nil, teams.avoidance, share)
  }

  private mutating func append(
    _ task: PlanTask, _ parameters: DrawParameters, frame: DrawHash, inspectorFrame: DrawHash?,
    _ avoidance: [Avoidance], _ share: ObjectShare? = nil
  ) {
    tasks.append(
      FrozenTask(
        code: task.code, parameters: parameters, frame: frame, inspectorFrame: inspectorFrame,
        avoidance: avoidance, windowFrom: "\(task.windowFrom)", windowTo: "\(task.windowTo)",
        share: share, check: nil))
  }

  /// Takes in a frame of objects, with what left the roster since the one before.
  private mutating func addObjects(
    _ frame: Frame, units: [Scope]
  ) throws(CaseworkError) -> FrameHeader {
    let header = try self.header(of: frame)
    let names = units.map { "\($0)" }.joined(separator: " ")
    let before = try previous(of: .objects, units: names)
    frames.append(
      MadeFrame(
        header: header, listHash: items.hash, previous: before?.hash,
        removed: try removals(
          since: before, in: frame, of: units.isEmpty ? [store.ownScope] : units), units: names))
    return header
  }

  /// What teams are made from.
  private struct Teams {
    let pool: DrawHash
    let avoidance: [Avoidance]
    let neighbours: DrawHash?
  }

  /// `objects`: keys of what can be drawn.
  private mutating func addPool(
    window: ClosedRange<CivilDate>, for objects: @autoclosure () -> Set<String>
  ) throws(CaseworkError) -> Teams {
    let pool = try header(of: maker.inspectors(month: window.lowerBound))
    let neighbours = try maker.neighbours(window: window).map { pool throws(CaseworkError) in
      try self.header(of: pool)
    }
    for header in [pool, neighbours].compactMap({ $0 }) {
      frames.append(
        MadeFrame(header: header, listHash: items.hash, previous: nil, removed: [], units: ""))
    }
    return Teams(
      pool: pool.hash, avoidance: try maker.avoidance(of: objects()),
      neighbours: neighbours?.hash)
  }

  private func matching(
    of task: PlanTask, _ teams: Teams, objectResult: DrawHash? = nil
  ) throws(CaseworkError) -> MatchingRules {
    let required = Set(task.itemCodes.flatMap { list.item($0)?.qualifications ?? [] })
    return try drawing(task.code) { () throws(DrawError) in
      try MatchingRules(
        teamSize: task.teamSize, firstDay: FrameMaker.number(of: task.windowFrom),
        lastDay: FrameMaker.number(of: task.windowTo),
        avoidsLastTeam: rules.draws.avoidsLastTeam,
        limitsOwnStation: rules.draws.limitsOwnStation, requiredTags: required.sorted(),
        avoidanceHash: Avoidance.hash(teams.avoidance), neighbourFrame: teams.neighbours,
        objectResult: objectResult)
    }
  }

  static func filter(of task: PlanTask) throws(CaseworkError) -> FilterExpression? {
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
  static func strata(of task: PlanTask, in counts: [StratumCount]) -> [StratumRule] {
    let planned = task.strata.map { ratio in
      StratumRule(
        stratum: ratio.stratum, ratioBp: UInt32(clamping: ratio.ratioBp),
        min: UInt32(clamping: ratio.minimum),
        max: ratio.maximum.map { UInt32(clamping: $0) } ?? DrawParameters.none)
    }
    let others = counts.filter { count in !planned.contains { $0.stratum == count.stratum } }
    return DrawParameters.withFloors(planned, in: counts)
      + others.map { StratumRule(stratum: $0.stratum, ratioBp: 0, min: 0, max: 0) }
  }

  static func mode(of task: PlanTask) -> DrawParameters.Mode {
    switch task.drawType {
    case .batch: .batchOrder
    case .sieve: .sieve
    case .directed, .undirected: .sample
    }
  }

  private func parameters(
    _ task: PlanTask, counts: [StratumCount], filter: FilterExpression?, matching: MatchingRules?,
    units: [UnitRoster]? = nil
  ) throws(CaseworkError) -> DrawParameters {
    let sequence = try store.nextSequence(of: task.code)
    let strata = Self.strata(of: task, in: counts)
    let mode = Self.mode(of: task)
    let eligible = counts.reduce(UInt64(0)) { $0 + UInt64($1.eligible) }
    let cap = mode == .sample ? items.allowedTotal(codes: task.itemCodes, eligible: eligible) : nil
    let threshold = UInt32(clamping: rules.batchThresholdBp)
    return try drawing(task.code) { () throws(DrawError) in
      let parameters = try DrawParameters(
        task: TaskID(code: task.code), sequence: sequence, mode: mode, strata: strata,
        totalCap: cap ?? DrawParameters.none, isCoordinated: options.isCoordinated,
        filter: filter?.canonical, itemListHash: items.hash,
        batchCount: mode == .batchOrder ? options.batchCount : nil,
        requirement: task.requirementID, items: task.itemCodes, matching: matching,
        units: units)
      try parameters.check(against: items, counts: counts, batchThresholdBp: threshold)
      try ObjectDraw.checkQuotas(parameters, counts: counts)
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

  /// The newest frame of a kind and of the same units before this freeze, with its cut.
  private func previous(
    of kind: FrameHeader.Kind, units: String
  ) throws(CaseworkError) -> (hash: DrawHash, header: FrameHeader)? {
    let rows = try store.rows(of: DrawTables.frames, in: store.ownScope) {
      $0.text("kind") == kind.rawValue && $0.text("units") == units
    }
    let newest = rows.max { ($0.integer("frozen_at") ?? 0) < ($1.integer("frozen_at") ?? 0) }
    return newest.flatMap { FrameHeader($0, unit: store.ownScope) }.map { ($0.hash, $0) }
  }

  /// Companies of the frame before that are not in this one, with who deleted them and why. A deletion
  /// without a reason stays without one, and the verifier says so.
  private func removals(
    since before: (hash: DrawHash, header: FrameHeader)?, in frame: Frame, of units: [Scope]
  ) throws(CaseworkError) -> [DrawRecord.Removal] {
    guard let before, let start = RosterCut(before.header.cut) else { return [] }
    var deleted: [RowRemoval] = []
    do throws(StoreError) {
      for stream in units.map({ StreamID(scope: $0) }) {
        deleted += try store.replica.removals(
          of: RosterSchema.companies.id, in: stream, after: start[stream],
          upTo: maker.cut[stream])
      }
    } catch {
      throw .store(error)
    }
    var removals: [String: DrawRecord.Removal] = [:]
    for row in deleted {
      guard let key = row.key.first?.string, frame.index(of: key) == nil else { continue }
      removals[key] = DrawRecord.Removal(
        key: key, reason: row.reason, author: row.author, writer: "\(row.writer)")
    }
    return removals.values.sorted { $0.key < $1.key }
  }
}

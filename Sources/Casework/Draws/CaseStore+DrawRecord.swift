package import Causality
internal import Changes
package import Inspection
internal import Store

extension CaseStore {
  /// The published record of a unit's draws of a year, as `tributary draw verify` checks it: those made under
  /// one item list. `withRows`: with the rows of the frames, for auditors and for `draw prove`. Made from the
  /// rows at hand, at the unit or at any hub above it.
  ///
  /// `listVersion`: which list, when the unit drew under several in the year; nil takes the newest. Throws
  /// `missing` without draws or anchors, or when a frame's cut is not known here.
  package func drawRecord(
    of unit: Scope, year: Int, listVersion: UInt64? = nil, withRows: Bool
  ) throws(CaseworkError) -> DrawRecord {
    guard
      let own = try row(of: DrawTables.anchors, in: unit, key: [.integer(Int64(year))]),
      let anchor = DrawAnchor(own)
    else { throw .missing(table: "draw_anchors", key: "\(unit)/\(year)") }
    let hub = try hubAnchor(of: unit, year: year)
    if hub == nil, let above = replica.tree.parent(of: unit) {
      throw .missing(table: "hub_anchors", key: "\(above)/\(year)")
    }
    var drawn: [(session: DrawSession, draws: [DrawRecord.Draw], header: FrameHeader)] = []
    var versions: Set<UInt64> = []
    for session in try sessions(of: unit) {
      let draws = try publishedDraws(of: session, unit: unit)
      guard !draws.isEmpty else { continue }
      let header = try frameHeader(session.tasks[0].frame, in: unit)
      let moment = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds))
      guard moment.date?.year == year else { continue }
      versions.insert(header.itemListVersion)
      drawn.append((session, draws, header))
    }
    guard let newest = listVersion ?? versions.max() else {
      throw .missing(table: "draw_results", key: "\(unit)/\(year)")
    }
    drawn.removeAll { $0.header.itemListVersion != newest }
    guard let last = drawn.last, let cut = RosterCut(last.header.cut) else {
      throw .missing(table: "draw_results", key: "\(unit)/\(year)/\(newest)")
    }
    let day = Instant(milliseconds: Int64(clamping: last.header.frozenAtMilliseconds)).date
    let list = try effectiveList(of: unit, on: day ?? CivilDate.latest, at: cut)
    let rules = try rules(on: day ?? CivilDate.latest, at: cut)
    let items = try drawing { () throws(DrawError) in try list.drawItems(rules) }
    var frames: [DrawHash: DrawRecord.PublishedFrame] = [:]
    for entry in drawn {
      for task in entry.session.tasks {
        try publish(task, unit: unit, hub: hub?.hub, withRows: withRows, into: &frames)
      }
    }
    try publishEarlier(unit: unit, hub: hub?.hub, withRows: withRows, into: &frames)
    return DrawRecord(
      unit: "\(unit)", year: UInt16(clamping: year), complete: versions.count == 1,
      keys: keys(own, anchor, hub, unit: unit)
        + (try initiatorKeys(drawn.flatMap(\.draws), year: year)),
      countyAnchor: anchor.published, hubAnchor: hub?.anchor.published, items: items,
      frames: frames.values.sorted { $0.hash < $1.hash }, draws: drawn.flatMap(\.draws))
  }

  /// Frames that a published one names as the one before, frozen for draws that came to nothing.
  private func publishEarlier(
    unit: Scope, hub: Scope?, withRows: Bool,
    into frames: inout [DrawHash: DrawRecord.PublishedFrame]
  ) throws(CaseworkError) {
    let tasks = try sessions(of: unit).flatMap(\.tasks)
    for _ in tasks {
      let named = Set(frames.values.compactMap(\.previous)).filter { frames[$0] == nil }
      let missing = tasks.filter { named.contains($0.frame) }
      guard !missing.isEmpty else { return }
      for task in missing {
        try publish(task, unit: unit, hub: hub, withRows: withRows, into: &frames)
      }
    }
  }

  private func keys(
    _ own: CaseRow, _ anchor: DrawAnchor, _ hub: (hub: Scope, anchor: DrawAnchor)?, unit: Scope
  ) -> [DrawRecord.Key] {
    func person(_ role: DrawRecord.Role, _ column: String) -> DrawRecord.Key {
      .init(
        role: role, name: own.text(column),
        publicKey: HexText.bytes(own.text("\(column)_key")) ?? [])
    }
    let above = hub.map { hub in
      [DrawRecord.Role.hub, .superior].map {
        DrawRecord.Key(role: $0, name: "\(hub.hub)", publicKey: hub.anchor.publicKey)
      }
    }
    return [
      .init(role: .county, name: "\(unit)", publicKey: anchor.publicKey),
      person(.operator, "operator"), person(.supervisor, "supervisor"),
    ] + (above ?? [])
  }

  /// The keys of the units that handed objects down.
  private func initiatorKeys(
    _ draws: [DrawRecord.Draw], year: Int
  ) throws(CaseworkError) -> [DrawRecord.Key] {
    var keys: [DrawRecord.Key] = []
    for name in Set(draws.compactMap(\.share?.initiator)).sorted() {
      guard let scope = Scope(name),
        let anchor = DrawAnchor(
          try row(of: DrawTables.anchors, in: scope, key: [.integer(Int64(year))]))
      else { throw .missing(table: "draw_anchors", key: "\(name)/\(year)") }
      keys.append(.init(role: .initiator, name: name, publicKey: anchor.publicKey))
    }
    return keys
  }

  private func frameHeader(_ hash: DrawHash, in unit: Scope) throws(CaseworkError) -> FrameHeader {
    let row = try row(of: DrawTables.frames, in: unit, key: [.text(hash.description)])
    guard let header = row.flatMap({ FrameHeader($0, unit: unit) }) else {
      throw .missing(table: "frames", key: hash.description)
    }
    return header
  }

  /// The draws of a session with what was revealed and decided since.
  private func publishedDraws(
    of session: DrawSession, unit: Scope
  ) throws(CaseworkError) -> [DrawRecord.Draw] {
    var draws = try drawn(session.id, of: unit)
    let key: [Value] = [.text(session.id)]
    let revealed = try row(of: DrawTables.reveals, in: unit, key: key)
    let voided = try row(of: DrawTables.voids, in: unit, key: key)
    let added = try rows(of: VisitTables.assignments, in: unit) {
      $0.text("draw_id") == session.id && $0.text("mode") == AssignmentMode.direct.rawValue
    }
    for index in draws.indices {
      if session.tasks.indices.contains(index), !added.isEmpty {
        draws[index].matching?.add(added) { subject in
          Self.visitID(session: session.id, task: session.tasks[index].code, subject: subject)
        }
      }
      let draw = draws[index]
      if let revealed, let grade = SeedGrade(rawValue: revealed.text("seed_grade")),
        let county = HexText.bytes(revealed.text("revealed_value")).flatMap({ DrawHash($0) })
      {
        let value = HexText.bytes(revealed.text("public_value")) ?? []
        let seed = DrawSeed(
          county: county, hub: draw.acknowledgement?.value, source: draw.commit.source,
          publicValue: value)
        draws[index].reveal = DrawRecord.Reveal(
          county: county, publicValue: HexBytes(value), grade: grade,
          seed: seed.value(commit: draw.commit.hash))
        if session.tasks.indices.contains(index), session.tasks[index].isSpanning {
          try drawAgain(
            &draws[index], session.tasks[index], of: session, county: county, publicValue: value,
            unit: unit)
        }
      }
      if let voided, session.tasks.indices.contains(index) {
        let signatures = DrawJSON.read([String: String].self, from: voided.text("signatures"))
        draws[index].void = DrawRecord.Void(
          reason: voided.text("reason"),
          atMilliseconds: UInt64(clamping: voided.integer("voided_at") ?? 0),
          signature: signatures?[session.tasks[index].code].flatMap { HexText.bytes($0) } ?? [])
      }
    }
    return draws
  }

  /// What a draw over several units gave, once its values are revealed: its lists stand in no row of its own, since
  /// all these units hold those.
  private func drawAgain(
    _ draw: inout DrawRecord.Draw, _ task: FrozenTask, of session: DrawSession, county: DrawHash,
    publicValue: [UInt8], unit: Scope
  ) throws(CaseworkError) {
    let header = try frameHeader(task.frame, in: unit)
    guard let made = try remake(task, header, unit: unit) else {
      throw .missing(table: "frames", key: task.frame.description)
    }
    let again = try self.draw(
      task, made, draw.commit, draw.acknowledgement, county: county, publicValue: publicValue)
    (draw.strata, draw.batches) = (again.strata, again.batches)
    var shares: [ObjectShare] = []
    for name in task.parameters.units?.map(\.unit) ?? [] {
      guard let scope = Scope(name) else { continue }
      shares += try self.shares(of: scope).filter {
        $0.session == session.id && $0.taskCode == task.code
      }.map(\.share)
    }
    // A draw that was voided before it was made handed nothing down.
    draw.shares = shares.isEmpty ? nil : shares
  }

  /// The frames of a task, and the frame before its own with rows, so that the roster's changes can be checked.
  private func publish(
    _ task: FrozenTask, unit: Scope, hub: Scope?, withRows: Bool,
    into frames: inout [DrawHash: DrawRecord.PublishedFrame]
  ) throws(CaseworkError) {
    guard frames[task.frame] == nil else { return }
    let key: [Value] = [.text(task.frame.description)]
    guard let row = try row(of: DrawTables.frames, in: unit, key: key),
      let header = FrameHeader(row, unit: unit), let made = try remake(task, header, unit: unit)
    else { throw .missing(table: "frames", key: task.frame.description) }
    var frame = DrawRecord.PublishedFrame(header)
    frame.counts = made.objects?.counts
    frame.rows = withRows ? made.objects?.rows : nil
    if header.kind == .inspectors { frame.inspectors = withRows ? made.pool?.rows : nil }
    frame.units = made.spanning.map { spanning in
      spanning.rosters.map { roster in
        DrawRecord.PublishedUnit(
          roster, keys: withRows ? spanning.keys[roster.unit] : nil,
          leftOut: spanning.leftOut[roster.unit])
      }
    }
    frame.previous = HexText.bytes(row.text("previous_frame")).flatMap { DrawHash($0) }
    frame.removed = DrawJSON.read([DrawRecord.Removal].self, from: row.text("roster_changes"))
    let witness = try hub.flatMap { hub throws(CaseworkError) in
      try self.row(of: DrawTables.witnesses, in: unit, key: key + [.text("\(hub)")])
    }
    if let witness, let root = HexText.bytes(witness.text("merkle_root")).flatMap({ DrawHash($0) }),
      let signature = HexText.bytes(witness.text("signature")), !signature.isEmpty
    {
      frame.witness = DrawRecord.Witness(
        rowCount: UInt64(clamping: witness.integer("row_count") ?? 0), root: root,
        signature: signature)
    }
    frames[task.frame] = frame
    var pools: [(DrawHash, InspectorFrame)] = []
    if let hash = task.inspectorFrame, let pool = made.pool { pools.append((hash, pool)) }
    if let hash = task.parameters.matching?.neighbourFrame, let pool = made.neighbours {
      pools.append((hash, pool))
    }
    for (hash, pool) in pools {
      var frame = DrawRecord.PublishedFrame(try frameHeader(hash, in: unit))
      frame.inspectors = withRows ? pool.rows : nil
      frames[hash] = frame
    }
  }
}

extension DrawRecord.Matching {
  /// Notes who goes besides those that were drawn: experts, and who was appointed directly where chance found too
  /// few. `visit`: the visit of a company.
  fileprivate mutating func add(_ added: [CaseRow], visit: (String) -> String) {
    for place in teams.indices {
      let key = Value.text(visit(teams[place].object))
      let rows = added.filter { $0.key[0] == key }.sorted { $0.keyText < $1.keyText }
      let experts = rows.filter { $0.text("role") == TeamRole.expert.rawValue }
      teams[place].experts = experts.compactMap { $0.key[1].string }
      let direct = rows.filter { $0.text("role") != TeamRole.expert.rawValue }
      guard teams[place].state != .filled, let first = direct.first else { continue }
      teams[place].appointed = direct.compactMap { $0.key[1].string }
      (teams[place].reason, teams[place].approver) = (first.text("reason"), first.text("approver"))
    }
  }
}

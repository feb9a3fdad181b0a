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
      let anchor = DrawAnchor(own), let hub = try hubAnchor(of: unit, year: year)
    else { throw .missing(table: "draw_anchors", key: "\(unit)/\(year)") }
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
        try publish(task, unit: unit, hub: hub.hub, withRows: withRows, into: &frames)
      }
    }
    try publishEarlier(unit: unit, hub: hub.hub, withRows: withRows, into: &frames)
    return DrawRecord(
      unit: "\(unit)", year: UInt16(clamping: year), complete: versions.count == 1,
      keys: keys(own, anchor, hub.anchor, hub: hub.hub), countyAnchor: anchor.published,
      hubAnchor: hub.anchor.published, items: items,
      frames: frames.values.sorted { $0.hash < $1.hash }, draws: drawn.flatMap(\.draws))
  }

  /// Frames that a published one names as the one before, frozen for draws that came to nothing.
  private func publishEarlier(
    unit: Scope, hub: Scope, withRows: Bool,
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
    _ own: CaseRow, _ county: DrawAnchor, _ hub: DrawAnchor, hub scope: Scope
  ) -> [DrawRecord.Key] {
    func person(_ role: DrawRecord.Role, _ column: String) -> DrawRecord.Key {
      .init(
        role: role, name: own.text(column),
        publicKey: HexText.bytes(own.text("\(column)_key")) ?? [])
    }
    return [
      .init(role: .county, name: "\(ownScope)", publicKey: county.publicKey),
      .init(role: .hub, name: "\(scope)", publicKey: hub.publicKey),
      person(.operator, "operator"), person(.supervisor, "supervisor"),
      .init(role: .superior, name: "\(scope)", publicKey: hub.publicKey),
    ]
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
    let direct = try rows(of: VisitTables.assignments, in: unit) {
      $0.text("draw_id") == session.id && $0.text("mode") == AssignmentMode.direct.rawValue
    }
    for index in draws.indices {
      if session.tasks.indices.contains(index), !direct.isEmpty {
        draws[index].matching?.appoint(direct) { subject in
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

  /// The frames of a task, and the frame before its own with rows, so that the roster's changes can be checked.
  private func publish(
    _ task: FrozenTask, unit: Scope, hub: Scope, withRows: Bool,
    into frames: inout [DrawHash: DrawRecord.PublishedFrame]
  ) throws(CaseworkError) {
    guard frames[task.frame] == nil else { return }
    let key: [Value] = [.text(task.frame.description)]
    guard let row = try row(of: DrawTables.frames, in: unit, key: key),
      let header = FrameHeader(row, unit: unit), let made = try remake(task, header, unit: unit)
    else { throw .missing(table: "frames", key: task.frame.description) }
    var frame = DrawRecord.PublishedFrame(header)
    frame.counts = made.objects.counts
    frame.rows = withRows ? made.objects.rows : nil
    frame.previous = HexText.bytes(row.text("previous_frame")).flatMap { DrawHash($0) }
    frame.removed = DrawJSON.read([DrawRecord.Removal].self, from: row.text("roster_changes"))
    let witness = try self.row(
      of: DrawTables.witnesses, in: unit, key: key + [.text("\(hub)")])
    if let witness, let root = HexText.bytes(witness.text("merkle_root")).flatMap({ DrawHash($0) }),
      let signature = HexText.bytes(witness.text("signature")), !signature.isEmpty
    {
      frame.witness = DrawRecord.Witness(
        rowCount: UInt64(clamping: witness.integer("row_count") ?? 0), root: root,
        signature: signature)
    }
    frames[task.frame] = frame
    var pools = [(task.inspectorFrame, made.pool)]
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
  /// Notes who was appointed directly where chance found too few. `visit`: the visit of a company.
  fileprivate mutating func appoint(_ direct: [CaseRow], visit: (String) -> String) {
    for place in teams.indices where teams[place].state != .filled {
      let key = Value.text(visit(teams[place].object))
      let rows = direct.filter { $0.key[0] == key }.sorted { $0.keyText < $1.keyText }
      guard let first = rows.first else { continue }
      teams[place].appointed = rows.compactMap { $0.key[1].string }
      (teams[place].reason, teams[place].approver) = (first.text("reason"), first.text("approver"))
    }
  }
}

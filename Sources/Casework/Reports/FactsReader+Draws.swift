internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// Draws, and what was done to rosters while they were under way.
extension FactsReader {
  struct Draws {
    var facts: [UnitFacts.Draw] = []
    /// Ids of draws whose frame, commit and result are all there.
    var complete: Set<String> = []
    /// Tasks that were drawn.
    var tasks: Set<String> = []
    /// When the draw of a task that counts could be made again by anyone.
    var provenOn: [String: CivilDate] = [:]
  }

  private struct FrozenRoster {
    let frozenOn: CivilDate?
    let verification: String
    let rowCount: Int
    let previous: String
    let removed: String
    let cut: String
  }

  /// The rows of a unit's draws, by the key of their tables.
  private struct DrawRows {
    var frames: [String: FrozenRoster] = [:]
    var voided: Set<String> = []
    var drawn: Set<String> = []
    /// Hashes of commits by session.
    var commits: [String: String] = [:]
    /// When the hub answered, by the hash of the commit.
    var answeredAt: [String: Instant] = [:]
    var revealedOn: [String: CivilDate] = [:]

    func answeredAt(_ session: String) -> Instant? { commits[session].flatMap { answeredAt[$0] } }
  }

  func draws(of unit: Scope) throws(CaseworkError) -> Draws {
    let rows = try drawRows(of: unit)
    var (draws, sessions) = (Draws(), [(place: Int, cut: String)]())
    try read(DrawTables.sessions, ["frame_hash", "task_codes"], in: unit) { row in
      let id = row.keyText(0)
      guard let frame = rows.frames[row.text(0)], let frozenOn = frame.frozenOn else { return }
      let codes = row.text(1).split(separator: " ").map(String.init)
      let isDrawn = rows.drawn.contains(id)
      if isDrawn {
        if rows.commits[id] != nil, !rows.voided.contains(id) { draws.complete.insert(id) }
        draws.tasks.formUnion(codes)
      }
      if isDrawn, !rows.voided.contains(id), let day = rows.revealedOn[id] {
        for code in codes { draws.provenOn[code] = day }
      }
      var fact = UnitFacts.Draw(
        id: id, drawnOn: frozenOn,
        verification: frame.verification.isEmpty ? "PENDING" : frame.verification,
        isVoid: rows.voided.contains(id),
        answeredUndrawnOn: isDrawn ? nil : rows.answeredAt(id)?.date, tasks: codes)
      if let before = rows.frames[frame.previous] {
        fact.rowsBefore = before.rowCount
        fact.rowsLost = unexplained(frame.removed)
      }
      if rows.commits[id] != nil { sessions.append((draws.facts.count, frame.cut)) }
      draws.facts.append(fact)
    }
    try readLateExclusions(of: unit, rows, sessions, into: &draws.facts)
    return draws
  }

  private func drawRows(of unit: Scope) throws(CaseworkError) -> DrawRows {
    var rows = DrawRows()
    let frameColumns = [
      "frozen_at", "verification", "row_count", "previous_frame", "roster_changes",
      "version_vector",
    ]
    try read(DrawTables.frames, frameColumns, in: unit) { row in
      rows.frames[row.keyText(0)] = FrozenRoster(
        frozenOn: row.integer(0).flatMap { Instant(milliseconds: $0).date },
        verification: row.text(1), rowCount: Int(row.integer(2) ?? 0), previous: row.text(3),
        removed: row.text(4), cut: row.text(5))
    }
    try read(DrawTables.voids, [], in: unit) { row in rows.voided.insert(row.keyText(0)) }
    rows.voided.formUnion(try restingOnVoid(of: unit))
    try read(DrawTables.results, [], in: unit) { row in rows.drawn.insert(row.keyText(0)) }
    try read(DrawTables.commits, ["commit_hash"], in: unit) { row in
      rows.commits[row.keyText(0)] = row.text(0)
    }
    try read(DrawTables.acknowledgements, ["acknowledged_at"], in: unit) { row in
      rows.answeredAt[row.keyText(0)] = row.integer(0).map(Instant.init)
    }
    try read(DrawTables.reveals, ["revealed_at"], in: unit) { row in
      rows.revealedOn[row.keyText(0)] = row.integer(0).flatMap { Instant(milliseconds: $0).date }
    }
    return rows
  }

  /// Sessions whose inspectors were drawn for a share of a draw above that was voided.
  private func restingOnVoid(of unit: Scope) throws(CaseworkError) -> Set<String> {
    var shares: [(initiator: String, draw: String, record: String)] = []
    try read(DrawTables.shares, ["initiator", "share_record"], in: unit) { row in
      shares.append((row.text(0), row.keyText(0), row.text(1)))
    }
    guard !shares.isEmpty else { return [] }
    var voided: Set<ObjectShare> = []
    for (initiator, draw, record) in shares {
      guard let scope = Scope(initiator), let share = DrawJSON.read(ObjectShare.self, from: record)
      else { continue }
      try read(DrawTables.voids, [], in: scope) { row in
        if row.keyText(0) == draw { voided.insert(share) }
      }
    }
    guard !voided.isEmpty else { return [] }
    var resting: Set<String> = []
    try read(DrawTables.sessions, ["entries"], in: unit) { row in
      let tasks = DrawJSON.read([FrozenTask].self, from: row.text(0)) ?? []
      if tasks.contains(where: { $0.share.map(voided.contains) ?? false }) {
        resting.insert(row.keyText(0))
      }
    }
    return resting
  }

  /// Removals that are not of the registration feed, which the top's nodes write: whose change it was counts, not
  /// what its reason says.
  private func unexplained(_ removed: String) -> Int {
    let removals = DrawJSON.read([DrawRecord.Removal].self, from: removed) ?? []
    return removals.count { removal in
      let writer = removal.writer.flatMap { ReplicaID($0) }?.node.scope
      return writer.map { replica.tree.parent(of: $0) != nil } ?? true
    }
  }

  // MARK: exclusions that came too late (C-34)

  /// Exclusion marks that the unit's nodes wrote outside the cut of a frame, knowing the commit and not yet the draw:
  /// the frame takes no notice, the next one does, and people are told. What a writer knew is what its change set
  /// says; no clock has a part in it.
  private func readLateExclusions(
    of unit: Scope, _ rows: DrawRows, _ sessions: [(place: Int, cut: String)],
    into facts: inout [UnitFacts.Draw]
  ) throws(CaseworkError) {
    guard !sessions.isEmpty else { return }
    let stream = StreamID(scope: unit)
    let marks = try marks(of: unit)
    guard !marks.isEmpty else { return }
    var draws: [(place: Int, moments: Moments)] = []
    for (place, cut) in sessions {
      guard let moments = try moments(of: facts[place].id, cut, rows, in: unit) else { continue }
      draws.append((place, moments))
    }
    for mark in marks {
      let late = draws.filter { !$0.moments.frozen.contains(mark.replica, mark.number) }
      guard !late.isEmpty else { continue }
      let known = try knowledge(of: Dot(stream: stream, replica: mark.replica, number: mark.number))
      func knew(_ dot: StreamDot?) -> Bool {
        dot.map { known.contains($0.replica, $0.number) } ?? false
      }
      for (place, moments) in late where knew(moments.committed) && !knew(moments.drawn) {
        facts[place].lateExclusions += 1
        if knew(moments.answered) { facts[place].manipulations += 1 }
      }
    }
  }

  /// What a draw was frozen at, and the change sets that committed, answered and made it.
  private struct Moments {
    let frozen: VersionVector
    let committed: StreamDot?
    let answered: StreamDot?
    let drawn: StreamDot?
  }

  private func moments(
    of id: String, _ cut: String, _ rows: DrawRows, in unit: Scope
  ) throws(CaseworkError) -> Moments? {
    guard let entries = DrawJSON.read([FrameCut.Entry].self, from: cut),
      // A cut of another form is none of a draw that counts.
      let frozen = (try? FrameCut(entries)).flatMap({ RosterCut($0) })
    else { return nil }
    return Moments(
      frozen: frozen[StreamID(scope: unit)],
      committed: try written(DrawTables.commits, id, in: unit),
      answered: try rows.commits[id].flatMap { commit throws(CaseworkError) in
        try written(DrawTables.acknowledgements, commit, in: unit)
      }, drawn: try written(DrawTables.results, id, in: unit))
  }

  private func knowledge(of dot: Dot) throws(CaseworkError) -> VersionVector {
    do throws(StoreError) { return try replica.writerKnowledge(of: dot) ?? VersionVector() } catch {
      throw .store(error)
    }
  }

  /// The exclusion marks that nodes of the unit itself wrote.
  private func marks(of unit: Scope) throws(CaseworkError) -> [StreamDot] {
    var keys: [[Value]] = []
    do throws(StoreError) {
      try replica.forEachRow(of: RosterSchema.exclusionMarks.id, in: unit) { row in
        keys.append(row.key)
        return true
      }
    } catch {
      throw .store(error)
    }
    var marks: [StreamDot] = []
    for key in keys {
      guard let mark = try replica.firstWritten(RosterSchema.exclusionMarks.id, key, in: unit),
        mark.dot.replica.node.scope == unit
      else { continue }
      marks.append(mark.dot)
    }
    return marks
  }

  private func written(
    _ table: CaseTable, _ id: String, in unit: Scope
  ) throws(CaseworkError) -> StreamDot? {
    try replica.firstWritten(table.id, [.text(id)], in: unit)?.dot
  }

  mutating func drawIDs(at unit: Scope, own: Set<String>) throws(CaseworkError) -> Set<String> {
    var all = own
    var next = replica.tree.parent(of: unit)
    while let scope = next {
      if drawsAbove[scope] == nil { drawsAbove[scope] = try draws(of: scope).complete }
      all.formUnion(drawsAbove[scope] ?? [])
      next = replica.tree.parent(of: scope)
    }
    return all
  }
}

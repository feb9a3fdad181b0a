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
        if rows.commits[id] != nil { draws.complete.insert(id) }
        draws.tasks.formUnion(codes)
      }
      if isDrawn, !rows.voided.contains(id), let day = rows.revealedOn[id] {
        for code in codes { draws.provenOn[code] = day }
      }
      var fact = UnitFacts.Draw(
        id: id, drawnOn: frozenOn,
        verification: frame.verification.isEmpty ? "PENDING" : frame.verification,
        isVoid: rows.voided.contains(id),
        answeredUndrawnOn: isDrawn ? nil : rows.answeredAt(id)?.date)
      if let before = rows.frames[frame.previous] {
        fact.rowsBefore = before.rowCount
        fact.rowsLost = Self.unexplained(frame.removed)
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

  /// Words of a removal that the registration feed explains.
  private static let registrationCauses = [
    "注销", "吊销", "撤销", "迁出", "CANCELLED", "REVOKED", "RESCINDED", "MOVED_OUT", "E_DEREG",
    "E_MOVED",
  ]

  private static func unexplained(_ removed: String) -> Int {
    let removals = DrawJSON.read([DrawRecord.Removal].self, from: removed) ?? []
    return removals.count { removal in
      !registrationCauses.contains { removal.reason.contains($0) }
    }
  }

  // MARK: exclusions that came too late (C-34)

  /// Exclusion marks that the unit's nodes wrote after the cut of a frame and before the draw from it: the frame
  /// takes no notice, the next one does, and people are told.
  private func readLateExclusions(
    of unit: Scope, _ rows: DrawRows, _ sessions: [(place: Int, cut: String)],
    into facts: inout [UnitFacts.Draw]
  ) throws(CaseworkError) {
    guard !sessions.isEmpty else { return }
    let stream = StreamID(scope: unit)
    for mark in try marks(of: unit) {
      for (place, text) in sessions {
        let id = facts[place].id
        guard
          let entries = DrawJSON.read([FrameCut.Entry].self, from: text),
          // A cut of another form is none of a draw that counts.
          let frozen = (try? FrameCut(entries)).flatMap({ RosterCut($0) }),
          !frozen[stream].contains(mark.dot.replica, mark.dot.number),
          let committedAt = try written(DrawTables.commits, id, in: unit), committedAt <= mark.at
        else { continue }
        if rows.drawn.contains(id) {
          guard let drawnAt = try written(DrawTables.results, id, in: unit), mark.at < drawnAt
          else {
            continue
          }
        }
        facts[place].lateExclusions += 1
        if let answered = rows.answeredAt(id), answered.milliseconds <= Int64(clamping: mark.at) {
          facts[place].manipulations += 1
        }
      }
    }
  }

  /// The exclusion marks that nodes of the unit itself wrote.
  private func marks(of unit: Scope) throws(CaseworkError) -> [(dot: StreamDot, at: UInt64)] {
    var keys: [[Value]] = []
    do throws(StoreError) {
      try replica.forEachRow(of: RosterSchema.exclusionMarks.id, in: unit) { row in
        keys.append(row.key)
        return true
      }
    } catch {
      throw .store(error)
    }
    var marks: [(StreamDot, UInt64)] = []
    for key in keys {
      guard let mark = try replica.firstWritten(RosterSchema.exclusionMarks.id, key, in: unit),
        mark.dot.replica.node.scope == unit
      else { continue }
      marks.append(mark)
    }
    return marks
  }

  private func written(
    _ table: CaseTable, _ id: String, in unit: Scope
  ) throws(CaseworkError) -> UInt64? {
    try replica.firstWritten(table.id, [.text(id)], in: unit)?.at
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

package import Causality
internal import Changes
package import Inspection
internal import Store

/// What a session gave.
package struct DrawnSession: Sendable {
  package let id: String
  package let grade: SeedGrade
  package let draws: [DrawRecord.Draw]
}

extension CaseStore {
  /// Draws a committed session: companies, batches and teams, and writes the result without the seed, which
  /// stays secret until `reveal` (T8). Without the hub's answer only with `selfReveals`, as grade 1.
  ///
  /// A voided session is drawn all the same, for the record: so that anyone sees what was not to count.
  /// Throws `refused` without an answer, for a value of another form than its source has, and while the draw above that
  /// it rests on is voided and it itself is not; `missing`.
  package func run(
    _ id: String, secret: DrawSecret, publicValue: [UInt8] = [], selfReveals: Bool = false
  ) throws(CaseworkError) -> DrawnSession {
    let unit = ownScope
    let session = try session(id, of: unit)
    guard let commit = try commitRecord(of: id, in: unit) else {
      throw .missing(table: "draw_commits", key: id)
    }
    let isVoid = try isVoided(id, of: unit)
    if !isVoid, let breach = try voidedShare(of: session, in: unit) { throw .refused([breach]) }
    let answer = try acknowledgement(of: commit.hash, in: unit)
    guard answer != nil || selfReveals || isVoid else {
      throw .refused([
        RuleBreach(
          .objectDraw, row: id, .notAcknowledged(commit: commit.hash.description))
      ])
    }
    guard commit.source.accepts(publicValue, reference: commit.reference) else {
      throw .refused([
        RuleBreach(.objectDraw, row: id, .malformed(field: "公开随机值", value: commit.reference))
      ])
    }
    var draws: [DrawRecord.Draw] = []
    for task in session.tasks {
      draws.append(
        try draw(task, commit, answer, publicValue, unit: unit, secret: secret))
    }
    let grade = draws.first?.reveal?.grade ?? .one
    let states = isVoid ? ["VOIDED"] : [answer != nil ? "ACKED" : "SELF_REVEALED", "DRAWN"]
    let shares = isVoid ? [] : try handedDown(draws, of: session)
    try write(draws, of: session, through: states, shares)
    return DrawnSession(id: id, grade: grade, draws: draws)
  }

  private func draw(
    _ task: FrozenTask, _ commit: DrawRecord.Commit, _ answer: DrawRecord.Acknowledgement?,
    _ publicValue: [UInt8], unit: Scope, secret: DrawSecret
  ) throws(CaseworkError) -> DrawRecord.Draw {
    let row = try row(of: DrawTables.frames, in: unit, key: [.text(task.frame.description)])
    guard let header = row.flatMap({ FrameHeader($0, unit: unit) }),
      let made = try remake(task, header, unit: unit)
    else { throw .missing(table: "frames", key: task.frame.description) }
    guard made.isSame(as: header) else {
      throw .refused([
        RuleBreach(
          .objectDraw, row: task.code, .frameDiffers(frame: task.frame.description))
      ])
    }
    let year = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds)).date?.year ?? 0
    let values = CommittedValues(
      secret: secret.bytes, unit: "\(unit)", side: .county, year: UInt16(clamping: year))
    guard values.anchor == commit.countyAnchor else {
      throw .missing(table: "draw.secret", key: "\(unit)/\(year)")
    }
    return try draw(
      task, made, commit, answer, county: values.value(commit.valueIndex),
      publicValue: publicValue)
  }

  /// Draws from frames that were made, with the unit's value.
  func draw(
    _ task: FrozenTask, _ made: RemadeFrames, _ commit: DrawRecord.Commit,
    _ answer: DrawRecord.Acknowledgement?, county: DrawHash, publicValue: [UInt8]
  ) throws(CaseworkError) -> DrawRecord.Draw {
    var inspectors: (pool: InspectorFrame, hash: DrawHash, avoidance: [Avoidance])?
    if let pool = made.pool, let hash = task.poolFrame { inspectors = (pool, hash, task.avoidance) }
    let neighbours = task.parameters.matching?.neighbourFrame == nil ? nil : made.neighbours
    if let share = task.share, let inspectors {
      return DrawRecord.Draw(
        share: share, parameters: task.parameters, commit: commit, acknowledgement: answer,
        county: county, publicValue: publicValue, inspectors: inspectors, neighbours: neighbours)
    }
    guard let objects = made.objects else {
      throw .missing(table: "frames", key: task.frame.description)
    }
    let pool = inspectors
    return try drawing(task.code) { () throws(DrawError) in
      try DrawRecord.Draw(
        frame: objects, frameHash: task.frame, parameters: task.parameters, commit: commit,
        acknowledgement: answer, county: county, publicValue: publicValue, inspectors: pool,
        neighbours: neighbours)
    }
  }

  private func write(
    _ draws: [DrawRecord.Draw], of session: DrawSession, through states: [String],
    _ shares: [HandedShare]
  ) throws(CaseworkError) {
    let (scope, now) = (ownScope, wallMilliseconds())
    let secretDraws = draws.map { draw in
      var draw = draw
      draw.reveal = nil
      // All below hold these rows, and none is to learn what another visits (T8).
      if draw.parameters.units != nil { (draw.strata, draw.batches) = ([], []) }
      return draw
    }
    let text = DrawJSON.text(secretDraws)
    try perform("drawn") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(session.id)]
      guard try transaction.row(of: DrawTables.results, in: scope, key: key) == nil else {
        return .failure(.exists(table: "draw_results", key: session.id))
      }
      for state in states {
        if let refusal = try step(session.id, to: state, in: scope, transaction) {
          return .failure(refusal)
        }
      }
      try transaction.insert(DrawTables.results, in: scope, key: key) { values in
        values.set("result_hash", draws.map(\.result.description).joined(separator: " "))
        values.set("record", text)
      }
      for task in session.tasks where states.last == "DRAWN" {
        let key: [Value] = [.text(task.code)]
        let held = try transaction.row(of: PlanTables.tasks, in: scope, key: key)
        guard held?.text("state") == "COMMITTED" else { continue }
        try transaction.update(PlanTables.tasks, in: scope, key: key) { values in
          values.set("state", task.isSpanning ? "DISPATCHED" : "DRAWN")
        }
      }
      for share in shares { try insert(share, of: session, at: now, transaction) }
      return .success(())
    }
  }

  /// The drawn lists of a session, without seed; empty while it is not drawn.
  package func drawn(_ id: String, of unit: Scope) throws(CaseworkError) -> [DrawRecord.Draw] {
    let row = try row(of: DrawTables.results, in: unit, key: [.text(id)])
    return row.flatMap { DrawJSON.read([DrawRecord.Draw].self, from: $0.text("record")) } ?? []
  }

  /// Publishes the unit's value of a drawn session, once all its visits have ended (T8). From then on anyone
  /// can make the draw again. Throws `refused` while a visit is open; `missing`, `exists`.
  package func reveal(
    _ id: String, secret: DrawSecret, publicValue: [UInt8] = []
  ) throws(CaseworkError) {
    let (scope, now) = (ownScope, wallMilliseconds())
    let session = try session(id, of: scope)
    guard let commit = try commitRecord(of: id, in: scope),
      let drawn = try drawn(id, of: scope).first
    else {
      throw .missing(table: "draw_results", key: id)
    }
    let codes = Set(session.tasks.map(\.code))
    let open =
      try rows(of: VisitTables.visits, in: scope) {
        codes.contains($0.text("task_code"))
          && !["DONE", "IMPOSSIBLE", "CANCELLED"].contains($0.text("state"))
      }.count + openObjects(of: session)
    guard open == 0 else {
      throw .refused([RuleBreach(.objectDraw, row: id, .visitsOpen(count: open))])
    }
    let frame = try row(
      of: DrawTables.frames, in: scope, key: [.text(session.tasks[0].frame.description)])
    let year = frame?.integer("frozen_at").flatMap { Instant(milliseconds: $0).date?.year } ?? 0
    let values = CommittedValues(
      secret: secret.bytes, unit: "\(scope)", side: .county, year: UInt16(clamping: year))
    let value = values.value(commit.valueIndex).description
    // An answer that came after the draw is no part of its seed.
    let isAnswered = drawn.acknowledgement != nil
    let grade = DrawSeed(
      county: .zero, hub: isAnswered ? .zero : nil, source: commit.source, publicValue: publicValue
    ).grade(isLodged: commit.lodgedWith != nil)
    try perform("draw revealed") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(id)]
      guard try transaction.row(of: DrawTables.reveals, in: scope, key: key) == nil else {
        return .failure(.exists(table: "draw_reveals", key: id))
      }
      if session.state == "DRAWN",
        let refusal = try step(id, to: "PROVEN", in: scope, transaction)
      {
        return .failure(refusal)
      }
      try transaction.insert(DrawTables.reveals, in: scope, key: key) { values in
        values.set("seed_grade", grade.rawValue)
        values.set("public_reference", commit.reference)
        values.set("public_value", HexText.text(publicValue))
        values.set("revealed_value", value)
        values.set("revealed_at", Int64(clamping: now))
      }
      return .success(())
    }
  }
}

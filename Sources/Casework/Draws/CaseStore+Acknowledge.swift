package import Causality
internal import Changes
package import Inspection
internal import Store

/// What a hub found of a frame when it made it again from its own replica.
package enum FrameVerdict: String, Hashable, Sendable {
  case match = "MATCH"
  case mismatch = "MISMATCH"
  /// Less is known here than when it was frozen.
  case pending = "PENDING"
}

/// What a hub did with a session of a unit below.
package struct HubAnswer: Hashable, Sendable {
  /// What came of it.
  package enum Action: Hashable, Sendable {
    case acknowledged
    /// It had its answer before.
    case answeredBefore
    /// Another hub's values are bound in it.
    case notOurs
    /// It does not count, and why.
    case voided(RuleBreach)
    /// An incident for a person: the hub gives no value.
    case withheld(RuleBreach)
  }

  package let session: String
  package let verdict: FrameVerdict
  package let action: Action
  /// A list that the unit did not know was in force (C-08).
  package let isOldList: Bool
}

extension CaseStore {
  /// Answers the commits of a unit below: makes every frame again at its cut, gives the committed value for
  /// what is sound, and voids with reason what breaks a rule. Repeating it changes nothing but verdicts that
  /// were pending. Source: domain.md §4.4–4.6, C-08.
  package func acknowledge(_ unit: Scope, secret: DrawSecret) throws(CaseworkError) -> [HubAnswer] {
    guard unit != ownScope, replica.tree.isAtOrAbove(ownScope, unit) else {
      throw .refused([
        RuleBreach(.objectDraw, row: "\(unit)", .notOwner(unit: "\(ownScope)", owner: "\(unit)"))
      ])
    }
    var answers: [HubAnswer] = []
    for session in try sessions(of: unit) {
      guard let commit = try commitRecord(of: session.id, in: unit) else { continue }
      let isAnswered = try isAnswered(session, commit, of: unit)
      let made = try verify(session, of: unit, isAnswered: isAnswered)
      let verdict = made.verdict
      let action =
        isAnswered
        ? try followVoid(of: session, commit, unit: unit)
        : try answer(session, commit, made, unit: unit, secret: secret)
      answers.append(
        HubAnswer(
          session: session.id, verdict: verdict, action: action,
          isOldList: try isOldList(session, of: unit)))
    }
    return answers
  }

  private func header(of frame: DrawHash, in unit: Scope) throws(CaseworkError) -> FrameHeader {
    let row = try row(of: DrawTables.frames, in: unit, key: [.text(frame.description)])
    guard let header = row.flatMap({ FrameHeader($0, unit: unit) }) else {
      throw .missing(table: "frames", key: frame.description)
    }
    return header
  }

  // MARK: making frames again

  private func isAnswered(
    _ session: DrawSession, _ commit: DrawRecord.Commit, of unit: Scope
  ) throws(CaseworkError) -> Bool {
    if try acknowledgement(of: commit.hash, in: unit) != nil { return true }
    return try isVoided(session.id, of: unit)
  }

  /// What came of making the frames of a session again.
  private struct Remade {
    var verdict = FrameVerdict.match
    /// Each frame that could be made: of its objects, empty for inspectors alone.
    var frames: [DrawHash: Frame?] = [:]
  }

  /// `isAnswered`: what this hub found equal before is equal still, its cut does not change.
  private func verify(
    _ session: DrawSession, of unit: Scope, isAnswered: Bool
  ) throws(CaseworkError) -> Remade {
    var result = Remade()
    for task in session.tasks {
      let key: [Value] = [.text(task.frame.description), .text("\(ownScope)")]
      let held = isAnswered ? try row(of: DrawTables.witnesses, in: unit, key: key) : nil
      if held?.text("verdict") == FrameVerdict.match.rawValue { continue }
      let first = try header(of: task.frame, in: unit)
      var verdict = FrameVerdict.pending
      let made = try remake(task, first, unit: unit)
      if let made {
        verdict = try isSame(task, first, made, unit: unit) ? .match : .mismatch
        result.frames[task.frame] = .some(made.objects)
      }
      try witness(task.frame, verdict, made, unit: unit)
      if verdict != .match, result.verdict != .mismatch { result.verdict = verdict }
    }
    return result
  }

  /// Whether the frames made here are those that a task was frozen with.
  private func isSame(
    _ task: FrozenTask, _ first: FrameHeader, _ made: RemadeFrames, unit: Scope
  ) throws(CaseworkError) -> Bool {
    guard task.frame == first.hash, made.isSame(as: first),
      made.spanning?.rosters == task.parameters.units
    else { return false }
    guard let pool = task.inspectorFrame else { return true }
    let header = try header(of: pool, in: unit)
    return header.hash == pool && made.pool?.tree.root == header.root
  }

  private func witness(
    _ frame: DrawHash, _ verdict: FrameVerdict, _ made: RemadeFrames?, unit: Scope
  ) throws(CaseworkError) {
    let (hub, now, today) = (ownScope, wallMilliseconds(), today)
    let key: [Value] = [.text(frame.description), .text("\(hub)")]
    let held = try row(of: DrawTables.witnesses, in: unit, key: key)
    guard held?.text("verdict") != verdict.rawValue else { return }
    var signature: [UInt8] = []
    if let made {
      signature = try sign(
        DrawStatement.witness(
          frame: frame, rowCount: UInt64(made.rowCount), root: made.root))
    }
    let isNearest = replica.tree.parent(of: unit) == hub
    try perform("frame verified") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      func fill(_ values: inout CaseValues) {
        values.set("verdict", verdict.rawValue)
        values.set("verified_at", Int64(clamping: now))
        if let made {
          values.set("row_count", Int64(made.rowCount))
          values.set("merkle_root", made.root.description)
          values.set("signature", HexText.text(signature))
        }
      }
      if held == nil {
        try transaction.insert(DrawTables.witnesses, in: unit, key: key, fill)
      } else {
        try transaction.update(DrawTables.witnesses, in: unit, key: key, fill)
      }
      if isNearest {
        try transaction.update(DrawTables.frames, in: unit, key: [key[0]]) { values in
          values.set("verification", verdict.rawValue)
          values.set("verified_on", today)
        }
      }
      return .success(())
    }
  }

  // MARK: answering

  private func answer(
    _ session: DrawSession, _ commit: DrawRecord.Commit, _ made: Remade, unit: Scope,
    secret: DrawSecret
  ) throws(CaseworkError) -> HubAnswer.Action {
    let year = try frozenYear(of: session, in: unit)
    guard let own = try ownAnchor(boundBy: commit, year: year, unit: unit) else { return .notOurs }
    if let breach = try fault(of: commit, session, year: year, unit: unit) {
      return .withheld(breach)
    }
    if made.verdict == .mismatch {
      return .withheld(
        RuleBreach(
          .objectDraw, row: session.id,
          .frameDiffers(frame: session.tasks[0].frame.description)))
    }
    if let breach = try teamBreach(session, made, unit: unit) { return .withheld(breach) }
    if let breach = try ruleBreach(session, made, unit: unit) {
      _ = try void(session.id, of: unit, reason: "\(breach.requirement.rawValue)", approver: author)
      return .voided(breach)
    }
    let values = CommittedValues(
      secret: secret.bytes, unit: "\(unit)", side: .hub, year: UInt16(clamping: year))
    guard values.anchor == own.root else {
      throw .missing(table: "draw.secret", key: "\(ownScope)/\(year)")
    }
    let value = values.value(commit.valueIndex)
    if let other = try commitThatGot(value, of: unit) {
      return .withheld(
        RuleBreach(
          .objectDraw, row: session.id,
          .valueTaken(index: Int(commit.valueIndex), by: other)))
    }
    try give(value, to: commit, session, unit: unit)
    return .acknowledged
  }

  /// The values of this hub that a commit binds; nil when it binds another's.
  private func ownAnchor(
    boundBy commit: DrawRecord.Commit, year: Int, unit: Scope
  ) throws(CaseworkError) -> DrawAnchor? {
    let row = try row(
      of: DrawTables.hubAnchors, in: unit, key: [.integer(Int64(year)), .text("\(ownScope)")])
    return DrawAnchor(row).flatMap { $0.root == commit.hubAnchor ? $0 : nil }
  }

  /// Voids what was answered before the draw that it rests on was voided.
  private func followVoid(
    of session: DrawSession, _ commit: DrawRecord.Commit, unit: Scope
  ) throws(CaseworkError) -> HubAnswer.Action {
    guard try !isVoided(session.id, of: unit),
      let breach = try voidedShare(of: session, in: unit),
      try ownAnchor(boundBy: commit, year: frozenYear(of: session, in: unit), unit: unit) != nil
    else { return .answeredBefore }
    _ = try void(session.id, of: unit, reason: "\(breach.requirement.rawValue)", approver: author)
    return .voided(breach)
  }

  /// The commit that a value of this hub was given to; nil when none got it. What the unit deletes of its draws
  /// takes nothing from it: answers are written above the unit (T7).
  private func commitThatGot(
    _ value: DrawHash, of unit: Scope
  ) throws(CaseworkError) -> String? {
    try rows(of: DrawTables.acknowledgements, in: unit) {
      $0.text("hub_value") == value.description
    }.first?.keyText
  }

  private func give(
    _ value: DrawHash, to commit: DrawRecord.Commit, _ session: DrawSession, unit: Scope
  ) throws(CaseworkError) {
    let now = wallMilliseconds()
    let signature = try sign(
      DrawStatement.acknowledgement(
        commit: commit.hash, index: commit.valueIndex, value: value, atMilliseconds: now))
    let remark = try isOldList(session, of: unit) ? "OLD_LIST" : ""
    try perform("draw acknowledged") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.insert(
        DrawTables.acknowledgements, in: unit, key: [.text(commit.hash.description)]
      ) { values in
        values.set("hub_value", value.description)
        values.set("acknowledged_at", Int64(clamping: now))
        values.set("signature", HexText.text(signature))
        values.set("remark", remark)
      }
      return .success(())
    }
  }

  func frozenYear(of session: DrawSession, in unit: Scope) throws(CaseworkError) -> Int {
    let header = try header(of: session.tasks[0].frame, in: unit)
    let moment = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds))
    return moment.date?.year ?? 0
  }

  /// What makes a commit an incident: a signature or the unit's anchor.
  private func fault(
    of commit: DrawRecord.Commit, _ session: DrawSession, year: Int, unit: Scope
  ) throws(CaseworkError) -> RuleBreach? {
    let row = try row(of: DrawTables.anchors, in: unit, key: [.integer(Int64(year))])
    guard let row, let anchor = DrawAnchor(row), anchor.root == commit.countyAnchor,
      commit.value?.hash == commit.hash
    else {
      return RuleBreach(
        .objectDraw, row: session.id, .anchorMissing(unit: "\(unit)", year: year))
    }
    let bytes = DrawCommit.signedBytes(
      commit: commit.hash, source: commit.source, reference: commit.reference)
    for (role, signature) in [
      ("operator", commit.operatorSignature), ("supervisor", commit.supervisorSignature),
    ] {
      let key = HexText.bytes(row.text("\(role)_key")) ?? []
      guard DrawDigest.isSigned(bytes, signature: signature.bytes, key: key) else {
        return RuleBreach(.objectDraw, row: session.id, .signatureInvalid(role: role))
      }
    }
    return nil
  }

  /// What voids a commit: a list that was known and not used (C-08), a cap, a redraw without a void, objects of a draw
  /// that was voided.
  private func ruleBreach(
    _ session: DrawSession, _ made: Remade, unit: Scope
  ) throws(CaseworkError) -> RuleBreach? {
    if let breach = try voidedShare(of: session, in: unit) { return breach }
    for task in session.tasks {
      let header = try header(of: task.frame, in: unit)
      guard let cut = RosterCut(header.cut), let frame = made.frames[task.frame] else { continue }
      let day = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds)).date
      let list = try effectiveList(of: unit, on: day ?? CivilDate.latest, at: cut)
      let rules = try rules(on: day ?? CivilDate.latest, at: cut)
      if list.baseVersion != header.itemListVersion {
        return RuleBreach(
          .ratioCap, row: task.code,
          .outdatedList(committed: header.itemListVersion, known: list.baseVersion))
      }
      do throws(DrawError) {
        let items = try list.drawItems(rules)
        guard items.hash == task.parameters.itemListHash else {
          return RuleBreach(
            .ratioCap, row: task.code,
            .outdatedList(committed: header.itemListVersion, known: list.baseVersion))
        }
        // Caps and batches are rules of inspections, not of checks by superiors.
        guard task.check == nil else { continue }
        try task.parameters.check(
          against: items, counts: frame?.counts ?? [],
          batchThresholdBp: UInt32(clamping: rules.batchThresholdBp))
        // A draw that nobody could make would stand as one that the unit withholds.
        try ObjectDraw.checkQuotas(task.parameters, counts: frame?.counts ?? [])
      } catch {
        return RuleBreach(.ratioCap, row: task.code, .draw(error))
      }
      if let breach = try redraw(task, session, unit: unit) { return breach }
      if let breach = try stageBreach(task, unit: unit) { return breach }
      let counts = frame?.counts ?? []
      if let breach = try planBreach(task, unit: unit, at: cut, counts: counts) { return breach }
    }
    return nil
  }

  /// Whether teams are to be made otherwise than the rows at the cut and the rules that were known say: who may not
  /// visit whom decides who goes as much as the pool does.
  private func teamBreach(
    _ session: DrawSession, _ made: Remade, unit: Scope
  ) throws(CaseworkError) -> RuleBreach? {
    for task in session.tasks {
      let header = try header(of: task.frame, in: unit)
      guard let matching = task.parameters.matching, let frame = made.frames[task.frame],
        let cut = RosterCut(header.cut)
      else { continue }
      let frozenAt = header.frozenAtMilliseconds
      let day = Instant(milliseconds: Int64(clamping: frozenAt)).date ?? CivilDate.latest
      let choices = try rules(on: day, at: cut).draws
      let maker = FrameMaker(self, unit: unit, cut: cut, frozenAt: frozenAt)
      let avoidance = try maker.avoidance(
        of: task.share.map { Set($0.objects) } ?? frame?.eligibleKeys ?? [])
      guard matching.avoidanceHash == Avoidance.hash(avoidance),
        matching.avoidsLastTeam == choices.avoidsLastTeam,
        matching.limitsOwnStation == choices.limitsOwnStation
      else { return RuleBreach(.inspectorDraw, row: task.code, .avoidanceDiffers) }
    }
    return nil
  }

  private func redraw(
    _ task: FrozenTask, _ session: DrawSession, unit: Scope
  ) throws(CaseworkError) -> RuleBreach? {
    for other in try sessions(of: unit) where other.id != session.id {
      guard
        other.tasks.contains(where: {
          $0.code == task.code && $0.parameters.sequence <= task.parameters.sequence
        }), try !isVoided(other.id, of: unit),
        try commitRecord(of: other.id, in: unit) != nil
      else { continue }
      // Of two draws of one number the one with the smaller value was first.
      if other.valueIndex < session.valueIndex {
        return RuleBreach(
          .objectDraw, row: task.code,
          .redrawWithoutVoid(task: task.code, sequence: Int(task.parameters.sequence)))
      }
    }
    return nil
  }

  /// Whether a newer list is in force here than the one that was known when the roster was frozen.
  private func isOldList(_ session: DrawSession, of unit: Scope) throws(CaseworkError) -> Bool {
    let header = try header(of: session.tasks[0].frame, in: unit)
    let day = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds)).date
    let now = try effectiveList(of: unit, on: day ?? CivilDate.latest)
    return now.baseVersion > header.itemListVersion
  }
}

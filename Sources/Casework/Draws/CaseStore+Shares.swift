internal import Causality
internal import Changes
package import Inspection
internal import Store

/// What a tier above drew for a unit to visit.
package struct HandedShare: Sendable {
  package let session: String
  package let taskCode: String
  package let share: ObjectShare
  /// Keys of the unit's roster that another unit has too and visits.
  let leftOut: [String]
  package let handedAt: Instant?
}

/// A share with where it stands at the unit.
package struct ShareStanding: Sendable {
  package let handed: HandedShare
  /// Whether the roster that was drawn from is the one that this unit had at the cut.
  package let roster: FrameVerdict
  /// Whether the initiator signed it.
  package let isSigned: Bool
  /// Whether the initiator's superior voided the draw.
  package let isVoided: Bool
}

/// Draws of a prefecture or the province whose visits units below make: the objects are drawn above over the rosters
/// of these units, each unit gets its share and draws its own inspectors.
extension CaseStore {
  // MARK: who visits

  /// The units whose rosters a task of this unit is drawn from, ascending: those that its plan names and those below
  /// them. Empty for a task of the own roster.
  func implementers(of task: PlanTask) -> [Scope] { implementers(of: task, under: ownScope) }

  private func implementers(of task: PlanTask, under owner: Scope) -> [Scope] {
    let named = task.implementers.compactMap { Scope($0) }
    return replica.tree.entries.map(\.scope).filter { scope in
      scope != owner && replica.tree.isAtOrAbove(owner, scope)
        && named.contains { replica.tree.isAtOrAbove($0, scope) }
    }
  }

  /// The same of several tasks together.
  func implementers(ofTasks codes: [String]) throws(CaseworkError) -> [Scope] {
    var units: Set<Scope> = []
    for code in codes {
      guard let task = try plannedTask(code, in: ownScope) else { continue }
      units.formUnion(implementers(of: task))
    }
    return units.sorted()
  }

  /// What is wrong with the two stages of a task that a unit below committed: units that its plan does not name or
  /// that it left out, or objects that were not handed to it.
  func stageBreach(_ task: FrozenTask, unit: Scope) throws(CaseworkError) -> RuleBreach? {
    if let share = task.share {
      let handed = try shares(of: unit).first {
        $0.taskCode == task.code && $0.share == share
      }
      let isBound = task.parameters.matching?.objectResult == share.hash
      return handed != nil && isBound
        ? nil : RuleBreach(.twoStages, row: task.code, .missing(field: "任务分派"))
    }
    let planned = try plannedTask(task.code, in: unit)
    let owed = planned.map { implementers(of: $0, under: unit) } ?? []
    let drawn = (task.parameters.units ?? []).map(\.unit)
    guard drawn != owed.map({ "\($0)" }) else { return nil }
    return RuleBreach(
      .twoStages, row: task.code,
      .malformed(field: "实施单位", value: drawn.joined(separator: " ")))
  }

  // MARK: handing down

  /// The signed shares of a session's draws over several units.
  func handedDown(
    _ draws: [DrawRecord.Draw], of session: DrawSession
  ) throws(CaseworkError) -> [HandedShare] {
    var shares: [HandedShare] = []
    for (task, draw) in zip(session.tasks, draws) where task.isSpanning {
      let header = try row(
        of: DrawTables.frames, in: ownScope, key: [.text(task.frame.description)]
      ).flatMap { FrameHeader($0, unit: ownScope) }
      guard let header, let frame = try remake(task, header, unit: ownScope)?.spanning else {
        throw .missing(table: "frames", key: task.frame.description)
      }
      for var share in draw.shares(of: frame.keys, initiator: "\(ownScope)") {
        share.signature = HexBytes(try sign(share.bytes))
        shares.append(
          HandedShare(
            session: session.id, taskCode: task.code, share: share,
            leftOut: frame.leftOut[share.unit] ?? [], handedAt: nil))
      }
    }
    return shares
  }

  /// Writes a share into its unit's scope, with the task as the unit is to do it.
  func insert(
    _ handed: HandedShare, of session: DrawSession, at now: UInt64, _ transaction: CaseTransaction
  ) throws(StoreError) {
    guard let unit = Scope(handed.share.unit) else { return }
    let key: [Value] = [.text(session.id), .text(handed.taskCode)]
    try transaction.insert(DrawTables.shares, in: unit, key: key) { values in
      values.set("initiator", handed.share.initiator)
      values.set("share_record", DrawJSON.text(handed.share))
      values.set("left_out", handed.leftOut.joined(separator: " "))
      values.set("handed_at", Int64(clamping: now))
    }
    let task: [Value] = [.text(handed.taskCode)]
    guard try transaction.row(of: PlanTables.tasks, in: unit, key: task) == nil else { return }
    try transaction.insert(PlanTables.tasks, in: unit, key: task) { values in
      values.set("state", StateMachine.task.initial)
    }
  }

  /// Objects of a session's shares whose visits have not ended; those that nobody dispatched among them. None of a
  /// voided draw, which nobody has to visit.
  func openObjects(of session: DrawSession) throws(CaseworkError) -> Int {
    if try isVoided(session.id, of: ownScope) { return 0 }
    var count = 0
    let units = Set(session.tasks.flatMap { $0.parameters.units ?? [] }.map(\.unit))
    for unit in units.compactMap({ Scope($0) }).sorted() {
      for handed in try shares(of: unit) where handed.session == session.id {
        let ended = Set(
          try rows(of: VisitTables.visits, in: unit) {
            $0.text("task_code") == handed.taskCode
              && ["DONE", "IMPOSSIBLE", "CANCELLED"].contains($0.text("state"))
          }.map { $0.text("subject_code") })
        count += handed.share.objects.count { !ended.contains($0) }
      }
    }
    return count
  }

  // MARK: at the unit

  /// What tiers above drew for a unit, by task and sequence.
  func shares(of unit: Scope) throws(CaseworkError) -> [HandedShare] {
    try rows(of: DrawTables.shares, in: unit).compactMap { row in
      guard let share = DrawJSON.read(ObjectShare.self, from: row.text("share_record")) else {
        return nil
      }
      return HandedShare(
        session: row.key[0].string ?? "", taskCode: row.key[1].string ?? "", share: share,
        leftOut: row.text("left_out").split(separator: " ").map(String.init),
        handedAt: row.integer("handed_at").map(Instant.init))
    }.sorted {
      ($0.taskCode, $0.share.sequence, $0.session) < ($1.taskCode, $1.share.sequence, $1.session)
    }
  }

  /// The newest share of a task that counts, with the task as the initiator's plan has it; nil without one.
  func newestShare(
    of code: String
  ) throws(CaseworkError) -> (share: ObjectShare, task: PlanTask)? {
    for handed in try shares(of: ownScope).reversed() where handed.taskCode == code {
      guard let initiator = Scope(handed.share.initiator),
        try !isVoided(handed.session, of: initiator),
        let task = try plannedTask(code, in: initiator)
      else { continue }
      return (handed.share, task)
    }
    return nil
  }

  /// The task as the own plan has it, or the plan of the tier above that handed it down. Throws `missing`.
  func dispatchedTask(_ task: FrozenTask) throws(CaseworkError) -> PlanTask {
    let owner = task.share.flatMap { Scope($0.initiator) } ?? ownScope
    guard let planned = try plannedTask(task.code, in: owner) else {
      throw .missing(table: "plan_tasks", key: task.code)
    }
    return planned
  }

  /// The newest definition of a task that a unit does, of its own plan or of one above that handed it down, with
  /// whose plan it is; nil for a task of none.
  func definition(
    of task: String, for unit: Scope
  ) throws(CaseworkError) -> (row: CaseRow, owner: Scope)? {
    for stream in RosterCut.streams(replica, unit: unit) {
      let found = try rows(of: PlanTables.planTasks, in: stream.scope) {
        $0.key.last == .text(task)
      }
      if let newest = found.last { return (newest, stream.scope) }
    }
    return nil
  }

  /// What tiers above drew for this unit, each checked against its own roster: a company that was taken out of it
  /// above shows here, before anybody is visited.
  package func handedShares() throws(CaseworkError) -> [ShareStanding] {
    var standings: [ShareStanding] = []
    for handed in try shares(of: ownScope) {
      guard let initiator = Scope(handed.share.initiator) else { continue }
      let isVoided = try isVoided(handed.session, of: initiator)
      let keys = try rows(of: DrawTables.anchors, in: initiator).compactMap {
        DrawAnchor($0)?.publicKey
      }
      let isSigned = keys.contains {
        DrawDigest.isSigned(handed.share.bytes, signature: handed.share.signature.bytes, key: $0)
      }
      standings.append(
        ShareStanding(
          handed: handed, roster: try verdict(on: handed, of: initiator), isSigned: isSigned,
          isVoided: isVoided))
    }
    return standings
  }

  /// Makes this unit's part of the frame again.
  private func verdict(
    on handed: HandedShare, of initiator: Scope
  ) throws(CaseworkError) -> FrameVerdict {
    let row = try row(of: DrawTables.sessions, in: initiator, key: [.text(handed.session)])
    guard let session = row.flatMap({ DrawSession($0) }),
      let task = session.tasks.first(where: { $0.code == handed.taskCode }),
      let roster = task.parameters.units?.first(where: { $0.unit == "\(ownScope)" }),
      let header = try self.row(
        of: DrawTables.frames, in: initiator, key: [.text(task.frame.description)]
      ).flatMap({ FrameHeader($0, unit: initiator) }),
      let cut = RosterCut(header.cut)?.only(RosterCut.streams(replica, unit: ownScope))
    else { return .pending }
    do throws(StoreError) {
      guard try cut.isKnown(at: replica) else { return .pending }
    } catch {
      throw .store(error)
    }
    let choice = try choice(of: task, header, unit: initiator, at: cut)
    let maker = FrameMaker(
      self, unit: ownScope, cut: cut, frozenAt: header.frozenAtMilliseconds)
    let leftOut = Set(handed.leftOut)
    let rows = try maker.objects(filter: choice.filter, risk: choice.risk).rows.filter {
      !leftOut.contains($0.key)
    }
    let root = try drawing(task.code) { () throws(DrawError) in try Frame(rows).tree.root }
    return root == roster.root && rows.count == Int(roster.rowCount) ? .match : .mismatch
  }
}

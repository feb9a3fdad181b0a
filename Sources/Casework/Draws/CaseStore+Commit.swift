internal import Causality
internal import Changes
package import Inspection
internal import Store

extension CaseStore {
  /// Binds the unit to a frozen session before the hub's value is known, signed by two persons. Returns the hash
  /// of the commit; `publicSource` and `reference` name a public value that does not exist yet.
  ///
  /// Throws `refused` without committed values of unit and hub for the year, for a signer that the unit did not
  /// publish, for an item that was withdrawn since the freeze (C-07), and for a roster that was frozen below a barrier
  /// that has come since (C-22), unless the session says that it is stale; `missing`.
  package func commit(
    _ id: String, operator first: DrawSigner, supervisor second: DrawSigner,
    publicSource: PublicSource = .none, reference: String = "", lodgedWith: String? = nil
  ) throws(CaseworkError) -> DrawHash {
    let unit = ownScope
    let session = try session(id, of: unit)
    let year = today.year
    guard
      let own = try row(of: DrawTables.anchors, in: unit, key: [.integer(Int64(year))]),
      let ownAnchor = DrawAnchor(own)
    else { throw anchorMissing("\(unit)", year, id) }
    let hub = try hubAnchor(of: unit, year: year)
    // The top has nobody above it: it draws alone, as grade 1 or 1+.
    if hub == nil, let above = replica.tree.parent(of: unit) {
      throw anchorMissing("\(above)", year, id)
    }
    for (signer, column) in [(first, "operator"), (second, "supervisor")]
    where HexText.text(signer.publicKey) != own.text("\(column)_key") {
      throw .refused([RuleBreach(.objectDraw, row: id, .signatureInvalid(role: column))])
    }
    try requireListed(session)
    for task in session.tasks {
      try requireOpen(task.code)
      if let breach = try stageBreach(task, unit: unit) { throw .refused([breach]) }
    }
    if let breach = try voidedShare(of: session, in: unit) { throw .refused([breach]) }
    try requireCovered(session)
    for task in session.tasks where try nextSequence(of: task.code) != task.parameters.sequence {
      throw .refused([
        RuleBreach(
          .objectDraw, row: task.code,
          .redrawWithoutVoid(task: task.code, sequence: Int(task.parameters.sequence)))
      ])
    }
    let index = try nextValueIndex()
    guard index == session.valueIndex else {
      throw .refused([
        RuleBreach(
          .objectDraw, row: id,
          .valueTaken(index: Int(session.valueIndex), by: "value \(index - 1)"))
      ])
    }
    let commit = DrawCommit(
      node: "\(replica.identity.replica)",
      entries: session.tasks.map { task in
        DrawCommit.Entry(
          task: task.parameters.task, sequence: task.parameters.sequence, frame: task.frame,
          inspectorFrame: task.inspectorFrame, parameters: task.parameters.hash)
      }, valueIndex: session.valueIndex, countyAnchor: ownAnchor.root,
      hubAnchor: hub?.anchor.root ?? .zero)
    let bytes = DrawCommit.signedBytes(
      commit: commit.hash, source: publicSource, reference: reference)
    let record = DrawRecord.Commit(
      commit, source: publicSource, reference: reference, operatorSignature: first.sign(bytes),
      supervisorSignature: second.sign(bytes), lodgedWith: lodgedWith)
    try write(record, of: session, signers: (first.name, second.name))
    return commit.hash
  }

  private func write(
    _ record: DrawRecord.Commit, of session: DrawSession, signers: (String, String)
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform("draw committed") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(session.id)]
      if let refusal = try step(session.id, to: "COMMITTED", in: scope, transaction) {
        return .failure(refusal)
      }
      try transaction.insert(DrawTables.commits, in: scope, key: key) { values in
        values.set("commit_hash", record.hash.description)
        values.set("commit_record", DrawJSON.text(record))
        values.set("operator", signers.0)
        values.set("supervisor", signers.1)
      }
      let frame = try transaction.row(
        of: DrawTables.frames, in: scope, key: [.text(session.tasks[0].frame.description)])
      for task in session.tasks where task.check == nil {
        try transaction.update(PlanTables.tasks, in: scope, key: [.text(task.code)]) { values in
          // A redraw finds its task further on.
          if task.parameters.sequence == 1 { values.set("state", "COMMITTED") }
          if let version = frame?.integer("list_version") {
            values.set("committed_list_version", version)
          }
        }
      }
      return .success(())
    }
  }

  private func anchorMissing(_ unit: String, _ year: Int, _ row: String) -> CaseworkError {
    .refused([RuleBreach(.objectDraw, row: row, .anchorMissing(unit: unit, year: year))])
  }

  /// C-07: what is committed is finished under its list; what is not is planned again.
  private func requireListed(_ session: DrawSession) throws(CaseworkError) {
    let list = try effectiveList(of: ownScope, on: today)
    var breaches: [RuleBreach] = []
    for task in session.tasks {
      for item in task.parameters.items ?? [] where list.item(item) == nil {
        breaches.append(
          RuleBreach(.withdrawnItem, row: task.code, .withdrawnBeforeCommit(code: item)))
      }
    }
    if let refusal = breaches.refusal { throw refusal }
  }

  /// C-22: what a barrier asks for that is known here by now has to be in the roster that is drawn from.
  private func requireCovered(_ session: DrawSession) throws(CaseworkError) {
    guard !session.isStale else { return }
    // What superiors draw to look at is asked of no barrier.
    for task in session.tasks where task.check == nil {
      let key: [Value] = [.text(task.frame.description)]
      guard let frame = try row(of: DrawTables.frames, in: ownScope, key: key),
        let header = FrameHeader(frame, unit: ownScope), let cut = RosterCut(header.cut)
      else { throw .missing(table: "frames", key: task.frame.description) }
      let units = task.parameters.units?.compactMap { Scope($0.unit) } ?? []
      let owed = replica.tree.parent(of: ownScope) == nil ? units : [ownScope] + units
      for unit in owed {
        let breaches = try barrierBreaches(cut, of: unit, on: today, row: task.code)
        if let refusal = breaches.refusal { throw refusal }
      }
    }
  }

  /// Takes a session a step further; what forbids it, if anything does.
  func step(
    _ id: String, to state: String, in scope: Scope, _ transaction: CaseTransaction
  ) throws(StoreError) -> CaseworkError? {
    let key: [Value] = [.text(id)]
    guard let held = try transaction.row(of: DrawTables.sessions, in: scope, key: key) else {
      return .missing(table: "draw_sessions", key: id)
    }
    do throws(RuleBreach) {
      try StateMachine.draw.check(from: held.text("state"), to: state, .objectDraw, row: id)
    } catch {
      return .refused([error])
    }
    try transaction.update(DrawTables.sessions, in: scope, key: key) { $0.set("state", state) }
    return nil
  }

  /// The commit of a session; nil while there is none.
  func commitRecord(of id: String, in unit: Scope) throws(CaseworkError) -> DrawRecord.Commit? {
    let row = try row(of: DrawTables.commits, in: unit, key: [.text(id)])
    return row.flatMap { DrawJSON.read(DrawRecord.Commit.self, from: $0.text("commit_record")) }
  }

  /// The hub's answer to a commit; nil while there is none.
  func acknowledgement(
    of commit: DrawHash, in unit: Scope
  ) throws(CaseworkError) -> DrawRecord.Acknowledgement? {
    let key: [Value] = [.text(commit.description)]
    guard let row = try row(of: DrawTables.acknowledgements, in: unit, key: key),
      let value = HexText.bytes(row.text("hub_value")).flatMap({ DrawHash($0) }),
      let signature = HexText.bytes(row.text("signature"))
    else { return nil }
    return .init(
      value: value, atMilliseconds: UInt64(clamping: row.integer("acknowledged_at") ?? 0),
      signature: signature)
  }
}

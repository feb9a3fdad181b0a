internal import Causality
internal import Changes
internal import Merge
internal import Wire

extension Replica {
  /// Applies the row operations of a change set of another replica.
  func apply(_ body: ChangeSetBody, _ write: ChangeWrite) throws(StoreError) {
    for block in body.blocks { try writer.apply(block, layouts[block.table], write) }
  }

  // MARK: control operations

  /// Gives a control operation its effect, if its writer may give it.
  func apply(_ operation: ControlOperation, by write: ChangeWrite) throws(StoreError) {
    switch operation {
    case .refuse(let dot, let reason, let detail):
      guard try mayJudge(write, dot), let info = try mark(dot, .refused, write) else { return }
      try rebuildRows(of: info, write.stream)
      guard dot.replica == identity.replica else { return }
      // The author is told, once (engine.md §3).
      try quarantine(
        "refused", subject: info.fullDot.description,
        detail: "\(reason) by \(write.info.dot.replica): \(detail)", counts: false,
        wall: write.info.timestamp.milliseconds)
    case .suspect(let dot):
      guard try mayJudge(write, dot), let info = try mark(dot, .suspect, write) else { return }
      try showAgain(info, write.stream)
    case .fence, .retire, .fork, .stable, .unknown:
      // Kept in the log; their effects come with fencing and collection.
      return
    }
  }

  /// Whether a hub may judge a change set: its author's division is below it, or is its own and the author
  /// a terminal of it. Else the operation is without effect, and listed.
  private func mayJudge(_ write: ChangeWrite, _ dot: StreamDot) throws(StoreError) -> Bool {
    let (judge, author) = (write.info.dot.replica.node, dot.replica.node)
    let isAbove =
      judge.scope == author.scope
      ? judge.terminal == 0 && author.terminal != 0
      : judge.terminal == 0 && tree.isAtOrAbove(judge.scope, author.scope)
    if isAbove, write.context.contains(dot.replica, dot.number) { return true }
    try quarantine(
      "control", subject: "\(write.info.fullDot) about \(dot.replica):\(dot.number)",
      detail: "\(write.info.dot.replica) is not the hub of \(dot.replica), or did not know it",
      counts: false, wall: write.info.timestamp.milliseconds)
    return false
  }

  /// Sets a mark in the log; nil when it was set before or the change set is not there.
  private func mark(
    _ dot: StreamDot, _ flag: LogFlags, _ write: ChangeWrite
  ) throws(StoreError) -> DotInfo? {
    guard let log = try dots.log(of: dot, in: write.stream.stream, statements) else { return nil }
    var info = try dots.info(log, statements)
    guard !info.flags.contains(flag) else { return nil }
    info.flags.insert(flag)
    dots.insert(info)
    let update = try statements("UPDATE tributary_log SET flags = flags | ? WHERE id = ?")
    update.bind(1, flag.rawValue)
    update.bind(2, log)
    try update.run()
    return info
  }

  // MARK: suspects

  /// A suspect dot may no longer be the one shown, where it stands beside others.
  private func showAgain(_ info: DotInfo, _ stream: StreamState) throws(StoreError) {
    for place in try placesOfStoredRegisters(holding: info.log) {
      let layout = layouts[place.table]
      let state = try writer.loader.load(place.table, layout, scope: place.scope, key: place.key)
      try writer.save(state, state.registers, layout, stream)
    }
  }

  // MARK: rebuilding

  /// Rebuilds from the log the rows that a change set touched: it was refused after it was applied, or can
  /// be decoded only now (engine.md §3, refusal and poison).
  func rebuildRows(of refused: DotInfo, _ stream: StreamState) throws(StoreError) {
    guard !refused.flags.contains(.malformed), let body = try loggedBody(refused.log) else {
      return
    }
    var wanted: [TableID: Set<RowKey>] = [:]
    for block in body.blocks {
      for row in 0..<block.rowCount {
        if let key = block.key(row) { wanted[block.table, default: []].insert(key) }
      }
    }
    let histories = try histories(of: wanted, in: stream)
    for table in wanted.keys.sorted() {
      for key in (wanted[table] ?? []).sorted() {
        let layout = layouts[table]
        let state = try writer.loader.load(table, layout, scope: stream.stream.scope, key: key)
        let history = histories[table]?[key] ?? []
        let registers = RowRegisters.rebuild(history: history, RowPolicies(layout?.table))
        try writer.save(state, registers, layout, stream)
      }
    }
  }

  /// The operations on some rows in the order of the log, which is causal; without refused and malformed
  /// change sets. `cut`: only what it contains.
  func histories(
    of wanted: [TableID: Set<RowKey>], in stream: StreamState, upTo cut: VersionVector? = nil
  ) throws(StoreError) -> [TableID: [RowKey: [RowOperation]]] {
    var result: [TableID: [RowKey: [RowOperation]]] = [:]
    var contexts: [ReplicaID: VersionVector] = [:]
    try forEachLogged(in: stream.stream) { info, header, encoded throws(StoreError) in
      let context = (contexts[header.replica] ?? VersionVector()).union(header.contextAdvance)
      contexts[header.replica] = context
      guard info.flags.isDisjoint(with: [.refused, .malformed]),
        cut?.contains(info.dot.replica, info.dot.number) ?? true
      else { return }
      // What does not decode is marked as malformed.
      guard let body = try? encoded.decodedBody() else { return }
      let write = ChangeWrite(
        info: info, context: WriteContext(dot: info.fullDot, known: context),
        origin: writer.loader.origin(of: info), stream: stream, isLocal: false)
      for block in effective(body, write.context).body.blocks {
        guard let keys = wanted[block.table] else { continue }
        for row in 0..<block.rowCount {
          guard let key = block.key(row), keys.contains(key) else { continue }
          let notes = block.notes.filter { $0.row == row }
          result[block.table, default: [:]][key, default: []].append(
            RowOperation(block, row, notes, write, tree))
        }
      }
    }
    return result
  }

  /// Every change set of a stream in the order of the log.
  func forEachLogged(
    in stream: StreamID,
    _ body: (DotInfo, ChangeSetHeader, EncodedChangeSet) throws(StoreError) -> Void
  ) throws(StoreError) {
    let log = try LogMerge(
      statements,
      try state(of: stream).known.entries.map { (stream, $0.replica, 0) })
    while try log.step(), let row = log.row {
      let encoded = try encodedChangeSet(row)
      // Told below.
      guard let header = try? ChangeSetCodec.decodeHeader(encoded.header) else {
        throw .damagedRecord("header of \(encoded.dot)")
      }
      try body(try dots.info(row.integer(0), statements), header, encoded)
    }
  }

  func loggedBody(_ log: Int64) throws(StoreError) -> ChangeSetBody? {
    let select = try statements("SELECT \(Self.logColumns) FROM tributary_log WHERE id = ?")
    defer { select.reset() }
    select.bind(1, log)
    guard try select.step() else { return nil }
    // What does not decode has no operations.
    return try? encodedChangeSet(select).decodedBody()
  }

  // MARK: quarantine

  /// Lists what was turned away or looks wrong. `counts`: digests are not compared while it stands.
  func quarantine(
    _ kind: String, subject: String, detail: String, counts: Bool, wall: UInt64
  ) throws(StoreError) {
    let insert = try statements(
      "INSERT INTO tributary_quarantine (at, kind, subject, detail, counts) "
        + "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET detail = excluded.detail")
    insert.bind(1, wall)
    insert.bind(2, text: kind)
    insert.bind(3, text: subject)
    insert.bind(4, text: detail)
    insert.bind(5, counts ? 1 : 0 as Int64)
    try insert.run()
  }

  /// Lists an alarm for people, outside a transaction of one's own.
  package func report(
    _ kind: String, subject: String, detail: String, wallMilliseconds: UInt64 = 0
  ) throws(StoreError) {
    try transaction(stamping: nil) { () throws(StoreError) in
      try quarantine(kind, subject: subject, detail: detail, counts: false, wall: wallMilliseconds)
    }
  }

  /// Entries in quarantine that make digests incomparable (engine.md §3).
  package func quarantineCount() throws(StoreError) -> UInt64 {
    try onConnection { () throws(StoreError) in
      let select = try statements("SELECT count(*) FROM tributary_quarantine WHERE counts = 1")
      defer { select.reset() }
      return try select.step() ? select.unsigned(0) : 0
    }
  }
}

import CFaultVFS
import Causality
import Changes
import Merge
import Replication
import Store
import Wire

/// What happens in a world is told to the checkers, after every event that changed a replica.
extension World {
  /// Tells the checkers; the first finding ends the run.
  func note(_ fact: Fact) {
    guard verdict.violation == nil, let finding = checkers.note(fact) else { return }
    violate(finding.invariant, finding.detail)
  }

  /// Reads what came into a node's log, in order, and compares the rows that it touched with the model.
  func inspect(_ index: Int) {
    do {
      try undisturbed(index) { () throws(StoreError) in try absorb(index) }
    } catch {
      trouble(index, error, "inspection")
    }
  }

  /// What checkers read is read whatever the plan says of the disk.
  func undisturbed<Result>(
    _ index: Int, _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    faultvfs_pause(Int32(nodes[index].disk), 1)
    defer { faultvfs_pause(Int32(nodes[index].disk), 0) }
    return try body()
  }

  func absorb(_ index: Int) throws(StoreError) {
    let node = nodes[index]
    guard let replica = node.replica, !checkers.budget.untrusted.contains(index) else { return }
    let answer = try replica.query(
      sql: "SELECT id, stream, replica, number, flags, header, body_bytes, body "
        + "FROM tributary_log WHERE id > \(node.lastLog) ORDER BY id")
    var touched: [Oracle.Row] = []
    var streams: [StreamID] = []
    for row in answer.first?.rows ?? [] {
      guard let entry = LogRow(row) else { return violate("S4", "log row of \(replica.identity)") }
      node.lastLog = entry.id
      do {
        let content = try Self.content(entry.encoded)
        if checkers.oracle.changes[entry.dot] == nil, mayLearn(entry.dot, index) {
          let changeSet = try entry.encoded.decoded()
          sizes[entry.dot] = entry.header.count + entry.encoded.body.count
          let new = written(entry.dot, content, changeSet.header, changeSet.body)
          for mark in new.marks { verdict.count(mark.isRefusal ? .refused : .suspected) }
          let writer = self.node(of: entry.dot) ?? index
          note(.wrote(node: writer, new))
          rehearsed?.wrote(entry.dot, writer, at: now)
        }
        note(
          .applied(
            node: index, dot: entry.dot, content: content,
            wall: min(node.wallOfCall, node.wall(now))))
        arrived(entry.dot, index)
        rehearsed?.arrived(entry.dot, index, at: now)
      } catch {
        violate("S4", "\(entry.dot) does not decode: \(error)")
      }
      touched += checkers.oracle.changes[entry.dot]?.rows ?? []
      if !streams.contains(entry.dot.stream) { streams.append(entry.dot.stream) }
    }
    note(.settled(node: index))
    // In a rehearsal states are compared at the end.
    if rehearsed != nil { return }
    for stream in streams { try compare(stream, index, replica) }
    if plan.options.checkAll == 1 {
      touched = streams.flatMap { checkers.oracle.rows[$0.scope] ?? [] }
    }
    for row in touched where verdict.violation == nil { try check(row, index, replica) }
  }

  /// A change set that no checker knows yet: it must be its writer's own, just written. What a writer that is
  /// not trusted says is learnt from whom it reaches.
  private func mayLearn(_ dot: Dot, _ index: Int) -> Bool {
    if dot.replica == nodes[index].replica?.identity.replica { return true }
    return node(of: dot).map(checkers.budget.untrusted.contains) ?? false
  }

  func node(of dot: Dot) -> Int? {
    places[Int(dot.replica.node.division)].flatMap {
      nodes[$0].code == dot.replica.node ? $0 : nil
    }
  }

  /// A hash of header and canonical body.
  static func content(_ set: EncodedChangeSet) throws(WireError) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in set.header { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for byte in try set.canonicalBody() { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }

  private func written(
    _ dot: Dot, _ content: UInt64, _ header: ChangeSetHeader, _ body: ChangeSetBody
  ) -> Written {
    var context = header.contextAdvance
    if dot.number > 1 {
      let last = Dot(stream: dot.stream, replica: dot.replica, number: dot.number - 1)
      context = context.union(checkers.oracle.changes[last]?.context ?? VersionVector())
      context[dot.replica] = dot.number - 1
    }
    var writes: [(row: Oracle.Row, write: Oracle.Write)] = []
    let tier = Int(tree.tier(of: dot.replica.node.scope)?.depth ?? 255)
    for block in body.blocks {
      let groups = block.groups
      for row in 0..<block.rowCount {
        guard let key = block.key(row) else { continue }
        var values: [GroupID: [Value]] = [:]
        for (place, column) in block.columns.enumerated() {
          values[column.group, default: []].append(block.cells.value(row, block.keyWidth + place))
        }
        var over: [GroupID: [StreamDot]] = [:]
        for note in block.notes where note.row == row { over[note.group] = note.over }
        var had: Set<GroupID> = []
        if block.hasBefore {
          for (place, group) in ([.existence] + groups).enumerated() {
            let list = Int(block.beforeIndex[row * (groups.count + 1) + place])
            if !block.beforeDots[list].isEmpty { had.insert(group) }
          }
        }
        writes.append(
          (
            Oracle.Row(table: block.table, scope: dot.stream.scope, key: key),
            Oracle.Write(
              dot: dot, context: context, timestamp: header.timestamp, tier: tier,
              kind: block.kind, values: values, over: over, hadValue: had)
          ))
      }
    }
    var marks: [Oracle.Mark] = []
    for control in body.controls {
      switch control {
      case .refuse(let target, _, _):
        marks.append(Oracle.Mark(by: dot, target: full(target, dot.stream), isRefusal: true))
      case .suspect(let target):
        marks.append(Oracle.Mark(by: dot, target: full(target, dot.stream), isRefusal: false))
      default: break
      }
    }
    return Written(
      dot: dot, content: content, context: context, timestamp: header.timestamp,
      parts: header.parts.map { Dot(stream: $0.stream, replica: dot.replica, number: $0.number) },
      writes: writes, marks: marks)
  }

  private func full(_ dot: StreamDot, _ stream: StreamID) -> Dot {
    Dot(stream: stream, replica: dot.replica, number: dot.number)
  }

  // MARK: states

  func compare(
    _ stream: StreamID, _ index: Int, _ replica: Replica
  ) throws(StoreError) {
    note(
      .knows(
        node: index, stream: stream, known: try replica.knowledge(of: stream),
        digest: try replica.digest(of: stream)))
    for session in nodes[index].sessions.sorted() {
      note(
        .read(
          session: session, node: index, stream: stream,
          known: try replica.knowledge(of: stream)))
    }
  }

  /// One row against the model: alive or dead, dots, shown values.
  func check(_ row: Oracle.Row, _ index: Int, _ replica: Replica) throws(StoreError) {
    guard let key = row.key.values, replica.schema.table(row.table) != nil else { return }
    verdict.count(.rowsChecked)
    let found = try replica.row(row.table, scope: row.scope, key: key)
    var view: RowView?
    if let found {
      var dots: [GroupID: [StreamDot]] = [:]
      for seen in found.form.seen where !seen.dots.isEmpty { dots[seen.group] = seen.dots.sorted() }
      view = RowView(dots: dots, shown: found.values)
    }
    note(.shows(node: index, row: row, view: view))
  }

  /// After a restart: nothing that was durable is gone, and the file is sound.
  func recovered(_ index: Int) throws(StoreError) {
    guard let replica = nodes[index].replica, !checkers.budget.untrusted.contains(index) else {
      return
    }
    try undisturbed(index) { () throws(StoreError) in
      for (stream, _) in checkers.shadows[index].sorted(by: { $0.key < $1.key }) {
        note(.restarted(node: index, stream: stream, known: try replica.knowledge(of: stream)))
      }
      try absorb(index)
    }
    try checkFile(index, replica)
  }

  func checkFile(_ index: Int, _ replica: Replica) throws(StoreError) {
    verdict.count(.imagesChecked)
    // SQLite's own check would tell an error of the disk as damage.
    let report = try undisturbed(index) { () throws(StoreError) in try replica.check() }
    if let problem = report.problems.first {
      note(.unsound(node: index, problem: problem))
    }
  }

  // MARK: messages

  /// What leaves a node is durable there, true, and for the receiver.
  /// `earlier`: what went before in the same turn.
  func checkSent(_ message: Message, from: Int, to: Int, earlier: [Dot] = []) {
    verdict.count(.framesSent)
    if rehearsed != nil { return }
    checkDurable(from)
    switch message {
    case .changes(let changes):
      note(.said(from: from, to: to, dots: changes.changeSets.map(\.dot), earlier: earlier))
      for set in changes.changeSets {
        verdict.count(.changeSetsSent)
        // What does not inflate was told when it came into the log.
        guard let content = try? Self.content(set) else { continue }
        note(
          .sent(
            from: from, to: to, dot: set.dot, content: content,
            proves: proved(by: set.dot, in: changes, at: from)))
      }
    case .acknowledgement(let told):
      note(
        .acknowledged(
          from: from, to: to, stream: told.stream, own: told.needs, held: told.held, top: told.top))
    default: break
    }
  }

  /// The last number applied at a node of a replica of which it sends on what waits there: a run from that number to
  /// a signed head (Protocol/6-Sessions §3.6). Nil for what was applied itself.
  private func proved(by dot: Dot, in message: ChangesMessage, at index: Int) -> UInt64? {
    let known = checkers.known(index, dot.stream)[dot.replica]
    guard known > 0, dot.number > known else { return nil }
    func isOfRun(_ other: Dot) -> Bool {
      other.stream == dot.stream && other.replica == dot.replica && other.number >= known
    }
    let run = message.changeSets.map(\.dot).filter(isOfRun)
    let isUnbroken = run.enumerated().allSatisfy { $1.number == known + UInt64($0) }
    return isUnbroken && message.heads.contains { isOfRun($0.dot) && $0.dot.number >= dot.number }
      ? known : nil
  }

  /// Everything that this node knows survives the worst power cut (S20). Where operations are not synced, e.g.
  /// the padding that SQLite writes behind a commit on disks without powersafe overwrite, the image that such a
  /// cut leaves is opened and asked.
  private func checkDurable(_ index: Int) {
    let node = nodes[index]
    guard faultvfs_unsynced(Int32(node.disk)) != 0 else { return }
    let syncs = faultvfs_get_counters(Int32(node.disk)).syncs
    guard node.syncsChecked != syncs else { return }
    node.syncsChecked = syncs
    verdict.count(.imagesChecked)
    let scratch = Self.scratchDisk
    faultvfs_copy(Int32(node.disk), Int32(scratch))
    faultvfs_cut(Int32(scratch), FAULTVFS_KEEP_NONE, plan.seed)
    defer { faultvfs_erase(Int32(scratch)) }
    do {
      let image = try Replica.openReadOnly(
        folder: ReplicaFolder("/\(scratch)"), tree: tree, schema: schema(of: index),
        host: node.host.copy(to: scratch))
      for (stream, _) in checkers.shadows[index].sorted(by: { $0.key < $1.key }) {
        note(.durable(node: index, stream: stream, known: try image.knowledge(of: stream)))
      }
      faultvfs_cut(Int32(scratch), FAULTVFS_KEEP_ALL, 0)
    } catch {
      let file = String(cString: faultvfs_unsynced_file(Int32(node.disk)))
      violate("S20", "the image of \(node.plan.division) does not open: \(error); \(file)")
    }
  }

  private static var scratchDisk: Int { 50_000 }

  /// No alarm is right unless the plan did what it tells of.
  func heard(_ alarm: Alarm, at index: Int) {
    verdict.count(.alarms)
    guard checkers.budget.untrusted.isEmpty else { return }
    switch alarm {
    case .digestMismatch(let stream, let peer):
      violate("S10", "digests differ: \(stream) at \(nodes[index].plan.division) against \(peer)")
    case .restored, .cloned, .fork, .unproved, .notShared:
      violate("S1", "\(alarm) at \(nodes[index].plan.division)")
    case .impostor: break
    }
  }
}

/// One row of the log as SQL gives it.
private struct LogRow {
  let id: Int64
  let dot: Dot
  let header: [UInt8]
  let encoded: EncodedChangeSet

  init?(_ row: [Value]) {
    guard row.count == 8, case .integer(let id) = row[0], case .integer(let streamNumber) = row[1],
      case .integer(let replicaNumber) = row[2], case .integer(let number) = row[3],
      case .integer(let flags) = row[4], case .blob(let header) = row[5],
      case .integer(let byteCount) = row[6], case .blob(let body) = row[7], number > 0,
      let stream = StreamID(packed: UInt32(truncatingIfNeeded: streamNumber)),
      let replica = ReplicaID(packed: UInt64(bitPattern: replicaNumber))
    else { return nil }
    self.id = id
    dot = Dot(stream: stream, replica: replica, number: UInt64(number))
    self.header = header
    encoded = EncodedChangeSet(
      dot: dot, header: header, body: body, bodyIsDeflated: flags & Self.deflated != 0,
      bodyByteCount: Int(byteCount))
  }

  /// The bit of `LogFlags.deflated`.
  private static let deflated: Int64 = 1
}

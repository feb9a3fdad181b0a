import CFaultVFS
import Causality
import Changes
import Merge
import Replication
import Store
import Wire

/// The checkers: simulation.md §3, after every event that changed a replica.
extension World {
  /// Reads what came into a node's log, in order, and compares the rows that it touched with the model.
  func inspect(_ index: Int) {
    do {
      try absorb(index)
    } catch {
      trouble(index, error, "inspection")
    }
  }

  func absorb(_ index: Int) throws(StoreError) {
    let node = nodes[index]
    guard let replica = node.replica else { return }
    let answer = try replica.query(
      sql: "SELECT id, stream, replica, number, flags, header, body_bytes, body "
        + "FROM tributary_log WHERE id > \(node.lastLog) ORDER BY id")
    var touched: [Oracle.Row] = []
    var streams: [StreamID] = []
    var parts: [Dot] = []
    for row in answer.first?.rows ?? [] {
      guard let entry = LogRow(row) else { return violate("S4", "log row of \(replica.identity)") }
      node.lastLog = entry.id
      if oracle.changes[entry.dot] == nil { learn(entry, index) }
      guard let change = oracle.changes[entry.dot] else { return }
      let known = node.shadow[entry.dot.stream] ?? VersionVector()
      let name = "\(entry.dot) at \(node.plan.division)"
      if known[entry.dot.replica] + 1 != entry.dot.number { return violate("S2", "gap: \(name)") }
      if !known.dominates(change.context) { return violate("S6", "context: \(name)") }
      node.shadow[entry.dot.stream, default: known][entry.dot.replica] = entry.dot.number
      touched += change.rows
      parts += change.parts
      if !streams.contains(entry.dot.stream) { streams.append(entry.dot.stream) }
    }
    for part in parts where replica.streams.contains(part.stream) {
      let known = node.shadow[part.stream] ?? VersionVector()
      if !known.contains(part.replica, part.number) {
        return violate("S5", "a part is missing: \(part) at \(node.plan.division)")
      }
    }
    for stream in streams { try compare(stream, index, replica) }
    if plan.options.checkAll == 1 { touched = streams.flatMap { oracle.rows[$0.scope] ?? [] } }
    for row in touched { try check(row, index, replica) }
  }

  /// A change set that no checker knows yet: it must be its writer's own, just written.
  private func learn(_ entry: LogRow, _ index: Int) {
    let node = nodes[index]
    guard let own = node.replica?.identity.replica, entry.dot.replica == own else {
      return violate("S4", "\(entry.dot) at \(node.plan.division) was never written")
    }
    do {
      let changeSet = try entry.encoded.decoded()
      let (header, body) = (changeSet.header, changeSet.body)
      if header.timestamp <= node.lastTimestamp {
        // Parts of one transaction carry one timestamp.
        let isPart = header.parts.count > 1 && header.timestamp == node.lastTimestamp
        if !isPart { violate("S18", "\(entry.dot): \(header.timestamp.packed) is not later") }
      }
      node.lastTimestamp = header.timestamp
      var context = node.shadow[entry.dot.stream] ?? VersionVector()
      context[own] = entry.dot.number - 1
      let (change, writes, marks) = reading(entry.dot, header, body, context)
      for mark in marks { verdict.count(mark.isRefusal ? .refused : .suspected) }
      oracle.add(entry.dot, change, writes, marks: marks)
    } catch {
      violate("S4", "\(entry.dot) does not decode: \(error)")
    }
  }

  private func reading(
    _ dot: Dot, _ header: ChangeSetHeader, _ body: ChangeSetBody, _ context: VersionVector
  ) -> (Oracle.Change, [(Oracle.Row, Oracle.Write)], [Oracle.Mark]) {
    var writes: [(Oracle.Row, Oracle.Write)] = []
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
    var rows = writes.map(\.0)
    for mark in marks { rows += oracle.changes[mark.target]?.rows ?? [] }
    let parts = header.parts.map {
      Dot(stream: $0.stream, replica: dot.replica, number: $0.number)
    }
    return (
      Oracle.Change(rows: rows, context: context, parts: parts, timestamp: header.timestamp),
      writes, marks
    )
  }

  private func full(_ dot: StreamDot, _ stream: StreamID) -> Dot {
    Dot(stream: stream, replica: dot.replica, number: dot.number)
  }

  // MARK: states

  /// Knowledge as the checkers have it; equal knowledge has one digest (I9).
  private func compare(
    _ stream: StreamID, _ index: Int, _ replica: Replica
  ) throws(StoreError) {
    let known = try replica.knowledge(of: stream)
    let name = "\(stream) at \(nodes[index].plan.division)"
    if known != nodes[index].shadow[stream] ?? VersionVector() {
      return violate("S2", "knowledge of \(name) is \(known), its log says otherwise")
    }
    let digest = try replica.digest(of: stream)
    if let other = agreements[stream]?[known] {
      if other != digest { violate("S10", "two digests at one knowledge: \(name)") }
    } else {
      agreements[stream, default: [:]][known] = digest
    }
  }

  /// One row against the model: alive or dead, dots, shown values.
  func check(_ row: Oracle.Row, _ index: Int, _ replica: Replica) throws(StoreError) {
    guard let key = row.key.values,
      let table = replica.schema.table(row.table)
    else { return }
    verdict.count(.rowsChecked)
    let known =
      nodes[index].shadow[StreamID(scope: row.scope, channel: table.channel)] ?? VersionVector()
    let expected = oracle.state(of: row, known: known)
    let found = try replica.row(row.table, scope: row.scope, key: key)
    let name = "\(table.name) \(row.scope) \(row.key) at \(nodes[index].plan.division)"
    guard (found != nil) == expected.isAlive else {
      return violate(
        expected.isAlive ? "S10" : "S11",
        "\(name) \(found == nil ? "is dead" : "lives"), the model says otherwise")
    }
    guard let found else { return }
    var dots: [GroupID: [StreamDot]] = [:]
    for seen in found.form.seen where !seen.dots.isEmpty { dots[seen.group] = seen.dots.sorted() }
    if dots != expected.dots {
      let groups = Set(dots.keys).union(expected.dots.keys).sorted()
        .filter { dots[$0] != expected.dots[$0] }
      return violate("S13", "\(name): dots of groups \(groups.map(\.number)) differ from the model")
    }
    if found.values != expected.shown {
      violate("S10", "\(name) shows \(found.values), the model \(expected.shown)")
    }
  }

  /// After a restart: nothing that was durable is gone, and the file is sound.
  func recovered(_ index: Int) throws(StoreError) {
    let node = nodes[index]
    guard let replica = node.replica else { return }
    for (stream, known) in node.shadow.sorted(by: { $0.key < $1.key }) {
      let found = try replica.knowledge(of: stream)
      if !found.dominates(known) {
        return violate(
          "S8", "\(stream) at \(node.plan.division) fell from \(known) to \(found) by a restart")
      }
    }
    try absorb(index)
    let report = try replica.check()
    verdict.count(.imagesChecked)
    if let problem = report.problems.first {
      violate("S19", "node \(node.plan.division): \(problem)")
    }
  }

  // MARK: messages

  /// What leaves a node is durable there (S20), and for the receiver (S14); one dot has one content (S1).
  func checkSent(_ message: Message, from: Int, to: Int) {
    let division = nodes[from].plan.division
    checkDurable(from)
    guard case .changes(let changes) = message else { return }
    for set in changes.changeSets {
      if !tree.holds(nodes[to].code.scope, set.dot.stream) {
        violate("S14", "\(set.dot) goes from \(division) to \(nodes[to].plan.division)")
      }
      let known = nodes[from].shadow[set.dot.stream] ?? VersionVector()
      if !known.contains(set.dot.replica, set.dot.number) {
        violate("S4", "\(division) sends \(set.dot), which it does not know")
      }
      var hash = UInt64(set.bodyByteCount)
      for byte in set.header { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      if !set.bodyIsDeflated {
        for byte in set.body { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        if let other = hashes[set.dot], other != hash {
          violate("S1", "two contents of \(set.dot)")
        }
        hashes[set.dot] = hash
      }
    }
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
      let image = try Replica.open(
        folder: ReplicaFolder("/\(scratch)"), tree: tree, schema: schema,
        host: node.host.copy(to: scratch), wallMilliseconds: node.wall(now))
      for (stream, known) in node.shadow.sorted(by: { $0.key < $1.key }) {
        let durable = try image.knowledge(of: stream)
        if !durable.dominates(known) {
          violate(
            "S20", "\(node.plan.division) speaks of \(known) in \(stream), durable is \(durable)")
        }
      }
      faultvfs_cut(Int32(scratch), FAULTVFS_KEEP_ALL, 0)
    } catch {
      let file = String(cString: faultvfs_unsynced_file(Int32(node.disk)))
      violate("S20", "the image of \(node.plan.division) does not open: \(error); \(file)")
    }
  }

  private static var scratchDisk: Int { 8_000 }

  /// No alarm is right unless the plan did what it tells of.
  func heard(_ alarm: Alarm, at index: Int) {
    switch alarm {
    case .digestMismatch(let stream, let peer):
      violate("I9", "\(stream) at \(nodes[index].plan.division) against \(peer)")
    case .restored, .cloned, .fork, .unproved, .notShared:
      violate("S1", "\(alarm) at \(nodes[index].plan.division)")
    case .impostor: break
    }
  }

  // MARK: the end

  /// Why the core does not agree yet; nil when it does.
  func disagreement() -> String? {
    for index in core {
      let node = nodes[index]
      guard let replica = node.replica else { return "\(node.plan.division) is down" }
      guard let hub = node.hub, core.contains(hub) else { continue }
      for stream in replica.streams {
        let own = node.shadow[stream] ?? VersionVector()
        let other = nodes[hub].shadow[stream] ?? VersionVector()
        if own != other {
          return "\(stream): \(node.plan.division) knows \(own), "
            + "\(nodes[hub].plan.division) knows \(other)"
        }
      }
    }
    return nil
  }

  func isQuiet() -> Bool {
    guard let last = plan.operations.last else { return disagreement() == nil }
    return now > .milliseconds(last.atMilliseconds) && disagreement() == nil
  }

  /// Everything once more, thoroughly (Q1–Q4, Q8): also after reopening.
  func checkQuiescence() {
    for index in core {
      guard let replica = nodes[index].replica, verdict.violation == nil else { continue }
      do {
        for stream in replica.streams { try compare(stream, index, replica) }
        var open: [Oracle.Row: [GroupID]] = [:]
        for scope in Set(replica.streams.map(\.scope)).sorted() {
          for row in oracle.rows[scope] ?? [] {
            try check(row, index, replica)
            let state = oracle.state(
              of: row, known: nodes[index].shadow[StreamID(scope: scope)] ?? VersionVector())
            if !state.conflicts.isEmpty { open[row] = state.conflicts }
          }
        }
        var found: [Oracle.Row: [GroupID]] = [:]
        for conflict in try replica.conflicts() {
          let record = conflict.record
          verdict.count(.conflictsSeen)
          found[
            Oracle.Row(table: record.table, scope: record.scope, key: record.key), default: []
          ].append(record.group)
        }
        for key in found.keys { found[key]?.sort() }
        for key in open.keys { open[key]?.sort() }
        if found != open {
          violate(
            "Q4",
            "\(nodes[index].plan.division) lists \(found.count) rows in conflict, "
              + "the model \(open.count)")
        }
        let report = try replica.check()
        if let problem = report.problems.first {
          violate("Q8", "node \(nodes[index].plan.division): \(problem)")
        }
      } catch {
        violate("S27", "check of \(nodes[index].plan.division): \(error)")
      }
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

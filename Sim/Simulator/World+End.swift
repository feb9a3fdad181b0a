import CFaultVFS
import Causality
import Changes
import Merge
import Store

/// What is looked at when a run is over.
extension World {
  /// Why the core does not agree yet; nil when it does.
  func disagreement() -> String? {
    for index in core {
      let node = nodes[index]
      guard let replica = node.replica else { return "\(node.plan.division) is down" }
      guard let hub = node.hub, core.contains(hub) else { continue }
      for stream in replica.streams {
        let (own, other) = (checkers.known(index, stream), checkers.known(hub, stream))
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

  /// Whether anything that is missing in the core came since the last look (L2).
  func watchProgress() {
    var known: UInt64 = 0
    for index in core {
      for (_, vector) in checkers.shadows[index] {
        known += vector.entries.reduce(0) { $0 + $1.number }
      }
    }
    if known != lastKnown { (lastKnown, lastProgress) = (known, now) }
    let stall = Int((now - lastProgress) / 1_000_000)
    verdict.longestStallMilliseconds = max(verdict.longestStallMilliseconds, stall)
    note(.stalled(milliseconds: stall, missing: disagreement() ?? "nothing"))
  }

  /// Everything once more, thoroughly (Q1–Q4, Q7, Q8), then the same after opening every file again: nothing
  /// depended on memory.
  func checkQuiescence() {
    for index in core { checkAll(index) }
    let isSkewed = !plan.versions.isEmpty || plan.faults.contains { $0.kind == .program }
    for index in core where verdict.violation == nil {
      // Whatever was kept for later shows in the newest program.
      if isSkewed { nodes[index].nextVersion = Int(Workload.newestVersion) }
      stop(index, FAULTVFS_KEEP_ALL)
      // It checks the file.
      restart(index)
      checkAll(index, withFile: false)
    }
    checkDumps()
  }

  /// No byte of a row stands in the files of who does not hold its scope: free pages and the write-ahead log included (S14).
  private func checkFiles() {
    for index in nodes.indices where !checkers.budget.untrusted.contains(index) {
      for other in nodes where verdict.violation == nil {
        let bytes = Workload.canary(other.code.scope)
        if faultvfs_contains(Int32(nodes[index].disk), bytes, UInt64(bytes.count)) != 0 {
          verdict.count(.scopesFound)
          note(.stores(node: index, scope: other.code.scope))
        }
      }
    }
  }

  /// `withFile`: also what `check` says of the file.
  func checkAll(_ index: Int, withFile: Bool = true) {
    guard let replica = nodes[index].replica, verdict.violation == nil,
      !checkers.budget.untrusted.contains(index)
    else { return }
    do {
      for stream in replica.streams { try compare(stream, index, replica) }
      for scope in Set(replica.streams.map(\.scope)).sorted() {
        for row in checkers.oracle.rows[scope] ?? []
        where replica.streams.contains(checkers.oracle.stream(of: row)) {
          try check(row, index, replica)
        }
      }
      var found: [Oracle.Row: [GroupID]] = [:]
      for conflict in try replica.conflicts() {
        let record = conflict.record
        verdict.count(.conflictsSeen)
        let row = Oracle.Row(table: record.table, scope: record.scope, key: record.key)
        found[row, default: []].append(record.group)
      }
      note(.lists(node: index, conflicts: found))
      for reach in try replica.reaches() {
        note(
          .counts(
            node: index, stream: reach.stream, total: reach.total, atHub: reach.atHub,
            atTop: reach.atTop))
      }
      try checkParked(index, replica)
      note(
        .quarantine(
          node: index,
          entries: try replica.quarantineEntries().map { "\($0.kind) \($0.subject): \($0.detail)" })
      )
      if withFile { try checkFile(index, replica) }
    } catch {
      note(.failed(node: index, what: "check: \(error)"))
    }
  }

  /// What waits lacks something (Q2), and is bounded (S26).
  func checkParked(_ index: Int, _ replica: Replica) throws(StoreError) {
    let answer = try replica.query(sql: "SELECT stream, replica, number FROM tributary_parked")
    let rows = answer.first?.rows ?? []
    let ready = rows.count { row in
      guard case .integer(let stream) = row[0], case .integer(let writer) = row[1],
        case .integer(let number) = row[2],
        let id = StreamID(packed: UInt32(truncatingIfNeeded: stream)),
        let author = ReplicaID(packed: UInt64(bitPattern: writer))
      else { return true }
      return checkers.known(index, id).contains(author, UInt64(number))
    }
    note(.waits(node: index, count: rows.count, ready: ready))
  }

  /// What every node holds, the dead ones opened once more: nothing that was promised is gone (S3, Q6).
  func checkLedger() {
    checkFiles()
    for index in nodes.indices where verdict.violation == nil {
      let node = nodes[index]
      if node.replica == nil, !checkers.budget.untrusted.contains(index) {
        node.isDead = false
        restart(index)
      }
      guard let replica = node.replica else {
        note(.ended(node: index, isCore: false, known: checkers.shadows[index]))
        continue
      }
      do {
        var known: [StreamID: VersionVector] = [:]
        for stream in replica.streams {
          known[stream] =
            checkers.budget.untrusted.contains(index)
            ? checkers.known(index, stream) : try replica.knowledge(of: stream)
        }
        note(.ended(node: index, isCore: core.contains(index), known: known))
      } catch {
        note(.failed(node: index, what: "check: \(error)"))
      }
    }
    note(.over)
  }
}

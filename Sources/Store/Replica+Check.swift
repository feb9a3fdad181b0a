internal import Causality
internal import Changes
internal import Merge
internal import Wire

/// What `check` found. Source: engine.md §8 (scrub), architecture.md §4.
package struct CheckReport: Hashable, Sendable {
  /// Rows whose clocks and hashes were compared.
  package var rows = 0
  /// Change sets whose chain was computed again.
  package var changeSets = 0
  /// Streams whose digest was computed again.
  package var streams = 0
  /// One line per problem; empty is good.
  package var problems: [String] = []
}

extension Replica {
  /// Checks the whole file: SQLite's integrity, hash chains, heads, rows against the log, digests.
  /// Cost: reads everything.
  package func check() throws(StoreError) -> CheckReport {
    var report = CheckReport()
    try reading { () throws(StoreError) in
      try checkIntegrity(&report)
      for stream in streams { try checkChains(stream, &report) }
      try checkReach(&report)
      // Rows that wait for their stamp differ from their clocks: first things first.
      for layout in orderedLayouts where try hasRecords(layout) {
        report.problems.append(
          "\(layout.table.name): other programs' changes are not stamped yet; "
            + "`serve`, `sync` or any write stamps them")
      }
      guard report.problems.isEmpty else { return }
      var sums: [StreamID: (digest: UInt128, rows: Int64)] = [:]
      for layout in orderedLayouts { try checkRows(layout, &report, &sums) }
      try addUnknownTables(&sums)
      for stream in streams {
        report.streams += 1
        let state = try state(of: stream)
        let sum = sums[stream] ?? (0, 0)
        if sum.digest != state.digest {
          report.problems.append("\(stream): the digest does not match the rows")
        }
        if sum.rows != state.rowCount {
          report.problems.append("\(stream): \(sum.rows) rows, \(state.rowCount) counted")
        }
      }
    }
    return report
  }

  private func checkIntegrity(_ report: inout CheckReport) throws(StoreError) {
    let select = try Statement(statements.connection, "PRAGMA integrity_check(20)")
    while try select.step() {
      if select.text(0) != "ok" { report.problems.append("SQLite: \(select.text(0))") }
    }
  }

  private func checkChains(
    _ stream: StreamID, _ report: inout CheckReport
  ) throws(StoreError) {
    let state = try state(of: stream)
    for entry in state.known.entries {
      var (last, next) = (ContentHash.zero, UInt64(1))
      let cursor = try LogCursor(statements, stream, entry.replica, after: 0)
      while try cursor.step() {
        report.changeSets += 1
        let encoded = try encodedChangeSet(cursor.row)
        // Told below.
        guard encoded.dot.number == next, let body = try? encoded.canonicalBody() else {
          report.problems.append("\(encoded.dot): missing predecessor or damaged body")
          break
        }
        last = Self.chainHash(last, header: encoded.header, canonicalBody: body)
        next += 1
        if cursor.row.blob(6) != last.bytes {
          report.problems.append("\(encoded.dot): the chain hash does not match the content")
        }
      }
      if next != entry.number + 1 || state.heads[entry.replica]?.chain != last {
        report.problems.append("\(stream) \(entry.replica): the head does not match the log")
      }
    }
  }

  /// The log holds no more than the chains reached.
  private func checkReach(_ report: inout CheckReport) throws(StoreError) {
    let select = try Statement(
      statements.connection,
      "SELECT id, stream, replica, number, count(*), max(number) FROM tributary_log "
        + "GROUP BY stream, replica")
    while try select.step() {
      guard let stream = StreamID(packed: UInt32(truncatingIfNeeded: select.integer(1))),
        let replica = ReplicaID(packed: select.unsigned(2))
      else {
        report.problems.append("log entry \(select.integer(0)): no stream and replica")
        continue
      }
      let last = try state(of: stream).known[replica]
      if select.unsigned(4) != last || select.unsigned(5) != last {
        report.problems.append(
          "\(stream) \(replica): \(select.unsigned(4)) change sets up to \(select.unsigned(5)) in the log, "
            + "\(last) known: missing predecessor")
      }
    }
  }

  /// Computes every row's hash again from what the base table shows.
  private func checkRows(
    _ layout: TableLayout, _ report: inout CheckReport,
    _ sums: inout [StreamID: (digest: UInt128, rows: Int64)]
  ) throws(StoreError) {
    let select = try Statement(statements.connection, layout.selectAll)
    let count = layout.table.columns.count
    while try select.step() {
      report.rows += 1
      let scopeText = select.text(Int32(4 + count))
      let values = layout.table.key.indices.map { select.value(Int32(5 + count + $0)) }
      guard let scope = Scope(scopeText), let key = RowKey(values), select.kind(1) != .null else {
        report.problems.append(
          "\(layout.table.name) \(scopeText) \(values.map(\.description)): no clock")
        continue
      }
      let row = try writer.loader.load(layout.table.id, layout, scope: scope, key: key)
      let hash = writer.loader.hash(row)
      if row.hash != hash {
        report.problems.append(
          "\(layout.table.name) \(scope) \(key): the row does not match its clock")
      }
      for register in layout.columnsOfRegister.indices.dropFirst() {
        let shown = row.registers[layout.group(register)]
          .shownColumns(.columns(layout.policy(register)))
        let have = layout.columnsOfRegister[register].map { row.shown[$0] }
        if let shown, layout.shown(shown, register) != have {
          report.problems.append(
            "\(layout.table.name) \(scope) \(key): group \(layout.group(register).number) shows "
              + "another value than its register")
        }
      }
      let stream = StreamID(scope: scope, channel: layout.table.channel)
      sums[stream, default: (0, 0)].digest &+= hash
      sums[stream, default: (0, 0)].rows += 1
    }
  }

  private func hasRecords(_ layout: TableLayout) throws(StoreError) -> Bool {
    let select = try Statement(statements.connection, Capture.hasRecords(layout))
    return try select.step()
  }

  /// Rows of tables that this schema version does not know.
  private func addUnknownTables(
    _ sums: inout [StreamID: (digest: UInt128, rows: Int64)]
  ) throws(StoreError) {
    for place in try placesOfStoredRegisters() where layouts[place.table] == nil {
      let row = try writer.loader.load(place.table, nil, scope: place.scope, key: place.key)
      guard let dot = row.registers.existence.dots.first else { continue }
      let stream = dot.dot.stream
      guard row.registers.isAlive else { continue }
      sums[stream, default: (0, 0)].digest &+= writer.loader.hash(row)
      sums[stream, default: (0, 0)].rows += 1
    }
  }
}

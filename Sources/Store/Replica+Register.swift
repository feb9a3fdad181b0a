internal import Causality
internal import Changes
internal import Merge

extension Replica {
  /// Makes the tables of the schema that are missing, checks those that are there, and stamps what other
  /// programs wrote while the replica was closed.
  func register() throws(StoreError) {
    try onConnection { () throws(StoreError) in
      try statements("BEGIN IMMEDIATE").run()
      do throws(StoreError) {
        let last = try checkSchemaVersion()
        for layout in orderedLayouts {
          try checkShape(layout, fileVersion: last)
          try statements.execute(layout.createTable)
          try statements.execute(layout.createClock)
          for sql in Capture.create(layout) { try statements.execute(sql) }
          for rule in layout.table.rules {
            if let sql = RuleQuery.createIndex(rule, layout.table) { try statements.execute(sql) }
          }
        }
        if last > 0, last < schema.version {
          // The heads are written with the clock.
          try refresh()
          try materialise()
        }
        try statements("COMMIT").run()
      } catch {
        // The first error is the one to tell.
        try? statements.execute("ROLLBACK")
        throw error
      }
    }
  }

  /// Returns the schema version of the program that opened the file last; 0 for a new file.
  private func checkSchemaVersion() throws(StoreError) -> UInt32 {
    let last = try fact("schema_version").flatMap { UInt32($0) } ?? 0
    guard last <= schema.version else {
      throw .schema(
        "the file was written under schema version \(last), this program has \(schema.version)")
    }
    guard last < schema.version else { return last }
    guard last == 0 || isOwner else {
      throw .schema(
        "a server of schema version \(last) runs on the file, this program has \(schema.version); "
          + "stop it and start it with this program")
    }
    try setFact("schema_version", "\(schema.version)")
    return last
  }

  /// Compares an existing table with its declaration; adds columns that are newer than the file. A column of an
  /// earlier version would have the dots of rows that never had it.
  private func checkShape(_ layout: TableLayout, fileVersion: UInt32) throws(StoreError) {
    let table = layout.table
    let info = try Statement(
      statements.connection, "SELECT name, type, pk FROM pragma_table_info('\(table.name)')")
    var found: [String: (type: String, isPrimary: Bool)] = [:]
    while try info.step() { found[info.text(0)] = (info.text(1), info.integer(2) != 0) }
    guard !found.isEmpty else { return }
    guard let local = found[Schema.localIDColumn], local.isPrimary, local.type == "INTEGER" else {
      throw .schema(
        "table \(table.name) has no \(Schema.localIDColumn) INTEGER PRIMARY KEY column")
    }
    let expected =
      [(table.scopeColumn, ValueKind.text)] + table.key.map { ($0.name, $0.kind) }
    for (name, kind) in expected where found[name]?.type != TableLayout.typeName(kind) {
      throw .schema("table \(table.name): key column \(name) is not \(TableLayout.typeName(kind))")
    }
    for (index, column) in table.columns.enumerated() {
      guard let type = found[column.name]?.type else {
        guard fileVersion == 0 || column.since > fileVersion else {
          throw .schema(
            "table \(table.name): column \(column.name) is declared since version \(column.since), but "
              + "the file of version \(fileVersion) has none; declare it since a later version")
        }
        try statements.execute(
          "ALTER TABLE \(table.name) ADD COLUMN \(layout.definition(ofColumn: index))")
        try dropCapture(layout)
        continue
      }
      guard type == TableLayout.typeName(column.kind) else {
        throw .schema("table \(table.name): column \(column.name) is \(type)")
      }
    }
    try checkUniqueness(layout)
  }

  /// The declared key is unique, and nothing else is: another UNIQUE could not hold across nodes.
  private func checkUniqueness(_ layout: TableLayout) throws(StoreError) {
    let table = layout.table
    let wanted = [table.scopeColumn] + table.key.map(\.name)
    let list = try Statement(
      statements.connection,
      "SELECT name FROM pragma_index_list('\(table.name)') WHERE \"unique\" = 1 ORDER BY name")
    var hasKey = false
    while try list.step() {
      let columns = try Statement(
        statements.connection, "SELECT name FROM pragma_index_info(?) ORDER BY seqno")
      columns.bind(1, text: list.text(0))
      var names: [String] = []
      while try columns.step() { names.append(columns.text(0)) }
      guard names == wanted else {
        throw .schema(
          "table \(table.name): UNIQUE (\(names.joined(separator: ", "))) beyond the key cannot "
            + "hold across nodes; declare it as a check instead")
      }
      hasKey = true
    }
    guard hasKey else {
      throw .schema("table \(table.name): (\(wanted.joined(separator: ", "))) is not UNIQUE")
    }
    let sequence = try Statement(
      statements.connection,
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND sql LIKE '%AUTOINCREMENT%'"
    )
    sequence.bind(1, text: table.name)
    if try sequence.step() { throw .schema("table \(table.name): AUTOINCREMENT is not replicated") }
  }

  /// The capture triggers name columns: they are made anew when columns are added. Records are stamped by
  /// the version that captured them, so there are none left here.
  private func dropCapture(_ layout: TableLayout) throws(StoreError) {
    let record = Capture.recordName(layout)
    for name in ["replace", "insert", "update", "delete"] {
      try statements.execute("DROP TRIGGER IF EXISTS \(record)_\(name)")
    }
    try statements.execute("DROP TABLE IF EXISTS \(record)")
  }

  /// Brings registers that were unknown before to life in their tables (engine.md §3, §10).
  private func materialise() throws(StoreError) {
    var touched: [StreamState] = []
    for place in try placesOfStoredRegisters() {
      guard let layout = layouts[place.table] else { continue }
      let stream = try state(of: StreamID(scope: place.scope, channel: layout.table.channel))
      try materialise(place.table, layout, place.key, stream)
      if !touched.contains(where: { $0.stream == stream.stream }) { touched.append(stream) }
    }
    for stream in touched { try stream.flush(statements, clock: clock.last) }
  }

  /// One row; what its table does not take is left out, as it would have been on arrival.
  private func materialise(
    _ table: TableID, _ layout: TableLayout, _ key: RowKey, _ stream: StreamState
  ) throws(StoreError) {
    let scope = stream.stream.scope
    if !layout.takes(key) {
      let row = try writer.loader.load(table, nil, scope: scope, key: key)
      try writer.save(row, RowRegisters(), nil, stream)
      return try listUntaken(layout, key, stream)
    }
    var row = try writer.loader.load(table, layout, scope: scope, key: key)
    if case .live(localID: 0) = row.place { row.place = .nowhere }
    var registers = row.registers
    if !layout.takes(registers) {
      let history = try histories(of: [table: [key]], in: stream)[table]?[key] ?? []
      registers = RowRegisters.rebuild(history: history, RowPolicies(layout.table))
      try listUntaken(layout, key, stream)
    }
    try writer.save(row, registers, layout, stream)
  }

  private func listUntaken(
    _ layout: TableLayout, _ key: RowKey, _ stream: StreamState
  ) throws(StoreError) {
    try quarantine(
      "malformed", subject: "\(stream.stream) \(layout.table.name) \(key)",
      detail: "holds values that schema version \(schema.version) does not take", counts: true,
      wall: 0)
  }
}

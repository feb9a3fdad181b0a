internal import Causality
internal import Changes
internal import Merge

/// Writes the general form of a row back: base row or tombstone, clock, stored registers, digest.
struct RowStateSaver {
  let loader: RowStateLoader
  private var statements: StatementCache { loader.statements }

  init(_ loader: RowStateLoader) { self.loader = loader }

  /// Replaces `old` by `new`, which has other registers; returns the new state as stored. `isShown`: the row
  /// shows what the old registers say, so that only those that differ are looked at.
  func save(
    _ old: RowState, _ registers: RowRegisters, _ layout: TableLayout?, _ stream: StreamState,
    isShown: Bool
  ) throws(StoreError) -> RowState {
    var new = old
    new.registers = registers
    let isAlive = registers.isAlive
    if let layout { show(&new, since: isShown ? old.registers : nil, layout) }
    new.hasStoredRegisters = try saveStored(old, new, layout)
    if let layout {
      try savePlace(old, &new, layout, isAlive: isAlive)
    } else {
      new.place = isAlive ? .live(localID: 0) : .dead
      new.hash = nil
      if isAlive { new.hash = loader.hash(new) }
    }
    stream.digest = stream.digest &- (old.hash ?? 0) &+ (new.hash ?? 0)
    stream.rowCount += (new.hash == nil ? 0 : 1) - (old.hash == nil ? 0 : 1)
    return new
  }

  /// Fills in the shown values of the registers that have changed since `old`; nil for all.
  private func show(
    _ state: inout RowState, since old: RowRegisters?, _ layout: TableLayout
  ) {
    var (newCursor, oldCursor) = (0, 0)
    for register in layout.hashOrder.dropFirst() {
      let group = layout.group(register)
      let new = state.registers.register(of: group, from: &newCursor)
      // Registers that were not written share their memory.
      if let old, new == old.register(of: group, from: &oldCursor), !new.isEmpty { continue }
      let values = new.shownColumns(.columns(layout.policy(register)))
      for (column, value) in zip(
        layout.columnsOfRegister[register], layout.shown(values, register))
      {
        state.shown[column] = value
      }
    }
  }

  /// Whether a register's values do not fit the base row and clock.
  private func isStored(
    _ group: GroupID, _ dots: [RegisterDot], _ layout: TableLayout?
  ) -> Bool {
    guard let layout, let register = layout.register(of: group) else { return true }
    guard dots.count == 1 else { return !dots.isEmpty }
    let count = layout.columnsOfRegister[register].count
    return dots.withUnsafeBufferPointer { dots in
      dots[0].origin.dot != dots[0].dot || dots[0].followsValue
        || register > 0 && dots[0].value.columns?.count != count
    }
  }

  private func saveStored(
    _ old: RowState, _ new: RowState, _ layout: TableLayout?
  ) throws(StoreError) -> Bool {
    var stored = StoredRegisters()
    func append(_ group: GroupID, _ dots: [RegisterDot]) throws(StoreError) {
      guard isStored(group, dots, layout) else { return }
      for index in dots.indices {
        stored.append(dots[index], group: group, log: try log(of: dots[index].dot))
      }
    }
    try append(.existence, new.registers.existence.dots)
    let groups = new.registers.groups
    for index in groups.indices { try append(groups[index].id, groups[index].register.dots) }
    guard old.hasStoredRegisters || !stored.bytes.isEmpty else { return false }
    let statement = try statements(
      stored.bytes.isEmpty
        ? "DELETE FROM tributary_register WHERE table_id = ? AND scope = ? AND key = ?"
        : "REPLACE INTO tributary_register VALUES (?1, ?2, ?3, ?4)")
    statement.bind(1, old.table.number)
    statement.bind(2, old.scope.code)
    statement.bind(3, blob: old.key.bytes)
    if !stored.bytes.isEmpty { statement.bind(4, blob: stored.bytes) }
    try statement.run()
    return !stored.bytes.isEmpty
  }

  private func log(of dot: Dot) throws(StoreError) -> Int64 {
    guard let log = try loader.dots.log(of: dot, statements) else {
      throw .damagedRecord("dot \(dot) of a register is not in the log")
    }
    return log
  }

  /// The clock that names the single dot of each register.
  private func clock(_ state: RowState, _ layout: TableLayout) throws(StoreError) -> RowClock {
    var logs: [(log: Int64, registers: UInt64)] = []
    func add(_ log: Int64, _ register: Int) {
      if let index = logs.firstIndex(where: { $0.log == log }) {
        logs[index].registers |= 1 << UInt64(register)
      } else {
        logs.append((log, 1 << UInt64(register)))
      }
    }
    // Most registers have the dot of the one before.
    var last: (dot: Dot, log: Int64)?
    var cursor = 0
    for register in layout.hashOrder {
      let found =
        register == 0
        ? state.registers.existence
        : state.registers.register(of: layout.group(register), from: &cursor)
      // A stored register is read from its own table; any dot of it will do here.
      guard let dot = found.dots.withUnsafeBufferPointer({ $0.last?.dot }) else {
        add(0, register)
        continue
      }
      if last?.dot != dot { last = (dot, try log(of: dot)) }
      add(last?.log ?? 0, register)
    }
    let candidates = logs.filter { $0.log != 0 }
    guard
      let base = candidates.max(by: {
        ($0.registers.nonzeroBitCount, -$0.log) < ($1.registers.nonzeroBitCount, -$1.log)
      })
    else { throw .damagedRecord("a row without dots") }
    let later = layout.laterRegisters(
      of: try loader.dots.info(base.log, statements).schemaVersion)
    if later != 0 {
      if let index = logs.firstIndex(where: { $0.log == 0 }) {
        logs[index].registers |= later
      } else {
        logs.append((0, later))
      }
    }
    var clock = RowClock(base: base.log)
    clock.entries = logs.filter { $0.log != base.log }
      .map { RowClock.Entry(log: $0.log, registers: $0.registers) }
      .sorted { $0.log < $1.log }
    clock.hasStoredRegisters = state.hasStoredRegisters
    let existence = state.registers.existence.dots
    clock.existenceIsUpdate =
      existence.count == 1 && existence[0].value == .alive(isInsert: false)
    return clock
  }

  private func savePlace(
    _ old: RowState, _ new: inout RowState, _ layout: TableLayout, isAlive: Bool
  ) throws(StoreError) {
    if new.registers.existence.isEmpty, new.registers.groups.isEmpty {
      // A set element without values that was removed, or a refused insert: nothing stands.
      try removeOld(old, layout)
      (new.place, new.hash) = (.nowhere, nil)
      return
    }
    let clock = try clock(new, layout)
    guard isAlive else {
      try removeOld(old, layout)
      try saveTombstone(new, clock)
      (new.place, new.hash) = (.dead, nil)
      return
    }
    let hash = loader.hash(new)
    new.hash = hash
    if case .live(let localID) = old.place, localID != 0 {
      try update(old, new, layout, localID)
      try saveClock(layout.updateClock, localID, clock, hash)
    } else {
      try removeOld(old, layout)
      let localID = try insert(new, layout)
      new.place = .live(localID: localID)
      try saveClock(layout.insertClock, localID, clock, hash)
    }
  }

  private func update(
    _ old: RowState, _ new: RowState, _ layout: TableLayout, _ localID: Int64
  ) throws(StoreError) {
    let changed = new.shown.indices.filter { new.shown[$0] != old.shown[$0] }
    guard !changed.isEmpty else { return }
    let statement = try statements(layout.updateRow(columns: changed))
    for (index, column) in changed.enumerated() {
      statement.bind(Int32(index + 1), new.shown[column])
    }
    statement.bind(Int32(changed.count + 1), localID)
    try statement.run()
  }

  private func insert(_ new: RowState, _ layout: TableLayout) throws(StoreError) -> Int64 {
    guard let values = new.key.values else { throw .damagedRecord("row key") }
    let statement = try statements(layout.insertRow(columns: Array(new.shown.indices)))
    statement.bind(1, text: new.scope.description)
    for (index, value) in (values + new.shown).enumerated() {
      statement.bind(Int32(index + 2), value)
    }
    try statement.run()
    guard statements.changes == 1 else {
      throw .damagedRecord("row \(new.key) of \(layout.table.name) has no clock")
    }
    return statements.lastInsertRowID
  }

  private func saveClock(
    _ sql: String, _ localID: Int64, _ clock: RowClock, _ hash: UInt128
  ) throws(StoreError) {
    let statement = try statements(sql)
    statement.bind(1, localID)
    statement.bind(2, clock.base)
    if let entries = clock.packedEntries {
      statement.bind(3, blob: entries)
    } else {
      statement.bindNull(3)
    }
    statement.bind(4, blob: hash.bigEndianBytes)
    try statement.run()
  }

  private func saveTombstone(_ state: RowState, _ clock: RowClock) throws(StoreError) {
    let statement = try statements(
      "INSERT INTO tributary_tombstone VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
    statement.bind(1, state.table.number)
    statement.bind(2, state.scope.code)
    statement.bind(3, blob: state.key.bytes)
    statement.bind(4, clock.base)
    if let entries = clock.packedEntries {
      statement.bind(5, blob: entries)
    } else {
      statement.bindNull(5)
    }
    statement.bind(6, blob: StoredValues.encode(state.shown))
    try statement.run()
  }

  /// Removes the base row and clock, or the tombstone.
  private func removeOld(_ old: RowState, _ layout: TableLayout) throws(StoreError) {
    switch old.place {
    case .nowhere: return
    case .live(let localID):
      for sql in [layout.deleteRow, layout.deleteClock] {
        let statement = try statements(sql)
        statement.bind(1, localID)
        try statement.run()
      }
    case .dead:
      let statement = try statements(
        "DELETE FROM tributary_tombstone WHERE table_id = ? AND scope = ? AND key = ?")
      statement.bind(1, old.table.number)
      statement.bind(2, old.scope.code)
      statement.bind(3, blob: old.key.bytes)
      try statement.run()
    }
  }
}

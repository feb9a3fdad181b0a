internal import Causality
internal import Changes
internal import Merge

/// One row with all its registers: the general case, where the fast paths of `RowWriter` do not hold.
struct RowState {
  enum Place: Equatable {
    /// Never seen here.
    case nowhere
    /// In the base table under this number (0 for a table that is unknown here).
    case live(localID: Int64)
    /// In `tributary_tombstone`, or in `tributary_register` alone.
    case dead
  }

  var place: Place
  let table: TableID
  let scope: Scope
  let key: RowKey
  var registers: RowRegisters
  /// What the base row or tombstone shows, by column of the layout.
  var shown: [Value]
  /// The row's part of the digest; nil when it is not live.
  var hash: UInt128?
  /// Whether `tributary_register` has entries of this row.
  var hasStoredRegisters: Bool
}

/// Reads and hashes the general form of rows.
struct RowStateLoader {
  let statements: StatementCache
  let dots: DotTable
  let tree: ScopeTree
  let hasher = RowHasher()

  private struct Found {
    var place = RowState.Place.nowhere
    var clock: RowClock?
    var shown: [Value]
    var hash: UInt128?
  }

  /// The row of `key`, wherever it is. `layout` is nil for an unknown table.
  func load(
    _ table: TableID, _ layout: TableLayout?, scope: Scope, key: RowKey
  ) throws(StoreError) -> RowState {
    var found = Found(shown: layout?.emptyRow ?? [])
    if let layout {
      try loadLive(layout, scope, key, &found)
      if found.clock == nil { try loadTombstone(table, scope, key, &found) }
    }
    // The clock says whether there are any.
    let mayBeStored = found.clock?.hasStoredRegisters ?? true
    var groups = mayBeStored ? try loadStored(table, scope, key) : []
    let hasStored = !groups.isEmpty
    var existence = Register()
    if let stored = groups.firstIndex(where: { $0.id == .existence }) {
      existence = groups.remove(at: stored).register
    }
    if let layout, let clock = found.clock {
      try appendClocked(clock, layout, found, &existence, to: &groups)
    }
    var state = RowState(
      place: found.place, table: table, scope: scope, key: key,
      registers: RowRegisters(existence: existence, groups: groups), shown: found.shown,
      hash: found.hash, hasStoredRegisters: hasStored)
    if found.clock == nil, !existence.isEmpty {
      state.place = existence.isAlive ? .live(localID: 0) : .dead
      if existence.isAlive { state.hash = hash(state) }
    }
    return state
  }

  private func loadLive(
    _ layout: TableLayout, _ scope: Scope, _ key: RowKey, _ found: inout Found
  ) throws(StoreError) {
    guard let values = key.values, values.count == layout.table.key.count else {
      throw .damagedRecord("row key of table \(layout.table.name)")
    }
    let select = try statements(layout.selectByKey)
    defer { select.reset() }
    select.bind(1, text: scope.description)
    for (index, value) in values.enumerated() { select.bind(Int32(index + 2), value) }
    guard try select.step() else { return }
    found.place = .live(localID: select.integer(0))
    found.hash = UInt128(bigEndianBytes: select.bytes(3))
    for index in found.shown.indices { found.shown[index] = select.value(Int32(index + 4)) }
    found.clock = try RowClock(base: select.integer(1), packed: select.bytes(2))
  }

  private func loadTombstone(
    _ table: TableID, _ scope: Scope, _ key: RowKey, _ found: inout Found
  ) throws(StoreError) {
    let select = try statements(
      "SELECT base, entries, value FROM tributary_tombstone "
        + "WHERE table_id = ? AND scope = ? AND key = ?")
    defer { select.reset() }
    select.bind(1, table.number)
    select.bind(2, scope.code)
    select.bind(3, blob: key.bytes)
    guard try select.step() else { return }
    found.place = .dead
    for (index, value) in try StoredValues.decode(select.blob(2)).prefix(found.shown.count)
      .enumerated()
    {
      found.shown[index] = value
    }
    found.clock = try RowClock(base: select.integer(0), packed: select.bytes(1))
  }

  /// The registers in `tributary_register`.
  private func loadStored(
    _ table: TableID, _ scope: Scope, _ key: RowKey
  ) throws(StoreError) -> [RowRegisters.Group] {
    let select = try statements(
      "SELECT dots FROM tributary_register WHERE table_id = ? AND scope = ? AND key = ?")
    defer { select.reset() }
    select.bind(1, table.number)
    select.bind(2, scope.code)
    select.bind(3, blob: key.bytes)
    guard try select.step() else { return [] }
    var lists: [(group: GroupID, dots: [RegisterDot])] = []
    for entry in try StoredRegisters.entries(select.bytes(0)) {
      let info = try dots.info(entry.log, statements)
      let dot = RegisterDot(
        dot: info.fullDot, origin: entry.origin ?? origin(of: info),
        value: try StoredValues.decode(entry.value, isExistence: entry.group == .existence),
        followsValue: entry.followsValue, isSuspect: info.flags.contains(.suspect))
      if lists.last?.group == entry.group {
        lists[lists.count - 1].dots.append(dot)
      } else {
        lists.append((entry.group, [dot]))
      }
    }
    return lists.map { RowRegisters.Group(id: $0.group, register: Register($0.dots)) }
  }

  /// Adds the registers that have their one dot in the clock.
  private func appendClocked(
    _ clock: RowClock, _ layout: TableLayout, _ found: Found, _ existence: inout Register,
    to groups: inout [RowRegisters.Group]
  ) throws(StoreError) {
    let baseInfo = try dots.info(clock.base, statements)
    let baseOrigin = origin(of: baseInfo)
    let ofBase = layout.registers(at: baseInfo.schemaVersion) & ~clock.named
    let stored = groups.map(\.id)
    groups.reserveCapacity(layout.columnsOfRegister.count)
    for register in layout.hashOrder {
      let group = layout.group(register)
      if register == 0 ? !existence.isEmpty : stored.contains(group) { continue }
      let bit: UInt64 = 1 << UInt64(register)
      var (info, origin) = (baseInfo, baseOrigin)
      if ofBase & bit == 0 {
        guard let entry = clock.entries.first(where: { $0.registers & bit != 0 }), entry.log != 0
        else { continue }
        info = try dots.info(entry.log, statements)
        origin = self.origin(of: info)
      }
      func dot(_ value: RegisterValue) -> RegisterDot {
        RegisterDot(
          dot: info.fullDot, origin: origin, value: value,
          isSuspect: info.flags.contains(.suspect))
      }
      if register == 0 {
        existence = Register(
          dot(found.place == .dead ? .dead : .alive(isInsert: !clock.existenceIsUpdate)))
      } else {
        let values = layout.columnsOfRegister[register].map { found.shown[$0] }
        groups.append(RowRegisters.Group(id: group, register: Register(dot(.columns(values)))))
      }
    }
  }

  /// The origin of a write that is no copy.
  func origin(of info: DotInfo) -> WriteOrigin {
    WriteOrigin(
      dot: info.fullDot, timestamp: info.timestamp,
      tier: tree.tier(of: info.dot.replica.node.scope) ?? Tier(depth: .max))
  }

  /// The row's part of the digest (see `RowHasher`).
  func hash(_ state: RowState) -> UInt128 {
    hasher.begin(table: state.table, scope: state.scope)
    hasher.key(state.key)
    let (existence, groups) = (state.registers.existence.dots, state.registers.groups)
    var distinct: [StreamDot] = []
    add(existence, to: &distinct)
    for index in groups.indices { add(groups[index].register.dots, to: &distinct) }
    distinct.sort()
    hasher.dots(distinct)
    hash(.existence, existence, distinct)
    for index in groups.indices { hash(groups[index].id, groups[index].register.dots, distinct) }
    return hasher.finish()
  }

  // Through buffers: an element of an array is copied, value and all, for each field that is read of it.
  private func add(_ dots: [RegisterDot], to distinct: inout [StreamDot]) {
    dots.withUnsafeBufferPointer { dots in
      for index in dots.indices {
        let dot = StreamDot(replica: dots[index].dot.replica, number: dots[index].dot.number)
        if distinct.last != dot, !distinct.contains(dot) { distinct.append(dot) }
      }
    }
  }

  private func hash(_ group: GroupID, _ dots: [RegisterDot], _ distinct: [StreamDot]) {
    if dots.isEmpty { return }
    hasher.register(group, dotCount: dots.count)
    dots.withUnsafeBufferPointer { dots in
      for index in dots.indices {
        let dot = StreamDot(replica: dots[index].dot.replica, number: dots[index].dot.number)
        hasher.dotIndex(distinct.firstIndex(of: dot) ?? 0)
        switch dots[index].value {
        case .dead: hasher.existence(0)
        case .alive(let isInsert): hasher.existence(isInsert ? 2 : 1)
        case .columns(let values): for index in values.indices { hasher.value(values[index]) }
        }
      }
    }
  }
}

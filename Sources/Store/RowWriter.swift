internal import Causality
internal import Changes
internal import Merge

/// Applies the operations of change sets, local and remote, to rows: fast where one covered dot is replaced
/// by another, through `Merge` everywhere else. Both leave the same rows, clocks and digests.
final class RowWriter {
  let statements: StatementCache
  let dots: DotTable
  let loader: RowStateLoader
  let saver: RowStateSaver
  private var hasher = RowHasher()
  private var tablesWithTombstones: Set<TableID> = []
  /// Registers in conflict that this writer opened or changed since it was made; for reports only.
  var mergedRows = 0

  init(_ statements: StatementCache, _ dots: DotTable, _ tree: ScopeTree) {
    self.statements = statements
    self.dots = dots
    loader = RowStateLoader(statements: statements, dots: dots, tree: tree)
    saver = RowStateSaver(loader)
  }

  /// Reads which tables have tombstones; at the start of each transaction.
  func begin() throws(StoreError) {
    tablesWithTombstones = []
    let select = try statements("SELECT DISTINCT table_id FROM tributary_tombstone")
    defer { select.reset() }
    while try select.step() {
      tablesWithTombstones.insert(TableID(UInt32(truncatingIfNeeded: select.integer(0))))
    }
  }

  /// Applies a block whose before-images and notes are already in it (a remote one).
  func apply(
    _ block: RowBlock, _ layout: TableLayout?, _ write: ChangeWrite
  ) throws(StoreError) {
    var slow: [Int] = []
    if let layout, block.notes.isEmpty, let plan = BlockPlan(block, layout, write) {
      switch block.kind {
      case .insert: slow = try insert(block, plan, write)
      case .update: slow = try update(block, plan, write, nil)
      case .delete: slow = Array(0..<block.rowCount)
      }
    } else {
      slow = Array(0..<block.rowCount)
    }
    var rowNotes = block.notes[...]
    for row in slow {
      while let first = rowNotes.first, first.row < row { rowNotes.removeFirst() }
      try merge(block, row, Array(rowNotes.prefix { $0.row == row }), layout, write)
    }
  }

  // MARK: fast paths

  /// Inserts rows that nobody has seen; returns the others.
  func insert(
    _ block: RowBlock, _ plan: BlockPlan, _ write: ChangeWrite
  ) throws(StoreError) -> [Int] {
    let layout = plan.layout
    guard plan.isComplete, !tablesWithTombstones.contains(layout.table.id) else {
      return Array(0..<block.rowCount)
    }
    let insert = try statements(layout.insertRow(columns: plan.columns))
    let clock = try statements(layout.insertClock)
    let scopeText = Array(write.scope.description.utf8)
    var slow: [Int] = []
    var sum: UInt128 = 0
    try withArena(block.cells, scopeText) { arena, scope throws(StoreError) in
      for row in 0..<block.rowCount {
        insert.bind(1, .text, scope, copied: false)
        let start = row * block.cells.width
        for column in 0..<plan.insertWidth {
          insert.bind(Int32(column + 2), block.cells.cells[start + column], arena: arena)
        }
        try insert.run()
        guard statements.changes == 1 else {
          slow.append(row)
          continue
        }
        let hash = hashInserted(block, row, plan, write, arena)
        clock.bind(1, statements.lastInsertRowID)
        clock.bind(2, write.info.log)
        clock.bindNull(3)
        try run(clock, hash: hash)
        sum &+= hash
      }
    }
    write.stream.digest &+= sum
    write.stream.rowCount += Int64(block.rowCount - slow.count)
    return slow
  }

  private func run(_ clock: Statement, hash: UInt128) throws(StoreError) {
    var result: Result<Void, StoreError> = .success(())
    withUnsafeBytes(of: hash.bigEndian) { bytes in
      clock.bind(4, .blob, bytes, copied: false)
      do throws(StoreError) { try clock.run() } catch { result = .failure(error) }
    }
    try result.get()
  }

  private func hashInserted(
    _ block: RowBlock, _ row: Int, _ plan: BlockPlan, _ write: ChangeWrite,
    _ arena: UnsafeRawBufferPointer
  ) -> UInt128 {
    hasher.begin(table: block.table, scope: write.scope)
    hasher.key(block.cells, row: row, width: block.keyWidth, arena: arena)
    hasher.dot(write.info.dot)
    let start = row * block.cells.width + block.keyWidth
    for register in plan.layout.hashOrder where plan.registers & 1 << UInt64(register) != 0 {
      hasher.register(plan.layout.group(register), dotCount: 1)
      hasher.dotIndex(0)
      if register == 0 {
        hasher.existence(2)
      } else {
        for column in plan.layout.columnsOfRegister[register] {
          hasher.value(block.cells.cells[start + plan.position[column]], arena: arena)
        }
      }
    }
    return hasher.finish()
  }

  /// Updates rows where one covered dot per register is replaced; returns the others. `before` gets the
  /// before-images of a local block, row by row.
  func update(
    _ block: RowBlock, _ plan: BlockPlan, _ write: ChangeWrite, _ before: BeforeImages?
  ) throws(StoreError) -> [Int] {
    let layout = plan.layout
    guard layout.plainRegisters & plan.registers == plan.registers else {
      return Array(0..<block.rowCount)
    }
    let select = try statements(layout.selectByKey)
    let update = try statements(layout.updateRow(columns: plan.columns))
    let clockUpdate = try statements(layout.updateClock)
    let scopeText = Array(write.scope.description.utf8)
    var slow: [Int] = []
    try withArena(block.cells, scopeText) { arena, scope throws(StoreError) in
      for row in 0..<block.rowCount {
        let start = row * block.cells.width
        select.bind(1, .text, scope, copied: false)
        for column in 0..<block.keyWidth {
          select.bind(Int32(column + 2), block.cells.cells[start + column], arena: arena)
        }
        guard try select.step() else {
          select.reset()
          slow.append(row)
          continue
        }
        let localID = select.integer(0)
        var clock = try RowClock(base: select.integer(1), packed: select.bytes(2))
        guard try isReplaceable(clock, plan.registers, write) else {
          select.reset()
          slow.append(row)
          continue
        }
        let oldHash = UInt128(bigEndianBytes: select.bytes(3))
        if let before { try before.append(row, select, clock, plan, dots, statements) }
        clock.replace(plan.registers, with: write.info.log)
        clock.existenceIsUpdate = true
        let hash = try hashUpdated(block, row, plan, write, clock, select, arena)
        select.reset()
        for (index, _) in plan.columns.enumerated() {
          update.bind(
            Int32(index + 1), block.cells.cells[start + block.keyWidth + index], arena: arena)
        }
        update.bind(Int32(plan.columns.count + 1), localID)
        try update.run()
        clockUpdate.bind(1, localID)
        clockUpdate.bind(2, clock.base)
        clockUpdate.bind(3, blob: clock.packedEntries ?? [])
        try run(clockUpdate, hash: hash)
        write.stream.digest = write.stream.digest &- oldHash &+ hash
      }
    }
    return slow
  }

  private func isReplaceable(
    _ clock: RowClock, _ registers: UInt64, _ write: ChangeWrite
  ) throws(StoreError) -> Bool {
    if clock.hasStoredRegisters { return false }
    // A row that this transaction has written before is coalesced in the general form.
    if write.isLocal, clock.existenceLog == write.info.log { return false }
    if registers & ~clock.named != 0,
      try !write.covers(clock.base, dots, statements)
    {
      return false
    }
    for entry in clock.entries where entry.registers & registers != 0 && entry.log != 0 {
      guard try write.covers(entry.log, dots, statements) else { return false }
    }
    return true
  }

  private func hashUpdated(
    _ block: RowBlock, _ row: Int, _ plan: BlockPlan, _ write: ChangeWrite, _ clock: RowClock,
    _ select: Statement, _ arena: UnsafeRawBufferPointer
  ) throws(StoreError) -> UInt128 {
    let layout = plan.layout
    hasher.begin(table: block.table, scope: write.scope)
    hasher.key(block.cells, row: row, width: block.keyWidth, arena: arena)
    let baseInfo = try dots.info(clock.base, statements)
    let ofBase = layout.registers(at: baseInfo.schemaVersion) & ~clock.named
    var logs: [(log: Int64, dot: StreamDot)] = ofBase == 0 ? [] : [(clock.base, baseInfo.dot)]
    for entry in clock.entries where entry.log != 0 {
      logs.append((entry.log, try dots.info(entry.log, statements).dot))
    }
    if logs.count > 1 { logs.sort { $0.dot < $1.dot } }
    hasher.beginDots(logs.count)
    for log in logs { hasher.appendDot(log.dot) }
    let start = row * block.cells.width + block.keyWidth
    for register in layout.hashOrder {
      let bit: UInt64 = 1 << UInt64(register)
      var log = clock.base
      if ofBase & bit == 0 {
        guard let entry = clock.entries.first(where: { $0.registers & bit != 0 }), entry.log != 0
        else { continue }
        log = entry.log
      }
      hasher.register(layout.group(register), dotCount: 1)
      hasher.dotIndex(logs.firstIndex { $0.log == log } ?? 0)
      if register == 0 {
        hasher.existence(1)
      } else if plan.registers & bit != 0 {
        for column in layout.columnsOfRegister[register] {
          hasher.value(block.cells.cells[start + plan.position[column]], arena: arena)
        }
      } else {
        for column in layout.columnsOfRegister[register] {
          hasher.value(select, Int32(column + 4))
        }
      }
    }
    return hasher.finish()
  }

  private func withArena(
    _ cells: CellTable, _ scope: [UInt8],
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(StoreError) -> Void
  ) throws(StoreError) {
    var result: Result<Void, StoreError> = .success(())
    cells.bytes.withUnsafeBytes { arena in
      scope.withUnsafeBytes { scope in
        do throws(StoreError) { try body(arena, scope) } catch { result = .failure(error) }
      }
    }
    try result.get()
  }

  // MARK: general path

  /// Merges one row of a remote block.
  private func merge(
    _ block: RowBlock, _ row: Int, _ notes: [RegisterNote], _ layout: TableLayout?,
    _ write: ChangeWrite
  ) throws(StoreError) {
    guard let key = block.key(row) else { throw .damagedRecord("row key") }
    let operation = RowOperation(block, row, notes, write, loader.tree)
    let state = try loader.load(block.table, layout, scope: write.scope, key: key)
    try apply(operation, to: state, layout, write)
  }

  /// Applies an operation to a loaded row and writes it back.
  @discardableResult
  func apply(
    _ operation: RowOperation, to state: RowState, _ layout: TableLayout?, _ write: ChangeWrite
  ) throws(StoreError) -> MergeOutcome {
    var registers = state.registers
    let outcome = registers.apply(operation, RowPolicies(layout?.table))
    guard outcome != .malformed, outcome != .duplicate else { return outcome }
    try save(state, registers, layout, write.stream)
    return outcome
  }

  /// Writes a row back with other registers.
  func save(
    _ state: RowState, _ registers: RowRegisters, _ layout: TableLayout?, _ stream: StreamState
  ) throws(StoreError) {
    let saved = try saver.save(state, registers, layout, stream)
    if saved.place == .dead { tablesWithTombstones.insert(state.table) }
    mergedRows += 1
  }
}

/// How the columns of a block lie in a table: known columns only.
struct BlockPlan {
  let layout: TableLayout
  /// Indexes in `layout.table.columns`, in the block's order.
  let columns: [Int]
  /// By column of the layout: its position among the block's columns; −1 where it is not carried.
  let position: [Int]
  /// The registers written, existence among them.
  let registers: UInt64
  /// Whether an insert carries every register of its schema version.
  let isComplete: Bool

  /// Nil when the block carries columns that are unknown here, has another group for one, or leaves out a
  /// part of a group: the general path keeps those.
  init?(_ block: RowBlock, _ layout: TableLayout, _ write: ChangeWrite) {
    guard block.keyWidth == layout.table.key.count else { return nil }
    var columns: [Int] = []
    var position = Array(repeating: -1, count: layout.table.columns.count)
    var registers: UInt64 = 1
    for (index, carried) in block.columns.enumerated() {
      guard let column = layout.columnIndex(carried.column),
        layout.table.columns[column].group == carried.group
      else { return nil }
      position[column] = index
      columns.append(column)
      registers |= 1 << UInt64(layout.registerOfColumn[column])
    }
    for register in layout.columnsOfRegister.indices where registers & 1 << UInt64(register) != 0 {
      guard layout.columnsOfRegister[register].allSatisfy({ position[$0] >= 0 }) else { return nil }
    }
    self.layout = layout
    self.columns = columns
    self.position = position
    self.registers = registers
    isComplete = registers == layout.registers(at: write.info.schemaVersion)
  }

  /// Key columns and value columns.
  var insertWidth: Int { layout.table.key.count + columns.count }
}

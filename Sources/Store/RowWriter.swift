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
  /// Whether a table has tombstones, as far as this transaction asked.
  private var tombstones: [TableID: Bool] = [:]
  private var plans: [TableID: (columns: [CarriedColumn], version: UInt32, plan: BlockPlan)] = [:]
  /// Registers in conflict that this writer opened or changed since it was made; for reports only.
  var mergedRows = 0
  /// Whether this transaction wrote rows of the registry of replicas.
  private(set) var hasWrittenRegistry = false

  init(_ statements: StatementCache, _ dots: DotTable, _ tree: ScopeTree) {
    self.statements = statements
    self.dots = dots
    loader = RowStateLoader(statements: statements, dots: dots, tree: tree)
    saver = RowStateSaver(loader)
  }

  /// Forgets what the last transaction read.
  func begin() {
    tombstones.removeAll(keepingCapacity: true)
    hasWrittenRegistry = false
  }

  private func note(_ table: TableID) {
    if table == Registry.table.id { hasWrittenRegistry = true }
  }

  private func hasTombstones(_ table: TableID) throws(StoreError) -> Bool {
    if let known = tombstones[table] { return known }
    let select = try statements("SELECT 1 FROM tributary_tombstone WHERE table_id = ? LIMIT 1")
    defer { select.reset() }
    select.bind(1, table.number)
    let found = try select.step()
    tombstones[table] = found
    return found
  }

  /// Applies a block whose before-images and notes are already in it (a remote one).
  func apply(
    _ block: RowBlock, _ layout: TableLayout?, _ write: ChangeWrite
  ) throws(StoreError) {
    var slow: [Int] = []
    if let layout, block.notes.isEmpty, let plan = plan(block, layout, write) {
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

  /// How the columns of a block lie in its table; blocks of one table mostly have the columns of the one before.
  func plan(_ block: RowBlock, _ layout: TableLayout, _ write: ChangeWrite) -> BlockPlan? {
    let version = write.info.schemaVersion
    if let last = plans[block.table], last.plan.layout === layout, last.version == version,
      last.plan.keyWidth == block.keyWidth, last.columns == block.columns
    {
      return last.plan
    }
    guard let plan = BlockPlan(block, layout, write) else { return nil }
    plans[block.table] = (block.columns, version, plan)
    return plan
  }

  // MARK: fast paths

  /// Inserts rows that nobody has seen; returns the others.
  func insert(
    _ block: RowBlock, _ plan: BlockPlan, _ write: ChangeWrite
  ) throws(StoreError) -> [Int] {
    let layout = plan.layout
    note(layout.table.id)
    guard plan.isComplete, try !hasTombstones(layout.table.id) else {
      return Array(0..<block.rowCount)
    }
    let insert = try statements(layout.insertRow(columns: plan.columns))
    let clock = try statements(layout.insertClock)
    // Deltas count from the base.
    let entries = plan.insertedEntries(base: write.info.log)
    var slow: [Int] = []
    var sum: UInt128 = 0
    let (width, rowCount) = (block.cells.width, block.rowCount)
    try withMemory(block.cells, write) { cells, arena, scope throws(StoreError) in
      for row in 0..<rowCount {
        insert.bind(1, .text, scope, copied: false)
        let start = row * width
        for column in 0..<plan.insertWidth {
          insert.bind(Int32(column + 2), cells[start + column], arena: arena)
        }
        try insert.run()
        guard statements.changes == 1 else {
          slow.append(row)
          continue
        }
        let rowCells = UnsafeBufferPointer(rebasing: cells[start..<start + width])
        let hash = hashInserted(rowCells, plan, write, arena)
        clock.bind(1, statements.lastInsertRowID)
        clock.bind(2, write.info.log)
        if let entries {
          clock.bind(3, blob: entries)
        } else {
          clock.bindNull(3)
        }
        try run(clock, hash: hash)
        sum &+= hash
      }
    }
    write.stream.digest &+= sum
    write.stream.rowCount += Int64(rowCount - slow.count)
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
    _ cells: UnsafeBufferPointer<CellTable.Cell>, _ plan: BlockPlan, _ write: ChangeWrite,
    _ arena: UnsafeRawBufferPointer
  ) -> UInt128 {
    let hasher = loader.hasher
    hasher.begin(table: plan.layout.table.id, scope: write.scope)
    hasher.key(cells, width: plan.keyWidth, arena: arena)
    hasher.dot(write.info.dot)
    for step in plan.hashSteps where plan.registers & step.bit != 0 {
      if step.column >= 0 {
        hasher.value(cells[plan.keyWidth + step.position], arena: arena)
        continue
      }
      hasher.register(step.group, dotCount: 1)
      hasher.dotIndex(0)
      if step.bit == 1 { hasher.existence(2) }
    }
    return hasher.finish()
  }

  /// Updates rows where one covered dot per register is replaced; returns the others. `before` gets the
  /// before-images of a local block, row by row.
  func update(
    _ block: RowBlock, _ plan: BlockPlan, _ write: ChangeWrite, _ before: BeforeImages?
  ) throws(StoreError) -> [Int] {
    let layout = plan.layout
    note(layout.table.id)
    // An update without columns only says that its row lives.
    guard layout.plainRegisters & plan.registers == plan.registers, !plan.columns.isEmpty else {
      return Array(0..<block.rowCount)
    }
    let select = try statements(layout.selectByKey)
    let update = try statements(layout.updateRow(columns: plan.columns))
    let clockUpdate = try statements(layout.updateClock)
    let transitions = ClockTransitions(plan, write, dots, statements, before)
    var slow: [Int] = []
    let (width, rowCount, keyWidth) = (block.cells.width, block.rowCount, block.keyWidth)
    let columnCount = plan.columns.count
    try withMemory(block.cells, write) { cells, arena, scope throws(StoreError) in
      for row in 0..<rowCount {
        let start = row * width
        select.bind(1, .text, scope, copied: false)
        for column in 0..<keyWidth {
          select.bind(Int32(column + 2), cells[start + column], arena: arena)
        }
        guard try select.step(),
          let transition = try transitions.transition(
            base: select.integer(1), packed: select.bytes(2))
        else {
          select.reset()
          slow.append(row)
          continue
        }
        let localID = select.integer(0)
        let oldHash = UInt128(bigEndianBytes: select.bytes(3))
        before?.append(row, select, transition)
        let rowCells = UnsafeBufferPointer(rebasing: cells[start..<start + width])
        let hash = hashUpdated(rowCells, plan, write, transition, select, arena)
        select.reset()
        for index in 0..<columnCount {
          update.bind(Int32(index + 1), cells[start + keyWidth + index], arena: arena)
        }
        update.bind(Int32(columnCount + 1), localID)
        try update.run()
        clockUpdate.bind(1, localID)
        clockUpdate.bind(2, transition.clock.base)
        clockUpdate.bind(3, blob: transition.packed)
        try run(clockUpdate, hash: hash)
        write.stream.digest = write.stream.digest &- oldHash &+ hash
      }
    }
    return slow
  }

  private func hashUpdated(
    _ cells: UnsafeBufferPointer<CellTable.Cell>, _ plan: BlockPlan, _ write: ChangeWrite,
    _ transition: ClockTransition, _ select: Statement, _ arena: UnsafeRawBufferPointer
  ) -> UInt128 {
    let hasher = loader.hasher
    hasher.begin(table: plan.layout.table.id, scope: write.scope)
    hasher.key(cells, width: plan.keyWidth, arena: arena)
    hasher.dots(transition.dots)
    for step in plan.hashSteps where transition.registers & step.bit != 0 {
      if step.position >= 0 {
        hasher.value(cells[plan.keyWidth + step.position], arena: arena)
      } else if step.column >= 0 {
        hasher.value(select, Int32(step.column + 4))
      } else {
        hasher.register(step.group, dotCount: 1)
        hasher.dotIndex(transition.dotIndexes[step.register])
        if step.bit == 1 { hasher.existence(1) }
      }
    }
    return hasher.finish()
  }

  /// Lends the cells and the arena of a table, and the text of the scope.
  private func withMemory(
    _ table: CellTable, _ write: ChangeWrite,
    _ body: (
      UnsafeBufferPointer<CellTable.Cell>, UnsafeRawBufferPointer, UnsafeRawBufferPointer
    ) throws(StoreError) -> Void
  ) throws(StoreError) {
    var result: Result<Void, StoreError> = .success(())
    let scopeText = Array(write.scope.description.utf8)
    table.cells.withUnsafeBufferPointer { cells in
      table.bytes.withUnsafeBytes { arena in
        scopeText.withUnsafeBytes { scope in
          do throws(StoreError) {
            try body(cells, arena, scope)
          } catch {
            result = .failure(error)
          }
        }
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
    try save(state, registers, layout, write.stream, isShown: true)
    return outcome
  }

  /// Writes a row back with other registers.
  func save(
    _ state: RowState, _ registers: RowRegisters, _ layout: TableLayout?, _ stream: StreamState,
    isShown: Bool = false
  ) throws(StoreError) {
    note(state.table)
    let saved = try saver.save(state, registers, layout, stream, isShown: isShown)
    if saved.place == .dead { tombstones[state.table] = true }
    mergedRows += 1
  }
}

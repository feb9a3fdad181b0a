internal import Causality
internal import Changes
internal import Merge

extension WriteTransaction {
  // MARK: checks

  func writableLayout(
    _ table: TableID, _ scope: Scope
  ) throws(StoreError) -> TableLayout {
    let layout = try replica.layout(table)
    let own = replica.identity.replica.node.scope
    let stream = StreamID(scope: scope, channel: layout.table.channel)
    guard replica.streams.contains(stream),
      replica.tree.mayWrite(own, layout.table.writers, in: scope)
    else { throw .scopeNotWritable(table: layout.table.name, scope: scope) }
    return layout
  }

  func index(_ column: ColumnID, _ layout: TableLayout) throws(StoreError) -> Int {
    guard let index = layout.columnIndex(column) else {
      throw .unknownName("column \(column.number) of \(layout.table.name)")
    }
    return index
  }

  func check(_ layout: TableLayout, key: [Value]) throws(StoreError) {
    guard key.count == layout.table.key.count else {
      throw .invalidValue(
        table: layout.table.name, column: "key",
        problem: "\(key.count) key columns, \(layout.table.key.count) expected")
    }
    for (value, column) in zip(key, layout.table.key) where value.kind != column.kind {
      throw .invalidValue(
        table: layout.table.name, column: column.name,
        problem: "a key column of another type or NULL")
    }
  }

  func check(_ block: RowBlock, _ layout: TableLayout) throws(StoreError) {
    if let problem = block.firstUnstorableCell(layout) {
      throw .invalidValue(
        table: layout.table.name, column: problem.column,
        problem: "row \(problem.row + 1): \(problem.text)")
    }
  }

  // MARK: general form

  /// Writes one row in the general form: conflicts, restricted policies, deletes, coalescing.
  func general(
    _ kind: OperationKind, _ layout: TableLayout, _ draft: StreamDraft, _ key: RowKey,
    columns: [Int], values: [Value], form: FormSnapshot?
  ) throws(StoreError) {
    let loader = replica.writer.loader
    let scope = draft.write.scope
    var state = try loader.load(layout.table.id, layout, scope: scope, key: key)
    let isAlive = state.registers.isAlive
    if kind == .insert, isAlive { throw .duplicateKey(table: layout.table.name, key: key) }
    if kind != .insert, !isAlive { throw .noSuchRow(table: layout.table.name, key: key) }
    var (kind, columns, values) = (kind, columns, values)
    if draft.hasTouched(state) {
      let (registers, carried) = try draft.takeBack(state, layout, loader)
      let all = layout.table.columns.indices
      var final = state.shown
      for (column, value) in carried where !layout.isCounter(column) { final[column] = value }
      for (column, value) in zip(columns, values) { final[column] = value }
      try replica.writer.save(state, registers, layout, draft.write.stream)
      state = try loader.load(layout.table.id, layout, scope: scope, key: key)
      let wasAlive = state.registers.isAlive
      switch (kind, wasAlive) {
      case (.delete, false): return
      case (.delete, true): break
      case (_, false): (kind, columns) = (.insert, Array(all))
      case (.insert, true):
        // Deleted and inserted again within one transaction: what differs is an update.
        (kind, columns) = (.update, all.filter { final[$0] != state.shown[$0] })
        if columns.isEmpty { return }
      case (.update, true): columns = all.filter { columns.contains($0) || carried[$0] != nil }
      }
      values = kind == .delete ? [] : columns.map { final[$0] }
    }
    try write(kind, layout, draft, state, columns, values, form)
  }

  /// Writes an operation on a row that this transaction has not touched.
  private func write(
    _ kind: OperationKind, _ layout: TableLayout, _ draft: StreamDraft, _ state: RowState,
    _ columns: [Int], _ values: [Value], _ form: FormSnapshot?
  ) throws(StoreError) {
    draft.keepOriginal(state)
    var carried = state.shown
    for (column, value) in zip(columns, values) { carried[column] = value }
    // A group is written as a whole.
    let registers = layout.hashOrder.dropFirst().filter { register in
      layout.columnsOfRegister[register].contains { columns.contains($0) }
    }
    let all = registers.flatMap { layout.columnsOfRegister[$0] }.sorted()
    let policies = RowPolicies(layout.table)
    var notes: [RegisterNote] = []
    func write(_ group: GroupID, _ value: RegisterValue) throws(StoreError) -> RegisterWrite {
      let register = state.registers[group]
      let seen = form?.dots(group)
      if let seen, !draft.write.context.allows(over: seen) {
        throw .staleFormInvalid(table: layout.table.name, key: state.key)
      }
      func write(over: [StreamDot]?) -> RegisterWrite {
        RegisterWrite(
          kind: kind, origin: draft.write.origin, value: value, over: over,
          hadValue: kind != .insert && !register.isEmpty)
      }
      let over = register.over(of: write(over: seen), policies[group])
      if over != nil { notes.append(RegisterNote(row: 0, group: group, over: over, origin: nil)) }
      let final = write(over: over)
      if final.followsValue, policies[group] == .columns(.immutable) {
        let name = layout.columnIndex(ColumnID(group.number)).map { layout.table.columns[$0].name }
        throw .immutableGroup(table: layout.table.name, column: name ?? "\(group.number)")
      }
      return final
    }
    let existenceValue: RegisterValue = kind == .delete ? .dead : .alive(isInsert: kind == .insert)
    let existence = try write(.existence, existenceValue)
    var groups: [RowOperation.Group] = []
    for register in registers {
      let group = layout.group(register)
      var columnValues = layout.columnsOfRegister[register].map { carried[$0] }
      // An insert begins anew: it replaces the totals of all.
      if layout.policy(register) == .counter, kind != .insert {
        columnValues = [try ownTotal(state, group, shown: columnValues[0], layout)]
        carried[layout.columnsOfRegister[register][0]] = columnValues[0]
      }
      groups.append(RowOperation.Group(id: group, write: try write(group, .columns(columnValues))))
    }
    let operation = RowOperation(
      context: draft.write.context, existence: existence, groups: groups)
    let outcome = try replica.writer.apply(operation, to: state, layout, draft.write)
    guard outcome != .malformed else {
      throw .staleFormInvalid(table: layout.table.name, key: state.key)
    }
    draft.append(
      piece(kind, layout, state, all, carried, registers: Array(registers), notes))
  }

  /// The writer's running total of a counter, when it shall show `shown`.
  private func ownTotal(
    _ state: RowState, _ group: GroupID, shown: Value, _ layout: TableLayout
  ) throws(StoreError) -> Value {
    let register = state.registers[group]
    guard case .integer(let target) = shown else { return shown }
    var current: Int64 = 0
    if case .integer(let number)? = register.shownColumns(.columns(.counter))?.first {
      current = number
    }
    let own = register.dots.last {
      $0.origin.dot.replica == replica.identity.replica
    }
    var total: Int64 = 0
    if case .integer(let number)? = own?.value.columns?.first { total = number }
    let (difference, first) = target.subtractingReportingOverflow(current)
    let (result, second) = total.addingReportingOverflow(difference)
    guard !first, !second else {
      throw .invalidValue(table: layout.table.name, column: "\(group.number)", problem: "overflow")
    }
    return .integer(result)
  }

  /// The block of one row that says what was done.
  private func piece(
    _ kind: OperationKind, _ layout: TableLayout, _ state: RowState, _ columns: [Int],
    _ carried: [Value], registers: [Int], _ notes: [RegisterNote]
  ) -> RowBlock {
    var block = RowBlock(
      table: layout.table.id, kind: kind,
      columns: columns.map {
        CarriedColumn(column: layout.table.columns[$0].id, group: layout.table.columns[$0].group)
      }, keyWidth: layout.table.key.count, hasBefore: kind != .insert)
    for value in state.key.values ?? [] { block.cells.append(value) }
    for column in columns { block.cells.append(carried[column]) }
    block.notes = notes.sorted { $0.group < $1.group }
    guard block.hasBefore else { return block }
    for column in columns { block.cells.append(state.shown[column]) }
    for register in [0] + registers {
      let dots = state.registers[layout.group(register)].dots
      let list = dots.prefix(Limits.dotsPerRegister).map(\.streamDot)
      let index = block.beforeDots.firstIndex(of: list) ?? block.beforeDots.count
      if index == block.beforeDots.count { block.beforeDots.append(list) }
      block.beforeIndex.append(UInt32(index))
    }
    return block
  }
}

extension RowBlock {
  /// The rows for which before-images were collected, with them.
  func withBefore(_ before: BeforeImages) -> RowBlock {
    var block = RowBlock(
      table: table, kind: kind, columns: columns, keyWidth: keyWidth, hasBefore: true)
    block.cells = cells.joining(before.rows, with: before.cells)
    block.beforeDots = before.lists
    block.beforeIndex = before.index
    return block
  }

  /// The first cell that its column cannot hold: another type, too many bytes, or a real that SQLite would
  /// not give back (NaN, −0).
  func firstUnstorableCell(
    _ layout: TableLayout
  ) -> (row: Int, column: String, text: String)? {
    var names = layout.table.key.map(\.name)
    var rules: [CellRule?] = layout.table.key.map {
      CellRule(kind: $0.kind, isNeeded: true, longest: Limits.keyBytes)
    }
    for carried in columns {
      guard let index = layout.columnIndex(carried.column) else {
        // A column of a later version, beside columns that are known.
        names.append("column \(carried.column.number)")
        rules.append(nil)
        continue
      }
      let column = layout.table.columns[index]
      guard column.group == carried.group else {
        return rowCount > 0 ? (0, column.name, "carried in another group") : nil
      }
      let isCounter = layout.policy(layout.registerOfColumn[index]) == .counter
      names.append(column.name)
      rules.append(CellRule(kind: column.kind, isNeeded: isCounter, longest: Limits.valueBytes))
    }
    if hasBefore {
      names += names[keyWidth...]
      rules += rules[keyWidth...].map { rule in
        rule.map { CellRule(kind: $0.kind, isNeeded: false, longest: $0.longest) }
      }
    }
    let cells = self.cells.cells
    for row in 0..<rowCount {
      for (column, rule) in rules.enumerated() {
        let cell = cells[row * rules.count + column]
        if let problem = rule?.problem(of: cell) { return (row, names[column], problem) }
      }
    }
    return nil
  }

  /// What the cells of one column may be.
  private struct CellRule {
    let kind: ValueKind
    let isNeeded: Bool
    let longest: Int

    func problem(of cell: CellTable.Cell) -> String? {
      if cell.kind == .null, !isNeeded { return nil }
      if cell.kind != kind { return "\(cell.kind) where \(kind) is declared" }
      if Int(cell.length) > longest { return "\(cell.length) bytes are too many" }
      if cell.kind == .real, !RowBlock.isStorable(realBits: cell.word) {
        return "NaN and -0 cannot be stored"
      }
      return nil
    }
  }

  /// Whether a key cell is null or real.
  var hasInvalidKey: Bool {
    let (cells, width) = (self.cells.cells, self.cells.width)
    for start in stride(from: 0, to: cells.count, by: width) {
      for cell in cells[start..<start + keyWidth] where cell.kind == .null || cell.kind == .real {
        return true
      }
    }
    return false
  }

  static func isStorable(realBits: UInt64) -> Bool {
    let isNaN =
      realBits & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000
      && realBits & 0x000F_FFFF_FFFF_FFFF != 0
    return !isNaN && realBits != 1 << 63
  }
}

internal import Causality
internal import Changes

/// How the columns of a block lie in a table: known columns only.
struct BlockPlan {
  let layout: TableLayout
  /// Indexes in `layout.table.columns`, in the block's order.
  let columns: [Int]
  /// The registers written, existence among them.
  let registers: UInt64
  /// Whether an insert carries every register of its schema version.
  let isComplete: Bool
  let keyWidth: Int
  /// Registers that the writer's schema version may have and that are unknown here.
  private let laterRegisters: UInt64
  /// What a row's hash takes after key and dots: per register in the order of hashing its head, then its
  /// columns.
  let hashSteps: [HashStep]

  /// The head of a register (`column` −1), or one of its columns.
  struct HashStep {
    let group: GroupID
    let register: Int
    let bit: UInt64
    /// Index in `layout.table.columns`.
    let column: Int
    /// Place among the block's columns; −1 where it is not carried.
    let position: Int
  }

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
    var steps: [HashStep] = []
    for register in layout.hashOrder {
      for column in [-1] + layout.columnsOfRegister[register] {
        steps.append(
          HashStep(
            group: layout.group(register), register: register, bit: 1 << UInt64(register),
            column: column, position: column < 0 ? -1 : position[column]))
      }
    }
    hashSteps = steps
    keyWidth = block.keyWidth
    self.layout = layout
    self.columns = columns
    self.registers = registers
    laterRegisters = layout.laterRegisters(of: write.info.schemaVersion)
    isComplete = registers == layout.registers(at: write.info.schemaVersion)
  }

  /// What the clock of an inserted row says besides its base; nil where the base says it all.
  func insertedEntries(base: Int64) -> [UInt8]? {
    guard laterRegisters != 0 else { return nil }
    var clock = RowClock(base: base)
    clock.replace(laterRegisters, with: 0)
    return clock.packedEntries
  }

  /// Key columns and value columns.
  var insertWidth: Int { layout.table.key.count + columns.count }
}

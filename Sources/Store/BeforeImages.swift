internal import Causality
internal import Changes
internal import Merge

/// The before-images that a local update collects: values and dots of the registers it replaces, by row.
final class BeforeImages {
  private(set) var cells: CellTable
  private(set) var lists: [[StreamDot]] = []
  private(set) var index: [UInt32] = []
  /// The rows that have an entry, ascending.
  private(set) var rows: [Int] = []
  /// Per entry: whether the existence was last written by an update.
  private(set) var existenceWasUpdated: [Bool] = []
  private let columns: [Int]
  private let registers: [Int]
  private var lastLog: Int64 = -1
  private var lastIndex: UInt32 = 0
  private var indexOfList: [[StreamDot]: UInt32] = [:]

  /// For columns and registers (existence first, then in order of group id) of a layout.
  init(columns: [Int], registers: [Int]) {
    self.columns = columns
    self.registers = registers
    cells = CellTable(width: columns.count)
  }

  /// From the current row of `TableLayout.selectByKey` and its clock.
  func append(
    _ row: Int, _ select: Statement, _ clock: RowClock, _ plan: BlockPlan, _ dots: DotTable,
    _ statements: StatementCache
  ) throws(StoreError) {
    rows.append(row)
    existenceWasUpdated.append(clock.existenceIsUpdate)
    for column in columns { select.append(Int32(column + 4), to: &cells) }
    let named = clock.named
    for register in registers {
      let bit: UInt64 = 1 << UInt64(register)
      var log = clock.base
      if named & bit != 0 { log = clock.entries.first { $0.registers & bit != 0 }?.log ?? 0 }
      if log != lastLog {
        lastLog = log
        var list: [StreamDot] = []
        if log != 0 {
          let info = try dots.info(log, statements)
          if plan.layout.sinceOfRegister[register] <= info.schemaVersion { list = [info.dot] }
        }
        lastIndex = self.index(of: list)
      }
      index.append(lastIndex)
    }
  }

  private func index(of list: [StreamDot]) -> UInt32 {
    if let index = indexOfList[list] { return index }
    let index = UInt32(lists.count)
    lists.append(list)
    indexOfList[list] = index
    return index
  }
}

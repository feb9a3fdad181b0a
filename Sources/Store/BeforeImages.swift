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
  private var indexOfList: [[StreamDot]: UInt32] = [:]

  /// For columns and registers (existence first, then in order of group id) of a layout.
  init(columns: [Int], registers: [Int]) {
    self.columns = columns
    self.registers = registers
    cells = CellTable(width: columns.count)
  }

  /// From the current row of `TableLayout.selectByKey` and what the update makes of its clock.
  func append(_ row: Int, _ select: Statement, _ transition: ClockTransition) {
    rows.append(row)
    existenceWasUpdated.append(transition.existenceWasUpdated)
    for column in columns { select.append(Int32(column + 4), to: &cells) }
    index.append(contentsOf: transition.beforeIndexes)
  }

  /// Per register: the list of the dots that a clock names for it.
  func indexes(
    _ clock: RowClock, _ layout: TableLayout, _ dots: DotTable, _ statements: StatementCache
  ) throws(StoreError) -> [UInt32] {
    let named = clock.named
    var indexes: [UInt32] = []
    for register in registers {
      let bit: UInt64 = 1 << UInt64(register)
      var log = clock.base
      if named & bit != 0 { log = clock.entries.first { $0.registers & bit != 0 }?.log ?? 0 }
      var list: [StreamDot] = []
      if log != 0 {
        let info = try dots.info(log, statements)
        if layout.sinceOfRegister[register] <= info.schemaVersion { list = [info.dot] }
      }
      indexes.append(index(of: list))
    }
    return indexes
  }

  private func index(of list: [StreamDot]) -> UInt32 {
    if let index = indexOfList[list] { return index }
    let index = UInt32(lists.count)
    lists.append(list)
    indexOfList[list] = index
    return index
  }
}

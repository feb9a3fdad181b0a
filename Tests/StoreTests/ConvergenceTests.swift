import Causality
import Changes
import Store
import TestSupport
import Testing

/// Random histories over real files: whatever the order of writes and exchanges, all replicas agree.
@Suite struct ConvergenceTests {
  @Test(arguments: 1...24)
  func `random histories converge, and every file checks`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let world = try World([1, 10, 11, 12])
    for _ in 0..<60 { try step(world, &random) }
    try world.settle()
  }

  private func step(_ world: World, _ random: inout SeededGenerator) throws {
    let node = try #require(([1, 10, 11] as [UInt32]).randomElement(using: &random))
    let number = "B\(Int.random(in: 1...4, using: &random))"
    do {
      switch Int.random(in: 0..<12, using: &random) {
      case 0...2: try world.insert(node, number, [ColumnValue(Library.title, text(&random))])
      case 3: try world.delete(node, number)
      case 4...8: try world.update(node, number, values(node, &random))
      case 9:
        guard let form = try world.row(node, number)?.form else { return }
        if Bool.random(using: &random) { try world.exchange(11, 10) }
        try world.update(node, number, values(node, &random), form: form)
      case 10: try world.exchange(11, 10, maxBytes: 200)
      default: try world.exchange(10, 1, maxBytes: 200)
      }
    } catch let error as StoreError {
      switch error {
      case .noSuchRow, .duplicateKey, .immutableGroup: return
      default: throw error
      }
    }
  }

  private func text(_ random: inout SeededGenerator) -> Value {
    .text("t\(Int.random(in: 0..<100, using: &random))")
  }

  private func values(_ node: UInt32, _ random: inout SeededGenerator) -> [ColumnValue] {
    let all = [
      ColumnValue(Library.title, text(&random)),
      ColumnValue(Library.shelf, text(&random)),
      ColumnValue(Library.note, text(&random)),
      ColumnValue(Library.copies, .integer(Int64.random(in: 0..<50, using: &random))),
      ColumnValue(
        Library.state, .text(["in", "out", "lost"].randomElement(using: &random) ?? "in")),
      ColumnValue(Library.isbn, text(&random)),
      ColumnValue(
        Library.price, .real(bits: Double(Int.random(in: 0..<9, using: &random)).bitPattern)),
      ColumnValue(Library.seen, .integer(Int64.random(in: 0..<9, using: &random))),
      ColumnValue(Library.classMark, text(&random)),
    ]
    let count = Int.random(in: 1...3, using: &random)
    return Array(all.shuffled(using: &random).prefix(count)).sorted { $0.column < $1.column }
  }
}

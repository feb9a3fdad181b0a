import Changes
import Merge
import TestSupport
import Testing

@Suite("All causal orders of small histories")
struct ExhaustiveTests {
  @Test(
    "3 writers × 3 operations × 2 groups: every delivery order ends as the model says",
    arguments: 0..<6)
  func allOrders(_ part: UInt64) {
    var orders = 0
    for seed in part * 100 + 9_000..<part * 100 + 9_004 {
      var random = SeededGenerator(seed: seed)
      let all = HistoryTests.allGroups
      let first = random.below(all.count)
      let second = (first + 1 + random.below(all.count - 1)) % all.count
      var history = History(
        seed: seed, writers: 3, groups: [all[first], all[second]].sorted(),
        isAddWins: random.chance(15), isWithRefusals: false)
      history.grow(3)
      // Marks are there from the start here; their order is random in HistoryTests.
      var holder = Holder()
      for index in history.all.suspect.sorted() { holder.mark(index, history) }
      var seen: [Set<Int>: RowRegisters] = [:]
      orders += explore(seed, holder, history, &seen)
      #expect(seen[history.all.operations] != nil, "seed \(seed)")
      for (operations, registers) in seen {
        var arrived = history.all
        arrived.operations = operations
        var end = Holder()
        for index in history.all.suspect.sorted() { end.mark(index, history) }
        for index in operations.sorted() { _ = end.deliver(index, history) }
        #expect(end.registers == registers, "seed \(seed)")
        #expect(end.view(history) == history.model.view(arrived), "seed \(seed)")
      }
    }
    #expect(orders > 100, "contexts leave many orders")
  }

  /// Delivers all that is ready in every order; returns how many complete orders there are. Every set of
  /// operations must give one state, however it was reached.
  private func explore(
    _ seed: UInt64, _ holder: Holder, _ history: History,
    _ seen: inout [Set<Int>: RowRegisters]
  ) -> Int {
    let operations = holder.arrived.operations
    if let known = seen[operations] {
      if known != holder.registers {
        Issue.record("seed \(seed): \(operations.sorted()): \(holder.registers)")
      }
    } else {
      seen[operations] = holder.registers
    }
    if operations.count == history.model.operations.count { return 1 }
    var orders = 0
    for index in history.model.operations.indices where holder.isReady(index, history) {
      var next = holder
      _ = next.deliver(index, history)
      orders += explore(seed, next, history, &seen)
    }
    return orders
  }
}

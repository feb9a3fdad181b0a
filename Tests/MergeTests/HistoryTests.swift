import Causality
import Changes
import Merge
import TestSupport
import Testing

@Suite("Random histories against the model")
struct HistoryTests {
  static let allGroups = Stage.policies.keys.sorted()

  static func history(
    _ seed: UInt64, _ perWriter: Int = 4, isHonest: Bool = false, isWithRefusals: Bool = true
  ) -> History {
    var random = SeededGenerator(seed: seed ^ 0x5EED)
    var groups = allGroups
    while groups.count > 4 { groups.remove(at: random.below(groups.count)) }
    var history = History(
      seed: seed, writers: 2 + random.below(3), groups: groups,
      isAddWins: !isHonest && random.chance(20), isHonest: isHonest,
      isWithRefusals: isWithRefusals)
    history.grow(perWriter)
    return history
  }

  @Test("Every step of every causal order shows what the model shows", arguments: 0..<8)
  func everyStep(_ part: UInt64) {
    for seed in part * 1_000..<part * 1_000 + 12 {
      let history = Self.history(seed)
      var random = SeededGenerator(seed: seed)
      var holder = Holder()
      holder.deliverAll(history, &random) { holder in
        let (seen, expected) = (holder.view(history), history.model.view(holder.arrived))
        if seen != expected { Issue.record("seed \(seed): \(seen) is not \(expected)") }
      }
    }
  }

  @Test("All causal orders end in the same registers", arguments: 0..<8)
  func sameEnd(_ part: UInt64) {
    for seed in part * 1_000 + 100..<part * 1_000 + 130 {
      let history = Self.history(seed)
      var random = SeededGenerator(seed: seed)
      let expected = history.model.view(history.all)
      var first: RowRegisters?
      for _ in 0..<4 {
        var holder = Holder()
        holder.deliverAll(history, &random)
        #expect(holder.view(history) == expected, "seed \(seed)")
        #expect(holder.registers == first ?? holder.registers, "seed \(seed)")
        first = holder.registers
      }
    }
  }

  @Test("Joining holders is commutative, associative and idempotent")
  func join() {
    for seed in UInt64(50_000)..<50_040 {
      let history = Self.history(seed, isWithRefusals: false)
      var random = SeededGenerator(seed: seed)
      let holders = (0..<3).map { _ in partly(history, &random) }
      let (a, b, c) = (holders[0], holders[1], holders[2])
      func joined(_ left: Holder, _ right: Holder) -> Holder {
        var result = left
        for index in right.log { _ = result.deliver(index, history) }
        return result
      }
      #expect(joined(a, b).registers == joined(b, a).registers, "seed \(seed)")
      #expect(
        joined(joined(a, b), c).registers == joined(a, joined(b, c)).registers, "seed \(seed)")
      #expect(joined(a, a).registers == a.registers, "seed \(seed)")
    }
  }

  /// A holder of a random causally closed part of a history.
  private func partly(_ history: History, _ random: inout SeededGenerator) -> Holder {
    var holder = Holder()
    for _ in 0..<random.below(history.model.operations.count + 1) {
      let ready = history.model.operations.indices.filter { holder.isReady($0, history) }
      if !ready.isEmpty { _ = holder.deliver(random.pick(ready), history) }
    }
    return holder
  }

  @Test("A rebuilt row equals one that never took the refused operations")
  func rebuild() {
    for seed in UInt64(60_000)..<60_060 {
      let history = Self.history(seed)
      let operations = history.model.operations.indices
      var late = Holder()
      for index in operations { _ = late.deliver(index, history) }
      for index in history.all.refused.sorted() { late.refuse(index, history) }
      var early = Holder()
      for index in history.all.refused.sorted() { early.refuse(index, history) }
      for index in operations { _ = early.deliver(index, history) }
      #expect(early.registers == late.registers, "seed \(seed)")
    }
  }

  @Test("A node that knows no policy holds equal dots when writers keep to the rules")
  func olderSchema() {
    var limited = 0
    for seed in UInt64(70_000)..<70_120 {
      let history = Self.history(seed, 5, isHonest: true, isWithRefusals: false)
      var (newer, older) = (RowRegisters(), RowRegisters())
      for index in history.model.operations.indices {
        let operation = history.operation(index, marked: [])
        limited += operation.groups.count { $0.write.over?.isEmpty == true }
        _ = newer.apply(operation, history.policies)
        _ = older.apply(operation, RowPolicies(nil))
        #expect(newer == older, "seed \(seed), operation \(index)")
      }
    }
    #expect(limited > 50, "some writes were limited by their policy")
  }

  @Test("Every kind of conflict and outcome occurs in the histories")
  func coverage() {
    var kinds: [ConflictKind: Int] = [:]
    var outcomes: [MergeOutcome: Int] = [:]
    for seed in UInt64(0)..<150 {
      let history = Self.history(seed)
      var holder = Holder()
      for index in history.model.operations.indices {
        if let outcome = holder.deliver(index, history) { outcomes[outcome, default: 0] += 1 }
        for (_, conflict) in holder.registers.conflicts(history.policies) {
          kinds[conflict.kind, default: 0] += 1
        }
      }
    }
    for kind in ConflictKind.allCases { #expect(kinds[kind, default: 0] > 5, "\(kind)") }
    for outcome in [MergeOutcome.entered, .violation, .removed, .malformed] {
      #expect(outcomes[outcome, default: 0] > 5, "\(outcome)")
    }
  }
}

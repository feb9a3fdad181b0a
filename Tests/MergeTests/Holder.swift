import Causality
import Changes
import Merge
import TestSupport
import Testing

/// A replica that holds the one row of a history: it applies what arrives, in whatever causal order.
struct Holder {
  private(set) var registers = RowRegisters()
  private(set) var arrived = Model.Arrived()
  /// In the order of arrival, refused ones left out.
  private(set) var log: [Int] = []

  /// Whether an operation has not arrived and all that its writer knew has.
  func isReady(_ index: Int, _ history: History) -> Bool {
    let operation = history.model.operations[index]
    return !arrived.operations.contains(index) && operation.past.isSubset(of: arrived.operations)
  }

  /// Applies an operation unless it is known already, which is all that a duplicate does.
  mutating func deliver(_ index: Int, _ history: History) -> MergeOutcome? {
    guard arrived.operations.insert(index).inserted else { return nil }
    guard !arrived.refused.contains(index) else { return nil }
    log.append(index)
    let operation = history.operation(index, marked: arrived.suspect)
    return registers.apply(operation, history.policies)
  }

  /// Learns that an operation is refused, before or after it arrived.
  mutating func refuse(_ index: Int, _ history: History) {
    arrived.refused.insert(index)
    guard log.contains(index) else { return }
    log.removeAll { $0 == index }
    registers = RowRegisters.rebuild(
      history: log.map { history.operation($0, marked: arrived.suspect) }, history.policies)
  }

  /// Learns that the clock of an operation is suspect, before or after it arrived.
  mutating func mark(_ index: Int, _ history: History) {
    arrived.suspect.insert(index)
    _ = registers.mark(suspect: history.model.operations[index].dot)
  }

  /// What must equal the model's view of what has arrived here.
  func view(_ history: History) -> Model.View {
    var view = Model.View()
    for group in [.existence] + registers.groups.map(\.id) {
      let register = registers[group]
      if register.isEmpty { continue }
      view.standing[group] = register.dots.map { dot in
        let content: Model.Content
        switch dot.value {
        case .alive(let isInsert): content = isInsert ? .inserted : .updated
        case .dead: content = .deleted
        case .columns(let values): content = .columns(values)
        }
        return Model.View.Standing(
          dot: dot.dot, origin: dot.origin.dot, content: content, isSuspect: dot.isSuspect)
      }
      if group != .existence {
        view.shown[group] = register.shownColumns(history.policies[group])
      }
    }
    view.isAlive = registers.isAlive
    view.disputes = registers.conflicts(history.policies).map { group, conflict in
      Model.View.Dispute(
        group: group, kind: "\(conflict.kind)",
        siblings: conflict.siblings.map { $0.dots.map(\.dot) }, shownIndex: conflict.shownIndex,
        origins: conflict.origins)
    }
    return view
  }

  /// Delivers everything in a random causal order with duplicates, refusals and marks at random times;
  /// `check` sees the holder after each step.
  mutating func deliverAll(
    _ history: History, _ random: inout SeededGenerator, check: (Holder) -> Void = { _ in }
  ) {
    var refusals = history.all.refused.sorted()
    var marks = history.all.suspect.sorted()
    while arrived != history.all {
      switch random.below(8) {
      case 0 where !refusals.isEmpty:
        refuse(refusals.remove(at: random.below(refusals.count)), history)
      case 1 where !marks.isEmpty:
        mark(marks.remove(at: random.below(marks.count)), history)
      case 2 where !arrived.operations.isEmpty:
        let before = registers
        let outcome = deliver(random.pick(arrived.operations.sorted()), history)
        #expect(outcome == nil && before == registers, "a duplicate does nothing")
      default:
        let ready = history.model.operations.indices.filter { isReady($0, history) }
        if !ready.isEmpty { _ = deliver(random.pick(ready), history) }
      }
      registers.checkInvariants()
      check(self)
    }
  }
}

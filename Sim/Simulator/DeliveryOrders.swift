import Causality
import Changes
import Merge

/// Every order in which the operations of three writers on one row can be delivered.
///
/// Orders are not walked one by one. The registers after a delivery are looked up by the set of operations that were
/// delivered; a set is reached by several last deliveries, each from a smaller set. When all of them lead to equal
/// registers, for every set, then by induction over the size every order of delivery leads to them: 3 × 3 operations
/// have 1,680 orders and 64 sets. Two histories share the sets that they have in common, so that each is looked at
/// once. Nothing is left out by either.
package struct DeliveryOrders {
  /// What was looked at.
  package struct Outcome: Sendable {
    /// Histories in which every writer makes all its operations, and the orders of their delivery.
    package var histories = 0
    package var orders = 0
    /// Sets of delivered operations, each compared with the model.
    package var states = 0
    /// Operations merged: each last delivery of each set.
    package var merges = 0
    package var violation: String?
  }

  private let operations: OrderOperations
  private let name: String
  private let length: Int
  private let steps = OrderOperations.Step.allCases
  package private(set) var outcome = Outcome()

  /// Policies of the second group by name.
  package static var policies: [String] { OrderOperations.policies.map(\.name) }

  /// `length`: operations of each writer. `policy`: one of `policies`.
  package init(length: Int, policy: String) throws {
    guard let found = OrderOperations.policies.first(where: { $0.name == policy }) else {
      throw PlanError(line: 0, problem: "policy \(policy)")
    }
    operations = try OrderOperations(found.policy)
    (self.length, name) = (length, policy)
  }

  // MARK: all concurrent

  /// Every script of three writers that know their own operations only.
  package mutating func runConcurrent() {
    let words = Words(steps.count, length)
    let made = (0..<3).map { solo(writer: $0, words) }
    visit(0, nil, words, made, [])
    let scripts = (0..<3 * length).reduce(1) { product, _ in product * steps.count }
    outcome.histories += scripts
    outcome.orders += scripts * Self.interleavings(length)
  }

  /// (3n)! / (n!)³: ways to merge three sequences of a length.
  package static func interleavings(_ length: Int) -> Int {
    func choose(_ n: Int, _ k: Int) -> Int {
      (0..<k).reduce(1) { $0 * (n - $1) / ($1 + 1) }
    }
    return choose(3 * length, length) * choose(2 * length, length)
  }

  /// Words of a length over the steps, as places of a tree: the empty one is 0.
  private struct Words {
    let letters: Int
    let count: Int

    init(_ letters: Int, _ length: Int) {
      self.letters = letters
      count = (0..<length).reduce(1) { total, _ in total * letters + 1 }
    }

    func parent(_ word: Int) -> Int { (word - 1) / letters }
    func last(_ word: Int) -> Int { (word - 1) % letters }

    func length(_ word: Int) -> Int { word == 0 ? 0 : length(parent(word)) + 1 }

    /// The words that lead to one, the empty one left out.
    func path(_ word: Int) -> [Int] { word == 0 ? [] : path(parent(word)) + [word] }
  }

  /// The last operation of every word of one writer; that of the empty word stands for nothing.
  private func solo(writer: Int, _ words: Words) -> [OrderOperations.Operation] {
    var views = [RowRegisters()]
    var list: [OrderOperations.Operation] = []
    for word in 0..<words.count {
      let view = views[word == 0 ? 0 : words.parent(word)]
      var counts = [0, 0, 0]
      counts[writer] = max(0, words.length(word) - 1)
      let made = operations.operation(
        steps[word == 0 ? 0 : words.last(word)], of: writer, context: counts,
        level: max(1, words.length(word)), view: view)
      list.append(made)
      guard word > 0 else { continue }
      var registers = view
      _ = registers.apply(made.operation, operations.policies)
      views.append(registers)
    }
    return list
  }

  /// All sets with `first` of the first writer, then those with words that go on from it. `below`: the registers with
  /// one operation of it less, by words of the two others.
  private mutating func visit(
    _ first: Int, _ below: [RowRegisters]?, _ words: Words,
    _ made: [[OrderOperations.Operation]], _ written: [Oracle.Write]
  ) {
    let count = words.count
    var plane: [RowRegisters] = []
    plane.reserveCapacity(count * count)
    for second in 0..<count {
      let withSecond = written + words.path(second).map { made[1][$0].write }
      for third in 0..<count where outcome.violation == nil {
        var found: RowRegisters?
        if let below {
          take(below[second * count + third], made[0][first], &found)
        }
        if second > 0 {
          take(plane[words.parent(second) * count + third], made[1][second], &found)
        }
        if third > 0 {
          take(plane[second * count + words.parent(third)], made[2][third], &found)
        }
        let registers = found ?? RowRegisters()
        plane.append(registers)
        compare(
          registers, withSecond + words.path(third).map { made[2][$0].write },
          [first, second, third].map(words.length))
        if let problem = outcome.violation {
          outcome.violation = problem + "; words \(first), \(second), \(third)"
          return
        }
      }
    }
    guard words.length(first) < length else { return }
    for letter in 0..<words.letters where outcome.violation == nil {
      let next = first * words.letters + letter + 1
      visit(next, plane, words, made, written + [made[0][next].write])
    }
  }

  // MARK: every way of knowing each other

  /// Every `stride`-th causal history, from the first: what each writer had seen of the others when it wrote, with
  /// all scripts and all orders that respect it.
  package mutating func runCausal(stride: Int) {
    let all = CausalHistory.all(length: length)
    for place in Swift.stride(from: 0, to: all.count, by: max(1, stride))
    where outcome.violation == nil {
      let history = all[place]
      var states = [RowRegisters](repeating: RowRegisters(), count: history.setCount)
      var letters: [OrderOperations.Operation] = []
      extend(history, &letters, &states)
      if let problem = outcome.violation { outcome.violation = problem + "; history \(place)" }
      outcome.orders +=
        history.orderCount
        * (0..<3 * length).reduce(1) { product, _ in
          product * steps.count
        }
    }
  }

  /// Chooses the next operation of a history, in an order that respects it, and all sets that it completes.
  private mutating func extend(
    _ history: CausalHistory, _ made: inout [OrderOperations.Operation],
    _ states: inout [RowRegisters]
  ) {
    guard made.count < history.events.count else {
      outcome.histories += 1
      return
    }
    let event = history.events[made.count]
    for step in steps where outcome.violation == nil {
      made.append(
        operations.operation(
          step, of: event.writer, context: event.context, level: event.level,
          view: states[history.index(event.context)]))
      for set in event.sets {
        var found: RowRegisters?
        for delivery in set.last { take(states[delivery.before], made[delivery.event], &found) }
        states[set.index] = found ?? RowRegisters()
        if set.isAllSoFar { compare(states[set.index], made.map(\.write), set.counts) }
      }
      extend(history, &made, &states)
      made.removeLast()
    }
  }

  /// One way to a set: its registers must be those of the other ways.
  private mutating func take(
    _ before: RowRegisters, _ operation: OrderOperations.Operation, _ found: inout RowRegisters?
  ) {
    var registers = before
    _ = registers.apply(operation.operation, operations.policies)
    outcome.merges += 1
    if let found, found != registers, outcome.violation == nil {
      outcome.violation =
        "S10 \(name): the order of delivery decides what \(operation.write.dot) leaves"
    }
    found = registers
  }

  private mutating func compare(
    _ registers: RowRegisters, _ writes: [Oracle.Write], _ counts: [Int]
  ) {
    outcome.states += 1
    guard outcome.violation == nil,
      let problem = operations.difference(registers, writes, counts)
    else { return }
    outcome.violation = "\(problem) under \(name), the model says otherwise"
  }
}

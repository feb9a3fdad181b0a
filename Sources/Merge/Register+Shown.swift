import Causality
package import Changes

extension Register {
  /// The dot that stands for the register on screens and in the base table: a function of D alone. nil
  /// when there is none. Under `counter` it is the latest write; the value is the sum.
  ///
  /// Source: engine.md §4 (shown), Protocol/4-Merge §4. Cost: linear in the dots; under `rank` the dots
  /// times the states.
  package func shownIndex(_ policy: RegisterPolicy) -> Int? {
    if dots.count < 2 { return dots.isEmpty ? nil : 0 }
    switch policy {
    case .existence: return best { $0.value.isAlive } ?? best()
    case .columns(let policy):
      switch policy {
      case .latest, .review, .counter: return best()
      case .owner(let owner): return best { $0.origin.isOwner(owner) } ?? best()
      case .immutable: return best { !$0.followsValue } ?? best()
      case .max: return extreme { $0 < $1 }
      case .min: return extreme { $0 > $1 }
      case .rank(let order):
        guard let last = RankOrder(order).last(of: dots) else { return best() }
        return best { $0.value == last }
      }
    }
  }

  /// The columns shown; nil when no write stands here, and in the register of existence.
  package func shownColumns(_ policy: RegisterPolicy) -> [Value]? {
    if policy == .columns(.counter) { return dots.isEmpty ? nil : [.integer(total)] }
    return shownIndex(policy).flatMap { dots[$0].value.columns }
  }

  /// The sum over the replicas of the total that each wrote last, held to the range of Int64; what is no
  /// integer counts as 0.
  private var total: Int64 {
    var sum: Int128 = 0
    for (index, dot) in dots.enumerated() {
      let isShadowed = dots.indices.contains {
        $0 != index && dots[$0].origin.dot.replica == dot.origin.dot.replica
          && dots[$0].isPreferred(to: dot)
      }
      if !isShadowed, case .integer(let number) = dot.value.columns?.first { sum += Int128(number) }
    }
    return Int64(clamping: sum)
  }

  /// The preferred one among the dots of a class.
  private func best(where isCandidate: (RegisterDot) -> Bool = { _ in true }) -> Int? {
    var best: Int?
    for index in dots.indices where isCandidate(dots[index]) {
      if let best, !dots[index].isPreferred(to: dots[best]) { continue }
      best = index
    }
    return best
  }

  /// The dot with the last value of an order; NULL comes before all, equal values by preference.
  private func extreme(_ isBefore: (Value, Value) -> Bool) -> Int? {
    func value(_ index: Int) -> Value { dots[index].value.columns?.first ?? .null }
    var best = 0
    for index in dots.indices.dropFirst() {
      let (left, right) = (value(best), value(index))
      if left == right {
        if dots[index].isPreferred(to: dots[best]) { best = index }
      } else if left == .null || right != .null && isBefore(left, right) {
        best = index
      }
    }
    return best
  }
}

/// The states of a `rank` policy and what can be reached from each.
struct RankOrder {
  private let states: [RankState]

  init(_ states: [RankState]) { self.states = states }

  /// The one value among the dots that can be reached from all others and from which none of them can be
  /// reached; nil when there is none. One value alone is it.
  func last(of dots: [RegisterDot]) -> RegisterValue? {
    var values: [RegisterValue] = []
    for dot in dots where !values.contains(dot.value) { values.append(dot.value) }
    if values.count == 1 { return values[0] }
    return values.first { candidate in
      let onward = reachable(from: candidate)
      return values.allSatisfy { other in
        if other == candidate { return true }
        guard let state = candidate.columns?.first, let start = other.columns?.first else {
          return false
        }
        return !onward.contains(start) && reachable(from: other).contains(state)
      }
    }
  }

  /// All states after a value, in the order found; the value itself only if it lies on a cycle.
  private func reachable(from value: RegisterValue) -> [Value] {
    guard let start = value.columns?.first else { return [] }
    var found = next(start)
    var index = 0
    while index < found.count {
      for state in next(found[index]) where !found.contains(state) { found.append(state) }
      index += 1
    }
    return found
  }

  private func next(_ value: Value) -> [Value] {
    states.first { $0.value == value }?.next ?? []
  }
}

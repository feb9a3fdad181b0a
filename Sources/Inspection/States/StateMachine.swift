/// A state machine of the specification as data: states in order of rank, and where each may go.
///
/// Source: domain.md §2.6. Concurrent transitions merge by reachability: of two states the one that the
/// other leads to; where neither or both lead to the other a person decides, and the less final one is
/// shown meanwhile.
package struct StateMachine: Hashable, Sendable {
  /// One state.
  package struct State: Hashable, Sendable {
    package let code: String
    /// The Chinese word.
    package let title: String
    package let next: [String]

    package init(_ code: String, _ title: String, next: [String]) {
      (self.code, self.title, self.next) = (code, title, next)
    }

    package var isTerminal: Bool { next.isEmpty }
  }

  /// What two concurrent states become.
  package enum Merged: Hashable, Sendable {
    case one(String)
    /// A person decides; this one is shown meanwhile.
    case review(shown: String)
  }

  /// Its name in the specification, e.g. `TASK`.
  package let name: String
  /// In order of rank, the least final first; the first is where a row begins.
  package let states: [State]
  private let reach: [String: Set<String>]

  /// Traps when a state leads to one that is not listed: machines are constants.
  package init(_ name: String, _ states: [State]) {
    (self.name, self.states) = (name, states)
    var reach: [String: Set<String>] = [:]
    for state in states { reach[state.code] = Self.reachable(from: state, states) }
    self.reach = reach
  }

  package var initial: String { states[0].code }

  /// The state of a code; nil for one that this version does not know.
  package func state(_ code: String) -> State? { states.first { $0.code == code } }

  /// The place in the order; unknown codes come first, so that they never look final.
  package func rank(_ code: String) -> Int { states.firstIndex { $0.code == code } ?? -1 }

  /// Whether one step leads from a state to another.
  package func allows(_ from: String, _ to: String) -> Bool {
    state(from)?.next.contains(to) ?? false
  }

  /// Whether some steps, at least one, lead from a state to another.
  package func leads(_ from: String, to: String) -> Bool { reach[from]?.contains(to) ?? false }

  /// Refuses a step that the machine does not have; staying is no step. `requirement` and `row` go into
  /// the breach.
  package func check(
    from: String, to: String, _ requirement: Requirement, row: String
  ) throws(RuleBreach) {
    guard from == to || allows(from, to) else {
      throw RuleBreach(
        requirement, row: row, .illegalTransition(machine: name, from: from, to: to))
    }
  }

  /// Merges two concurrent states, in any order to the same. A terminal state that the authority wrote
  /// beats one of another writer that is not terminal.
  package func merge(
    _ left: String, leftIsAuthority: Bool = true, _ right: String, rightIsAuthority: Bool = true
  ) -> Merged {
    if left == right { return .one(left) }
    if leftIsAuthority != rightIsAuthority {
      let (own, other) = leftIsAuthority ? (left, right) : (right, left)
      if state(own)?.isTerminal == true, state(other)?.isTerminal != true { return .one(own) }
    }
    switch (leads(left, to: right), leads(right, to: left)) {
    case (true, false): return .one(right)
    case (false, true): return .one(left)
    default:
      let isLeftShown = (rank(left), left) < (rank(right), right)
      return .review(shown: isLeftShown ? left : right)
    }
  }

  private static func reachable(from start: State, _ states: [State]) -> Set<String> {
    var found: Set<String> = []
    var open = start.next
    while let code = open.popLast() {
      guard let state = states.first(where: { $0.code == code }) else {
        preconditionFailure("\(start.code) leads to \(code), which is no state")
      }
      if found.insert(code).inserted { open += state.next }
    }
    return found
  }
}

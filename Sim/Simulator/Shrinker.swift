/// Makes a failing plan smaller while the same invariant fails.
///
/// Passes: subtrees, kinds of faults, rates, faults and operations by ddmin (Zeller and Hildebrandt,
/// Simplifying and Isolating Failure-Inducing Input, 2002), values, clocks, times.
package struct Shrinker {
  /// A plan that fails, and how.
  package struct Failing: Sendable {
    package let plan: Plan
    package let violation: Verdict.Violation
  }

  package private(set) var runs = 0
  private let limit: Int
  private let run: (Plan) throws -> Verdict.Violation?
  private var seen: [String: Bool] = [:]
  private var invariant = ""
  private var best: Failing?

  /// `limit`: runs at most. `run`: runs a plan, here or in a process of its own; nil for one that is not to be kept.
  package init(
    limit: Int = 2_000,
    run: @escaping (Plan) throws -> Verdict.Violation? = { try World($0).run().violation }
  ) {
    (self.limit, self.run) = (limit, run)
  }

  /// The smallest plan found; nil when the plan does not fail. Throws what `World` throws.
  package mutating func shrink(_ plan: Plan) throws -> Failing? {
    guard let violation = try run(plan) else { return nil }
    invariant = violation.invariant
    best = Failing(plan: plan, violation: violation)
    var before = -1
    while let current = best?.plan, size(current) != before, runs < limit {
      before = size(current)
      try cutTime()
      try dropSubtrees()
      try dropKinds()
      try dropRates()
      try reduce(\.faults)
      try reduce(\.operations)
      try reduce(\.clocks)
      try reduce(\.versions)
      try dropValues()
    }
    return best
  }

  private func size(_ plan: Plan) -> Int {
    plan.nodes.count * 100 + plan.faults.count * 10 + plan.operations.count * 10
      + plan.clocks.count + plan.operations.reduce(0) { $0 + $1.values.count }
  }

  /// Keeps a candidate when the same invariant fails; returns whether it did.
  private mutating func keeps(_ candidate: Plan) throws -> Bool {
    guard runs < limit, candidate != best?.plan else { return false }
    let text = candidate.text
    if let known = seen[text] { return known }
    runs += 1
    let violation = try run(candidate)
    let fails = violation?.invariant == invariant
    seen[text] = fails
    if fails, let violation { best = Failing(plan: candidate, violation: violation) }
    return fails
  }

  private mutating func attempt(_ change: (inout Plan) -> Void) throws {
    guard var candidate = best?.plan else { return }
    change(&candidate)
    _ = try keeps(candidate)
  }

  /// Nothing after the failure matters.
  private mutating func cutTime() throws {
    guard let best else { return }
    let end = Int(clamping: best.violation.atMilliseconds)
    try attempt { plan in
      plan.operations.removeAll { $0.atMilliseconds > end }
      plan.faults.removeAll { $0.atMilliseconds > end }
    }
    try attempt { plan in
      let last = max(
        plan.operations.last?.atMilliseconds ?? 0, plan.faults.last?.atMilliseconds ?? 0)
      plan.options.chaosMilliseconds = min(plan.options.chaosMilliseconds, last + 1)
    }
    try attempt { $0.options.core = 0 }
  }

  private mutating func dropSubtrees() throws {
    for node in best?.plan.nodes.dropFirst().reversed() ?? [] {
      try attempt { plan in
        var gone = [node.division]
        for other in plan.nodes where gone.contains(other.parent) { gone.append(other.division) }
        plan.nodes.removeAll { gone.contains($0.division) }
        plan.operations.removeAll { gone.contains($0.division) || gone.contains($0.scope) }
        plan.faults.removeAll { gone.contains($0.division) }
        plan.clocks.removeAll { gone.contains($0.division) }
        plan.versions.removeAll { gone.contains($0.division) }
        plan.options.core = 0
      }
    }
  }

  private mutating func dropKinds() throws {
    for kind in Plan.Fault.Kind.allCases {
      try attempt { $0.faults.removeAll { $0.kind == kind } }
    }
    for kind in Plan.Operation.Kind.allCases {
      try attempt { $0.operations.removeAll { $0.kind == kind } }
    }
  }

  private mutating func dropRates() throws {
    let standard = Options()
    for field in Options.fields where field.name != "chaos-ms" {
      try attempt { $0.options[keyPath: field.path] = standard[keyPath: field.path] }
    }
  }

  /// ddmin: leaves out ever smaller slices of a list.
  private mutating func reduce<Element: Hashable>(
    _ path: WritableKeyPath<Plan, [Element]>
  ) throws {
    var length = max(1, (best?.plan[keyPath: path].count ?? 0) / 2)
    while length > 0, runs < limit {
      var start = 0
      while let list = best?.plan[keyPath: path], start < list.count {
        guard var candidate = best?.plan else { return }
        candidate[keyPath: path].removeSubrange(start..<min(start + length, list.count))
        if try !keeps(candidate) { start += length }
      }
      length /= 2
    }
  }

  private mutating func dropValues() throws {
    for index in best?.plan.operations.indices ?? 0..<0 {
      for value in best?.plan.operations[index].values ?? [] {
        try attempt { plan in
          let old = plan.operations[index]
          plan.operations[index] = Plan.Operation(
            atMilliseconds: old.atMilliseconds, division: old.division, kind: old.kind,
            scope: old.scope, key: old.key, slot: old.slot,
            values: old.values.filter { $0 != value })
        }
      }
    }
  }
}

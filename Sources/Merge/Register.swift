package import Causality
package import Changes

/// What came of a write to one register.
package enum MergeOutcome: Hashable, Sendable {
  /// The write stands in the register.
  case entered
  /// The write stands in the register as a violation: it followed a value of an `immutable` group.
  case violation
  /// The write removed what it saw and adds nothing (`addWins`).
  case removed
  /// The write stands there already; nothing changed.
  case duplicate
  /// `over` does not ascend or is not within the context; nothing changed.
  case malformed
}

/// The dots D of one register: the writes of one column group, or of the existence, of one row that no
/// other write covers.
///
/// Source: engine.md §4, Protocol/4-Merge §2. Ascending by dot, each dot once, so that equal registers
/// are equal values. Writes are merged in any order that respects their contexts, each once: a write that
/// the stream's knowledge contains already must not come here again.
package struct Register: Hashable, Sendable {
  /// Ascending by dot.
  package private(set) var dots: [RegisterDot]

  package init() { dots = [] }

  /// Takes dots in any order, e.g. from the replica's file; of two alike the first counts.
  package init(_ list: [RegisterDot]) {
    dots = []
    for dot in list { insert(dot) }
  }

  /// A register of one dot, as most are.
  package init(_ dot: RegisterDot) { dots = [dot] }

  package var isEmpty: Bool { dots.isEmpty }

  /// Whether two dots have different values.
  package var disagrees: Bool {
    dots.dropFirst().contains { !$0.value.isSameSibling(as: dots[0].value) }
  }

  /// Whether the row lives: one dot of the register of existence is alive.
  package var isAlive: Bool { dots.contains { $0.value.isAlive } }

  /// D' = {d ∈ D | not covered by the write} ∪ {the write}. Cost: linear in the dots.
  package mutating func merge(
    _ write: RegisterWrite, _ context: WriteContext, _ policy: RegisterPolicy
  ) -> MergeOutcome {
    if let over = write.over, !context.allows(over: over) { return .malformed }
    guard !dots.contains(where: { $0.dot == context.dot }) else { return .duplicate }
    dots.removeAll { write.covers($0, context, policy) }
    if policy == .existence(.addWins), write.value == .dead { return .removed }
    insert(
      RegisterDot(
        dot: context.dot, origin: write.origin, value: write.value,
        followsValue: write.followsValue, isSuspect: write.isSuspect))
    return write.followsValue && policy == .columns(.immutable) ? .violation : .entered
  }

  /// The register after a write, with what came of it.
  package func merging(
    _ write: RegisterWrite, _ context: WriteContext, _ policy: RegisterPolicy
  ) -> (register: Register, outcome: MergeOutcome) {
    var register = self
    let outcome = register.merge(write, context, policy)
    return (register, outcome)
  }

  /// Removes what an insert saw in a group that it does not carry, whatever the policy: the row begins a
  /// new life without it. Returns whether the register changed.
  package mutating func begin(_ context: WriteContext) -> Bool {
    let count = dots.count
    dots.removeAll { context.contains($0.dot) }
    return dots.count < count
  }

  /// Marks the write of a change set of this stream, and copies of it, as suspect. Marks only accumulate.
  /// Returns whether the register changed.
  package mutating func mark(suspect dot: Dot) -> Bool {
    var changed = false
    for index in dots.indices where !dots[index].isSuspect {
      guard dots[index].dot == dot || dots[index].origin.dot == dot else { continue }
      dots[index].isSuspect = true
      changed = true
    }
    return changed
  }

  /// The `over` that a writer must send with a write; nil where its context says the same.
  ///
  /// `write.over` is what the person saw, ascending; nil for all that stands here now. It is cut down to
  /// what the policy lets the write replace, so that a node that does not know the policy holds equal
  /// dots (Protocol/4-Merge §9). At most `Limits.dotsPerRegister` dots, which is what a change set can carry; nil
  /// too when the write would leave more than that many dots (§8).
  package func over(of write: RegisterWrite, _ policy: RegisterPolicy) -> [StreamDot]? {
    let most = Limits.dotsPerRegister
    if write.isResolution, policy == .columns(.immutable) {
      return write.over.map { Array($0.prefix(most)) }
    }
    let coverable = dots.filter { write.mayCover($0, policy) }.map(\.streamDot)
    if coverable.count == dots.count {
      guard let seen = write.over, seen != coverable else { return nil }
      // Without `over` it replaces all that it saw, which keeps the register within its bound.
      let left = coverable.count(where: { !seen.contains($0) })
      return seen.count > most || left + 1 > most ? nil : seen
    }
    var over = coverable
    if let seen = write.over { over.removeAll { !seen.contains($0) } }
    // Two dots would make a violation a resolution.
    return policy == .columns(.immutable) ? Array(over.suffix(1)) : Array(over.prefix(most))
  }

  private mutating func insert(_ dot: RegisterDot) {
    let index = dots.firstIndex { $0.dot >= dot.dot } ?? dots.count
    if index < dots.count, dots[index].dot == dot.dot { return }
    dots.insert(dot, at: index)
  }

  /// Checks that the dots ascend and that values are of one sort.
  package func checkInvariants() {
    precondition(
      zip(dots, dots.dropFirst()).allSatisfy { $0.dot < $1.dot }, "a register ascends by dot")
    precondition(
      dots.allSatisfy { ($0.value.columns == nil) == (dots[0].value.columns == nil) },
      "a register is of existence or of columns")
  }
}

package import Causality
import Changes

/// Why a person should look at a register.
package enum ConflictKind: UInt8, Hashable, Sendable, CaseIterable {
  /// Concurrent writes of a `latest` group, or of the owner of an `owner` group.
  case concurrentUpdate = 1
  /// The row was created twice with different values, neither knowing of the other.
  case duplicateCreate = 2
  /// The row was deleted while another wrote it; it lives on.
  case deleteAgainstUpdate = 3
  /// Someone who does not own the group proposes another value.
  case proposalPending = 4
  /// Concurrent writes of a `review` group.
  case review = 5
  /// States of a `rank` group of which none follows all others.
  case rankFork = 6
  /// Concurrent first writes of an `immutable` group.
  case immutableFork = 7
  /// A write that followed a value of an `immutable` group.
  case immutableViolation = 8
}

/// The dots of a register that say the same.
package struct Sibling: Hashable, Sendable {
  /// That of the earliest dot.
  package let value: RegisterValue
  /// At least one; the earliest write first.
  package let dots: [RegisterDot]
  /// Whether none of its dots may stand by itself: proposals and violations.
  package let isProposal: Bool

  /// Whether the clocks of all its writes are suspect.
  package var isSuspect: Bool { dots.allSatisfy(\.isSuspect) }
}

/// The open conflict of one register: a function of D alone, hence the same at every holder.
///
/// Source: engine.md §4 (I5), Protocol/4-Merge §7.
package struct Conflict: Hashable, Sendable {
  package let kind: ConflictKind
  /// At least two; the one with the earliest write first.
  package let siblings: [Sibling]
  /// The index of the sibling that the register shows.
  package let shownIndex: Int
  /// The origins of all dots, ascending, each once: they name the conflict.
  package let origins: [Dot]
  /// The change set of the earliest write: its before-image is the base of the comparison.
  package let earliest: Dot
}

extension Register {
  /// The conflict that is open in this register; nil when there is none. Dots with equal values are one
  /// sibling and no conflict. A duplicate create depends on the row's other registers too: see
  /// `RowRegisters.conflicts`.
  ///
  /// Cost: the dots times the siblings.
  package func conflict(_ policy: RegisterPolicy) -> Conflict? {
    guard dots.count > 1 else { return nil }
    switch policy {
    case .existence(.addWins), .columns(.counter), .columns(.max), .columns(.min): return nil
    case .existence(.standard): return existenceConflict
    case .columns(let policy):
      let siblings = groupedByValue
      guard siblings.count > 1, let kind = kind(policy, siblings) else { return nil }
      return conflict(kind, siblings, .columns(policy))
    }
  }

  private var existenceConflict: Conflict? {
    let alive = dots.filter { $0.value.isAlive }
    if alive.isEmpty { return nil }
    if alive.count < dots.count {
      return conflict(.deleteAgainstUpdate, groupedByValue, .existence(.standard))
    }
    guard alive.contains(where: { $0.value == .alive(isInsert: true) }) else { return nil }
    let siblings = grouped { $0.origin.dot == $1.origin.dot }
    return siblings.count < 2
      ? nil : conflict(.duplicateCreate, siblings, .existence(.standard))
  }

  private func kind(_ policy: Policy, _ siblings: [[RegisterDot]]) -> ConflictKind? {
    /// Whether the dots of a class disagree among themselves.
    func disagree(_ isMember: (RegisterDot) -> Bool) -> Bool {
      siblings.count { $0.contains(where: isMember) } > 1
    }
    switch policy {
    case .latest: return .concurrentUpdate
    case .review: return .review
    case .owner(let owner):
      return disagree { $0.origin.isOwner(owner) } ? .concurrentUpdate : .proposalPending
    case .immutable: return disagree { !$0.followsValue } ? .immutableFork : .immutableViolation
    case .rank(let order): return RankOrder(order).last(of: dots) == nil ? .rankFork : nil
    case .counter, .max, .min: return nil
    }
  }

  private func conflict(
    _ kind: ConflictKind, _ groups: [[RegisterDot]], _ policy: RegisterPolicy
  ) -> Conflict? {
    guard let shown = shownIndex(policy).map({ dots[$0] }),
      let index = groups.firstIndex(where: { $0.contains { $0.dot == shown.dot } })
    else { return nil }
    var origins: [Dot] = []
    for origin in dots.map(\.origin.dot).sorted() where origin != origins.last {
      origins.append(origin)
    }
    let siblings = groups.map { group in
      Sibling(
        value: group[0].value, dots: group,
        isProposal: group.allSatisfy { $0.isProposal(policy) })
    }
    return Conflict(
      kind: kind, siblings: siblings, shownIndex: index, origins: origins,
      earliest: groups[0][0].dot)
  }

  private var groupedByValue: [[RegisterDot]] {
    grouped { $0.value.isSameSibling(as: $1.value) }
  }

  /// The dots in classes; earliest first, within the classes and by their first dots.
  private func grouped(_ isSame: (RegisterDot, RegisterDot) -> Bool) -> [[RegisterDot]] {
    var groups: [[RegisterDot]] = []
    for dot in dots.sorted(by: { $0.isEarlier(than: $1) }) {
      if let index = groups.firstIndex(where: { isSame($0[0], dot) }) {
        groups[index].append(dot)
      } else {
        groups.append([dot])
      }
    }
    return groups
  }
}

extension RegisterDot {
  /// Whether this does not stand while another class of writes does.
  fileprivate func isProposal(_ policy: RegisterPolicy) -> Bool {
    switch policy {
    case .columns(.owner(let owner)): !origin.isOwner(owner)
    case .columns(.immutable): followsValue
    default: false
    }
  }
}

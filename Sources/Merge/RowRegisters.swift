package import Causality
package import Changes

/// One operation on one row with all that merging needs of its change set.
package struct RowOperation: Hashable, Sendable {
  /// One column group that the operation carries.
  package struct Group: Hashable, Sendable {
    package let id: GroupID
    package let write: RegisterWrite
    package init(id: GroupID, write: RegisterWrite) { (self.id, self.write) = (id, write) }
  }

  package let context: WriteContext
  /// The write to the register of existence; its kind is that of the operation.
  package let existence: RegisterWrite
  /// Ascending by id; empty for a delete.
  package let groups: [Group]

  package init(context: WriteContext, existence: RegisterWrite, groups: [Group] = []) {
    precondition(
      zip(groups, groups.dropFirst()).allSatisfy { $0.id < $1.id }, "groups ascend, each once")
    (self.context, self.existence, self.groups) = (context, existence, groups)
  }

  /// Whether an `over` of it does not ascend or is not within the context: then the whole operation is
  /// known and without effect, at every node alike.
  package var isMalformed: Bool {
    if let over = existence.over, !context.allows(over: over) { return true }
    return groups.contains { group in
      group.write.over.map { !context.allows(over: $0) } ?? false
    }
  }
}

/// All registers of one row.
///
/// Source: engine.md §4, Protocol/4-Merge §3.
package struct RowRegisters: Hashable, Sendable {
  /// The register of one column group.
  package struct Group: Hashable, Sendable {
    package let id: GroupID
    package internal(set) var register: Register
    package init(id: GroupID, register: Register) { (self.id, self.register) = (id, register) }
  }

  package private(set) var existence: Register
  /// Ascending by id; no register of these is empty.
  package private(set) var groups: [Group]

  package init() { (existence, groups) = (Register(), []) }

  /// Takes groups in any order, each once.
  package init(existence: Register, groups: [Group]) {
    self.existence = existence
    let isReady = groups.indices.allSatisfy { index in
      !groups[index].register.isEmpty && (index == 0 || groups[index - 1].id < groups[index].id)
    }
    self.groups =
      isReady ? groups : groups.filter { !$0.register.isEmpty }.sorted { $0.id < $1.id }
  }

  /// Whether the row lives.
  package var isAlive: Bool { existence.isAlive }

  /// The register of a group or, for `.existence`, of the row.
  package subscript(group: GroupID) -> Register {
    if group == .existence { return existence }
    for index in groups.indices where groups[index].id == group { return groups[index].register }
    return Register()
  }

  /// The register of a group, when groups are asked for in ascending order: `cursor` begins at 0.
  package func register(of group: GroupID, from cursor: inout Int) -> Register {
    while cursor < groups.count, groups[cursor].id < group { cursor += 1 }
    guard cursor < groups.count, groups[cursor].id == group else { return Register() }
    return groups[cursor].register
  }

  /// Merges an operation that is not refused into all registers that it touches. Operations come in an
  /// order that respects their contexts, each once. Returns what came of it: `.violation` when a group
  /// took it as one, with `violations(of:_:)` to ask which.
  ///
  /// Cost: linear in the dots of the row's registers.
  package mutating func apply(_ operation: RowOperation, _ policies: RowPolicies) -> MergeOutcome {
    if operation.isMalformed { return .malformed }
    var outcome = existence.merge(
      operation.existence, operation.context, policies[.existence])
    if outcome == .duplicate { return .duplicate }
    for group in operation.groups {
      let index = groups.firstIndex { $0.id >= group.id } ?? groups.count
      if index == groups.count || groups[index].id != group.id {
        groups.insert(Group(id: group.id, register: Register()), at: index)
      }
      let merged = groups[index].register.merge(
        group.write, operation.context, policies[group.id])
      if merged == .violation { outcome = .violation }
    }
    if operation.existence.kind == .insert {
      for index in groups.indices
      where !operation.groups.contains(where: { $0.id == groups[index].id }) {
        _ = groups[index].register.begin(operation.context)
      }
      groups.removeAll { $0.register.isEmpty }
    }
    return outcome
  }

  /// The `immutable` groups in which the write of a change set stands as a violation, ascending.
  package func violations(of dot: Dot, _ policies: RowPolicies) -> [GroupID] {
    groups.filter { group in
      policies[group.id] == .columns(.immutable)
        && group.register.dots.contains { $0.dot == dot && $0.followsValue }
    }.map(\.id)
  }

  /// Marks the writes of a change set, and copies of them, as suspect. Returns whether anything changed.
  package mutating func mark(suspect dot: Dot) -> Bool {
    var changed = existence.mark(suspect: dot)
    for index in groups.indices {
      changed = groups[index].register.mark(suspect: dot) || changed
    }
    return changed
  }

  /// The registers of a row from the operations on it that are not refused, in an order that respects
  /// their contexts. This is how the row of a change set is rebuilt that was refused after it was
  /// applied: a refused write enters no register and covers nothing.
  ///
  /// `start` is what stands before the history, where older log is no longer held. Cost: linear in the
  /// history times the dots of the row's registers.
  package static func rebuild(
    from start: RowRegisters = RowRegisters(), history: some Sequence<RowOperation>,
    _ policies: RowPolicies
  ) -> RowRegisters {
    var registers = start
    for operation in history { _ = registers.apply(operation, policies) }
    return registers
  }

  /// The conflicts that are open on the row, existence first, then ascending by group; none on a row that
  /// does not live.
  ///
  /// Who created a row twice alike created one row: a duplicate create is filed only while dots of some
  /// group have different values. Source: Protocol/4-Merge §3.
  package func conflicts(_ policies: RowPolicies) -> [(group: GroupID, conflict: Conflict)] {
    guard isAlive else { return [] }
    var open: [(group: GroupID, conflict: Conflict)] = []
    if let conflict = existence.conflict(policies[.existence]),
      conflict.kind != .duplicateCreate || groups.contains(where: \.register.disagrees)
    {
      open.append((.existence, conflict))
    }
    for group in groups {
      if let conflict = group.register.conflict(policies[group.id]) {
        open.append((group.id, conflict))
      }
    }
    return open
  }

  /// Checks the order of the groups and every register.
  package func checkInvariants() {
    precondition(
      zip(groups, groups.dropFirst()).allSatisfy { $0.id < $1.id }, "groups ascend, each once")
    existence.checkInvariants()
    for group in groups {
      precondition(!group.register.isEmpty, "an empty register is not kept")
      group.register.checkInvariants()
    }
  }
}

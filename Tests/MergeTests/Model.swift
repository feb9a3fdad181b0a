import Causality
import Changes

/// The specification of Protocol/4-Merge over a set of operations with explicit happens-before, by sorting
/// and folding; it shares no code with module Merge. Cost: quadratic, on purpose without cleverness.
struct Model {
  enum Content: Hashable {
    case inserted
    case updated
    case deleted
    case columns([Value])

    var isAlive: Bool { self == .inserted || self == .updated }
  }

  struct Write {
    let content: Content
    let over: [StreamDot]?
    let originDot: Dot
    let timestamp: HybridTimestamp
    let tier: Tier
    let hadValue: Bool
  }

  struct Operation {
    let dot: Dot
    /// Indices of all operations that its writer knew.
    let past: Set<Int>
    let kind: OperationKind
    /// By group; the existence among them.
    let writes: [GroupID: Write]
  }

  /// What of a history has arrived somewhere.
  struct Arrived: Hashable {
    var operations: Set<Int> = []
    var refused: Set<Int> = []
    var suspect: Set<Int> = []
  }

  /// What must be seen there.
  struct View: Equatable {
    struct Standing: Equatable {
      let dot: Dot
      let origin: Dot
      let content: Content
      let isSuspect: Bool
    }
    struct Dispute: Equatable {
      let group: GroupID
      let kind: String
      let siblings: [[Dot]]
      let shownIndex: Int
      let origins: [Dot]
    }
    var isAlive = false
    var standing: [GroupID: [Standing]] = [:]
    var shown: [GroupID: [Value]] = [:]
    var disputes: [Dispute] = []
  }

  let policies: [GroupID: Policy]
  let isAddWins: Bool
  var operations: [Operation] = []

  func isMalformed(_ operation: Operation) -> Bool {
    let known = operation.past.map { name(operations[$0].dot) }
    return operation.writes.values.contains { write in
      guard let over = write.over else { return false }
      return !Set(over).isSubset(of: known) || over.sorted() != over || Set(over).count < over.count
    }
  }

  /// The operations that stand in a register: those that enter it and that no other one covers.
  func standing(_ arrived: Arrived, _ group: GroupID) -> [Int] {
    let effective = arrived.operations.subtracting(arrived.refused).filter {
      !isMalformed(operations[$0])
    }
    return effective.filter { index in
      guard let write = operations[index].writes[group] else { return false }
      if isAddWins, group == .existence, write.content == .deleted { return false }
      return !effective.contains { $0 != index && covers($0, index, write, group) }
    }.sorted { operations[$0].dot < operations[$1].dot }
  }

  private func covers(_ upper: Int, _ lower: Int, _ old: Write, _ group: GroupID) -> Bool {
    let operation = operations[upper]
    let wasKnown = operation.past.contains(lower)
    guard let new = operation.writes[group] else { return operation.kind == .insert && wasKnown }
    let wasSeen = new.over.map { $0.contains(name(operations[lower].dot)) } ?? wasKnown
    guard wasSeen else { return false }
    switch policies[group] {
    case .owner(let owner): return isOwner(new, owner) || !isOwner(old, owner)
    case .counter:
      return operation.kind == .insert || new.originDot.replica == old.originDot.replica
    case .immutable:
      if operation.kind == .insert || isDecision(new) { return true }
      return new.hadValue && isLate(operations[lower], old)
    default: return true
    }
  }

  func isOwner(_ write: Write, _ owner: Owner) -> Bool {
    switch owner {
    case .tier(let tier): write.tier == tier
    case .scope: write.originDot.replica.node.division == write.originDot.stream.scope.code
    }
  }

  private func isDecision(_ write: Write) -> Bool { (write.over ?? []).count > 1 }

  private func isLate(_ operation: Operation, _ write: Write) -> Bool {
    write.hadValue && operation.kind != .insert && !isDecision(write)
  }

  func name(_ dot: Dot) -> StreamDot { StreamDot(replica: dot.replica, number: dot.number) }

  /// Everything that must be seen where `arrived` has arrived.
  func view(_ arrived: Arrived) -> View {
    var view = View()
    for group in policies.keys.sorted() + [.existence] {
      let dots = standing(arrived, group)
      guard !dots.isEmpty else { continue }
      let writes = dots.map { index -> Entry in
        let operation = operations[index]
        guard let write = operation.writes[group] else { preconditionFailure("it stands here") }
        let isSuspect = arrived.suspect.contains {
          $0 == index || operations[$0].dot == write.originDot
        }
        return Entry(
          operation: operation, write: write, isSuspect: isSuspect,
          isLate: isLate(operation, write))
      }
      view.standing[group] = writes.map {
        View.Standing(
          dot: $0.operation.dot, origin: $0.write.originDot, content: $0.write.content,
          isSuspect: $0.isSuspect)
      }
      if group == .existence {
        view.isAlive = writes.contains { $0.write.content.isAlive }
      } else {
        view.shown[group] = shown(writes, group)
      }
      if let dispute = dispute(writes, group) { view.disputes.append(dispute) }
    }
    view.disputes.sort { $0.group < $1.group }
    // Rows created twice alike are one row.
    let differs = policies.keys.contains { group in
      Set(standing(arrived, group).compactMap { operations[$0].writes[group]?.content }).count > 1
    }
    if !differs { view.disputes.removeAll { $0.kind == "duplicateCreate" } }
    if !view.isAlive { view.disputes = [] }
    return view
  }
}

extension Model {
  /// A write that stands in a register.
  struct Entry {
    let operation: Operation
    let write: Write
    let isSuspect: Bool
    let isLate: Bool

    /// Later in the order of preference is larger.
    var rank: [UInt64] { [isSuspect ? 0 : 1] + age }

    var age: [UInt64] {
      let (origin, dot) = (write.originDot, operation.dot)
      return [
        write.timestamp.packed, UInt64(origin.replica.node.division),
        UInt64(origin.replica.node.terminal), UInt64(origin.replica.epoch),
        UInt64(origin.stream.packed), origin.number, dot.replica.packed, dot.number,
      ]
    }

    var values: [Value] {
      guard case .columns(let values) = write.content else { return [] }
      return values
    }
  }

  private func preferred(_ entries: [Entry]) -> Entry? {
    entries.max { $0.rank.lexicographicallyPrecedes($1.rank) }
  }

  private func shownEntry(_ entries: [Entry], _ group: GroupID) -> Entry? {
    var candidates = entries
    if group == .existence { candidates = entries.filter { $0.write.content.isAlive } }
    switch policies[group] {
    case .owner(let owner): candidates = entries.filter { isOwner($0.write, owner) }
    case .immutable: candidates = entries.filter { !$0.isLate }
    case .max, .min:
      let values = Set(entries.map { $0.values[0] }).subtracting([.null]).sorted()
      let end = policies[group] == .max ? values.last : values.first
      candidates = entries.filter { $0.values[0] == end ?? .null }
    case .rank(let order):
      if let last = last(entries, order) { candidates = entries.filter { $0.values == [last] } }
    default: break
    }
    return preferred(candidates.isEmpty ? entries : candidates)
  }

  private func shown(_ entries: [Entry], _ group: GroupID) -> [Value]? {
    guard policies[group] == .counter else { return shownEntry(entries, group)?.values }
    var sum: Int64 = 0
    for replica in Set(entries.map(\.write.originDot.replica)) {
      let own = entries.filter { $0.write.originDot.replica == replica }
      if case .integer(let number) = preferred(own)?.values[0] { sum += number }
    }
    return [.integer(sum)]
  }

  /// By the transitive closure of the order (Warshall).
  private func last(_ entries: [Entry], _ order: [RankState]) -> Value? {
    let present = Set(entries.map { $0.values[0] })
    if present.count == 1 { return present.first }
    var reach: Set<[Value]> = []
    for state in order { for next in state.next { reach.insert([state.value, next]) } }
    let all = Set(reach.flatMap { $0 })
    for middle in all {
      for from in all where reach.contains([from, middle]) {
        for to in all where reach.contains([middle, to]) { reach.insert([from, to]) }
      }
    }
    let ends = present.filter { end in
      present.allSatisfy {
        $0 == end || reach.contains([$0, end]) && !reach.contains([end, $0])
      }
    }
    return ends.first
  }

  private func dispute(_ entries: [Entry], _ group: GroupID) -> View.Dispute? {
    let byAge = entries.sorted { $0.age.lexicographicallyPrecedes($1.age) }
    var kind = ""
    var key: (Entry) -> [AnyHashable] = { $0.values }
    if group == .existence {
      let isAlive = Set(entries.map { $0.write.content.isAlive })
      let origins = Set(entries.map(\.write.originDot))
      if isAddWins || !isAlive.contains(true) { return nil }
      if isAlive.count == 2 {
        kind = "deleteAgainstUpdate"
        key = { [$0.write.content.isAlive] }
      } else {
        let hasInsert = entries.contains { $0.write.content == .inserted }
        guard hasInsert, origins.count > 1 else { return nil }
        kind = "duplicateCreate"
        key = { [$0.write.originDot] }
      }
    } else {
      switch policies[group] {
      case .counter, .max, .min: return nil
      case .review: kind = "review"
      case .owner(let owner):
        let owned = Set(entries.filter { isOwner($0.write, owner) }.map(\.values))
        kind = owned.count > 1 ? "concurrentUpdate" : "proposalPending"
      case .immutable:
        let first = Set(entries.filter { !$0.isLate }.map(\.values))
        kind = first.count > 1 ? "immutableFork" : "immutableViolation"
      case .rank(let order):
        if last(entries, order) != nil { return nil }
        kind = "rankFork"
      default: kind = "concurrentUpdate"
      }
    }
    let keys = byAge.map(key).reduce(into: [[AnyHashable]]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    guard keys.count > 1, let shown = shownEntry(entries, group),
      let index = keys.firstIndex(of: key(shown))
    else { return nil }
    return View.Dispute(
      group: group, kind: kind,
      siblings: keys.map { one in byAge.filter { key($0) == one }.map(\.operation.dot) },
      shownIndex: index, origins: Set(entries.map(\.write.originDot)).sorted())
  }
}

import Causality
import Changes

/// What a replica must show, by an independent and naive reading of engine.md §3–§5: all change sets with
/// explicit happens-before; per register sort and fold over those that are known. It shares no code with
/// module Merge and no state with the store. Cost: quadratic in the writes of a row.
struct StoreModel {
  struct Row: Hashable, Comparable {
    let table: TableID
    let scope: Scope
    let key: [Value]

    static func < (left: Row, right: Row) -> Bool {
      (left.table, left.scope) != (right.table, right.scope)
        ? (left.table, left.scope) < (right.table, right.scope)
        : left.key.lexicographicallyPrecedes(right.key)
    }
  }

  /// What one change set wrote into one register. Existence: 0 dead, 1 by an update, 2 by an insert.
  struct Write: Hashable {
    let values: [Value]
    /// The change sets that the person saw there; nil for all that the writer knew.
    var over: Set<Int>?
    let hadValue: Bool
  }

  struct Operation: Hashable {
    let kind: OperationKind
    /// By register; existence is among them.
    let writes: [GroupID: Write]
  }

  struct ChangeSet {
    let dot: Dot
    let time: HybridTimestamp
    /// The change sets of the stream that its writer knew.
    let past: Set<Int>
    let rows: [Row: Operation]
    let refuses: Set<Int>
    let suspects: Set<Int>
  }

  /// An open conflict, with all that every holder must derive alike.
  struct Dispute: Hashable {
    let row: Row
    let group: GroupID
    let kind: String
    /// Change sets per side, the earliest first.
    let sides: [[Dot]]
    let shown: Int
    let id: String
  }

  /// What is shown of one row; nil values when it does not live.
  struct View: Equatable {
    var values: [Value]?
    var disputes: [Dispute] = []
    /// Per register the change sets that stand.
    var standing: [GroupID: [Dot]] = [:]
  }

  /// One write that stands.
  struct Entry {
    let index: Int
    let dot: Dot
    let write: Write
    let isSuspect: Bool
    let isOwned: Bool
    let isLate: Bool
    let time: HybridTimestamp

    var age: [UInt64] {
      [
        time.packed, UInt64(dot.replica.node.division), UInt64(dot.replica.node.terminal),
        UInt64(dot.replica.epoch), UInt64(dot.stream.packed), dot.number,
      ]
    }
    var rank: [UInt64] { [isSuspect ? 0 : 1] + age }
  }

  let schema: Schema
  let tree: ScopeTree
  private(set) var changeSets: [ChangeSet] = []
  private(set) var index: [Dot: Int] = [:]
  private var history: [Row: [Int]] = [:]
  /// The change sets that refuse or mark others.
  private var judgements: [Int] = []

  private struct Case: Hashable {
    let row: Row
    let known: [Int]
    let judged: [Int]
  }
  private final class Memory { var views: [Case: View] = [:] }
  private let memory = Memory()

  init(schema: Schema, tree: ScopeTree) { (self.schema, self.tree) = (schema, tree) }

  var rows: [Row] { history.keys.sorted() }

  mutating func add(_ changeSet: ChangeSet) -> Int {
    let number = changeSets.count
    changeSets.append(changeSet)
    index[changeSet.dot] = number
    if !changeSet.refuses.isEmpty || !changeSet.suspects.isEmpty { judgements.append(number) }
    for row in changeSet.rows.keys { history[row, default: []].append(number) }
    return number
  }

  func table(_ row: Row) -> TableDeclaration {
    guard let table = schema.table(row.table) else { preconditionFailure("a declared table") }
    return table
  }

  // MARK: what stands

  func standing(_ row: Row, _ group: GroupID, _ known: Set<Int>) -> [Entry] {
    let refused = marked(known, \.refuses)
    let all = (history[row] ?? []).filter { known.contains($0) && !refused.contains($0) }
    if all.isEmpty { return [] }
    let suspect = marked(known, \.suspects)
    let policy = table(row).policy(of: group)
    let isSet = group == .existence && table(row).existence == .addWins
    return all.filter { index in
      guard let write = changeSets[index].rows[row]?.writes[group] else { return false }
      if isSet, write.values == [.integer(0)] { return false }
      return !all.contains { $0 != index && covers($0, index, row, group, policy) }
    }.compactMap { entry($0, row, group, policy, isSuspect: suspect.contains($0)) }
      .sorted { $0.age.lexicographicallyPrecedes($1.age) }
  }

  private func marked(_ known: Set<Int>, _ marks: KeyPath<ChangeSet, Set<Int>>) -> Set<Int> {
    judgements.filter(known.contains).reduce(into: []) {
      $0.formUnion(changeSets[$1][keyPath: marks])
    }
  }

  private func entry(
    _ index: Int, _ row: Row, _ group: GroupID, _ policy: Policy?, isSuspect: Bool
  ) -> Entry? {
    let changeSet = changeSets[index]
    guard let operation = changeSet.rows[row], let write = operation.writes[group] else {
      return nil
    }
    return Entry(
      index: index, dot: changeSet.dot, write: write, isSuspect: isSuspect,
      isOwned: owns(changeSet.dot, policy), isLate: isLate(operation, write),
      time: changeSet.time)
  }

  /// Whether change set `upper` replaces what `lower` wrote into a register.
  private func covers(
    _ upper: Int, _ lower: Int, _ row: Row, _ group: GroupID, _ policy: Policy?
  ) -> Bool {
    let past = changeSets[upper].past
    guard let operation = changeSets[upper].rows[row],
      let old = changeSets[lower].rows[row], let oldWrite = old.writes[group]
    else { return false }
    guard let write = operation.writes[group] else {
      return operation.kind == .insert && past.contains(lower)
    }
    guard (write.over ?? past).contains(lower) else { return false }
    let isInsert = operation.kind == .insert
    switch policy {
    case .owner?: return owns(changeSets[upper].dot, policy) || !owns(changeSets[lower].dot, policy)
    case .counter?:
      return isInsert || changeSets[upper].dot.replica == changeSets[lower].dot.replica
    case .immutable?:
      return isInsert || (write.over?.count ?? 0) > 1
        || write.hadValue && isLate(old, oldWrite)
    default: return true
    }
  }

  func owns(_ dot: Dot, _ policy: Policy?) -> Bool {
    guard case .owner(let owner)? = policy else { return false }
    switch owner {
    case .tier(let tier): return tree.tier(of: dot.replica.node.scope) == tier
    case .scope: return dot.replica.node.scope == dot.stream.scope
    }
  }

  func isLate(_ operation: Operation, _ write: Write) -> Bool {
    write.hadValue && operation.kind != .insert && (write.over?.count ?? 0) < 2
  }

  // MARK: what is shown

  func view(_ row: Row, _ known: Set<Int>) -> View {
    // The same change sets of the row and the same judgements show the same: computed once.
    let case1 = Case(
      row: row, known: (history[row] ?? []).filter(known.contains),
      judged: judgements.filter(known.contains))
    if let view = memory.views[case1] { return view }
    let view = computedView(row, known)
    memory.views[case1] = view
    return view
  }

  private func computedView(_ row: Row, _ known: Set<Int>) -> View {
    var view = View()
    let table = table(row)
    var values: [ColumnID: Value] = [:]
    var differs = false
    let existence = standing(row, .existence, known)
    let isAlive = existence.contains { $0.write.values != [.integer(0)] }
    for group in table.groups {
      let entries = standing(row, group.id, known)
      view.standing[group.id] = entries.map(\.dot).sorted()
      differs = differs || Set(entries.map(\.write.values)).count > 1
      let shown = shown(entries, group.policy)
      let columns = table.columns.filter { $0.group == group.id }
      for (position, column) in columns.enumerated() { values[column.id] = shown?[position] }
      let kind = kind(entries, group.policy)
      view.disputes += dispute(row, group.id, kind, entries, group.policy) { $0.write.values }
    }
    view.standing[.existence] = existence.map(\.dot).sorted()
    view.disputes += existenceDispute(row, existence, table, differs)
    guard isAlive else {
      view.disputes = []
      return view
    }
    view.values = table.columns.map { values[$0.id] ?? .null }
    return view
  }

  func preferred(_ entries: [Entry]) -> Entry? {
    entries.max { $0.rank.lexicographicallyPrecedes($1.rank) }
  }

  func shown(_ entries: [Entry], _ policy: Policy) -> [Value]? {
    guard policy == .counter else { return best(entries, policy)?.write.values }
    let totals = Set(entries.map(\.dot.replica)).map { replica -> Int64 in
      let last = preferred(entries.filter { $0.dot.replica == replica })
      guard case .integer(let number)? = last?.write.values[0] else { return 0 }
      return number
    }
    return [.integer(totals.reduce(0, +))]
  }

  func best(_ entries: [Entry], _ policy: Policy) -> Entry? {
    var class1: [Entry] = []
    switch policy {
    case .owner: class1 = entries.filter(\.isOwned)
    case .immutable: class1 = entries.filter { !$0.isLate }
    case .max, .min:
      let values = entries.map { $0.write.values[0] }.filter { $0 != .null }.sorted()
      let end = policy == .max ? values.last : values.first
      class1 = entries.filter { $0.write.values[0] == end }
    case .rank(let order):
      if let last = last(entries, order) {
        class1 = entries.filter { $0.write.values[0] == last }
      }
    default: break
    }
    return preferred(class1.isEmpty ? entries : class1)
  }

  /// The state that all others lead to and that leads to none of them.
  func last(_ entries: [Entry], _ order: [RankState]) -> Value? {
    let present = Set(entries.map { $0.write.values[0] })
    if present.count == 1 { return present.first }
    func leads(_ from: Value, _ to: Value, _ steps: Int) -> Bool {
      steps > 0
        && (order.first { $0.value == from }?.next ?? []).contains {
          $0 == to || leads($0, to, steps - 1)
        }
    }
    return present.first { end in
      present.allSatisfy {
        $0 == end || leads($0, end, order.count) && !leads(end, $0, order.count)
      }
    }
  }
}

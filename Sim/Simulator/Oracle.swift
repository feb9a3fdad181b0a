import Causality
import Changes

/// What must be true, written as a specification: a set of writes with explicit happens-before, and the
/// registers as a declaration over that set. It shares no merge code with the engine.
///
/// Source: engine.md §4: a dot stands in a register when it was written there and no write that is applied
/// covers it.
struct Oracle {
  /// One row operation of one change set.
  struct Write {
    let dot: Dot
    /// What its writer knew of the stream: happens-before.
    let context: VersionVector
    let timestamp: HybridTimestamp
    let tier: Int
    let kind: OperationKind
    /// Values by group, in order of column.
    let values: [GroupID: [Value]]
    let over: [GroupID: [StreamDot]]
    /// Groups in which the writer replaced something.
    let hadValue: Set<GroupID>
  }

  /// A row by name.
  struct Row: Hashable {
    let table: TableID
    let scope: Scope
    let key: RowKey
  }

  /// A change set as its writer made it.
  struct Change {
    let rows: [Row]
    let context: VersionVector
    let parts: [Dot]
    let timestamp: HybridTimestamp
  }

  /// A mark that a control operation sets.
  struct Mark {
    let by: Dot
    let target: Dot
    let isRefusal: Bool
  }

  private let schema: Schema
  private(set) var changes: [Dot: Change] = [:]
  private(set) var writes: [Row: [Write]] = [:]
  private(set) var marks: [Mark] = []
  /// Rows of each scope, in the order of their first write.
  private(set) var rows: [Scope: [Row]] = [:]

  init(_ schema: Schema) { self.schema = schema }

  /// The stream that a row belongs to.
  func stream(of row: Row) -> StreamID {
    StreamID(scope: row.scope, channel: schema.table(row.table)?.channel ?? .both)
  }

  /// All columns of a table, ascending by id.
  func columns(of table: TableID) -> [ColumnDeclaration] { schema.table(table)?.columns ?? [] }

  /// Whether a program of that schema version knows a group of a table; the table itself for its existence.
  func isKnown(_ group: GroupID, of table: TableID, at version: UInt32) -> Bool {
    columns(of: table).contains {
      $0.since <= version && (group == .existence || $0.group == group)
    } || columns(of: table).isEmpty
  }

  /// Whether a node of a division may write a row.
  func mayWrite(_ writer: Scope, _ row: Row, _ tree: ScopeTree) -> Bool {
    schema.table(row.table).map { tree.mayWrite(writer, $0.writers, in: row.scope) } ?? true
  }

  /// Takes back a change set that is gone for good.
  mutating func remove(_ dot: Dot) {
    changes[dot] = nil
    marks.removeAll { $0.by == dot }
    for row in writes.keys { writes[row]?.removeAll { $0.dot == dot } }
  }

  mutating func add(
    _ dot: Dot, _ change: Change, _ list: [(Row, Write)], marks more: [Mark]
  ) {
    changes[dot] = change
    marks += more
    for (row, write) in list {
      if writes[row] == nil { rows[row.scope, default: []].append(row) }
      writes[row, default: []].append(write)
    }
  }

  /// A row as a holder of `known` must have it.
  struct State: Equatable {
    var isAlive = false
    /// Standing dots by group, existence among them; each ascending.
    var dots: [GroupID: [StreamDot]] = [:]
    /// Shown values of the columns in order of id; empty when the row does not live.
    var shown: [Value] = []
    /// Group and number of open conflicts' origins.
    var conflicts: [GroupID] = []
  }

  func state(of row: Row, known: VersionVector) -> State {
    state(of: row, known: known, among: writes[row] ?? [])
  }

  func state(of row: Row, known: VersionVector, among writes: [Write]) -> State {
    guard let table = schema.table(row.table) else { return State() }
    let visible = writes.filter {
      known.contains($0.dot.replica, $0.dot.number) && !isMarked($0.dot, known, refused: true)
    }
    var state = State()
    let existence = standing(visible, .existence, table)
    state.isAlive = existence.contains { $0.kind != .delete }
    state.dots[.existence] = names(existence)
    var values: [GroupID: [Value]] = [:]
    var isDisputed = false
    for group in table.groups {
      let dots = standing(visible, group.id, table)
      isDisputed = isDisputed || Set(dots.map { $0.values[group.id] ?? [] }).count > 1
      state.dots[group.id] = dots.isEmpty ? nil : names(dots)
      let suspects = Set(dots.map(\.dot).filter { isMarked($0, known, refused: false) })
      values[group.id] = shown(dots, group, suspects)
      if state.isAlive, isOpen(dots, group) { state.conflicts.append(group.id) }
    }
    guard state.isAlive else { return state }
    if table.existence == .standard, isOpen(existence: existence, isDisputed: isDisputed) {
      state.conflicts.insert(.existence, at: 0)
    }
    for column in table.columns {
      let place = table.columns.filter { $0.group == column.group }
        .firstIndex { $0.id == column.id }
      let isCounter = table.policy(of: column.group) == .counter
      let group = values[column.group] ?? []
      state.shown.append(
        place.flatMap { $0 < group.count ? group[$0] : nil } ?? (isCounter ? .integer(0) : .null))
    }
    return state
  }

  private func isMarked(_ dot: Dot, _ known: VersionVector, refused: Bool) -> Bool {
    marks.contains {
      $0.target == dot && $0.isRefusal == refused
        && known.contains($0.by.replica, $0.by.number)
    }
  }

  private func names(_ list: [Write]) -> [StreamDot] {
    list.map { StreamDot(replica: $0.dot.replica, number: $0.dot.number) }.sorted()
  }

  /// Whether the policy of a group lets one write replace another of the same row.
  func mayReplace(_ write: Dot, _ other: StreamDot, _ row: Row, _ group: GroupID) -> Bool {
    let list = writes[row] ?? []
    guard let new = list.first(where: { $0.dot == write }),
      let old = list.first(where: {
        $0.dot.replica == other.replica && $0.dot.number == other.number
      }), group != .existence, let policy = schema.table(row.table)?.policy(of: group)
    else { return true }
    if case .owner(let owner) = policy { return isOwner(new, owner) || !isOwner(old, owner) }
    return true
  }

  // MARK: which writes stand

  /// { d written here | no visible write covers d }.
  private func standing(
    _ visible: [Write], _ group: GroupID, _ table: TableDeclaration
  ) -> [Write] {
    visible.filter { candidate in
      guard group == .existence || candidate.values[group] != nil else { return false }
      if group == .existence, table.existence == .addWins, candidate.kind == .delete {
        return false
      }
      return !visible.contains { $0.dot != candidate.dot && covers($0, candidate, group, table) }
    }
  }

  private func covers(
    _ write: Write, _ other: Write, _ group: GroupID, _ table: TableDeclaration
  ) -> Bool {
    let known =
      write.context.contains(other.dot.replica, other.dot.number)
      || write.dot.replica == other.dot.replica && other.dot.number < write.dot.number
    guard group == .existence || write.values[group] != nil else {
      // A new life begins without what it does not carry.
      return write.kind == .insert && known
    }
    let seen = write.over[group].map { list in
      list.contains { $0.replica == other.dot.replica && $0.number == other.dot.number }
    }
    guard seen ?? known else { return false }
    guard group != .existence, let policy = table.policy(of: group) else { return true }
    switch policy {
    case .latest, .review, .max, .min, .rank: return true
    case .owner(let owner): return isOwner(write, owner) || !isOwner(other, owner)
    case .counter: return write.kind == .insert || write.dot.replica == other.dot.replica
    case .immutable:
      return write.kind == .insert || decides(write, group)
        || follows(write, group) && follows(other, group)
    }
  }

  private func isOwner(_ write: Write, _ owner: Owner) -> Bool {
    switch owner {
    case .tier(let tier): Int(tier.depth) == write.tier
    case .scope: write.dot.replica.node.scope == write.dot.stream.scope
    }
  }

  private func decides(_ write: Write, _ group: GroupID) -> Bool {
    (write.over[group]?.count ?? 0) > 1
  }

  private func follows(_ write: Write, _ group: GroupID) -> Bool {
    write.kind != .insert && write.hadValue.contains(group) && !decides(write, group)
  }

  // MARK: what is shown, and what people must decide

  private func latest(_ list: [Write], _ suspects: Set<Dot>) -> Write? {
    list.max { left, right in
      let (a, b) = (suspects.contains(left.dot), suspects.contains(right.dot))
      if a != b { return a }
      return (left.timestamp, left.dot) < (right.timestamp, right.dot)
    }
  }

  private func shown(
    _ dots: [Write], _ group: GroupDeclaration, _ suspects: Set<Dot>
  ) -> [Value]? {
    func values(_ list: [Write]) -> [Value]? { latest(list, suspects)?.values[group.id] }
    func number(_ write: Write) -> Value { write.values[group.id]?.first ?? .null }
    switch group.policy {
    case .latest, .review: return values(dots)
    case .owner(let owner): return values(dots.filter { isOwner($0, owner) }) ?? values(dots)
    case .immutable: return values(dots.filter { !follows($0, group.id) }) ?? values(dots)
    case .counter:
      var total: Int64 = 0
      for write in dots {
        let own = dots.filter { $0.dot.replica == write.dot.replica }
        if latest(own, suspects)?.dot == write.dot, case .integer(let part) = number(write) {
          total += part
        }
      }
      return dots.isEmpty ? nil : [.integer(total)]
    case .max, .min:
      let some = dots.filter { number($0) != .null }
      let best = some.map(number).max { group.policy == .max ? $0 < $1 : $1 < $0 }
      return best.map { [$0] } ?? values(dots)
    case .rank(let states):
      let distinct = Set(dots.map(number))
      let last = distinct.filter { candidate in
        distinct.allSatisfy {
          $0 == candidate
            || reaches($0, candidate, states) && !reaches(candidate, $0, states)
        }
      }
      return last.count == 1 ? last.map { [$0] }.first : values(dots)
    }
  }

  private func reaches(_ start: Value, _ end: Value, _ states: [RankState]) -> Bool {
    var (found, index) = ([start], 0)
    while index < found.count {
      for next in states.first(where: { $0.value == found[index] })?.next ?? []
      where !found.contains(next) { found.append(next) }
      index += 1
    }
    return found.dropFirst().contains(end)
  }

  private func isOpen(_ dots: [Write], _ group: GroupDeclaration) -> Bool {
    let distinct = Set(dots.map { $0.values[group.id] ?? [] })
    guard distinct.count > 1 else { return false }
    switch group.policy {
    case .latest, .review, .owner, .immutable: return true
    case .counter, .max, .min: return false
    case .rank(let states):
      return !distinct.contains { candidate in
        distinct.allSatisfy {
          $0 == candidate
            || reaches($0[0], candidate[0], states) && !reaches(candidate[0], $0[0], states)
        }
      }
    }
  }

  /// `isDisputed`: some group of the row holds differing values; rows created twice alike are one row.
  private func isOpen(existence dots: [Write], isDisputed: Bool) -> Bool {
    let alive = dots.filter { $0.kind != .delete }
    if alive.count < dots.count { return !alive.isEmpty }
    return isDisputed && alive.count > 1 && alive.contains { $0.kind == .insert }
  }
}

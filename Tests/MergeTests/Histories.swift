import Causality
import Changes
import Merge
import TestSupport

/// Places and policies of the histories: one row of one table, a group per policy.
enum Stage {
  static let scope = scope(530_102)
  static let stream = StreamID(scope: scope)
  static let latest = GroupID(1)
  static let ownedByTier = GroupID(2)
  static let ownedByScope = GroupID(3)
  static let review = GroupID(4)
  static let counter = GroupID(5)
  static let max = GroupID(6)
  static let min = GroupID(7)
  static let rank = GroupID(8)
  static let immutable = GroupID(9)

  /// 0 → 1 → 2, 1 → 3 ⇄ 4; 5 is no state.
  static let order = [
    RankState(.integer(0), next: [.integer(1)]),
    RankState(.integer(1), next: [.integer(2), .integer(3)]),
    RankState(.integer(3), next: [.integer(4)]),
    RankState(.integer(4), next: [.integer(3)]),
  ]

  static let policies: [GroupID: Policy] = [
    latest: .latest, ownedByTier: .owner(.tier(Tier(depth: 0))), ownedByScope: .owner(.scope),
    review: .review, counter: .counter, max: .max, min: .min, rank: .rank(order),
    immutable: .immutable,
  ]

  /// Two terminals of the county, the prefecture and the province.
  static let writers = [
    replica(530_102), replica(530_000), replica(530_102, terminal: 1), replica(530_100),
  ]

  static func tier(_ replica: ReplicaID) -> Tier {
    let division = replica.node.division
    return Tier(depth: division % 10_000 == 0 ? 0 : division % 100 == 0 ? 1 : 2)
  }

  static func scope(_ code: UInt32) -> Scope {
    guard let scope = Scope(code: code) else { preconditionFailure("a scope has six digits") }
    return scope
  }

  static func replica(
    _ division: UInt32, terminal: UInt16 = 0, epoch: UInt32 = 1
  ) -> ReplicaID {
    guard let node = NodeCode(division: division, terminal: terminal),
      let replica = ReplicaID(node: node, epoch: epoch)
    else { preconditionFailure("a replica has a division and an epoch") }
    return replica
  }

  static func table(_ groups: [GroupID], isAddWins: Bool) -> RowPolicies {
    let columns = groups.map { group in
      ColumnDeclaration(
        id: ColumnID(group.number), name: "c\(group.number)", kind: .integer, group: group)
    }
    let declarations = groups.map { group in
      GroupDeclaration(id: group, policy: policies[group] ?? .latest)
    }
    return RowPolicies(
      TableDeclaration(
        id: TableID(1_000), name: "row", existence: isAddWins ? .addWins : .standard,
        scopeColumn: "scope", key: [KeyColumn(name: "id", kind: .integer)], columns: columns,
        groups: declarations))
  }
}

/// A random history of one row: what each writer did, knowing what.
struct History {
  /// Writers keep to the rules: inserts of dead rows only, true before-images, `over` as the policies ask.
  var isHonest = false
  var isWithRefusals = true
  let groups: [GroupID]
  let policies: RowPolicies
  var model: Model
  /// Arrives at the end everywhere.
  var all = Model.Arrived()
  private var known: [Set<Int>]
  private var numbers: [UInt64]
  private var random: SeededGenerator

  init(
    seed: UInt64, writers: Int, groups: [GroupID], isAddWins: Bool, isHonest: Bool = false,
    isWithRefusals: Bool = true
  ) {
    random = SeededGenerator(seed: seed)
    self.isHonest = isHonest
    self.isWithRefusals = isWithRefusals
    self.groups = groups
    policies = Stage.table(groups, isAddWins: isAddWins)
    model = Model(
      policies: Stage.policies.filter { groups.contains($0.key) }, isAddWins: isAddWins)
    known = Array(repeating: [], count: writers)
    numbers = Array(repeating: 0, count: writers)
  }

  /// Grows until each writer has done that many operations.
  mutating func grow(_ perWriter: Int) {
    while let writer = next(perWriter) {
      if random.chance(45) { synchronise(writer) }
      write(writer)
      numbers[writer] += 1
    }
  }

  private mutating func next(_ perWriter: Int) -> Int? {
    let ready = numbers.indices.filter { numbers[$0] < UInt64(perWriter) }
    return ready.isEmpty ? nil : random.pick(ready)
  }

  /// Learns what another writer knows, or the first part of it.
  private mutating func synchronise(_ writer: Int) {
    let other = random.below(known.count)
    let count = known[other].count
    let part = random.chance(70) ? count : random.below(count + 1)
    known[writer].formUnion(known[other].sorted().prefix(part))
  }

  private mutating func write(_ writer: Int) {
    var arrived = Model.Arrived(operations: known[writer])
    if isWithRefusals { arrived.refused = all.refused.filter { _ in random.chance(50) } }
    let isAlive = !model.standing(arrived, .existence).filter {
      model.operations[$0].writes[.existence]?.content.isAlive == true
    }.isEmpty
    var kind: OperationKind = isAlive ? (random.chance(15) ? .delete : .update) : .insert
    if !isHonest, random.chance(8) { kind = random.pick(OperationKind.allCases) }
    let replica = Stage.writers[writer]
    let dot = Dot(stream: Stage.stream, replica: replica, number: numbers[writer] + 1)
    var touched: [GroupID] = []
    if kind == .insert { touched = groups.filter { _ in random.chance(90) } }
    if kind == .update { touched = groups.filter { _ in random.chance(50) } }
    var writes: [GroupID: Model.Write] = [:]
    for group in [.existence] + touched {
      writes[group] = registerWrite(group, kind, dot, arrived)
    }
    let index = model.operations.count
    model.operations.append(
      Model.Operation(dot: dot, past: known[writer], kind: kind, writes: writes))
    known[writer].insert(index)
    all.operations.insert(index)
    if isWithRefusals, random.chance(10) { all.refused.insert(index) }
    if random.chance(15) { all.suspect.insert(index) }
  }

  private mutating func registerWrite(
    _ group: GroupID, _ kind: OperationKind, _ dot: Dot, _ arrived: Model.Arrived
  ) -> Model.Write {
    let standing = model.standing(arrived, group)
    var content: Model.Content
    switch kind {
    case _ where group != .existence: content = .columns([value(group)])
    case .insert: content = .inserted
    case .update: content = .updated
    case .delete: content = .deleted
    }
    var (origin, tier) = (dot, Stage.tier(dot.replica))
    // Few distinct times, so that many are equal.
    var time = UInt64(random.below(4))
    if random.chance(8) {
      // A copy of one of two writes of another scope: equal origins have equal content.
      let which = random.below(2)
      let writer = Stage.writers[which + 1]
      let other = StreamID(scope: Stage.scope(530_103))
      origin = Dot(stream: other, replica: writer, number: UInt64(which + 7))
      (tier, time) = (Stage.tier(writer), 2)
      if group != .existence { content = .columns([.integer(Int64(which))]) }
    } else if random.chance(5), let last = model.operations.indices.last,
      let old = model.operations[random.below(last + 1)].writes[group]
    {
      // A copy of a write of this scope, as after a restore.
      (origin, tier, time) = (old.originDot, old.tier, old.timestamp.milliseconds)
      if group != .existence { content = old.content }
    }
    let hadValue =
      isHonest || random.chance(90) ? kind != .insert && !standing.isEmpty : random.chance(50)
    let seen = over(group, standing, arrived, dot)
    let write = Model.Write(
      content: content, over: seen, originDot: origin,
      timestamp: HybridTimestamp(milliseconds: time), tier: tier, hadValue: hadValue)
    guard isHonest else { return write }
    return Model.Write(
      content: content, over: honestOver(write, group, kind, arrived), originDot: origin,
      timestamp: write.timestamp, tier: tier, hadValue: hadValue)
  }

  private mutating func value(_ group: GroupID) -> Value {
    if random.chance(6) { return .null }
    return .integer(Int64(random.below(group == Stage.rank ? 6 : 4)))
  }

  /// What the person who wrote had on the screen; nil for all that stands.
  private mutating func over(
    _ group: GroupID, _ standing: [Int], _ arrived: Model.Arrived, _ dot: Dot
  ) -> [StreamDot]? {
    func names(_ indices: [Int]) -> [StreamDot] {
      indices.map { model.name(model.operations[$0].dot) }.sorted()
    }
    switch random.below(isHonest ? 17 : 20) {
    case 0..<10: return nil
    case 10..<13: return names(standing)
    case 13..<15:  // A stale form.
      let past = arrived.operations.sorted().prefix(random.below(arrived.operations.count + 1))
      return names(model.standing(Model.Arrived(operations: Set(past)), group))
    case 15: return names(standing.filter { _ in random.chance(50) })
    case 16: return []
    case 17: return names(arrived.operations.filter { _ in random.chance(30) })
    case 18 where random.chance(50): return [model.name(dot)]
    case 18:
      let beyond = StreamDot(replica: random.pick(Stage.writers), number: dot.number + 3)
      return (names(standing) + [beyond]).sorted()
    default: return names(standing).reversed()
    }
  }

  /// What a writer of that state must send (Protocol/4-Merge §9).
  private func honestOver(
    _ write: Model.Write, _ group: GroupID, _ kind: OperationKind, _ arrived: Model.Arrived
  ) -> [StreamDot]? {
    var register = RowRegisters()
    for index in arrived.operations.sorted() {
      _ = register.apply(operation(index, marked: []), policies)
    }
    return register[group].over(of: registerWrite(write, kind, isSuspect: false), policies[group])
  }

  private func registerWrite(
    _ write: Model.Write, _ kind: OperationKind, isSuspect: Bool
  ) -> RegisterWrite {
    let value: RegisterValue
    switch write.content {
    case .inserted: value = .alive(isInsert: true)
    case .updated: value = .alive(isInsert: false)
    case .deleted: value = .dead
    case .columns(let values): value = .columns(values)
    }
    return RegisterWrite(
      kind: kind,
      origin: WriteOrigin(dot: write.originDot, timestamp: write.timestamp, tier: write.tier),
      value: value, over: write.over, hadValue: write.hadValue, isSuspect: isSuspect)
  }

  /// One operation as the engine gets it where the marked ones are known to be suspect.
  func operation(_ index: Int, marked: Set<Int>) -> RowOperation {
    let operation = model.operations[index]
    var vector = VersionVector()
    for dot in operation.past.map({ model.operations[$0].dot }) {
      vector[dot.replica] = Swift.max(vector[dot.replica], dot.number)
    }
    let suspect = Set(marked.map { model.operations[$0].dot })
    func converted(_ write: Model.Write) -> RegisterWrite {
      registerWrite(
        write, operation.kind,
        isSuspect: suspect.contains(operation.dot) || suspect.contains(write.originDot))
    }
    guard let existence = operation.writes[.existence] else {
      preconditionFailure("every operation is on a row")
    }
    let groups = operation.writes.filter { $0.key != .existence }.sorted { $0.key < $1.key }
    return RowOperation(
      context: WriteContext(dot: operation.dot, known: vector), existence: converted(existence),
      groups: groups.map { RowOperation.Group(id: $0.key, write: converted($0.value)) })
  }
}

import Causality
import Changes
import Merge
import Testing

@Suite("Existence")
struct ExistenceTests {
  private let county = Bench.county
  private let province = Bench.province
  private let c1 = Bench.name(Bench.county, 1)
  private let p1 = Bench.name(Bench.province, 1)

  private let inserted = RegisterValue.alive(isInsert: true)
  private let updated = RegisterValue.alive(isInsert: false)

  @Test("A row lives from its insert to a delete that saw it")
  func life() {
    var bench = Bench(.standard)
    #expect(!bench.register.isAlive)
    bench.put(county, 1, inserted, kind: .insert)
    #expect(bench.register.isAlive)
    bench.put(province, 1, .dead, knows: [c1], kind: .delete)
    #expect(!bench.register.isAlive)
    #expect(bench.dots == [Bench.dot(province, 1)])
    bench.put(county, 2, inserted, knows: [p1], kind: .insert)
    #expect(bench.register.isAlive)
    #expect(bench.conflict == nil)
  }

  @Test("Delete against update keeps the row, with a conflict, in both orders")
  func deleteAgainstUpdate() {
    for isDeleteFirst in [true, false] {
      var bench = Bench(.standard)
      bench.put(county, 1, inserted, kind: .insert)
      if isDeleteFirst { bench.put(province, 1, .dead, at: 2, knows: [c1], kind: .delete) }
      bench.put(county, 2, updated, at: 1)
      if !isDeleteFirst { bench.put(province, 1, .dead, at: 2, knows: [c1], kind: .delete) }
      #expect(bench.register.isAlive)
      #expect(bench.conflict?.kind == .deleteAgainstUpdate)
      #expect(bench.conflict?.siblings.map(\.value) == [updated, .dead])
      #expect(bench.conflict?.shownIndex == 0)
      bench.put(province, 2, .dead, knows: [Bench.name(county, 2)], kind: .delete)
      #expect(!bench.register.isAlive)
      #expect(bench.conflict == nil)
    }
  }

  @Test("A delete with over keeps what its form had not seen")
  func staleDelete() {
    var bench = Bench(.standard)
    bench.put(county, 1, inserted, kind: .insert)
    bench.put(county, 2, updated)
    bench.put(
      province, 1, .dead, knows: [Bench.name(county, 2)], kind: .delete, over: [c1])
    #expect(bench.register.isAlive)
    #expect(bench.conflict?.kind == .deleteAgainstUpdate)
  }

  @Test("Two deletes are none")
  func twoDeletes() {
    var bench = Bench(.standard)
    bench.put(county, 1, inserted, kind: .insert)
    bench.put(county, 2, .dead, kind: .delete)
    bench.put(province, 1, .dead, knows: [c1], kind: .delete)
    #expect(bench.dots.count == 2)
    #expect(!bench.register.isAlive)
    #expect(bench.conflict == nil)
  }

  @Test("Two updates are none, two inserts are a duplicate create, also after an update of one")
  func duplicateCreate() {
    var bench = Bench(.standard)
    bench.put(county, 1, inserted, at: 1, kind: .insert)
    bench.put(province, 1, inserted, at: 2, kind: .insert)
    #expect(bench.conflict?.kind == .duplicateCreate)
    #expect(bench.conflict?.siblings.count == 2)
    #expect(bench.conflict?.shownIndex == 1)
    bench.put(county, 2, updated, at: 3)
    #expect(bench.conflict?.kind == .duplicateCreate, "that writer has not seen the other row")
    bench.put(province, 2, updated, knows: [Bench.name(county, 2)])
    #expect(bench.conflict == nil)
    bench.put(county, 3, updated)
    #expect(bench.dots.count == 2)
    #expect(bench.conflict == nil)
  }

  @Test("addWins: a removal covers what it saw and adds no dot; an add it did not see wins")
  func addWins() {
    var bench = Bench(.addWins)
    bench.put(county, 1, inserted, kind: .insert)
    #expect(bench.put(province, 1, .dead, knows: [c1], kind: .delete) == .removed)
    #expect(bench.register.isEmpty)
    bench.put(county, 2, inserted, kind: .insert)
    bench.put(province, 2, .dead, kind: .delete)
    bench.put(province, 3, inserted, kind: .insert)
    #expect(bench.register.isAlive)
    #expect(bench.dots.count == 2)
    #expect(bench.conflict == nil)
  }

  /// An operation on a row with groups 1 and 2.
  private func operation(
    _ replica: ReplicaID, _ number: UInt64, _ kind: OperationKind, _ values: [UInt32: Int64],
    knows: [StreamDot] = []
  ) -> RowOperation {
    let existence: RegisterValue =
      kind == .delete ? .dead : .alive(isInsert: kind == .insert)
    return RowOperation(
      context: Bench.context(replica, number, knows: knows),
      existence: Bench.write(replica, number, existence, kind: kind),
      groups: values.sorted { $0.key < $1.key }.map { group, value in
        RowOperation.Group(
          id: GroupID(group), write: Bench.write(replica, number, .number(value), kind: kind))
      })
  }

  @Test("A delete keeps the values of all groups; a re-insert covers also those it does not carry")
  func reinsert() {
    let policies = RowPolicies(nil)
    var row = RowRegisters()
    _ = row.apply(operation(county, 1, .insert, [1: 1, 2: 2]), policies)
    _ = row.apply(operation(province, 1, .delete, [:], knows: [c1]), policies)
    #expect(!row.isAlive)
    #expect(row[GroupID(2)].shownColumns(.columns(.latest)) == .number(2))
    // Concurrent with all of the above but the insert.
    let update = operation(Bench.prefecture, 1, .update, [2: 7], knows: [c1])
    let again = operation(county, 2, .insert, [1: 3], knows: [p1])
    var other = row
    for operation in [update, again] { _ = row.apply(operation, policies) }
    for operation in [again, update] { _ = other.apply(operation, policies) }
    #expect(row == other)
    #expect(row[GroupID(1)].shownColumns(.columns(.latest)) == .number(3))
    #expect(row[GroupID(2)].dots.map(\.dot) == [Bench.dot(Bench.prefecture, 1)])
    let knows = [Bench.name(Bench.prefecture, 1), Bench.name(county, 2)]
    _ = row.apply(operation(province, 2, .delete, [:], knows: knows), policies)
    _ = row.apply(operation(province, 3, .insert, [1: 4], knows: knows), policies)
    #expect(row.groups.map(\.id) == [GroupID(1)])
    row.checkInvariants()
  }

  @Test("Insert against insert merges per group and files the duplicate create")
  func insertAgainstInsert() {
    let policies = RowPolicies(nil)
    var row = RowRegisters()
    _ = row.apply(operation(county, 1, .insert, [1: 1, 2: 2]), policies)
    _ = row.apply(operation(province, 1, .insert, [1: 1, 2: 3]), policies)
    let open = row.conflicts(policies)
    #expect(open.map(\.group) == [.existence, GroupID(2)])
    #expect(open.map(\.conflict.kind) == [.duplicateCreate, .concurrentUpdate])
    let delete = operation(county, 2, .delete, [:], knows: [p1])
    _ = row.apply(delete, policies)
    #expect(row.conflicts(policies).isEmpty, "a row that does not live has no open conflicts")
    #expect(row[GroupID(2)].dots.count == 2)
  }

  @Test("Rows that were created twice alike are no conflict, until one of them differs")
  func equalInserts() {
    let policies = RowPolicies(nil)
    let inserts = [
      operation(county, 1, .insert, [1: 1, 2: 2]), operation(province, 1, .insert, [1: 1, 2: 2]),
    ]
    // Neither writer has seen the other row.
    let late = operation(county, 2, .update, [2: 5])
    let decision = operation(
      Bench.prefecture, 1, .update, [2: 2], knows: [Bench.name(county, 2), p1])
    for order in [inserts, inserts.reversed()] {
      var row = RowRegisters.rebuild(history: order, policies)
      #expect(row.isAlive && row.existence.dots.count == 2)
      #expect(row.conflicts(policies).isEmpty)
      _ = row.apply(late, policies)
      #expect(
        row.conflicts(policies).map(\.conflict.kind) == [.duplicateCreate, .concurrentUpdate])
      _ = row.apply(decision, policies)
      #expect(row.conflicts(policies).isEmpty)
    }
  }

  @Test("A group that only one of two inserts carries makes no duplicate create")
  func olderInsert() {
    let policies = RowPolicies(nil)
    var row = RowRegisters()
    _ = row.apply(operation(county, 1, .insert, [1: 1]), policies)
    _ = row.apply(operation(province, 1, .insert, [1: 1, 2: 2]), policies)
    #expect(row.conflicts(policies).isEmpty)
  }

  @Test("Values that their policy merges by itself still tell two creations apart")
  func differentMaxima() {
    let policies = Stage.table([Stage.max], isAddWins: false)
    var row = RowRegisters()
    _ = row.apply(operation(county, 1, .insert, [Stage.max.number: 1]), policies)
    _ = row.apply(operation(province, 1, .insert, [Stage.max.number: 2]), policies)
    #expect(row.conflicts(policies).map(\.conflict.kind) == [.duplicateCreate])
  }

  @Test("The groups in which a write is a violation can be asked for")
  func violations() {
    let policies = Stage.table([Stage.latest, Stage.immutable], isAddWins: false)
    var row = RowRegisters()
    for (replica, hadValue) in [(county, false), (province, true)] {
      let groups = [Stage.latest, Stage.immutable].map { group in
        RowOperation.Group(
          id: group, write: Bench.write(replica, 1, .number(1), hadValue: hadValue))
      }
      let outcome = row.apply(
        RowOperation(
          context: Bench.context(replica, 1, knows: hadValue ? [c1] : []),
          existence: Bench.write(replica, 1, updated), groups: groups), policies)
      #expect(outcome == (hadValue ? .violation : .entered))
    }
    #expect(row.violations(of: Bench.dot(province, 1), policies) == [Stage.immutable])
    #expect(row.violations(of: Bench.dot(county, 1), policies) == [])
    let changed = row.mark(suspect: Bench.dot(province, 1))
    #expect(changed)
    #expect(row[Stage.latest].dots.map(\.isSuspect) == [true])
  }
}

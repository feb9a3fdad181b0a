import Causality
import Changes
import Merge
import Testing

@Suite("Cover rule")
struct CoverRuleTests {
  private let county = Bench.county
  private let province = Bench.province

  @Test("A write covers the dots of its context and no others")
  func context() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    bench.put(county, 2, .number(2), knows: [])
    #expect(bench.dots == [Bench.dot(county, 2)], "the own entry of a context is number − 1")
    bench.put(province, 1, .number(3), knows: [Bench.name(county, 1)])
    #expect(bench.dots == [Bench.dot(province, 1), Bench.dot(county, 2)])
    bench.put(province, 2, .number(4), knows: [Bench.name(county, 2)])
    #expect(bench.dots == [Bench.dot(province, 2)])
  }

  @Test("The writer's own entry of the carried vector is not looked at")
  func ownEntry() {
    let context = Bench.context(county, 3, knows: [Bench.name(county, 9)])
    #expect(context.contains(county, 2))
    #expect(!context.contains(county, 3))
    #expect(!context.contains(province, 1))
  }

  @Test("A write that carries over covers those dots only")
  func over() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    bench.put(province, 1, .number(2))
    let knows = [Bench.name(county, 1)]
    bench.put(province, 2, .number(3), knows: knows, over: [Bench.name(province, 1)])
    #expect(bench.dots == [Bench.dot(province, 2), Bench.dot(county, 1)])
    bench.put(province, 3, .number(4), knows: knows, over: [])
    #expect(bench.dots.count == 3)
    bench.put(province, 4, .number(5), knows: knows)
    #expect(bench.dots == [Bench.dot(province, 4)])
  }

  @Test("A stale form makes the change that landed in between visible")
  func staleForm() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    let seen = bench.register.dots.map(\.streamDot)
    bench.put(province, 1, .number(2), at: 1, knows: [Bench.name(county, 1)])
    // The clerk saves what was opened before the province's value arrived at the county.
    bench.put(county, 2, .number(3), at: 2, knows: [Bench.name(province, 1)], over: seen)
    #expect(bench.shown == .number(3))
    #expect(bench.conflict?.kind == .concurrentUpdate)
    #expect(bench.conflict?.siblings.map(\.value) == [.number(2), .number(3)])
  }

  @Test(
    "over outside the context, of the own change set, unsorted or doubled has no effect",
    arguments: [
      [Bench.name(Bench.province, 2)], [Bench.name(Bench.county, 2)],
      [Bench.name(Bench.county, 1), Bench.name(Bench.province, 1)],
      [Bench.name(Bench.county, 1), Bench.name(Bench.county, 1)],
    ])
  func malformed(over: [StreamDot]) {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    let before = bench.register
    let outcome = bench.put(
      county, 2, .number(2), knows: [Bench.name(province, 1)], over: over)
    #expect(outcome == .malformed)
    #expect(bench.register == before)
  }

  @Test("A malformed over in one group leaves the whole row as it was")
  func malformedOperation() {
    let groups = [UInt32(1), 2].map { group in
      let over = group == 2 ? [Bench.name(province, 9)] : nil
      return RowOperation.Group(
        id: GroupID(group), write: Bench.write(county, 1, .number(1), over: over))
    }
    let operation = RowOperation(
      context: Bench.context(county, 1),
      existence: Bench.write(county, 1, .alive(isInsert: true), kind: .insert), groups: groups)
    var row = RowRegisters()
    #expect(operation.isMalformed)
    #expect(row.apply(operation, RowPolicies(nil)) == .malformed)
    #expect(row == RowRegisters())
  }

  @Test("A dot that stands already is not merged again")
  func duplicate() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    #expect(bench.put(county, 1, .number(7)) == .duplicate)
    #expect(bench.shown == .number(1))
  }

  @Test("A dot of another stream is in no context")
  func otherStream() {
    let foreign = Dot(
      stream: StreamID(scope: Stage.scope(530_103)), replica: county, number: 1)
    #expect(!Bench.context(county, 2).contains(foreign))
  }

  @Test("Copies of one origin are one write: one sibling, no conflict, one origin")
  func copies() {
    let origin = Dot(
      stream: StreamID(scope: Stage.scope(530_103)), replica: Bench.terminal, number: 5)
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1), at: 3, copyOf: origin)
    bench.put(province, 1, .number(1), at: 3, copyOf: origin)
    #expect(bench.dots.count == 2)
    #expect(bench.conflict == nil)
    bench.put(Bench.prefecture, 1, .number(2), at: 2)
    #expect(bench.conflict?.origins.count == 2)
    #expect(bench.shown == .number(1), "copies compare by the time of their origin")
    var counter = Bench(.counter)
    counter.put(county, 1, .number(4), copyOf: origin)
    counter.put(province, 1, .number(4), copyOf: origin)
    #expect(counter.shown == .number(4), "one write is counted once")
  }

  @Test("Tie-break: not suspect, then time, node, epoch, stream, number of the origin")
  func tieBreak() {
    func winner(_ first: RegisterDot, _ second: RegisterDot) -> Dot? {
      let register = Register([first, second])
      return register.shownIndex(.columns(.latest)).map { register.dots[$0].origin.dot }
    }
    func dot(
      _ replica: ReplicaID, _ number: UInt64, _ time: UInt64, stream: StreamID = Stage.stream,
      carried: UInt64 = 1, isSuspect: Bool = false
    ) -> RegisterDot {
      RegisterDot(
        dot: Bench.dot(replica, carried),
        origin: WriteOrigin(
          dot: Dot(stream: stream, replica: replica, number: number),
          timestamp: HybridTimestamp(milliseconds: time), tier: Tier(depth: 0)),
        value: .number(Int64(number)), isSuspect: isSuspect)
    }
    let reborn = Stage.replica(530_102, epoch: 2)
    let other = StreamID(scope: Stage.scope(530_103))
    let pairs = [
      (dot(province, 1, 9, isSuspect: true), dot(county, 1, 1)),
      (dot(county, 1, 1), dot(province, 1, 2)),
      (dot(province, 9, 1), dot(county, 1, 1)),
      (dot(county, 9, 1), dot(Bench.terminal, 1, 1)),
      (dot(county, 9, 1), dot(reborn, 1, 1)),
      (dot(county, 9, 1, carried: 2), dot(county, 1, 1, stream: other)),
      (dot(county, 1, 1, carried: 2), dot(county, 2, 1)),
    ]
    for (loser, expected) in pairs {
      #expect(winner(loser, expected) == expected.origin.dot)
      #expect(winner(expected, loser) == expected.origin.dot)
    }
  }

  @Test("A mark changes what is shown and nothing else; marks accumulate")
  func suspects() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1), at: 9)
    bench.put(province, 1, .number(2), at: 2)
    #expect(bench.shown == .number(1))
    let id = bench.conflict?.origins
    var changed = bench.register.mark(suspect: Bench.dot(county, 1))
    #expect(changed)
    #expect(bench.shown == .number(2))
    #expect(bench.conflict?.origins == id)
    #expect(bench.conflict?.siblings.map(\.isSuspect) == [false, true])
    changed = bench.register.mark(suspect: Bench.dot(county, 1))
    #expect(!changed)
    changed = bench.register.mark(suspect: Bench.dot(province, 1))
    #expect(changed)
    #expect(bench.shown == .number(1))
  }

  @Test("A mark on a write marks its copies in the same stream")
  func suspectCopies() {
    var bench = Bench(.latest)
    bench.put(province, 1, .number(1), at: 9, copyOf: Bench.dot(county, 1))
    bench.put(Bench.terminal, 1, .number(2), at: 2)
    let changed = bench.register.mark(suspect: Bench.dot(county, 1))
    #expect(changed)
    #expect(bench.shown == .number(2))
  }

  @Test("A refused write enters nothing and covers nothing when its row is rebuilt")
  func refusal() {
    func operation(_ replica: ReplicaID, _ value: Int64, knows: [StreamDot]) -> RowOperation {
      let group = RowOperation.Group(
        id: GroupID(1), write: Bench.write(replica, 1, .number(value), hadValue: !knows.isEmpty))
      return RowOperation(
        context: Bench.context(replica, 1, knows: knows),
        existence: Bench.write(replica, 1, .alive(isInsert: knows.isEmpty)), groups: [group])
    }
    let policies = RowPolicies(nil)
    let first = operation(county, 1, knows: [])
    let refused = operation(Bench.terminal, 2, knows: [Bench.name(county, 1)])
    let last = operation(
      province, 3, knows: [Bench.name(county, 1), Bench.name(Bench.terminal, 1)])
    let group = GroupID(1)
    let two = RowRegisters.rebuild(history: [first, refused], policies)
    #expect(two[group].shownColumns(policies[group]) == .number(2))
    let without = RowRegisters.rebuild(history: [first], policies)
    #expect(without[group].shownColumns(policies[group]) == .number(1))
    #expect(RowRegisters.rebuild(from: without, history: [], policies) == without)
    // A later write is judged on its own and still covers what it saw.
    let later = RowRegisters.rebuild(from: without, history: [last], policies)
    #expect(later[group].dots.map(\.dot) == [Bench.dot(province, 1)])
  }
}

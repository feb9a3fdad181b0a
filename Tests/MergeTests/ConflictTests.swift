import Causality
import Changes
import Merge
import Testing

@Suite("Conflicts and what writers send")
struct ConflictTests {
  private let county = Bench.county
  private let province = Bench.province
  private let c1 = Bench.name(Bench.county, 1)
  private let p1 = Bench.name(Bench.province, 1)

  private func key(_ text: String) -> RowKey {
    guard let key = RowKey([.text(text)]) else { preconditionFailure("text is a key") }
    return key
  }

  @Test("A record says who, where, when, why, what is shown and what was there before")
  func record() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1), at: 5)
    bench.put(province, 1, .number(2), at: 4)
    bench.put(Bench.terminal, 1, .number(1), at: 3)
    guard let conflict = bench.conflict else {
      Issue.record("two values conflict")
      return
    }
    #expect(conflict.earliest == Bench.dot(Bench.terminal, 1))
    let record = ConflictRecord(
      table: TableID(1_000), scope: Stage.scope, key: key("a"), group: GroupID(2),
      conflict: conflict, base: .number(0)
    ) { dot in
      dot.dot.replica == county ? Attribution(author: "Li", reason: "visit") : nil
    }
    #expect(record.siblings.map(\.value) == [.number(1), .number(2)])
    #expect(record.shownIndex == 0)
    #expect(record.base == .number(0))
    #expect(record.siblings[0].writers.map(\.origin.dot.replica) == [Bench.terminal, county])
    #expect(record.siblings[0].writers.map(\.attribution?.author) == [nil, "Li"])
    #expect(record.siblings.allSatisfy { !$0.isProposal && !$0.isSuspect })
  }

  @Test("The name of a conflict has one canonical form")
  func identity() {
    let bytes = ConflictRecord.identityBytes(
      table: TableID(1_000), scope: Stage.scope, key: key("a"), group: GroupID(2),
      origins: [Bench.dot(province, 1), Bench.dot(county, 258)])
    let expected: [UInt8] =
      Array("tributary/conflict/1".utf8) + [0] + [0, 0, 3, 0xE8] + [0, 8, 0x16, 0xB6]
      + [0, 0, 0, 4, 3, 0x61, 0, 0] + [0, 0, 0, 2] + [0, 0, 0, 2]
      + [0, 0x20, 0x5A, 0xD8] + packed(530_000)
      + [0, 0, 0, 0, 0, 0, 0, 1]
      + [0, 0x20, 0x5A, 0xD8] + packed(530_102)
      + [0, 0, 0, 0, 0, 0, 1, 2]
    #expect(bytes == expected)
  }

  /// A replica of epoch 1, big endian: the division in the upper 20 bits.
  private func packed(_ division: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: (division << 44 | 1) >> UInt64(56 - 8 * $0)) }
  }

  @Test("A new concurrent write gives a conflict a new name, a mark does not")
  func identityChanges() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    bench.put(province, 1, .number(2))
    let first = bench.conflict?.origins
    _ = bench.register.mark(suspect: Bench.dot(county, 1))
    #expect(bench.conflict?.origins == first)
    bench.put(Bench.prefecture, 1, .number(2))
    #expect(bench.conflict?.origins != first)
  }

  @Test("Registers do not depend on the order in which their dots are read back")
  func readBack() {
    var bench = Bench(.latest)
    for (index, replica) in Stage.writers.enumerated() {
      bench.put(replica, 1, .number(Int64(index)))
    }
    bench.register.checkInvariants()
    #expect(Register(bench.register.dots.reversed()) == bench.register)
    #expect(Register(bench.register.dots + bench.register.dots) == bench.register)
    let row = RowRegisters(
      existence: Register(),
      groups: [
        RowRegisters.Group(id: GroupID(2), register: bench.register),
        RowRegisters.Group(id: GroupID(3), register: Register()),
        RowRegisters.Group(id: GroupID(1), register: bench.register),
      ])
    #expect(row.groups.map(\.id) == [GroupID(1), GroupID(2)])
    #expect(row[GroupID(3)].isEmpty)
  }

  @Test("A script sends no over; a form sends what it saw unless that is all that stands")
  func overOfForms() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1))
    func over(_ seen: [StreamDot]?) -> [StreamDot]? {
      let write = Bench.write(province, 1, .number(2), over: seen, hadValue: true)
      return bench.register.over(of: write, bench.policy)
    }
    #expect(over(nil) == nil)
    #expect(over([c1]) == nil)
    #expect(over([]) == [])
    bench.put(county, 2, .number(3))
    #expect(over([c1]) == [c1])
  }

  @Test("A writer sends at most 256 dots in over, and none when more than 256 would stand")
  func overIsBounded() {
    func over(_ policy: Policy, dots: UInt64, seen: Range<UInt64>) -> [StreamDot]? {
      var bench = Bench(policy)
      // Each of them saw nothing of the others.
      for number in 1...dots {
        bench.put(county, number, .number(Int64(number)), kind: .insert, over: [])
      }
      let write = Bench.write(
        province, 1, .number(0), over: seen.map { Bench.name(county, $0) }, hadValue: true)
      return bench.register.over(of: write, bench.policy)
    }
    #expect(over(.latest, dots: 257, seen: 1..<257)?.count == 256, "two stand then")
    #expect(over(.latest, dots: 258, seen: 1..<258) == nil, "257 dots are no over")
    #expect(over(.latest, dots: 256, seen: 1..<2)?.count == 1, "256 stand then")
    #expect(over(.latest, dots: 257, seen: 1..<2) == nil, "257 would stand")
    #expect(over(.latest, dots: 256, seen: 1..<1) == nil, "257 would stand")
    #expect(over(.immutable, dots: 300, seen: 1..<301)?.count == 256, "a decision stays one")
    #expect(over(.counter, dots: 300, seen: 1..<301) == [], "totals of others are left alone")
  }

  @Test("A limited policy makes the writer say what it replaces")
  func overOfPolicies() {
    func over(
      _ bench: Bench, _ replica: ReplicaID, seen: [StreamDot]? = nil,
      kind: OperationKind = .update
    ) -> [StreamDot]? {
      let write = Bench.write(replica, 5, .number(9), kind: kind, over: seen, hadValue: true)
      return bench.register.over(of: write, bench.policy)
    }
    var owned = Bench(.owner(.scope))
    owned.put(county, 1, .number(1))
    #expect(over(owned, province) == [])
    #expect(over(owned, county) == nil)
    owned.put(province, 1, .number(2), knows: [c1])
    #expect(over(owned, Bench.prefecture) == [p1])
    #expect(over(owned, Bench.prefecture, seen: [c1]) == [])
    var counter = Bench(.counter)
    counter.put(county, 1, .number(1))
    counter.put(province, 1, .number(2))
    #expect(over(counter, county) == [c1])
    #expect(over(counter, county, kind: .insert) == nil)
    var immutable = Bench(.immutable)
    immutable.put(county, 1, .number(1))
    #expect(over(immutable, province) == [])
    immutable.put(province, 1, .number(2), knows: [c1], hadValue: true)
    immutable.put(Bench.prefecture, 1, .number(3), knows: [c1], hadValue: true)
    let late = Bench.name(Bench.prefecture, 1)
    #expect(over(immutable, province) == [late], "two would make it a decision")
    #expect(over(immutable, county, seen: [late, c1]) == [late, c1], "a decision stays one")
    #expect(over(immutable, county, seen: [p1, late, c1]) == [p1, late, c1])
  }
}

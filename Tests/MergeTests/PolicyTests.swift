import Causality
import Changes
import Merge
import Testing

@Suite("Policies")
struct PolicyTests {
  private let county = Bench.county
  private let prefecture = Bench.prefecture
  private let province = Bench.province
  private let c1 = Bench.name(Bench.county, 1)
  private let p1 = Bench.name(Bench.province, 1)

  @Test("latest shows the latest of concurrent writes and records a conflict")
  func latest() {
    var bench = Bench(.latest)
    bench.put(county, 1, .number(1), at: 2)
    #expect(bench.conflict == nil)
    bench.put(province, 1, .number(2), at: 1)
    #expect(bench.shown == .number(1))
    #expect(bench.conflict?.kind == .concurrentUpdate)
    bench.put(prefecture, 1, .number(2), at: 0, knows: [p1, c1])
    #expect(bench.shown == .number(2), "a covering write wins whatever its clock says")
    #expect(bench.conflict == nil)
  }

  @Test(
    "Dots with equal values are one sibling and no conflict",
    arguments: [Policy.latest, .review])
  func equalValues(policy: Policy) {
    var bench = Bench(policy)
    bench.put(county, 1, .number(1))
    bench.put(province, 1, .number(1))
    #expect(bench.dots.count == 2)
    #expect(bench.conflict == nil)
    bench.put(prefecture, 1, .number(2))
    #expect(bench.conflict?.siblings.map(\.dots.count).sorted() == [1, 2])
  }

  @Test("owner: a proposal covers proposals only, an owner's write what it has seen")
  func owner() {
    var bench = Bench(.owner(.tier(Tier(depth: 0))))
    bench.put(county, 1, .number(1), at: 1)
    #expect(bench.shown == .number(1), "proposals are shown while there is no owner's write")
    #expect(bench.conflict == nil)
    bench.put(province, 1, .number(2), at: 0, knows: [c1])
    #expect(bench.dots == [Bench.dot(province, 1)])
    bench.put(county, 2, .number(3), at: 9, knows: [p1])
    #expect(bench.shown == .number(2), "the owner's stands although the proposal saw it")
    #expect(bench.conflict?.kind == .proposalPending)
    #expect(bench.conflict?.siblings.map(\.isProposal) == [false, true])
    bench.put(prefecture, 1, .number(4), at: 10, knows: [p1, Bench.name(county, 2)])
    #expect(bench.dots == [Bench.dot(province, 1), Bench.dot(prefecture, 1)])
    bench.put(province, 2, .number(2), at: 11, knows: [Bench.name(prefecture, 1)])
    #expect(bench.dots == [Bench.dot(province, 2)])
    #expect(bench.conflict == nil)
  }

  @Test("owner: a suspect owner's write still stands before proposals")
  func suspectOwner() {
    var bench = Bench(.owner(.tier(Tier(depth: 0))))
    bench.put(province, 1, .number(1), isSuspect: true)
    bench.put(county, 1, .number(2), at: 5)
    #expect(bench.shown == .number(1))
  }

  @Test("owner: two writes of the owning tier conflict with each other")
  func owners() {
    var bench = Bench(.owner(.scope))
    bench.put(county, 1, .number(1), at: 1)
    bench.put(Bench.terminal, 1, .number(2), at: 2)
    bench.put(province, 1, .number(3), at: 3)
    #expect(bench.shown == .number(2))
    #expect(bench.conflict?.kind == .concurrentUpdate)
    #expect(bench.conflict?.siblings.count == 3)
  }

  @Test("owner: a proposal of the shown value is no conflict")
  func agreedProposal() {
    var bench = Bench(.owner(.scope))
    bench.put(county, 1, .number(1))
    bench.put(province, 1, .number(1))
    #expect(bench.conflict == nil)
  }

  @Test("owner by scope follows the scope in which the origin was written")
  func movedOwner() {
    let neighbour = Stage.replica(530_103)
    let origin = Dot(
      stream: StreamID(scope: Stage.scope(530_103)), replica: neighbour, number: 4)
    var bench = Bench(.owner(.scope))
    bench.put(province, 1, .number(1), copyOf: origin)
    bench.put(prefecture, 1, .number(2), at: 5)
    #expect(bench.shown == .number(1), "the value moved with its rank")
    bench.put(county, 1, .number(3), knows: [p1])
    #expect(bench.shown == .number(3), "the new owner covers it")
  }

  @Test("review is disputed until a person decides and shows the latest meanwhile")
  func review() {
    var bench = Bench(.review)
    bench.put(county, 1, .number(1), at: 5)
    bench.put(province, 1, .number(2), at: 4)
    #expect(bench.shown == .number(1))
    #expect(bench.conflict?.kind == .review)
    bench.put(prefecture, 1, .number(2), knows: [p1, c1], over: [p1, c1])
    #expect(bench.conflict == nil)
  }

  @Test("counter: one running total per replica; the value is the sum")
  func counter() {
    var bench = Bench(.counter)
    #expect(bench.shown == nil)
    bench.put(county, 1, .number(5))
    bench.put(province, 1, .number(7), knows: [c1])
    #expect(bench.shown == .number(12))
    bench.put(county, 2, .number(6), knows: [p1])
    #expect(bench.shown == .number(13), "a write covers its own replica's only")
    #expect(bench.conflict == nil)
    bench.put(province, 2, .number(-3), knows: [Bench.name(county, 2)])
    #expect(bench.shown == .number(3))
    bench.put(prefecture, 1, .columns([.null]))
    #expect(bench.shown == .number(3), "what is no integer counts as 0")
    let knows = [Bench.name(county, 2), Bench.name(prefecture, 1)]
    bench.put(province, 3, .number(1), knows: knows, kind: .insert)
    #expect(bench.shown == .number(1), "an insert begins a new life")
  }

  @Test("counter: the sum is held to the range of integers")
  func counterRange() {
    var bench = Bench(.counter)
    bench.put(county, 1, .number(.max))
    bench.put(province, 1, .number(.max))
    #expect(bench.shown == .number(.max))
    bench.put(prefecture, 1, .number(.min))
    #expect(bench.shown == .number(.max - 1), "only the sum is held, not its parts")
  }

  @Test("max and min take the end of D, whatever the clocks, without a conflict")
  func extremes() {
    for (policy, expected) in [(Policy.max, Int64(7)), (.min, 2)] {
      var bench = Bench(policy)
      bench.put(county, 1, .number(expected), at: 9, isSuspect: true)
      bench.put(province, 1, .number(5), at: 3)
      bench.put(prefecture, 1, .columns([.null]), at: 4)
      #expect(bench.shown == .number(expected))
      #expect(bench.conflict == nil)
      bench.put(county, 2, .number(5), knows: [p1])
      #expect(bench.shown == .number(5), "a later write replaces what it saw")
    }
  }

  @Test("rank shows the state that follows all others")
  func rank() {
    let policy = Policy.rank(Stage.order)
    var bench = Bench(policy)
    bench.put(county, 1, .number(2), at: 1)
    bench.put(province, 1, .number(0), at: 9)
    #expect(bench.shown == .number(2), "over several steps, against the clock")
    #expect(bench.conflict == nil)
    bench.put(prefecture, 1, .number(3), at: 2)
    #expect(bench.shown == .number(0), "2 and 3 fork: the latest is shown meanwhile")
    #expect(bench.conflict?.kind == .rankFork)
  }

  @Test("rank: states on a cycle and unknown states are for review")
  func rankForks() {
    for other in [Int64(4), 5] {
      var bench = Bench(.rank(Stage.order))
      bench.put(county, 1, .number(3), at: 1)
      bench.put(province, 1, .number(other), at: 2)
      #expect(bench.conflict?.kind == .rankFork)
      #expect(bench.shown == .number(other))
    }
    var same = Bench(.rank(Stage.order))
    same.put(county, 1, .number(5))
    same.put(province, 1, .number(5))
    #expect(same.conflict == nil)
  }

  @Test("immutable: a write that follows a value stands aside as a violation with its value")
  func immutable() {
    var bench = Bench(.immutable)
    #expect(bench.put(county, 1, .number(1), at: 1) == .entered)
    let outcome = bench.put(province, 1, .number(2), at: 9, knows: [c1], hadValue: true)
    #expect(outcome == .violation)
    #expect(bench.shown == .number(1))
    #expect(bench.conflict?.kind == .immutableViolation)
    #expect(bench.conflict?.siblings.map(\.value) == [.number(1), .number(2)])
    #expect(bench.conflict?.siblings.map(\.isProposal) == [false, true])
    let again = bench.put(
      prefecture, 1, .number(3), at: 10, knows: [p1, c1], hadValue: true)
    #expect(again == .violation)
    #expect(bench.dots == [Bench.dot(prefecture, 1), Bench.dot(county, 1)])
    let names = [Bench.name(prefecture, 1), c1].sorted()
    let resolved = bench.put(
      county, 2, .number(3), knows: [Bench.name(prefecture, 1)], over: names, hadValue: true)
    #expect(resolved == .entered)
    #expect(bench.shown == .number(3))
    #expect(bench.conflict == nil)
  }

  @Test("immutable: the filing of a violation does not depend on the order of arrival")
  func violationOrder() {
    /// Two first writes, a late one that saw the first, a decision that did not see the late one.
    func result(_ order: [Int]) -> Register {
      var bench = Bench(.immutable)
      for step in order {
        switch step {
        case 0: bench.put(county, 1, .number(1))
        case 1: bench.put(province, 1, .number(2))
        case 2: bench.put(prefecture, 1, .number(3), knows: [c1], hadValue: true)
        default:
          bench.put(
            province, 2, .number(2), knows: [c1], over: [p1, c1], hadValue: true)
        }
      }
      return bench.register
    }
    let first = result([0, 1, 2, 3])
    #expect(first == result([0, 1, 3, 2]))
    #expect(first.shownColumns(.columns(.immutable)) == .number(2))
    #expect(first.conflict(.columns(.immutable))?.kind == .immutableViolation)
  }

  @Test("immutable: concurrent first writes are for review, equal ones are none")
  func firstWrites() {
    var bench = Bench(.immutable)
    bench.put(county, 1, .number(1), at: 1)
    bench.put(province, 1, .number(1), at: 2)
    #expect(bench.conflict == nil)
    bench.put(prefecture, 1, .number(2), at: 3)
    #expect(bench.conflict?.kind == .immutableFork)
    #expect(bench.shown == .number(2))
  }

  @Test("immutable: an insert of a deleted row begins a new life")
  func reinsert() {
    var bench = Bench(.immutable)
    bench.put(county, 1, .number(1))
    let outcome = bench.put(province, 1, .number(2), knows: [c1], kind: .insert, hadValue: true)
    #expect(outcome == .entered)
    #expect(bench.dots == [Bench.dot(province, 1)])
  }
}

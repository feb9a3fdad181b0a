import Causality
import Changes
import Replication
import TestSupport
import Testing
import Wire

/// Virtual time around one schedule: links take time and end as the test says.
private struct ScheduleWorld {
  struct Call: Equatable {
    let time: UInt64
    let node: NodeCode
  }

  struct Ending {
    var lasts: UInt64 = 20
    var outcome = ExchangeOutcome(result: .complete, peer: nil)

    static let failed = Ending(
      lasts: 1_000, outcome: ExchangeOutcome(result: .failed(.linkEnded), peer: nil))
    static let quiet = Ending(lasts: 25_000)
  }

  private enum Open {
    case exchange(attempt: UInt64, ending: Ending)
    case wait(attempt: UInt64, ending: Ending)
  }

  var schedule: LinkSchedule
  var generator: SeededGenerator
  var now: UInt64 = 1
  var exchanges: [Call] = []
  var waits: [Call] = []
  var cancels = 0
  private var timer: UInt64?
  private var open: (link: Open, endsAt: UInt64)?
  /// How an exchange, or a long poll, that starts now ends.
  var exchangeEnding: (UInt64, NodeCode) -> Ending = { _, _ in Ending() }
  var waitEnding: (UInt64, NodeCode) -> Ending = { _, _ in .quiet }

  init(parents: [UInt32], seed: Int) {
    schedule = LinkSchedule(parents: parents.map { makeNode($0) })
    generator = SeededGenerator(seed: UInt64(seed))
  }

  mutating func start() { perform(schedule.start(atMilliseconds: now, using: &generator)) }

  mutating func change() { perform(schedule.localChange(atMilliseconds: now)) }

  mutating func run(until end: UInt64) {
    var steps = 0
    while let next = [timer, open?.endsAt].compactMap({ $0 }).min(), next <= end {
      steps += 1
      precondition(steps < 2_000_000, "time stands still")
      now = max(now, next)
      if let open, open.endsAt <= now {
        self.open = nil
        switch open.link {
        case .exchange(let attempt, let ending):
          perform(
            schedule.exchangeEnded(
              attempt: attempt, ending.outcome, atMilliseconds: now, using: &generator))
        case .wait(let attempt, let ending):
          perform(
            schedule.waitEnded(
              attempt: attempt, ending.outcome, atMilliseconds: now, using: &generator))
        }
      } else {
        timer = nil
        perform(schedule.timerFired(atMilliseconds: now, using: &generator))
      }
    }
    now = end
  }

  private mutating func perform(_ actions: [LinkAction]) {
    for action in actions {
      switch action {
      case .startExchange(let node, let attempt):
        precondition(open == nil, "one link at a time")
        exchanges.append(Call(time: now, node: node))
        let ending = exchangeEnding(now, node)
        open = (.exchange(attempt: attempt, ending: ending), now + ending.lasts)
      case .startWait(let node, let attempt):
        precondition(open == nil, "one link at a time")
        waits.append(Call(time: now, node: node))
        let ending = waitEnding(now, node)
        open = (.wait(attempt: attempt, ending: ending), now + ending.lasts)
      case .cancel:
        precondition(open != nil, "what is closed is not cancelled")
        cancels += 1
        open = nil
      case .setTimer(let time): timer = time
      }
    }
  }
}

@Suite("Link schedule") struct LinkScheduleTests {
  private static let day: UInt64 = 86_400_000

  private func outcome(
    _ result: ExchangeOutcome.Result = .complete, moved: Bool = false, differs: Bool = false
  ) -> ExchangeOutcome {
    ExchangeOutcome(result: result, peer: nil, moved: moved, differs: differs)
  }

  @Test("On a good quiet link there are long polls and a safety exchange now and then")
  func quiet() {
    var world = ScheduleWorld(parents: [11], seed: 1)
    world.start()
    world.run(until: Self.day)
    #expect((280...600).contains(world.exchanges.count))
    #expect((2_900...4_100).contains(world.waits.count))
  }

  @Test("A local change goes up at once, out of a long poll")
  func localChange() {
    var world = ScheduleWorld(parents: [11], seed: 1)
    world.start()
    world.run(until: 60_000)
    let before = world.exchanges.count
    world.change()
    #expect(world.exchanges.count == before + 1)
    #expect(world.exchanges.last?.time == 60_000)
    #expect(world.cancels > 0)
  }

  @Test("A hub that says until when it is busy is not called before, not even for a local change")
  func busyHub() {
    for endsWait in [false, true] {
      var world = ScheduleWorld(parents: [11], seed: 1)
      let busy = ScheduleWorld.Ending(
        outcome: outcome(.failed(.hubBusy(retryAfterMilliseconds: 40_000))))
      if endsWait {
        world.waitEnding = { time, _ in time < 10_000 ? busy : .quiet }
      } else {
        world.exchangeEnding = { time, _ in time < 10_000 ? busy : ScheduleWorld.Ending() }
      }
      world.start()
      world.run(until: 5_000)
      world.change()
      let calls = world.exchanges.count
      world.run(until: 40_000)
      #expect(world.exchanges.count == calls)
      world.run(until: 60_000)
      #expect(world.exchanges.count > calls)
    }
  }

  @Test("Changes that come fast go together")
  func coalesced() {
    var world = ScheduleWorld(parents: [11], seed: 1)
    world.start()
    world.run(until: 60_000)
    let before = world.exchanges.count
    for step in 1...1_000 {
      world.change()
      world.run(until: 60_000 + UInt64(step))
    }
    world.run(until: 70_000)
    #expect((2...12).contains(world.exchanges.count - before))
  }

  @Test("With all parents down the attempts of a day are bounded, and spread", arguments: 1...20)
  func storm(seed: Int) {
    var world = ScheduleWorld(parents: [11, 10], seed: seed)
    world.exchangeEnding = { _, _ in .failed }
    world.start()
    for hour in 1...24 as ClosedRange<UInt64> {
      for minute in 0..<60 as Range<UInt64> {
        world.change()
        world.run(until: (hour - 1) * 3_600_000 + minute * 60_000 + 1)
      }
    }
    world.run(until: Self.day)
    #expect(world.waits.isEmpty)
    #expect((400...2 * (590 + 12)).contains(world.exchanges.count), "seed \(seed)")
    let early = world.exchanges.filter { $0.time < 60_000 }
    #expect(early.count <= 2 * 9, "seed \(seed)")
  }

  @Test("Children of one hub do not come back all at once")
  func herd() {
    var firsts: [UInt64] = []
    for seed in 1...129 {
      var world = ScheduleWorld(parents: [11], seed: seed)
      let healed: UInt64 = 7_200_000
      world.exchangeEnding = { time, _ in time < healed ? .failed : ScheduleWorld.Ending() }
      world.start()
      world.run(until: healed + 400_000)
      if let first = world.exchanges.first(where: { $0.time >= healed }) {
        firsts.append(first.time - healed)
      }
    }
    #expect(firsts.count == 129)
    for second in 0..<400 as Range<UInt64> {
      let together = firsts.filter { $0 / 1_000 == second }.count
      #expect(together <= 8)
    }
  }

  @Test(
    "While its prefecture is down a county goes to the province, then returns", arguments: 1...20)
  func failOver(seed: Int) {
    var world = ScheduleWorld(parents: [11, 10], seed: seed)
    let down: Range<UInt64> = 600_000..<4_200_000
    let hub = makeNode(11)
    world.exchangeEnding = { time, node in
      node == hub && down.contains(time) ? .failed : ScheduleWorld.Ending()
    }
    world.waitEnding = { time, node in
      node == hub && (down.contains(time) || down.contains(time + 25_000)) ? .failed : .quiet
    }
    world.start()
    world.run(until: 600_000)
    #expect(world.schedule.currentParent == hub)
    #expect(world.exchanges.allSatisfy { $0.node == hub })
    world.change()
    world.run(until: 1_200_000)
    #expect(world.schedule.currentParent == makeNode(10), "seed \(seed)")
    let over = world.exchanges.first { $0.node == makeNode(10) }
    #expect((over?.time ?? .max) < 610_000, "seed \(seed)")
    let before = world.exchanges.count
    world.change()
    #expect(world.exchanges.count == before + 1)
    #expect(world.exchanges.last?.node == makeNode(10))
    world.run(until: 4_200_000)
    let probes = world.exchanges.filter { $0.node == hub && $0.time > 600_000 }
    #expect((12...40).contains(probes.count), "seed \(seed)")
    world.run(until: 4_600_000)
    #expect(world.schedule.currentParent == hub, "seed \(seed)")
    #expect(world.waits.last?.node == hub)
  }

  @Test("A change that a failed probe was to carry goes to the parent in use")
  func probeCarries() {
    var world = ScheduleWorld(parents: [11, 10], seed: 1)
    let hub = makeNode(11)
    world.exchangeEnding = { _, node in node == hub ? .failed : ScheduleWorld.Ending() }
    world.start()
    var probes = 0
    while probes < 12 {
      world.run(until: world.now + 10)
      if world.exchanges.last?.node == hub && world.schedule.currentParent != hub {
        probes += 1
        world.run(until: world.now + 1_200)
        #expect(world.exchanges.last?.node == makeNode(10))
      }
      world.change()
    }
  }

  @Test("A hub that asks not to be called is not called before, but may not ask for ever")
  func notBefore() {
    var world = ScheduleWorld(parents: [11], seed: 3)
    let asked = ErrorMessage(
      code: .notReady, subject: "", retryAfterMilliseconds: 600_000)
    let refused = outcome(.failed(.refused(asked)))
    world.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: 20, outcome: refused) }
    world.start()
    world.run(until: 7_200_000)
    #expect((8...13).contains(world.exchanges.count))
    for (left, right) in zip(world.exchanges, world.exchanges.dropFirst()) {
      #expect(right.time - left.time >= 600_000)
    }
    var silenced = ScheduleWorld(parents: [11], seed: 3)
    let forever = outcome(
      .failed(
        .refused(
          ErrorMessage(code: .notReady, subject: "", retryAfterMilliseconds: .max))))
    silenced.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: 20, outcome: forever) }
    silenced.start()
    silenced.run(until: Self.day)
    #expect(silenced.exchanges.count >= 18)
  }

  @Test("A challenge is answered at once, a second one in a row is a failure")
  func challenged() {
    var world = ScheduleWorld(parents: [11], seed: 4)
    let challenged = outcome(.challenged)
    world.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: 20, outcome: challenged) }
    world.start()
    world.run(until: 25)
    #expect(world.exchanges.count == 2)
    world.run(until: Self.day)
    #expect(world.exchanges.count <= 2 * 602)
  }

  @Test("What only people can cure is tried at the longest pause")
  func lasting() {
    var world = ScheduleWorld(parents: [11], seed: 5)
    let retired = outcome(
      .failed(.refused(ErrorMessage(code: .retiredReplica, subject: "111-1"))))
    world.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: 20, outcome: retired) }
    world.start()
    world.run(until: 3_600_000)
    #expect((12...25).contains(world.exchanges.count))
  }

  @Test("Exchanges follow at once while data moves, up to a bound")
  func bulk() {
    var world = ScheduleWorld(parents: [11], seed: 6)
    let moving = outcome(.complete, moved: true, differs: true)
    world.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: 20, outcome: moving) }
    world.start()
    world.run(until: 256 * 20)
    #expect((250...257).contains(world.exchanges.count))
    let before = world.exchanges.count
    world.run(until: 256 * 20 + 60_000)
    #expect(world.exchanges.count - before <= 60_000 / 250 + 1)
  }

  @Test("News that cannot move, and long polls that end at once, do not make a storm")
  func idleNews() {
    var world = ScheduleWorld(parents: [11], seed: 7)
    let still = outcome(.complete, moved: false, differs: true)
    let news = outcome(.complete, moved: true, differs: true)
    world.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: 20, outcome: still) }
    world.waitEnding = { _, _ in ScheduleWorld.Ending(lasts: 5, outcome: news) }
    world.start()
    world.run(until: 3_600_000)
    #expect(world.exchanges.count <= 260)
    var short = ScheduleWorld(parents: [11], seed: 7)
    short.waitEnding = { _, _ in ScheduleWorld.Ending(lasts: 5) }
    short.start()
    short.run(until: 3_600_000)
    #expect(short.waits.count <= 260 && short.exchanges.count <= 260)
  }

  @Test("Where long polls do not get through the child polls, and changes still go at once")
  func noLongPoll() {
    var world = ScheduleWorld(parents: [11], seed: 8)
    world.waitEnding = { _, _ in .failed }
    world.start()
    world.run(until: 3_600_000)
    #expect((100...260).contains(world.exchanges.count))
    let before = world.exchanges.count
    world.change()
    world.run(until: 3_601_000)
    #expect(world.exchanges.count > before)
    #expect(world.exchanges[before].time <= 3_600_000 + 1_000)
    #expect(world.schedule.currentParent == makeNode(11))
  }

  @Test("A link that never ends is given up, and what ended late is ignored")
  func watchdog() {
    var world = ScheduleWorld(parents: [11], seed: 9)
    world.exchangeEnding = { _, _ in ScheduleWorld.Ending(lasts: .max / 2) }
    world.start()
    world.run(until: 4 * 3_600_000)
    #expect((3...4).contains(world.exchanges.count))
    var generator = SeededGenerator(seed: 1)
    let late = world.schedule.exchangeEnded(
      attempt: 1, outcome(), atMilliseconds: world.now, using: &generator)
    #expect(late.isEmpty)
  }

  @Test("Equal seeds give equal schedules")
  func deterministic() {
    func times(_ seed: Int) -> [UInt64] {
      var world = ScheduleWorld(parents: [11, 10], seed: seed)
      world.exchangeEnding = { time, _ in time % 3 == 0 ? ScheduleWorld.Ending() : .failed }
      world.start()
      world.run(until: 3_600_000)
      return world.exchanges.map(\.time)
    }
    #expect(times(1) == times(1))
    #expect(times(1) != times(2))
  }

  @Test("Pauses double from the first to the longest, between half and all of it")
  func backOff() {
    var generator = SeededGenerator(seed: 1)
    var backOff = BackOff(firstMilliseconds: 500, longestMilliseconds: 300_000)
    for exponent in 0..<80 {
      let full: UInt64 = exponent > 9 ? 300_000 : min(500 << UInt64(exponent), 300_000)
      #expect((full / 2...full).contains(backOff.fail(using: &generator)))
    }
    backOff.succeed()
    #expect(backOff.fail(using: &generator) <= 500)
  }
}

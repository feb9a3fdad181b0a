import Changes

/// Draws a plan from a seed: a small topology, a workload, and a random subset of the faults (swarm testing:
/// Groce et al., ISSTA 2012).
package enum PlanGenerator {
  /// The plan of a seed.
  package static func plan(seed: UInt64) -> Plan {
    var chance = Chance(seed, .plan)
    var plan = Plan(
      seed: seed, options: Options(), nodes: topology(&chance), operations: [], faults: [],
      clocks: [])
    plan.options.chaosMilliseconds = chance.within(60_000...1_800_000)
    let style = chance.below(100)
    // None and all are forced; else each fault is in with even chance.
    func isIn() -> Bool { style < 2 ? false : style < 4 ? true : chance.below(2) == 0 }
    if isIn() { plan.options.loss = chance.within(1_000...200_000) }
    if isIn() { plan.options.duplicate = chance.within(10_000...500_000) }
    if isIn() {
      plan.options.delayMicroseconds = chance.within(1_000...3_000_000)
      plan.options.heavyTail = chance.within(0...20_000)
    }
    if isIn() { plan.options.cutInFrame = chance.within(1_000...100_000) }
    if isIn(), chance.below(2) == 0 { plan.options.isNotPowersafe = 1 }
    if isIn() { plan.options.corruption = chance.within(1_000...50_000) }
    if chance.below(4) == 0 || style == 2 { disks(&plan, &chance) }
    if chance.below(4) == 0 {
      plan.options.turnBytes = chance.within(1...4_000)
      plan.options.frameBytes = chance.within(1...2_000)
    }
    if chance.below(20) == 0 { plan.options.bandwidth = chance.within(1_200...1_250_000) }
    if chance.below(50) == 0 { plan.options.realSignatures = 1 }
    if chance.below(8) == 0 { plan.options.fixpoint = 1 }
    if isIn() { clocks(&plan, &chance) }
    for kind in Plan.Fault.Kind.allCases where kind != .program && isIn() {
      faults(kind, &plan, &chance)
    }
    let rare: [(kind: Plan.Fault.Kind, oneIn: Int)] = [
      (.herd, 20), (.restore, 4), (.clone, 12), (.mix, 3), (.rot, 3), (.bundle, 2), (.flood, 3),
    ]
    for (kind, oneIn) in rare where chance.below(oneIn) > 0 {
      plan.faults.removeAll { $0.kind == kind }
    }
    if chance.below(8) == 0 { plan.options.hostile = chance.within(2...plan.nodes.count) }
    more(&plan)
    plan.faults.sort { $0.atMilliseconds < $1.atMilliseconds }
    if chance.below(3) > 0 { plan.options.core = core(plan.nodes, &chance) }
    workload(&plan, &chance)
    skew(&plan)
    harsher(&plan)
    formsAndLostSyncs(&plan)
    return plan
  }

  /// Programs of different schema versions, upgrades and downgrades in mid-run, and writes of what only some know
  /// (F34): in half of the plans.
  private static func skew(_ plan: inout Plan) {
    var chance = Chance(plan.seed, .plan, 2)
    guard chance.below(2) == 0 else { return }
    let newest = Int(Workload.newestVersion)
    for node in plan.nodes {
      var version = chance.within(1...newest)
      if version > 1 {
        plan.versions.append(Plan.Version(division: node.division, version: version))
      }
      var time = 0
      while chance.below(2) == 0, plan.options.chaosMilliseconds > time + 2 {
        time = chance.within(time + 1...plan.options.chaosMilliseconds - 1)
        let next = chance.within(1...newest)
        plan.faults.append(
          Plan.Fault(
            atMilliseconds: time, kind: .program, division: node.division, argument: next,
            milliseconds: chance.within(100...60_000)))
        version = max(version, next)
      }
    }
    plan.faults.sort { $0.atMilliseconds < $1.atMilliseconds }
    for (place, operation) in plan.operations.enumerated() {
      var values = operation.values
      for column in Workload.firstColumnCount + 1...Workload.columnCount
      where chance.below(3) == 0 {
        values.append(Plan.Operation.Value(column: column, number: chance.below(10)))
      }
      let isExtra = [.put, .order].contains(operation.kind) && chance.below(6) == 0
      plan.operations[place] = Plan.Operation(
        atMilliseconds: operation.atMilliseconds, division: operation.division,
        kind: isExtra ? .extra : operation.kind, scope: operation.scope, key: operation.key,
        slot: operation.slot, values: values)
    }
  }

  /// What is drawn from a stream of its own, so that the rest of each plan stays as it was.
  private static func more(_ plan: inout Plan) {
    var chance = Chance(plan.seed, .plan, 1)
    if chance.below(2) == 0 { plan.options.probe = 1 }
    for (place, fault) in plan.faults.enumerated() {
      switch fault.kind {
      case .mix:
        plan.faults[place] = Plan.Fault(
          atMilliseconds: fault.atMilliseconds, kind: .mix, division: fault.division,
          argument: chance.below(3), milliseconds: chance.below(1_000))
      case .restore where fault.argument == 0 && chance.below(2) == 0:
        // The lease is renewed between the copy and its return.
        plan.faults.append(
          Plan.Fault(
            atMilliseconds: fault.atMilliseconds + fault.milliseconds / 2, kind: .kill,
            division: fault.division, argument: 0, milliseconds: fault.milliseconds / 4))
      default: break
      }
    }
  }

  /// Losses in bursts, disks that go on failing or are slow, uneven links, bit rot aimed at the write-ahead log: drawn
  /// from a stream of their own, too.
  private static func harsher(_ plan: inout Plan) {
    var chance = Chance(plan.seed, .plan, 3)
    if plan.options.loss > 0, chance.below(2) == 0 {
      plan.options.bursts = chance.within(10_000...200_000)
    }
    let rates = [plan.options.readErrors, plan.options.writeErrors, plan.options.otherErrors]
    if rates.contains(where: { $0 > 0 }), chance.below(2) == 0 { plan.options.isSticky = 1 }
    if chance.below(6) == 0 { plan.options.slowSync = chance.within(1_000...500_000) }
    if chance.below(10) == 0 { plan.options.bandwidth = chance.within(1_200...1_250_000) }
    if plan.options.bandwidth > 0, chance.below(2) == 0 {
      plan.options.bandwidthDown = chance.within(1_200...1_250_000)
    }
    for (place, fault) in plan.faults.enumerated()
    where fault.kind == .rot && chance.below(2) == 0 {
      plan.faults[place] = Plan.Fault(
        atMilliseconds: fault.atMilliseconds, kind: .rot, division: fault.division,
        argument: fault.argument, milliseconds: 1)
    }
    if chance.below(2) == 0 { checkpoints(&plan, &chance) }
    for (place, clock) in plan.clocks.enumerated() where chance.below(6) == 0 {
      // It stands still.
      plan.clocks[place] = Plan.Clock(
        division: clock.division, offsetMilliseconds: clock.offsetMilliseconds,
        driftPerMillion: -1_000_000)
    }
    if chance.below(8) == 0 { strobe(&plan, &chance) }
  }

  /// Forms saved late, and disks that fail just when a checkpoint is made and lose what was written next to what was
  /// not: each rare in the other draws; from a stream of their own, too.
  private static func formsAndLostSyncs(_ plan: inout Plan) {
    var chance = Chance(plan.seed, .plan, 4)
    if chance.below(2) == 0 { forms(&plan, &chance) }
    if chance.below(8) == 0 {
      plan.options.isNotPowersafe = 1
      plan.options.syncFailures = chance.within(5_000...50_000)
      for _ in 0...chance.below(3) { checkpoints(&plan, &chance) }
      faults(.power, &plan, &chance)
    }
    plan.operations.sort { $0.atMilliseconds < $1.atMilliseconds }
    plan.faults.sort { $0.atMilliseconds < $1.atMilliseconds }
  }

  /// A row is read into a form, changed by somebody meanwhile, and then the form is saved: it replaces what it showed,
  /// not what came in between. Few columns each, as people write.
  private static func forms(_ plan: inout Plan, _ chance: inout Chance) {
    let length = plan.options.chaosMilliseconds
    for _ in 0...chance.below(4) {
      let reader = chance.pick(plan.nodes)
      let below = plan.nodes.filter { isBelow($0, reader, plan.nodes) }
      let scope = chance.pick(below)
      let others = plan.nodes.filter { isBelow(scope, $0, plan.nodes) }
      let (key, slot) = (chance.below(3), 3 + chance.below(3))
      var time = chance.below(length)
      let column = chance.within(1...3)
      func add(_ kind: Plan.Operation.Kind, _ writer: Plan.Node) {
        var values = [Plan.Operation.Value(column: column, number: chance.below(10))]
        if chance.below(4) == 0 {
          values.append(
            Plan.Operation.Value(
              column: chance.within(column + 1...Workload.firstColumnCount),
              number: chance.below(10)))
        }
        plan.operations.append(
          Plan.Operation(
            atMilliseconds: time, division: writer.division, kind: kind, scope: scope.division,
            key: key, slot: slot, values: kind == .open ? [] : values))
        time = min(length - 1, time + chance.within(1...max(1, length / 20)))
      }
      add(.put, chance.pick(others))
      add(.open, reader)
      for _ in 0...chance.below(2) {
        add(.put, chance.below(2) == 0 ? reader : chance.pick(others))
      }
      add(.save, reader)
    }
  }

  /// Write-ahead logs go into their databases at some moments, which thousands of pages would do else (F43).
  private static func checkpoints(_ plan: inout Plan, _ chance: inout Chance) {
    for _ in 0...chance.below(10) {
      let node = chance.pick(plan.nodes)
      plan.operations.append(
        Plan.Operation(
          atMilliseconds: chance.below(plan.options.chaosMilliseconds), division: node.division,
          kind: .checkpoint, scope: node.division, key: 0, slot: 0, values: []))
    }
    plan.operations.sort { $0.atMilliseconds < $1.atMilliseconds }
  }

  /// A wall clock that jumps to and fro every second (F37).
  private static func strobe(_ plan: inout Plan, _ chance: inout Chance) {
    let node = chance.pick(plan.nodes)
    let start = chance.below(plan.options.chaosMilliseconds)
    let jump = chance.within(100...600_000)
    for count in 0..<20 where start + count * 1_000 < plan.options.chaosMilliseconds {
      plan.faults.append(
        Plan.Fault(
          atMilliseconds: start + count * 1_000, kind: .jump, division: node.division,
          argument: count % 2 == 0 ? jump : -jump, milliseconds: 0))
    }
    plan.faults.sort { $0.atMilliseconds < $1.atMilliseconds }
  }

  /// Disks that fail: one kind, or all.
  private static func disks(_ plan: inout Plan, _ chance: inout Chance) {
    let kind = chance.below(5)
    func rate(_ number: Int, _ highest: Int) -> Int {
      kind == number || kind == 4 ? chance.within(100...highest) : 0
    }
    plan.options.syncFailures = rate(0, 20_000)
    plan.options.readErrors = rate(1, 1_000)
    plan.options.writeErrors = rate(2, 2_000)
    plan.options.otherErrors = rate(3, 1_000)
  }

  /// 2 to 6 nodes, hubs before their children.
  private static func topology(_ chance: inout Chance) -> [Plan.Node] {
    var nodes = [Plan.Node(division: 1, parent: 0)]
    for number in 2...chance.within(2...6) {
      // Deep trees as often as wide ones.
      let parent = chance.below(2) == 0 ? nodes[nodes.count - 1] : chance.pick(nodes)
      nodes.append(Plan.Node(division: number, parent: parent.division))
    }
    return nodes
  }

  private static func clocks(_ plan: inout Plan, _ chance: inout Chance) {
    let decade = 315_576_000_000
    for node in plan.nodes where chance.below(3) == 0 {
      let offset =
        chance.below(2) == 0
        ? chance.within(-3 * decade...7 * decade) : chance.within(-600_000...600_000)
      plan.clocks.append(
        Plan.Clock(
          division: node.division, offsetMilliseconds: offset,
          driftPerMillion: chance.below(2) == 0 ? 0 : chance.within(-50_000...50_000)))
    }
  }

  private static func faults(_ kind: Plan.Fault.Kind, _ plan: inout Plan, _ chance: inout Chance) {
    let length = plan.options.chaosMilliseconds
    for _ in 0...chance.below([.restore, .clone, .mix, .rot].contains(kind) ? 2 : 6) {
      let node = chance.pick(plan.nodes)
      let (argument, duration): (Int, Int)
      switch kind {
      case .cut: (argument, duration) = (chance.below(3), chance.within(1_000...length))
      case .kill: (argument, duration) = (0, chance.within(100...120_000))
      case .power: (argument, duration) = (chance.below(3), chance.within(1_000...300_000))
      case .crash: (argument, duration) = (chance.within(1...60), chance.within(1_000...120_000))
      case .jump:
        (argument, duration) = (chance.within(-86_400_000...86_400_000), 0)
      case .pause: (argument, duration) = (0, chance.within(1_000...600_000))
      case .full: (argument, duration) = (0, chance.within(1_000...300_000))
      case .swizzle:
        (argument, duration) = (chance.within(0...20_000), chance.within(10_000...300_000))
      case .herd: (argument, duration) = (0, chance.within(60_000...600_000))
      case .restore: (argument, duration) = (chance.below(2), chance.within(1_000...length))
      case .clone: (argument, duration) = (0, chance.within(1_000...300_000))
      case .mix: (argument, duration) = (0, 0)
      case .rot: (argument, duration) = (chance.within(1...20), 0)
      case .bundle: (argument, duration) = (chance.below(8), chance.within(1_000...length))
      case .flood: (argument, duration) = (chance.below(4), 0)
      case .program: (argument, duration) = (1, 0)
      }
      plan.faults.append(
        Plan.Fault(
          atMilliseconds: chance.below(length), kind: kind, division: node.division,
          argument: argument, milliseconds: duration))
    }
  }

  /// A bit per node: a random node and a connected part of what is below it.
  private static func core(_ nodes: [Plan.Node], _ chance: inout Chance) -> Int {
    let first = chance.below(nodes.count)
    var bits = 1 << first
    for (index, node) in nodes.enumerated().dropFirst(first + 1) {
      guard let hub = nodes.firstIndex(where: { $0.division == node.parent }) else { continue }
      if bits >> hub & 1 == 1, chance.below(4) > 0 { bits |= 1 << index }
    }
    return bits
  }

  private static func workload(_ plan: inout Plan, _ chance: inout Chance) {
    let count = chance.within(5...80)
    let keys = chance.within(1...6)
    let kinds: [Plan.Operation.Kind] = [
      .put, .put, .put, .put, .put, .delete, .open, .save, .label, .unlabel, .both, .resolve,
      .order,
    ]
    for _ in 0..<count {
      let writer = chance.pick(plan.nodes)
      var scope = writer
      // Mostly a scope below; the writer must be at or above it.
      for node in plan.nodes where chance.below(2) == 0 && isBelow(node, writer, plan.nodes) {
        scope = node
      }
      var values: [Plan.Operation.Value] = []
      for column in 1...Workload.firstColumnCount where chance.below(4) == 0 {
        values.append(Plan.Operation.Value(column: column, number: chance.below(10)))
      }
      let isHeavy = chance.below(400) == 0
      let kind = isHeavy ? chance.pick([.bulk, .burst, .large]) : chance.pick(kinds)
      plan.operations.append(
        Plan.Operation(
          atMilliseconds: chance.below(plan.options.chaosMilliseconds),
          division: writer.division, kind: kind, scope: scope.division,
          key: chance.below(keys), slot: chance.below(3), values: values))
    }
    plan.operations.sort { $0.atMilliseconds < $1.atMilliseconds }
  }

  private static func isBelow(
    _ node: Plan.Node, _ upper: Plan.Node, _ nodes: [Plan.Node]
  ) -> Bool {
    var next = node
    while next.division != upper.division {
      guard let hub = nodes.first(where: { $0.division == next.parent }) else { return false }
      next = hub
    }
    return true
  }
}

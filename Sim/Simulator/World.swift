import CFaultVFS
import CSQLite
import Causality
import Changes
import Peering
import Replication
import Store
import Wire

/// A tree of nodes in one thread under one plan: virtual time, network, disks, faults, checks.
///
/// Source: simulation.md §4. It performs what Replication asks on real replicas, as Node does in production.
package final class World {
  enum Event {
    case start(node: Int, life: UInt64)
    case timer(node: Int, life: UInt64, timer: UInt64)
    case deliver(call: Int, isUp: Bool, bytes: [UInt8])
    case linkEnded(call: Int, isHub: Bool)
    /// Whether a call is silent for too long.
    case silence(call: Int)
    case waitOver(call: Int)
    case changed(node: Int, life: UInt64, advanced: [StreamID], acknowledged: [StreamID])
    case operation(Int)
    case fault(Int)
    case faultOver(Int)
    case link(node: Int, isCut: Bool)
    case bundle(CarriedBundle)
    case replay(call: Int)
    case look
    case work(Work, isNew: Bool)
    case quietOver(call: Int)
    case recovered(outage: Int)
  }

  let plan: Plan
  let tree: ScopeTree
  /// The newest schema.
  let schema: Schema
  /// Set while the world is a rehearsal.
  private(set) var rehearsed: RehearsalState?
  /// What programs of versions 1… declare; of a rehearsal, one for all.
  private let schemas: (honest: [Schema], hostile: [Schema])
  /// Disks with the tables of `schemas`.
  private let templates: (honest: [Int32], hostile: [Int32])
  var nodes: [SimulatedNode] = []
  /// Places of divisions in the list of nodes.
  private(set) var places: [Int: Int] = [:]
  var calls: [Int: Call] = [:]
  var nextCall = 0
  /// Calls whose child's turn will be said again (F2).
  var recordings: [Int: Call] = [:]
  var queue: EventQueue<Event>
  var now: Nanoseconds = 0
  var verdict = Verdict()
  var trace = Trace()
  var checkers: Checkers
  var isHealed = false
  /// Whether a power cut is looked after by who runs the world.
  var keepsPowerOff = false
  /// Change sets known in the core when it was looked at last, and since when (L2).
  var lastKnown: UInt64 = 0
  var lastProgress: Nanoseconds = 0
  /// How long the core may take to agree, milliseconds (L1), and encoded bytes of every change set.
  var agreementBound = Int.max
  var sizes: [Dot: Int] = [:]
  /// Takes a line for every event.
  package var log: ((String) -> Void)?
  /// Frames in the order in which they were said; kept where cuts are enumerated.
  var saidFrames: [SaidFrame]?
  /// When the core agreed, and what had been sent until the round that must move nothing (Q9).
  var agreedAt: Nanoseconds?
  var sentBefore: Int?
  /// The probe at the end, since when it waits for links to stand, and what it made that is on its way.
  var probeStage = ProbeStage.standing
  var probeSince: Nanoseconds?
  var watched: [Dot: Watched] = [:]
  /// Cuts in force by node: up, down.
  var cuts: [[Int]] = []
  /// When a node's slow link upwards is free again: up, down.
  var linkFree: [[Nanoseconds]] = []
  /// Copies of disks, by node.
  var copies: [Int: Copy] = [:]
  /// Who must agree in the end.
  var core: [Int] = []
  /// SQLite is told of the VFS once per process.
  private static let registered: Int32 = {
    _ = csqlite_configure()
    return faultvfs_register()
  }()

  /// Makes the nodes of a plan, admitted and knowing each other's keys. Throws when the plan's topology is no
  /// tree, or when a replica cannot be made.
  package convenience init(_ plan: Plan) throws { try self.init(plan, rehearsal: nil) }

  init(_ plan: Plan, rehearsal: Rehearsal?) throws {
    precondition(Self.registered == 0, "the fault VFS is registered")
    self.plan = plan
    queue = EventQueue(seed: plan.seed)
    tree = try ScopeTree(
      plan.nodes.compactMap { node in
        Scope(code: UInt32(node.division)).map {
          ScopeTree.Entry(scope: $0, parent: Scope(code: UInt32(node.parent)))
        }
      })
    schema = try rehearsal?.schema ?? Workload.schema()
    let versions = rehearsal == nil ? Array(1...Workload.newestVersion) : []
    schemas =
      try rehearsal.map { ([$0.schema], [$0.schema]) } ?? (
        versions.map { try Workload.schema(version: $0) },
        versions.map { try Workload.schema(version: $0, isHonest: false) }
      )
    checkers = Checkers(
      tree: tree,
      schema: try Schema(version: schema.version, tables: [Registry.table] + schema.tables),
      codes: plan.nodes.compactMap { NodeCode(division: UInt32($0.division)) },
      versions: rehearsal == nil ? plan.nodes.map { UInt32(plan.version(of: $0.division)) } : nil)
    templates = (
      try schemas.honest.map(Self.template(of:)), try schemas.hostile.map(Self.template(of:))
    )
    faultvfs_reset(plan.seed)
    try makeNodes(rehearsal)
  }

  private func makeNodes(_ rehearsal: Rehearsal?) throws {
    let divisions = plan.nodes.map(\.division)
    places = Dictionary(uniqueKeysWithValues: divisions.enumerated().map { ($1, $0) })
    for (index, node) in plan.nodes.enumerated() {
      guard let code = NodeCode(division: UInt32(node.division)) else {
        throw PlanError(line: 0, problem: "division \(node.division)")
      }
      let hub = places[node.parent]
      precondition(hub.map { $0 < index } ?? (index == 0), "hubs come before their children")
      nodes.append(
        SimulatedNode(
          node, version: plan.version(of: node.division), disk: index + 1, code: code, hub: hub,
          seed: plan.seed,
          isReal: plan.options.realSignatures == 1))
      if let rehearsal { nodes[index].wallStart = rehearsal.wallMilliseconds }
      cuts.append([0, 0])
      linkFree.append([0, 0])
    }
    if let rehearsal { rehearsed = RehearsalState(rehearsal, tree, nodes) }
    for index in nodes.indices { try admit(index) }
    for index in nodes.indices { try absorb(index) }
    for index in nodes.indices { try meetHub(index) }
    for clock in plan.clocks {
      guard let index = divisions.firstIndex(of: clock.division) else { continue }
      nodes[index].clockOffset = clock.offsetMilliseconds
      nodes[index].clockDrift = clock.driftPerMillion
      if clock.offsetMilliseconds != 0 { verdict.count(.clockOffset) }
      if clock.driftPerMillion != 0 { verdict.count(.clockDrift) }
    }
    if Set(nodes.map(\.version)).count > 1 { verdict.count(.skew) }
    verdict.nodeCount = nodes.count
  }

  /// Makes a node's replica and has it admitted by its hub, before the world begins.
  private func admit(_ index: Int) throws {
    let node = nodes[index]
    let replica: Replica
    if let anchor = nodes[0].replica?.identity.anchor {
      replica = try openFresh(node, schema(of: index), template(at: index), anchor)
    } else {
      replica = try Replica.create(
        folder: node.folder, node: node.code, tree: tree, schema: schema(of: index), anchor: nil,
        host: node.host, wallMilliseconds: node.wall(0))
    }
    node.replica = replica
    if let hub = node.hub {
      _ = try nodes[hub].replica?.admit(
        replica.identity.enrolmentRequest(name: ""), author: "plan", wallMilliseconds: node.wall(0))
    }
  }

  /// The first contact, which is part of setting a node up: it brings the keys of all above, without which
  /// nothing that they wrote can be proved.
  private func meetHub(_ index: Int) throws {
    let node = nodes[index]
    guard let hub = node.hub, let replica = node.replica, let above = nodes[hub].replica else {
      return
    }
    for (from, to) in [(above, replica), (replica, above)] {
      let shared = from.streams.filter { tree.holds(to.identity.replica.node.scope, $0) }
      var lacked: [(StreamID, VersionVector)] = []
      for stream in shared { lacked.append((stream, try to.knowledge(of: stream))) }
      guard let batch = try from.changes(lackedBy: lacked, maxBytes: Limits.frameTargetBytes),
        case .frame(let message) = batch.content
      else { continue }
      _ = try to.apply(
        message, from: from.identity.replica, isIngress: to === above,
        wallMilliseconds: node.wall(0))
    }
    try absorb(index)
    try absorb(hub)
  }

  private func template(at index: Int) -> Int32 {
    let list = isLiar(index) ? templates.hostile : templates.honest
    return list[min(nodes[index].version, list.count) - 1]
  }

  private func isLiar(_ index: Int) -> Bool { index == plan.options.hostile - 1 && index > 0 }

  /// What a node's program declares of its tables.
  func schema(of index: Int) -> Schema { schema(of: index, version: nodes[index].version) }

  func schema(of index: Int, version: Int) -> Schema {
    let list = isLiar(index) ? schemas.hostile : schemas.honest
    return list[min(version, list.count) - 1]
  }

  // MARK: running

  /// Runs the plan: faults, then the core heals and must agree.
  package func run() -> Verdict { run(keepsNodes: false) }

  /// `keepsNodes`: the nodes stay open, for more.
  func run(keepsNodes: Bool) -> Verdict {
    start()
    while verdict.violation == nil, let next = queue.pop() {
      now = next.time
      verdict.count(.events)
      let goesOn = perform(next.event)
      if let log { write(next.event, to: log) }
      guard goesOn else { break }
    }
    if !keepsNodes { finish() }
    return verdict
  }

  func start() {
    if nodes.indices.contains(plan.options.hostile - 1), plan.options.hostile > 1 {
      distrust(plan.options.hostile - 1, holding: checkers.shadows[plan.options.hostile - 1])
    }
    for index in nodes.indices { begin(index) }
    for (index, operation) in plan.operations.enumerated() {
      queue.push(.operation(index), at: .milliseconds(operation.atMilliseconds))
    }
    for (index, fault) in plan.faults.enumerated() {
      queue.push(.fault(index), at: .milliseconds(fault.atMilliseconds))
    }
    for index in nodes.indices { setDisk(index, isFaulty: true) }
    if let rehearsed { return begin(rehearsed) }
    queue.push(.look, at: .milliseconds(plan.healsAtMilliseconds))
  }

  func finish() {
    for node in nodes {
      let counters = faultvfs_get_counters(Int32(node.disk))
      verdict.count(.lostWrite, Int(counters.lost_operations))
      verdict.count(.tornWrite, Int(counters.torn_operations))
      verdict.count(.syncFailure, Int(counters.sync_failures))
      verdict.count(
        plan.options.isSticky == 1 ? .stickyError : .inputError, Int(counters.io_errors))
      verdict.count(.diskFull, Int(counters.full_errors))
    }
    verdict.virtualMilliseconds = now / 1_000_000
    verdict.count(.tie, verdict[.events])
    trace.add(0, faultvfs_trace())
    verdict.traceHash = trace.hash
    for node in nodes { faultvfs_cut(Int32(node.disk), FAULTVFS_KEEP_ALL, 0) }
    for node in nodes { node.replica = nil }
    calls = [:]
  }

  /// Returns false when the run is over.
  func perform(_ event: Event) -> Bool {
    switch event {
    case .start(let node, let life):
      if nodes[node].life == life { restart(node) }
    case .timer(let index, let life, let timer):
      let node = nodes[index]
      guard node.life == life, node.timer == timer else { return true }
      if isBusy(index, event) { return true }
      perform(
        node.schedule?.timerFired(
          atMilliseconds: SimulatedNode.monotonic(now), using: &node.chance) ?? [], at: index)
    case .deliver(let call, let isUp, let bytes): deliver(call, isUp: isUp, bytes, event)
    case .linkEnded(let call, let isHub): endLink(call, isHub: isHub, event)
    case .silence(let number): checkSilence(number)
    case .waitOver(let number):
      guard let call = calls[number], var wait = call.hubSide?.machine as? HubWait else {
        return true
      }
      if isBusy(call.hub, event) { return true }
      wait.timerFired()
      call.hubSide?.machine = wait
      drain(call, isHub: true)
    case .changed(let node, let life, let advanced, let acknowledged):
      if nodes[node].life == life { announce(node, advanced, acknowledged, event) }
    case .operation(let index): operate(plan.operations[index], event)
    case .fault(let index): if !isHealed { strike(index) }
    case .faultOver(let index): relieve(index)
    case .link(let node, let isCut): setCut(node, isCut: isCut)
    case .bundle(let bundle): takeBundle(bundle, event)
    case .replay(let call): replay(call)
    case .look: return rehearsed.map(sample) ?? look()
    case .work(let work, let isNew): self.work(work, isNew: isNew, event)
    case .quietOver(let call): endQuietPoll(call)
    case .recovered(let outage): recover(outage)
    }
    return true
  }

  /// Whether the node cannot take an event now; then it takes it later.
  func isBusy(_ index: Int, _ event: Event) -> Bool {
    guard nodes[index].busyUntil > now else { return false }
    queue.push(event, at: nodes[index].busyUntil)
    return true
  }

  /// Notes a violation; the run ends after the event at hand.
  func violate(_ invariant: String, _ detail: String) {
    guard verdict.violation == nil else { return }
    verdict.violation = Verdict.Violation(
      invariant: invariant, detail: detail, atMilliseconds: now / 1_000_000)
  }
}

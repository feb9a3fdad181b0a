import CFaultVFS
import Causality
import Changes
import Merge
import Peering
import Replication
import Store

/// Rehearsals: many nodes, people at work, lines as they are; looked at now and then, checked at the end.
extension World {
  /// Runs a rehearsal. Throws when its topology is no tree or a replica cannot be made.
  /// `progress`: told the virtual milliseconds of each look.
  package static func rehearse(
    _ rehearsal: Rehearsal, progress: (Int) -> Void = { _ in }
  ) throws -> Measurements {
    let world = try World(rehearsal.plan, rehearsal: rehearsal)
    guard let state = world.rehearsed else { preconditionFailure("the world is a rehearsal") }
    world.start()
    while world.verdict.violation == nil, let next = world.queue.pop() {
      world.now = next.time
      world.verdict.count(.events)
      if case .look = next.event { progress(state.milliseconds(world.now)) }
      guard world.perform(next.event) else { break }
    }
    state.sumUp()
    world.note(state)
    world.finish()
    state.measurements.verdict = world.verdict
    return state.measurements
  }

  /// The first look, the first work, and what comes back when.
  func begin(_ state: RehearsalState) {
    queue.push(.look, at: .milliseconds(state.rehearsal.warmUpMilliseconds))
    for (index, outage) in state.rehearsal.outages.enumerated() {
      queue.push(.recovered(outage: index), at: .milliseconds(outage.toMilliseconds))
    }
    pushWork(state)
  }

  /// Links or machines are back: from now on it is measured how long what waited takes.
  func recover(_ number: Int) {
    guard let state = rehearsed else { return }
    let outage = state.rehearsal.outages[number]
    var inside: Set<Int> = []
    for node in outage.nodes { inside.formUnion(state.deliveries.subtree(node)) }
    let links =
      outage.nodes.filter { $0 > 0 }
      + (outage.kind == .down ? outage.nodes.flatMap(state.deliveries.children) : [])
    switch outage.kind {
    case .cut:
      state.recover(
        inside, across: outage.nodes.count == 1, links: links, name: outage.name, at: now)
    case .down: state.recover(inside, across: false, links: links, name: outage.name, at: now)
    case .restore, .clock: break
    }
  }

  // MARK: work

  private func pushWork(_ state: RehearsalState) {
    if let work = state.takeWork() {
      queue.push(.work(work, isNew: true), at: .milliseconds(work.atMilliseconds))
    }
  }

  /// Somebody does their work; whose machine is off does it later.
  func work(_ work: Work, isNew: Bool, _ event: Event) {
    guard let state = rehearsed else { return }
    if isNew { pushWork(state) }
    if isBusy(work.node, event) { return }
    let node = nodes[work.node]
    func count(_ total: WritableKeyPath<Measurements.WorkTotal, Int>) {
      if state.isMeasured(now) { state.measurements.work[work.kind][keyPath: total] += 1 }
    }
    guard let replica = node.replica else {
      if isNew { count(\.delayed) }
      queue.push(.work(work, isNew: false), at: now + .milliseconds(Self.laterMilliseconds))
      return
    }
    guard replica.stopReason == nil else { return count(\.refused) }
    do {
      let rows = state.rehearsal.content.rows(of: work)
      let receipt = try replica.write(author: "rehearsal", wallMilliseconds: node.wall(now)) {
        transaction throws(StoreError) in
        for row in rows { try put(row, work.scope, transaction) }
      }
      state.kind = work.kind
      written(work.node, receipt.dots)
      state.kind = -1
      count(\.done)
      if isCutOff(work.node) { count(\.doneWhileCut) }
    } catch {
      trouble(work.node, error, state.rehearsal.kinds[work.kind])
    }
    settle(work.node)
  }

  /// Whether the top cannot be reached from a node: a line on the way is cut, or a hub is off.
  private func isCutOff(_ index: Int) -> Bool {
    var place = index
    while let hub = nodes[place].hub {
      if cuts[place][0] > 0 || nodes[hub].replica == nil { return true }
      place = hub
    }
    return false
  }

  private static var laterMilliseconds: Int { 300_000 }

  private func put(
    _ row: RowWrite, _ scope: Scope, _ transaction: WriteTransaction
  ) throws(StoreError) {
    if try transaction.read(row.table, scope: scope, key: row.key) == nil {
      try transaction.insert(row.table, scope: scope, key: row.key, row.columns)
    } else if !row.columns.isEmpty {
      try transaction.update(row.table, scope: scope, key: row.key, row.columns)
    }
  }

  // MARK: lines

  /// Sends a message over a rehearsed line.
  func send(_ call: Call, isUp: Bool, _ bytes: [UInt8], over state: RehearsalState) {
    let from = isUp ? call.child : call.hub
    if isBlocked(call, isUp: isUp) { return lose(call) }
    var chance = Chance(plan.seed, .fate, UInt64(call.number), UInt64(call.messages))
    let begin = max(now, nodes[from].busyUntil)
    let before = state.links[call.child].total
    let time = state.links[call.child].carry(
      bytes.count, isUp: isUp, from: begin, day: state.day(now), hour: state.hour(now),
      using: &chance)
    call.wireBytes[isUp ? 0 : 1] += state.links[call.child].total - before
    guard let time else { return lose(call) }
    let direction = isUp ? 0 : 1
    let ordered = max(call.lastDelivery[direction] + 1, time)
    call.lastDelivery[direction] = ordered
    queue.push(.deliver(call: call.number, isUp: isUp, bytes: bytes), at: ordered)
  }

  // MARK: long polls without news

  /// Begins a long poll without machines where the last one brought nothing and neither end has changed since: it
  /// takes the same time and bytes. Returns false when it must be a real one.
  func startQuietPoll(_ index: Int, _ hub: Int, _ attempt: UInt64) -> Bool {
    guard let state = rehearsed, let quiet = state.links[index].quiet,
      isStill(quiet, index, hub, state), cuts[index][0] == 0, cuts[index][1] == 0
    else { return false }
    nextCall += 1
    let call = Call(
      number: nextCall, child: index, hub: hub, attempt: attempt, isWait: true,
      childLife: nodes[index].life, hubLife: nodes[hub].life)
    call.isQuiet = true
    nodes[index].attempts[attempt] = nextCall
    insert(call)
    state.quietCalls[index] = nextCall
    state.links[index].count(quiet.upBytes, isUp: true, hour: state.hour(now))
    verdict.count(.waits)
    let length =
      Limits.longPollMilliseconds * 1_000_000
      + .milliseconds(state.links[index].line.roundTripMilliseconds)
    queue.push(.quietOver(call: nextCall), at: now + length)
    return true
  }

  private func isStill(
    _ quiet: LinkState.QuietPoll, _ index: Int, _ hub: Int, _ state: RehearsalState
  ) -> Bool {
    quiet.childChanges == state.changes[index] && quiet.hubChanges == state.hubChanges[index]
      && quiet.childLife == nodes[index].life && quiet.hubLife == nodes[hub].life
      && nodes[hub].replica != nil
  }

  /// A long poll without machines is over.
  func endQuietPoll(_ number: Int) {
    guard let call = calls[number], call.isQuiet, !call.isCut, let state = rehearsed else { return }
    remove(number)
    state.quietCalls[call.child] = nil
    let node = nodes[call.child]
    guard node.life == call.childLife, let quiet = state.links[call.child].quiet else { return }
    let isLost =
      !isStill(quiet, call.child, call.hub, state) || cuts[call.child][0] + cuts[call.child][1] > 0
    if !isLost {
      state.links[call.child].count(quiet.downBytes, isUp: false, hour: state.hour(now))
    }
    finishQuiet(call, isLost ? .failed(.linkEnded) : .complete)
  }

  private func finishQuiet(_ call: Call, _ result: ExchangeOutcome.Result) {
    let node = nodes[call.child]
    node.attempts[call.attempt] = nil
    let peer = nodes[call.hub].replica?.identity.replica
    perform(
      node.schedule?.waitEnded(
        attempt: call.attempt, ExchangeOutcome(result: result, peer: peer),
        atMilliseconds: SimulatedNode.monotonic(now), using: &node.chance) ?? [], at: call.child)
  }

  /// Remembers what a real long poll took that brought nothing.
  func keepQuiet(_ call: Call, _ outcome: ExchangeOutcome) {
    guard let state = rehearsed, call.isWait else { return }
    guard case .complete = outcome.result, !outcome.differs, !outcome.moved,
      call.changesAtStart.child == state.changes[call.child],
      call.changesAtStart.hub == state.hubChanges[call.child],
      nodes[call.hub].life == call.hubLife
    else {
      state.links[call.child].quiet = nil
      return
    }
    state.links[call.child].quiet = LinkState.QuietPoll(
      upBytes: call.wireBytes[0], downBytes: call.wireBytes[1],
      childChanges: state.changes[call.child], hubChanges: state.hubChanges[call.child],
      childLife: call.childLife, hubLife: call.hubLife)
  }

  /// Something changed at a node: its children's long polls without machines become real ones, which tell of it.
  func stir(_ index: Int, _ streams: [StreamID]) {
    guard let state = rehearsed else { return }
    state.changes[index] += 1
    for child in state.deliveries.children(of: index) {
      let scope = nodes[child].code.scope
      guard streams.contains(where: { tree.holds(scope, $0) }) else { continue }
      state.hubChanges[child] += 1
      guard let number = state.quietCalls.removeValue(forKey: child), let call = calls[number]
      else { continue }
      remove(number)
      guard nodes[child].life == call.childLife, nodes[child].replica != nil else { continue }
      nodes[child].attempts[call.attempt] = nil
      startCall(child, call.attempt, isWait: true)
    }
  }

  // MARK: looking

  /// One look; returns false when the rehearsal is over.
  func sample(_ state: RehearsalState) -> Bool {
    let rehearsal = state.rehearsal
    let elapsed = state.milliseconds(now)
    let lags = state.deliveries.lags(at: now)
    if elapsed >= 0 {
      state.measurements.samples.append(
        Measurements.Sample(
          atMilliseconds: elapsed, worstLagMilliseconds: lags.worst, nodesBehind: lags.behind,
          conflicts: conflictsAtTop(state), underWay: state.deliveries.underWay))
    }
    for (index, node) in nodes.enumerated() {
      guard let reason = node.replica?.stopReason,
        !state.measurements.stopped.contains(where: { $0.node == index })
      else { continue }
      state.measurements.stopped.append((index, "\(reason)"))
    }
    if elapsed >= rehearsal.durationMilliseconds {
      if state.deliveries.underWay == 0 {
        state.agreedAt = state.agreedAt ?? now
        checkEnd(state)
        return false
      }
      guard elapsed < rehearsal.durationMilliseconds + rehearsal.settleMilliseconds else {
        checkEnd(state)
        return false
      }
    }
    let step = elapsed < rehearsal.durationMilliseconds ? rehearsal.sampleMilliseconds : 60_000
    queue.push(.look, at: now + .milliseconds(min(step, rehearsal.sampleMilliseconds)))
    return verdict.violation == nil
  }

  private func conflictsAtTop(_ state: RehearsalState) -> Int {
    guard let replica = nodes[0].replica else {
      return state.measurements.samples.last?.conflicts ?? 0
    }
    do {
      return try replica.conflicts().count
    } catch {
      note(.failed(node: 0, what: "conflicts: \(error)"))
      return 0
    }
  }

  // MARK: the end

  /// What must hold in the end, whatever happened.
  private func checkEnd(_ state: RehearsalState) {
    var checks: [Measurements.Check] = []
    if let (dot, node) = state.deliveries.oldestMissing() {
      checks.append(
        Measurements.Check(
          name: "every change is wherever it belongs", isPassed: false,
          detail:
            "\(state.deliveries.underWay) are not; \(dot) is not at \(nodes[node].plan.division)"))
    } else {
      checks.append(
        Measurements.Check(
          name: "every change is wherever it belongs", isPassed: true,
          detail: "\(state.deliveries.count) changes"))
    }
    let compared = compareWithHubs()
    checks.append(
      Measurements.Check(
        name: "a node and its hub show the same", isPassed: compared.problem == nil,
        detail: compared.problem ?? "\(compared.count) streams by digest"))
    for index in nodes.indices where nodes[index].replica?.stopReason == nil { checkAll(index) }
    checks.append(
      Measurements.Check(
        name: "rows, conflicts and files are as the model says", isPassed: verdict.violation == nil,
        detail: verdict.violation.map { "\($0.invariant): \($0.detail)" }
          ?? "\(verdict[.rowsChecked]) rows, \(nodes.count) files"))
    checkPromises()
    checks.append(
      Measurements.Check(
        name: "nothing that was promised is gone", isPassed: verdict.violation == nil,
        detail: verdict.violation.map { "\($0.invariant): \($0.detail)" }
          ?? "\(checkers.oracle.changes.count) change sets in the ledger"))
    state.measurements.checks = checks
    state.measurements.conflictsAtEnd = conflictsAtTop(state)
    state.measurements.suspected = verdict[.suspected]
    state.measurements.refused = verdict[.refused]
  }

  /// Knowledge and digest of every stream that a node shares with its hub.
  private func compareWithHubs() -> (count: Int, problem: String?) {
    var count = 0
    for node in nodes {
      guard let hub = node.hub, let replica = node.replica, replica.stopReason == nil,
        let above = nodes[hub].replica
      else { continue }
      for stream in replica.streams(sharedWith: nodes[hub].code) {
        do {
          let (own, other) = (try replica.knowledge(of: stream), try above.knowledge(of: stream))
          if own != other {
            return (count, "\(stream): \(node.code) knows \(own), \(nodes[hub].code) \(other)")
          }
          if try replica.digest(of: stream) != above.digest(of: stream) {
            return (count, "\(stream): \(node.code) and \(nodes[hub].code) show different rows")
          }
          count += 1
        } catch {
          return (count, "\(stream) at \(node.code): \(error)")
        }
      }
    }
    return (count, nil)
  }

  /// The ledger (S3) with what each node holds.
  private func checkPromises() {
    for index in nodes.indices where verdict.violation == nil {
      note(.ended(node: index, isCore: false, known: checkers.shadows[index]))
    }
    note(.over)
  }

  private func note(_ state: RehearsalState) {
    state.measurements.diskBytes = nodes.reduce(0) { $0 + Int(faultvfs_bytes(Int32($1.disk))) }
    if verdict.violation == nil,
      let failed = state.measurements.checks.first(where: { !$0.isPassed })
    {
      verdict.violation = Verdict.Violation(
        invariant: "Q1", detail: failed.detail, atMilliseconds: now / 1_000_000)
    }
  }
}

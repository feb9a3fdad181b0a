import CFaultVFS
import Causality
import Changes
import Peering
import Replication
import Store

/// Processes: they start, die and come back.
extension World {
  /// The first moments of a process whose replica is open.
  func begin(_ index: Int) {
    let node = nodes[index]
    node.life += 1
    node.challenges = ChallengeBook(host: node.host)
    node.memories = [:]
    node.hint = PeerHint()
    node.attempts = [:]
    guard let hub = node.hub else { return }
    var schedule = LinkSchedule(parents: [nodes[hub].code])
    let actions = schedule.start(
      atMilliseconds: SimulatedNode.monotonic(now), using: &node.chance)
    node.schedule = schedule
    perform(actions, at: index)
  }

  /// Opens the replica again, as `serve` does.
  func restart(_ index: Int) {
    let node = nodes[index]
    guard node.replica == nil, !node.isDead else { return }
    do {
      try changeProgram(index)
      let isUpgraded = node.version > Int(checkers.versions[index])
      let replica = try Replica.open(
        folder: node.folder, tree: tree, schema: schema(of: index), host: node.host,
        wallMilliseconds: node.wall(now))
      if replica.stopReason == nil { try replica.stampCaptured(wallMilliseconds: node.wall(now)) }
      node.replica = replica
      node.opens += 1
      note(
        .opened(
          node: index, trouble: node.trouble, isStopped: replica.stopReason != nil,
          told: replica.stopReason.flatMap(Self.told)))
      if isUpgraded {
        note(.program(node: index, version: UInt32(node.version), isTaken: true, told: "nothing"))
      }
      try recovered(index)
      if isUpgraded { try upgraded(index) }
    } catch {
      trouble(index, error, "open")
      let isOff = faultvfs_is_off(Int32(node.disk)) != 0
      stop(index, isOff ? pendingLoss(index) : FAULTVFS_KEEP_ALL)
      queue.push(.start(node: index, life: node.life), at: now + .milliseconds(10_000))
      return
    }
    begin(index)
  }

  /// Goes on with another program, as the plan says (F34): a newer one takes the file, an older one must refuse it,
  /// and then the node goes on with the one before.
  private func changeProgram(_ index: Int) throws(StoreError) {
    let node = nodes[index]
    guard let next = node.nextVersion else { return }
    if next >= node.version {
      (node.version, node.nextVersion) = (next, nil)
      return
    }
    // Of a file that was put back, or whose upgrade was cut short, nobody knows which program was the last.
    guard node.version == Int(checkers.versions[index]), !checkers.budget.untrusted.contains(index)
    else {
      node.nextVersion = nil
      return
    }
    do throws(StoreError) {
      let replica = try Replica.open(
        folder: node.folder, tree: tree, schema: schema(of: index, version: next),
        host: node.host, wallMilliseconds: node.wall(now))
      note(
        .program(node: index, version: UInt32(next), isTaken: true, told: "nothing"))
      try replica.close()
    } catch {
      node.host.releaseLocks()
      guard case .schema(let text) = error else { throw error }
      verdict.count(.downgrade)
      note(.program(node: index, version: UInt32(next), isTaken: false, told: text))
      node.nextVersion = nil
    }
  }

  /// After an upgrade every row is what the model says, by the newer schema, and nothing was written (S22).
  private func upgraded(_ index: Int) throws(StoreError) {
    let node = nodes[index]
    guard let replica = node.replica else { return }
    verdict.count(.upgrade)
    try undisturbed(index) { () throws(StoreError) in
      for stream in replica.streams {
        let known = try replica.knowledge(of: stream)
        if known != checkers.known(index, stream), !checkers.budget.untrusted.contains(index) {
          violate("S22", "\(stream) at \(node.plan.division) knows \(known) after an upgrade")
        }
      }
    }
    checkAll(index)
  }

  /// What a replica says of its files; nil for what only an earlier opening or a peer told.
  private static func told(_ reason: StopReason) -> FileTrouble? {
    guard case .leaseMismatch(let problem) = reason else { return nil }
    switch problem {
    case .missing: return .leaseMissing
    case .damaged: return .leaseDamaged
    case .ofAnother: return .leaseOfAnother
    case .otherNonce, .behind: return .databasePutBack
    }
  }

  /// Ends a process; `loss` says what a power cut takes with it.
  func stop(_ index: Int, _ loss: faultvfs_loss) {
    let node = nodes[index]
    faultvfs_cut(
      Int32(node.disk), loss, Chance.hash(plan.seed, Chance.hash(UInt64(index), now)))
    node.replica = nil
    node.schedule = nil
    node.challenges = nil
    node.host.releaseLocks()
    node.forms = [:]
    node.life += 1
    node.busyUntil = 0
    for number in calls.keys.sorted() {
      guard let call = calls[number], call.child == index || call.hub == index else { continue }
      call.isCut = true
      if call.child == index { call.childSide = nil } else { call.hubSide = nil }
      // The other side learns of it by a reset, or by silence.
      var chance = Chance(plan.seed, .fate, UInt64(number), 1_000_001)
      let delay = chance.happens(perMillion: 500_000) ? 100 : chance.within(1_000...120_000)
      queue.push(
        .linkEnded(call: number, isHub: call.child == index), at: now + .milliseconds(delay))
    }
  }

  /// Performs what the schedule asks for; calls last, since one that fails at once sets a later timer.
  func perform(_ actions: [LinkAction], at index: Int) {
    let node = nodes[index]
    for action in actions {
      switch action {
      case .setTimer(let milliseconds):
        node.timer += 1
        queue.push(
          .timer(node: index, life: node.life, timer: node.timer),
          at: max(now, milliseconds * 1_000_000))
      case .startExchange, .startWait: break
      case .cancel(let attempt):
        guard let number = node.attempts.removeValue(forKey: attempt), let call = calls[number]
        else { continue }
        call.isCut = true
        call.childSide = nil
        queue.push(.linkEnded(call: number, isHub: true), at: now + .milliseconds(50))
      }
    }
    for action in actions {
      switch action {
      case .startExchange(_, let attempt): startCall(index, attempt, isWait: false)
      case .startWait(_, let attempt): startCall(index, attempt, isWait: true)
      case .setTimer, .cancel: break
      }
    }
  }

  func insert(_ call: Call) {
    calls[call.number] = call
    nodes[call.hub].hubCalls.append(call.number)
    guard rehearsed == nil else { return }
    call.lastDelivery = [now, now]
    queue.push(.silence(call: call.number), at: now + .milliseconds(Int(Limits.answerMilliseconds)))
  }

  func remove(_ number: Int) {
    guard let call = calls.removeValue(forKey: number) else { return }
    nodes[call.hub].hubCalls.removeAll { $0 == number }
  }

  /// Something changed here: the schedule and the long polls of children look at it.
  func announce(
    _ index: Int, _ advanced: [StreamID], _ acknowledged: [StreamID], _ event: Event
  ) {
    if isBusy(index, event) { return }
    let node = nodes[index]
    let time = SimulatedNode.monotonic(now)
    if !advanced.isEmpty {
      perform(node.schedule?.localChange(atMilliseconds: time) ?? [], at: index)
    }
    if !acknowledged.isEmpty {
      perform(node.schedule?.acknowledgementChanged(atMilliseconds: time) ?? [], at: index)
    }
    let streams = (advanced + acknowledged).sorted()
    stir(index, streams)
    for number in node.hubCalls {
      guard let call = calls[number],
        var wait = call.hubSide?.machine as? HubWait
      else { continue }
      wait.streamsChanged(streams)
      call.hubSide?.machine = wait
      drain(call, isHub: true)
    }
  }

  /// Something failed on a node: a fault of its disk, or a fault of the engine.
  func trouble(_ index: Int, _ error: any Error, _ what: String) {
    let node = nodes[index]
    log?("node \(node.plan.division), \(what): \(error)")
    if faultvfs_is_off(Int32(node.disk)) != 0 { return }
    let options = plan.options
    let isFaulty =
      options.syncFailures + options.readErrors + options.writeErrors + options.otherErrors > 0
    guard let error = error as? StoreError else {
      return note(.failed(node: index, what: "\(what): \(error)"))
    }
    switch error {
    case .writingStopped where checkers.budget.untrusted.contains(index): return
    case .diskFull: return
    case .storage, .folder, .busy:
      // A commit that failed behind its last sync is there all the same.
      if isFaulty, what != "inspection" { inspect(index) }
      if isFaulty { return }
    default: break
    }
    note(.failed(node: index, what: "\(what): \(error)"))
  }

  /// After each step on a node: a power cut in the middle of it, and the time that its disk took.
  func settle(_ index: Int) {
    let node = nodes[index]
    if keepsPowerOff { return }
    if faultvfs_is_off(Int32(node.disk)) != 0 {
      verdict.count(.crash)
      verdict.count(.crossFile)
      stop(index, pendingLoss(index))
      queue.push(
        .start(node: index, life: node.life), at: now + .milliseconds(pendingDowntime(index)))
      return
    }
    if node.replica?.diskFailure != nil {
      // The process ends, as `serve` does, and is started again.
      stop(index, FAULTVFS_KEEP_ALL)
      queue.push(.start(node: index, life: node.life), at: now + .milliseconds(1_000))
      return
    }
    let cost = faultvfs_take_cost(Int32(node.disk))
    if cost > 0 {
      verdict.count(.slowDisk)
      node.busyUntil = max(node.busyUntil, now) + cost
    }
  }

  /// The crash that was armed last on a node.
  private func armed(_ index: Int) -> Plan.Fault? {
    plan.faults.last {
      $0.kind == .crash && $0.division == nodes[index].plan.division
        && .milliseconds($0.atMilliseconds) <= now
    }
  }

  private func pendingLoss(_ index: Int) -> faultvfs_loss {
    let choice = Chance.hash(plan.seed, now) % 3
    return choice == 0 ? FAULTVFS_PREFIX : choice == 1 ? FAULTVFS_ANY_SUBSET : FAULTVFS_KEEP_NONE
  }

  private func pendingDowntime(_ index: Int) -> Int { armed(index)?.milliseconds ?? 1_000 }
}

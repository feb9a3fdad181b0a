import CFaultVFS
import Causality
import Changes

/// Faults at their moments, and the end of them.
extension World {
  func node(at division: Int) -> Int? { places[division] }

  func strike(_ number: Int) {
    let fault = plan.faults[number]
    guard let index = node(at: fault.division) else { return }
    let node = nodes[index]
    trace.add(4, UInt64(number), UInt64(index))
    switch fault.kind {
    case .cut:
      verdict.count(fault.argument == 0 ? .partition : .oneWay)
      if nodes.contains(where: { $0.hub == node.hub && $0.disk != node.disk }) {
        verdict.count(.partial)
      }
      if fault.argument != 2 { cuts[index][0] += 1 }
      if fault.argument != 1 { cuts[index][1] += 1 }
      queue.push(.faultOver(number), at: now + .milliseconds(fault.milliseconds))
    case .kill:
      guard node.replica != nil else { return }
      verdict.count(.kill)
      stop(index, FAULTVFS_KEEP_ALL)
      queue.push(.start(node: index, life: node.life), at: now + .milliseconds(fault.milliseconds))
    case .power:
      guard node.replica != nil else { return }
      verdict.count(.crossFile)
      let losses = [FAULTVFS_PREFIX, FAULTVFS_ANY_SUBSET, FAULTVFS_KEEP_NONE]
      stop(index, losses[abs(fault.argument) % 3])
      queue.push(.start(node: index, life: node.life), at: now + .milliseconds(fault.milliseconds))
    case .crash:
      // While the process is down, the power goes as it comes back (F15).
      if node.replica == nil { verdict.count(.crashInRecovery) }
      faultvfs_cut_after(Int32(node.disk), UInt64(max(1, fault.argument)))
    case .jump:
      verdict.count(.clockJump)
      node.clockOffset += fault.argument
    case .pause:
      guard node.replica != nil else { return }
      verdict.count(.pause)
      node.busyUntil = max(node.busyUntil, now + .milliseconds(fault.milliseconds))
    case .swizzle: swizzle(index, fault)
    case .herd:
      verdict.count(.herd, nodes.count - 1)
      for child in nodes.indices { setCut(child, isCut: true) }
      queue.push(.faultOver(number), at: now + .milliseconds(fault.milliseconds))
    case .restore, .clone:
      guard node.replica != nil, !checkers.budget.untrusted.contains(index) else { return }
      keepCopy(index, swaps: fault.kind == .clone ? 3 : 0)
      queue.push(.faultOver(number), at: now + .milliseconds(fault.milliseconds))
    case .mix: if !checkers.budget.untrusted.contains(index) { mixFiles(index, fault) }
    case .rot: rot(index, fault)
    case .bundle: carryBundle(index, fault)
    case .flood: flood(index, fault)
    case .program:
      node.nextVersion = fault.argument
      if node.replica != nil { stop(index, FAULTVFS_KEEP_ALL) }
      queue.push(.start(node: index, life: node.life), at: now + .milliseconds(fault.milliseconds))
    case .full:
      setDisk(index, isFaulty: true, isFull: true)
      queue.push(.faultOver(number), at: now + .milliseconds(fault.milliseconds))
    }
  }

  func relieve(_ number: Int) {
    let fault = plan.faults[number]
    guard let index = node(at: fault.division) else { return }
    switch fault.kind {
    case .cut:
      if fault.argument != 2 { cuts[index][0] -= 1 }
      if fault.argument != 1 { cuts[index][1] -= 1 }
    case .full: setDisk(index, isFaulty: !isHealed)
    case .herd: for child in nodes.indices { setCut(child, isCut: false) }
    case .restore, .clone: putBack(index, fault, number)
    default: break
    }
  }

  /// Cuts both directions of a node's link to its hub, or takes one such cut back.
  func setCut(_ index: Int, isCut: Bool) {
    for direction in [0, 1] { cuts[index][direction] += isCut ? 1 : -1 }
  }

  /// Stops the links below a node one after the other; they start again in an order of their own (F9).
  private func swizzle(_ top: Int, _ fault: Plan.Fault) {
    var chance = Chance(plan.seed, .fate, UInt64(top), now)
    let below = nodes.indices.filter {
      $0 != top && tree.isAtOrAbove(nodes[top].code.scope, nodes[$0].code.scope)
    }
    for (place, index) in below.enumerated() {
      verdict.count(.swizzle)
      let stop = place * fault.argument
      let end = max(stop + 1, fault.milliseconds - chance.below(max(1, fault.milliseconds / 2)))
      queue.push(.link(node: index, isCut: true), at: now + .milliseconds(stop))
      queue.push(.link(node: index, isCut: false), at: now + .milliseconds(end))
    }
  }

  func setDisk(_ index: Int, isFaulty: Bool, isFull: Bool = false) {
    let options = plan.options
    let disk = Int32(nodes[index].disk)
    var faults = faultvfs_faults()
    faults.seed = Chance.hash(plan.seed, ChanceLabel.disk.rawValue)
    faults.powersafe = options.isNotPowersafe == 0 ? 1 : 0
    if isFaulty {
      faults.sync_failures = UInt32(options.syncFailures)
      faults.read_errors = UInt32(options.readErrors)
      faults.write_errors = UInt32(options.writeErrors)
      faults.other_errors = UInt32(options.otherErrors)
      faults.sticky = Int32(options.isSticky)
      var chance = Chance(plan.seed, .disk, UInt64(disk))
      if chance.below(2) == 0 { faults.sync_cost = UInt64(options.slowSync) * 1_000 }
    }
    if isFull { faults.capacity = max(1, faultvfs_bytes(disk)) }
    faultvfs_set_faults(disk, &faults)
  }

  /// The end of the faults: a connected core is healed; the rest stays dead.
  func heal() {
    isHealed = true
    lastProgress = now
    trace.add(5, now)
    core = chosenCore()
    for index in nodes.indices {
      let node = nodes[index]
      setDisk(index, isFaulty: false)
      faultvfs_cut_after(Int32(node.disk), 0)
      guard core.contains(index) else {
        if node.replica != nil { stop(index, FAULTVFS_KEEP_ALL) }
        node.isDead = true
        continue
      }
      node.busyUntil = min(node.busyUntil, now)
      if node.replica == nil { restart(index) }
    }
    takeRoute()
    agreementBound = boundOfAgreement()
  }

  /// A node and some of those below it, all connected; all nodes when the plan says so.
  private func chosenCore() -> [Int] {
    let chosen = plan.options.core == 0 ? .max : plan.options.core
    var list: [Int] = []
    for index in nodes.indices where index < 62 && chosen >> index & 1 == 1 {
      if checkers.budget.untrusted.contains(index) { continue }
      guard let hub = nodes[index].hub, !list.isEmpty else {
        if list.isEmpty { list.append(index) }
        continue
      }
      if list.contains(hub) { list.append(index) }
    }
    return list
  }

  /// After agreement acknowledgements settle; then a round in which every node speaks with its hub must move no
  /// change set (Q9). Some plans leave it out, since nothing else happens in it.
  private func isFixpoint() -> Bool {
    guard plan.options.fixpoint == 1, let agreedAt, core.count > 1 else { return true }
    let round = Nanoseconds(Limits.safetyExchangeMilliseconds) * 1_200_000
    // Calls that hang from before end, and pauses of back-off.
    let settled = agreedAt + 3 * round
    guard now >= settled else { return false }
    guard let before = sentBefore else {
      sentBefore = verdict[.changeSetsSent]
      return false
    }
    guard now >= settled + round else { return false }
    verdict.count(.fixpoints)
    note(.movedAfterEnd(count: verdict[.changeSetsSent] - before))
    return true
  }

  /// The time until all agreed; not that after a bundle which came later.
  private func noteAgreement() {
    guard verdict.convergenceMilliseconds == 0 else { return }
    verdict.convergenceMilliseconds = Int(now / 1_000_000) - plan.healsAtMilliseconds
    note(
      .agreed(
        milliseconds: verdict.convergenceMilliseconds, boundMilliseconds: agreementBound))
  }

  /// Heals when it is time; later looks whether the core agrees. Returns false when the run is over.
  func look() -> Bool {
    if !isHealed { heal() }
    if route == .byHand { carryByHand() }
    if verdict.violation != nil { return false }
    if now > .milliseconds(plan.healsAtMilliseconds), isProbing || isQuiet() {
      if agreedAt == nil {
        agreedAt = now
        noteAgreement()
      }
      guard isProbing || isFixpoint() else {
        queue.push(.look, at: now + .milliseconds(60_000))
        return verdict.violation == nil
      }
      if let next = probe() {
        queue.push(.look, at: next)
        return verdict.violation == nil
      }
      checkQuiescence()
      checkLedger()
      return false
    }
    watchProgress()
    let deadline = plan.healsAtMilliseconds + plan.options.healMilliseconds
    guard now < .milliseconds(deadline) else {
      violate("L1", disagreement() ?? "not quiet in time")
      return false
    }
    queue.push(.look, at: now + .milliseconds(15_000))
    return true
  }
}

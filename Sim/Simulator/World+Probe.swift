import CFaultVFS
import Causality
import Changes
import Store

/// A probe of links that work, after the core agreed: what is written at one end is at the other within two seconds
/// for each link between (L1). Then long polls really wake, local changes really start exchanges, and a process
/// that begins really compares.
extension World {
  /// A change that is on its way.
  struct Watched {
    let since: Nanoseconds
    let writer: Int
    /// Who lacks it.
    var missing: [Int]
  }

  /// What is probed next.
  enum ProbeStage: Int {
    /// Every link of the core has a long poll that stands.
    case standing
    /// All leaves write.
    case up
    /// The highest node writes.
    case down
    /// A leaf writes, its process ends, its hub writes, its process begins.
    case restart
    case over
  }

  /// Whether the core agreed, and what is on its way now is the probe's.
  var isProbing: Bool { probeSince != nil && probeStage != .over }

  /// Takes the next step of the probe. Returns when to look again; nil when it is over.
  func probe() -> Nanoseconds? {
    guard plan.options.probe == 1, core.count > 1 else { return nil }
    closeProbe()
    switch probeStage {
    case .standing:
      let since = probeSince ?? now
      probeSince = since
      if !core.allSatisfy(isStanding) {
        if now > since + Self.longestUntilStanding {
          note(.stalled(milliseconds: .max, missing: "a long poll that stands"))
        }
        return now + .milliseconds(1_000)
      }
      probeStage = .up
      for index in leaves { probeWrite(index) }
    case .up:
      probeStage = .down
      if let top = core.first { probeWrite(top) }
    case .down:
      probeStage = .restart
      restartInProbe()
    case .restart:
      verdict.count(.probes)
      probeStage = .over
      return nil
    case .over: return nil
    }
    let longest = watched.values.flatMap { watch in watch.missing.map { hops(watch.writer, $0) } }
    return now
      + .milliseconds(
        (longest.max() ?? 0) * (Checkers.millisecondsPerHop + slowLinkMilliseconds) + 1)
  }

  /// Back-off after the last failure, a long poll and an exchange.
  private static var longestUntilStanding: Nanoseconds {
    .milliseconds(4 * Int(Limits.backOffLongestMilliseconds))
  }

  /// Who has nobody below in the core.
  private var leaves: [Int] {
    core.filter { index in !core.contains { nodes[$0].hub == index } }
  }

  /// Whether the node's long poll waits at its hub.
  private func isStanding(_ index: Int) -> Bool {
    let node = nodes[index]
    guard let hub = node.hub, core.contains(hub) else { return true }
    return nodes[hub].hubCalls.contains { number in
      guard let call = calls[number], call.child == index, call.isWait, !call.isCut else {
        return false
      }
      return call.childSide != nil && call.hubSide != nil && call.childLife == node.life
    }
  }

  private func probeWrite(_ index: Int) {
    guard let replica = nodes[index].replica else { return }
    let node = nodes[index]
    do {
      let receipt = try replica.write(author: "probe", wallMilliseconds: node.wall(now)) {
        transaction throws(StoreError) in
        let scope = node.code.scope
        let key = Workload.key(9_000 + probeStage.rawValue, of: scope)
        try transaction.insert(Workload.entries, scope: scope, key: key, [Workload.value(1, 0)])
      }
      for dot in receipt.dots {
        watched[dot] = Watched(
          since: now, writer: index,
          missing: core.filter { $0 != index && tree.holds(nodes[$0].code.scope, dot.stream) })
      }
      written(index, receipt.dots)
    } catch {
      trouble(index, error, "probe")
    }
  }

  /// What came while a process was down, on either side, is exchanged as soon as it begins. A leaf: those below a hub
  /// that is gone may learn of that late, by silence.
  private func restartInProbe() {
    var chance = Chance(plan.seed, .fate, 5_000_000)
    let index = chance.pick(leaves)
    probeWrite(index)
    stop(index, FAULTVFS_KEEP_ALL)
    if let hub = nodes[index].hub { probeWrite(hub) }
    restart(index)
  }

  /// Tells what has not come in time.
  private func closeProbe() {
    for (dot, watch) in watched.sorted(by: { $0.key < $1.key }) {
      for index in watch.missing {
        note(
          .spread(
            dot, to: index, hops: hops(watch.writer, index),
            milliseconds: Int((now - watch.since) / 1_000_000),
            sendingMilliseconds: slowLinkMilliseconds))
      }
    }
    watched = [:]
  }

  /// A change set came into a node's log.
  func arrived(_ dot: Dot, _ index: Int) {
    guard let watch = watched[dot], watch.missing.contains(index) else { return }
    watched[dot]?.missing.removeAll { $0 == index }
    let milliseconds = Int((now - watch.since) / 1_000_000)
    verdict.slowestHopMilliseconds = max(
      verdict.slowestHopMilliseconds, milliseconds / max(1, hops(watch.writer, index)))
    note(
      .spread(
        dot, to: index, hops: hops(watch.writer, index), milliseconds: milliseconds,
        sendingMilliseconds: slowLinkMilliseconds))
  }

  /// How long a slow link takes at most for one small change: two handshakes of 2 KB each way (L3), that of the
  /// exchange and that of the long poll which ends.
  private var slowLinkMilliseconds: Int {
    [true, false].map { bandwidth(isUp: $0) }.filter { $0 > 0 }.reduce(0) { $0 + 4_000_000 / $1 }
  }

  /// Links between two nodes.
  private func hops(_ from: Int, _ to: Int) -> Int {
    func path(_ index: Int) -> [Int] {
      var list = [index]
      while let hub = nodes[list[list.count - 1]].hub { list.append(hub) }
      return list
    }
    let (left, right) = (path(from), path(to))
    return left.count { !right.contains($0) } + right.count { !left.contains($0) }
  }
}

import Causality
import Changes

/// What a rehearsal keeps while its world runs.
final class RehearsalState {
  let rehearsal: Rehearsal
  var deliveries: Deliveries
  var links: [LinkState]
  var measurements = Measurements()
  /// Long polls that stand without machines, by child.
  var quietCalls: [Int: Int] = [:]
  /// How often each node's own state changed, and each child's hub in what they share.
  var changes: [UInt64]
  var hubChanges: [UInt64]
  /// Times of writing, since the world began.
  private var nextWork = 0
  private var recoveryNames: [String] = []
  private var recoveryLinks: [[Int]] = []
  private var recoveryBytes: [Int] = []
  private var doneBytes: [Int?] = []
  var agreedAt: Nanoseconds?
  /// The kind of work that is being written; -1 for none.
  var kind = -1

  init(_ rehearsal: Rehearsal, _ tree: ScopeTree, _ nodes: [SimulatedNode]) {
    self.rehearsal = rehearsal
    deliveries = Deliveries(tree, nodes)
    links = rehearsal.links.map { LinkState($0) }
    changes = nodes.map { _ in 0 }
    hubChanges = nodes.map { _ in 0 }
    measurements.work = rehearsal.kinds.map { _ in Measurements.WorkTotal() }
    measurements.nodesPerTier = (0...(deliveries.tiers.max() ?? 0)).map { tier in
      deliveries.tiers.count { $0 == tier }
    }
  }

  /// The next transaction; nil when there is none.
  func takeWork() -> Work? {
    guard rehearsal.work.indices.contains(nextWork) else { return nil }
    nextWork += 1
    return rehearsal.work[nextWork - 1]
  }

  /// Milliseconds since the warm-up; negative in it.
  func milliseconds(_ time: Nanoseconds) -> Int {
    Int(time / 1_000_000) - rehearsal.warmUpMilliseconds
  }

  func isMeasured(_ time: Nanoseconds) -> Bool { milliseconds(time) >= 0 }

  func hour(_ time: Nanoseconds) -> Int? {
    let elapsed = milliseconds(time)
    return elapsed < 0 ? nil : elapsed / 3_600_000
  }

  /// The day of China's clocks, for quotas.
  func day(_ time: Nanoseconds) -> Int {
    Int((rehearsal.wallMilliseconds + time / 1_000_000 + 28_800_000) / 86_400_000)
  }

  // MARK: changes

  func wrote(_ dot: Dot, _ node: Int, at time: Nanoseconds) {
    deliveries.wrote(dot, node, kind, at: time)
    guard let hour = hour(time) else { return }
    measurements.changeCount += 1
    while measurements.changesPerHour.count <= hour { measurements.changesPerHour.append(0) }
    measurements.changesPerHour[hour] += 1
  }

  func arrived(_ dot: Dot, _ node: Int, at time: Nanoseconds) {
    let complete = deliveries.arrived(dot, node, at: time, isMeasured: isMeasured(time))
    for recovery in complete { doneBytes[recovery] = bytes(recoveryLinks[recovery]) }
  }

  /// A change is gone with the only disk that had it.
  func lose(_ dot: Dot, at time: Nanoseconds) {
    deliveries.forget(dot, at: time)
    measurements.lost += 1
  }

  // MARK: recoveries

  func recover(_ nodes: Set<Int>, across: Bool, links: [Int], name: String, at time: Nanoseconds) {
    guard isMeasured(time) else { return }
    let number = deliveries.recover(nodes, across: across, at: time)
    recoveryNames.append(name)
    recoveryLinks.append(links)
    recoveryBytes.append(bytes(links))
    doneBytes.append(deliveries.recoveries[number].doneAt == nil ? nil : bytes(links))
  }

  private func bytes(_ list: [Int]) -> Int { list.reduce(0) { $0 + links[$1].total } }

  // MARK: the end

  /// Fills in what is summed up at the end.
  func sumUp() {
    for (number, recovery) in deliveries.recoveries.enumerated() {
      measurements.heals.append(
        Measurements.Heal(
          name: recoveryNames[number], atMilliseconds: milliseconds(recovery.at),
          waiting: recovery.waiting, doneAtMilliseconds: recovery.doneAt.map(milliseconds),
          bytes: (doneBytes[number] ?? bytes(recoveryLinks[number])) - recoveryBytes[number]))
    }
    let pairs = deliveries.latencies.sorted { ($0.key.from, $0.key.to) < ($1.key.from, $1.key.to) }
    for (tiers, unsorted) in pairs {
      let list = unsorted.sorted()
      measurements.deliveries.append(
        Measurements.Delivery(
          fromTier: tiers.from, toTier: tiers.to, count: list.count,
          medianMilliseconds: list[list.count / 2],
          highMilliseconds: list[min(list.count - 1, list.count * 95 / 100)],
          longestMilliseconds: list[list.count - 1]))
    }
    for (kind, unsorted) in deliveries.timesToTop where kind >= 0 {
      let list = unsorted.sorted()
      measurements.work[kind].atTop = list.count
      measurements.work[kind].medianToTopMilliseconds = list[list.count / 2]
      measurements.work[kind].longestToTopMilliseconds = list[list.count - 1]
    }
    let depth = measurements.nodesPerTier.count
    measurements.bytesPerHour = (0..<depth).map { _ in [] }
    for (node, link) in links.enumerated().dropFirst() {
      measurements.links.append(
        Measurements.LinkTotal(
          node: node, upBytes: link.bytes(isUp: true), downBytes: link.bytes(isUp: false),
          busiestHourBytes: link.busiestHour,
          busyMilliseconds: Int((link.busy.max() ?? 0) / 1_000_000), quotaHits: link.quotaHits))
      let tier = deliveries.tiers[node]
      for (direction, hours) in link.hours.enumerated() {
        for (hour, bytes) in hours.enumerated() {
          while measurements.bytesPerHour[tier].count <= hour {
            measurements.bytesPerHour[tier].append((0, 0))
          }
          if direction == 0 { measurements.bytesPerHour[tier][hour].up += bytes }
          if direction == 1 { measurements.bytesPerHour[tier][hour].down += bytes }
        }
      }
    }
    measurements.agreedAtMilliseconds = agreedAt.map(milliseconds)
  }
}

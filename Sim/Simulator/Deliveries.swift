import Causality
import Changes

/// Follows every change from its writer to all who must hold it.
struct Deliveries {
  /// One change set on its way.
  private struct Item {
    let at: Nanoseconds
    let writer: Int
    let dot: Dot
    /// Kind of work; -1 for what the engine writes by itself.
    let kind: Int
    /// Holders that lack it.
    var missing: Int
  }

  /// What waited when a link or a machine came back.
  struct Recovery {
    let at: Nanoseconds
    var waiting: Int
    var missing: Int
    var doneAt: Nanoseconds?
  }

  private let tree: ScopeTree
  private let scopes: [Scope]
  private let hubs: [Int?]
  private let children: [[Int]]
  let tiers: [Int]
  private let nodeOfScope: [Scope: Int]
  private var holders: [StreamID: [Int]] = [:]
  private var items: [Item] = []
  private var numbers: [Dot: Int] = [:]
  /// By node, in order of writing: what it lacks, and what came out of turn.
  private var queues: [[Int]]
  private var heads: [Int]
  private var arrivals: Set<Pair> = []
  private var excluded: Set<Int> = []
  /// Changes that are not yet wherever they belong.
  private(set) var underWay = 0
  private(set) var recoveries: [Recovery] = []
  private var awaited: [Pair: [Int]] = [:]
  /// Milliseconds until the top had it, by kind of work.
  private(set) var timesToTop: [Int: [Int]] = [:]
  /// Milliseconds that deliveries took, by tiers of writer and receiver.
  private(set) var latencies: [TierPair: [Int]] = [:]

  struct TierPair: Hashable {
    let from: Int
    let to: Int
  }

  private struct Pair: Hashable {
    let node: Int
    let item: Int
  }

  init(_ tree: ScopeTree, _ nodes: [SimulatedNode]) {
    self.tree = tree
    scopes = nodes.map(\.code.scope)
    hubs = nodes.map(\.hub)
    nodeOfScope = Dictionary(
      uniqueKeysWithValues: nodes.enumerated().map { ($1.code.scope, $0) })
    var children = nodes.map { _ in [Int]() }
    for (index, node) in nodes.enumerated() {
      if let hub = node.hub { children[hub].append(index) }
    }
    self.children = children
    tiers = nodes.map { Int(tree.tier(of: $0.code.scope)?.depth ?? 0) }
    queues = nodes.map { _ in [] }
    heads = nodes.map { _ in 0 }
  }

  /// Changes written.
  var count: Int { items.count }

  func children(of node: Int) -> [Int] { children[node] }

  /// A node and all below it.
  func subtree(_ top: Int) -> [Int] {
    var list = [top]
    var next = 0
    while next < list.count {
      list += children[list[next]]
      next += 1
    }
    return list
  }

  private mutating func holders(of stream: StreamID) -> [Int] {
    if let known = holders[stream] { return known }
    var list: [Int] = []
    if let own = nodeOfScope[stream.scope] {
      var upper = hubs[own]
      while let node = upper {
        list.insert(node, at: 0)
        upper = hubs[node]
      }
      list += subtree(own)
    }
    let found = list.filter { tree.holds(scopes[$0], stream) }
    holders[stream] = found
    return found
  }

  // MARK: what happens

  mutating func wrote(_ dot: Dot, _ writer: Int, _ kind: Int, at time: Nanoseconds) {
    guard numbers[dot] == nil else { return }
    let number = items.count
    numbers[dot] = number
    var missing = 0
    for node in holders(of: dot.stream) where node != writer && !excluded.contains(node) {
      queues[node].append(number)
      missing += 1
    }
    items.append(Item(at: time, writer: writer, dot: dot, kind: kind, missing: missing))
    if missing > 0 { underWay += 1 }
  }

  /// Returns the recoveries that are complete by it.
  mutating func arrived(_ dot: Dot, _ node: Int, at time: Nanoseconds, isMeasured: Bool) -> [Int] {
    guard let number = numbers[dot], items[number].writer != node, !excluded.contains(node) else {
      return []
    }
    let pair = Pair(node: node, item: number)
    guard arrivals.insert(pair).inserted else { return [] }
    if isMeasured {
      let tiers = TierPair(from: tiers[items[number].writer], to: tiers[node])
      let milliseconds = Int((time - items[number].at) / 1_000_000)
      latencies[tiers, default: []].append(milliseconds)
      if node == 0 { timesToTop[items[number].kind, default: []].append(milliseconds) }
    }
    return settle(pair, at: time)
  }

  private mutating func settle(_ pair: Pair, at time: Nanoseconds) -> [Int] {
    items[pair.item].missing -= 1
    if items[pair.item].missing == 0 { underWay -= 1 }
    var complete: [Int] = []
    for recovery in awaited.removeValue(forKey: pair) ?? [] {
      recoveries[recovery].missing -= 1
      if recoveries[recovery].missing == 0 {
        recoveries[recovery].doneAt = time
        complete.append(recovery)
      }
    }
    return complete
  }

  /// What a node lacks, in order of writing.
  private func lacking(_ node: Int) -> [Int] {
    queues[node][heads[node]...].filter { !arrivals.contains(Pair(node: node, item: $0)) }
  }

  /// A node takes no part any more: nobody waits for what it lacks.
  mutating func exclude(_ node: Int, at time: Nanoseconds) {
    for number in lacking(node) { _ = settle(Pair(node: node, item: number), at: time) }
    queues[node] = []
    heads[node] = 0
    excluded.insert(node)
  }

  /// A change is gone with the only disk that had it: nobody waits for it.
  mutating func forget(_ dot: Dot, at time: Nanoseconds) {
    guard let number = numbers.removeValue(forKey: dot) else { return }
    for node in holders(of: dot.stream) where node != items[number].writer {
      let pair = Pair(node: node, item: number)
      if !excluded.contains(node), arrivals.insert(pair).inserted { _ = settle(pair, at: time) }
    }
  }

  /// The way between some nodes and all others is back, or some nodes themselves; begins to wait for what waited
  /// for it. `across`: only what goes in or out of these nodes.
  mutating func recover(_ nodes: Set<Int>, across: Bool, at time: Nanoseconds) -> Int {
    let recovery = recoveries.count
    var count = 0
    for node in queues.indices where !excluded.contains(node) {
      let isInside = nodes.contains(node)
      for number in lacking(node) {
        let isWriterInside = nodes.contains(items[number].writer)
        guard across ? isInside != isWriterInside : isInside || isWriterInside else { continue }
        awaited[Pair(node: node, item: number), default: []].append(recovery)
        count += 1
      }
    }
    recoveries.append(
      Recovery(at: time, waiting: count, missing: count, doneAt: count == 0 ? time : nil))
    return recovery
  }

  // MARK: looking

  /// By tier: the age of the oldest change that a node lacks, and how many lack one older than a minute.
  mutating func lags(at time: Nanoseconds) -> (worst: [Int], behind: [Int]) {
    let depth = (tiers.max() ?? 0) + 1
    var (worst, behind) = ([Int](repeating: 0, count: depth), [Int](repeating: 0, count: depth))
    for node in queues.indices {
      while heads[node] < queues[node].count,
        arrivals.remove(Pair(node: node, item: queues[node][heads[node]])) != nil
      {
        heads[node] += 1
      }
      if heads[node] > 4_096 {
        queues[node].removeFirst(heads[node])
        heads[node] = 0
      }
      guard heads[node] < queues[node].count else { continue }
      let age = Int((time - min(time, items[queues[node][heads[node]]].at)) / 1_000_000)
      worst[tiers[node]] = max(worst[tiers[node]], age)
      if age > 60_000 { behind[tiers[node]] += 1 }
    }
    return (worst, behind)
  }

  /// The oldest change that somebody lacks, for people.
  func oldestMissing() -> (dot: Dot, node: Int)? {
    for node in queues.indices {
      if let number = lacking(node).first { return (items[number].dot, node) }
    }
    return nil
  }
}

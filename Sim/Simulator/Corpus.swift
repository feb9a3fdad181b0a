import Causality
import Changes

/// Histories made by hand: each bad one must be flagged by exactly the named checker, and its clean twin, which
/// looks almost the same, by none (simulation.md §3.6).
package enum Corpus {
  /// How one history went.
  package struct Outcome: Hashable, Sendable {
    package let name: String
    /// The checker that must speak; nil for a clean history.
    package let expected: String?
    /// The checker that spoke.
    package let found: String?
    package let detail: String

    package var isRight: Bool { expected == found }
  }

  /// All histories, checked. Throws when the corpus's own tree or schema is wrong.
  package static func run() throws -> [Outcome] {
    var outcomes: [Outcome] = []
    for pair in pairs {
      for isBad in [true, false] {
        var story = try Story()
        pair.tell(&story, isBad)
        var checkers = story.checkers
        checkers.budget = story.budget
        var finding: Checkers.Finding?
        for fact in story.facts where finding == nil { finding = checkers.note(fact) }
        outcomes.append(
          Outcome(
            name: pair.name + (isBad ? "" : " (twin)"), expected: isBad ? pair.checker : nil,
            found: finding?.invariant, detail: finding?.detail ?? ""))
      }
    }
    return outcomes
  }

  /// A bad history and its clean twin.
  struct Pair: Sendable {
    let checker: String
    let name: String
    let tell: @Sendable (inout Story, Bool) -> Void

    init(_ checker: String, _ name: String, _ tell: @escaping @Sendable (inout Story, Bool) -> Void)
    {
      (self.checker, self.name, self.tell) = (checker, name, tell)
    }
  }

  /// The tree of all histories: 0 is the top, 1 below it, 2 and 3 below 1. Scopes are 1, 2, 3, 4.
  struct Story {
    let checkers: Checkers
    var budget = Budget()
    var facts: [Fact] = []
    private let codes: [NodeCode]
    private var times: [UInt64] = [0, 0, 0, 0]
    private var dotTimes: [Dot: UInt64] = [:]

    init() throws {
      let divisions: [(UInt32, UInt32)] = [(1, 0), (2, 1), (3, 2), (4, 2)]
      codes = divisions.compactMap { NodeCode(division: $0.0) }
      let tree = try ScopeTree(
        divisions.compactMap { pair in
          Scope(code: pair.0).map {
            ScopeTree.Entry(scope: $0, parent: Scope(code: pair.1))
          }
        })
      checkers = Checkers(tree: tree, schema: try Workload.schema(), codes: codes)
    }

    func replica(_ node: Int) -> ReplicaID {
      guard let replica = ReplicaID(node: codes[node], epoch: 1) else {
        preconditionFailure("the corpus has four nodes")
      }
      return replica
    }

    /// The stream of the scope of a node.
    func stream(_ node: Int) -> StreamID { StreamID(scope: codes[node].scope) }

    func dot(_ writer: Int, _ number: UInt64, in scope: Int) -> Dot {
      Dot(stream: stream(scope), replica: replica(writer), number: number)
    }

    func vector(_ entries: [Int: UInt64]) -> VersionVector {
      var vector = VersionVector()
      for (node, number) in entries { vector[replica(node)] = number }
      return vector
    }

    func row(_ scope: Int, _ key: String = "k") -> Oracle.Row {
      guard let key = RowKey([.text(key)]) else { preconditionFailure("a text is a key") }
      return Oracle.Row(table: Workload.entries, scope: codes[scope].scope, key: key)
    }

    /// A node writes; `put` is column and value. The time rises by one unless it is given.
    mutating func write(
      _ node: Int, _ number: UInt64, in scope: Int, sees: [Int: UInt64] = [:],
      at time: UInt64? = nil,
      content: UInt64 = 1, as author: Int? = nil, kind: OperationKind = .insert,
      put: [Int: Value] = [:], over: [Int: [(Int, UInt64)]] = [:], had: Set<UInt32> = [],
      parts: [Dot] = [], applies: Bool = true
    ) {
      let dot = dot(author ?? node, number, in: scope)
      times[node] = time ?? times[node] + 1
      dotTimes[dot] = times[node]
      var context = vector(sees)
      context[dot.replica] = number - 1
      var values: [GroupID: [Value]] = [:]
      for (column, value) in put { values[GroupID(UInt32(column))] = [value] }
      var notes: [GroupID: [StreamDot]] = [:]
      for (column, dots) in over {
        notes[column == 0 ? .existence : GroupID(UInt32(column))] = dots.map {
          StreamDot(replica: replica($0.0), number: $0.1)
        }
      }
      facts.append(
        .wrote(
          node: node,
          Written(
            dot: dot, content: content, context: context,
            timestamp: HybridTimestamp(milliseconds: times[node]), parts: parts,
            writes: [
              (
                row(scope),
                Oracle.Write(
                  dot: dot, context: context,
                  timestamp: HybridTimestamp(milliseconds: times[node]), tier: min(node, 2),
                  kind: kind, values: values, over: notes,
                  hadValue: Set(had.map { GroupID($0) }))
              )
            ], marks: [])))
      if applies { apply(node, dot, content: content) }
    }

    mutating func apply(_ node: Int, _ dot: Dot, content: UInt64 = 1, settles: Bool = true) {
      // Clocks follow what they see.
      times[node] = max(times[node], dotTimes[dot] ?? 0)
      facts.append(.applied(node: node, dot: dot, content: content, wall: 1_000))
      if settles { facts.append(.settled(node: node)) }
    }

    /// A node shows the row `k`; existence by its dots.
    mutating func show(
      _ node: Int, scope: Int, alive: [(Int, UInt64)], dots: [Int: [(Int, UInt64)]] = [:],
      values: [Int: Value] = [:]
    ) {
      var groups: [GroupID: [StreamDot]] = [:]
      func names(_ list: [(Int, UInt64)]) -> [StreamDot] {
        list.map { StreamDot(replica: replica($0.0), number: $0.1) }.sorted()
      }
      groups[.existence] = names(alive)
      for (column, list) in dots { groups[GroupID(UInt32(column))] = names(list) }
      var shown: [Value] = checkers.oracle.columns(of: Workload.entries).map {
        [4, 13].contains($0.id.number) ? .integer(0) : .null
      }
      for (column, value) in values { shown[column - 1] = value }
      facts.append(
        .shows(node: node, row: row(scope), view: RowView(dots: groups, shown: shown)))
    }

    /// A node's write decides between others of the row `k`.
    mutating func decide(
      _ node: Int, _ number: UInt64, in scope: Int, group: Int, between: [(Int, UInt64)]
    ) {
      facts.append(
        .decided(
          node: node, row: row(scope), group: GroupID(UInt32(group)),
          between: between.map { StreamDot(replica: replica($0.0), number: $0.1) },
          by: dot(node, number, in: scope)))
    }

    mutating func showNothing(_ node: Int, scope: Int) {
      facts.append(.shows(node: node, row: row(scope), view: nil))
    }

    /// A node writes a row of the table that only a hub may write, and its hub takes it.
    mutating func order(_ node: Int) {
      guard let key = RowKey([.text("k")]) else { return }
      let dot = dot(node, 1, in: 2)
      let row = Oracle.Row(table: Workload.orders, scope: codes[2].scope, key: key)
      facts.append(
        .wrote(
          node: node,
          Written(
            dot: dot, content: 1, context: VersionVector(),
            timestamp: HybridTimestamp(milliseconds: 1), parts: [],
            writes: [
              (
                row,
                Oracle.Write(
                  dot: dot, context: VersionVector(), timestamp: HybridTimestamp(milliseconds: 1),
                  tier: min(node, 2), kind: .insert, values: [:], over: [:], hadValue: [])
              )
            ], marks: [])))
      for place in Set([node, 1, 0]).sorted(by: >) { apply(place, dot) }
      end(2, [[node: 1], [node: 1], [node: node == 2 ? 1 : 0], nil], core: [0, 1])
    }

    mutating func acknowledge(
      _ from: Int, to: Int, in scope: Int, own: [Int: UInt64], held: [Int: UInt64],
      top: [Int: UInt64]
    ) {
      facts.append(
        .acknowledged(
          from: from, to: to, stream: stream(scope), own: vector(own), held: vector(held),
          top: vector(top)))
    }

    mutating func read(_ session: Int, _ node: Int, scope: Int, _ known: [Int: UInt64]) {
      facts.append(
        .read(session: session, node: node, stream: stream(scope), known: vector(known)))
    }

    /// What a node holds of its own stream in the end.
    func final(_ node: Int, known: UInt64 = 1, dump: UInt64 = 1) -> FinalState {
      FinalState(
        node: node, stream: stream(node == 2 ? 1 : node), known: vector([1: known]), digest: [1],
        dump: dump)
    }

    /// What each node holds of the stream of one scope in the end.
    mutating func end(_ scope: Int, _ held: [[Int: UInt64]?], core: Set<Int> = [0, 1, 2, 3]) {
      for (node, known) in held.enumerated() {
        facts.append(
          .ended(
            node: node, isCore: core.contains(node),
            known: known.map { [stream(scope): vector($0)] } ?? [:]))
      }
      facts.append(.over)
    }
  }
}

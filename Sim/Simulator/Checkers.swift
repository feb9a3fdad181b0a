import Causality
import Changes

/// The checkers: functions of a history, whoever made it (simulation.md §3).
///
/// `note` takes one fact and returns the first invariant that it breaks. A world tells what happens in it; the
/// corpus tells histories made by hand, each of which exactly one checker must flag.
struct Checkers {
  /// An invariant that does not hold.
  struct Finding: Hashable {
    /// `S10`, `Q1`, …
    let invariant: String
    let detail: String
  }

  let tree: ScopeTree
  let codes: [NodeCode]
  private(set) var oracle: Oracle
  /// The schema version of each node's program.
  var versions: [UInt32]
  /// What is applied at each node, by stream.
  private(set) var shadows: [[StreamID: VersionVector]]
  var budget = Budget()
  private var contents: [Dot: UInt64] = [:]
  /// Streams in which copies of one node said different things.
  private var forked: Set<StreamID> = []
  private var agreements: [StreamID: [VersionVector: [UInt8]]] = [:]
  /// Dumps by what is known, and the states of the first route by node and stream.
  private var dumps: [StreamID: [VersionVector: UInt64]] = [:]
  private var firstRoute: [FinalPlace: FinalState] = [:]
  private var expectations: [Oracle.Row: [Expectation]] = [:]
  private var lastTimestamps: [HybridTimestamp]
  /// Parts of transactions that came in the transaction at hand, by node.
  private var parts: [[Dot]]
  /// What each session has read and written, by stream.
  private var sessions: [Int: [StreamID: VersionVector]] = [:]
  /// What a hub and the top have promised to hold, by stream: levels A1 and A2 of the ledger (S3).
  var hubPromises: [Int: [StreamID: VersionVector]] = [:]
  var topPromises: [StreamID: VersionVector] = [:]
  var failedCalls: [[Int]]
  var ends: [(node: Int, isCore: Bool, known: [StreamID: VersionVector])] = []

  /// `schema`: the newest. `versions`: of the nodes, where they have not all the newest.
  init(tree: ScopeTree, schema: Schema, codes: [NodeCode], versions: [UInt32]? = nil) {
    self.versions = versions ?? codes.map { _ in schema.version }
    (self.tree, self.codes) = (tree, codes)
    oracle = Oracle(schema)
    shadows = codes.map { _ in [:] }
    lastTimestamps = codes.map { _ in HybridTimestamp(packed: 0) }
    parts = codes.map { _ in [] }
    failedCalls = codes.map { _ in [] }
  }

  /// What is applied at a node of a stream.
  func known(_ node: Int, _ stream: StreamID) -> VersionVector {
    shadows[node][stream] ?? VersionVector()
  }

  /// Checks one fact, and takes it into account.
  mutating func note(_ fact: Fact) -> Finding? {
    switch fact {
    case .wrote(let node, let written): return wrote(node, written)
    case .applied(let node, let dot, let content, let wall):
      return applied(node, dot, content, wall)
    case .settled(let node): return settled(node)
    case .knows(let node, let stream, let known, let digest):
      return knows(node, stream, known, digest)
    case .shows(let node, let row, let view): return shows(node, row, view)
    case .lists(let node, let conflicts): return lists(node, conflicts)
    case .read(let session, let node, let stream, let known):
      return read(session, node, stream, known)
    case .sent(let from, let to, let dot, let content, let proves):
      return sent(from, to, dot, content, proves)
    case .acknowledged(let from, let to, let stream, let own, let held, let top):
      return acknowledged(from, to, stream, own, held, top)
    case .durable(let node, let stream, let found):
      let spoken = known(node, stream)
      return found.dominates(spoken)
        ? nil
        : Finding("S20", "\(codes[node]) speaks of \(spoken) in \(stream), durable is \(found)")
    case .restarted(let node, let stream, let found):
      let before = known(node, stream)
      return found.dominates(before)
        ? nil
        : Finding("S8", "\(stream) at \(codes[node]) fell from \(before) to \(found) by a restart")
    case .lost(let node, let known):
      shadows[node] = known
      budget.destroyed.insert(node)
      return nil
    case .appliedAgain(let node, let applied, let changed):
      return applied == 0 && !changed
        ? nil
        : Finding("S9", "a message applied again at \(codes[node]): \(applied) change sets taken")
    case .said(let from, let to, let dots, let earlier): return said(from, to, dots, earlier)
    case .offered(let node, let dot, let content, let isRefused):
      return offered(node, dot, content, isRefused)
    case .decided(let node, let row, let group, let dots, let by):
      return decided(node, row, group, dots, by)
    case .opened(let node, let trouble, let isStopped, let told):
      return opened(node, trouble, isStopped, told)
    case .program(let node, let version, let isTaken, let told):
      return program(node, version, isTaken, told)
    case .spread(let dot, let node, let hops, let milliseconds, let sending):
      return milliseconds <= hops * (Self.millisecondsPerHop + sending)
        ? nil : Finding("L1", "\(dot) took \(milliseconds) ms over \(hops) links to \(codes[node])")
    case .agreed, .holds, .delivered, .stores: return noteEnd(fact)
    case .failedCall(let node, let time): return failedCall(node, time)
    case .counts(let node, let stream, let total, let atHub, let atTop):
      return counts(node, stream, total, atHub, atTop)
    case .blocked(let node, let what):
      return Finding("L6", "\(codes[node]) waited for more than its disk: \(what)")
    case .stalled(let milliseconds, let missing):
      return milliseconds <= Self.longestStallMilliseconds
        ? nil : Finding("L2", "nothing came for \(milliseconds / 1_000) s: \(missing)")
    case .waits(let node, let count, let ready): return waits(node, count, ready)
    case .quarantine(let node, let entries):
      return quarantine(node, entries)
    case .unsound(let node, let problem): return Finding("S19", "node \(codes[node]): \(problem)")
    case .failed(let node, let what): return Finding("S27", "node \(codes[node]), \(what)")
    case .movedAfterEnd(let count):
      return count == 0 ? nil : Finding("Q9", "\(count) change sets moved after all agreed")
    case .ended(let node, let isCore, let known):
      ends.append((node, isCore, known))
      return nil
    case .over: return over()
    }
  }

  /// Of facts of the end.
  private mutating func noteEnd(_ fact: Fact) -> Finding? {
    switch fact {
    case .agreed(let milliseconds, let bound):
      return milliseconds <= bound
        ? nil : Finding("L1", "all agreed after \(milliseconds) ms, which may take \(bound) ms")
    case .holds(let state): return holds(state)
    case .delivered(let route, let state): return delivered(route, state)
    case .stores(let node, let scope):
      return tree.isAtOrAbove(codes[node].scope, scope)
        || tree.isAtOrAbove(scope, codes[node].scope)
        ? nil : Finding("S14", "files of \(codes[node]) hold bytes of \(scope)")
    default: return nil
    }
  }

  // MARK: writing

  private mutating func wrote(_ node: Int, _ written: Written) -> Finding? {
    let dot = written.dot
    if let other = contents[dot], other != written.content {
      return Finding("S1", "two contents of \(dot)")
    }
    guard dot.replica.node == codes[node] else {
      return Finding("S4", "\(dot) at \(codes[node]) was never written")
    }
    guard tree.isAtOrAbove(dot.replica.node.scope, dot.stream.scope) else {
      return Finding("S15", "\(dot) is written where its author has no right")
    }
    contents[dot] = written.content
    if !budget.untrusted.contains(node) {
      if let finding = checkClock(node, written) ?? checkContext(node, written) { return finding }
    }
    lastTimestamps[node] = max(lastTimestamps[node], written.timestamp)
    oracle.add(
      dot,
      Oracle.Change(
        rows: written.writes.map(\.row)
          + written.marks.flatMap { oracle.changes[$0.target]?.rows ?? [] },
        context: written.context, parts: written.parts, timestamp: written.timestamp),
      written.writes.map { ($0.row, $0.write) }, marks: written.marks)
    return nil
  }

  /// Clocks rise with every transaction of a writer (S18).
  private func checkClock(_ node: Int, _ written: Written) -> Finding? {
    guard written.timestamp <= lastTimestamps[node] else { return nil }
    // Parts of one transaction carry one timestamp.
    let isPart = written.parts.count > 1 && written.timestamp == lastTimestamps[node]
    return isPart
      ? nil : Finding("S18", "\(written.dot): \(written.timestamp.packed) is not later")
  }

  /// A change set says exactly what its writer knew of the stream (S6).
  private func checkContext(_ node: Int, _ written: Written) -> Finding? {
    var known = known(node, written.dot.stream)
    known[written.dot.replica] = 0
    var context = written.context
    context[written.dot.replica] = 0
    return context == known
      ? nil : Finding("S6", "\(written.dot) says that its writer knew \(context), it knew \(known)")
  }

  // MARK: applying

  private mutating func applied(
    _ node: Int, _ dot: Dot, _ content: UInt64, _ wall: UInt64
  ) -> Finding? {
    guard let change = oracle.changes[dot], let written = contents[dot] else {
      return Finding("S4", "\(dot) at \(codes[node]) was never written")
    }
    let isOther = written != content
    if isOther {
      guard isUntrusted(dot) else { return Finding("S1", "two contents of \(dot)") }
      // Two copies of its author spoke: who holds one and who holds the other notice when they meet.
      forked.insert(dot.stream)
    }
    guard tree.holds(codes[node].scope, dot.stream) else {
      return Finding("S14", "\(dot) is at \(codes[node]), which does not hold \(dot.stream)")
    }
    var known = known(node, dot.stream)
    if known[dot.replica] + 1 != dot.number {
      return Finding("S2", "\(dot) at \(codes[node]) follows \(known[dot.replica])")
    }
    var context = change.context
    context[dot.replica] = 0
    if !known.dominates(context), !isUntrusted(dot) {
      return Finding("S6", "\(dot) at \(codes[node]) comes before what its writer saw")
    }
    // A clock follows what it sees, but not further than the bound of what is suspect.
    let bound = HybridTimestamp(milliseconds: wall &+ Limits.clockAheadMilliseconds)
    // What the other content says of its time and its parts is not looked at.
    if !isOther {
      lastTimestamps[node] = max(lastTimestamps[node], min(change.timestamp, bound))
      parts[node] += change.parts
    }
    known[dot.replica] = dot.number
    shadows[node][dot.stream] = known
    return nil
  }

  private mutating func settled(_ node: Int) -> Finding? {
    defer { parts[node] = [] }
    for part in parts[node] where tree.holds(codes[node].scope, part.stream) {
      if !known(node, part.stream).contains(part.replica, part.number) {
        return Finding("S5", "a part is missing: \(part) at \(codes[node])")
      }
    }
    return nil
  }

  func isUntrusted(_ dot: Dot) -> Bool {
    codes.firstIndex(of: dot.replica.node).map(budget.untrusted.contains) ?? false
  }

  /// Whether two contents of one dot are known.
  var hasForks: Bool { !forked.isEmpty }

  /// The content that is known under a dot; nil where there are two.
  func content(of dot: Dot) -> UInt64? { forked.contains(dot.stream) ? nil : contents[dot] }

  // MARK: states

  private mutating func knows(
    _ node: Int, _ stream: StreamID, _ told: VersionVector, _ digest: [UInt8]
  ) -> Finding? {
    let applied = known(node, stream)
    if told != applied {
      return Finding(
        "S2", "\(codes[node]) says it knows \(told) of \(stream), applied is \(applied)")
    }
    if forked.contains(stream) { return nil }
    if let other = agreements[stream]?[told], other != digest {
      return Finding("S10", "two digests at one knowledge: \(stream) at \(codes[node])")
    }
    agreements[stream, default: [:]][told] = digest
    return nil
  }

  /// Where a final state is.
  private struct FinalPlace: Hashable {
    let node: Int
    let stream: StreamID
  }

  /// Who knows the same of a stream shows the same of it, to the byte (Q1).
  private mutating func holds(_ state: FinalState) -> Finding? {
    if forked.contains(state.stream) { return nil }
    if let other = dumps[state.stream]?[state.known], other != state.dump {
      return Finding("Q1", "two dumps at one knowledge: \(state.stream) at \(codes[state.node])")
    }
    dumps[state.stream, default: [:]][state.known] = state.dump
    return nil
  }

  /// By which route a history came together makes no difference (Q12).
  private mutating func delivered(_ route: Int, _ state: FinalState) -> Finding? {
    let place = FinalPlace(node: state.node, stream: state.stream)
    guard let first = firstRoute[place] else {
      firstRoute[place] = state
      return nil
    }
    return first == state
      ? nil
      : Finding(
        "Q12",
        "\(state.stream) at \(codes[state.node]): by route \(route) it knows \(state.known), by the "
          + "first \(first.known); \(first.digest == state.digest ? "equal" : "other") digests")
  }

  /// What the model said of a row, and of how many writes and marks it knew then.
  private struct Expectation {
    let known: VersionVector
    let writes: Int
    let marks: Int
    let state: Oracle.State
  }

  /// The model's row. Nodes that know the same ask for the same: the last few answers are kept.
  private mutating func state(of row: Oracle.Row, _ known: VersionVector) -> Oracle.State {
    let (writes, marks) = (oracle.writes[row]?.count ?? 0, oracle.marks.count)
    if let found = expectations[row]?.first(where: {
      $0.known == known && $0.writes == writes && $0.marks == marks
    }) {
      return found.state
    }
    let state = oracle.state(of: row, known: known)
    let expectation = Expectation(known: known, writes: writes, marks: marks, state: state)
    expectations[row] = [expectation] + (expectations[row] ?? []).prefix(3)
    return state
  }

  /// One row against the model: alive or dead, dots, shown values.
  private mutating func shows(_ node: Int, _ row: Oracle.Row, _ view: RowView?) -> Finding? {
    if forked.contains(oracle.stream(of: row)) { return nil }
    let expected = state(of: row, known(node, oracle.stream(of: row)))
    let name = "\(row.table.number) \(row.scope) \(row.key) at \(codes[node])"
    guard (view != nil) == expected.isAlive else {
      return Finding(
        expected.isAlive ? "S10" : "S11",
        "\(name) \(view == nil ? "is dead" : "lives"), the model says otherwise")
    }
    guard let view else { return nil }
    if view.dots != expected.dots {
      let groups = Set(view.dots.keys).union(expected.dots.keys).sorted()
        .filter { view.dots[$0] != expected.dots[$0] }
      return Finding("S13", "\(name): dots of groups \(groups.map(\.number)) differ from the model")
    }
    let shown = oracle.columns(of: row.table).enumerated()
      .filter { $0.element.since <= versions[node] }.map { expected.shown[$0.offset] }
    return view.shown == shown
      ? nil : Finding("S10", "\(name) shows \(view.shown), the model \(shown)")
  }

  private mutating func lists(_ node: Int, _ found: [Oracle.Row: [GroupID]]) -> Finding? {
    guard forked.isEmpty else { return nil }
    var open: [Oracle.Row: [GroupID]] = [:]
    for (stream, known) in shadows[node] {
      for row in oracle.rows[stream.scope] ?? [] where oracle.stream(of: row) == stream {
        let conflicts = state(of: row, known).conflicts
          .filter { oracle.isKnown($0, of: row.table, at: versions[node]) }
        if !conflicts.isEmpty { open[row] = conflicts.sorted() }
      }
    }
    let listed = found.map { row, groups in
      (row, groups.filter { oracle.isKnown($0, of: row.table, at: versions[node]) }.sorted())
    }
    return Dictionary(uniqueKeysWithValues: listed).filter { !$0.value.isEmpty } == open
      ? nil
      : Finding(
        "Q4", "\(codes[node]) lists \(found.count) rows in conflict, the model \(open.count)")
  }

  /// What a decision was between stands no longer, unless the policy lets its writer not replace it (S13).
  private func decided(
    _ node: Int, _ row: Oracle.Row, _ group: GroupID, _ between: [StreamDot], _ by: Dot
  ) -> Finding? {
    let stream = oracle.stream(of: row)
    if forked.contains(stream) || budget.untrusted.contains(node) { return nil }
    let standing = oracle.state(of: row, known: known(node, stream)).dots[group] ?? []
    let left = standing.filter {
      between.contains($0) && oracle.mayReplace(by, $0, row, group)
    }
    return left.isEmpty
      ? nil
      : Finding(
        "S13", "\(by) decides on \(left) of group \(group.number), which stand all the same")
  }

  /// Sessions read their own writes, and nothing that they saw is unseen later (S7).
  private mutating func read(
    _ session: Int, _ node: Int, _ stream: StreamID, _ known: VersionVector
  ) -> Finding? {
    let seen = sessions[session]?[stream] ?? VersionVector()
    guard known.dominates(seen) else {
      return Finding(
        "S7", "session \(session) saw \(seen) of \(stream), and reads \(known) at \(codes[node])")
    }
    sessions[session, default: [:]][stream] = known
    return nil
  }

  /// Forgets what a destroyed node wrote and nobody else has: it may be written anew.
  mutating func forget(_ dot: Dot) {
    contents[dot] = nil
    agreements[dot.stream] = nil
    expectations = [:]
    oracle.remove(dot)
  }
}

extension Checkers.Finding {
  init(_ invariant: String, _ detail: String) {
    (self.invariant, self.detail) = (invariant, detail)
  }
}

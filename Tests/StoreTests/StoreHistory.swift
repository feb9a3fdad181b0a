import Causality
import Changes
import Store
import TestSupport
import Testing
import Wire

/// A random history over real replicas in three tiers, and the model that says what each must show after
/// every write and delivery. Every change set is kept and delivered in any order, repeated, in any company.
final class StoreHistory {
  static let nodes: [UInt32] = [1, 10, 11, 12]

  let world: World
  var model: StoreModel
  var random: SeededGenerator
  let seed: UInt64
  /// By node: the change sets that it must know, and those that came and may wait.
  private(set) var known: [UInt32: Set<Int>] = [:]
  private var received: [UInt32: Set<Int>] = [:]
  /// Those that a hub had from their author, whom it judges.
  private var fromAuthor: [UInt32: Set<Int>] = [:]
  private(set) var encoded: [EncodedChangeSet] = []
  private var heads: [SignedHead] = []
  private var headers: [ChangeSetHeader] = []
  /// What foreign programs wrote that is not stamped yet.
  var unstamped: [UInt32: [StoreModel.Row: StoreModel.Operation]] = [:]
  private(set) var start: [UInt32: [StreamID: VersionVector]] = [:]
  private var contexts: [UInt32: [StreamID: VersionVector]] = [:]
  /// How often something happened, so that a test can ask whether the histories are worth their time.
  private(set) var counts: [String: Int] = [:]

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededGenerator(seed: seed)
    world = try World(
      Self.nodes, schemas: [11: try Library.schema(looseNotices: true)], isInMemory: true)
    try world.settle()
    model = StoreModel(schema: try Library.schema(looseNotices: true), tree: world.tree)
    for node in Self.nodes {
      (known[node], received[node], fromAuthor[node]) = ([], [], [])
      for stream in world[node].streams {
        start[node, default: [:]][stream] = try world[node].knowledge(of: stream)
      }
    }
  }

  func count(_ what: String) { counts[what, default: 0] += 1 }

  func knows(_ node: UInt32) -> Set<Int> { known[node] ?? [] }

  // MARK: local writes

  /// Runs a transaction at a node; the store and the model must agree on whether it can be.
  func write(_ node: UInt32, _ steps: [StoreModel.Step], forms: [FormSnapshot?]) throws {
    try stamp(node)
    let replica = world[node]
    var planned: [StoreModel.Row: StoreModel.Operation]?
    do throws(StoreModel.Impossible) {
      planned = try model.plan(steps, replica.identity.replica, knows(node))
    } catch {
      count("impossible")
    }
    var failure: StoreError?
    do throws(StoreError) {
      _ = try replica.write(author: "a\(node)", wallMilliseconds: nextWall()) {
        transaction throws(StoreError) in
        for (step, form) in zip(steps, forms) { try Self.run(step, form, transaction) }
      }
    } catch {
      failure = error
    }
    #expect(
      (failure == nil) == (planned != nil),
      "seed \(seed): \(failure.debugDescription) for \(steps)")
    if failure == nil { try collect(node, planned ?? [:]) }
    try check(node)
  }

  private static func run(
    _ step: StoreModel.Step, _ form: FormSnapshot?, _ transaction: WriteTransaction
  ) throws(StoreError) {
    func columns(_ values: [ColumnID: Value]) -> [ColumnValue] {
      values.sorted { $0.key < $1.key }.map { ColumnValue($0.key, $0.value) }
    }
    let row = step.row
    switch step {
    case .insert(_, let values):
      try transaction.insert(row.table, scope: row.scope, key: row.key, columns(values))
    case .update(_, let values, _):
      try transaction.update(
        row.table, scope: row.scope, key: row.key, columns(values), form: form)
    case .delete:
      try transaction.delete(row.table, scope: row.scope, key: row.key, form: form)
    }
  }

  /// Time goes on; now and then a clock is far ahead.
  func nextWall() -> UInt64 {
    world.wall += UInt64(random.below(3))
    if random.chance(3) {
      count("clock ahead")
      return world.wall + 3_600_000
    }
    return world.wall
  }

  /// Stamps what foreign programs wrote at a node, if anything.
  func stamp(_ node: UInt32) throws {
    guard let planned = unstamped.removeValue(forKey: node) else { return }
    try world[node].stampCaptured(wallMilliseconds: world.wall)
    try collect(node, planned)
  }

  // MARK: the pool of change sets

  /// Takes over the change sets that a node wrote since the last time.
  @discardableResult
  private func collect(
    _ node: UInt32, _ planned: [StoreModel.Row: StoreModel.Operation], isAlone: Bool = true
  ) throws -> [Int] {
    let replica = world[node]
    let own = replica.identity.replica
    var lacked: [(StreamID, VersionVector)] = []
    for stream in replica.streams {
      var vector = try replica.knowledge(of: stream)
      vector[own] = start[node]?[stream]?[own] ?? 0
      for index in knows(node) where model.changeSets[index].dot.stream == stream {
        let dot = model.changeSets[index].dot
        if dot.replica == own { vector[own] = max(vector[own], dot.number) }
      }
      lacked.append((stream, vector))
    }
    var new: [Int] = []
    guard let batch = try replica.changes(lackedBy: lacked, maxBytes: 1 << 20),
      case .frame(let message) = batch.content
    else {
      #expect(planned.isEmpty, "seed \(seed): nothing was written of \(planned)")
      return []
    }
    for item in message.changeSets {
      let header = try ChangeSetCodec.decodeHeader(item.header)
      new.append(try add(item, header, node, planned, isAlone))
    }
    heads += message.heads
    let written = Set(new.flatMap { model.changeSets[$0].rows.keys })
    #expect(written == Set(planned.keys), "seed \(seed): rows written at \(node)")
    return new
  }

  private func add(
    _ item: EncodedChangeSet, _ header: ChangeSetHeader, _ node: UInt32,
    _ planned: [StoreModel.Row: StoreModel.Operation], _ isAlone: Bool
  ) throws -> Int {
    // What it says that its writer knew: a hub judges each transaction as it comes.
    let context = (contexts[node]?[header.stream] ?? VersionVector()).union(header.contextAdvance)
    contexts[node, default: [:]][header.stream] = context
    let inStream = knows(node).filter { model.changeSets[$0].dot.stream == header.stream }
    let past = inStream.filter {
      let dot = model.changeSets[$0].dot
      return dot.replica == header.replica || context.contains(dot.replica, dot.number)
    }
    let body = try item.decoded().body
    // What another program wrote is stamped before what a hub decides on arrivals.
    let rows = body.blocks.isEmpty ? [:] : planned.filter { stream(of: $0.key) == header.stream }
    var (refuses, suspects): (Set<Int>, Set<Int>) = ([], [])
    for control in body.controls {
      switch control {
      case .refuse(let dot, _, _): refuses.insert(try index(dot, header.stream))
      case .suspect(let dot): suspects.insert(try index(dot, header.stream))
      default: Issue.record("seed \(seed): \(control)")
      }
    }
    if isAlone, refuses.isEmpty, suspects.isEmpty {
      #expect(past == inStream, "seed \(seed): the context of \(header.dot)")
    }
    let changeSet = StoreModel.ChangeSet(
      dot: header.dot, time: header.timestamp, past: past, rows: rows, refuses: refuses,
      suspects: suspects)
    let index = model.add(changeSet)
    encoded.append(item)
    headers.append(header)
    known[node]?.insert(index)
    received[node]?.insert(index)
    return index
  }

  private func index(_ dot: StreamDot, _ stream: StreamID) throws -> Int {
    let full = Dot(stream: stream, replica: dot.replica, number: dot.number)
    return try #require(model.index[full], "seed \(seed): \(full)")
  }

  func stream(of row: StoreModel.Row) -> StreamID {
    StreamID(scope: row.scope, channel: model.table(row).channel)
  }

  // MARK: delivery

  /// Delivers some change sets of the pool in random order, some twice, in one message.
  func deliver(to node: UInt32, from peer: UInt32, all: Bool = false) throws {
    let streams = world[node].streams
    let held = encoded.indices.filter { streams.contains(headers[$0].stream) }
    let missing = held.filter { !knows(node).contains($0) }
    guard !held.isEmpty else { return }
    var chosen: [Int] = []
    if all {
      chosen = missing.shuffled(using: &random)
    } else {
      // What is next is worth more than what is known or far away.
      for _ in 0..<1 + random.below(8) {
        let from = missing.isEmpty || random.chance(15) ? held : Array(missing.prefix(10))
        chosen.append(random.pick(from))
      }
    }
    // Stamped first, in the same transaction.
    let stamped = unstamped.removeValue(forKey: node) ?? [:]
    let message = ChangesMessage(
      changeSets: chosen.map { encoded[$0] },
      heads: heads.filter { head in chosen.contains { headers[$0].dot == head.dot } })
    let isIngress = isAbove(node, peer)
    let outcome = try world[node].apply(
      message, from: world[peer].identity.replica, isIngress: isIngress,
      wallMilliseconds: world.wall)
    #expect(outcome.rejected.isEmpty, "seed \(seed): \(outcome.rejected)")
    try expectApplied(node, peer, Set(chosen), isIngress: isIngress, outcome, stamped)
    try check(node)
  }

  private func isAbove(_ upper: UInt32, _ lower: UInt32) -> Bool {
    guard upper != lower, let top = Scope(code: upper), let bottom = Scope(code: lower) else {
      return false
    }
    return world.tree.isAtOrAbove(top, bottom)
  }

  /// The apply rule: whole transactions whose parts here are next and whose pasts are known.
  private func expectApplied(
    _ node: UInt32, _ peer: UInt32, _ chosen: Set<Int>, isIngress: Bool, _ outcome: ApplyOutcome,
    _ stamped: [StoreModel.Row: StoreModel.Operation]
  ) throws {
    let author = world[peer].identity.replica
    let new = chosen.subtracting(knows(node))
    received[node]?.formUnion(new)
    if isIngress {
      fromAuthor[node]?.formUnion(new.filter { headers[$0].replica == author })
    }
    var (refused, suspect): (Set<Int>, Set<Int>) = ([], [])
    while let transaction = nextReady(node) {
      known[node]?.formUnion(transaction)
      count(transaction.count > 1 ? "parts" : "applied")
      guard !transaction.isDisjoint(with: fromAuthor[node] ?? []) else { continue }
      switch judgement(node, transaction) {
      case .refused: refused.formUnion(transaction)
      case .suspect: suspect.formUnion(transaction)
      case .fine: break
      }
    }
    let waiting = (received[node] ?? []).subtracting(knows(node))
    if !waiting.isEmpty { count("parked") }
    let controls = try collect(node, stamped, isAlone: stamped.isEmpty)
    let found = controls.map { model.changeSets[$0] }
    #expect(
      found.reduce(into: Set()) { $0.formUnion($1.refuses) } == refused, "seed \(seed): refused")
    #expect(
      found.reduce(into: Set()) { $0.formUnion($1.suspects) } == suspect, "seed \(seed): suspect")
    #expect(outcome.refused.count == refused.count && outcome.suspect.count == suspect.count)
    if !refused.isEmpty { count("refused") }
    if !suspect.isEmpty { count("suspect") }
  }

  /// The parts of a transaction that a node can apply next; nil when all that came is known or waits.
  private func nextReady(_ node: UInt32) -> Set<Int>? {
    let streams = world[node].streams
    let waiting = (received[node] ?? []).subtracting(knows(node))
    for index in waiting.sorted() {
      let header = headers[index]
      let parts =
        header.parts.isEmpty
        ? [index]
        : header.parts.filter {
          streams.contains($0.stream)
        }.compactMap {
          model.index[Dot(stream: $0.stream, replica: header.replica, number: $0.number)]
        }
      let isReady = parts.allSatisfy {
        waiting.contains($0) && isProved($0, node)
          && model.changeSets[$0].past.isSubset(of: knows(node))
      }
      if isReady { return Set(parts) }
    }
    return nil
  }

  /// Whether a signed head at or above a change set came, and all between.
  private func isProved(_ index: Int, _ node: UInt32) -> Bool {
    var dot = headers[index].dot
    while let next = model.index[dot], received[node]?.contains(next) == true {
      if heads.contains(where: { $0.dot == dot }) { return true }
      dot = Dot(stream: dot.stream, replica: dot.replica, number: dot.number + 1)
    }
    return false
  }

  private enum Judgement { case fine, refused, suspect }

  private func judgement(_ node: UInt32, _ transaction: Set<Int>) -> Judgement {
    let sets = transaction.map { model.changeSets[$0] }
    let isForeign = sets.contains { set in
      set.rows.keys.contains {
        $0.table == Library.notices && set.dot.replica.node.scope == $0.scope
          && $0.scope.code != 1
      }
    }
    if isForeign { return .refused }
    let isAhead = sets.contains { $0.time.milliseconds > world.wall + 300_000 }
    let hasRows = sets.contains { !$0.rows.isEmpty }
    return isAhead && hasRows ? .suspect : .fine
  }

  /// Everything to everybody; then all agree and every file checks.
  func finish() throws {
    for node in Self.nodes { try stamp(node) }
    var total = -1
    while total != encoded.count {
      total = encoded.count
      for node in Self.nodes.shuffled(using: &random) {
        try deliver(to: node, from: node == 1 ? 10 : 1, all: true)
      }
    }
    for node in Self.nodes { try check(node) }
    try world.expectAgreement()
  }
}

import Causality
import Changes
import Store

/// The engine itself: a county writes, its hub applies. Always `synchronous=FULL`.
///
/// Phases as the baselines have them. A change set is built when it is written, so `insert` and `update`
/// include encoding, hashing and deflating; the encoding phases read it from the log, sign it and frame it.
package final class TributaryEngine: BenchEngine {
  package let name = "tributary"
  private let workload: CoreWorkload
  private let scope: Scope
  private let stream: StreamID
  private let writer: TributaryNode
  private let receiver: TributaryNode
  /// What the receiver knows of the stream.
  private var known = VersionVector()
  private var payload = TributaryNode.Payload()
  private var ones: [TributaryNode.Payload] = []

  /// Makes two replicas in an existing folder. The rows are of one county.
  package init(_ workload: CoreWorkload, folder: String) throws(BenchError) {
    guard let scope = Self.scope(of: workload.rows) else {
      throw .size(reason: "the rows are not all of one county")
    }
    self.workload = workload
    self.scope = scope
    stream = StreamID(scope: scope)
    do throws(StoreError) {
      let (tree, nodes) = try BenchTree.make(counties: [scope])
      receiver = try TributaryNode(nodes[0], tree: tree, folder: folder + "/b", below: nil)
      writer = try TributaryNode(nodes[1], tree: tree, folder: folder + "/a", below: receiver)
      known = try receiver.replica.knowledge(of: stream)
    } catch {
      throw .engine(name: "tributary", phase: .insert, reason: "\(error)")
    }
  }

  private static func scope(of rows: CellTable) -> Scope? {
    guard rows.rowCount > 0 else { return nil }
    let column = CompanyColumn.county.rawValue
    let first = rows.cell(0, column)
    for row in 1..<rows.rowCount {
      guard CellTable.equal(first, of: rows, rows.cell(row, column), of: rows) else { return nil }
    }
    return rows.value(of: first).string.flatMap { Scope($0) }
  }

  package func run(_ phase: BenchPhase) throws(BenchError) -> PhaseResult? {
    do throws(StoreError) {
      switch phase {
      case .insert: return try insert()
      case .update: return try update()
      case .encodeInserts: return try encode(phase, rows: workload.first)
      case .encodeUpdates: return try encode(phase, rows: workload.updates.count)
      case .encodeMix:
        try prepareMix()
        return try encode(phase, rows: workload.later + workload.mixed.count)
      case .applyInserts: return try apply(phase, rows: workload.first)
      case .applyUpdates: return try apply(phase, rows: workload.updates.count)
      case .applyMix: return try apply(phase, rows: workload.later + workload.mixed.count)
      case .singleTransactions: return try single()
      case .noDifference: return try noDifference()
      case .encodeOne: return try encodeOne()
      case .applyOne: return try applyOne()
      case .fileSize: return try fileSize()
      case .hubEncode, .hubApply: return nil
      }
    } catch {
      throw .engine(name: name, phase: phase, reason: "\(error)")
    }
  }

  private func result(
    _ phase: BenchPhase, rows: Int, _ watch: Stopwatch, bytes: Int = 0, wireBytes: Int = 0
  ) -> PhaseResult {
    PhaseResult(
      engine: name, phase: phase, rows: rows, wall: watch.wall, cpu: watch.cpu, bytes: bytes,
      wireBytes: wireBytes)
  }

  private func insert() throws(StoreError) -> PhaseResult {
    let rows = CompanyTable.inserts(workload.rows, 0..<workload.first)
    var watch = Stopwatch()
    try watch.measure { () throws(StoreError) in try writer.insert(rows, in: scope) }
    return result(.insert, rows: workload.first, watch)
  }

  private func update() throws(StoreError) -> PhaseResult {
    let rows = CompanyTable.updates(workload.rows, workload.updates)
    var watch = Stopwatch()
    try watch.measure { () throws(StoreError) in try writer.update(rows, in: scope) }
    return result(.update, rows: workload.updates.count, watch)
  }

  private func encode(_ phase: BenchPhase, rows: Int) throws(StoreError) -> PhaseResult {
    var watch = Stopwatch()
    payload = try watch.measure { () throws(StoreError) in
      try writer.frames(of: stream, lackedBy: &known)
    }
    return result(
      phase, rows: rows, watch, bytes: payload.plainBytes, wireBytes: payload.bytes)
  }

  private func apply(_ phase: BenchPhase, rows: Int) throws(StoreError) -> PhaseResult {
    var watch = Stopwatch()
    let payload = self.payload
    let problem = try watch.measure { () throws(StoreError) in
      try receiver.receive(payload, from: writer.replica.identity.replica)
    }
    if let problem { throw .damagedRecord(problem) }
    self.payload = TributaryNode.Payload()
    try checkEqual(exactly: phase != .applyMix)
    return result(phase, rows: rows, watch, bytes: payload.plainBytes, wireBytes: payload.bytes)
  }

  /// The receiver knows what the writer knows; before its own updates the digests are equal too.
  private func checkEqual(exactly: Bool) throws(StoreError) {
    let own = writer.replica.identity.replica
    let (left, right) = (
      try writer.replica.knowledge(of: stream), try receiver.replica.knowledge(of: stream)
    )
    guard left[own] == right[own] else { throw .damagedRecord("the receiver lacks change sets") }
    known = right
  }

  /// The receiver's concurrent updates, 5 s newer or older than the writer's; not measured.
  private func prepareMix() throws(StoreError) {
    let now = TributaryNode.wallMilliseconds + 60_000
    for (isNewer, wall) in [(false, now - 5_000), (true, now + 5_000)] {
      let updates = zip(workload.remote, workload.mixed)
        .filter { ($0.updatedAt > $1.updatedAt) == isNewer }.map(\.0)
      guard !updates.isEmpty else { continue }
      try receiver.update(
        CompanyTable.updates(workload.rows, updates), in: scope, wallMilliseconds: wall)
    }
    let later = workload.first..<workload.first + workload.later
    let inserts = CompanyTable.inserts(workload.rows, later)
    let updates = CompanyTable.updates(workload.rows, workload.mixed)
    _ = try writer.replica.write(author: "bench", wallMilliseconds: now) {
      transaction throws(StoreError) in
      try transaction.insertRows(CompanyTable.id, scope: scope, inserts)
      try transaction.updateRows(
        CompanyTable.id, scope: scope, columns: TributaryNode.updatedColumns, updates)
    }
  }

  private func single() throws(StoreError) -> PhaseResult {
    let rows = workload.single.map { CompanyTable.updates(workload.rows, [$0]) }
    var watch = Stopwatch()
    try watch.measure { () throws(StoreError) in
      for row in rows {
        try writer.update(
          row, in: scope, wallMilliseconds: TributaryNode.wallMilliseconds + 120_000)
      }
    }
    return result(.singleTransactions, rows: rows.count, watch)
  }

  /// What a child asks of its store when its hub may have nothing new: the stream's summary.
  private func noDifference() throws(StoreError) -> PhaseResult {
    let repeats = CoreWorkload.oneRowRepeats
    var watch = Stopwatch()
    try watch.measure { () throws(StoreError) in
      for _ in 0..<repeats { _ = try writer.replica.summary(of: stream) }
    }
    return result(.noDifference, rows: repeats, watch)
  }

  private func encodeOne() throws(StoreError) -> PhaseResult {
    // The single transactions go over first, unmeasured.
    let before = try writer.frames(of: stream, lackedBy: &known)
    let peer = writer.replica.identity.replica
    let wall = TributaryNode.wallMilliseconds + 180_000
    if let problem = try receiver.receive(before, from: peer, wallMilliseconds: wall) {
      throw .damagedRecord(problem)
    }
    var watch = Stopwatch()
    var plainBytes = 0
    for repetition in 0..<CoreWorkload.oneRowRepeats {
      let row = CompanyTable.updates(workload.rows, [workload.one(repetition)])
      try writer.update(row, in: scope, wallMilliseconds: wall)
      let payload = try watch.measure { () throws(StoreError) in
        try writer.frames(of: stream, lackedBy: &known)
      }
      plainBytes += payload.plainBytes
      ones.append(payload)
    }
    return result(
      .encodeOne, rows: ones.count, watch, bytes: plainBytes,
      wireBytes: ones.reduce(0) { $0 + $1.bytes })
  }

  private func applyOne() throws(StoreError) -> PhaseResult {
    var watch = Stopwatch()
    let wall = TributaryNode.wallMilliseconds + 180_000
    for payload in ones {
      let problem = try watch.measure { () throws(StoreError) in
        try receiver.receive(
          payload, from: writer.replica.identity.replica, wallMilliseconds: wall)
      }
      if let problem { throw .damagedRecord(problem) }
    }
    try checkEqual(exactly: false)
    return result(.applyOne, rows: ones.count, watch)
  }

  /// Exchanges about all that the two share, after the other phases: nothing differs, then one row.
  package func exchanges() throws(BenchError) -> ExchangeFigures {
    do throws(StoreError) {
      let wall = TributaryNode.wallMilliseconds + 240_000
      let link = LoopbackLink(child: writer, hub: receiver, wallMilliseconds: wall)
      _ = try link.synchronize()
      let equal = try exchange(link) { (_) throws(StoreError) in }
      let one = try exchange(link) { repetition throws(StoreError) in
        let row = CompanyTable.updates(workload.rows, [workload.one(repetition)])
        try writer.update(row, in: scope, wallMilliseconds: wall)
      }
      return ExchangeFigures(
        rows: workload.first + workload.later, equal: equal, oneDiffers: one)
    } catch {
      throw .engine(name: name, phase: .noDifference, reason: "\(error)")
    }
  }

  /// Means over repetitions; `change` is not measured.
  private func exchange(
    _ link: LoopbackLink, after change: (_ repetition: Int) throws(StoreError) -> Void
  ) throws(StoreError) -> ExchangeFigures.Exchange {
    let repeats = CoreWorkload.oneRowRepeats
    var watch = Stopwatch()
    var (bytes, rounds) = (0, 0)
    for repetition in 0..<repeats {
      try change(repetition)
      let traffic = try watch.measure { () throws(StoreError) in try link.synchronize() }
      bytes += traffic.bytes
      rounds = max(rounds, traffic.rounds)
    }
    return ExchangeFigures.Exchange(
      bytes: bytes / repeats, rounds: rounds, cpuMilliseconds: watch.cpu * 1_000 / Double(repeats))
  }

  /// The file without the log, which holds what the baselines do not keep at all.
  private func fileSize() throws(StoreError) -> PhaseResult {
    let size = try writer.fileSize()
    return result(
      .fileSize, rows: workload.first + workload.later, Stopwatch(), bytes: size.withoutLog,
      wireBytes: size.log)
  }
}

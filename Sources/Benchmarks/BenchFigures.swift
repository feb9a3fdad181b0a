/// All that one run of the benchmark measured, from which its table is made.
package struct BenchFigures: Sendable {
  /// One writer and one receiver.
  package var core = PairedRun()
  /// One hub and its children.
  package var hub = PairedRun()
  /// The bootstrap baseline of one county; nil when it was not run.
  package var dump: DumpBaseline?
  /// One exchange about one stream; nil when it was not run.
  package var exchanges: ExchangeFigures?
  /// Resident bytes of a county's replica at rest, and the most of a hub that applied all children.
  package var memory: (countyAtRest: Int, hubPeak: Int)?
  package var children = 0

  package init() {}

  /// The table of performance.md §1, with `not measured` where there is no figure.
  package func table(remarks: [String]) -> BenchTable {
    BenchTable(
      lines: writing + [buildLine(.encodeInserts), buildLine(.encodeUpdates)] + applying + bytes
        + bootstrap + exchangeLines + [hubLine] + memoryLines,
      remarks: remarks)
  }

  private static let engine = "tributary"

  private func againstRaw(
    _ row: String, _ work: String, _ phase: BenchPhase, must: Double, goal: Double,
    in run: PairedRun, note: String = ""
  ) -> BenchLine {
    BenchLine(
      row: row, work: work, unit: "x raw", must: must, goal: goal,
      reached: run.ratio(Self.engine, to: "raw", phase, \.wall),
      reachedByCPU: run.ratio(Self.engine, to: "raw", phase, \.cpu),
      note: [note, sessionNote(run, phase)].filter { !$0.isEmpty }.joined(separator: "; "))
  }

  private func sessionNote(_ run: PairedRun, _ phase: BenchPhase) -> String {
    guard let ratio = run.ratio("session", to: "raw", phase, \.wall) else { return "" }
    return "session \(decimal(ratio, digits: 2))"
  }

  private var writing: [BenchLine] {
    [
      againstRaw("1a", "bulk insert", .insert, must: 2.0, goal: 1.5, in: core),
      againstRaw("1b", "bulk update", .update, must: 2.5, goal: 1.9, in: core),
      againstRaw(
        "1c", "one-row transactions", .singleTransactions, must: 1.8, goal: 1.4, in: core),
      BenchLine(
        row: "1d", work: "file size, log apart", unit: "x raw", must: 1.35, goal: 1.2,
        reached: core.ratio(Self.engine, to: "raw", .fileSize) { Double($0.bytes) }),
    ]
  }

  private func buildLine(_ phase: BenchPhase) -> BenchLine {
    let isInsert = phase == .encodeInserts
    let perRow = core.median("session", phase) { $0.cpu / Double($0.rows) * 1e6 }
    return BenchLine(
      row: "2", work: "build change set, \(isInsert ? "inserts" : "updates")", unit: "x session",
      must: 1.0, goal: 0.7,
      reached: buildRatio(phase, writing: isInsert ? .insert : .update, \.wall),
      reachedByCPU: buildRatio(phase, writing: isInsert ? .insert : .update, \.cpu),
      note: perRow.map {
        "with all that writing costs above raw, for both; session's change set \(decimal($0, digits: 1)) us"
      } ?? "")
  }

  /// A change set is built in part while its rows are written: both engines are charged with all that writing
  /// them takes beyond raw (capture, and here clocks and digest too), and with making and deflating it.
  private func buildRatio(
    _ phase: BenchPhase, writing: BenchPhase, _ value: (PhaseResult) -> Double
  ) -> Double? {
    guard let written = core.median(Self.engine, writing, value),
      let framed = core.median(Self.engine, phase, value),
      let raw = core.median("raw", writing, value),
      let captured = core.median("session", writing, value),
      let session = core.median("session", phase, value), captured - raw + session > 0
    else { return nil }
    return (written - raw + framed) / (captured - raw + session)
  }

  private var applying: [BenchLine] {
    [
      againstRaw("3a", "apply inserts", .applyInserts, must: 2.5, goal: 1.8, in: core),
      againstRaw("3b", "apply updates", .applyUpdates, must: 2.8, goal: 2.0, in: core),
      againstRaw(
        "3c", "apply half and half, 40 % conflicts", .applyMix, must: 2.8, goal: 1.9, in: core),
    ]
  }

  private static func perRow(_ result: PhaseResult) -> Double {
    Double(result.wireBytes) / Double(max(1, result.rows))
  }

  private var bytes: [BenchLine] {
    func note(_ phase: BenchPhase) -> String {
      let figures = [Self.engine, "session"].compactMap { engine in
        core.median(engine, phase, Self.perRow).map { "\(engine) \(decimal($0, digits: 1)) B" }
      }
      return figures.joined(separator: ", ")
    }
    let one = core.median(Self.engine, .encodeOne, Self.perRow)
    return [
      BenchLine(
        row: "4a", work: "bytes per inserted row", unit: "x session", must: 0.60, goal: 0.54,
        reached: core.ratio(Self.engine, to: "session", .encodeInserts, Self.perRow),
        note: note(.encodeInserts)),
      BenchLine(
        row: "4b", work: "bytes per updated row", unit: "x session", must: 0.50, goal: nil,
        reached: core.ratio(Self.engine, to: "session", .encodeUpdates, Self.perRow),
        note: note(.encodeUpdates)),
      BenchLine(
        row: "4b", work: "bytes per updated row", unit: "bytes", must: nil, goal: 6.2,
        reached: core.median(Self.engine, .encodeUpdates, Self.perRow), note: "goal: Loro"),
      BenchLine(
        row: "4c", work: "one row alone, signed", unit: "bytes", must: 170, goal: 130,
        reached: one, note: note(.encodeOne)),
      BenchLine(
        row: "4c", work: "one row alone, unsigned", unit: "bytes", must: 64, goal: 48,
        reached: one.map { $0 - Double(ExchangeFigures.signedHeadBytes) },
        note: "less its signed head: 64 B signature, 32 B hash"),
    ]
  }

  private var bootstrap: [BenchLine] {
    let reason = "snapshots are a later round"
    let baseline = dump.map { dump in
      "; dump and gzip: \(dump.gzipBytes) B, \(decimal(dump.outCPU + dump.inCPU, digits: 2)) s CPU"
    }
    return [
      BenchLine(
        row: "5a", work: "county bootstrap, bytes", unit: "x dump", must: 0.6, goal: 0.55,
        reached: nil, note: reason + (baseline ?? "")),
      BenchLine(
        row: "5b", work: "county bootstrap, cpu", unit: "x dump", must: 0.7, goal: 0.4,
        reached: nil, note: reason),
      BenchLine(
        row: "5c", work: "province bootstrap, cpu", unit: "seconds", must: 15, goal: 8,
        reached: nil, note: reason),
    ]
  }

  private var exchangeLines: [BenchLine] {
    let equal = exchanges?.equal
    let one = exchanges?.oneDiffers
    func line(
      _ row: String, _ work: String, _ unit: String, _ must: Double, _ goal: Double,
      _ reached: Double?, _ note: String = ""
    ) -> BenchLine {
      BenchLine(
        row: row, work: work, unit: unit, must: must, goal: goal, reached: reached,
        note: reached == nil && note.isEmpty ? "no exchange was run" : note)
    }
    let rows = exchanges.map { "\($0.rows) rows" } ?? ""
    return [
      line("6a", "nothing differs", "bytes", 400, 256, equal.map { Double($0.bytes) }, rows),
      line("6a", "nothing differs", "ms cpu", 1, 0.3, equal?.cpuMilliseconds, rows),
      line("6a", "nothing differs", "rounds", 1, 1, equal.map { Double($0.rounds) }, rows),
      line("6b", "one row differs", "bytes", 600, 400, one.map { Double($0.bytes) }, rows),
      line("6b", "one row differs", "ms cpu", 1, 1, one?.cpuMilliseconds, rows),
      line("6b", "one row differs", "rounds", 2, 2, one.map { Double($0.rounds) }, rows),
      line(
        "6c", "one differs, vectors equal", "bytes", 4_096, 1_536, nil, "repair is a later round"),
    ]
  }

  private var hubLine: BenchLine {
    againstRaw(
      "7", "hub applies its children's changes", .hubApply, must: 2.5, goal: 1.7, in: hub,
      note: hub.repetitions.isEmpty ? "" : "\(children) children")
  }

  private var memoryLines: [BenchLine] {
    func mebibytes(_ bytes: Int?) -> Double? { bytes.map { Double($0) / 1_048_576 } }
    return [
      BenchLine(
        row: "8", work: "memory, county at rest", unit: "MiB", must: 64, goal: 32,
        reached: mebibytes(memory?.countyAtRest)),
      BenchLine(
        row: "8", work: "memory, hub at its peak", unit: "MiB", must: 512, goal: 256,
        reached: mebibytes(memory?.hubPeak),
        note: memory == nil ? "" : "\(children) children"),
    ]
  }
}

/// What exchanges between a child and its hub cost.
package struct ExchangeFigures: Hashable, Sendable {
  /// One exchange: until both know the same.
  package struct Exchange: Hashable, Sendable {
    /// Both ways.
    package let bytes: Int
    /// Requests with their answers.
    package let rounds: Int
    /// Both sides.
    package let cpuMilliseconds: Double

    package init(bytes: Int, rounds: Int, cpuMilliseconds: Double) {
      (self.bytes, self.rounds, self.cpuMilliseconds) = (bytes, rounds, cpuMilliseconds)
    }
  }

  /// Bytes of an Ed25519 signature and of the hash that it signs.
  package static let signedHeadBytes = 96

  /// Rows at both.
  package let rows: Int
  package let equal: Exchange
  package let oneDiffers: Exchange

  package init(rows: Int, equal: Exchange, oneDiffers: Exchange) {
    (self.rows, self.equal, self.oneDiffers) = (rows, equal, oneDiffers)
  }
}

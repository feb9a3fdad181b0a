import CSQLite
import Causality

/// The runs behind `tributary bench`.
package struct Benchmark: Sendable {
  /// Folder for source rows and the engines' files, made when missing; `work` in it is replaced.
  package let folder: String
  /// How many times short phases are repeated.
  package let repetitions: Int
  /// Of the raw and session baselines; the engine itself is always `.full`.
  package let baselineDurability: Durability

  package init(folder: String, repetitions: Int = 3, baselineDurability: Durability = .full) {
    precondition(repetitions > 0, "a run has a repetition")
    self.folder = folder
    self.repetitions = repetitions
    self.baselineDurability = baselineDurability
  }

  /// Rows of the core run of `runAll`.
  package static let coreRows = 40_000
  /// Children of the hub run of `runAll`: the counties of one province.
  package static let hubChildren = 129
  /// Changes of each child of the hub run of `runAll`.
  package static let hubChanges = 1_000

  /// The phases of `core`, with `rows` rows inserted first. `withBaselines`: also raw before and after the
  /// engine, and the session extension.
  package func measureCore(
    source: String, rows: Int, withBaselines: Bool, progress: (PhaseResult) -> Void
  ) throws(BenchError) -> PairedRun {
    prepareLibrary()
    let cells = try CompanySource.load(source, count: CoreWorkload.rowsNeeded(first: rows))
    let workload = try CoreWorkload(rows: cells, first: rows)
    var run = PairedRun()
    try run.measure(
      phases: BenchPhase.core, repetitions: repetitions,
      engines: { (_) throws(BenchError) in try coreEngines(workload, withBaselines) },
      progress: progress)
    ProcessMeasures.removeFolder(folder + "/work")
    return run
  }

  /// The phases of `hub`, likewise.
  package func measureHub(
    source: String, children: Int, changes: Int, withBaselines: Bool,
    progress: (PhaseResult) -> Void
  ) throws(BenchError) -> PairedRun {
    prepareLibrary()
    let needed = HubWorkload.rowsNeeded(children: children, changes: changes)
    let cells = try CompanySource.load(source, count: needed)
    let workload = try HubWorkload(rows: cells, children: children, changes: changes)
    var run = PairedRun()
    try run.measure(
      phases: BenchPhase.hub, repetitions: repetitions,
      engines: { (_) throws(BenchError) in try hubEngines(workload, withBaselines) },
      progress: progress)
    ProcessMeasures.removeFolder(folder + "/work")
    return run
  }

  /// Everything, paired with the baselines; without a source, rows are made up.
  package func runAll(
    source: String?, progress: (PhaseResult) -> Void
  ) throws(BenchError) -> BenchTable {
    let path: String
    if let source { path = source } else { path = try madeUpSource() }
    var figures = BenchFigures()
    figures.core = try measureCore(
      source: path, rows: Self.coreRows, withBaselines: true, progress: progress)
    figures.exchanges = try measureExchanges(source: path)
    figures.children = Self.hubChildren
    figures.hub = try measureHub(
      source: path, children: Self.hubChildren, changes: Self.hubChanges, withBaselines: true,
      progress: progress)
    figures.dump = try measureDump(source: path)
    return figures.table(remarks: remarks(figures))
  }

  /// Exchanges between a county and its hub that hold `coreRows` rows and a quarter more.
  package func measureExchanges(source: String) throws(BenchError) -> ExchangeFigures {
    let count = CoreWorkload.rowsNeeded(first: Self.coreRows)
    let workload = try CoreWorkload(
      rows: try CompanySource.load(source, count: count), first: Self.coreRows)
    let engine = try TributaryEngine(workload, folder: freshFolder("tributary"))
    defer { ProcessMeasures.removeFolder(folder + "/work") }
    for phase in BenchPhase.core { _ = try engine.run(phase) }
    return try engine.exchanges()
  }

  /// The bootstrap baseline on one county.
  package func measureDump(source: String) throws(BenchError) -> DumpBaseline {
    let work = try freshFolder("dump")
    defer { ProcessMeasures.removeFolder(folder + "/work") }
    let county = work + "/county.db"
    try SourceFile.copy(source, to: county, companies: SourceFile.countyRows.companies)
    return try DumpBaseline.measure(
      source: county, target: work + "/loaded.db", durability: baselineDurability)
  }

  private func madeUpSource() throws(BenchError) -> String {
    try ProcessMeasures.makeFolder(folder)
    let path = folder + "/source.db"
    let county = Scope(code: 530_102).map { [$0] } ?? []
    let hubRows = HubWorkload.rowsNeeded(
      children: Self.hubChildren, changes: Self.hubChanges)
    try SourceFile.generate(
      path, counties: county,
      companies: max(hubRows, CoreWorkload.rowsNeeded(first: Self.coreRows)),
      inspectors: SourceFile.countyRows.inspectors, results: SourceFile.countyRows.results)
    return path
  }

  private func coreEngines(
    _ workload: CoreWorkload, _ withBaselines: Bool
  ) throws(BenchError) -> [any BenchEngine] {
    func baseline(_ kind: BaselineEngine.Kind, _ name: String) throws(BenchError) -> BaselineEngine
    {
      try BaselineEngine(
        kind, workload, folder: freshFolder(name), durability: baselineDurability)
    }
    let engine = try TributaryEngine(workload, folder: freshFolder("tributary"))
    guard withBaselines else { return [engine] }
    return [
      try baseline(.raw, "raw1"), engine, try baseline(.session, "session"),
      try baseline(.raw, "raw2"),
    ]
  }

  private func hubEngines(
    _ workload: HubWorkload, _ withBaselines: Bool
  ) throws(BenchError) -> [any BenchEngine] {
    func baseline(_ kind: BaselineEngine.Kind, _ name: String) throws(BenchError) -> BaselineEngine
    {
      try BaselineEngine(
        kind, workload, folder: freshFolder(name), durability: baselineDurability)
    }
    let engine = try TributaryHubEngine(workload, folder: freshFolder("tributary"))
    guard withBaselines else { return [engine] }
    return [
      try baseline(.raw, "raw1"), engine, try baseline(.session, "session"),
      try baseline(.raw, "raw2"),
    ]
  }

  private func freshFolder(_ name: String) throws(BenchError) -> String {
    let path = "\(folder)/engines/\(name)"
    ProcessMeasures.removeFolder(path)
    try ProcessMeasures.makeFolder(path)
    return path
  }

  /// The same settings of the library for every engine of the process. A second call has no effect.
  private func prepareLibrary() { _ = csqlite_configure() }

  private func remarks(_ figures: BenchFigures) -> [String] {
    var remarks = [
      "baselines synchronous=\(baselineDurability.rawValue), tributary synchronous=FULL; "
        + "SQLite multi-thread, without memory statistics, for all; "
        + "medians of \(repetitions) repetitions; by wall clock where not said"
    ]
    if let noise = figures.core.spread(of: "raw", \.wall) {
      remarks.append("raw against raw differs by up to \(decimal(noise, digits: 2))")
    }
    if let memory = ProcessMeasures.memory {
      remarks.append("peak memory of the benchmark: \(memory.peak >> 20) MiB")
    }
    return remarks
  }
}

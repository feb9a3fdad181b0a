import ArgumentParser
import Benchmarks
import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Terminal
import Wire

extension BenchCommand {
  /// `tributary bench report`: a province of invented counties, and all indicators of it.
  struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A province with a year of inspections, and all indicators of its 146 units.",
      discussion: """
        Makes a node for each county, which writes its rosters and a season; the province takes the \
        change sets as from a link. Then measures the report, in time and memory. With a folder that is \
        there already only the report is measured.
        """)

    @Option(help: "Objects of the province, about.")
    var objects = 1_000_000

    @Option(help: "Results of the year, about.")
    var results = 250_000

    @Option(help: "A folder for the province; some 3 GB at the default sizes.")
    var folder = "tributary-bench-report"

    private static let seed: UInt64 = 1
    private static let year = 2026
    /// Companies of the generator's model at scale 1.
    private static let modelObjects = 3_240_000

    func validate() throws {
      guard (1_000...9_000_000).contains(objects), (0...10_000_000).contains(results) else {
        throw ValidationError("--objects is 1000 to 9000000, --results 0 to 10000000.")
      }
    }

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let path = ReplicaFolder(folder)
      if !path.holdsReplica { try generate(path, divisions) }
      let replica = try Problem.fromStore("cannot open the province", on: folder) {
        () throws(StoreError) in
        try Replica.openReadOnly(
          folder: path, tree: divisions.scopes, schema: CaseworkSchema.current)
      }
      try measure(replica, divisions)
    }

    private func measure(_ replica: Replica, _ divisions: DivisionTree) throws {
      ProcessMeasures.resetPeak()
      let before = ProcessMeasures.memory
      let start = ContinuousClock().now
      let report: IndicatorReport
      do throws(CaseworkError) {
        let maker = CaseReport(
          replica, divisions: divisions, calendar: try ReferenceData.calendar())
        guard let first = CivilDate(year: Self.year, month: 1, day: 1),
          let last = CivilDate(year: Self.year, month: 12, day: 31)
        else { return }
        report = try maker.report(
          at: try maker.cut(asOf: Instant(endOf: last), days: first...last))
      } catch {
        throw Problem("cannot make the report", on: folder, error)
      }
      let passed = ContinuousClock().now - start
      let (objects, results) = try Problem.fromStore("cannot count", on: folder) {
        () throws(StoreError) in
        (
          try replica.rowCount(of: RosterSchema.companies.id),
          try replica.rowCount(of: VisitTables.finalResults.id)
        )
      }
      let peak = ProcessMeasures.memory.map { "\($0.peak >> 20) MiB" } ?? "unknown"
      let resident = before.map { "\($0.resident >> 20) MiB" } ?? "unknown"
      try StandardStream.output.write(
        "\(Quantity.count(objects)) objects, \(Quantity.count(results)) results: "
          + "\(report.lines.count) lines in \(BenchCommand.milliseconds(passed)) ms, "
          + "memory at most \(peak) (\(resident) before)\n")
    }

    /// Writes the counties one after the other and has the province take what they wrote.
    private func generate(_ path: ReplicaFolder, _ divisions: DivisionTree) throws {
      let wall = UInt64(1_775_000_000_000)
      guard let province = divisions.divisions.first(where: { $0.parent == nil }),
        let top = NodeCode(division: province.scope.code)
      else { return }
      let generator = RosterGenerator(
        seed: Self.seed, partsPerMillion: max(1, objects * 1_000 / (Self.modelObjects / 1_000)),
        divisions: divisions)
      try Problem.fromStore("cannot make the province", on: folder) { () throws(StoreError) in
        let hub = try Replica.create(
          folder: path, node: top, tree: divisions.scopes, schema: CaseworkSchema.current,
          anchor: nil, wallMilliseconds: wall)
        for (number, county) in divisions.counties.enumerated() {
          guard let node = NodeCode(division: county.scope.code) else { continue }
          let place = ReplicaFolder("\(folder)-\(county.scope)")
          let replica = try Replica.create(
            folder: place, node: node, tree: divisions.scopes, schema: CaseworkSchema.current,
            anchor: hub.identity.anchor, wallMilliseconds: wall)
          _ = try hub.admit(
            replica.identity.enrolmentRequest(name: county.name), author: "bench",
            wallMilliseconds: wall)
          let share = generator.roster(of: county.scope).map(\.companyCount) ?? 0
          _ = try RosterStore(replica, author: "bench") { wall }.generate(
            generator, in: [county.scope])
          var season = SeasonGenerator(
            replica, seed: Self.seed, year: Self.year, wallMilliseconds: wall)
          try season.write(resultCount: results * share / max(1, generator.companyCount))
          try Self.carry(from: replica, to: hub, wall)
          try replica.close()
          ProcessMeasures.removeFolder(place.path)
          StandardStream.note("\(number + 1)/\(divisions.counties.count) \(county.name)")
        }
        try hub.close()
      }
    }

    private static func carry(
      from county: Replica, to hub: Replica, _ wall: UInt64
    ) throws(StoreError) {
      let sender = county.identity.replica
      var known: [(StreamID, VersionVector)] = []
      for stream in county.streams { known.append((stream, try hub.knowledge(of: stream))) }
      while let batch = try county.changes(lackedBy: known, maxBytes: 8 << 20) {
        var messages: [ChangesMessage] = []
        switch batch.content {
        case .frame(let message): messages = [message]
        case .parts(let parts):
          for part in parts { if let whole = try hub.stage(part) { messages.append(whole) } }
        }
        for message in messages {
          _ = try hub.apply(message, from: sender, isIngress: true, wallMilliseconds: wall)
        }
        for advance in batch.advanced {
          known.removeAll { $0.0 == advance.stream }
          known.append((advance.stream, advance.known))
        }
      }
    }
  }

  static func milliseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
  }
}

import ArgumentParser
import Casework
import Causality
import Changes
import Foundation
import Store
import Terminal

/// `tributary demo`.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Play a season of inspections on three tiers of real processes, with a cut, and compare.",
    discussion: """
      Plans, draws with and without a link, visits, results, follow-ups, publication and indicators, by the \
      program's own commands under a rehearsal's clock, which plays the year in seconds; commands.log in \
      the folder has all of them. Two counties cheat. Ends with 0 only if all digests agree, nothing was \
      lost, both were found, and the indicators are what they must be; else with 1.
      """)

  @Flag(help: "All 146 nodes of the province instead of 9.")
  var all = false

  @Option(
    help: "Where the replicas go; a new folder under the system's temporary folder by default.")
  var folder: String?

  @Option(help: "Roster size in parts per million of the real one; 1,000,000 is the whole.")
  var scale: Int?

  @Option(help: "Seed of the generated rosters.")
  var seed: UInt64 = 1

  @Option(help: "Seconds to wait for agreement, each time.")
  var patience: Int = 120

  func run() async throws {
    let root = folder ?? NSTemporaryDirectory() + "tributary-demo-\(getpid())"
    try await Problem.fromAny("the demo failed", on: root) {
      let demo = try Demo(root: root, all: all)
      do {
        try await play(demo)
      } catch {
        await demo.stop()
        throw error
      }
    }
  }

  private func play(_ demo: Demo) async throws {
    let start = Date()
    say("Tributary demo: \(demo.nodes.count) nodes in \(demo.root)")
    try demo.create()
    let generator = RosterGenerator(
      seed: seed, partsPerMillion: scale ?? (all ? 2_000 : 50_000), divisions: demo.divisions)
    let rosters = try demo.generate(generator)
    say(
      "  \(Quantity.count(rosters.companies)) companies, "
        + "\(Quantity.count(rosters.inspectors)) inspectors in \(demo.counties.count) counties")
    try await demo.start()
    guard try await demo.agree("first sync", seconds: patience) else {
      return try await fail(demo, "the first sync did not end in \(patience) s")
    }
    let runner = try DemoRunner(root: demo.root, clock: demo.clock)
    let season = try DemoSeason(demo, runner)
    let report = try await play(season)
    guard try await demo.agree("agreement", seconds: patience) else {
      return try await fail(demo, "the replicas did not agree \(patience) s after the last change")
    }
    let (count, lost) = try demo.arrived()
    await demo.stop()
    say("\n" + report + "\n" + season.findingsText + "\n" + (try DemoTable.text(demo)))
    guard lost.isEmpty else { return try await fail(demo, "lost: \(lost)") }
    guard season.isAsExpected else {
      return try await fail(demo, "the season did not end as it must; see \(runner.transcript)")
    }
    let seconds = Int(Date().timeIntervalSince(start))
    say(
      "All digests agree; \(Quantity.count(Int(count))) change sets written, none lost; the season "
        + "ended as it must; \(seconds) s.")
    say("Commands: \(runner.transcript)")
    say("Look: tributary conflicts list \(demo.root)/\(demo.nodes[0].scope)")
  }

  /// A year of inspections, with a cut in the middle. Returns its indicators.
  private func play(_ season: DemoSeason) async throws -> String {
    say("January: item list, overlays, requirements of the lines, plans")
    try await season.issue()
    try await season.plan()
    try await season.checkPlans()
    say("April: draws with a link")
    try await season.draw()
    try await DemoStory(season.demo).tell(say) {
      say("  and \(season.alone.name) draws alone")
      try await season.drawAlone()
    }
    guard try await season.demo.agree("healing", seconds: patience) else {
      throw Problem(
        "the replicas did not agree \(patience) s after the heal",
        next: ["Read the logs of the nodes."], status: .temporary)
    }
    try await season.checkAlone()
    say("May to July: visits, results, follow-ups, publication; two counties cheat")
    try await season.inspect()
    say("December: records checked, indicators")
    try await season.verify()
    return try await season.report()
  }

  private func fail(_ demo: Demo, _ text: String) async throws {
    await demo.stop()
    say("FAILED: \(text). Logs: \(demo.root)/*.log")
    throw ExitCode(ExitStatus.found.rawValue)
  }

  private func say(_ text: String) {
    // The demo goes on when nobody reads it.
    try? StandardStream.output.write(text + "\n")
  }
}

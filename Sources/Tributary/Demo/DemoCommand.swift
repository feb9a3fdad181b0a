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
    abstract: "Run three tiers as real processes, cut a prefecture off, heal it, compare.",
    discussion: """
      Ends with 0 only if all digests agree and nothing was lost; else with 1.
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
    guard try await demo.waitForAgreement("first sync", seconds: patience) else {
      return try await fail(demo, "the first sync did not end in \(patience) s")
    }
    try await DemoStory(demo).tell(say)
    guard try await demo.waitForAgreement("healing", seconds: patience) else {
      return try await fail(demo, "the replicas did not agree \(patience) s after the heal")
    }
    let lost = try demo.lost()
    await demo.stop()
    say(try DemoTable.text(demo))
    guard lost.isEmpty else { return try await fail(demo, "lost: \(lost)") }
    let seconds = Int(Date().timeIntervalSince(start))
    say(
      "All digests agree; \(Quantity.count(demo.written.count)) change sets written, none lost; "
        + "\(seconds) s.")
    say("Look: tributary conflicts list \(demo.root)/\(demo.nodes[0].scope)")
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

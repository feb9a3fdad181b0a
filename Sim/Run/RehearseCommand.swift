import ArgumentParser
import Foundation
import Outages
import Simulator

struct RehearseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse",
    abstract: "Rehearses an outage of a whole tree: a report here, and a page with pictures.",
    discussion: "Scenarios are in Sim/scenarios; Sim/README.md says how to write one.")

  @Argument(help: "The scenario, e.g. Sim/scenarios/landslide-nujiang.json.")
  var path: String

  @Option(help: "Write the page with pictures to this file.")
  var html: String?

  @Flag(help: "Print the figures as JSON instead of the report.")
  var json = false

  @Flag(help: "Tell on standard error how far it is.")
  var progress = false

  func run() throws {
    let scenario: Scenario
    do {
      scenario = try Scenario(json: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    } catch let error as ScenarioError {
      throw ValidationError("\(path): \(error)")
    }
    let rehearsal = try scenario.rehearsal()
    let start = Date()
    var told = -1
    let found = try World.rehearse(rehearsal) { milliseconds in
      let hour = milliseconds / 3_600_000
      guard progress, hour != told else { return }
      told = hour
      tell(
        "\(hour) h of \(rehearsal.durationMilliseconds / 3_600_000) h, \(Int(-start.timeIntervalSinceNow)) s"
      )
    }
    if let html {
      let page = Page(scenario, found, command: "tributary-sim rehearse \(Self.shown(path))")
      try Data(page.html.utf8).write(to: URL(fileURLWithPath: html))
    }
    if json {
      print(try ReportJSON(scenario, found).text(), terminator: "")
    } else {
      print(TerminalReport(scenario, found).text, terminator: "")
    }
    tell(
      "\(rehearsal.nodes.count) nodes, \(rehearsal.durationMilliseconds / 3_600_000) virtual hours in "
        + "\(Int(-start.timeIntervalSinceNow)) s; disks hold \(found.diskBytes / 1_000_000) MB; trace "
        + String(found.verdict.traceHash, radix: 16))
    if !found.isSound || found.agreedAtMilliseconds == nil { throw ExitCode(1) }
  }

  /// A path as it stands on a page: no folder of this machine.
  private static func shown(_ path: String) -> String {
    path.hasPrefix("/") ? URL(fileURLWithPath: path).lastPathComponent : path
  }
}

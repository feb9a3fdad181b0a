import ArgumentParser
import Foundation
import Simulator

/// The command `tributary-sim`.
@main
struct Main: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tributary-sim",
    abstract:
      "Runs whole trees of nodes in one thread, under faults, and checks that nothing is lost.",
    subcommands: [
      RunCommand.self, ReplayCommand.self, ShrinkCommand.self, SwarmCommand.self,
      DoublecheckCommand.self, SimulateCommand.self, CorpusCommand.self,
      CrashesCommand.self, CutsCommand.self, OrdersCommand.self, RoutesCommand.self,
      PlantCommand.self, MutantsCommand.self, RehearseCommand.self, WorkerCommand.self,
    ])
}

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs the plan of one seed.")

  @Option(help: "The seed.")
  var seed: UInt64

  @Flag(help: "Print the plan as well.")
  var showPlan = false

  @Flag(help: "Print every event with the trace after it.")
  var log = false

  func run() throws {
    let plan = PlanGenerator.plan(seed: seed)
    if showPlan { print(plan.text) }
    try report(perform(plan, log), plan, named: "run --seed \(seed)")
  }
}

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Runs a plan from a file.")

  @Argument(help: "The plan.")
  var path: String

  @Flag(help: "Print every event with the trace after it.")
  var log = false

  func run() throws {
    let plan = try readPlan(path)
    try report(perform(plan, log), plan, named: "replay \(path)")
  }
}

/// One process's share of a swarm. It says each seed before it runs it, since a trap cannot be caught.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

  @Option var from: UInt64
  @Option var count: UInt64
  /// Whether every event is told, to nobody.
  @Flag var logged = false

  func run() throws {
    var totals: [Counter: Int] = [:]
    var (virtual, nodes) = (UInt64(0), UInt64(0))
    var (slowest, stall) = (Longest(), Longest())
    for seed in from..<(from + count) {
      say("begin \(seed)")
      let world = try World(PlanGenerator.plan(seed: seed))
      var logged = 0
      if self.logged { world.log = { logged += $0.utf8.count } }
      let verdict = world.run()
      if let violation = verdict.violation {
        say("bad \(seed) \(violation.invariant) \(violation.detail)")
      }
      say("done \(seed) \(verdict.traceHash)")
      for (counter, number) in verdict.counters { totals[counter, default: 0] += number }
      slowest.take(verdict.convergenceMilliseconds, seed)
      stall.take(verdict.longestStallMilliseconds, seed)
      virtual += verdict.virtualMilliseconds * UInt64(verdict.nodeCount)
      nodes += UInt64(verdict.nodeCount)
    }
    for counter in Counter.allCases {
      say("count \(totals[counter] ?? 0) \(counter.rawValue)")
    }
    say("time \(virtual)")
    say("nodes \(nodes)")
    say("slowest \(slowest.milliseconds) \(slowest.seed)")
    say("stall \(stall.milliseconds) \(stall.seed)")
  }

  private func say(_ line: String) {
    // A line leaves the process before the next step may trap.
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}

/// Runs a plan, and prints its events when asked to.
func perform(_ plan: Plan, _ isLogged: Bool) throws -> Verdict {
  let world = try World(plan)
  if isLogged { world.log = { print($0) } }
  return world.run()
}

/// The longest of some times, and the seed that took it.
struct Longest {
  private(set) var milliseconds = 0
  private(set) var seed: UInt64 = 0

  mutating func take(_ milliseconds: Int, _ seed: UInt64) {
    if milliseconds > self.milliseconds { (self.milliseconds, self.seed) = (milliseconds, seed) }
  }
}

func readPlan(_ path: String) throws -> Plan {
  try Plan(text: String(decoding: Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self))
}

func tell(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Prints what a run found; exits with 1 for a violation.
func report(_ verdict: Verdict, _ plan: Plan, named name: String) throws {
  for counter in Counter.allCases where verdict[counter] > 0 {
    print("\(counter.rawValue): \(verdict[counter])")
  }
  print("virtual seconds: \(verdict.virtualMilliseconds / 1_000), nodes: \(verdict.nodeCount)")
  print(
    "agreement after \(verdict.convergenceMilliseconds / 1_000) s, longest stall "
      + "\(verdict.longestStallMilliseconds / 1_000) s")
  print("trace: \(String(verdict.traceHash, radix: 16))")
  guard let violation = verdict.violation else {
    print("no violation")
    return
  }
  print(
    "violation of \(violation.invariant) at \(violation.atMilliseconds) ms: \(violation.detail)")
  print("again: tributary-sim \(name)")
  throw ExitCode(1)
}

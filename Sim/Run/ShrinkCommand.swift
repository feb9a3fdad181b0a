import ArgumentParser
import Foundation
import Simulator

struct ShrinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shrink",
    abstract: "Makes a failing plan smaller while the same invariant fails; prints it.",
    discussion: "A plan that ends the process itself is shrunk in processes of its own.")

  @Argument(help: "The plan.")
  var path: String?

  @Option(help: "Or the seed of it.")
  var seed: UInt64?

  @Option(help: "Runs at most.")
  var runs = 2_000

  @Option(help: "Begins no run after so many seconds; 0 for all.")
  var seconds = 0.0

  func validate() throws {
    if (path == nil) == (seed == nil) {
      throw ValidationError("give a plan or --seed, one of them")
    }
  }

  func run() throws {
    let plan = try path.map { try readPlan($0) } ?? PlanGenerator.plan(seed: seed ?? 0)
    let start = Date()
    guard let first = try Isolated.run(plan) else {
      throw ValidationError("the plan does not fail")
    }
    // What does not end the process is quicker without a new one each time.
    let isIsolated = first.detail.hasPrefix(Isolated.ended)
    var shrinker = Shrinker(limit: runs) { plan in
      if seconds > 0, -start.timeIntervalSinceNow > seconds { return nil }
      return isIsolated ? try Isolated.run(plan) : try World(plan).run().violation
    }
    guard let small = try shrinker.shrink(plan) else {
      throw ValidationError("the plan does not fail again within the time given")
    }
    print(small.plan.text)
    tell(
      "\(small.violation.invariant): \(small.violation.detail)\n"
        + "\(small.plan.nodes.count) nodes, \(small.plan.operations.count) operations, "
        + "\(small.plan.faults.count) faults, after \(shrinker.runs) runs in "
        + "\(Int(-start.timeIntervalSinceNow)) s\n"
        + "again: save it, and tributary-sim replay FILE")
  }
}

/// Plans in a process of their own, since a trap ends the one that it happens in.
enum Isolated {
  /// How the detail of a process that ended begins.
  static let ended = "the process ended with"

  /// A plan that takes longer stands still.
  private static let longestSeconds = 60.0

  /// Runs a plan by `replay`; a process that ends otherwise than by a verdict is S27.
  static func run(_ plan: Plan) throws -> Verdict.Violation? {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("tributary-sim-\(getpid()).plan")
    try Data(plan.text.utf8).write(to: file)
    defer { unlink(file.path) }
    let tool = try Tool(["replay", file.path], isQuiet: true)
    tool.wait(atMost: longestSeconds)
    let text = try tool.read()
    if tool.status == 0 { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("violation of ") {
      let words = line.split(separator: " ", maxSplits: 6).map(String.init)
      guard words.count == 7, let time = UInt64(words[4]) else { continue }
      return Verdict.Violation(invariant: words[2], detail: words[6], atMilliseconds: time)
    }
    return Verdict.Violation(
      invariant: "S27", detail: "\(ended) \(tool.status)", atMilliseconds: .max)
  }
}

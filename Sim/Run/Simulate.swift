import ArgumentParser
import Foundation
import Simulator

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract:
      "What `make simulate` runs: everything that fits into a time box, with the table of figures.")

  @Option(help: "How many minutes it may take.")
  var minutes = 9.0

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "At most so many seeds, also when there is time for more.")
  var seeds: UInt64?

  @Option(help: "Worker processes.")
  var jobs = 2

  @Option(help: "A fault that fired less often fails the run.")
  var least = 100

  func run() throws {
    let box = minutes * 60
    let start = Date()
    var isBad = false
    try note(["corpus"], &isBad)
    // Side by side, on two cores.
    let tools = try [
      Tool(["crashes", "--seconds", "\(Int(box * 0.15))"]),
      Tool(["orders", "--length", "2"]), Tool(["orders", "--length", "3", "--stride", "997"]),
      Tool(["cuts", "--stride", "3", "--first", "\(1 + from % 3)"]),
      Tool(["cuts", "--stride", "2999", "--first", "\(1 + from % 2999)", "--parts"]),
    ]
    for tool in tools { isBad = try tool.finish() != 0 || isBad }
    var swarm = Swarm(jobs: jobs)
    let left = box - Date().timeIntervalSince(start)
    try swarm.run(from: from, seeds: seeds, seconds: UInt64(max(10, left * 0.88)))
    let twice = try swarm.repeated(every: 10)
    printTable(swarm, twice, Date().timeIntervalSince(start))
    for failure in swarm.failures.prefix(40) { print("seed \(failure.seed): \(failure.what)") }
    if let first = swarm.failures.first { print("again: tributary-sim run --seed \(first.seed)") }
    for counter in swarm.rareFaults(below: least) {
      print("\(counter.rawValue): fired \(swarm.totals[counter.rawValue] ?? 0) times only")
      isBad = true
    }
    if let seed = twice.differing { print("seed \(seed) has another trace in another process") }
    if isBad || !swarm.failures.isEmpty || twice.differing != nil { throw ExitCode(1) }
  }

  private func note(_ arguments: [String], _ isBad: inout Bool) throws {
    isBad = try Tool(arguments).finish() != 0 || isBad
  }

  private func printTable(
    _ swarm: Swarm, _ twice: (count: Int, differing: UInt64?), _ seconds: Double
  ) {
    let core = max(0.001, swarm.seconds * Double(jobs))
    let hours = Double(swarm.virtualNodeMilliseconds) / 3_600_000
    let faults = Counter.allCases.filter(\.isFault)
    print(
      """

      | what | goal | reached |
      |---|---|---|
      | small seeds, all checks | 100,000 | \(swarm.hashes.count) |
      | failing seeds | 0 | \(swarm.failures.count) |
      | virtual node-hours per second and core | 1,000 | \(String(format: "%.1f", hours / core)) |
      | commits per second and core | 15,000 | \(Int(Double(swarm.totals["commits"] ?? 0) / core)) |
      | seeds again in another process | every 10th | \(twice.count), \(twice.differing == nil ? "all" : "NOT all") equal |
      | kinds of faults fired | all, 1,000 each | \(faults.count), \(faults.count { (swarm.totals[$0.rawValue] ?? 0) >= 1_000 }) of them 1,000 times |
      | seconds | \(Int(minutes * 60)) | \(Int(seconds)) |

      """)
    for counter in Counter.allCases {
      print("\(counter.rawValue): \(swarm.totals[counter.rawValue] ?? 0)")
    }
  }
}

/// This program once more, with other arguments; what it prints is printed when it ends.
struct Tool {
  private let process = Process()
  private let output = Pipe()

  init(_ arguments: [String]) throws {
    process.executableURL = Swarm.program
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
  }

  /// Its exit status.
  func finish() throws -> Int32 {
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    print(String(decoding: text, as: UTF8.self), terminator: "")
    return process.terminationStatus
  }
}

import ArgumentParser
import Foundation
import Simulator

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract:
      "What `make simulate` runs: everything that fits into a time box, with the table of figures.")

  @Option(help: "How many minutes it may take.")
  var minutes = 12.0

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
    let crashes = try Tool(["crashes"])
    for arguments in Self.besideCrashes {
      isBad = try Tool(arguments).finish() != 0 || isBad
    }
    isBad = try crashes.finish() != 0 || isBad
    var swarm = Swarm(jobs: jobs)
    let left = box - Date().timeIntervalSince(start)
    try swarm.run(from: from, seeds: seeds, seconds: UInt64(max(10, left * 0.88)))
    let twice = try swarm.repeated(every: 10)
    printTable(swarm, twice, Date().timeIntervalSince(start))
    try swarm.tellFailures()
    for counter in swarm.rareFaults(below: least) {
      print("\(counter.rawValue): fired \(swarm.totals[counter.rawValue] ?? 0) times only")
      isBad = true
    }
    if let seed = twice.differing {
      print("seed \(seed) has another trace in another process")
      try DoublecheckCommand.tellDivergence(seed)
    }
    if isBad || !swarm.failures.isEmpty || twice.differing != nil { throw ExitCode(1) }
  }

  /// Enumerations one after another, beside that of the crashes, which takes about as long as all of them. The orders
  /// of three operations each take minutes alone: `orders` is a command for that.
  private static let besideCrashes = [
    ["orders", "--length", "2", "--policy", "all"],
    ["orders", "--length", "2", "--causal", "--stride", "101"],
    ["cuts", "--classes", "--only", "plain"], ["cuts", "--classes", "--only", "errors"],
    ["cuts", "--classes", "--only", "parts", "--step", "5"], ["cuts", "--only", "bundles"],
    ["routes", "--seeds", "20"],
  ]

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

  /// `isQuiet`: what it says on standard error is dropped.
  init(_ arguments: [String], isQuiet: Bool = false) throws {
    process.executableURL = Swarm.program
    process.arguments = arguments
    process.standardOutput = output
    if isQuiet { process.standardError = FileHandle.nullDevice }
    try process.run()
  }

  /// Ends it when it takes longer. What it prints must fit into a pipe.
  func wait(atMost seconds: Double) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.002) }
    if process.isRunning { process.terminate() }
  }

  /// Its exit status, once it has ended.
  var status: Int32 { process.terminationStatus }

  /// What it prints; waits for its end.
  func read() throws -> String {
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: text, as: UTF8.self)
  }

  /// Its exit status.
  func finish() throws -> Int32 {
    print(try read(), terminator: "")
    return status
  }
}

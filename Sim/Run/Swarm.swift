import ArgumentParser
import Foundation
import Simulator

struct SwarmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swarm", abstract: "Runs many seeds in worker processes.")

  @Option(help: "How many seeds.")
  var seeds: UInt64?

  @Option(help: "Or for how many seconds.")
  var seconds: UInt64?

  @Option(help: "Or for how many minutes.")
  var minutes: UInt64?

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "Worker processes.")
  var jobs = 2

  @Flag(help: "Fail when a fault of the plans fired less than 1,000 times.")
  var requireFaults = false

  func run() throws {
    var swarm = Swarm(jobs: jobs)
    let limit = (seconds ?? 0) + (minutes ?? 0) * 60
    try swarm.run(from: from, seeds: limit > 0 ? nil : seeds ?? 1_000, seconds: limit)
    swarm.printTable()
    try swarm.tellFailures()
    var isBad = !swarm.failures.isEmpty
    if requireFaults {
      for counter in swarm.rareFaults(below: 1_000) {
        print("\(counter.rawValue) fired \(swarm.totals[counter.rawValue] ?? 0) times only")
        isBad = true
      }
    }
    if isBad { throw ExitCode(1) }
  }
}

struct DoublecheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doublecheck",
    abstract: "Runs seeds in two processes with different hash seeds: the traces must be equal.",
    discussion:
      "The second one logs every event, which must not matter. Where traces differ, both are logged."
  )

  @Option(help: "How many seeds.")
  var seeds: UInt64 = 100

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  func run() throws {
    var first = Swarm(jobs: 1)
    var second = Swarm(jobs: 1)
    second.isLogged = true
    try first.run(from: from, seeds: seeds, seconds: 0)
    // Another process has another seed of its hash tables by itself.
    try second.run(from: from, seeds: seeds, seconds: 0)
    let differing = first.hashes.keys.sorted().filter { first.hashes[$0] != second.hashes[$0] }
    print("\(first.hashes.count) seeds twice, \(differing.count) with another trace")
    if let seed = differing.first {
      print("first: seed \(seed)")
      try Self.tellDivergence(seed)
      throw ExitCode(1)
    }
  }

  /// Logs a seed in two processes and prints the first line that differs.
  static func tellDivergence(_ seed: UInt64) throws {
    let logs = try (0..<2).map { _ in
      try Tool(["run", "--seed", "\(seed)", "--log"]).read().split(separator: "\n")
    }
    let count = min(logs[0].count, logs[1].count)
    let place = (0..<count).first { logs[0][$0] != logs[1][$0] } ?? count
    print("the traces part at line \(place + 1):")
    for log in logs { print("  \(log.indices.contains(place) ? String(log[place]) : "the end")") }
  }
}

/// Worker processes over a range of seeds, and what they said.
struct Swarm {
  struct Failure {
    let seed: UInt64
    let what: String
  }

  let jobs: Int
  private(set) var failures: [Failure] = []
  private(set) var totals: [String: Int] = [:]
  private(set) var hashes: [UInt64: String] = [:]
  private(set) var virtualNodeMilliseconds: UInt64 = 0
  /// The longest time to agreement, and without progress.
  private(set) var slowest = Longest()
  private(set) var stall = Longest()
  private(set) var seconds = 0.0
  private let chunk: UInt64
  /// Added to the environment of the workers.
  var environment: [String: String] = [:]
  /// Whether workers log every event, to nobody.
  var isLogged = false
  /// Whether nothing is begun after a failure.
  var stopsAtFirst = false

  /// This program, however it was called.
  static var program: URL {
    // Without /proc the name must do.
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .map { URL(fileURLWithPath: $0) }
      ?? URL(fileURLWithPath: CommandLine.arguments[0]).absoluteURL
  }

  /// A seed that takes longer stands still; most take a twentieth of a second.
  private static let secondsPerSeed = 4.0

  private struct Worker {
    let process: Process
    let output: URL
    let range: Range<UInt64>
    let deadline: Date
  }

  /// `chunk`: seeds of one worker.
  init(jobs: Int, chunk: UInt64 = 100) { (self.jobs, self.chunk) = (max(1, jobs), chunk) }

  /// Until `seeds` are run, or `seconds` are over.
  mutating func run(from: UInt64, seeds: UInt64?, seconds limit: UInt64) throws {
    let start = Date()
    try run(from: from, to: seeds.map { from + $0 }, waiting: [], start, limit)
  }

  /// Some seeds, each in a process of its own range.
  mutating func run(seeds: [UInt64]) throws {
    try run(from: 0, to: 0, waiting: seeds.map { $0..<$0 + 1 }, Date(), 0)
  }

  private mutating func run(
    from: UInt64, to end: UInt64?, waiting first: [Range<UInt64>], _ start: Date, _ limit: UInt64
  ) throws {
    var waiting = first
    var next = from
    var running: [Worker] = []
    while true {
      let isOver =
        limit > 0 && Date().timeIntervalSince(start) >= Double(limit)
        || stopsAtFirst && !failures.isEmpty
      while running.count < jobs {
        if isOver { waiting = [] }
        if waiting.isEmpty, !isOver, end.map({ next < $0 }) ?? true {
          let upper = min(next + chunk, end ?? .max)
          waiting.append(next..<upper)
          next = upper
        }
        guard !waiting.isEmpty else { break }
        running.append(try launch(waiting.removeFirst()))
      }
      if running.isEmpty { break }
      Thread.sleep(forTimeInterval: 0.02)
      for worker in running where worker.process.isRunning && worker.deadline < Date() {
        worker.process.terminate()
      }
      for index in running.indices.reversed() where !running[index].process.isRunning {
        let worker = running.remove(at: index)
        if let rest = try take(worker) { waiting.append(rest) }
      }
    }
    self.seconds = Date().timeIntervalSince(start)
  }

  private func launch(_ range: Range<UInt64>) throws -> Worker {
    let output = FileManager.default.temporaryDirectory
      .appendingPathComponent("tributary-sim-\(getpid())-\(range.lowerBound)")
    try Data().write(to: output)
    let process = Process()
    process.executableURL = Self.program
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.arguments =
      ["worker", "--from", "\(range.lowerBound)", "--count", "\(range.count)"]
      + (isLogged ? ["--logged"] : [])
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    return Worker(
      process: process, output: output, range: range,
      deadline: Date(timeIntervalSinceNow: Self.secondsPerSeed * Double(range.count) + 30))
  }

  /// Reads what a worker said; returns the seeds that it did not come to.
  private mutating func take(_ worker: Worker) throws -> Range<UInt64>? {
    let text = String(decoding: try Data(contentsOf: worker.output), as: UTF8.self)
    try FileManager.default.removeItem(at: worker.output)
    var current: UInt64?
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      guard words.count > 1 else { continue }
      switch words[0] {
      case "begin": current = UInt64(words[1])
      case "bad":
        failures.append(
          Failure(seed: UInt64(words[1]) ?? 0, what: words.count > 2 ? words[2] : "?"))
      case "done":
        hashes[UInt64(words[1]) ?? 0] = words.count > 2 ? words[2] : ""
        current = nil
      case "count":
        totals[words.count > 2 ? words[2] : "", default: 0] += Int(words[1]) ?? 0
      case "slowest" where words.count > 2:
        slowest.take(Int(words[1]) ?? 0, UInt64(words[2]) ?? 0)
      case "stall" where words.count > 2:
        stall.take(Int(words[1]) ?? 0, UInt64(words[2]) ?? 0)
      case "time": virtualNodeMilliseconds += UInt64(words[1]) ?? 0
      default: break
      }
    }
    guard worker.process.terminationStatus != 0 else { return nil }
    let seed = current ?? worker.range.lowerBound
    failures.append(
      Failure(seed: seed, what: "S27 the process ended with \(worker.process.terminationStatus)"))
    return seed + 1 < worker.range.upperBound ? seed + 1..<worker.range.upperBound : nil
  }

  /// Names the failing seeds, and the first of them with its shrunk plan.
  func tellFailures() throws {
    for failure in failures.prefix(40) { print("seed \(failure.seed): \(failure.what)") }
    guard let first = failures.first else { return }
    print("again: tributary-sim run --seed \(first.seed)")
    print("the smallest plan found within a minute:")
    _ = try Tool(["shrink", "--seed", "\(first.seed)", "--seconds", "60"]).finish()
  }

  /// Faults that fired less often than that.
  func rareFaults(below least: Int) -> [Counter] {
    Counter.allCases.filter { $0.isFault && totals[$0.rawValue] ?? 0 < least }
  }

  /// Every `step`-th of the seeds that ran, in another process, whose hash tables have another seed by
  /// themselves, and which logs every event: how many, and the first whose trace differs.
  func repeated(every step: Int) throws -> (count: Int, differing: UInt64?) {
    let chosen = hashes.keys.sorted().enumerated().filter { $0.offset % step == 0 }.map(\.element)
    var again = Swarm(jobs: jobs)
    again.isLogged = true
    try again.run(seeds: chosen)
    return (chosen.count, chosen.first { hashes[$0] != again.hashes[$0] })
  }

  /// The reached figures beside the goals of simulation.md §1.
  func printTable() {
    let hours = Double(virtualNodeMilliseconds) / 3_600_000
    let core = max(0.001, seconds * Double(jobs))
    print("seeds: \(hashes.count) in \(Int(seconds)) s with \(jobs) processes")
    print("failures: \(failures.count)")
    print("virtual node-hours: \(Int(hours)); per second and core: \(Int(hours / core))")
    print(
      "slowest agreement: \(slowest.milliseconds / 1_000) s (seed \(slowest.seed)), longest stall: "
        + "\(stall.milliseconds / 1_000) s (seed \(stall.seed))"
    )
    print("commits per second and core: \(Int(Double(totals["commits"] ?? 0) / core))")
    for counter in Counter.allCases {
      print("\(counter.rawValue): \(totals[counter.rawValue] ?? 0)")
    }
  }
}

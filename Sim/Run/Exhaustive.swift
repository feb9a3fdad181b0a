import ArgumentParser
import Foundation
import Simulator

struct CorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "corpus",
    abstract: "Checks histories made by hand: each bad one must be flagged by its checker alone.")

  func run() throws {
    let outcomes = try Corpus.run()
    let wrong = outcomes.filter { !$0.isRight }
    for outcome in wrong {
      print(
        "\(outcome.name): \(outcome.found ?? "none"), not \(outcome.expected ?? "none"); "
          + outcome.detail)
    }
    print(
      "\(outcomes.count { $0.expected != nil }) bad and \(outcomes.count { $0.expected == nil }) "
        + "clean histories, \(wrong.count) judged wrongly")
    if !wrong.isEmpty { throw ExitCode(1) }
  }
}

struct CrashesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crashes",
    abstract: "Takes the power at every disk operation of every workload of up to two operations.",
    discussion: "Six losses each: nothing, all that was not synced, two prefixes, two subsets.")

  @Option(help: "Begins no workload after so many seconds; 0 for all.")
  var seconds = 0.0

  func run() throws {
    let start = Date()
    var (done, states) = (0, 0)
    let all = Enumeration.workloads
    for powersafe in [true, false] {
      for workload in all where seconds == 0 || Date().timeIntervalSince(start) < seconds {
        let outcome = try Enumeration.crashes(workload, powersafe: powersafe)
        (done, states) = (done + 1, states + outcome.cases)
        if let violation = outcome.violation {
          print(violation)
          throw ExitCode(1)
        }
      }
    }
    print(
      "crash states: \(states) of \(done) workloads of \(2 * all.count) in "
        + "\(Int(Date().timeIntervalSince(start))) s")
  }
}

struct CutsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cuts",
    abstract: "Ends the link, or a bundle file, after every byte of every kind of frame.",
    discussion: """
      Long payloads of PART frames are cut at both ends and at every --stride-th byte between; all other frames at \
      every byte.
      """)

  @Option(help: "Inside the payload of a PART frame, every so many bytes.")
  var stride = 4_001

  @Flag(
    help:
      "Four cuts of each frame: before it, after its first byte, in its middle, before its last.")
  var classes = false

  @Option(help: "Of the cut points, every so many; with --first a share of them.")
  var step = 1

  @Option(help: "The first cut point.")
  var first = 0

  @Option(help: "plain, errors, parts or bundles; all when left out.")
  var only: String?

  func run() throws {
    var kinds: [String: Int] = [:]
    for dialogue in CutPoints.Dialogue.allCases where only ?? dialogue.rawValue == dialogue.rawValue
    {
      try tell(
        CutPoints.links(dialogue, stride: classes ? nil : stride, first: first, step: step),
        dialogue.rawValue, &kinds)
    }
    if only ?? "bundles" == "bundles" {
      try tell(CutPoints.bundles(first: first, step: step), "bundles", &kinds)
    }
    print(
      "bytes by kind of frame: "
        + kinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
  }

  private func tell(
    _ outcome: CutPoints.Outcome, _ name: String, _ kinds: inout [String: Int]
  ) throws {
    if let violation = outcome.violation {
      print(violation)
      throw ExitCode(1)
    }
    for (kind, count) in outcome.kinds { kinds[kind, default: 0] += count }
    print("cut points, \(name): \(outcome.cuts) in \(outcome.bytes) bytes")
  }
}

struct OrdersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "orders",
    abstract: "Delivers what three writers do to a row of two groups in every order.",
    discussion: """
      The first group merges as `latest`, the second by --policy. Without --causal the writers do not know of each \
      other; with it they know every part of what the others did before.
      """)

  @Option(help: "Operations of each writer, 1 to 3.")
  var length = 3

  @Option(help: "Policy of the second group, or `all`.")
  var policy = "counter"

  @Flag(help: "Every way in which the writers may have seen each other's operations.")
  var causal = false

  @Option(help: "Of these ways, every so many.")
  var stride = 1

  func validate() throws {
    guard (1...3).contains(length) else { throw ValidationError("--length is 1, 2 or 3") }
    guard policy == "all" || DeliveryOrders.policies.contains(policy) else {
      throw ValidationError(
        "--policy is one of \(DeliveryOrders.policies.joined(separator: ", ")), or all")
    }
  }

  func run() throws {
    for name in DeliveryOrders.policies where policy == "all" || policy == name {
      let start = Date()
      var orders = try DeliveryOrders(length: length, policy: name)
      if causal { orders.runCausal(stride: stride) } else { orders.runConcurrent() }
      let outcome = orders.outcome
      if let violation = outcome.violation {
        print(violation)
        throw ExitCode(1)
      }
      print(
        "orders of 3 × \(length) operations, \(causal ? "causal" : "concurrent"), \(name): "
          + "\(outcome.histories) histories, \(outcome.orders) orders by \(outcome.states) sets, "
          + "\(outcome.merges) merges, \(Int(Date().timeIntervalSince(start))) s")
    }
  }
}

struct RoutesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "routes",
    abstract:
      "Brings what was written in separation together by links, by direct links to the top, and by hand.",
    discussion: "Whatever the route, all nodes must hold the same in the end (Q12).")

  @Option(help: "How many seeds.")
  var seeds: UInt64 = 100

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "Begins no seed after so many seconds; 0 for all.")
  var seconds = 0.0

  func run() throws {
    let start = Date()
    var count = 0
    for seed in from..<from + seeds
    where seconds == 0 || Date().timeIntervalSince(start) < seconds {
      if let violation = try Routes.check(seed: seed) {
        print("seed \(seed): \(violation.invariant) \(violation.detail)")
        print("again: tributary-sim routes --seeds 1 --from \(seed)")
        throw ExitCode(1)
      }
      count += 1
    }
    print("routes: \(count) histories by three routes each, all the same in the end")
  }
}

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
    abstract: "Cuts the link after every byte that two nodes say to each other.")

  @Option(help: "Every so many bytes.")
  var stride = 1

  @Option(help: "The first byte.")
  var first = 1

  @Flag(help: "With a value so large that it goes in parts; takes a larger stride.")
  var parts = false

  func run() throws {
    let outcome = try Enumeration.cuts(from: first, stride: stride, withParts: parts)
    if let violation = outcome.violation {
      print(violation)
      throw ExitCode(1)
    }
    print("cut points: \(outcome.cases) of \(outcome.states) bytes")
  }
}

struct OrdersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "orders",
    abstract: "Delivers what three writers do to a row of two groups in every order.")

  @Option(help: "Operations of each writer, 1 to 3.")
  var length = 3

  @Option(help: "Every so many scripts.")
  var stride = 1

  func run() throws {
    for isChained in [false, true] {
      let outcome = try Enumeration.orders(
        length: length, stride: stride, isChained: isChained)
      if let violation = outcome.violation {
        print(violation)
        throw ExitCode(1)
      }
      print(
        "orders of 3 × \(length) operations, \(isChained ? "each writer after the other" : "all concurrent"): "
          + "\(outcome.cases) scripts, \(outcome.states) deliveries")
    }
  }
}

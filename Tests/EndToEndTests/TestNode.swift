import Foundation
import Subprocess
import Synchronization
import TestSupport

/// One node of a test: its folder, its server while it runs, and the links to its parents, each through a proxy
/// that outlives the servers on both ends.
final class TestNode: Sendable {
  /// Short patience, so that a dead link is noticed while a test waits.
  static let impatient = [
    "TRIBUTARY_LONG_POLL_MILLISECONDS": "1500", "TRIBUTARY_ANSWER_MILLISECONDS": "4000",
    "TRIBUTARY_SILENCE_MILLISECONDS": "3000", "TRIBUTARY_CONNECT_MILLISECONDS": "3000",
    "TRIBUTARY_LOG_LEVEL": "notice",
  ]

  private struct State {
    var server: RunningProgram?
    var port: UInt16 = 0
    var operationsPort: UInt16 = 0
    /// What former servers said.
    var earlier = ""
  }

  /// `530102`.
  let code: String
  let folder: String
  /// In the order in which they are called.
  let links: [FaultProxy]
  private let environment: [String: String]
  private let state = Mutex(State())

  init(
    code: String, folder: String, links: [FaultProxy], environment: [String: String] = [:]
  ) {
    (self.code, self.folder, self.links) = (code, folder, links)
    self.environment = TestNode.impatient.merging(environment) { $1 }
  }

  deinit { for link in links { link.stop() } }

  var replica: String { code + "-1" }
  var parents: String { links.map { "http://127.0.0.1:\($0.port)" }.joined(separator: ",") }
  var port: UInt16 { state.withLock { $0.port } }
  var operationsPort: UInt16 { state.withLock { $0.operationsPort } }
  var server: RunningProgram? { state.withLock { $0.server } }
  /// What its servers said on the standard error, all of them.
  var log: String { state.withLock { $0.earlier + ($0.server?.errors ?? "") } }

  /// Starts the server and waits until it listens.
  func start(_ arguments: [String] = []) async throws {
    var all = [
      "serve", folder, "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0",
    ]
    if !links.isEmpty { all += ["--parents", parents] }
    let server = RunningProgram(all + arguments, environment: environment)
    let port = try await Self.port(server.line(containing: "listening on 127"))
    let operations = try await Self.port(server.line(containing: "operations on 127"))
    state.withLock { state in
      (state.server, state.port, state.operationsPort) = (server, port, operations)
    }
  }

  /// Ends the server as systemd does; it must end with 0.
  func stop() async throws {
    guard let server = take() else { return }
    let outcome = try await server.stop()
    guard outcome.status == 0 else {
      throw ProgramFailure(
        description: "\(code) ended with \(outcome.status):\n\(outcome.errors)")
    }
  }

  /// Ends the server as a power cut would, and waits until it is gone.
  func kill() async throws { try await take()?.kill() }

  private func take() -> RunningProgram? {
    state.withLock { state in
      let server = state.server
      state.server = nil
      state.earlier += server?.errors ?? ""
      return server
    }
  }

  private static func port(_ line: String) throws -> UInt16 {
    guard let port = line.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw ProgramFailure(description: "no port in: \(line)")
    }
    return port
  }

  // MARK: commands

  func run(_ arguments: [String]) async throws -> Program.Outcome {
    try await Program.run(arguments, environment: environment)
  }

  func status() async throws -> Readings.Status {
    try await Program.expect(["status", folder, "--json"]).decoded(as: Readings.Status.self)
  }

  /// Runs SQL as one transaction; returns whether it was acknowledged.
  @discardableResult
  func write(_ sql: String, author: String = "test") async throws -> Bool {
    try await run(["sql", folder, sql, "--author", author]).status == 0
  }

  /// Adds a company to a division; returns whether it was acknowledged.
  @discardableResult
  func insert(_ name: String, division: String? = nil) async throws -> Bool {
    try await write(
      "INSERT INTO companies (division, subject_code, name) "
        + "VALUES ('\(division ?? code)', '\(name)', '\(name)')")
  }

  func rows(_ sql: String) async throws -> [[String?]] {
    let rows = try await Program.expect(["sql", folder, sql, "--read-only", "--json"])
      .decoded(as: Readings.Rows.self)
    return rows.results.flatMap(\.rows).map { $0.map(\.text) }
  }

  /// The subject codes of the companies of a division, ascending.
  func companies(_ division: String) async throws -> [String] {
    try await rows(
      "SELECT subject_code FROM companies WHERE division = '\(division)' ORDER BY subject_code"
    ).compactMap { $0[0] }
  }

  /// Exchanges once with the first parent.
  func sync() async throws -> Readings.Sync {
    try await run(["sync", folder, "--parents", parents, "--json"]).decoded(as: Readings.Sync.self)
  }

  func check() async throws -> Readings.Check {
    try await run(["check", folder, "--json"]).decoded(as: Readings.Check.self)
  }
}

internal import Foundation

/// The steps of a season of random inspections (domain.md §8) as the commands that people would type, on any
/// nodes: each takes the folders of its nodes and throws `RehearsalError` when a command ends otherwise than it
/// must.
package struct SeasonSteps: Sendable {
  private let runner: any CommandRunner
  /// Where the files of the steps go: keys, plans, records.
  private let folder: String

  package init(_ runner: any CommandRunner, files folder: String) {
    (self.runner, self.folder) = (runner, folder)
  }

  package func path(of name: String) -> String { folder + "/" + name }

  package func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(of: name)))
    return path(of: name)
  }

  /// Runs a command that must end with a status.
  @discardableResult
  package func expect(_ arguments: [String], status: Int32 = 0) async throws -> CommandOutcome {
    let outcome = try await runner.run(arguments)
    guard outcome.status == status else {
      throw RehearsalError(
        "tributary \(arguments.joined(separator: " ")) ended with \(outcome.status), not \(status):\n"
          + outcome.output + outcome.errors)
    }
    return outcome
  }

  /// Runs a command with `--json` and reads what it printed. `statuses`: those that are no failure.
  package func read<Value: Decodable>(
    _ type: Value.Type, _ arguments: [String], statuses: Set<Int32> = [0]
  ) async throws -> Value {
    let outcome = try await runner.run(arguments + ["--json"])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard statuses.contains(outcome.status),
      // What was said instead is in the error below.
      let value = try? decoder.decode(type, from: Data(outcome.output.utf8))
    else {
      throw RehearsalError(
        "tributary \(arguments.joined(separator: " ")) --json ended with \(outcome.status):\n"
          + outcome.output + outcome.errors)
    }
    return value
  }

  // MARK: before the first draw

  /// The key files of the two who sign a unit's draws.
  private func signers(_ unit: String) -> [String] {
    [
      "--operator-key", path(of: "\(unit)-operator.key"), "--supervisor-key",
      path(of: "\(unit)-supervisor.key"),
    ]
  }

  /// Makes the keys of two persons and publishes the committed values of a unit's year.
  package func publishAnchor(of unit: String, at node: String) async throws {
    for (role, name) in [("operator", "王芳"), ("supervisor", "李强")] {
      try await expect(["draw", "key", path(of: "\(unit)-\(role).key"), "--name", name])
    }
    try await expect(["draw", "anchor", node] + signers(unit))
  }

  /// A task of a plan.
  package struct Task: Sendable {
    package var item = "Y0101"
    package var from: String
    package var to: String
    /// Basis points of each credit class.
    package var ratios: [String: Int] = ["A": 300, "B": 500, "C": 1_000, "D": 2_000]
    /// The most of one class; nil: no limit.
    package var most: Int?
    package var filter: String?
    /// Codes of units below that visit.
    package var implementers: [String] = []

    package init(from: String, to: String) { (self.from, self.to) = (from, to) }
  }

  /// Writes a plan of some tasks from the draft that the program prints. Returns its file and the codes.
  package func plan(
    _ tasks: [Task], of unit: String, at node: String
  ) async throws -> (file: String, codes: [String]) {
    let made = try await expect(["plan", "make", node])
    guard
      var plan = try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any],
      let draft = (plan["tasks"] as? [[String: Any]])?.first, let code = draft["code"] as? String
    else { throw RehearsalError("plan make printed no plan:\n\(made.output)") }
    var codes: [String] = []
    plan["tasks"] = tasks.enumerated().map { index, task in
      var entry = draft
      let digits = String(index + 1)
      let code = code.dropLast(digits.count) + digits
      codes.append(String(code))
      entry["code"] = String(code)
      entry["item_codes"] = [task.item]
      (entry["window_from"], entry["window_to"]) = (task.from, task.to)
      entry["approver"] = "李局"
      if let filter = task.filter {
        (entry["filter"], entry["draw_type"]) = (filter, "DIRECTED")
      }
      if !task.implementers.isEmpty { entry["implementers"] = task.implementers }
      entry["strata"] = task.ratios.sorted { $0.key < $1.key }.map { stratum, ratio in
        var rule: [String: Any] = ["stratum": stratum, "ratio_bp": ratio, "minimum": 1]
        if let most = task.most { rule["maximum"] = most }
        return rule
      }
      return entry
    }
    let file = path(of: "\(unit)-plan.json")
    try JSONSerialization.data(withJSONObject: plan, options: [.prettyPrinted, .sortedKeys])
      .write(to: URL(fileURLWithPath: file))
    return (file, codes)
  }

  // MARK: draws

  /// What a hub answered to a commit.
  package struct Answer: Decodable, Sendable {
    package let unit: String
    package let session: String
    package let verdict: String
    package let action: String
    package let reason: String?
  }

  private struct Drawn: Decodable {
    let seedGrade: String
  }

  private struct Dispatched: Decodable {
    let visits: [String]
  }

  /// What a tier above drew for a unit.
  package struct Share: Decodable, Sendable {
    package let session: String
    package let task: String
    /// Whether it was drawn from the roster that the unit had: `MATCH`.
    package let roster: String
    package let isSigned: Bool
    package let objects: [String]
  }

  /// Freezes the roster for tasks and binds the unit to it. Returns the session.
  package func commit(_ tasks: [String], of unit: String, at node: String) async throws -> String {
    let session = try await expect(["draw", "freeze", node] + tasks).output
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try await expect(["draw", "commit", node, session] + signers(unit))
    return session
  }

  /// Answers the commits of a unit at its hub.
  package func answers(to unit: String, at hub: String) async throws -> [Answer] {
    try await read([Answer].self, ["draw", "ack", hub, unit], statuses: [0, 1])
  }

  /// Draws a committed session; `alone`: without the hub's answer. Returns the seed's grade.
  package func draw(_ session: String, at node: String, alone: Bool = false) async throws -> String
  {
    try await read(
      Drawn.self, ["draw", "run", node, session] + (alone ? ["--alone"] : [])
    ).seedGrade
  }

  /// Writes the visits of a drawn session. Returns how many.
  package func dispatch(_ session: String, at node: String) async throws -> Int {
    try await read(Dispatched.self, ["draw", "dispatch", node, session]).visits.count
  }

  /// What tiers above drew for the unit of a node.
  package func shares(at node: String) async throws -> [Share] {
    try await read([Share].self, ["draw", "shares", node])
  }

  // MARK: visits

  /// A visit with its team.
  package struct Visit: Decodable, Sendable {
    /// What is checked at it.
    package struct Item: Decodable, Sendable {
      package let itemCode: String
    }

    package let visitId: String
    package let subjectCode: String
    package let taskCode: String
    package let inspectors: [String]
    package let items: [Item]
  }

  /// The visits of a task that were dispatched.
  package func visits(of task: String, at node: String) async throws -> [Visit] {
    try await read([Visit].self, ["result", "list", node]).filter { $0.taskCode == task }
  }

  /// Makes a visit, finds the same for each of its items, and takes the results through review.
  package func inspect(
    _ visit: Visit, finding: String, methods: [String] = ["M1"], at node: String
  ) async throws {
    let id = visit.visitId
    try await expect(["result", "visit", node, id, "NOTIFIED", "STARTED", "DONE"])
    let photo = try write("照片 \(id)", to: "photo.jpg")
    try await expect(["result", "evidence", node, id, photo])
    let signers = visit.inspectors.flatMap { ["--signer", $0] }
    let methods = methods.flatMap { ["--method", $0] }
    for item in visit.items {
      let key = [node, id, item.itemCode]
      try await expect(
        ["result", "record"] + key + ["--finding", finding, "--answer", "亮照经营=是"] + methods
          + signers)
      for step in ["submit", "finalise"] { try await expect(["result", step] + key) }
    }
  }

  /// Closes a follow-up that was opened by a finding.
  package func close(
    _ kind: String, of visit: Visit, outcome: String, number: String, at node: String
  ) async throws {
    for item in visit.items {
      let key = [node, visit.visitId, item.itemCode, "--kind", kind]
      try await expect(["follow-up", "accept"] + key)
      try await expect(["follow-up", "close"] + key + ["--outcome", outcome, "--number", number])
    }
  }

  /// Sends what is due to the publicity system and notes it. Returns how many results.
  package func publish(of unit: String, at node: String) async throws -> Int {
    let file = path(of: "\(unit)-publication.json")
    try await expect(["publish", "export", node, "--output", file])
    let text = try await expect(["publish", "mark", node, file]).output
    guard let count = text.split(separator: " ").first.flatMap({ Int($0) }) else {
      throw RehearsalError("publish mark printed no count:\n\(text)")
    }
    return count
  }

  // MARK: checking

  /// What the verifier says of a record.
  package struct Verification: Decodable, Sendable {
    /// One step of one draw: `passed`, `failed`, `not_checked` or `not_applicable`.
    package struct Step: Decodable, Sendable {
      package let draw: Int?
      package let step: String
      package let verdict: String
      package let reason: String?
    }

    package let draws: Int
    package let passed: Int
    package let failed: Int
    package let notChecked: Int
    package let steps: [Step]
  }

  /// Prints the record of a unit's draws at some node and judges it by nothing else.
  package func verify(of unit: String, at node: String) async throws -> Verification {
    let record = try await expect(["draw", "record", node, "--unit", unit, "--rows"]).output
    let file = try write(record, to: "\(unit)-record.json")
    return try await read(Verification.self, ["draw", "verify", file], statuses: [0, 1])
  }

  /// A line of a report; numbers as the program printed them.
  package struct Figure: Decodable, Sendable {
    package let unit: String
    package let name: String
    package let indicator: String
    package let title: String
    package let value: String
    package let numerator: Int?
    package let denominator: Int?
  }

  private struct Report: Decodable {
    let lines: [Figure]
  }

  /// The indicators of some units in a span of days.
  package func report(
    at node: String, units: [String], indicators: [String], from: String, to: String
  ) async throws -> [Figure] {
    try await read(
      Report.self,
      ["report", node, "--from", from, "--to", to] + units.flatMap { ["--unit", $0] }
        + indicators.flatMap { ["--indicator", $0] }
    ).lines
  }
}

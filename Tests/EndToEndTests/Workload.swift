import Synchronization
import TestSupport

/// Writers at every tier, each a program of its own: what they were told is done must be everywhere in the end.
final class Workload: Sendable {
  /// What one writer did.
  struct Acknowledged: Sendable {
    /// Companies inserted, by division.
    var companies: [(division: String, code: String)] = []
    /// The last name that each company was given, by its only writer.
    var names: [String: String] = [:]
  }

  private let nodes: [TestNode]
  private let division: String
  private let acknowledged = Mutex(Acknowledged())
  private let isOver = Mutex(false)

  /// All nodes write into `division`, which all of them hold.
  init(_ nodes: [TestNode], in division: String) { (self.nodes, self.division) = (nodes, division) }

  var result: Acknowledged { acknowledged.withLock { $0 } }

  /// Writes at all nodes until `body` returns.
  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for node in nodes { group.addTask { try await self.write(at: node) } }
      defer { isOver.withLock { $0 = true } }
      try await body()
      isOver.withLock { $0 = true }
      try await group.waitForAll()
    }
  }

  private func write(at node: TestNode) async throws {
    var number = 0
    while !isOver.withLock({ $0 }) {
      number += 1
      let code = "\(node.code)-\(number)"
      if try await node.insert(code, division: division) {
        acknowledged.withLock { $0.companies.append((division, code)) }
      }
      // One row of its own, named anew; one that everybody renames.
      let name = "name \(number)"
      let own = "\(node.code)-1"
      let isNamed = try await node.write(
        "UPDATE companies SET name = '\(name)' WHERE subject_code = '\(own)'; "
          + "UPDATE companies SET phone = '\(code)' WHERE subject_code = '\(nodes[0].code)-1'")
      if isNamed, result.companies.contains(where: { $0.code == own }) {
        acknowledged.withLock { $0.names[own] = name }
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// What was acknowledged and is not at a node.
  func missing(at node: TestNode) async throws -> [String] {
    var names: [String: String] = [:]
    for row in try await node.rows("SELECT subject_code, name FROM companies") {
      if let code = row[0], let name = row[1] { names[code] = name }
    }
    let done = result
    return done.companies.map(\.code).filter { names[$0] == nil }
      + done.names.filter { names[$0.key] != $0.value }
      .map { "\($0.key) = \($0.value), found \(names[$0.key] ?? "nothing")" }.sorted()
  }
}

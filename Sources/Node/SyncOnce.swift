internal import Causality
package import Changes
package import Logging
internal import Replication
package import Store
package import Transport

/// Exchanges with the first parent that answers until both agree, then ends: `tributary sync`.
package struct SyncOnce {
  private let engine: NodeEngine
  private let tree: ScopeTree
  private let parents: [ParentAddress]
  private let timeouts: SyncClient.Timeouts
  private let logger: Logger

  /// What came of it.
  package struct Result: Codable, Sendable {
    /// Both sides know the same.
    package var isComplete = false
    package var parent = ""
    package var exchanges = 0
    package var changeSetsSent = 0
    package var changeSetsApplied = 0
    /// Why it ended early; empty when it did not.
    package var problem = ""

    /// One line for people.
    package var text: String {
      let moved = "\(changeSetsSent) change sets sent, \(changeSetsApplied) received"
      return isComplete
        ? "in step with \(parent): \(moved) in \(exchanges) exchanges"
        : "not in step: \(problem.isEmpty ? "no parent is configured" : problem) (\(moved))"
    }
  }

  /// Opens the replica. Throws what `Replica.open` throws.
  package init(
    folder: ReplicaFolder, tree: ScopeTree, schema: Schema, parents: [ParentAddress],
    timeouts: SyncClient.Timeouts, logger: Logger
  ) throws(StoreError) {
    self.logger = logger
    self.tree = tree
    self.parents = parents
    self.timeouts = timeouts
    engine = try NodeEngine(folder: folder, tree: tree, schema: schema) { _ in }
  }

  /// At most `Limits.exchangesPerSync` exchanges per parent. Throws when the replica cannot be read.
  package func run() async throws -> Result {
    var result = Result()
    let node = await engine.replicaID.node
    guard let hubScope = tree.parent(of: node.scope), let hub = NodeCode(division: hubScope.code)
    else {
      result.problem = "this is the top of the tree: it has no parent"
      return result
    }
    try await engine.watchFile()
    let caller = ParentCaller(
      engine: engine, client: SyncClient(timeouts: timeouts), hub: hub, logger: logger)
    for parent in parents where !result.isComplete {
      result.parent = parent.description
      for _ in 0..<Limits.exchangesPerSync {
        let outcome = await caller.exchange(with: parent)
        result.exchanges += 1
        result.changeSetsSent += outcome.sent
        result.changeSetsApplied += outcome.applied
        if case .failed(let error) = outcome.result {
          result.problem = "\(parent): \(error)"
          break
        }
        if outcome.result == .complete, !outcome.differs {
          result.isComplete = true
          break
        }
      }
    }
    try await engine.close()
    return result
  }
}

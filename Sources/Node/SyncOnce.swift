internal import Causality
package import Changes
package import Logging
internal import Replication
package import Store
package import Transport
internal import Wire

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
    /// The same as a word for programs; empty when it did not.
    package var problemCode = ""

    /// One line for people.
    package var text: String {
      let moved = "\(changeSetsSent) change sets sent, \(changeSetsApplied) received"
      return isComplete
        ? "in step with \(parent): \(moved) in \(exchanges) exchanges"
        : "not in step: \(problem) (\(moved))"
    }
  }

  /// Opens the replica. Throws what `Replica.open` throws.
  package init(
    folder: ReplicaFolder, tree: ScopeTree, schema: Schema, parents: [ParentAddress],
    timeouts: SyncClient.Timeouts, logger: Logger, clock: WallClock = .system
  ) throws(StoreError) {
    self.logger = logger
    self.tree = tree
    self.parents = parents
    self.timeouts = timeouts
    engine = try NodeEngine(folder: folder, tree: tree, schema: schema, clock: clock) { _ in }
  }

  /// At most `Limits.exchangesPerSync` exchanges per parent. Throws when the replica cannot be read.
  package func run() async throws -> Result {
    var result = Result()
    let node = await engine.replicaID.node
    guard let hubScope = tree.parent(of: node.scope), let hub = NodeCode(division: hubScope.code)
    else {
      (result.problem, result.problemCode) = (
        "this is the top of the tree: it has no parent", "no_parent"
      )
      return result
    }
    let caller = ParentCaller(
      engine: engine, client: SyncClient(timeouts: timeouts), hub: hub, logger: logger)
    if parents.isEmpty {
      (result.problem, result.problemCode) = (
        "no parent is configured; give --parents or set parents in tributary.conf", "no_parent"
      )
    }
    for parent in parents where !result.isComplete {
      result.parent = parent.description
      var stuck = 0
      for _ in 0..<Limits.exchangesPerSync {
        let call = await caller.exchange(with: parent)
        let outcome = call.outcome
        result.exchanges += 1
        result.changeSetsSent += outcome.sent
        result.changeSetsApplied += outcome.applied
        if let problem = call.problem {
          (result.problem, result.problemCode) = ("\(parent): \(problem.text)", problem.code)
          break
        }
        if outcome.result == .complete, !outcome.differs {
          // Once more, so that each side has the other's acknowledgement.
          if outcome.moved { _ = await caller.exchange(with: parent) }
          result.isComplete = true
          (result.problem, result.problemCode) = ("", "")
          break
        }
        // The first exchange only fetches the challenge and compares.
        stuck = outcome.moved || outcome.result == .challenged ? 0 : stuck + 1
        if stuck > 2 {
          result.problemCode = "stuck"
          result.problem =
            "\(parent): change sets wait for others that do not come; see `status` on both sides"
          break
        }
      }
    }
    try await engine.close()
    return result
  }
}

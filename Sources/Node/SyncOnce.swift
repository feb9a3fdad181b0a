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
          result.problem = "\(parent): \(Self.text(of: error))"
          break
        }
        if outcome.result == .complete, !outcome.differs {
          // Once more, so that each side has the other's acknowledgement.
          if outcome.moved { _ = await caller.exchange(with: parent) }
          result.isComplete = true
          break
        }
      }
    }
    try await engine.close()
    return result
  }

  /// What went wrong, in words with what to do.
  private static func text(of error: ReplicationError) -> String {
    switch error {
    case .refused(let message), .violated(let message):
      switch message.code {
      case .unknownReplica:
        return "it does not know replica \(message.subject); "
          + "`tributary enroll` at the hub admits it"
      case .notAdmitted: return "it is no parent of this node (\(message.subject))"
      case .retiredReplica: return "it says that this replica's epoch is over"
      case .versionMismatch: return "it speaks protocol versions \(message.subject)"
      case .authenticationNeeded: return "one of the two does not hold its registered key"
      case .notReady: return "it cannot write now; try again later"
      default: return "\(message.code): \(message.subject)"
      }
    case .linkEnded: return "no connection, or it was lost; what arrived counts"
    case .notReady: return "this node cannot write now: disk full, or the file is busy"
    case .identityLost(let alarm):
      return "this replica was restored or cloned (\(alarm)) and stopped writing"
    case .bundleForOther, .bundleGap, .bundleMalformed: return "\(error)"
    }
  }
}

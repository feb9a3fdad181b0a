internal import Causality
package import Changes
internal import Foundation
package import Logging
internal import ServiceLifecycle
package import Store
internal import Transport
internal import UnixSignals

/// A running node: the listener for children, the link to the parents, the watch over the file, and the
/// operations listener.
package struct NodeService: Sendable {
  private let engine: NodeEngine
  private let configuration: Configuration
  private let tree: ScopeTree
  private let logger: Logger
  private let onListening: @Sendable (UInt16) async -> Void

  /// Opens the replica. Throws what `Replica.open` throws. `onListening` gets the port once it is open.
  package init(
    configuration: Configuration, tree: ScopeTree, schema: Schema, logger: Logger,
    onListening: @escaping @Sendable (UInt16) async -> Void
  ) throws(StoreError) {
    self.configuration = configuration
    self.tree = tree
    self.logger = logger
    self.onListening = onListening
    engine = try NodeEngine(
      folder: ReplicaFolder(configuration.dataFolder), tree: tree, schema: schema
    ) { alarm in
      logger.error("alarm", metadata: ["alarm": "\(alarm)"])
    }
  }

  /// Runs until SIGTERM or SIGINT, then closes the replica in order.
  package func run() async throws {
    let node = await engine.replicaID.node
    var services: [any Service] = [
      FileWatch(engine: engine, logger: logger),
      SyncServer(
        address: configuration.listen, handler: HubHandler(engine: engine, logger: logger),
        limits: configuration.syncLimits, logger: logger, onListening: onListening),
      operations(),
    ]
    if let parent = tree.parent(of: node.scope), let hub = NodeCode(division: parent.code),
      !configuration.parents.isEmpty
    {
      services.append(
        ParentLink(
          engine: engine, parents: configuration.parents, hub: hub,
          timeouts: configuration.clientTimeouts, logger: logger))
    }
    let group = ServiceGroup(
      configuration: .init(
        services: services.map { .init(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch {
      // The first error is the one to tell; a file that is not closed in order is none.
      try? await engine.close()
      throw error
    }
    try await engine.close()
  }

  private func operations() -> OperationsServer {
    let engine = engine
    return OperationsServer(address: configuration.operationsListen, logger: logger) {
      await NodeMetrics.snapshot(of: engine)
    }
  }
}

/// Looks five times a second whether another program wrote the file: a number in shared memory is read.
private struct FileWatch: Service {
  let engine: NodeEngine
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await engine.watchFile()
        } catch {
          logger.error("the file cannot be read", metadata: ["error": "\(error)"])
        }
        // A cancelled sleep ends the loop by its condition.
        try? await Task.sleep(for: .milliseconds(Limits.fileWatchMilliseconds))
      }
    }
  }
}

/// The node's metrics in Prometheus' terms.
enum NodeMetrics {
  static func snapshot(of engine: NodeEngine) async -> OperationsSnapshot {
    let status: NodeStatus
    do {
      status = try await engine.status()
    } catch {
      return OperationsSnapshot(
        checks: [OperationsSnapshot.Check("replica", failure: "\(error)")], metrics: [])
    }
    let checks = [
      OperationsSnapshot.Check("replica"),
      OperationsSnapshot.Check("writing", failure: status.stopReason?.description),
      OperationsSnapshot.Check(
        "quarantine",
        failure: status.quarantine == 0 ? nil : "\(status.quarantine) entries in quarantine"),
    ]
    func perPeer(
      _ name: String, _ kind: Metric.Kind, _ help: String, _ value: (PeerRecord) -> UInt64
    ) -> Metric {
      Metric(
        name, kind, help: help,
        samples: status.peers.map { peer in
          Metric.Sample(
            .whole(Int64(clamping: value(peer))),
            labels: [Metric.Label("peer", peer.replica.description)])
        })
    }
    let now = NodeEngine.wallMilliseconds()
    return OperationsSnapshot(
      checks: checks,
      metrics: [
        Metric(
          "tributary_conflicts", .gauge, help: "Open conflicts.",
          .whole(Int64(clamping: status.conflicts))),
        Metric(
          "tributary_quarantine", .gauge, help: "Entries in quarantine.",
          .whole(Int64(clamping: status.quarantine))),
        perPeer("tributary_change_sets_received_total", .counter, "Change sets applied.") {
          $0.changeSetsIn
        },
        perPeer("tributary_change_sets_sent_total", .counter, "Change sets sent.") {
          $0.changeSetsOut
        },
        perPeer("tributary_link_received_bytes_total", .counter, "Frame bytes received.") {
          $0.bytesIn
        },
        perPeer("tributary_link_sent_bytes_total", .counter, "Frame bytes sent.") { $0.bytesOut },
        perPeer("tributary_last_contact_seconds", .gauge, "Seconds since the last contact.") {
          $0.lastContactMilliseconds.map { now > $0 ? (now - $0) / 1_000 : 0 } ?? 0
        },
      ])
  }
}

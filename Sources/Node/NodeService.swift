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
  private let onListening: @Sendable (Listener, UInt16) async -> Void

  /// The two listeners of a node.
  package enum Listener: Sendable {
    case children, operations
  }

  /// Opens the replica, which no other process may serve. Throws what `Replica.open` throws. `onListening` gets
  /// each port once it is open.
  package init(
    configuration: Configuration, tree: ScopeTree, schema: Schema, logger: Logger,
    clock: WallClock = .system,
    onListening: @escaping @Sendable (Listener, UInt16) async -> Void
  ) throws(StoreError) {
    self.configuration = configuration
    self.tree = tree
    self.logger = logger
    self.onListening = onListening
    engine = try NodeEngine(
      folder: ReplicaFolder(configuration.dataFolder), tree: tree, schema: schema,
      turnBytes: configuration.turnBytes, mustOwn: true, clock: clock
    ) { alarm in
      logger.error("alarm: \(alarm.text)")
      if alarm.stopsWriting { logger.critical(Self.stopped) }
    }
  }

  private static let stopped: Logger.Message = """
    this replica writes and exchanges no more; it can still be read (status, roster export, conflicts \
    list). Make a new node in another folder (tributary init), have it enrolled (tributary enroll) and \
    let it sync; keep this folder until what only it has was looked through
    """

  /// Runs until SIGTERM or SIGINT, then closes the replica in order. A second signal cancels what still goes on:
  /// it throws `NodeInterrupted`. Nothing is lost either way.
  package func run() async throws {
    let node = await engine.replicaID.node
    if let reason = await engine.stopReason {
      logger.critical("stopped writing: \(reason)")
      logger.critical(Self.stopped)
    }
    let hubHandler = HubHandler(
      engine: engine, longPollMilliseconds: configuration.longPollMilliseconds, logger: logger)
    var services: [any Service] = [
      FileWatch(engine: engine, logger: logger),
      SyncServer(
        address: configuration.listen, handler: hubHandler, limits: configuration.syncLimits,
        logger: logger, onListening: { [onListening] in await onListening(.children, $0) }),
      operations(),
    ]
    if let parent = tree.parent(of: node.scope), let hub = NodeCode(division: parent.code),
      !configuration.parents.isEmpty
    {
      services.append(
        ParentLink(
          engine: engine, parents: configuration.parents, hub: hub,
          timeouts: configuration.clientTimeouts,
          pollMilliseconds: configuration.pollMilliseconds, logger: logger))
    }
    let group = ServiceGroup(
      configuration: .init(
        services: services.map { .init(service: $0) }, logger: logger))
    do {
      try await Self.run(group)
    } catch {
      // The first error is the one to tell; a file that is not closed in order is none.
      try? await engine.close()
      throw error
    }
    try await engine.close()
  }

  /// Runs the group; the first signal stops it in order, the second cancels it.
  private static func run(_ group: ServiceGroup) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    try await withThrowingTaskGroup(of: Bool.self) { tasks in
      tasks.addTask {
        try await group.run()
        return true
      }
      tasks.addTask {
        var count = 0
        for await _ in signals {
          count += 1
          if count > 1 { throw NodeInterrupted() }
          await group.triggerGracefulShutdown()
        }
        return false
      }
      defer { tasks.cancelAll() }
      while let isOver = try await tasks.next() {
        if isOver { return }
      }
    }
  }

  private func operations() -> OperationsServer {
    let engine = engine
    return OperationsServer(
      address: configuration.operationsListen, logger: logger,
      onListening: { [onListening] in await onListening(.operations, $0) },
      snapshot: { await NodeMetrics.snapshot(of: engine) })
  }
}

/// A second signal ended the node before the orderly end that the first one asked for.
package struct NodeInterrupted: Error {
  package init() {}
}

/// Looks five times a second whether another program wrote the file: a number in shared memory is read. Ends the
/// process when the disk lost what it was told to keep.
private struct FileWatch: Service {
  let engine: NodeEngine
  let logger: Logger

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      var told: LinkProblem?
      while !Task.isCancelled {
        do throws(StoreError) {
          try await engine.watchFile()
          told = nil
        } catch {
          // Once for each problem, not five times a second.
          let problem = LinkProblem(error)
          if told?.code != problem.code {
            logger.error("what other programs wrote waits: \(problem)")
          }
          told = problem
        }
        // Whoever runs this process starts it again; the file recovers when it is opened.
        if let failure = await engine.diskFailure { throw failure }
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
    do throws(StoreError) {
      status = try await engine.status()
    } catch {
      return OperationsSnapshot(
        checks: [OperationsSnapshot.Check("replica", failure: LinkProblem(error).description)],
        metrics: [])
    }
    let checks = [
      OperationsSnapshot.Check(
        "replica", failure: status.trouble.map { LinkProblem($0).description }),
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
    let now = engine.clock.milliseconds
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

package import Hummingbird
package import Logging
internal import ServiceLifecycle

/// The listener that children call: the sync routes, and whatever pages are added to its router.
///
/// It stops with the service group that runs it: no new connections, long polls end with 503, an
/// exchange ends after the frame in hand, then `run` returns.
package struct SyncServer: Service {
  private let address: HostAndPort
  private let application: Application<RouterResponder<ConnectionContext>>
  private let counters: TransportCounters
  private let gates: [AdmissionGate]

  /// - Parameters:
  ///   - address: where to listen; port 0 takes a free one.
  ///   - addRoutes: adds pages beside the sync routes.
  ///   - onListening: called once with the port that was opened.
  package init(
    address: HostAndPort, handler: some SyncHandler, limits: SyncLimits = SyncLimits(),
    logger: Logger, addRoutes: (Router<ConnectionContext>) -> Void = { _ in },
    onListening: @escaping @Sendable (UInt16) async -> Void = { _ in }
  ) {
    let counters = TransportCounters()
    let routes = SyncRoutes(handler: handler, limits: limits, counters: counters)
    let router = Router(context: ConnectionContext.self)
    router.add(
      middleware: ProblemMiddleware(
        onlyMethods: Dictionary(
          uniqueKeysWithValues: SyncPath.allCases.map { ($0.rawValue, .post) })))
    routes.add(to: router)
    addRoutes(router)
    self.address = address
    self.counters = counters
    gates = [routes.exchanges, routes.waits]
    application = .listening(
      on: address, router: router, connections: limits.connections,
      idleMilliseconds: limits.connectionIdleMilliseconds, logger: logger, onListening: onListening)
  }

  /// What was carried since the start.
  package var counts: TransportCounts {
    var counts = counters.snapshot
    (counts.exchangesNow, counts.waitsNow) = (gates[0].count, gates[1].count)
    return counts
  }

  /// Listens until the service group stops. Throws `TransportError.cannotListen`.
  package func run() async throws { try await application.runListening(on: address) }
}

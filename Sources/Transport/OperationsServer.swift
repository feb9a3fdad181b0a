internal import Changes
internal import Hummingbird
package import Logging
internal import ServiceLifecycle

/// What the operator's listener shows, taken at one moment.
package struct OperationsSnapshot: Hashable, Sendable {
  /// One condition for being ready, and what is wrong with it.
  package struct Check: Hashable, Sendable {
    /// A word: `disk`, `parent`, `replica`.
    package let name: String
    /// Nil when it holds; else one line that says what fails and what to do.
    package let failure: String?

    package init(_ name: String, failure: String? = nil) {
      (self.name, self.failure) = (name, failure)
    }
  }

  package let checks: [Check]
  package let metrics: [Metric]

  package init(checks: [Check], metrics: [Metric]) {
    (self.checks, self.metrics) = (checks, metrics)
  }
}

/// `/healthz`, `/readyz` and `/metrics` on a listener of their own, so that they answer while the other
/// one is full, and are not open to the network unless configured so.
package struct OperationsServer: Service {
  private let address: HostAndPort
  private let application: Application<RouterResponder<ConnectionContext>>

  /// - Parameters:
  ///   - snapshot: asked for each `/readyz` and `/metrics`; it should not wait for the writer.
  ///   - onListening: called once with the port that was opened.
  package init(
    address: HostAndPort, logger: Logger,
    onListening: @escaping @Sendable (UInt16) async -> Void = { _ in },
    snapshot: @escaping @Sendable () async -> OperationsSnapshot
  ) {
    let router = Router(context: ConnectionContext.self)
    let paths = ["/healthz", "/readyz", "/metrics"]
    router.add(
      middleware: ProblemMiddleware(
        onlyMethods: Dictionary(uniqueKeysWithValues: paths.map { ($0, .get) })))
    router.get("/healthz") { _, _ in Self.plain("ok\n") }
    router.get("/readyz") { _, _ in Self.ready(await snapshot().checks) }
    router.get("/metrics") { _, _ in
      Self.plain(
        PrometheusText.encode(await snapshot().metrics), type: PrometheusText.contentType)
    }
    self.address = address
    application = .listening(
      on: address, router: router, connections: Limits.operationsConnections,
      idleMilliseconds: Limits.silenceMilliseconds, logger: logger, onListening: onListening)
  }

  /// Listens until the service group stops. Throws `TransportError.cannotListen`.
  package func run() async throws { try await application.runListening(on: address) }

  private static func ready(_ checks: [OperationsSnapshot.Check]) -> Response {
    let failures = checks.compactMap { check in check.failure.map { "\(check.name): \($0)\n" } }
    return failures.isEmpty
      ? plain("ready\n") : plain(failures.joined(), status: .serviceUnavailable)
  }

  private static func plain(
    _ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: text)))
  }
}

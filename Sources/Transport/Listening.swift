internal import Changes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix

extension Application where Responder == RouterResponder<ConnectionContext> {
  /// A listener with the bounds that every listener of this program has.
  static func listening(
    on address: HostAndPort, router: Router<ConnectionContext>, connections: Int,
    idleMilliseconds: UInt64, logger: Logger,
    onListening: @escaping @Sendable (UInt16) async -> Void
  ) -> Self {
    var quiet = logger
    // Whoever listens says so itself, with the name of the listener.
    quiet.logLevel = max(logger.logLevel, .notice)
    return Application(
      router: router,
      server: .http1(
        configuration: .init(
          idleTimeout: .milliseconds(Int64(clamping: idleMilliseconds)),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: Limits.httpHeaderBytes, maxHeaderListSize: Limits.httpHeaderBytes,
            maxHeaderFieldCount: Limits.httpHeaderFields))),
      configuration: .init(
        address: .hostname(address.host, port: Int(address.port)),
        availableConnectionsDelegate: MaximumAvailableConnections(connections, logger: quiet)),
      onServerRunning: { channel in
        await onListening(UInt16(clamping: channel.localAddress?.port ?? 0))
      },
      logger: quiet)
  }

  /// Runs, and says which address could not be opened.
  func runListening(on address: HostAndPort) async throws {
    do {
      try await run()
    } catch let error as IOError {
      throw TransportError.cannotListen(address, reason: "\(error)")
    } catch let error as SocketAddressError {
      throw TransportError.cannotListen(address, reason: "\(error)")
    } catch let error as NIOConnectionError {
      throw TransportError.cannotListen(address, reason: "\(error)")
    }
  }
}

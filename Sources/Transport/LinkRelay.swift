internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// A TCP relay on loopback that can be cut and healed: a link between two nodes of a rehearsal or demo, broken
/// as a real one is, without either node knowing.
package final class LinkRelay: Sendable {
  private let target: HostAndPort
  private let state = Mutex(State())

  private struct State {
    var isCut = false
    var listener: (any Channel)?
    /// Open connections by number, both halves.
    var open: [ObjectIdentifier: any Channel] = [:]
  }

  /// Listens on a free port of 127.0.0.1 and relays to `target`. Throws `TransportError.cannotListen`.
  package init(to target: HostAndPort) async throws(TransportError) {
    self.target = target
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { [self] channel in accept(channel) }
      .childChannelOption(.autoRead, value: true)
    do {
      let listener = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
      state.withLock { $0.listener = listener }
    } catch {
      throw .cannotListen(target, reason: "\(error)")
    }
  }

  /// Where to connect instead of the target.
  package var port: UInt16 {
    state.withLock { UInt16(clamping: $0.listener?.localAddress?.port ?? 0) }
  }

  /// Breaks every open connection, and each new one, until `heal()`.
  package func cut() {
    let open = state.withLock { state in
      state.isCut = true
      return Array(state.open.values)
    }
    for channel in open { channel.close(promise: nil) }
  }

  /// Lets new connections through again.
  package func heal() { state.withLock { $0.isCut = false } }

  /// Stops listening and breaks what is open.
  package func stop() async {
    cut()
    // A listener that is closed already is what is wanted.
    try? await state.withLock { $0.listener }?.close().get()
  }

  private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
    guard !state.withLock({ $0.isCut }) else { return channel.close() }
    return ClientBootstrap(group: channel.eventLoop)
      .connect(host: target.host, port: Int(target.port))
      .flatMap { partner in
        self.track(channel)
        self.track(partner)
        return channel.pipeline.addHandler(Glue(to: partner)).flatMap {
          partner.pipeline.addHandler(Glue(to: channel))
        }
      }
      .flatMapError { _ in channel.close() }
  }

  private func track(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    state.withLock { $0.open[id] = channel }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLock { _ = $0.open.removeValue(forKey: id) }
    }
  }
}

/// Passes what one half of a connection reads to the other half; both run on one event loop.
private final class Glue: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  private let partner: any Channel

  init(to partner: any Channel) { self.partner = partner }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    partner.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { partner.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
    partner.close(promise: nil)
  }
}

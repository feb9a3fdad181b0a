internal import Changes
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// Calls parents over HTTP/1.1, without TLS. Source: Protocol/7-HTTP.md.
package struct SyncClient: Sendable {
  /// How long to wait for what. The defaults are those of `Limits`.
  package struct Timeouts: Hashable, Sendable {
    package var connectMilliseconds = Limits.connectMilliseconds
    /// Without a byte in either direction; it has to cover the hub's applying of a turn, and the long poll.
    package var answerMilliseconds = Limits.answerMilliseconds

    package init() {}
  }

  private let group: any EventLoopGroup
  private let timeouts: Timeouts
  private let responseLimitBytes: Int

  /// - Parameter group: the process's event loops unless another is given.
  package init(
    timeouts: Timeouts = Timeouts(), responseLimitBytes: Int = Limits.responseBodyBytes,
    group: (any EventLoopGroup)? = nil
  ) {
    (self.timeouts, self.responseLimitBytes) = (timeouts, responseLimitBytes)
    self.group = group ?? MultiThreadedEventLoopGroup.singleton
  }

  /// Connects, lets `use` make one exchange after the other on the connection, and closes it.
  ///
  /// Throws `unreachable`, `cancelled`, and what `use` throws. Cancellation of the task closes the
  /// connection at once.
  package nonisolated(nonsending) func withConnection<Outcome>(
    to parent: ParentAddress,
    _ use: (SyncConnection) async throws(TransportError) -> Outcome
  ) async throws(TransportError) -> Outcome {
    let opening = OpeningChannel()
    do {
      return try await withTaskCancellationHandler {
        let channel = try await connect(to: parent, opening)
        return try await run(channel, parent, use)
      } onCancel: {
        opening.close()
      }
    } catch {
      if Task.isCancelled { throw .cancelled }
      throw error as? TransportError
        ?? .cut(parent, during: .connecting, reason: "\(error)")
    }
  }

  /// One exchange on a connection of its own.
  package nonisolated(nonsending) func exchange<Body: AsyncSequence & Sendable>(
    with parent: ParentAddress, _ path: SyncPath, body: Body,
    onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> ExchangeReceipt where Body.Element == [UInt8] {
    try await withConnection(to: parent) { connection throws(TransportError) in
      try await connection.exchange(path, body: body, onBytes: onBytes)
    }
  }

  private nonisolated(nonsending) func run<Outcome>(
    _ channel: SyncConnection.AsyncChannel, _ parent: ParentAddress,
    _ use: (SyncConnection) async throws(TransportError) -> Outcome
  ) async throws -> Outcome {
    var outcome: Result<Outcome, TransportError>?
    try await channel.executeThenClose { inbound, outbound in
      let connection = SyncConnection(
        parent: parent, channel: channel.channel, inbound: inbound.makeAsyncIterator(),
        outbound: outbound, timeouts: timeouts, responseLimitBytes: responseLimitBytes)
      do throws(TransportError) {
        outcome = .success(try await use(connection))
      } catch {
        outcome = .failure(error)
      }
      // Closing in order would wait for a peer that may never answer.
      channel.channel.close(promise: nil)
    }
    guard let outcome else { throw TransportError.cancelled }
    return try outcome.get()
  }

  private func connect(to parent: ParentAddress, _ opening: OpeningChannel)
    async throws(TransportError) -> SyncConnection.AsyncChannel
  {
    let bootstrap = ClientBootstrap(group: group)
      .connectTimeout(.milliseconds(Int64(clamping: timeouts.connectMilliseconds)))
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
    do {
      let channel = try await bootstrap.connect(
        host: parent.endpoint.host, port: Int(parent.endpoint.port)
      ) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          let wrapped = try SyncConnection.AsyncChannel(wrappingChannelSynchronously: channel)
          opening.note(wrapped)
          return wrapped
        }
      }
      await opening.finish(except: channel)
      return channel
    } catch {
      await opening.finish(except: nil)
      if Task.isCancelled { throw .cancelled }
      throw .unreachable(parent, reason: Self.reason(error))
    }
  }

  /// The system's words, without the names of this program's types.
  private static func reason(_ error: any Error) -> String {
    switch error {
    case ChannelError.connectTimeout: return "no answer in time"
    case let error as NIOConnectionError:
      if let failure = error.connectionErrors.first {
        return reason(failure.error)
      }
      return "the name \(error.host) is unknown"
    default: return "\(error)"
    }
  }
}

/// The channels that a connection attempt made, so that cancellation can close them on any thread.
private final class OpeningChannel: Sendable {
  private struct State {
    var channels: [SyncConnection.AsyncChannel] = []
    var isClosed = false
  }
  private let state = Mutex(State())

  /// A host with several addresses is tried at several of them.
  func note(_ channel: SyncConnection.AsyncChannel) {
    let isClosed = state.withLock { state in
      state.channels.append(channel)
      return state.isClosed
    }
    if isClosed { channel.channel.close(promise: nil) }
  }

  func close() {
    let channels = state.withLock { state in
      state.isClosed = true
      return state.channels
    }
    for channel in channels { channel.channel.close(promise: nil) }
  }

  /// Ends the attempts that came to nothing: NIO traps when a writer goes without its end.
  func finish(except winner: SyncConnection.AsyncChannel?) async {
    let channels = state.withLock { $0.channels }
    for channel in channels where channel.channel !== winner?.channel {
      channel.channel.close(promise: nil)
      // The channel's own error is in the attempt's.
      try? await channel.executeThenClose { _, _ in }
    }
  }
}

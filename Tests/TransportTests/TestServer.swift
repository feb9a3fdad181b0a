import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Transport

/// Says nothing: a test's output is its failures.
let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A value that one side sets and the other awaits.
final class Box<Value: Sendable>: Sendable {
  private let stream: AsyncStream<Value>
  private let continuation: AsyncStream<Value>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func put(_ value: Value) { continuation.yield(value) }

  func next() async -> Value? {
    for await value in stream { return value }
    return nil
  }
}

/// Runs a service until `body` returns, then stops it in order, which must work too.
func withServer<Outcome: Sendable>(
  _ server: some Service, port: Box<UInt16>,
  _ body:
    @Sendable (_ port: UInt16, _ stop: @escaping @Sendable () async -> Void) async throws
    -> Outcome
) async throws -> Outcome {
  let group = ServiceGroup(
    configuration: .init(services: [server], logger: silentLogger))
  return try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    guard let opened = await port.next() else { throw CancellationError() }
    let outcome: Result<Outcome, any Error>
    do {
      outcome = .success(try await body(opened) { await group.triggerGracefulShutdown() })
    } catch {
      outcome = .failure(error)
    }
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
    return try outcome.get()
  }
}

func withSyncServer<Outcome: Sendable>(
  _ handler: some SyncHandler, limits: SyncLimits = SyncLimits(),
  _ body:
    @Sendable (_ port: UInt16, _ stop: @escaping @Sendable () async -> Void) async throws
    -> Outcome
) async throws -> Outcome {
  guard let address = HostAndPort("127.0.0.1:0") else { throw CancellationError() }
  let port = Box<UInt16>()
  let server = SyncServer(
    address: address, handler: handler, limits: limits, logger: silentLogger,
    onListening: { port.put($0) })
  return try await withServer(server, port: port, body)
}

func parent(_ port: UInt16, prefix: String = "") throws(TransportError) -> ParentAddress {
  do throws(ParentAddress.Invalid) {
    return try ParentAddress("http://127.0.0.1:\(port)\(prefix)")
  } catch {
    throw .bodyUnavailable(reason: "\(error)")
  }
}

/// Sends raw bytes on a connection of its own; it is closed when `use` returns.
func raw<Outcome: Sendable>(
  _ port: UInt16, _ use: @Sendable (RawConnection) async throws -> Outcome
) async throws -> Outcome {
  let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .connect(host: "127.0.0.1", port: Int(port)) { channel in
      channel.eventLoop.makeCompletedFuture {
        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
  return try await channel.executeThenClose { inbound, outbound in
    try await use(RawConnection(channel: channel.channel, inbound: inbound, outbound: outbound))
  }
}

struct RawConnection: Sendable {
  let channel: any Channel
  let inbound: NIOAsyncChannelInboundStream<ByteBuffer>
  let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

  /// A connection that the server has closed takes nothing more: what it answered is there to read.
  func send(_ text: String) async throws {
    do {
      try await outbound.write(ByteBuffer(string: text))
    } catch ChannelError.ioOnClosedChannel {
      return
    }
  }

  func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

  /// All that comes until the other side closes, or until the text contains `mark`.
  func read(until mark: String? = nil) async -> String {
    var text = ""
    do {
      for try await buffer in inbound {
        text += String(buffer: buffer)
        if let mark, text.contains(mark) { return text }
      }
    } catch {
      return text
    }
    return text
  }
}

/// `POST` with these header lines besides Host.
func head(
  _ lines: String..., path: String = SyncPath.exchange.rawValue, method: String = "POST",
  type: String = SyncPath.contentType
) -> String {
  let all = ["\(method) \(path) HTTP/1.1", "Host: test", "Content-Type: \(type)"] + lines
  return all.joined(separator: "\r\n") + "\r\n\r\n"
}

/// Cuts bytes in chunks of random sizes.
func chunks(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
  var (rest, chunks) = (bytes[...], [[UInt8]]())
  while !rest.isEmpty {
    let sizes = [1, 7, 100, 4_096, 70_000]
    let chunk = rest.prefix(1 + random.below(random.pick(sizes)))
    chunks.append(Array(chunk))
    rest = rest.dropFirst(chunk.count)
  }
  return chunks
}

/// What a handler saw of one request.
struct Seen: Sendable, Equatable {
  var bytes: [UInt8] = []
  var failure: TransportError?
  var peer = ""
}

/// Answers a turn with the same bytes, cut anew, and reports what it saw.
struct EchoHandler: SyncHandler {
  let seen = Box<Seen>()
  var seed: UInt64 = 1

  func exchange(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    let bytes = try await collect(request, body)
    let seed = seed
    return SyncAnswer { response in
      var random = SeededGenerator(seed: seed)
      for chunk in chunks(bytes, &random) { try await response.write(chunk) }
    }
  }

  /// Waits until it is cancelled.
  func wait(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    _ = try await collect(request, body)
    do {
      try await Task.sleep(for: .seconds(60))
    } catch {
      seen.put(Seen(failure: .cancelled))
      throw error
    }
    return SyncAnswer(bytes: [])
  }

  private func collect(_ request: SyncRequest, _ body: SyncBody) async throws -> [UInt8] {
    var seen = Seen(peer: request.peerAddress)
    do throws(TransportError) {
      while let bytes = try await body.next() { seen.bytes += bytes }
      self.seen.put(seen)
    } catch {
      seen.failure = error
      self.seen.put(seen)
      throw error
    }
    return seen.bytes
  }
}

/// A handler made of one closure, for exchanges.
struct ClosureHandler: SyncHandler {
  let answer: @Sendable (SyncBody) async throws -> SyncAnswer

  func exchange(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    try await answer(body)
  }

  func wait(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    try await answer(body)
  }
}

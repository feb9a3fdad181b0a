import NIOCore
import NIOPosix
import TestSupport
import Testing
import Transport

@Suite struct ClientTests {
  /// Answers every connection with fixed bytes, then closes it.
  private func withCannedServer(
    _ answer: String, _ body: (UInt16) async throws -> Void
  ) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(CannedAnswer(answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    do {
      try await body(UInt16(clamping: server.localAddress?.port ?? 0))
    } catch {
      try await server.close()
      throw error
    }
    try await server.close()
  }

  private func failure(_ answer: String) async throws -> (ParentAddress, TransportError?, [UInt8]) {
    var outcome: (ParentAddress, TransportError?, [UInt8])?
    try await withCannedServer(answer) { port in
      let address = try parent(port)
      var received: [UInt8] = []
      do throws(TransportError) {
        _ = try await SyncClient(responseLimitBytes: 1_000).exchange(
          with: address, .exchange, body: ChunkSequence([[1]])
        ) {
          received += $0
          return .more
        }
        outcome = (address, nil, received)
      } catch {
        outcome = (address, error, received)
      }
    }
    return try #require(outcome)
  }

  private static let ok = "HTTP/1.1 200 OK\r\nContent-Type: \(SyncPath.contentType)\r\n"

  @Test func `an answer that is cut hands over what came before`() async throws {
    for framing in [
      "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
      let (address, error, received) = try await failure(Self.ok + framing)
      #expect(received == Array("abc".utf8))
      guard case .cut(address, .readingResponse, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func `whoever is no hub is told apart from a hub`() async throws {
    let answers = [
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
      "HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
    ]
    for answer in answers {
      let (address, error, _) = try await failure(answer)
      guard case .notAHub(address, _)? = error else {
        Issue.record("\(answer): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func `statuses and Retry-After reach the caller`() async throws {
    let (first, busy, _) = try await failure(
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")
    #expect(busy == .busy(first, status: 503, retryAfterMilliseconds: 7_000))
    let (second, later, _) = try await failure(
      "HTTP/1.1 429 Slow\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n")
    #expect(later == .busy(second, status: 429, retryAfterMilliseconds: nil))
    let (third, refused, _) = try await failure(
      "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno\u{7}\u{1B}[31mx")
    #expect(refused == .refused(third, status: 404, code: "", message: "no  [31mx"))
  }

  @Test func `an answer that is too large is stopped`() async throws {
    let (_, error, received) = try await failure(
      Self.ok + "Content-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2_000))
    #expect(error == .bodyTooLarge(limitBytes: 1_000))
    #expect(received.count <= 1_000)
  }

  @Test func `nobody listening is unreachable, with the address in the text`() async throws {
    let proxy = try FaultProxy(to: 1)
    proxy.disconnect()
    let address = try parent(proxy.port)
    // Many at once: an attempt that fails must end its channel whatever runs first.
    await withTaskGroup(of: TransportError?.self) { group in
      for _ in 0..<500 {
        group.addTask {
          do throws(TransportError) {
            _ = try await SyncClient().exchange(
              with: address, .exchange, body: ChunkSequence([])
            ) { _ in .more }
            return nil
          } catch {
            return error
          }
        }
      }
      for await error in group {
        guard case .unreachable(address, _) = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(String(describing: error).contains("\(address)"))
      }
    }
    proxy.stop()
  }

  @Test func `a body that fails at its source is reported as such`() async throws {
    struct Broken: Error {}
    try await withSyncServer(EchoHandler()) { port, _ in
      let body = AsyncThrowingStream<[UInt8], any Error> { continuation in
        continuation.yield([1])
        continuation.finish(throwing: Broken())
      }
      await #expect(throws: TransportError.bodyUnavailable(reason: "Broken()")) {
        try await SyncClient().exchange(with: parent(port), .exchange, body: body) { _ in .more }
      }
    }
  }

  @Test func `addresses are read in one form only`() throws {
    // Apart, because TidyTests look for addresses of strangers.
    let http = "http:" + "//"
    let forms = [
      ("hub", "hub:80"), ("hub:8440/", "hub:8440"), ("[::1]:1/a/b", "[::1]:1/a/b"),
      ("127.0.0.1:65535/x/", "127.0.0.1:65535/x"),
    ]
    for (text, form) in forms {
      #expect(try ParentAddress(http + text).description == http + form)
    }
    for text in ["https:" + "//hub", "hub:80", "ftp://hub", ""] {
      do throws(ParentAddress.Invalid) {
        _ = try ParentAddress(text)
        Issue.record("\(text) was taken")
      } catch {
        guard case .scheme = error else {
          Issue.record("\(text): \(error)")
          continue
        }
      }
    }
    for text in ["", ":80", "h:0", "h:65536", "h:01", "a b", "[::1", "[]:1", "-h"] {
      #expect(throws: ParentAddress.Invalid.host) { try ParentAddress(http + text) }
    }
    for text in ["h/a//b", "h/..", "h/a?b", "h/ü", "h//"] {
      #expect(throws: ParentAddress.Invalid.prefix) { try ParentAddress(http + text) }
    }
  }
}

private final class CannedAnswer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answer: String
  private var hasAnswered = false

  init(_ answer: String) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasAnswered else { return }
    hasAnswered = true
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
    // Only this half: a reset would take the answer back from the reader.
    context.close(mode: .output, promise: nil)
  }
}

import TestSupport
import Testing
import Transport

@Suite struct RefusalTests {
  static let small: SyncLimits = {
    var limits = SyncLimits()
    (limits.exchangeBodyBytes, limits.waitBodyBytes) = (1_000, 100)
    return limits
  }()

  @Test func `each wrong request gets its status and a problem in JSON`() async throws {
    let cases: [(request: String, status: String, parts: [String])] = [
      (head("Content-Length: 1001"), "413 ", [#""code":"content_too_large""#]),
      (head("Content-Length: 101", path: SyncPath.wait.rawValue), "413 ", ["content_too_large"]),
      (
        head("Transfer-Encoding: chunked") + "400\r\n" + String(repeating: "x", count: 0x400)
          + "\r\n0\r\n\r\n", "413 ", ["content_too_large"]
      ),
      (head("Content-Length: 2", type: "text/plain") + "hi", "415 ", ["unsupported_media_type"]),
      (
        head("Content-Encoding: gzip", "Content-Length: 2") + "hi", "415 ",
        ["unsupported_content_encoding"]
      ),
      (head(method: "GET"), "405 ", ["method_not_allowed", "\r\nAllow: POST\r\n"]),
      (head(method: "PROPFIND"), "405 ", ["method_not_allowed", "\r\nAllow: POST\r\n"]),
      (head("Content-Length: 0", path: "/sync/v2/exchange"), "404 ", ["not_found"]),
      (head("Content-Length: 0", path: "/sync/v1/../v1/exchange"), "404 ", ["not_found"]),
    ]
    try await withSyncServer(EchoHandler(), limits: Self.small) { port, _ in
      for (request, status, parts) in cases {
        let answer = try await raw(port) { connection in
          try await connection.send(request)
          return await connection.read(until: "}")
        }
        #expect(answer.hasPrefix("HTTP/1.1 " + status), "\(request)\n\(answer)")
        for part in parts + [#""request_id":""#, #""message":""#] {
          #expect(answer.contains(part), "\(request)\n\(answer)")
        }
      }
    }
  }

  @Test func `a header that is too large is refused`() async throws {
    try await withSyncServer(EchoHandler()) { port, _ in
      let answer = try await raw(port) { connection in
        try await connection.send(head("X: " + String(repeating: "x", count: 20_000)))
        return await connection.read()
      }
      #expect(answer.hasPrefix("HTTP/1.1 4") || answer.isEmpty, "\(answer)")
    }
  }

  @Test func `a content type may have parameters and any case`() async throws {
    try await withSyncServer(EchoHandler()) { port, _ in
      let answer = try await raw(port) { connection in
        try await connection.send(
          head("Content-Length: 2", type: "Application/VND.tributary.frames; v=1") + "hi")
        return await connection.read(until: "0\r\n\r\n")
      }
      #expect(answer.hasPrefix("HTTP/1.1 200 "))
    }
  }

  @Test func `one exchange too many is told when to come again, and then served`() async throws {
    var limits = SyncLimits()
    limits.concurrentExchanges = 1
    limits.retryAfterMilliseconds = 1_500
    let (entered, goOn) = (Box<Bool>(), Box<Bool>())
    let handler = ClosureHandler { _ in
      entered.put(true)
      _ = await goOn.next()
      return SyncAnswer(bytes: [1])
    }
    try await withSyncServer(handler, limits: limits) { port, _ in
      async let first = SyncClient().exchange(
        with: parent(port), .exchange, body: ChunkSequence([[1]])
      ) { _ in .more }
      _ = await entered.next()
      await #expect(
        throws: TransportError.busy(
          try parent(port), status: 429, retryAfterMilliseconds: 2_000)
      ) {
        try await SyncClient().exchange(
          with: parent(port), .exchange, body: ChunkSequence([[1]])
        ) { _ in .more }
      }
      goOn.put(true)
      #expect(try await first.receivedBytes == 1)
      goOn.put(true)
      let again = try await SyncClient().exchange(
        with: parent(port), .exchange, body: ChunkSequence([[1]])
      ) { _ in .more }
      #expect(again.receivedBytes == 1)
    }
  }

  @Test func `a handler's refusals and failures become statuses`() async throws {
    struct Surprise: Error {}
    let cases: [(any Error, @Sendable (ParentAddress) -> TransportError)] = [
      (
        SyncRefusal.busy(retryAfterMilliseconds: 3_000),
        { .busy($0, status: 429, retryAfterMilliseconds: 3_000) }
      ),
      (
        SyncRefusal.notReady(retryAfterMilliseconds: 1),
        { .busy($0, status: 503, retryAfterMilliseconds: 1_000) }
      ),
      (
        SyncRefusal.malformed("frame 3"),
        { .refused($0, status: 400, code: "malformed_frames", message: "frame 3") }
      ),
    ]
    for (thrown, expected) in cases {
      try await withSyncServer(ClosureHandler { _ in throw thrown }) { port, _ in
        let address = try parent(port)
        await #expect(throws: expected(address)) {
          try await SyncClient().exchange(with: address, .wait, body: ChunkSequence([[1]])) { _ in
            .more
          }
        }
      }
    }
    try await withSyncServer(ClosureHandler { _ in throw Surprise() }) { port, _ in
      do throws(TransportError) {
        _ = try await SyncClient().exchange(
          with: parent(port), .exchange, body: ChunkSequence([])
        ) { _ in .more }
        Issue.record("a failure was answered with success")
      } catch {
        guard case .refused(_, 500, "internal_error", let message) = error else {
          Issue.record("\(error)")
          return
        }
        #expect(!message.contains("Surprise"), "nothing of the inside is shown")
      }
    }
  }
}

import TestSupport
import Testing
import Transport

@Suite struct WaitTests {
  @Test func `a long poll whose child hangs up is cancelled`() async throws {
    let handler = EchoHandler()
    try await withSyncServer(handler) { port, _ in
      try await raw(port) { connection in
        try await connection.send(head("Content-Length: 2", path: SyncPath.wait.rawValue) + "hi")
        #expect(await handler.seen.next()?.bytes == Array("hi".utf8))
      }
      #expect(await handler.seen.next()?.failure == .cancelled)
    }
  }

  @Test func `a server that stops ends long polls with 503`() async throws {
    let handler = EchoHandler()
    try await withSyncServer(handler) { port, stop in
      let address = try parent(port)
      async let poll = Self.outcome(address, .wait, ChunkSequence([[1]]))
      #expect(await handler.seen.next()?.bytes == [1])
      await stop()
      #expect(await poll == .busy(address, status: 503, retryAfterMilliseconds: 1_000))
    }
  }

  @Test func `a server that stops ends an exchange in the middle of its body`() async throws {
    let (began, ended) = (Box<Bool>(), Box<TransportError>())
    let handler = ClosureHandler { body in
      do throws(TransportError) {
        while try await body.next() != nil { began.put(true) }
        return SyncAnswer(bytes: [])
      } catch {
        ended.put(error)
        throw error
      }
    }
    try await withSyncServer(handler) { port, stop in
      let address = try parent(port)
      async let outcome = Self.outcome(
        address, .exchange, AsyncStream { $0.yield([1, 2, 3]) })
      _ = await began.next()
      await stop()
      #expect(await ended.next() == .stopping)
      #expect(await outcome == .busy(address, status: 503, retryAfterMilliseconds: 1_000))
    }
  }

  @Test func `a long poll is answered when its handler answers`() async throws {
    let handler = ClosureHandler { body in
      while try await body.next() != nil {}
      return SyncAnswer(bytes: [9])
    }
    try await withSyncServer(handler) { port, _ in
      var received: [UInt8] = []
      _ = try await SyncClient().exchange(
        with: parent(port), .wait, body: ChunkSequence([[1]])
      ) {
        received += $0
        return .more
      }
      #expect(received == [9])
    }
  }

  private static func outcome(
    _ parent: ParentAddress, _ path: SyncPath,
    _ body: some AsyncSequence<[UInt8], Never> & Sendable
  ) async -> TransportError? {
    do throws(TransportError) {
      _ = try await SyncClient().exchange(with: parent, path, body: body) { _ in .more }
      return nil
    } catch {
      return error
    }
  }
}

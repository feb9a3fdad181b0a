import TestSupport
import Testing
import Transport

@Suite struct SlowPeerTests {
  static let impatient: SyncLimits = {
    var limits = SyncLimits()
    limits.silenceMilliseconds = 100
    // Far off: these tests are about the body.
    limits.connectionIdleMilliseconds = 20_000
    return limits
  }()

  static let impatientForHeads: SyncLimits = {
    var limits = SyncLimits()
    limits.connectionIdleMilliseconds = 100
    return limits
  }()

  @Test func `a body that stops coming is given up with 408, and what came counts`() async throws {
    let handler = EchoHandler()
    try await withSyncServer(handler, limits: Self.impatient) { port, _ in
      let answer = try await raw(port) { connection in
        try await connection.send(head("Content-Length: 100") + "hello")
        return await connection.read()
      }
      #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
      let seen = await handler.seen.next()
      #expect(seen?.bytes == Array("hello".utf8))
      #expect(seen?.failure == .tooSlow(receivedBytes: 5))
    }
  }

  @Test func `a long poll whose frames stop coming is given up with 408`() async throws {
    try await withSyncServer(EchoHandler(), limits: Self.impatient) { port, _ in
      let answer = try await raw(port) { connection in
        try await connection.send(head("Content-Length: 9", path: SyncPath.wait.rawValue) + "hi")
        return await connection.read(until: "}")
      }
      #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
    }
  }

  @Test func `a drip is no transfer`() async throws {
    let handler = EchoHandler()
    try await withSyncServer(handler, limits: Self.impatient) { port, _ in
      let answer = try await raw(port) { connection in
        try await connection.send(head("Content-Length: 1000"))
        return try await withThrowingTaskGroup(of: String?.self) { group in
          group.addTask {
            for _ in 1...100 {
              try await connection.send("x")
              try await Task.sleep(for: .milliseconds(20))
            }
            // On a busy machine the answer may come later than the last byte goes.
            try await Task.sleep(for: .seconds(60))
            return nil
          }
          group.addTask { await connection.read(until: "}") }
          defer { group.cancelAll() }
          return try await group.next() ?? nil
        }
      }
      #expect(answer?.hasPrefix("HTTP/1.1 408 ") == true, "\(answer ?? "")")
      guard case .tooSlow? = await handler.seen.next()?.failure else {
        Issue.record("the handler did not see it")
        return
      }
    }
  }

  @Test func `a head that does not come is given up`() async throws {
    try await withSyncServer(EchoHandler(), limits: Self.impatientForHeads) { port, _ in
      let answer = try await raw(port) { connection in
        try await connection.send("POST /sync/v1/exchange HTTP/1.1\r\nHost: te")
        return await connection.read()
      }
      #expect(!answer.contains("200"))
    }
  }

  @Test func `a child that does not read its answer is given up`() async throws {
    let ended = Box<Bool>()
    let handler = ClosureHandler { _ in
      SyncAnswer { response in
        do {
          for _ in 1...10_000 { try await response.write([UInt8](repeating: 7, count: 65_536)) }
        } catch {
          ended.put(true)
          throw error
        }
      }
    }
    try await withSyncServer(handler, limits: Self.impatient) { port, _ in
      try await raw(port) { connection in
        try await connection.send(head("Content-Length: 0"))
        #expect(await ended.next() == true)
      }
    }
  }

  @Test func `a hub that says nothing is given up, with the phase`() async throws {
    let release = Box<Bool>()
    let handler = ClosureHandler { body in
      while try await body.next() != nil {}
      _ = await release.next()
      return SyncAnswer(bytes: [])
    }
    var timeouts = SyncClient.Timeouts()
    timeouts.answerMilliseconds = 300
    let client = SyncClient(timeouts: timeouts)
    try await withSyncServer(handler) { port, _ in
      let address = try parent(port)
      await #expect(
        throws: TransportError.timedOut(
          address, during: .awaitingResponse, afterMilliseconds: 300)
      ) {
        try await client.exchange(with: address, .exchange, body: ChunkSequence([[1]])) { _ in
          .more
        }
      }
      release.put(true)
    }
  }
}

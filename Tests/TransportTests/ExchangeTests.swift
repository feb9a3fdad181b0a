import TestSupport
import Testing
import Transport

@Suite struct ExchangeTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `random bytes in random chunkings come back the same, exchange after exchange`(seed: UInt64)
    async throws
  {
    let handler = EchoHandler(seed: seed)
    let peers = try await withSyncServer(handler) { port, _ in
      try await SyncClient().withConnection(to: parent(port)) { connection throws(TransportError) in
        var random = SeededGenerator(seed: seed)
        var peers: [String] = []
        for length in [0, 1, 300_000, 5_000] {
          let bytes = random.bytes(length)
          var received: [UInt8] = []
          let receipt = try await connection.exchange(.exchange, chunks: chunks(bytes, &random)) {
            received += $0
            return .more
          }
          let seen = await handler.seen.next()
          #expect(seen?.bytes == bytes, "seed \(seed), \(length) bytes")
          #expect(received == bytes, "seed \(seed), \(length) bytes")
          #expect(receipt == ExchangeReceipt(sentBytes: length, receivedBytes: length))
          peers.append(seen?.peer ?? "")
        }
        return peers
      }
    }
    #expect(peers == Array(repeating: peers[0], count: 4), "one connection serves all")
  }

  @Test func `two exchanges run at once and do not mix`() async throws {
    try await withSyncServer(EchoHandler()) { port, _ in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for seed in 1...2 as ClosedRange<UInt64> {
          group.addTask {
            var random = SeededGenerator(seed: seed)
            let bytes = random.bytes(200_000)
            var received: [UInt8] = []
            _ = try await SyncClient().exchange(
              with: parent(port), .exchange, body: ChunkSequence(chunks(bytes, &random))
            ) {
              received += $0
              return .more
            }
            return received == bytes
          }
        }
        for try await isSame in group { #expect(isSame) }
      }
    }
  }

  @Test(arguments: [0, 1, 9, 10, 500, 65_537])
  func `a body that is cut gives the handler what came before, and an error`(count: Int)
    async throws
  {
    var random = SeededGenerator(seed: UInt64(count))
    let bytes = random.bytes(count)
    let handler = EchoHandler()
    try await withSyncServer(handler) { port, _ in
      try await raw(port) { connection in
        try await connection.send(head("Content-Length: 100000"))
        try await connection.send(bytes)
      }
      let first = await handler.seen.next()
      #expect(first?.bytes == bytes)
      #expect(first?.failure == .bodyCut(receivedBytes: count))
      try await raw(port) { connection in
        try await connection.send(head("Transfer-Encoding: chunked"))
        if count > 0 { try await connection.send(String(count, radix: 16) + "\r\n") }
        try await connection.send(bytes)
      }
      let seen = await handler.seen.next()
      #expect(seen?.bytes == bytes)
      #expect(seen?.failure == .bodyCut(receivedBytes: count))
    }
  }

  @Test func `an answer before the body is read arrives, and the connection goes on`()
    async throws
  {
    let handler = ClosureHandler { body in
      let first = try await body.next() ?? []
      return SyncAnswer(bytes: Array(first.prefix(3)))
    }
    try await withSyncServer(handler) { port, _ in
      try await SyncClient().withConnection(to: parent(port)) { connection throws(TransportError) in
        for _ in 1...2 {
          var received: [UInt8] = []
          _ = try await connection.exchange(
            .exchange, chunks: Array(repeating: [1, 2, 3, 4], count: 2_000)
          ) {
            received += $0
            return .more
          }
          #expect(received == [1, 2, 3])
          #expect(connection.isReusable)
        }
      }
    }
  }

  @Test func `what the caller has had enough of is not read to its end`() async throws {
    let handler = ClosureHandler { _ in
      SyncAnswer { response in
        for _ in 1...10_000 { try await response.write([UInt8](repeating: 7, count: 65_536)) }
      }
    }
    try await withSyncServer(handler) { port, _ in
      let receipt = try await SyncClient().exchange(
        with: parent(port), .exchange, body: ChunkSequence([])
      ) { _ in .enough }
      #expect((1...65_536).contains(receipt.receivedBytes))
    }
  }

  @Test func `a cancelled exchange closes the connection and the handler sees the cut`()
    async throws
  {
    let (began, ended) = (Box<Bool>(), Box<TransportError>())
    let handler = ClosureHandler { body in
      do throws(TransportError) {
        while let bytes = try await body.next() { began.put(bytes == [1, 2, 3]) }
      } catch {
        ended.put(error)
      }
      return SyncAnswer(bytes: [])
    }
    try await withSyncServer(handler) { port, _ in
      let task = Task {
        let endless = AsyncStream<[UInt8]> { $0.yield([1, 2, 3]) }
        do throws(TransportError) {
          _ = try await SyncClient().exchange(
            with: try parent(port), .exchange, body: endless
          ) { _ in .more }
          return nil as TransportError?
        } catch {
          return error
        }
      }
      #expect(await began.next() == true)
      task.cancel()
      #expect(await task.value == .cancelled)
      #expect(await ended.next() == .bodyCut(receivedBytes: 3))
    }
  }
}

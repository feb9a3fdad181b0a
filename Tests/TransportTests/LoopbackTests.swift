import TestSupport
import Testing
import Transport

@Suite struct LoopbackTests {
  private func parentAddress() throws -> ParentAddress {
    try ParentAddress("http://loopback.example")
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a loopback carries what a connection would carry`(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let bytes = random.bytes(20_000)
    var link = LoopbackLink(to: EchoHandler(seed: seed), parent: try parentAddress())
    link.pieceBytes = 1 + random.below(3_000)
    var received: [UInt8] = []
    let receipt = try await link.exchange(.exchange, chunks: chunks(bytes, &random)) {
      received += $0
      return .more
    }
    #expect(received == bytes, "seed \(seed)")
    #expect(receipt == ExchangeReceipt(sentBytes: 20_000, receivedBytes: 20_000))
  }

  @Test(arguments: [0, 1, 9, 10, 11, 99, 100])
  func `a loopback is cut where it is told`(cut: Int) async throws {
    let bytes = SeededGenerator.sample(100)
    let handler = EchoHandler()
    var link = LoopbackLink(to: handler, parent: try parentAddress())
    link.pieceBytes = 10
    link.cutRequestAfterBytes = cut
    await #expect(throws: TransportError.self) {
      try await link.exchange(.exchange, chunks: [bytes]) { _ in .more }
    }
    let seen = await handler.seen.next()
    #expect(seen?.bytes == Array(bytes.prefix(cut)))
    #expect(seen?.failure == .bodyCut(receivedBytes: cut))

    link.cutRequestAfterBytes = nil
    link.cutResponseAfterBytes = cut
    var received: [UInt8] = []
    do throws(TransportError) {
      _ = try await link.exchange(.exchange, chunks: [bytes]) {
        received += $0
        return .more
      }
      Issue.record("not cut at \(cut)")
    } catch {
      #expect(
        error
          == .cut(try parentAddress(), during: .readingResponse, reason: "cut by the test"))
    }
    #expect(received == Array(bytes.prefix(cut)))
  }
}

extension SeededGenerator {
  fileprivate static func sample(_ count: Int) -> [UInt8] {
    var random = SeededGenerator(seed: UInt64(count))
    return random.bytes(count)
  }
}

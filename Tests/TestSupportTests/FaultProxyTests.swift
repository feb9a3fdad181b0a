import TestSupport
import Testing

@Suite("The fault proxy", .serialized, .timeLimit(.minutes(1)))
struct FaultProxyTests {
  private let echo: LoopbackEcho
  private let proxy: FaultProxy
  private let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  init() throws {
    echo = try LoopbackEcho()
    proxy = try FaultProxy(to: echo.port)
  }

  private func exchange(_ bytes: [UInt8]) -> (bytes: [UInt8], isClean: Bool)? {
    guard let client = LoopbackClient(port: proxy.port) else { return nil }
    client.send(bytes)
    client.finish()
    return client.receiveAll()
  }

  @Test("Without faults every byte passes both ways") func passes() throws {
    let answer = try #require(exchange(bytes))
    let isEqual = answer.bytes == bytes.map { $0 &+ 1 }
    #expect(answer.isClean && isEqual)
    #expect(proxy.counts.connections == 1)
    #expect(proxy.counts.bytesUp == 100_000 && proxy.counts.bytesDown == 100_000)
    proxy.stop()
  }

  @Test("A cut passes exactly the bytes before it", arguments: [0, 1, 17, 16_384, 99_999])
  func cuts(_ count: Int) throws {
    proxy.spoil(.cut(.down, after: count))
    let down = try #require(exchange(bytes))
    let isEqual = down.bytes == bytes.prefix(count).map { $0 &+ 1 }
    #expect(isEqual)
    #expect(down.isClean)
    proxy.spoil(.cut(.up, after: count))
    let up = try #require(exchange(bytes))
    #expect(up.bytes.count <= count)
    #expect(proxy.counts.bytesUp <= 100_000 + count)
    proxy.stop()
  }

  @Test("A reset is seen as one") func resets() throws {
    proxy.spoil(.cut(.down, after: 5, .reset))
    let answer = try #require(exchange(bytes))
    #expect(!answer.isClean && answer.bytes.count <= 5)
    proxy.stop()
  }

  @Test("One byte of one connection is changed") func corrupts() throws {
    proxy.spoil { $0 == 0 ? .corrupt(.up, at: 70_000, mask: 0x80) : FaultPlan() }
    var expected = bytes.map { $0 &+ 1 }
    let answers = [exchange(bytes)?.bytes, exchange(bytes)?.bytes]
    let areEqual = answers.map { $0 == expected }
    #expect(areEqual == [false, true])
    proxy.spoil(.corrupt(.down, at: 3).and(.delay(milliseconds: 1)))
    expected[3] ^= 1
    let isEqual = exchange(bytes)?.bytes == expected
    #expect(isEqual)
    proxy.stop()
  }

  @Test("A proxy that buffers passes nothing on while bytes still come") func buffers() throws {
    let quiet: UInt64 = 300
    proxy.spoil(.buffer(untilQuietFor: quiet))
    let clock = ContinuousClock()
    let start = clock.now
    let client = try #require(LoopbackClient(port: proxy.port))
    // Each piece comes well before the one before would be passed on.
    for piece in 0..<5 {
      client.send([UInt8](bytes[piece * 100..<piece * 100 + 100]))
      #expect(proxy.counts.bytesUp == 0 || clock.now - start > .milliseconds(quiet))
    }
    client.finish()
    let answer = client.receiveAll()
    let isEqual = answer.bytes == bytes[..<500].map { $0 &+ 1 }
    #expect(isEqual)
    // Held on the way up and on the way down.
    #expect(clock.now - start >= .milliseconds(2 * quiet))
    proxy.stop()
  }

  @Test("A half-open link passes nothing on and goes on when it is healed") func stalls() throws {
    let client = try #require(LoopbackClient(port: proxy.port))
    proxy.stall()
    client.send([1])
    #expect(proxy.counts.bytesDown == 0)
    proxy.heal()
    client.finish()
    #expect(client.receiveAll().bytes == [2])
    proxy.stop()
  }

  @Test("A pulled cable resets connections and refuses new ones until it is healed")
  func disconnects() throws {
    let client = try #require(LoopbackClient(port: proxy.port))
    client.send([1])
    proxy.disconnect()
    #expect(!client.receiveAll().isClean)
    // The reset comes before the port closes.
    for _ in 0..<1_000 {
      guard let answer = exchange([1]) else { break }
      #expect(answer.bytes.count <= 1)
    }
    #expect(exchange([1]) == nil)
    proxy.heal()
    var answer = exchange([1])
    for _ in 0..<100_000 where answer == nil { answer = exchange([1]) }
    #expect(answer?.bytes == [2])
    proxy.stop()
  }
}

@Suite("The temporary folder")
struct TemporaryFolderTests {
  @Test("It is removed with its last reference, and what is written can be read")
  func removal() throws {
    var folder: TemporaryFolder? = try TemporaryFolder("test")
    let path = try folder?.write([1, 2], to: "a") ?? ""
    #expect(try folder?.bytes(of: "a") == [1, 2])
    folder = nil
    #expect(throws: (any Error).self) { try TemporaryFolder.bytes(atPath: path) }
  }
}

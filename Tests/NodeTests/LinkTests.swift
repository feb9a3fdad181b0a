import Causality
import Changes
import Logging
import Node
import Replication
import Store
import TestSupport
import Testing
import Transport

/// Real replicas, real machines, bytes over a loopback link.
@Suite struct LinkTests {
  @Test func `a child's change is at the hub after the exchanges of a cold start`() async throws {
    let pair = try await Pair(rows: 100)
    #expect(try await pair.settle() == 100)
    #expect(try pair.rowsAtHub() == 100)
    #expect(try await pair.hasApplied(100))
    #expect(try await pair.settle() == 0)
  }

  @Test func `a hub that is busy or not ready says until when, and the schedule hears it`()
    async throws
  {
    let refusals: [(any Error, ReplicationError, String)] = [
      (
        SyncRefusal.busy(retryAfterMilliseconds: 7_000), .hubBusy(retryAfterMilliseconds: 7_000),
        "hub_busy"
      ),
      (
        SyncRefusal.notReady(retryAfterMilliseconds: 3_000),
        .hubBusy(retryAfterMilliseconds: 3_000), "hub_busy"
      ),
      (SyncRefusal.malformed("frame 1"), .linkEnded, "malformed_frames"),
    ]
    let pair = try await Pair(rows: 1)
    for (refusal, error, code) in refusals {
      let (ports, opened) = AsyncStream<UInt16>.makeStream()
      let server = SyncServer(
        address: try #require(HostAndPort("127.0.0.1:0")), handler: Refusing(refusal: refusal),
        logger: Pair.silent, onListening: { opened.yield($0) })
      let running = Task { try await server.run() }
      var port = ports.makeAsyncIterator()
      let address = try ParentAddress("http://127.0.0.1:\(try #require(await port.next()))")
      let call = await pair.caller.exchange(with: address)
      #expect(call.outcome.result == .failed(error))
      #expect(call.problem?.code == code, "\(String(describing: call.problem))")
      running.cancel()
    }
    #expect(try await pair.settle() == 1)
  }

  @Test func `a node speaks the last two protocol versions, or the only one`() {
    let versions = NodeEngine.protocolVersions
    #expect(versions.upperBound == 1 || versions.lowerBound < versions.upperBound)
    #expect(versions.lowerBound >= 1)
  }

  @Test func `a proxy that buffers, delays or cuts costs time and no change`() async throws {
    let pair = try await Pair(rows: 2)
    _ = try await pair.settle()
    for (number, plan) in [
      FaultPlan.buffer(untilQuietFor: 100), .delay(milliseconds: 50), .cut(.down, after: 120),
      .cut(.up, after: 300, .reset),
      FaultPlan.delay(milliseconds: 20).and(.cut(.down, after: 40)),
    ].enumerated() {
      try await pair.write { transaction, scope throws(StoreError) in
        try transaction.insert(Pair.table, scope: scope, key: [.text("P\(number)")], [])
      }
      pair.proxy.spoil(plan)
      let call = await pair.caller.exchange(with: pair.address)
      // What is held back comes late and whole: one exchange through a proxy that buffers does what it should.
      if plan.quietMilliseconds > 0 { #expect(call.outcome.result == .complete) }
      pair.proxy.heal()
      _ = try await pair.settle()
      #expect(try pair.rowsAtHub() == 3 + number, "\(plan)")
    }
  }

  @Test func `nobody at the address is told as such, and is no contact`() async throws {
    let pair = try await Pair(rows: 1)
    #expect(try await pair.settle() == 1)
    let contact = try #require(try await pair.child.status().peers.first?.lastContactMilliseconds)
    pair.proxy.disconnect()
    let call = await pair.caller.exchange(with: pair.address)
    #expect(call.outcome.result == .failed(.linkEnded))
    #expect(call.problem?.code == "unreachable" || call.problem?.code == "link_lost")
    let peer = try #require(try await pair.child.status().peers.first)
    #expect(peer.lastContactMilliseconds == contact)
    #expect(peer.lastError == call.problem?.description)
    pair.proxy.heal()
    #expect(try await pair.settle() == 0)
    #expect(try await pair.child.status().peers.first?.lastError == nil)
  }
}

private struct Refusing: SyncHandler {
  let refusal: any Error

  func exchange(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer { throw refusal }
  func wait(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer { throw refusal }
}

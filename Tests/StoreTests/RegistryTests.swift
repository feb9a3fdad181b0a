import Causality
import Changes
import Crypto
import Store
import Testing
import Wire

/// Whom a hub admits (Protocol/6-Sessions §13), and what a writer signs (3-ChangeSets §7).
@Suite struct RegistryTests {
  private func request(
    _ replica: ReplicaID, _ key: Curve25519.Signing.PrivateKey
  ) throws -> EnrolmentRequest {
    let publicKey = Array(key.publicKey.rawRepresentation)
    let bytes = EnrolmentRequest.signedBytes(replica: replica, publicKey: publicKey, name: "n")
    return EnrolmentRequest(
      replica: replica, publicKey: publicKey, name: "n",
      signature: Array(try key.signature(for: bytes)))
  }

  private func admit(_ request: EnrolmentRequest, _ world: World) throws(StoreError) -> Bool {
    try world[10].admit(request, author: "test", wallMilliseconds: world.wall).result
  }

  private func replica(_ division: UInt32) throws -> ReplicaID {
    let node = try #require(NodeCode(division: division))
    return try #require(ReplicaID(node: node, epoch: 1))
  }

  @Test func `what is signed by a key of small order is not admitted`() throws {
    let world = try World([1, 10])
    // Under the key of order 1, R = key and S = 0 hold for any text.
    for key in [[1] + [UInt8](repeating: 0, count: 31), [UInt8](repeating: 0, count: 32)] {
      let request = EnrolmentRequest(
        replica: try replica(12), publicKey: key, name: "n",
        signature: key + [UInt8](repeating: 0, count: 32))
      #expect(throws: StoreError.self) { try admit(request, world) }
    }
    #expect(try world[10].registered(try replica(12)) == nil)
  }

  @Test func `a hub admits what is below it, under one key, and twice is once`() throws {
    let world = try World([1, 10])
    let key = Curve25519.Signing.PrivateKey()
    for division: UInt32 in [20, 21, 1, 99] {
      let request = try request(try replica(division), key)
      #expect(throws: StoreError.self, "\(division)") { try admit(request, world) }
    }
    let good = try request(try replica(12), key)
    let forged = EnrolmentRequest(
      replica: good.replica, publicKey: good.publicKey, name: "another name",
      signature: good.signature)
    #expect(throws: StoreError.self) { try admit(forged, world) }
    #expect(try admit(good, world))
    #expect(try !admit(good, world))
    let other = try request(try replica(12), Curve25519.Signing.PrivateKey())
    #expect(throws: StoreError.self) { try admit(other, world) }
    #expect(try world[10].registered(good.replica)?.publicKey == good.publicKey)
  }

  @Test func `every frame of a writer has a signed head for its last change set`() throws {
    #expect(Limits.changeSetsPerFrame <= Limits.changeSetsPerSignature)
    let world = try World([1])
    for number in 0..<40 {
      try world.insert(1, "B\(number)", [ColumnValue(Library.copies, .integer(1))])
    }
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    var (known, frames) = (VersionVector(), 0)
    while let batch = try world[1].changes(lackedBy: [(stream, known)], maxBytes: 300) {
      guard case .frame(let message) = batch.content else {
        Issue.record("small change sets go in frames")
        return
      }
      let last = try #require(message.changeSets.last)
      #expect(message.heads.map(\.dot) == [last.dot])
      frames += 1
      let advanced = try #require(batch.advanced.first)
      known = advanced.known
    }
    #expect(frames > 3)
    #expect(try known == world[1].knowledge(of: stream))
  }
}

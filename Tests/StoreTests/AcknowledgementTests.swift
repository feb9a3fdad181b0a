import Causality
import Changes
import Store
import Testing
import Wire

/// How far a change has come, and what a hub says for all below it (engine.md §5, §9).
@Suite struct AcknowledgementTests {
  private let stream: StreamID
  private let county: ReplicaID

  init() throws {
    let scope = try #require(Scope(code: 11))
    stream = StreamID(scope: scope)
    let node = try #require(NodeCode(division: 11))
    county = try #require(ReplicaID(node: node, epoch: 1))
  }

  /// `from` tells `to` of the stream.
  private func tell(_ world: World, _ from: UInt32, _ to: UInt32) throws {
    _ = try world[to].record(
      [world[from].acknowledgement(for: stream)], from: world[from].identity.replica,
      wallMilliseconds: world.wall)
  }

  private func own(_ world: World) throws -> [UInt64] {
    let reach = try #require(try world[11].reaches().first { $0.stream == stream })
    return [reach.hereOnly, reach.atHub, reach.atTop]
  }

  @Test func `a change is here, at the hub, at the top, and never before it was acknowledged`()
    throws
  {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [])
    try world.insert(11, "b", [])
    let first = Dot(stream: stream, replica: county, number: 1)
    #expect(try own(world) == [2, 0, 0])
    #expect(try world[11].reach(of: first) == .here)
    try world.send(11, 10, isIngress: true)
    #expect(try world[11].reach(of: first) == .here, "it arrived, and nobody said so")
    try tell(world, 10, 11)
    #expect(try own(world) == [0, 2, 0])
    #expect(try world[11].reach(of: first) == .hub)
    try world.send(10, 1, isIngress: true)
    try tell(world, 10, 11)
    #expect(try own(world) == [0, 2, 0], "the hub was not told yet")
    try tell(world, 1, 10)
    try tell(world, 10, 11)
    #expect(try own(world) == [0, 0, 2])
    #expect(try world[11].reach(of: first) == .top)
    #expect(try world[10].reach(of: first) == .top)
    #expect(try world[1].reach(of: first) == .top)
    try world.insert(11, "c", [])
    #expect(try own(world) == [1, 0, 2])
    #expect(
      try world[11].reach(of: Dot(stream: stream, replica: county, number: 4)) == nil,
      "a change set that does not exist is nowhere")
    // The same after another opening: it is kept in the file.
    try world.reopen(11)
    #expect(try own(world) == [1, 0, 2])
  }

  @Test func `straight to the top counts as at the top`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [])
    try world.send(11, 1, isIngress: true)
    try tell(world, 1, 11)
    #expect(try own(world) == [0, 0, 1])
  }

  @Test func `what a child says of the top proves nothing`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [])
    try world.send(11, 10, isIngress: true)
    var lie = VersionVector()
    lie[county] = 1
    _ = try world[10].record(
      [Acknowledgement(stream: stream, held: lie, needs: lie, top: lie)], from: county,
      wallMilliseconds: world.wall)
    #expect(try world[10].acknowledgement(for: stream).top.isEmpty)
  }

  @Test func `a hub says the minimum of itself and its children, also of a silent one`() throws {
    let world = try World([1, 10, 11])
    try world.settle()
    // Something of the province that only some hold.
    try world.insert(1, "a", [])
    let province = world[1].identity.replica
    func held(_ node: UInt32) throws -> UInt64 {
      try world[node].acknowledgement(for: stream).held[province]
    }
    try world.send(1, 10)
    #expect(try held(10) == 0, "the county was admitted and holds nothing yet")
    try tell(world, 10, 1)
    #expect(try held(1) == 0)
    try world.send(10, 11)
    #expect(try held(10) == 0, "it holds it, and has not said so")
    try tell(world, 11, 10)
    #expect(try held(10) == 1)
    #expect(try held(1) == 0)
    try tell(world, 10, 1)
    #expect(try held(1) == 1)
  }

  @Test func `a statement counts only where all that it builds on is known`() throws {
    let world = try World([1, 10, 11])
    try world.insert(1, "a", [])
    try world.settle()
    let province = world[1].identity.replica
    func held() throws -> UInt64 { try world[10].acknowledgement(for: stream).held[province] }
    try tell(world, 11, 10)
    #expect(try held() == 1)
    try world.insert(1, "b", [])
    try world.settle()
    #expect(try held() == 1)
    // The county wrote something that the hub has not: its new statement waits, the old one stands.
    try world.insert(11, "c", [])
    try tell(world, 11, 10)
    #expect(try held() == 1)
    try world.send(11, 10, isIngress: true)
    #expect(try held() == 2)
    try tell(world, 11, 10)
    #expect(try held() == 2)
  }

  @Test func `a county below a silent prefecture is that one's child, not the province's`() throws {
    let world = try World([1, 10, 11])
    try world.insert(1, "a", [])
    try world.settle()
    // The county spoke to the province only: the prefecture answers for it.
    try tell(world, 11, 1)
    let province = world[1].identity.replica
    #expect(try world[1].acknowledgement(for: stream).held[province] == 0)
    let without = try World([1, 11])
    _ = try without[1].admit(
      without[11].identity.enrolmentRequest(name: "n11"), author: "test",
      wallMilliseconds: without.wall)
    try without.insert(1, "a", [])
    try without.exchange(11, 1)
    try tell(without, 11, 1)
    let top = without[1].identity.replica
    #expect(
      try without[1].acknowledgement(for: stream).held[top]
        == without[1].knowledge(of: stream)[top], "without a node between, it is its child")
  }
}

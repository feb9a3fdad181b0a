import Causality
import Changes
import Store
import Testing
import Wire

/// A hub judges what enters at it, also when it could not be applied at once (engine.md §3).
@Suite struct IngressTests {
  @Test func `a change set that waited is judged when it is applied, whoever brings the rest`()
    throws
  {
    let world = try World([1, 10, 11, 12])
    try world.insert(12, "C1", in: 12, [])
    world.wall += 3_600_000
    try world.insert(11, "B1", [])
    try world.insert(11, "B2", [])
    world.wall -= 3_600_000
    let messages = try changeSets(of: 11, for: 10, world)
    let late = try #require(messages.changeSets.first)
    let rest = ChangesMessage(
      changeSets: Array(messages.changeSets.dropFirst()), heads: messages.heads)
    let author = world[11].identity.replica
    let first = try world[10].apply(
      rest, from: author, isIngress: true, wallMilliseconds: world.wall)
    #expect(first.parked == 1 && first.applied == 0 && first.suspect.isEmpty)
    // What was missing comes from above, where it was judged.
    let second = try world[10].apply(
      ChangesMessage(changeSets: [late], heads: []), from: world[1].identity.replica,
      isIngress: false, wallMilliseconds: world.wall)
    #expect(second.applied == 2)
    #expect(second.suspect == rest.changeSets.map(\.dot))
  }

  @Test func `where nobody is proved to have brought them, all that entered below are judged`()
    throws
  {
    let world = try World([1, 10, 11])
    world.wall += 3_600_000
    try world.insert(11, "B1", [])
    world.wall -= 3_600_000
    let message = try changeSets(of: 11, for: 10, world)
    let outcome = try world[10].apply(
      message, from: world[1].identity.replica, ingress: .everyone, wallMilliseconds: world.wall)
    #expect(outcome.suspect == message.changeSets.map(\.dot))
    try world.settle()
  }

  private func changeSets(
    of node: UInt32, for hub: UInt32, _ world: World
  ) throws -> ChangesMessage {
    let known = try world[node].streams.filter { world[hub].streams.contains($0) }
      .map { ($0, try world[hub].knowledge(of: $0)) }
    let batch = try #require(try world[node].changes(lackedBy: known, maxBytes: 100_000))
    guard case .frame(let message) = batch.content else {
      throw StoreError.damagedRecord("parts")
    }
    return message
  }
}

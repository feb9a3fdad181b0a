import Causality
import Changes
import Store
import Testing
import Wire

/// Refusals, marks and other control operations (engine.md §3, §12): decided once, the same everywhere.
@Suite struct JudgementTests {
  private let scope: Scope
  private let stream: StreamID

  init() throws {
    let scope = try #require(Scope(code: 11))
    (self.scope, stream) = (scope, StreamID(scope: scope))
  }

  /// Branch 11 believes that it may write notices; nobody else does.
  private func looseWorld(_ nodes: [UInt32] = [1, 10, 11]) throws -> World {
    try World(nodes, schemas: [11: try Library.schema(looseNotices: true)])
  }

  private func notice(_ world: World, _ node: UInt32, _ text: String) throws {
    world.wall += 1_000
    _ = try world[node].write(author: "a\(node)", wallMilliseconds: world.wall) {
      t throws(StoreError) in
      let (key, values): ([Value], [ColumnValue]) = (
        [.text("N")], [ColumnValue(ColumnID(1), .text(text))]
      )
      if try t.read(Library.notices, scope: scope, key: key) == nil {
        try t.insert(Library.notices, scope: scope, key: key, values)
      } else {
        try t.update(Library.notices, scope: scope, key: key, values)
      }
    }
  }

  private func shown(_ world: World, _ node: UInt32) throws -> Value? {
    try world[node].row(Library.notices, scope: scope, key: [.text("N")])?.values[0]
  }

  private func refusals(_ world: World, _ node: UInt32) throws -> [QuarantineEntry] {
    try world[node].quarantineEntries().filter { $0.kind == "refused" }
  }

  @Test func `a foreign right is refused by the hub, and the author sees why`() throws {
    let world = try looseWorld()
    try notice(world, 11, "mine")
    #expect(try shown(world, 11) == .text("mine"))
    try world.settle()
    for node in [1, 10, 11] as [UInt32] { #expect(try shown(world, node) == nil) }
    let entry = try #require(try refusals(world, 11).first)
    #expect(entry.subject == "11/both:11-1:1")
    #expect(entry.detail.contains("tableNotWritable") && entry.detail.contains("10-1"))
    #expect(!entry.suspendsDigests)
    #expect(try refusals(world, 10).isEmpty && refusals(world, 1).isEmpty)
    // Known like any other, and no second change set of judgement in another exchange.
    let known = try world[1].knowledge(of: stream)
    try world.settle()
    #expect(try world[1].knowledge(of: stream) == known)
  }

  @Test func `what the refused one covered stands again, and what came after it is judged alone`()
    throws
  {
    let world = try looseWorld()
    try notice(world, 10, "official")
    try world.settle()
    try notice(world, 11, "forged")
    #expect(try shown(world, 11) == .text("forged"))
    // It has the refused one in its context, and nothing against it.
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("after"))])
    try world.settle()
    for node in [1, 10, 11] as [UInt32] {
      #expect(try shown(world, node) == .text("official"))
      #expect(try world.row(node, "B1") != nil)
      #expect(try world[node].conflicts().isEmpty)
    }
    // Nor has a change of the row itself that saw it.
    try notice(world, 10, "second edition")
    try world.settle()
    #expect(try shown(world, 11) == .text("second edition"))
    #expect(try refusals(world, 11).count == 1)
  }

  @Test func `where it was applied before the refusal came, its rows are rebuilt`() throws {
    let world = try looseWorld([1, 10, 11])
    try notice(world, 10, "official")
    try world.settle()
    try notice(world, 11, "forged")
    // By a way that is not its hub's: nobody judged it.
    try world.send(11, 10)
    #expect(try shown(world, 10) == .text("forged"))
    try world.send(11, 1, isIngress: true)
    #expect(try shown(world, 1) == .text("official"))
    try world.settle()
    for node in [1, 10, 11] as [UInt32] { #expect(try shown(world, node) == .text("official")) }
  }

  @Test func `a second refusal by another hub changes nothing`() throws {
    let world = try looseWorld()
    try notice(world, 11, "forged")
    try world.send(11, 1, isIngress: true)
    try world.send(11, 10, isIngress: true)
    try world.settle()
    for node in [1, 10, 11] as [UInt32] { #expect(try shown(world, node) == nil) }
    #expect(try refusals(world, 11).count == 1)
    let known = try world[1].knowledge(of: stream)
    #expect(known[world[10].identity.replica] >= 2, "both hubs have judged")
    #expect(known[world[1].identity.replica] == 1)
  }

  @Test func `a refused part of a transaction refuses all of it`() throws {
    let world = try looseWorld()
    let drafts = StreamID(scope: scope, channel: .up)
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall) { t throws(StoreError) in
      try t.insert(Library.notices, scope: scope, key: [.text("N")], [])
      try t.insert(Library.drafts, scope: scope, key: [.text("D")], [])
    }
    try world.settle()
    #expect(try world[11].row(Library.drafts, scope: scope, key: [.text("D")]) == nil)
    #expect(try world[1].row(Library.drafts, scope: scope, key: [.text("D")]) == nil)
    #expect(try refusals(world, 11).count == 2)
    #expect(try world[1].knowledge(of: drafts)[world[10].identity.replica] == 1)
  }

  @Test func `a clock is judged once, and marks name the same conflict`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("base"))])
    try world.settle()
    try world.update(1, "B1", [ColumnValue(Library.title, .text("right"))])
    let now = world.wall
    world.wall = now + 3_600_000
    try world.update(11, "B1", [ColumnValue(Library.title, .text("ahead"))])
    world.wall = now
    // First without its hub's mark: the later clock is shown.
    try world.send(1, 10)
    try world.send(11, 10)
    #expect(try world.value(10, "B1", Library.title) == .text("ahead"))
    let before = try world[10].conflicts().map(\.id)
    try world.send(11, 1, isIngress: true)
    try world.settle()
    for node in [1, 10, 11] as [UInt32] {
      #expect(try world.value(node, "B1", Library.title) == .text("right"))
      #expect(try world[node].conflicts().map(\.id) == before)
    }
    let known = try world[1].knowledge(of: stream)
    try world.settle()
    #expect(try world[1].knowledge(of: stream) == known, "marks are not judged themselves")
  }

  @Test func `a control operation of who is not the hub has no effect, and is listed`() throws {
    let world = try World([1, 10, 11])
    var puppet = try Puppet(12)
    try puppet.enrol(world, at: 10)
    try world.settle()
    let branch = StreamID(scope: try #require(Scope(code: 12)))
    try world.insert(1, "B1", in: 12, [ColumnValue(Library.title, .text("stays"))])
    try world.settle()
    let known = try world[10].knowledge(of: branch)
    let victim = StreamDot(
      replica: world[1].identity.replica, number: known[world[1].identity.replica])
    let forged = try puppet.write(
      ChangeSetBody(controls: [
        .refuse(victim, .fenced, detail: ""), .suspect(victim),
        .unknown(code: 999, bytes: [1, 2, 3]),
      ]), in: branch, knows: known, at: world.wall)
    let outcome = try world[10].apply(
      forged, from: puppet.replica, isIngress: true, wallMilliseconds: world.wall)
    #expect(outcome.applied == 1 && outcome.rejected.isEmpty)
    try world.settle()
    for node in [1, 10] as [UInt32] {
      #expect(try world.row(node, "B1", in: 12)?.values[0] == .text("stays"))
      #expect(try world[node].quarantineEntries().map(\.kind) == ["control"])
      #expect(try world[node].quarantineCount() == 0)
    }
    // Relayed byte for byte, with the operation that nobody knows.
    let batch = try #require(
      try world[1].changes(lackedBy: [(branch, known)], maxBytes: 1 << 20))
    guard case .frame(let message) = batch.content else { return }
    #expect(message.changeSets.map(\.header) == forged.changeSets.map(\.header))
    #expect(
      try message.changeSets.map { try $0.canonicalBody() } == forged.changeSets.map(\.body))
  }
}

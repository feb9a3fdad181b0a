import Causality
import Changes
import Store
import Testing
import Wire

/// Change sets that only a waiting successor proves (Protocol/6-Sessions §3.6).
@Suite struct WitnessTests {
  private let scope: Scope
  private let shared: StreamID
  private let drafts: StreamID

  init() throws {
    let scope = try #require(Scope(code: 11))
    self.scope = scope
    shared = StreamID(scope: scope)
    drafts = StreamID(scope: scope, channel: .up)
  }

  /// A change set of books, and then transactions over books and drafts.
  private func write(_ world: World, transactions: Int, text: String = "both") throws {
    try world.insert(11, "B0", [ColumnValue(Library.title, .text("alone"))])
    for index in 1...transactions {
      world.wall += 1_000
      _ = try world[11].write(author: "a11", wallMilliseconds: world.wall) {
        t throws(StoreError) in
        try t.insert(
          Library.books, scope: scope, key: [.text("B\(index)")],
          [ColumnValue(Library.title, .text(text))])
        try t.insert(
          Library.drafts, scope: scope, key: [.text("D\(index)")],
          [ColumnValue(ColumnID(1), .text(text))])
      }
    }
  }

  /// One stream alone goes up, as when a turn was cut, or the transaction was made during the turn.
  private func sendBooks(_ world: World, _ from: UInt32, _ to: UInt32, isIngress: Bool) throws {
    let known = try world[to].knowledge(of: shared)
    let batch = try #require(
      try world[from].changes(lackedBy: [(shared, known)], maxBytes: 1 << 20))
    var message: ChangesMessage?
    switch batch.content {
    case .frame(let frame): message = frame
    case .parts(let parts): for part in parts { message = try world[to].stage(part) }
    }
    let outcome = try world[to].apply(
      try #require(message), from: world[from].identity.replica, isIngress: isIngress,
      wallMilliseconds: world.wall)
    #expect(outcome.rejected.isEmpty)
  }

  @Test(arguments: [1, 5])
  func `a change set proved by one that waits goes on up, and the waiting ones wait there`(
    transactions: Int
  ) throws {
    let world = try World()
    let before = try world[10].knowledge(of: shared)
    try write(world, transactions: transactions)
    let writer = world[11].identity.replica
    try sendBooks(world, 11, 10, isIngress: true)
    #expect(try world[10].knowledge(of: shared)[writer] == before[writer] + 1)
    #expect(try world.row(10, "B0") != nil && world.row(10, "B1") == nil)

    // The writer is gone: its hub alone can tell the top.
    try world.exchange(10, 1)
    #expect(try world[1].knowledge(of: shared) == world[10].knowledge(of: shared))
    #expect(try world.row(1, "B0") != nil && world.row(1, "B1") == nil)
    try world.exchange(10, 1)
    for node in [1, 10] as [UInt32] { try world.reopen(node) }

    // It comes back, straight to the top.
    try world.exchange(11, 1)
    #expect(try world.row(1, "B\(transactions)") != nil)
    try world.settle()
    for node in [1, 10, 11] as [UInt32] {
      #expect(try world.row(node, "B\(transactions)") != nil)
      #expect(try world[node].quarantineEntries().isEmpty)
    }
  }

  @Test func `waiting change sets too large for a frame go in parts`() throws {
    let world = try World()
    try write(world, transactions: 2, text: String(repeating: "长", count: 200_000))
    try sendBooks(world, 11, 10, isIngress: true)
    try world.exchange(10, 1)
    #expect(try world.row(1, "B0") != nil && world.row(1, "B1") == nil)
    try world.settle()
  }

  @Test func `a transaction larger than a message goes in several, and waits for its rest`() throws
  {
    let world = try World()
    try write(world, transactions: 3)
    var known: [(StreamID, VersionVector)] = []
    for stream in [shared, drafts] { known.append((stream, try world[10].knowledge(of: stream))) }
    var counts: [Int] = []
    while let batch = try world[11].changes(
      lackedBy: known, maxBytes: 1 << 20, messageBytes: 500)
    {
      guard case .frame(let message) = batch.content else {
        Issue.record("two small change sets are one frame")
        return
      }
      #expect(
        message.changeSets.count == 1
          || message.changeSets.reduce(0) { $0 + $1.byteCount + 192 } <= 500)
      counts.append(batch.changeSetCount)
      let outcome = try world[10].apply(
        message, from: world[11].identity.replica, isIngress: true, wallMilliseconds: world.wall)
      #expect(outcome.rejected.isEmpty)
      for (stream, now) in batch.advanced {
        let index = try #require(known.firstIndex { $0.0 == stream })
        known[index].1 = now
      }
    }
    #expect(counts.count > 1 && counts.contains(1), "\(counts)")
    #expect(try world.row(10, "B3") != nil)
    try world.settle()
  }

  @Test func `what proves a batch counts among the bytes of its message`() throws {
    let world = try World()
    try world.insert(10, "H1", [ColumnValue(Library.title, .text("of the hub"))])
    try write(world, transactions: 2)
    try sendBooks(world, 11, 10, isIngress: true)
    let writer = world[11].identity.replica
    let known = try world[1].knowledge(of: shared)
    let first = try #require(
      try world[10].changes(
        lackedBy: [(shared, known)], maxBytes: 1 << 20, messageBytes: 1_000))
    guard case .frame(let message) = first.content else {
      Issue.record("small change sets are one frame")
      return
    }
    #expect(message.changeSets.allSatisfy { $0.dot.replica != writer } && !first.isLast)
    let advanced = try #require(first.advanced.first { $0.stream == shared }?.known)
    let second = try #require(
      try world[10].changes(
        lackedBy: [(shared, advanced)], maxBytes: 1 << 20, messageBytes: 1_000))
    guard case .frame(let proved) = second.content else {
      Issue.record("small change sets are one frame")
      return
    }
    #expect(proved.changeSets.map(\.dot.replica) == [writer, writer, writer])
    for message in [message, proved] {
      let outcome = try world[1].apply(
        message, from: world[10].identity.replica, isIngress: true, wallMilliseconds: world.wall)
      #expect(outcome.rejected.isEmpty)
    }
    #expect(try world.row(1, "B0") != nil && world.row(1, "B1") == nil)
    try world.settle()
  }

  @Test func `nothing is said of what waits when the end is proved by itself`() throws {
    let world = try World()
    try write(world, transactions: 1)
    let known = try world[10].knowledge(of: shared)
    let first = try #require(try world[11].changes(lackedBy: [(shared, known)], maxBytes: 1))
    guard case .frame(let message) = first.content else {
      Issue.record("one small change set is one frame")
      return
    }
    _ = try world[10].apply(
      message, from: world[11].identity.replica, isIngress: true, wallMilliseconds: world.wall)
    try sendBooks(world, 11, 10, isIngress: true)
    let batch = try #require(
      try world[10].changes(
        lackedBy: [(shared, try world[1].knowledge(of: shared))], maxBytes: 1 << 20))
    guard case .frame(let relayed) = batch.content else {
      Issue.record("two small change sets are one frame")
      return
    }
    let writer = world[11].identity.replica
    #expect(relayed.changeSets.filter { $0.dot.replica == writer }.map(\.dot.number) == [1])
  }
}

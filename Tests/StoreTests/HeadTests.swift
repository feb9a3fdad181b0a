import Causality
import Changes
import Foundation
import Store
import Testing
import Wire

/// Where the heads of a stream stand: in their table, or with the entries of small local transactions.
@Suite struct HeadTests {
  /// What a node knows of its streams.
  private struct Known: Equatable {
    var summaries: [StreamSummary] = []
    var knowledge: [VersionVector] = []
  }

  private func known(_ world: World, _ node: UInt32) throws -> Known {
    let replica = world[node]
    var known = Known()
    for stream in replica.streams {
      known.summaries.append(try replica.summary(of: stream))
      known.knowledge.append(try replica.knowledge(of: stream))
    }
    return known
  }

  private func number(_ world: World, _ node: UInt32, _ sql: String) throws -> Int64 {
    try Int64(PlainFile(world.folder(node).database).text(sql) ?? "") ?? -1
  }

  private func entriesBeyondHeads(_ world: World, _ node: UInt32) throws -> Int64 {
    try number(
      world, node,
      "SELECT count(*) FROM tributary_log JOIN tributary_head USING (stream, replica) "
        + "WHERE tributary_log.number > tributary_head.number")
  }

  /// Local transactions, change sets that arrive, decisions and transactions over two streams in turn.
  private func history(_ world: World) throws {
    for round in 0..<4 {
      try world.insert(11, "A\(round)", [ColumnValue(Library.title, .text("a"))])
      try world.update(11, "A\(round)", [ColumnValue(Library.shelf, .text("s\(round)"))])
      try world.settle()
      try world.update(11, "A\(round)", [ColumnValue(Library.shelf, .text("t\(round)"))])
      try world.update(10, "A\(round)", [ColumnValue(Library.title, .text("b\(round)"))])
      try world.update(11, "A\(round)", [ColumnValue(Library.shelf, .text("u\(round)"))])
      if round % 2 == 1 { try world.settle() }
    }
  }

  @Test func `a replica that is opened again knows what it knew`() throws {
    let world = try World()
    try history(world)
    for node in [10, 11] as [UInt32] {
      let before = try known(world, node)
      // The context of node 10 rises with each of its transactions: its heads are written.
      #expect(try (entriesBeyondHeads(world, node) > 0) == (node == 11))
      try world.reopen(node)
      #expect(try known(world, node) == before)
      #expect(try world[node].check().problems == [])
    }
    try world.settle()
    for stream in world[11].streams {
      #expect(try world[11].summary(of: stream) == world[10].summary(of: stream))
    }
  }

  @Test func `another process sees what this one wrote, and writes on`() throws {
    let world = try World()
    try history(world)
    let other = try Replica.open(
      folder: world.folder(11), tree: world.tree, schema: world.schema, wallMilliseconds: world.wall
    )
    let scope = try #require(Scope("11"))
    let stream = StreamID(scope: scope, channel: .both)
    #expect(try other.summary(of: stream) == world[11].summary(of: stream))
    _ = try other.write(author: "other", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        Library.books, scope: scope, key: [.text("A0")],
        [ColumnValue(Library.shelf, .text("o"))])
    }
    try world.update(11, "A1", [ColumnValue(Library.shelf, .text("p"))])
    #expect(try other.knowledge(of: stream) == world[11].knowledge(of: stream))
    #expect(try world[11].check().problems == [])
    try other.close()
  }

  @Test func `the clock that stands with an entry survives a restart`() throws {
    let world = try World()
    try history(world)
    #expect(try entriesBeyondHeads(world, 11) > 0)
    let before = try number(world, 11, "SELECT max(hlc) FROM tributary_log")
    world.wall -= 86_400_000
    try world.reopen(11)
    try world.update(11, "A0", [ColumnValue(Library.shelf, .text("later"))])
    #expect(
      try number(world, 11, "SELECT hlc FROM tributary_log ORDER BY id DESC LIMIT 1") > before)
  }

  @Test func `an entry with a large body leaves its head in the table`() throws {
    let world = try World()
    try world.insert(11, "A", [])
    try world.update(
      11, "A", [ColumnValue(Library.title, .text(String(repeating: "long ", count: 1_000)))])
    #expect(try entriesBeyondHeads(world, 11) == 0)
    try world.update(11, "A", [ColumnValue(Library.title, .text("short"))])
    // Its before-image is as large.
    #expect(try entriesBeyondHeads(world, 11) == 0)
    try world.update(11, "A", [ColumnValue(Library.title, .text("shorter"))])
    #expect(try entriesBeyondHeads(world, 11) == 1)
  }

  @Test func `change sets that follow one another stand in one run`() throws {
    let world = try World()
    try history(world)
    let before = try number(world, 11, "SELECT count(*) FROM tributary_run")
    for round in 0..<50 {
      try world.update(11, "A0", [ColumnValue(Library.shelf, .text("r\(round)"))])
    }
    #expect(try number(world, 11, "SELECT count(*) FROM tributary_run") <= before + 1)
    try world.settle()
    // The hub got them at once; its own are between others'.
    #expect(try number(world, 1, "SELECT count(*) FROM tributary_run") < 20)
  }

  @Test func `each change set is found by its number, and none beyond the last`() throws {
    let world = try World()
    try history(world)
    try world.settle()
    for node in [1, 10, 11] as [UInt32] {
      try world.reopen(node)
      for stream in world[node].streams {
        for entry in try world[node].knowledge(of: stream).entries {
          for number in 1...entry.number {
            let chain = try PlainFile(world.folder(node).database).text(
              "SELECT hex(chain) FROM tributary_log WHERE stream = \(stream.packed) "
                + "AND replica = \(Int64(bitPattern: entry.replica.packed)) AND number = \(number)")
            let found = try world[node].head(of: entry.replica, in: stream, at: number)
            #expect(found.map { $0.bytes.map { String(format: "%02X", $0) }.joined() } == chain)
          }
          let next = entry.number + 1
          #expect(try world[node].head(of: entry.replica, in: stream, at: next) == nil)
        }
      }
      #expect(try world[node].check().problems == [])
    }
  }

  /// What brings a file back to the format before.
  private static let toFormat3 = """
    ALTER TABLE tributary_parked DROP COLUMN source;
    UPDATE tributary_meta SET value = '3' WHERE name = 'format';
    """
  private static let toFormat2 = """
    DROP TABLE tributary_run;
    CREATE UNIQUE INDEX tributary_log_dot ON tributary_log (stream, replica, number);
    UPDATE tributary_meta SET value = '2' WHERE name = 'format';
    """
  private static let toFormat1 = """
    REPLACE INTO tributary_head
      SELECT log.stream, log.replica, log.number, log.chain, head.context, log.id,
        coalesce(log.digest, head.digest), coalesce(log.row_count, head.row_count),
        coalesce(log.clock, head.clock)
      FROM tributary_head AS head JOIN tributary_log AS log USING (stream, replica)
      WHERE log.number = (SELECT max(number) FROM tributary_log AS last
        WHERE last.stream = head.stream AND last.replica = head.replica);
    ALTER TABLE tributary_log DROP COLUMN digest;
    ALTER TABLE tributary_log DROP COLUMN row_count;
    ALTER TABLE tributary_log DROP COLUMN clock;
    UPDATE tributary_meta SET value = '1' WHERE name = 'format';
    """

  @Test(arguments: [1, 2, 3]) func `a file of an older format is brought to the present one`(
    format: Int
  ) throws {
    let world = try World()
    try history(world)
    let before = try known(world, 11)
    try world[11].close()
    world.release(11)
    try PlainFile(world.folder(11).database).run(
      [Self.toFormat3, Self.toFormat2, Self.toFormat1].prefix(4 - format).joined())
    #expect(throws: StoreError.self) {
      try Replica.openReadOnly(folder: world.folder(11), tree: world.tree, schema: world.schema)
    }
    try world.open(11)
    #expect(try known(world, 11) == before)
    try world.update(11, "A0", [ColumnValue(Library.shelf, .text("z"))])
    try world.reopen(11)
    #expect(try world[11].check().problems == [])
    try world.settle()
  }
}

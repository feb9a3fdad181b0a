import Causality
import Changes
import Merge
import Store
import Testing

@Suite struct StatusTests {
  @Test func `status counts rows, change sets and what a peer lacks`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    try world.insert(11, "b", [ColumnValue(Library.title, .text("B"))])
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    let hub = world[10].identity.replica
    func lag() throws -> PeerLag? {
      try world[11].lags(of: hub).first { $0.stream == stream }
    }
    let before = try #require(try lag())
    #expect(before.acknowledgedMilliseconds == nil)
    #expect(before.behind >= 2)
    try world.exchange(11, 10)
    _ = try world[11].record(
      [world[10].acknowledgement(for: stream)], from: hub, wallMilliseconds: world.wall)
    let even = try #require(try lag())
    #expect(even.behind == 0 && even.ahead == 0 && even.behindSinceMilliseconds == nil)
    #expect(even.acknowledgedMilliseconds == world.wall)
    try world.insert(11, "c", [ColumnValue(Library.title, .text("C"))])
    let behind = try #require(try lag())
    #expect(behind.behind == 1 && behind.behindSinceMilliseconds == world.wall)
    let status = try #require(try world[11].streamStatuses().first { $0.stream == stream })
    #expect(status.parkedCount == 0)
    #expect(status.changeSetCount == status.known.entries.reduce(0) { $0 + $1.number })
    #expect(try status.digest == world[11].digest(of: stream))
    #expect(try world[11].rowCount(of: Library.books) == 3)
    var keys: [Value] = []
    try world[11].forEachRow(of: Library.books, in: stream.scope) { row in
      keys += row.key
      return keys.count < 2
    }
    #expect(keys == [.text("a"), .text("b")])
  }

  @Test func `what waits for a peer is counted in bytes until it is acknowledged`() throws {
    let world = try World([1, 10, 11])
    let hub = world[10].identity.replica
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    let start = try world[11].queuedBytes(for: hub)
    try world.insert(
      11, "a", [ColumnValue(Library.title, .text(String(repeating: "长", count: 900)))])
    let one = try world[11].queuedBytes(for: hub)
    #expect(one > start)
    try world.insert(11, "b", [ColumnValue(Library.title, .text("B"))])
    #expect(try world[11].queuedBytes(for: hub) > one)
    try world.exchange(11, 10)
    // Sent is not had: only the peer's word counts.
    #expect(try world[11].queuedBytes(for: hub) > one)
    for held in world[11].streams where world[10].streams.contains(held) {
      _ = try world[11].record(
        [world[10].acknowledgement(for: held)], from: hub, wallMilliseconds: world.wall)
    }
    #expect(try world[11].queuedBytes(for: hub) == 0)
    try world.insert(11, "c", [ColumnValue(Library.title, .text("C"))])
    #expect(try world[11].queuedBytes(for: hub) > 0)
    #expect(try world[11].lags(of: hub).first { $0.stream == stream }?.behind == 1)
  }

  @Test func `what a writer knew is what it had seen, whatever the clocks say`() throws {
    let world = try World([1, 10, 11])
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    let (county, hub) = (world[11].identity.replica, world[10].identity.replica)
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    try world.exchange(11, 10)
    try world.update(10, "a", [ColumnValue(Library.classMark, .text("K1"))])
    // At the same time, not knowing of it.
    try world.update(11, "a", [ColumnValue(Library.title, .text("B"))])
    try world.exchange(11, 10)
    try world.update(11, "a", [ColumnValue(Library.title, .text("C"))])
    try world.exchange(11, 10)
    for place in [10, 11] as [UInt32] {
      let known = try world[place].knowledge(of: stream)
      let (last, change) = (known[county], known[hub])
      func knowledge(_ replica: ReplicaID, _ number: UInt64) throws -> VersionVector? {
        try world[place].writerKnowledge(
          of: Dot(stream: stream, replica: replica, number: number))
      }
      #expect(try knowledge(county, last)?.contains(hub, change) == true)
      #expect(try knowledge(county, last)?[county] == last - 1)
      #expect(try knowledge(county, last - 1)?.contains(hub, change) == false)
      #expect(try knowledge(hub, change)?[county] == last - 2)
      #expect(try knowledge(county, last + 1) == nil)
    }
  }

  @Test func `a row is found live, deleted or absent`() throws {
    let world = try World([1, 10, 11])
    let scope = try #require(Scope(code: 11))
    func find(_ number: String) throws -> FoundRow {
      try world[11].find(Library.books, scope: scope, key: [.text(number)])
    }
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    guard case .live(let values, let proposals) = try find("a") else {
      Issue.record("not live")
      return
    }
    #expect(values[0] == .text("A") && proposals.isEmpty)
    try world.update(11, "a", [ColumnValue(Library.classMark, .text("K1"))])
    try world.exchange(11, 10)
    try world.exchange(10, 1)
    try world.update(1, "a", [ColumnValue(Library.classMark, .text("K2"))])
    try world.update(11, "a", [ColumnValue(Library.classMark, .text("K3"))])
    try world.settle()
    guard case .live(let merged, let waiting) = try find("a") else {
      Issue.record("not live")
      return
    }
    #expect(merged[8] == .text("K2"))
    #expect(waiting == [Library.classMark: [.text("K3")]])
    try world.delete(11, "a")
    #expect(try find("a") == .deleted)
    #expect(try find("b") == .absent)
  }
}

@Suite struct SQLTests {
  @Test func `SQL of a person is stamped with its author and travels`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    let outcome = try world[11].run(
      sql: """
        -- a comment; with a semicolon
        INSERT INTO books (branch, number, title, copies)
          VALUES ('11', 'b', 'B;', 0), ('11', 'c', 'C', 0);
        UPDATE books SET title = 'A2' WHERE number = 'a'; /* and another */
        SELECT number, title FROM books ORDER BY number;
        """, author: "li", reason: "typo", wallMilliseconds: world.wall + 5)
    #expect(outcome.stampedCount == 3 && outcome.quarantinedCount == 0)
    #expect(
      outcome.results == [
        SQLRows(
          columns: ["number", "title"],
          rows: [
            [.text("a"), .text("A2")], [.text("b"), .text("B;")], [.text("c"), .text("C")],
          ])
      ])
    try world.settle()
    #expect(try world.value(1, "a", Library.title) == .text("A2"))
    #expect(try world.value(1, "b", Library.title) == .text("B;"))
  }

  @Test func `the author of SQL stands in a conflict`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    try world.settle()
    try world.update(10, "a", [ColumnValue(Library.title, .text("hub"))])
    _ = try world[11].run(
      sql: "UPDATE books SET title = 'mine'", author: "li", reason: "typo",
      wallMilliseconds: world.wall + 5)
    try world.settle()
    let conflict = try #require(try world[10].conflicts().first)
    let attributions = conflict.record.siblings.flatMap(\.writers).map(\.attribution?.author)
    #expect(attributions.contains("li"))
  }

  @Test(arguments: [
    "DROP TABLE books", "BEGIN", "COMMIT", "PRAGMA user_version = 1", "ATTACH 'x' AS y",
    "DELETE FROM tributary_log", "DELETE FROM \"Tributary_Log\"", "SELEC 1",
    "UPDATE books SET title = 'x'; COMMIT; SELECT 1",
    "UPDATE books SET title = 'x'; SELECT * FROM nowhere",
    "WITH a AS (SELECT 1) DELETE FROM tributary_meta",
  ]) func `SQL that is not taken leaves nothing behind`(_ sql: String) throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    #expect(throws: StoreError.self) {
      try world[11].run(sql: sql, author: "li", wallMilliseconds: world.wall + 5)
    }
    #expect(try world.value(11, "a", Library.title) == .text("A"))
    try world.insert(11, "b", [ColumnValue(Library.title, .text("B"))])
    let problems = try world[11].check().problems
    #expect(problems.isEmpty)
  }

  @Test func `queries read and change nothing`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    let results = try world[11].query(sql: "SELECT count(*) AS n FROM books; ; ")
    #expect(results == [SQLRows(columns: ["n"], rows: [[.integer(1)]])])
    #expect(throws: StoreError.self) { try world[11].query(sql: "DELETE FROM books") }
    #expect(try world[11].rowCount(of: Library.books) == 1)
  }

  @Test func `SQL in a foreign scope is put back and quarantined`() throws {
    let world = try World([1, 10, 11])
    try world.insert(11, "a", [ColumnValue(Library.title, .text("A"))])
    let outcome = try world[11].run(
      sql: "UPDATE books SET branch = '12'", author: "li", wallMilliseconds: world.wall + 5)
    #expect(outcome.stampedCount == 0 && outcome.quarantinedCount == 1)
    #expect(try world.value(11, "a", Library.title) == .text("A"))
    #expect(try world[11].quarantineEntries().count == 1)
  }
}

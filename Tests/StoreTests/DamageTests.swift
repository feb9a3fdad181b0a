import Causality
import Changes
import Store
import Testing
import Wire

/// `check` finds each kind of damage, and peers find rows that were changed behind the triggers.
@Suite struct DamageTests {
  private func damaged(_ sql: String) throws -> [String] {
    let world = try World()
    try world.insert(11, "A", [ColumnValue(Library.title, .text("a"))])
    try world.insert(11, "B", [])
    try world.update(11, "A", [ColumnValue(Library.shelf, .text("s"))])
    try world.settle()
    try PlainFile(world.folder(11).database).run(sql)
    return try world[11].check().problems
  }

  private static let noTriggers = """
    DROP TRIGGER tributary_capture_2000_update; DROP TRIGGER tributary_capture_2000_delete;
    DROP TRIGGER tributary_capture_2000_insert; DROP TRIGGER tributary_capture_2000_replace;
    """

  @Test func `a row that was changed behind the triggers`() throws {
    let found = try damaged(Self.noTriggers + "UPDATE books SET title = 'x' WHERE number = 'A'")
    #expect(found.contains { $0.contains("books 11 A") && $0.contains("does not match") })
  }

  @Test func `a row that was removed or added behind the triggers`() throws {
    let removed = try damaged(Self.noTriggers + "DELETE FROM books WHERE number = 'A'")
    #expect(removed.contains { $0.contains("rows") })
    let added = try damaged(
      Self.noTriggers + "INSERT INTO books (branch, number, copies) VALUES ('11', 'Z', 0)")
    #expect(added.contains { $0.contains("no clock") })
  }

  @Test func `a row clock that names another change set`() throws {
    let found = try damaged(
      "UPDATE tributary_clock_2000 SET base = (SELECT max(id) FROM tributary_log)")
    #expect(found.contains { $0.contains("does not match its clock") })
  }

  @Test func `a row clock that names nothing`() throws {
    #expect(throws: StoreError.self) {
      try damaged("UPDATE tributary_clock_2000 SET base = 99999")
    }
  }

  @Test func `a log entry with another body`() throws {
    let found = try damaged(
      "UPDATE tributary_log SET body = x'00', body_bytes = 1 WHERE number = 2")
    #expect(found.contains { $0.contains("chain hash") })
  }

  @Test func `a log entry that is gone`() throws {
    let found = try damaged("DELETE FROM tributary_log WHERE number = 2")
    #expect(found.contains { $0.contains("missing predecessor") })
  }

  @Test func `a head with another hash`() throws {
    let found = try damaged(
      "UPDATE tributary_head SET chain = zeroblob(32) WHERE NOT EXISTS (SELECT 1 FROM tributary_log "
        + "AS later WHERE later.stream = tributary_head.stream "
        + "AND later.replica = tributary_head.replica AND later.number > tributary_head.number)")
    #expect(found.contains { $0.contains("head does not match") })
  }

  @Test func `a digest that is not that of the rows`() throws {
    let found = try damaged(
      "UPDATE tributary_head SET digest = zeroblob(16); "
        + "UPDATE tributary_log SET digest = zeroblob(16) WHERE digest IS NOT NULL")
    #expect(found.contains { $0.contains("digest does not match") })
  }

  @Test func `a last entry that does not say what it led to`() throws {
    #expect(throws: StoreError.damagedRecord("head of 11-1 in 11/both")) {
      try damaged("UPDATE tributary_log SET digest = NULL")
    }
  }

  @Test func `changes of other programs that are not stamped are told, not taken for damage`()
    throws
  {
    let found = try damaged("UPDATE books SET title = 'x' WHERE number = 'A'")
    #expect(found.count == 1 && found[0].contains("not stamped yet"))
  }

  @Test func `a tampered row gives unequal digests at equal knowledge once it is written again`()
    throws
  {
    let world = try World()
    try world.insert(11, "A", [ColumnValue(Library.title, .text("a"))])
    try world.settle()
    try PlainFile(world.folder(11).database).run(
      Self.noTriggers + "UPDATE books SET title = 'x' WHERE number = 'A'")
    try world.update(11, "A", [ColumnValue(Library.remark, .text("r"))])
    try world.exchange(11, 10)
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    let (mine, theirs) = try (world[11].summary(of: stream), world[10].summary(of: stream))
    #expect(mine.headsHash == theirs.headsHash && mine.digest != theirs.digest)
  }
}

/// Nothing leaves before it is durable; what does not fit leaves everything as it was (engine.md I1, I2).
@Suite struct DurabilityTests {
  @Test func `every commit is synced in full`() throws {
    let world = try World([1])
    let outcome = try world[1].run(
      sql:
        "SELECT synchronous FROM pragma_synchronous; SELECT journal_mode FROM pragma_journal_mode",
      author: "t", wallMilliseconds: world.wall)
    #expect(outcome.results.map(\.rows) == [[[.integer(2)]], [[.text("wal")]]])
  }

  @Test func `others see a change set when the call has returned, not before`() throws {
    let world = try World()
    let scope = try #require(Scope(code: 11))
    let reader = try Replica.openReadOnly(
      folder: world.folder(11), tree: world.tree, schema: world.schema)
    func known() throws(StoreError) -> UInt64 {
      try reader.knowledge(of: StreamID(scope: scope))[world[11].identity.replica]
    }
    let receipt = try world[11].write(author: "t", wallMilliseconds: world.wall) {
      t throws(StoreError) in
      try t.insert(Library.books, scope: scope, key: [.text("A")], [])
      return try known()
    }
    #expect(receipt.result == 0)
    #expect(try known() == 1)
  }

  @Test func `a full disk while applying takes nothing and keeps the place`() throws {
    let world = try World()
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    for number in 0..<40 {
      let text = String(repeating: "\(number) ", count: 3_000)
      try world.insert(11, "B\(number)", [ColumnValue(Library.title, .text(text))])
    }
    let known = try world[10].knowledge(of: stream)
    let batch = try #require(
      try world[11].changes(lackedBy: [(stream, known)], maxBytes: 1 << 20))
    guard case .frame(let message) = batch.content else {
      Issue.record("it fits in one frame")
      return
    }
    func apply() throws -> ApplyOutcome {
      try world[10].apply(
        message, from: world[11].identity.replica, isIngress: true, wallMilliseconds: world.wall)
    }
    let digest = try world[10].digest(of: stream)
    try world[10].limit(pages: 1)
    do {
      _ = try apply()
      Issue.record("it cannot fit")
    } catch let error as StoreError {
      guard case .diskFull = error else { throw error }
    }
    #expect(try world[10].knowledge(of: stream) == known)
    #expect(try world[10].digest(of: stream) == digest)
    try world[10].limit(pages: .max)
    #expect(try apply().applied == 40)
    try world.settle()
  }

  @Test func `a change set above the size of a part travels in parts, in any order, repeated`()
    throws
  {
    let world = try World()
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    var rows = CellTable(width: 13)
    var random = SystemRandomNumberGenerator()
    for number in 0..<3_000 {
      rows.append(.text("B\(number)"))
      let noise = (0..<20).map { _ in String(random.next(), radix: 36) }.joined()
      for column in 1...12 {
        switch column {
        case 1: rows.append(.text(noise))
        case 4: rows.append(.integer(0))
        default: rows.append(.null)
        }
      }
    }
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall) { t throws(StoreError) in
      try t.insertRows(Library.books, scope: stream.scope, rows)
    }
    let batch = try #require(
      try world[11].changes(
        lackedBy: [(stream, try world[10].knowledge(of: stream))], maxBytes: 4_000))
    guard case .parts(let parts) = batch.content else {
      Issue.record("it is large")
      return
    }
    #expect(parts.count > 2)
    var whole: [ChangesMessage] = []
    for part in parts.reversed() + parts.dropFirst() {
      if let message = try world[10].stage(part) { whole.append(message) }
      if whole.isEmpty { try world.reopen(10) }
    }
    #expect(whole.count == 1, "once, when the last part came")
    try world.settle()
    #expect(try world[1].rowCount(of: Library.books) == 3_000)
  }
}

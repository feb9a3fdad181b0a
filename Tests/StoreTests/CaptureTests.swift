import Causality
import Changes
import Foundation
import Store
import Testing

/// What other programs write into the file is stamped and travels (engine.md §11).
@Suite struct CaptureTests {
  /// Runs SQL as a program that knows nothing of Tributary.
  private func shell(_ world: World, _ node: UInt32, _ sql: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-bail", world.folder(node).database, sql]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    process.waitUntilExit()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 0, "\(text)")
  }

  @Test func `inserts, updates, deletes and replaces of the shell reach the province`() throws {
    let world = try World()
    for number in ["B1", "B2", "B3"] {
      try world.insert(11, number, [ColumnValue(Library.title, .text("old"))])
    }
    try world.settle()
    try shell(
      world, 11,
      """
      INSERT INTO books (branch, number, title) VALUES ('11', 'B4', 'new');
      UPDATE books SET title = 'mid' WHERE number = 'B1';
      UPDATE books SET title = 'changed' WHERE number = 'B1';
      DELETE FROM books WHERE number = 'B2';
      REPLACE INTO books (branch, number, title, copies) VALUES ('11', 'B3', 'replaced', 0);
      INSERT INTO books (branch, number, copies) VALUES ('11', 'B5', 0);
      DELETE FROM books WHERE number = 'B5';
      """)
    #expect(try world[11].stampCaptured(wallMilliseconds: world.wall) > 0)
    try world.settle()
    #expect(try world.value(1, "B1", Library.title) == .text("changed"))
    #expect(try world.row(1, "B2") == nil)
    #expect(try world.value(1, "B3", Library.title) == .text("replaced"))
    #expect(try world.value(1, "B4", Library.title) == .text("new"))
    #expect(try world.row(1, "B5") == nil)
  }

  @Test func `a row under another key, a foreign scope and a moved row`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("a"))])
    try world.insert(11, "B2", [ColumnValue(Library.title, .text("b"))])
    try world.settle()
    try shell(
      world, 11,
      """
      UPDATE books SET number = 'B9' WHERE number = 'B1';
      UPDATE books SET branch = '12' WHERE number = 'B2';
      INSERT INTO books (branch, number, copies) VALUES ('1', 'X', 0);
      """)
    #expect(try world[11].stampCaptured(wallMilliseconds: world.wall) == 1)
    try world.settle()
    #expect(try world.row(1, "B1") == nil)
    #expect(try world.value(1, "B9", Library.title) == .text("a"))
    // What may not be written here is put back and listed, never lost and never sent.
    #expect(try world.value(11, "B2", Library.title) == .text("b"))
    #expect(try world[11].quarantineEntries().count == 2)
  }

  @Test func `a row that cannot take another's place stays, and so does the other`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.isbn, .text("one"))])
    try world.insert(11, "B2", [ColumnValue(Library.isbn, .text("two"))])
    try world.settle()
    try shell(
      world, 11,
      """
      REPLACE INTO books (branch, number, isbn, copies) VALUES ('11', 'B2', 'two', 0);
      DELETE FROM books WHERE number = 'B1';
      INSERT INTO books (branch, number, copies) VALUES ('11', 'B3', 0);
      UPDATE books SET number = 'B1' WHERE number = 'B2';
      """)
    try world[11].stampCaptured(wallMilliseconds: world.wall)
    #expect(try world[11].quarantineEntries().map(\.subject) == ["books 11 B1"])
    for node in [11, 1] as [UInt32] {
      #expect(try world.value(node, "B1", Library.isbn) == .text("one"))
      #expect(try world.value(node, "B2", Library.isbn) == .text("two"))
      #expect(try world.row(node, "B3") != nil)
      #expect(try world[node].check().problems == [])
      try world.settle()
    }
  }

  @Test func `an ignored insert is no replace, and a replace keeps what it does not know`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("a"))])
    try world.insert(11, "B2", [ColumnValue(Library.copies, .integer(5))])
    try world.settle()
    try shell(
      world, 11,
      """
      INSERT OR IGNORE INTO books (branch, number, title, copies) VALUES ('11', 'B1', 'no', 1);
      INSERT INTO books (branch, number, copies) VALUES ('11', 'B9', 1);
      REPLACE INTO books (branch, number, title, copies) VALUES ('11', 'B2', 'r', 5);
      UPDATE books SET number = 'B3' WHERE number = 'B2';
      """)
    try world[11].stampCaptured(wallMilliseconds: world.wall)
    try world.settle()
    for node in [11, 1] as [UInt32] {
      #expect(try world.value(node, "B1", Library.title) == .text("a"))
      #expect(try world.value(node, "B9", Library.copies) == .integer(1))
      #expect(try world.row(node, "B2") == nil)
      #expect(try world.value(node, "B3", Library.title) == .text("r"))
      #expect(try world.value(node, "B3", Library.copies) == .integer(5))
      #expect(try world[node].check().problems == [])
    }
  }

  @Test func `an update that changes nothing makes no change set`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("a"))])
    let scope = try #require(Scope(code: 11))
    let before = try world[11].knowledge(of: StreamID(scope: scope))
    try shell(world, 11, "UPDATE books SET title = title;")
    #expect(try world[11].stampCaptured(wallMilliseconds: world.wall) == 0)
    #expect(try world[11].knowledge(of: StreamID(scope: scope)) == before)
    try world.settle()
  }

  @Test func `more than a change set may hold is stamped as several, whatever it deflates to`()
    throws
  {
    let world = try World()
    let rows = 12_000
    let all = """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
      """
    try shell(
      world, 11,
      """
      \(all) INSERT INTO books (branch, number, copies)
        SELECT '11', printf('%06d', i), 0 FROM n;
      """)
    let scope = try #require(Scope(code: 11))
    let stream = StreamID(scope: scope)
    let writer = world[11].identity.replica
    func number() throws -> UInt64 { try world[11].knowledge(of: stream)[writer] }
    let before = try number()
    #expect(try world[11].stampCaptured(wallMilliseconds: world.wall) == rows)
    #expect(try number() > before + 1)
    try shell(world, 11, "UPDATE books SET number = printf('%06d', number + \(rows));")
    #expect(try world[11].stampCaptured(wallMilliseconds: world.wall) == rows)
    try world.settle()
    for node in [1, 10, 11] as [UInt32] {
      #expect(try world[node].summary(of: stream) == world[11].summary(of: stream))
      #expect(try world.row(node, "000001") == nil)
      #expect(try world.row(node, "0\(2 * rows)") != nil)
      #expect(try world[node].quarantineEntries().isEmpty)
    }
  }

  @Test func `a row that no change set can hold is put back and listed`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("a"))])
    try shell(
      world, 11,
      """
      UPDATE books SET title = printf('%.*c', 15000000, 'x'), shelf = printf('%.*c', 15000000, 'y'),
        note = printf('%.*c', 15000000, 'z') WHERE number = 'B1';
      INSERT INTO books (branch, number, title, copies) VALUES ('11', 'B2', 'fits', 0);
      """)
    #expect(try world[11].stampCaptured(wallMilliseconds: world.wall) == 1)
    try world.settle()
    #expect(try world.value(11, "B1", Library.title) == .text("a"))
    #expect(try world.value(1, "B2", Library.title) == .text("fits"))
    let entry = try #require(try world[11].quarantineEntries().first)
    #expect(entry.kind == "captured" && entry.detail.contains("zzz"), "what was written is kept")
  }
}

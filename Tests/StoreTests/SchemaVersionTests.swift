import Causality
import Changes
import Foundation
import Store
import Testing
import Wire

/// Nodes of different schema versions (engine.md §10): what is unknown is kept, and comes to life.
@Suite struct SchemaVersionTests {
  private static let colour = ColumnID(13)
  private static let films = TableID(2_005)

  private func newer() throws -> Schema {
    let old = try Library.schema()
    let books = try #require(old.table(Library.books))
    let wider = TableDeclaration(
      id: books.id, name: books.name, scopeColumn: books.scopeColumn, key: books.key,
      columns: books.columns
        + [ColumnDeclaration(id: 13, name: "colour", kind: .text, since: 2)],
      groups: books.groups)
    let films = TableDeclaration(
      id: Self.films, name: "films", scopeColumn: "branch",
      key: [KeyColumn(name: "number", kind: .text)],
      columns: [
        ColumnDeclaration(id: 1, name: "title", kind: .text),
        ColumnDeclaration(id: 2, name: "seats", kind: .integer),
      ], groups: [GroupDeclaration(id: GroupID(2), policy: .counter)])
    return try Schema(
      version: 2, tables: old.tables.filter { $0.id != books.id } + [wider, films])
  }

  private func film(_ world: World, _ node: UInt32) throws -> [Value]? {
    try world[node].row(
      Self.films, scope: try #require(Scope(code: 11)), key: [.text("F")])?.values
  }

  @Test func `columns and tables of a later version pass through, conflict, and come to life`()
    throws
  {
    let world = try World([1, 10, 11], schemas: [11: try newer(), 1: try newer()])
    let scope = try #require(Scope(code: 11))
    try world.insert(
      11, "A", [ColumnValue(Library.title, .text("a")), ColumnValue(Self.colour, .text("red"))])
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall) { t throws(StoreError) in
      try t.insert(
        Self.films, scope: scope, key: [.text("F")],
        [ColumnValue(ColumnID(1), .text("f")), ColumnValue(ColumnID(2), .integer(5))])
    }
    try world.settle()
    #expect(try film(world, 1) == [.text("f"), .integer(5)])
    // Concurrent writes of what the prefecture between does not know; it changes what it knows.
    try world.update(1, "A", [ColumnValue(Self.colour, .text("blue"))])
    try world.update(11, "A", [ColumnValue(Self.colour, .text("green"))])
    try world.update(10, "A", [ColumnValue(Library.shelf, .text("S"))])
    for (node, seats) in [(1, 7), (11, 6)] as [(UInt32, Int64)] {
      _ = try world[node].write(author: "t", wallMilliseconds: world.wall) {
        t throws(StoreError) in
        try t.update(
          Self.films, scope: scope, key: [.text("F")],
          [ColumnValue(ColumnID(2), .integer(seats))])
      }
    }
    try world.settle()
    #expect(try film(world, 11) == [.text("f"), .integer(8)])
    let conflicts = try [1, 11].map { try world[$0].conflicts().map(\.id) }
    #expect(conflicts[0].count == 1 && conflicts[0] == conflicts[1])
    let digests = try world[10].streams.map { try world[10].digest(of: $0) }
    world.schemas[10] = try newer()
    try world.reopen(10)
    #expect(try world[10].streams.map { try world[10].digest(of: $0) } == digests)
    #expect(try film(world, 10) == [.text("f"), .integer(8)])
    #expect(try world.value(10, "A", Self.colour) == world.value(1, "A", Self.colour))
    #expect(try world[10].conflicts().map(\.id) == conflicts[0])
    try world.update(10, "A", [ColumnValue(Self.colour, .text("grey"))])
    try world.settle()
    #expect(try world.value(11, "A", Self.colour) == .text("grey"))
    #expect(try world[1].conflicts().isEmpty)
  }

  @Test func `a value that a later version does not take keeps its row out after the upgrade`()
    throws
  {
    let world = try World([1, 10])
    var puppet = try Puppet(12)
    try puppet.enrol(world, at: 10)
    try world.settle()
    let stream = StreamID(scope: try #require(Scope(code: 12)))
    var block = RowBlock(
      table: Self.films, kind: .insert,
      columns: [CarriedColumn(column: ColumnID(1), group: GroupID(1))], keyWidth: 1,
      hasBefore: false)
    for (key, title) in [(Value.text("F"), Value.integer(1)), (.text("G"), .text("g"))] {
      block.cells.append(key)
      block.cells.append(title)
    }
    let message = try puppet.write(ChangeSetBody(blocks: [block]), in: stream, at: world.wall)
    _ = try world[10].apply(
      message, from: puppet.replica, isIngress: true, wallMilliseconds: world.wall)
    try world.settle()
    for node in [1, 10] as [UInt32] {
      world.schemas[node] = try newer()
      try world.reopen(node)
      let rows = try ["F", "G"].map {
        try world[node].row(Self.films, scope: stream.scope, key: [.text($0)])?.values[0]
      }
      #expect(rows == [nil, .text("g")])
      #expect(try world[node].quarantineCount() == 1)
    }
    try world.settle()
  }

  /// Prefecture 10 with the old program between two nodes with the new one.
  private func mixed() throws -> World {
    try World([1, 10, 11], schemas: [11: try newer(), 1: try newer()])
  }

  private func upgrade(_ world: World, _ node: UInt32) throws {
    world.schemas[node] = try newer()
    try world.reopen(node)
  }

  /// The newest timestamp in a node's log.
  private func lastTime(_ world: World, _ node: UInt32) throws -> HybridTimestamp {
    let answer = try world[node].query(
      sql: "SELECT hlc FROM tributary_log ORDER BY id DESC LIMIT 1")
    guard case .integer(let packed)? = answer.first?.rows.first?.first else {
      return HybridTimestamp(packed: 0)
    }
    return HybridTimestamp(packed: UInt64(bitPattern: packed))
  }

  @Test func `the clock outlives an upgrade that brings registers to life`() throws {
    let world = try mixed()
    try world.insert(11, "A", [ColumnValue(Self.colour, .text("red"))])
    let begin = world.wall
    world.wall += 200_000
    try world.update(11, "A", [ColumnValue(Self.colour, .text("blue"))])
    world.wall = begin
    try world.settle()
    let seen = try lastTime(world, 11)
    try upgrade(world, 10)
    try world.update(10, "A", [ColumnValue(Self.colour, .text("green"))])
    #expect(try lastTime(world, 10) > seen)
    try world.settle()
    #expect(try world.value(1, "A", Self.colour) == .text("green"))
  }

  @Test func `a later write of most of a row is no write of its later columns`() throws {
    let world = try mixed()
    try world.insert(10, "A", [])
    try world.settle()
    let all = (1...12 as ClosedRange<UInt32>).map { ColumnID($0) }
    func value(_ column: ColumnID, _ number: Int64) -> Value {
      switch column {
      case Library.copies, Library.seen, ColumnID(10): .integer(number)
      case Library.price: .real(bits: 0)
      default: .text("v\(number)")
      }
    }
    // Not of the immutable column; the counter takes the general way.
    try world.update(
      11, "A", all.filter { $0 != Library.isbn }.map { ColumnValue($0, value($0, 1)) })
    try world.delete(10, "A")
    try world.settle()
    try world.delete(11, "A")
    try world.insert(11, "B", [])
    try world.settle()
    try upgrade(world, 10)
    try world.settle()
    let left = try #require(try world.row(10, "B")).form
    #expect(try left == world.row(11, "B")?.form)
    #expect(try world.row(10, "A") == nil)
  }

  @Test func `a counter that nobody wrote shows 0`() throws {
    let old = try Library.schema()
    let books = try #require(old.table(Library.books))
    let wider = TableDeclaration(
      id: books.id, name: books.name, scopeColumn: books.scopeColumn, key: books.key,
      columns: books.columns
        + [ColumnDeclaration(id: 13, name: "loans", kind: .integer, since: 2)],
      groups: books.groups + [GroupDeclaration(id: GroupID(13), policy: .counter)])
    let newer = try Schema(
      version: 2, tables: old.tables.filter { $0.id != books.id } + [wider])
    let world = try World([1, 10, 11], schemas: [1: newer])
    try world.insert(11, "A", [])
    try world.insert(11, "D", [])
    try world.delete(11, "D")
    try world.settle()
    world.schemas[11] = newer
    try world.reopen(11)
    let loans = ColumnID(13)
    for node in [1, 11] as [UInt32] {
      #expect(try world.value(node, "A", loans) == .integer(0))
      let table = try world[node].query(sql: "SELECT loans FROM books WHERE number = 'A'")
      #expect(table.first?.rows == [[.integer(0)]])
    }
    try world.update(11, "A", [ColumnValue(loans, .integer(3))])
    try world.insert(11, "D", [ColumnValue(loans, .integer(1))])
    try world.settle()
    #expect(try world.value(1, "A", loans) == .integer(3))
    #expect(try world.value(1, "D", loans) == .integer(1))
  }

  @Test func `a column of a version that the file has gone through is refused`() throws {
    let world = try World([1])
    let old = try Library.schema()
    let books = try #require(old.table(Library.books))
    for (version, since) in [(1, 1), (2, 1)] as [(UInt32, UInt32)] {
      let wider = TableDeclaration(
        id: books.id, name: books.name, scopeColumn: books.scopeColumn, key: books.key,
        columns: books.columns
          + [ColumnDeclaration(id: 13, name: "colour", kind: .text, since: since)],
        groups: books.groups)
      world.schemas[1] = try Schema(
        version: version, tables: old.tables.filter { $0.id != books.id } + [wider])
      let error = #expect(throws: StoreError.self) { try world.reopen(1) }
      guard case .schema(let text)? = error else { return #expect(Bool(false), "\(error as Any)") }
      #expect(text.contains("column colour is declared since version 1"))
      world.release(1)
    }
    world.schemas[1] = nil
    try world.open(1)
  }

  @Test func `a column of a later version has a higher id`() throws {
    let tables = [
      TableDeclaration(
        id: Self.films, name: "films", scopeColumn: "branch",
        key: [KeyColumn(name: "number", kind: .text)],
        columns: [
          ColumnDeclaration(id: 1, name: "title", kind: .text, since: 2),
          ColumnDeclaration(id: 2, name: "seats", kind: .integer),
        ])
    ]
    let error = #expect(throws: Schema.Invalid.self) { try Schema(version: 2, tables: tables) }
    #expect(error?.reason.contains("ids grow with versions") == true)
  }

  @Test func `an older program refuses the file, and a newer one reads it as it is`() throws {
    let world = try World([1])
    try world.insert(1, "A", in: 1, [ColumnValue(Library.title, .text("a"))])
    let reader = try Replica.openReadOnly(
      folder: world.folder(1), tree: world.tree, schema: try newer())
    let scope = try #require(Scope(code: 1))
    let row = try reader.row(Library.books, scope: scope, key: [.text("A")])
    #expect(row?.values.count == 12)
    try reader.close()
    try upgrade(world, 1)
    world.schemas[1] = nil
    let error = #expect(throws: StoreError.self) { try world.reopen(1) }
    guard case .schema(let text)? = error else { return #expect(Bool(false), "\(error as Any)") }
    #expect(text.contains("version 2, this program has 1"))
  }
}

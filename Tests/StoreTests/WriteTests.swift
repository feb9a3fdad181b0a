import Causality
import Changes
import Store
import Testing

@Suite struct WriteTests {
  @Test func `a row travels from county to province and back`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("云南"))])
    try world.settle()
    #expect(try world.value(1, "B1", Library.title) == .text("云南"))
    try world.update(1, "B1", [ColumnValue(Library.shelf, .text("A3"))])
    try world.settle()
    #expect(try world.value(11, "B1", Library.shelf) == .text("A3"))
    #expect(try world[11].conflicts().isEmpty)
  }

  @Test func `concurrent writes of one group are one conflict on every holder`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("a"))])
    try world.settle()
    try world.update(11, "B1", [ColumnValue(Library.shelf, .text("left"))])
    try world.update(1, "B1", [ColumnValue(Library.note, .text("right"))])
    try world.settle()
    let conflicts = try [1, 10, 11].map { try world[$0].conflicts() }
    #expect(conflicts[0].count == 1)
    #expect(conflicts.allSatisfy { $0.map(\.id) == conflicts[0].map(\.id) })
    // One person's shelf is never mixed with another's note.
    #expect(try world.value(11, "B1", Library.note) == .text("right"))
    #expect(try world.value(11, "B1", Library.shelf) == .null)
    _ = try world[10].resolve(
      conflicts[1][0].id, choosing: 0, author: "judge", reason: "", wallMilliseconds: world.wall)
    try world.settle()
    #expect(try world[1].conflicts().isEmpty)
  }

  @Test func `a counter adds up what several wrote`() throws {
    let world = try World()
    try world.insert(11, "B1", [ColumnValue(Library.copies, .integer(5))])
    try world.settle()
    try world.update(11, "B1", [ColumnValue(Library.copies, .integer(7))])
    try world.update(1, "B1", [ColumnValue(Library.copies, .integer(15))])
    try world.settle()
    #expect(try world.value(10, "B1", Library.copies) == .integer(17))
    #expect(try world[10].conflicts().isEmpty)
  }

  @Test func `operations on one row in one transaction become one`() throws {
    let world = try World()
    let scope = try #require(Scope(code: 11))
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall) {
      t throws(StoreError) in
      try t.insert(
        Library.books, scope: scope, key: [.text("B1")], [ColumnValue(Library.title, .text("1"))])
      try t.update(
        Library.books, scope: scope, key: [.text("B1")], [ColumnValue(Library.title, .text("2"))])
      try t.insert(
        Library.books, scope: scope, key: [.text("B2")], [ColumnValue(Library.title, .text("x"))])
      try t.delete(Library.books, scope: scope, key: [.text("B2")])
      try t.insert(
        Library.books, scope: scope, key: [.text("B2")], [ColumnValue(Library.title, .text("y"))])
    }
    try world.settle()
    #expect(try world.value(1, "B1", Library.title) == .text("2"))
    #expect(try world.value(1, "B2", Library.title) == .text("y"))
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall) {
      t throws(StoreError) in
      try t.update(
        Library.books, scope: scope, key: [.text("B1")], [ColumnValue(Library.title, .text("3"))])
      try t.update(
        Library.books, scope: scope, key: [.text("B1")], [ColumnValue(Library.note, .text("n"))])
      try t.delete(Library.books, scope: scope, key: [.text("B2")])
    }
    try world.settle()
    #expect(try world.value(1, "B1", Library.title) == .text("3"))
    #expect(try world.value(1, "B1", Library.note) == .text("n"))
    #expect(try world.row(1, "B2") == nil)
  }

  @Test func `a transaction over two streams is visible entirely or not at all`() throws {
    let world = try World()
    let (own, above) = (try #require(Scope(code: 10)), try #require(Scope(code: 11)))
    let receipt = try world[10].write(author: "t", wallMilliseconds: world.wall) {
      t throws(StoreError) in
      try t.insert(Library.books, scope: own, key: [.text("P")], [])
      try t.insert(Library.books, scope: above, key: [.text("C")], [])
    }
    #expect(receipt.dots.count == 2)
    try world.settle()
    #expect(try world.row(1, "P", in: 10) != nil)
    #expect(try world.row(1, "C") != nil)
  }

  @Test func `a failed transaction leaves nothing behind`() throws {
    let world = try World()
    let scope = try #require(Scope(code: 11))
    #expect(throws: StoreError.self) {
      try world[11].write(author: "t", wallMilliseconds: world.wall) {
        t throws(StoreError) in
        try t.insert(Library.books, scope: scope, key: [.text("B1")], [])
        try t.update(
          Library.books, scope: scope, key: [.text("B9")], [ColumnValue(Library.title, .text("2"))])
      }
    }
    #expect(try world.row(11, "B1") == nil)
    try world.insert(11, "B1", [])
    try world.settle()
  }

  @Test func `writes outside one's scope, of wrong types and into unknown columns are refused`()
    throws
  {
    let world = try World()
    let foreign = try #require(Scope(code: 10))
    #expect(throws: StoreError.scopeNotWritable(table: "books", scope: foreign)) {
      try world.insert(11, "B1", in: 10, [])
    }
    #expect(throws: StoreError.self) {
      try world.insert(11, "B1", [ColumnValue(Library.title, .integer(1))])
    }
    #expect(throws: StoreError.self) {
      try world.insert(11, "B1", [ColumnValue(ColumnID(99), .null)])
    }
    #expect(throws: StoreError.self) {
      try world.insert(11, "B1", [ColumnValue(Library.price, .real(bits: Double.nan.bitPattern))])
    }
  }
}

import Causality
import Changes
import Merge
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

  @Test
  func `an old form saved more than 256 times leaves at most 256 values, readable everywhere`()
    throws
  {
    let world = try World([1, 10])
    let scope = try #require(Scope(code: 10))
    try world.insert(10, "B1", in: 10, [ColumnValue(Library.title, .text("0"))])
    let snapshot = try world[10].row(Library.books, scope: scope, key: [.text("B1")])
    let form = try #require(snapshot).form
    var most = 0
    for save in 1...300 {
      try world.update(
        10, "B1", in: 10, [ColumnValue(Library.title, .text("\(save)"))], form: form)
      for conflict in try world[10].conflicts() { most = max(most, conflict.record.siblings.count) }
    }
    #expect(most == Limits.dotsPerRegister)
    try world.settle()
    for node: UInt32 in [1, 10] {
      #expect(try world[node].quarantineEntries().isEmpty)
      let row = try world[node].row(Library.books, scope: scope, key: [.text("B1")])
      #expect(row?.values.first == .text("300"))
    }
  }

  @Test func `a transaction of more values than its bytes allow is refused, and its parts are not`()
    throws
  {
    let wide = try Schema(
      version: 1,
      tables: [
        TableDeclaration(
          id: Library.books, name: "books", scopeColumn: "branch",
          key: [KeyColumn(name: "number", kind: .integer)],
          columns: (UInt32(1)...60).map {
            ColumnDeclaration(id: $0, name: "c\($0)", kind: .integer)
          })
      ])
    let world = try World([1], schema: wide)
    let scope = try #require(Scope(code: 1))
    let columns = (UInt32(1)...60).map { ColumnID($0) }
    func write(_ rows: Range<Int64>, _ value: Int64, isNew: Bool) throws(StoreError) {
      world.wall += 1_000
      _ = try world[1].write(author: "t", wallMilliseconds: world.wall) {
        t throws(StoreError) in
        var cells = CellTable(width: 61)
        for row in rows {
          cells.append(integer: row)
          for _ in columns { cells.append(integer: value) }
        }
        if isNew {
          try t.insertRows(Library.books, scope: scope, cells)
        } else {
          try t.updateRows(Library.books, scope: scope, columns: columns, cells)
        }
      }
    }
    // A row takes a byte: 61 values each are allowed in any number, 121 above some thousand rows are not.
    try write(0..<5_000, 0, isNew: true)
    #expect(throws: StoreError.self) { try write(0..<5_000, 1, isNew: false) }
    func first() throws -> Value? {
      try world[1].row(Library.books, scope: scope, key: [.integer(7)])?.values.first
    }
    #expect(try first() == .integer(0))
    for start in stride(from: Int64(0), to: 5_000, by: 2_500) {
      try write(start..<start + 2_500, 1, isNew: false)
    }
    #expect(try first() == .integer(1))
    #expect(try world[1].quarantineEntries().isEmpty)
  }
}

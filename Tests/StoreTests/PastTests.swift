import Causality
import Changes
import Store
import TestSupport
import Testing

/// Rows as they were at an earlier knowledge (domain.md §4.6).
@Suite struct PastTests {
  private func rows(
    _ world: World, _ node: UInt32, at cut: VersionVector
  ) throws -> Set<StoredRow>? {
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    var rows: Set<StoredRow> = []
    guard let past = try world[node].pastRows(in: stream, at: cut) else { return nil }
    try past.forEachRow(of: Library.books) {
      rows.insert($0)
      return true
    }
    return rows
  }

  @Test func `what comes while the past is read changes nothing of it`() throws {
    let world = try World([1, 10, 11])
    let stream = StreamID(scope: try #require(Scope(code: 11)))
    for key in ["A", "B"] { try world.insert(11, key, in: 11, []) }
    let before = try current(world, 11)
    let past = try #require(
      try world[11].pastRows(in: stream, at: world[11].knowledge(of: stream)))
    for step in 0..<3 {
      var rows: Set<StoredRow> = []
      try past.forEachRow(of: Library.books) { rows.insert($0).inserted }
      #expect(rows == before)
      try world.insert(11, "C\(step)", in: 11, [])
      try world.update(11, "A", [ColumnValue(Library.shelf, .text("s\(step)"))])
    }
  }

  private func current(_ world: World, _ node: UInt32) throws -> Set<StoredRow> {
    var rows: Set<StoredRow> = []
    let scope = try #require(Scope(code: 11))
    try world[node].forEachRow(of: Library.books, in: scope) {
      rows.insert($0)
      return true
    }
    return rows
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `every holder that knows a cut has the rows of that cut, whatever came later`(
    seed: UInt64
  ) throws {
    let world = try World([1, 10, 11])
    var chance = SeededGenerator(seed: seed)
    let scope = try #require(Scope(code: 11))
    let stream = StreamID(scope: scope)
    var taken: [(cut: VersionVector, rows: Set<StoredRow>)] = []
    for step in 0..<60 {
      let node: UInt32 = chance.pick([1, 10, 11])
      let key: [Value] = [.text("B\(chance.below(8))")]
      _ = try world[node].write(author: "t", reason: "step \(step)", wallMilliseconds: world.wall) {
        t throws(StoreError) in
        if try t.read(Library.books, scope: scope, key: key) == nil {
          try t.insert(
            Library.books, scope: scope, key: key,
            [ColumnValue(Library.title, .text("t\(step)"))])
        } else if step % 5 == 0 {
          try t.delete(Library.books, scope: scope, key: key)
        } else {
          try t.update(
            Library.books, scope: scope, key: key,
            [ColumnValue(Library.shelf, .text("s\(step)"))])
        }
      }
      if step % 4 == 0 {
        taken.append((try world[node].knowledge(of: stream), try current(world, node)))
      }
      if step % 7 == 0 { try world.settle() }
    }
    let unknown = taken.last(where: { cut in
      (try? world[10].knowledge(of: stream).dominates(cut.cut)) == false
    })
    if let unknown { #expect(try rows(world, 10, at: unknown.cut) == nil, "seed \(seed)") }
    try world.settle()
    for (cut, expected) in taken {
      for node in [1, 10, 11] as [UInt32] {
        #expect(try rows(world, node, at: cut) == expected, "seed \(seed), node \(node)")
      }
    }
  }

  @Test func `a deletion between two cuts is told with author and reason`() throws {
    let world = try World([1, 10, 11])
    let scope = try #require(Scope(code: 11))
    let stream = StreamID(scope: scope)
    for key in ["A", "B"] { try world.insert(11, key, in: 11, []) }
    let start = try world[11].knowledge(of: stream)
    _ = try world[11].write(author: "张", reason: "注销", wallMilliseconds: world.wall) {
      t throws(StoreError) in try t.delete(Library.books, scope: scope, key: [.text("B")])
    }
    let end = try world[11].knowledge(of: stream)
    try world.settle()
    let found = try world[1].removals(
      of: Library.books, in: stream, after: start, upTo: end)
    let writer = world[11].identity.replica
    #expect(
      found == [RowRemoval(key: [.text("B")], writer: writer, author: "张", reason: "注销")])
    #expect(
      try world[1].removals(of: Library.books, in: stream, after: end, upTo: end).isEmpty)
  }
}

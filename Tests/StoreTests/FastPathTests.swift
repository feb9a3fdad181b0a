import Causality
import Changes
import Store
import TestSupport
import Testing

/// Bulk writes replace one covered dot per register without the merge; what they leave must be what the
/// general form leaves.
@Suite struct FastPathTests {
  private static let rows = 40
  private static let rounds = 40

  @Test(
    "Bulk updates and updates in the general form give equal rows, clocks and digests",
    arguments: [1, 2, 3] as [UInt64])
  func updates(seed: UInt64) throws {
    let scope = try #require(Scope(code: 11))
    let (bulk, general) = (try World(), try World())
    for world in [bulk, general] { try insert(world, scope) }
    var random = SeededGenerator(seed: seed)
    for round in 0..<Self.rounds {
      // More different clocks than are remembered at a time.
      let chosen = (0..<Self.rows).filter { _ in Bool.random(using: &random) }
      let columns = [Library.title, Library.seen].filter { _ in Bool.random(using: &random) }
      guard !chosen.isEmpty, !columns.isEmpty else { continue }
      let writer: UInt32 = round % 5 == 4 ? 1 : 11
      try writeBulk(bulk, writer, scope, chosen, columns, round)
      try writeGeneral(general, writer, scope, chosen, columns, round)
      // `settle` compares digests, and with what `check` computes in the general form. The two worlds have
      // other keys in the registry, so that their digests differ.
      if round % 5 > 2 {
        try bulk.settle()
        try general.settle()
      }
    }
    try bulk.settle()
    try general.settle()
    for row in 0..<Self.rows {
      // Snapshots hold the values and, per register, the dots of the clock.
      #expect(try bulk.row(1, key(row)) == general.row(1, key(row)), "seed \(seed), row \(row)")
    }
  }

  private func key(_ row: Int) -> String { "B\(row + 100)" }

  private func value(_ column: ColumnID, _ row: Int, _ round: Int) -> Value {
    column == Library.title ? .text("题 \(row % 7)/\(round)") : .integer(Int64(round))
  }

  private func insert(_ world: World, _ scope: Scope) throws {
    world.wall += 1_000
    _ = try world[11].write(author: "t", wallMilliseconds: world.wall) { t throws(StoreError) in
      for row in 0..<Self.rows {
        try t.insert(
          Library.books, scope: scope, key: [.text(key(row))],
          [ColumnValue(Library.title, .text("书 \(row)"))])
      }
    }
  }

  private func writeBulk(
    _ world: World, _ node: UInt32, _ scope: Scope, _ rows: [Int], _ columns: [ColumnID],
    _ round: Int
  ) throws {
    world.wall += 1_000
    var cells = CellTable(width: 1 + columns.count)
    // The engine brings them into order.
    for row in rows.reversed() {
      cells.append(.text(Array(key(row).utf8)))
      for column in columns { cells.append(value(column, row, round)) }
    }
    _ = try world[node].write(author: "t", wallMilliseconds: world.wall) { t throws(StoreError) in
      try t.updateRows(Library.books, scope: scope, columns: columns, cells)
    }
  }

  private func writeGeneral(
    _ world: World, _ node: UInt32, _ scope: Scope, _ rows: [Int], _ columns: [ColumnID],
    _ round: Int
  ) throws {
    world.wall += 1_000
    _ = try world[node].write(author: "t", wallMilliseconds: world.wall) { t throws(StoreError) in
      for row in rows {
        // A form that saw all that stands there says what a plain update says.
        let form = try t.read(Library.books, scope: scope, key: [.text(key(row))])?.form
        try t.update(
          Library.books, scope: scope, key: [.text(key(row))],
          columns.map { ColumnValue($0, value($0, row, round)) }, form: form)
      }
    }
  }
}

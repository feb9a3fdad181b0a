import Changes
import Merge
import Store
import Testing

@Suite struct ResolveTests {
  /// Sim/bugs/resolve-writes-no-columns.plan: the decision was an update without columns, which no node
  /// could decode, and then none could write.
  @Test func `a row that was created twice is kept by decision everywhere`() throws {
    let world = try World([1, 10, 11])
    try world.insert(10, "B1", [ColumnValue(Library.title, .text("ten"))])
    try world.insert(11, "B1", [ColumnValue(Library.title, .text("eleven"))])
    try world.settle()
    let open = try #require(
      try world[1].conflicts().first { $0.record.kind == .duplicateCreate })
    world.wall += 1_000
    _ = try world[1].resolve(
      open.id, choosing: 0, author: "judge", reason: "", wallMilliseconds: world.wall)
    try world.settle()
    for node in [1, 10, 11] as [UInt32] {
      let kinds = try world[node].conflicts().map(\.record.kind)
      #expect(!kinds.contains(.duplicateCreate), "\(node)")
      #expect(try world[node].quarantineCount() == 0, "\(node)")
    }
  }
}

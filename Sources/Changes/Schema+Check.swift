extension Schema {
  func check() throws(Invalid) {
    guard version > 0 else { throw Invalid(reason: "schema version 0: versions count from 1") }
    guard tables.count <= Limits.tablesPerSchema else {
      throw Invalid(reason: "\(tables.count) tables, at most \(Limits.tablesPerSchema)")
    }
    var (ids, names): (Set<TableID>, Set<String>) = ([], [])
    for table in tables {
      guard ids.insert(table.id).inserted, names.insert(table.name).inserted else {
        throw Invalid(reason: "table \(table.name) (id \(table.id.number)) is declared twice")
      }
      try check(table)
    }
    for table in tables { try checkRules(table) }
  }

  private func check(_ table: TableDeclaration) throws(Invalid) {
    func fail(_ text: String) -> Invalid { Invalid(reason: "table \(table.name): \(text)") }
    let columnNames =
      [table.scopeColumn] + table.key.map(\.name) + table.columns.map(\.name)
    for name in [table.name] + columnNames where !Self.isName(name) {
      throw fail("the name '\(name)' is not [a-z][a-z0-9_]{0,62}")
    }
    guard table.id.number > 0 else { throw fail("table ids count from 1") }
    guard !table.key.isEmpty else { throw fail("the key has no column besides the scope") }
    for column in table.key where ![.text, .integer, .blob].contains(column.kind) {
      throw fail("key column \(column.name) is neither TEXT, INTEGER nor BLOB")
    }
    var names: Set<String> = [Self.localIDColumn]
    for name in columnNames where !names.insert(name).inserted {
      throw fail("column \(name) is declared twice")
    }
    guard table.columns.count <= Limits.columnsPerTable else {
      throw fail("\(table.columns.count) columns, at most \(Limits.columnsPerTable)")
    }
    guard table.groups.count <= Limits.groupsPerTable else {
      throw fail("\(table.groups.count) column groups, at most \(Limits.groupsPerTable)")
    }
    for (left, right) in zip(table.columns, table.columns.dropFirst()) where left.id == right.id {
      throw fail("column id \(left.id.number) is declared twice")
    }
    // What a file keeps of a row ends where a later version begins.
    for (left, right) in zip(table.columns, table.columns.dropFirst())
    where left.since > right.since {
      throw fail(
        "column \(left.name) of version \(left.since) has a lower id than \(right.name) of version "
          + "\(right.since): ids grow with versions")
    }
    for column in table.columns where column.id.number == 0 || column.kind == .null {
      throw fail("column \(column.name): ids count from 1, a column has a type")
    }
    for group in table.groups {
      let members = table.columns.filter { $0.group == group.id }
      guard let first = members.first, first.id.number == group.id.number else {
        throw fail("group \(group.id.number) is not named after its first column")
      }
      guard members.allSatisfy({ $0.since == first.since && (1...version).contains($0.since) })
      else { throw fail("group \(group.id.number): its columns differ in schema version") }
      switch group.policy {
      case .latest, .owner, .review, .immutable: break
      case .max, .min, .rank:
        guard members.count == 1 else {
          throw fail("group \(group.id.number): its policy takes one column")
        }
      case .counter:
        guard members.count == 1, first.kind == .integer else {
          throw fail("group \(group.id.number): a counter is one INTEGER column")
        }
      }
    }
  }

  /// The column of this replica's own row numbers.
  package static let localIDColumn = "local_id"

  /// Whether `text` may name a table or column: `[a-z][a-z0-9_]{0,62}`.
  package static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 63, (0x61...0x7A).contains(first) else {
      return false
    }
    return bytes.allSatisfy {
      (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
    }
  }
}

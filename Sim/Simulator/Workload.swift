import Causality
import Changes
import Merge
import Store

/// The tables of simulated worlds: one group of every policy, and a set.
enum Workload {
  static let entries = TableID(3_000)
  static let labels = TableID(3_001)

  static let orders = TableID(3_002)
  /// A table of version 2.
  static let extras = TableID(3_003)

  /// The newest version of the schema; nodes begin with one of 1 to 3 (F34).
  static let newestVersion: UInt32 = 3

  /// `isHonest`: else the schema of a node that lets itself write what only its hub may, and change what does not
  /// change.
  static func schema(
    version: UInt32 = newestVersion, isHonest: Bool = true
  ) throws(Schema.Invalid) -> Schema {
    let all = try newest(isHonest: isHonest)
    return try Schema(
      version: version,
      tables: all.tables.filter { version > 1 || $0.id != extras }.map { table in
        let columns = table.columns.filter { $0.since <= version }
        return TableDeclaration(
          id: table.id, name: table.name, channel: table.channel, writers: table.writers,
          existence: table.existence, scopeColumn: table.scopeColumn, key: table.key,
          columns: columns,
          groups: table.groups.filter { group in columns.contains { $0.group == group.id } })
      })
  }

  private static func newest(isHonest: Bool) throws(Schema.Invalid) -> Schema {
    try Schema(
      version: newestVersion,
      tables: [
        TableDeclaration(
          id: entries, name: "entries", scopeColumn: "division",
          key: [KeyColumn(name: "name", kind: .text)],
          columns: [
            ColumnDeclaration(id: 1, name: "title", kind: .text),
            ColumnDeclaration(id: ColumnID(2), name: "shelf", kind: .text, group: GroupID(2)),
            ColumnDeclaration(id: ColumnID(3), name: "note", kind: .text, group: GroupID(2)),
            ColumnDeclaration(id: 4, name: "copies", kind: .integer),
            ColumnDeclaration(id: 5, name: "state", kind: .text),
            ColumnDeclaration(id: 6, name: "code", kind: .text),
            ColumnDeclaration(id: 7, name: "highest", kind: .integer),
            ColumnDeclaration(id: 8, name: "mark", kind: .text),
            ColumnDeclaration(id: 9, name: "verdict", kind: .text),
            ColumnDeclaration(id: 10, name: "lowest", kind: .integer),
            ColumnDeclaration(id: 11, name: "own", kind: .text),
            ColumnDeclaration(id: 12, name: "colour", kind: .text, since: 2),
            ColumnDeclaration(id: 13, name: "visits", kind: .integer, since: 2),
            ColumnDeclaration(id: 14, name: "birth", kind: .text, since: 2),
            ColumnDeclaration(id: 15, name: "remark", kind: .text, since: 3),
            ColumnDeclaration(id: 16, name: "peak", kind: .integer, since: 3),
          ],
          groups: [
            GroupDeclaration(id: GroupID(4), policy: .counter),
            GroupDeclaration(
              id: GroupID(5),
              policy: .rank([
                RankState(.text("s0"), next: [.text("s1")]),
                RankState(.text("s1"), next: [.text("s2"), .text("s3")]),
                RankState(.text("s2"), next: []), RankState(.text("s3"), next: []),
              ])),
            GroupDeclaration(id: GroupID(6), policy: isHonest ? .immutable : .latest),
            GroupDeclaration(id: GroupID(7), policy: .max),
            GroupDeclaration(id: GroupID(8), policy: .owner(.tier(Tier(depth: 0)))),
            GroupDeclaration(id: GroupID(9), policy: .review),
            GroupDeclaration(id: GroupID(10), policy: .min),
            GroupDeclaration(id: GroupID(11), policy: .owner(.scope)),
            GroupDeclaration(id: GroupID(13), policy: .counter),
            GroupDeclaration(id: GroupID(14), policy: .immutable),
            GroupDeclaration(id: GroupID(15), policy: .owner(.tier(Tier(depth: 0)))),
            GroupDeclaration(id: GroupID(16), policy: .max),
          ]),
        TableDeclaration(
          id: labels, name: "labels", existence: .addWins, scopeColumn: "division",
          key: [KeyColumn(name: "entry", kind: .text), KeyColumn(name: "label", kind: .text)],
          columns: []),
        TableDeclaration(
          id: orders, name: "orders", writers: isHonest ? .above : .scopeAndAbove,
          scopeColumn: "division", key: [KeyColumn(name: "name", kind: .text)],
          columns: [ColumnDeclaration(id: 1, name: "title", kind: .text)]),
        TableDeclaration(
          id: extras, name: "extras", scopeColumn: "division",
          key: [KeyColumn(name: "name", kind: .text)],
          columns: [
            ColumnDeclaration(id: 1, name: "title", kind: .text, since: 2),
            ColumnDeclaration(id: 2, name: "count", kind: .integer, since: 2),
            ColumnDeclaration(id: 3, name: "late", kind: .text, since: 3),
          ], groups: [GroupDeclaration(id: GroupID(2), policy: .counter)]),
      ])
  }

  /// The columns that a plan writes, and those of version 1 among them.
  static let columnCount = 16
  static let firstColumnCount = 11

  /// What a number of the plan stands for in a column.
  static func value(_ column: Int, _ number: Int) -> ColumnValue {
    let value: Value
    switch column {
    case 4, 7, 10, 13, 16: value = .integer(Int64(number))
    case 5: value = .text("s\(number % 4)")
    default: value = .text("v\(number)")
    }
    return ColumnValue(ColumnID(UInt32(column)), value)
  }

  /// Letters without a pattern, which no compression makes small.
  static func largeText(_ seed: UInt64, bytes count: Int) -> Value {
    var chance = Chance(seed, .fate, UInt64(count))
    return .text((0..<count).map { _ in UInt8(0x61 + chance.below(26)) })
  }

  static func key(_ number: Int, of scope: Scope) -> [Value] {
    [.text(Array("k\(number)".utf8) + canary(scope))]
  }

  static func label(_ key: Int, _ number: Int, of scope: Scope) -> [Value] {
    [.text(Array("k\(key)".utf8) + canary(scope)), .text("l\(number)")]
  }

  /// Bytes in every key of a scope, which stand nowhere else: whose files hold them holds a row of it (S14).
  static func canary(_ scope: Scope) -> [UInt8] { Array("~only-in-\(scope.code)~".utf8) }
}

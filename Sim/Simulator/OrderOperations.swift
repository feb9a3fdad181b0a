import Causality
import Changes
import Merge

/// What three writers do to one row of two column groups: the first merges as `latest`, the second by a policy.
struct OrderOperations {
  /// What a writer does to the row.
  enum Step: Int, CaseIterable {
    case insert, first, second, both, delete
  }

  /// An operation as the engine merges it, and as the model knows it.
  struct Operation {
    let operation: RowOperation
    let write: Oracle.Write
  }

  /// A policy of the second group, whose values are the numbers of the writers' operations.
  static let policies: [(name: String, policy: Policy)] = [
    ("counter", .counter), ("latest", .latest), ("review", .review), ("immutable", .immutable),
    ("max", .max), ("min", .min), ("owner-tier", .owner(.tier(Tier(depth: 1)))),
    ("owner-scope", .owner(.scope)),
    // Two and three both follow one: concurrent, they fork.
    (
      "rank",
      .rank([
        RankState(.integer(1), next: [.integer(2), .integer(3)]),
        RankState(.integer(2), next: []), RankState(.integer(3), next: []),
      ])
    ),
  ]

  static let groups = [GroupID.existence, GroupID(1), GroupID(4)]

  let policies: RowPolicies
  private let oracle: Oracle
  private let row: Oracle.Row
  private let stream: StreamID
  private let replicas: [ReplicaID]

  init(_ policy: Policy) throws {
    let table = TableDeclaration(
      id: Workload.entries, name: "entries", scopeColumn: "division",
      key: [KeyColumn(name: "name", kind: .text)],
      columns: [
        ColumnDeclaration(id: 1, name: "title", kind: .text),
        ColumnDeclaration(id: 4, name: "copies", kind: .integer),
      ], groups: [GroupDeclaration(id: GroupID(4), policy: policy)])
    let schema = try Schema(version: 1, tables: [table])
    oracle = Oracle(schema)
    // As the schema has it, which completes the groups.
    policies = RowPolicies(schema.table(table.id))
    replicas = (1...3).compactMap { division in
      NodeCode(division: division).flatMap { ReplicaID(node: $0, epoch: 1) }
    }
    guard replicas.count == 3, let key = RowKey([.text("k")]) else {
      preconditionFailure("1 to 3 are divisions, and a short text is a key")
    }
    stream = StreamID(scope: replicas[0].node.scope)
    row = Oracle.Row(table: table.id, scope: stream.scope, key: key)
  }

  /// What is known when so many operations of each writer were delivered.
  func known(_ counts: [Int]) -> VersionVector {
    var vector = VersionVector()
    for (writer, count) in counts.enumerated() { vector[replicas[writer]] = UInt64(count) }
    return vector
  }

  /// The next operation of a writer that knows `context` operations of each writer, whose row is then `view`.
  ///
  /// `level`: the length of the longest chain of operations that ends here; clocks follow it. The first two writers
  /// have equal clocks, the first and the third write equal texts.
  func operation(
    _ step: Step, of writer: Int, context counts: [Int], level: Int, view: RowRegisters
  ) -> Operation {
    let number = UInt64(counts[writer] + 1)
    let dot = Dot(stream: stream, replica: replicas[writer], number: number)
    let timestamp = HybridTimestamp(milliseconds: UInt64(level * 10 + (writer == 2 ? 4 : 0)))
    let origin = WriteOrigin(dot: dot, timestamp: timestamp, tier: Tier(depth: UInt8(writer)))
    let known = known(counts)
    let text = Value.text([UInt8(0x61 + writer % 2), UInt8(0x30 + number)])
    var values: [GroupID: [Value]] = [:]
    if [.insert, .both, .first].contains(step) { values[GroupID(1)] = [text] }
    if [.insert, .both, .second].contains(step) {
      values[GroupID(4)] = [.integer(Int64(number))]
    }
    let kind: OperationKind =
      step == .insert ? .insert : step == .delete ? .delete : .update
    let hadValue = Set(values.keys.filter { !view[$0].isEmpty })
    let existence: RegisterValue =
      step == .delete ? .dead : .alive(isInsert: step == .insert)
    let operation = RowOperation(
      context: WriteContext(dot: dot, known: known),
      existence: RegisterWrite(kind: kind, origin: origin, value: existence),
      groups: values.keys.sorted().map { group in
        RowOperation.Group(
          id: group,
          write: RegisterWrite(
            kind: kind, origin: origin, value: .columns(values[group] ?? []),
            hadValue: hadValue.contains(group)))
      })
    return Operation(
      operation: operation,
      write: Oracle.Write(
        dot: dot, context: known, timestamp: timestamp, tier: writer, kind: kind, values: values,
        over: [:], hadValue: hadValue))
  }

  /// What of the registers is not as the model has it; nil when all is: alive or dead, which writes stand, what is
  /// shown, which conflicts are open.
  func difference(
    _ registers: RowRegisters, _ writes: [Oracle.Write], _ counts: [Int]
  ) -> String? {
    let expected = oracle.state(of: row, known: known(counts), among: writes)
    if registers.isAlive != expected.isAlive {
      return "S10 the row \(registers.isAlive ? "lives" : "is dead")"
    }
    for group in Self.groups {
      let dots = registers[group].dots.map(\.streamDot)
      if dots != expected.dots[group] ?? [] {
        return "S13 dots of group \(group.number): \(dots)"
      }
    }
    guard expected.isAlive else { return nil }
    for (place, group) in [GroupID(1), GroupID(4)].enumerated() {
      let shown = registers[group].shownColumns(policies[group])?.first
      let isCounter = policies[group] == .columns(.counter)
      if shown ?? (isCounter ? .integer(0) : .null) != expected.shown[place] {
        return "S10 group \(group.number) shows \(shown.map { "\($0)" } ?? "nothing")"
      }
    }
    let conflicts = registers.conflicts(policies).map(\.group)
    return conflicts == expected.conflicts
      ? nil : "Q4 conflicts in groups \(conflicts.map(\.number))"
  }
}

import Causality
import Changes

/// What a transaction does to its rows, by the rules for writers (engine.md §1: one operation per row, first
/// before-image, last value; §4: a group is written as a whole).
extension StoreModel {
  /// One statement of a transaction.
  enum Step {
    case insert(Row, [ColumnID: Value])
    case update(Row, [ColumnID: Value], form: [GroupID: Set<Int>]?)
    case delete(Row, form: [GroupID: Set<Int>]?)

    var row: Row {
      switch self {
      case .insert(let row, _), .update(let row, _, _), .delete(let row, _): row
      }
    }
  }

  /// Why a transaction cannot be.
  enum Impossible: Error {
    case duplicateKey
    case noSuchRow
    case immutableGroup
  }

  /// What is left of a row's statements so far.
  private struct Net {
    var kind: OperationKind?
    var columns: Set<ColumnID> = []
    var values: [ColumnID: Value] = [:]
    var form: [GroupID: Set<Int>]?
  }

  /// The operations of a transaction of `node` that knows `known`.
  func plan(
    _ steps: [Step], _ node: ReplicaID, _ known: Set<Int>
  ) throws(Impossible) -> [Row: Operation] {
    var nets: [Row: Net] = [:]
    var order: [Row] = []
    for step in steps {
      let row = step.row
      if !order.contains(row) { order.append(row) }
      var net = nets[row] ?? Net()
      try take(step, &net, view(row, known))
      nets[row] = net
      _ = try operation(net, row, node, known)
    }
    var operations: [Row: Operation] = [:]
    for row in order {
      guard let net = nets[row] else { continue }
      operations[row] = try operation(net, row, node, known)
    }
    return operations
  }

  private func take(_ step: Step, _ net: inout Net, _ view: View) throws(Impossible) {
    let wasAlive = view.values != nil
    let isAlive = net.kind.map { $0 != .delete } ?? wasAlive
    let columns = table(step.row).columns
    func original(_ column: ColumnDeclaration) -> Value {
      guard let values = view.values, let index = columns.firstIndex(of: column) else {
        return empty(column, step.row)
      }
      return values[index]
    }
    switch step {
    case .insert(_, let values):
      if isAlive { throw .duplicateKey }
      let all = columns.map { ($0.id, values[$0.id] ?? empty($0, step.row)) }
      net.values = Dictionary(uniqueKeysWithValues: all)
      if wasAlive {
        // Deleted and inserted again: what differs is an update.
        net.columns = Set(columns.filter { net.values[$0.id] != original($0) }.map(\.id))
        net.kind = net.columns.isEmpty ? nil : .update
      } else {
        (net.kind, net.columns) = (.insert, Set(columns.map(\.id)))
      }
    case .update(_, let values, let form):
      if !isAlive { throw .noSuchRow }
      net.values.merge(values) { $1 }
      net.form = form
      net.columns.formUnion(values.keys)
      if net.kind == nil { net.kind = .update }
    case .delete(_, let form):
      if !isAlive { throw .noSuchRow }
      net = Net(kind: wasAlive ? .delete : nil, form: form)
    }
  }

  private func empty(_ column: ColumnDeclaration, _ row: Row) -> Value {
    table(row).policy(of: column.group) == .counter ? .integer(0) : .null
  }

  private func operation(
    _ net: Net, _ row: Row, _ node: ReplicaID, _ known: Set<Int>
  ) throws(Impossible) -> Operation? {
    guard let kind = net.kind else { return nil }
    let table = table(row)
    let before = view(row, known)
    func over(_ group: GroupID) -> Set<Int>? { net.form.map { $0[group] ?? [] } }
    func had(_ group: GroupID) -> Bool {
      kind != .insert && before.standing[group]?.isEmpty == false
    }
    let existence: Int64 = kind == .delete ? 0 : kind == .update ? 1 : 2
    var writes: [GroupID: Write] = [
      .existence: Write(
        values: [.integer(existence)], over: over(.existence), hadValue: had(.existence))
    ]
    for group in table.groups where kind != .delete {
      let columns = table.columns.filter { $0.group == group.id }
      guard columns.contains(where: { net.columns.contains($0.id) }) else { continue }
      let old = shown(standing(row, group.id, known), group.policy)
      var values = columns.indices.map { index in
        net.values[columns[index].id] ?? old?[index] ?? empty(columns[index], row)
      }
      // An insert replaces all totals by its own.
      if group.policy == .counter, kind == .update {
        values = [total(values[0], row, group.id, node, known)]
      }
      let write = Write(values: values, over: over(group.id), hadValue: had(group.id))
      if group.policy == .immutable, write.hadValue, (write.over?.count ?? 0) < 2 {
        throw .immutableGroup
      }
      writes[group.id] = write
    }
    return Operation(kind: kind, writes: writes)
  }

  /// The running total of `node` with which a counter shows `wanted`.
  private func total(
    _ wanted: Value, _ row: Row, _ group: GroupID, _ node: ReplicaID, _ known: Set<Int>
  ) -> Value {
    let entries = standing(row, group, known)
    func number(_ value: Value?) -> Int64 {
      guard case .integer(let number)? = value else { return 0 }
      return number
    }
    let own = entries.filter { $0.dot.replica == node }.max { $0.dot.number < $1.dot.number }
    let sum = number(shown(entries, .counter)?[0])
    return .integer(number(own?.write.values[0]) + number(wanted) - sum)
  }
}

package import Causality
package import Changes
internal import Merge

/// What a replica holds under a key.
package enum FoundRow: Hashable, Sendable {
  /// Nothing, and it never did.
  case absent
  /// It was here and was deleted.
  case deleted
  /// `values`: the value columns as shown, in order of id. `proposals`: per column of a group with an owner
  /// the values that wait beside the shown one.
  case live(values: [Value], proposals: [ColumnID: [Value]])
}

extension Replica {
  /// What is held under a key, also when it was deleted. Cost: some point queries.
  package func find(
    _ table: TableID, scope: Scope, key: [Value]
  ) throws(StoreError) -> FoundRow {
    try reading { () throws(StoreError) in try found(table, scope, key) }
  }

  func found(_ table: TableID, _ scope: Scope, _ key: [Value]) throws(StoreError) -> FoundRow {
    let layout = try layout(table)
    guard let rowKey = RowKey(key) else { return .absent }
    let state = try writer.loader.load(table, layout, scope: scope, key: rowKey)
    switch state.place {
    case .nowhere: return .absent
    case .dead: return .deleted
    case .live: return .live(values: state.shown, proposals: proposals(state, layout))
    }
  }

  private func proposals(_ state: RowState, _ layout: TableLayout) -> [ColumnID: [Value]] {
    var proposals: [ColumnID: [Value]] = [:]
    for group in state.registers.groups where group.register.dots.count > 1 {
      guard let register = layout.register(of: group.id),
        case .owner = layout.policy(register)
      else { continue }
      let columns = layout.columnsOfRegister[register]
      for dot in group.register.dots {
        guard let values = dot.value.columns, values.count == columns.count else { continue }
        for (column, value) in zip(columns, values) where value != state.shown[column] {
          proposals[layout.table.columns[column].id, default: []].append(value)
        }
      }
    }
    return proposals
  }
}

extension WriteTransaction {
  /// What is held under a key as this transaction sees it, also when it was deleted.
  package func find(
    _ table: TableID, scope: Scope, key: [Value]
  ) throws(StoreError) -> FoundRow {
    try replica.found(table, scope, key)
  }
}

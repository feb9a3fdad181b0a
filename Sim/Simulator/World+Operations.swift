import CSQLite
import Causality
import Changes
import Merge
import Store

/// What people do at the nodes.
extension World {
  func operate(_ operation: Plan.Operation, _ event: Event) {
    guard let index = node(at: operation.division), let scope = Scope(code: UInt32(operation.scope))
    else { return }
    if isBusy(index, event) { return }
    let node = nodes[index]
    guard let replica = node.replica, replica.stopReason == nil, !node.isDead else { return }
    do {
      try perform(operation, scope, index, replica)
    } catch {
      switch error {
      case .immutableGroup, .noSuchConflict, .writingStopped, .scopeNotWritable: break
      // A form on a row that was deleted meanwhile, or deleted and made anew.
      case .noSuchRow where operation.kind == .save || operation.kind == .resolve: break
      case .busy: note(.blocked(node: index, what: "\(operation.kind.rawValue): \(error)"))
      default: trouble(index, error, operation.kind.rawValue)
      }
    }
    settle(index)
  }

  private func perform(
    _ operation: Plan.Operation, _ scope: Scope, _ index: Int, _ replica: Replica
  ) throws(StoreError) {
    let node = nodes[index]
    let key = Workload.key(operation.key, of: scope)
    let values = values(of: operation, replica)
    switch operation.kind {
    case .open:
      guard let row = try replica.row(Workload.entries, scope: scope, key: key) else { return }
      node.forms[operation.slot] = (
        Oracle.Row(table: Workload.entries, scope: scope, key: row.form.key), row.form
      )
    case .save:
      guard let form = node.forms.removeValue(forKey: operation.slot), !values.isEmpty,
        let formKey = form.row.key.values
      else { return }
      try write(index, replica) { transaction throws(StoreError) in
        try transaction.update(
          Workload.entries, scope: form.row.scope, key: formKey, values, form: form.form)
      }
    case .put:
      try write(index, replica) { transaction throws(StoreError) in
        try put(transaction, scope, key, values)
      }
    case .both:
      let above = tree.parent(of: scope) ?? scope
      let isWritable = tree.isAtOrAbove(replica.identity.replica.node.scope, above)
      let keyAbove = Workload.key(operation.key, of: above)
      try write(index, replica) { transaction throws(StoreError) in
        try put(transaction, scope, key, values)
        if isWritable, above != scope { try put(transaction, above, keyAbove, values) }
      }
    case .checkpoint:
      verdict.count(.checkpoint)
      replica.checkpoint()
    case .order, .bulk, .burst, .large, .extra: try load(operation, scope, index, replica)
    case .delete:
      try write(index, replica) { transaction throws(StoreError) in
        guard try transaction.read(Workload.entries, scope: scope, key: key) != nil else { return }
        try transaction.delete(Workload.entries, scope: scope, key: key)
      }
    case .label, .unlabel:
      let element = Workload.label(operation.key, operation.slot, of: scope)
      try write(index, replica) { transaction throws(StoreError) in
        let isThere =
          try transaction.read(Workload.labels, scope: scope, key: element) != nil
        if operation.kind == .label, !isThere {
          try transaction.insert(Workload.labels, scope: scope, key: element, [])
        } else if operation.kind == .unlabel, isThere {
          try transaction.delete(Workload.labels, scope: scope, key: element)
        }
      }
    case .resolve:
      // Who does not know a group cannot decide on it.
      guard
        let first = try replica.conflicts().first(where: {
          checkers.oracle.isKnown(
            $0.record.group, of: $0.record.table, at: replica.schema.version)
        }),
        replica.tree.isAtOrAbove(replica.identity.replica.node.scope, first.record.scope)
      else { return }
      let receipt = try replica.resolve(
        first.id, choosing: operation.slot % first.record.siblings.count, author: "plan",
        reason: "", wallMilliseconds: node.wall(now))
      written(index, receipt.dots)
      decided(first.record, receipt.dots, index)
    }
  }

  /// What the node's program knows of the values of an operation.
  private func values(of operation: Plan.Operation, _ replica: Replica) -> [ColumnValue] {
    let known = replica.schema.table(Workload.entries)?.columns ?? []
    return operation.values.map { Workload.value($0.column, $0.number) }
      .filter { value in known.contains { $0.id == value.column } }
  }

  /// Orders, rows of a later table, and what is large or much (F40).
  private func load(
    _ operation: Plan.Operation, _ scope: Scope, _ index: Int, _ replica: Replica
  ) throws(StoreError) {
    let key = Workload.key(operation.key, of: scope)
    let values = values(of: operation, replica)
    switch operation.kind {
    case .extra: try writeExtra(operation, scope, index, replica)
    case .order:
      try write(index, replica) { transaction throws(StoreError) in
        let title = [Workload.value(1, operation.slot)]
        if try transaction.read(Workload.orders, scope: scope, key: key) == nil {
          try transaction.insert(Workload.orders, scope: scope, key: key, title)
        } else {
          try transaction.update(Workload.orders, scope: scope, key: key, title)
        }
      }
    case .bulk:
      verdict.count(.load)
      try write(index, replica) { transaction throws(StoreError) in
        for row in 0..<(operation.slot + 1) * 100 {
          try put(transaction, scope, Workload.key(1_000 + row, of: scope), values)
        }
      }
    case .burst:
      verdict.count(.load)
      for row in 0..<100 where nodes[index].replica != nil {
        try write(index, replica) { transaction throws(StoreError) in
          try put(transaction, scope, Workload.key(row % 7, of: scope), [Workload.value(1, row)])
        }
      }
    case .large:
      verdict.count(.load)
      let text = Workload.largeText(plan.seed, bytes: 300_000 * (operation.slot + 1))
      try write(index, replica) { transaction throws(StoreError) in
        try put(transaction, scope, key, [ColumnValue(ColumnID(3), text)])
      }
    default: break
    }
  }

  private func writeExtra(
    _ operation: Plan.Operation, _ scope: Scope, _ index: Int, _ replica: Replica
  ) throws(StoreError) {
    guard let table = replica.schema.table(Workload.extras) else { return }
    let key = Workload.key(operation.key, of: scope)
    let values = [
      ColumnValue(ColumnID(1), .text("v\(operation.slot)")),
      ColumnValue(ColumnID(2), .integer(Int64(operation.slot))),
      ColumnValue(ColumnID(3), .text("late")),
    ].filter { value in table.columns.contains { $0.id == value.column } }
    try write(index, replica) { transaction throws(StoreError) in
      if try transaction.read(table.id, scope: scope, key: key) == nil {
        try transaction.insert(table.id, scope: scope, key: key, values)
      } else if operation.slot == 0 {
        try transaction.delete(table.id, scope: scope, key: key)
      } else {
        try transaction.update(table.id, scope: scope, key: key, values)
      }
    }
  }

  private func put(
    _ transaction: WriteTransaction, _ scope: Scope, _ key: [Value], _ values: [ColumnValue]
  ) throws(StoreError) {
    if try transaction.read(Workload.entries, scope: scope, key: key) == nil {
      try transaction.insert(Workload.entries, scope: scope, key: key, values)
    } else if !values.isEmpty {
      try transaction.update(Workload.entries, scope: scope, key: key, values)
    }
  }

  private func write(
    _ index: Int, _ replica: Replica, _ body: (WriteTransaction) throws(StoreError) -> Void
  ) throws(StoreError) {
    let receipt = try replica.write(
      author: "plan", wallMilliseconds: nodes[index].wall(now), body)
    written(index, receipt.dots)
  }

  private func decided(_ record: ConflictRecord, _ dots: [Dot], _ index: Int) {
    let row = Oracle.Row(table: record.table, scope: record.scope, key: record.key)
    let between = record.siblings.flatMap(\.writers).map {
      StreamDot(replica: $0.dot.replica, number: $0.dot.number)
    }
    guard let dot = dots.first(where: { $0.stream == checkers.oracle.stream(of: row) }) else {
      return
    }
    note(.decided(node: index, row: row, group: record.group, between: between, by: dot))
  }

  /// A transaction is durable: the checkers learn of it, and so do the links.
  func written(_ index: Int, _ dots: [Dot]) {
    guard !dots.isEmpty else { return }
    verdict.count(.commits)
    nodes[index].sessions.insert(index)
    inspect(index)
    queue.push(
      .changed(
        node: index, life: nodes[index].life, advanced: dots.map(\.stream), acknowledged: []),
      at: now)
  }
}

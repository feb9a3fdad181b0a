import Causality
import Changes
import Store
import TestSupport
import Testing

/// What people, programs and links do in a history.
extension StoreHistory {
  /// One random event.
  func step() throws {
    let writers: [UInt32] = [1, 10, 11, 11]
    switch random.below(20) {
    case 0..<8: try writeSomething(random.pick(writers))
    case 8..<10: try writeForeign(random.pick([10, 11]))
    default:
      let node = random.pick(Self.nodes)
      try deliver(to: node, from: random.pick(Self.nodes.filter { $0 != node }))
    }
  }

  // MARK: through the API

  private func writeSomething(_ node: UInt32) throws {
    try stamp(node)
    if random.chance(20) { return try saveForm(node) }
    var steps: [StoreModel.Step] = []
    for _ in 0..<(random.chance(70) ? 1 : 2 + random.below(3)) {
      steps.append(statement(row(node), node))
    }
    try write(node, steps, forms: steps.map { _ in nil })
  }

  /// A form that was opened, something that arrives meanwhile, and the save.
  private func saveForm(_ node: UInt32) throws {
    let row = row(node)
    guard let snapshot = try world[node].row(row.table, scope: row.scope, key: row.key) else {
      return
    }
    var seen: [GroupID: Set<Int>] = [:]
    for group in [.existence] + model.table(row).groups.map(\.id) {
      seen[group] = Set(model.standing(row, group, knows(node)).map(\.index))
    }
    if random.chance(60) {
      try deliver(to: node, from: random.pick(Self.nodes.filter { $0 != node }))
    } else if random.chance(50) {
      try write(node, [statement(row, node)], forms: [nil])
    }
    count("form")
    let values = values(row, someOnly: true)
    let step: StoreModel.Step =
      values.isEmpty || random.chance(20)
      ? .delete(row, form: seen) : .update(row, values, form: seen)
    try write(node, [step], forms: [snapshot.form])
  }

  private func statement(_ row: StoreModel.Row, _ node: UInt32) -> StoreModel.Step {
    let isAlive = model.view(row, knows(node)).values != nil
    if random.chance(5) { return .insert(row, values(row)) }
    guard isAlive else { return .insert(row, values(row)) }
    if random.chance(15) { return .delete(row, form: nil) }
    let values = values(row, someOnly: true)
    return values.isEmpty ? .delete(row, form: nil) : .update(row, values, form: nil)
  }

  private func row(_ node: UInt32) -> StoreModel.Row {
    func make(_ table: TableID, _ scope: UInt32, _ key: String...) -> StoreModel.Row {
      guard let scope = Scope(code: scope) else { preconditionFailure("a scope") }
      return StoreModel.Row(table: table, scope: scope, key: key.map { .text($0) })
    }
    switch random.below(12) {
    case 0..<6: return make(Library.books, 11, random.pick(["B1", "B2", "B3"]))
    case 6..<8: return make(Library.tags, 11, "B1", random.pick(["red", "blue"]))
    case 8: return make(Library.notices, 11, "N")
    case 9: return make(Library.drafts, 11, "D")
    default: return make(Library.books, node == 11 ? 11 : 10, "B1")
    }
  }

  private func values(_ row: StoreModel.Row, someOnly: Bool = false) -> [ColumnID: Value] {
    var columns = model.table(row).columns
    if someOnly {
      columns = Array(columns.shuffled(using: &random).prefix(1 + random.below(3)))
      // It can hardly ever be written again.
      if random.chance(80) { columns.removeAll { $0.id == Library.isbn } }
    }
    var values: [ColumnID: Value] = [:]
    for column in columns {
      switch column.kind {
      case .integer: values[column.id] = .integer(Int64(random.below(4)))
      case .real: values[column.id] = .real(bits: Double(random.below(3)).bitPattern)
      default:
        let words = column.id == Library.state ? ["in", "out", "lost", "eaten"] : ["a", "b", "c"]
        values[column.id] = .text(random.pick(words))
      }
      if random.chance(8), column.id != Library.copies { values[column.id] = .null }
    }
    return values
  }

  // MARK: by a plain connection

  /// A program that knows nothing of Tributary changes books of branch 11 in the file.
  private func writeForeign(_ node: UInt32) throws {
    try stamp(node)
    guard let scope = Scope(code: 11) else { return }
    func place(_ number: String) -> StoreModel.Row {
      StoreModel.Row(table: Library.books, scope: scope, key: [.text(number)])
    }
    let numbers = ["B1", "B2", "B3", "B4"]
    let columns = model.table(place("B1")).columns
    var before: [String: [Value]] = [:]
    for number in numbers {
      before[number] = model.view(place(number), knows(node)).values
    }
    var after = before
    // Under which number each row stood that is there now.
    var origins = Dictionary(uniqueKeysWithValues: before.keys.map { ($0, $0) })
    let file = try PlainFile(world.folder(node).database)
    if random.chance(15) {
      // Not to be written here, or not to be moved like this: put back.
      try file.run(
        """
        UPDATE books SET branch = '\(random.pick(["12", "77", "x"]))' WHERE branch = '11';
        INSERT INTO books (branch, number, copies) VALUES ('21', 'B1', 0);
        """)
      count("moved")
      unstamped[node] = [:]
      return try stamp(node)
    }
    for _ in 0..<1 + random.below(4) {
      let (number, other) = (random.pick(numbers), random.pick(numbers))
      let existed = after
      try foreignStatement(file, columns, number, other, &after)
      if existed[number] != nil, after[number] == nil {
        let origin = origins.removeValue(forKey: number)
        if existed[other] == nil, after[other] != nil { origins[other] = origin }
      }
    }
    count("foreign")
    try plan(node, before, after, origins, place)
    if random.chance(50) {
      try stamp(node)
      try check(node)
    }
  }

  /// One statement on the file, and what it makes of the table.
  private func foreignStatement(
    _ file: PlainFile, _ columns: [ColumnDeclaration], _ number: String, _ other: String,
    _ after: inout [String: [Value]]
  ) throws {
    let text = random.pick(["x", "y"])
    let match = "WHERE branch = '11' AND number = '\(number)'"
    switch random.below(5) {
    case 0 where after[number] == nil:
      try file.run(
        "INSERT INTO books (branch, number, title, copies) VALUES ('11', '\(number)', '\(text)', 2)"
      )
      after[number] = columns.map { column in
        column.id == Library.title
          ? .text(text) : column.id == Library.copies ? .integer(2) : .null
      }
    case 1:
      try file.run("DELETE FROM books \(match)")
      after[number] = nil
    case 2:
      // All other columns keep their values, as a program does that reads, changes and replaces.
      guard let old = after[number] else { return }
      let names = columns.map(\.name).joined(separator: ", ")
      try file.run(
        "REPLACE INTO books (branch, number, \(names)) SELECT branch, number, "
          + columns.map { $0.id == Library.title ? "'\(text)'" : $0.name }.joined(separator: ", ")
          + " FROM books \(match)")
      after[number] = columns.indices.map {
        columns[$0].id == Library.title ? .text(text) : old[$0]
      }
    case 3 where after[other] == nil && number != other:
      try file.run("UPDATE books SET number = '\(other)' \(match)")
      after[other] = after.removeValue(forKey: number)
    default:
      try file.run("UPDATE books SET title = '\(text)', copies = copies + 1 \(match)")
      after[number] = after[number].map { old in
        columns.indices.map { index in
          switch (columns[index].id, old[index]) {
          case (Library.title, _): .text(text)
          case (Library.copies, .integer(let number)): .integer(number + 1)
          default: old[index]
          }
        }
      }
    }
  }

  private func plan(
    _ node: UInt32, _ before: [String: [Value]], _ after: [String: [Value]],
    _ origins: [String: String], _ place: (String) -> StoreModel.Row
  ) throws {
    var planned: [StoreModel.Row: StoreModel.Operation] = [:]
    var stayed: Set<StoreModel.Row> = []
    let columns = model.table(place("B1")).columns
    for number in Set(before.keys).union(after.keys) {
      let row = place(number)
      var step: StoreModel.Step?
      switch (before[number], after[number]) {
      case (nil, let new?):
        step = .insert(row, Dictionary(uniqueKeysWithValues: zip(columns.map(\.id), new)))
      case (_?, nil): step = .delete(row, form: nil)
      case (let old?, let new?):
        let changed = columns.indices.filter { old[$0] != new[$0] }
        if !changed.isEmpty {
          step = .update(
            row, Dictionary(uniqueKeysWithValues: changed.map { (columns[$0].id, new[$0]) }),
            form: nil)
        }
      default: break
      }
      guard let step else { continue }
      do throws(StoreModel.Impossible) {
        planned.merge(
          try model.plan([step], world[node].identity.replica, knows(node))
        ) { $1 }
      } catch {
        // The second text of an immutable column: put back, and listed.
        count("put back")
        // A row that was to move there stays where it was.
        if let origin = origins[number], origin != number, after[origin] == nil {
          stayed.insert(place(origin))
        }
      }
    }
    for row in stayed { planned[row] = nil }
    unstamped[node] = planned
  }
}

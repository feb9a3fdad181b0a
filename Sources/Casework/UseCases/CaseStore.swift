package import Causality
package import Changes
package import Inspection
package import Store

/// The use cases of a unit on its replica: rules from Inspection, rows and change sets by Store. All of it
/// works without a link.
///
/// Each use case is one transaction: it reads, judges and writes, or refuses and writes nothing. Not Sendable:
/// it writes through the replica, in the task that owns it.
package struct CaseStore {
  package let replica: Replica
  /// Who is named as the writer.
  package let author: String
  package let calendar: WorkingCalendar
  package let rules: RuleSet
  let wallMilliseconds: () -> UInt64
  /// Frames and lists read many tables of few streams at one cut.
  let pasts = PastCache()

  package init(
    _ replica: Replica, author: String, calendar: WorkingCalendar, rules: RuleSet = RuleSet(),
    wallMilliseconds: @escaping () -> UInt64
  ) {
    (self.replica, self.author) = (replica, author)
    (self.calendar, self.rules) = (calendar, rules)
    self.wallMilliseconds = wallMilliseconds
  }

  /// The scope of the node's own division, where a unit's rows are.
  package var ownScope: Scope { replica.identity.replica.node.scope }

  /// Runs a use case as one transaction; a refusal leaves no change set.
  func perform<Result>(
    _ reason: String,
    _ body: (CaseTransaction) throws(StoreError) -> Swift.Result<Result, CaseworkError>
  ) throws(CaseworkError) -> Result {
    let outcome: Swift.Result<Result, CaseworkError>
    do throws(StoreError) {
      outcome = try replica.write(
        author: author, reason: reason, wallMilliseconds: wallMilliseconds()
      ) { transaction throws(StoreError) in try body(CaseTransaction(transaction)) }.result
    } catch {
      throw .store(error)
    }
    return try outcome.get()
  }

  /// The rows of a table in a scope, by key; nil: in all scopes held here. Cost: linear in them.
  package func rows(
    of table: CaseTable, in scope: Scope?, where matches: (CaseRow) -> Bool = { _ in true }
  ) throws(CaseworkError) -> [CaseRow] {
    var rows: [CaseRow] = []
    do throws(StoreError) {
      try replica.forEachRow(of: table.id, in: scope) { stored in
        let row = CaseRow(table, key: stored.key, values: stored.values)
        if matches(row) { rows.append(row) }
        return true
      }
    } catch {
      throw .store(error)
    }
    return rows
  }

  /// Whether a roster of a scope has a row. Throws `store`.
  func holds(
    _ table: TableDeclaration, _ code: String, in scope: Scope
  ) throws(CaseworkError) -> Bool {
    do throws(StoreError) {
      return try replica.row(table.id, scope: scope, key: [.text(code)]) != nil
    } catch {
      throw .store(error)
    }
  }

  /// One row; nil when there is none.
  package func row(
    of table: CaseTable, in scope: Scope, key: [Value]
  ) throws(CaseworkError) -> CaseRow? {
    do throws(StoreError) {
      let found = try replica.row(table.id, scope: scope, key: key)
      return found.map { CaseRow(table, key: key, values: $0.values) }
    } catch {
      throw .store(error)
    }
  }
}

/// What some streams were at the cuts that were asked for last, so that the log is read once for all tables of them.
final class PastCache {
  /// The streams of a unit and of those above it, for a county's freeze and its hub's check.
  private static let bound = 8
  /// The one asked for last at the end.
  private var held: [(stream: StreamID, cut: VersionVector, rows: PastRows)] = []

  /// Returns nil when the cut is not known.
  func rows(
    at cut: VersionVector, in stream: StreamID, of replica: Replica
  ) throws(StoreError) -> PastRows? {
    if let place = held.firstIndex(where: { $0.stream == stream && $0.cut == cut }) {
      held.append(held.remove(at: place))
      return held.last?.rows
    }
    guard let rows = try replica.pastRows(in: stream, at: cut) else { return nil }
    if held.count == Self.bound { held.removeFirst() }
    held.append((stream, cut, rows))
    return rows
  }
}

/// One use case's transaction, by the names of columns.
struct CaseTransaction {
  private let transaction: WriteTransaction

  init(_ transaction: WriteTransaction) { self.transaction = transaction }

  func row(
    of table: CaseTable, in scope: Scope, key: [Value]
  ) throws(StoreError) -> CaseRow? {
    let found = try transaction.read(table.id, scope: scope, key: key)
    return found.map { CaseRow(table, key: key, values: $0.values) }
  }

  func insert(
    _ table: CaseTable, in scope: Scope, key: [Value], _ fill: (inout CaseValues) -> Void
  ) throws(StoreError) {
    var values = CaseValues(table)
    fill(&values)
    try transaction.insert(table.id, scope: scope, key: key, values.values)
  }

  func update(
    _ table: CaseTable, in scope: Scope, key: [Value], _ fill: (inout CaseValues) -> Void
  ) throws(StoreError) {
    var values = CaseValues(table)
    fill(&values)
    try transaction.update(table.id, scope: scope, key: key, values.values)
  }

  func delete(_ table: CaseTable, in scope: Scope, key: [Value]) throws(StoreError) {
    try delete(table.declaration, in: scope, key: key)
  }

  func delete(_ table: TableDeclaration, in scope: Scope, key: [Value]) throws(StoreError) {
    try transaction.delete(table.id, scope: scope, key: key)
  }

  func holds(_ table: TableDeclaration, in scope: Scope, key: [Value]) throws(StoreError) -> Bool {
    try transaction.read(table.id, scope: scope, key: key) != nil
  }

  /// The values of a row of a roster, by place of their columns; nil when there is none.
  func values(
    of table: TableDeclaration, in scope: Scope, key: [Value]
  ) throws(StoreError) -> [Value]? {
    try transaction.read(table.id, scope: scope, key: key)?.values
  }

  /// Inserts a row, or updates the one that is there.
  func put(
    _ table: TableDeclaration, in scope: Scope, key: [Value], _ values: [Store.ColumnValue]
  ) throws(StoreError) {
    if try holds(table, in: scope, key: key) {
      try transaction.update(table.id, scope: scope, key: key, values)
    } else {
      try transaction.insert(table.id, scope: scope, key: key, values)
    }
  }
}

extension Sequence where Element == RuleBreach {
  /// The refusal that these breaches make; nil without any.
  var refusal: CaseworkError? {
    let all = Array(self)
    return all.isEmpty ? nil : .refused(all)
  }
}

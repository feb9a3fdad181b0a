package import Causality
package import Changes

/// What a replica holds under the key of a record.
package enum ExistingRow: Hashable, Sendable {
  case absent
  /// It was here and was deleted.
  case deleted
  /// `shown` are the values that stand, `proposed` those that wait beside them as proposals: a file
  /// that says again what is proposed already changes nothing.
  case live(shown: [ColumnID: Value], proposed: [ColumnID: [Value]])
}

/// One write of an import.
package struct RosterOperation: Hashable, Sendable {
  package let table: TableID
  package let scope: Scope
  package let key: [Value]
  /// `.insert` or `.update`.
  package let kind: OperationKind
  /// Ascending by column. Inserts have what the file says; updates what it changes, with the other
  /// columns of the same register that the file names.
  package let values: [ColumnValue]
}

/// Counts of an import. Every record is in one of the first five; bad lines are in `problems`.
package struct ImportReport: Hashable, Sendable {
  package var inserted = 0
  package var updated = 0
  package var unchanged = 0
  /// Deleted here or elsewhere, and left so.
  package var leftDeleted = 0
  /// Repeats of an earlier line of the file.
  package var duplicates = 0
  package var problems = ProblemList()
}

/// Compares a roster file with a replica by natural keys, so that importing a file again changes
/// nothing, and of a changed file only what changed (domain.md §2.9, C-25). A pure function of the
/// records and of what `lookup` says; the caller writes the operations.
package struct RosterImport: Sendable {
  package let table: RosterTable
  /// Whether rows that were deleted are inserted again.
  package let reinsertsDeleted: Bool
  package private(set) var report = ImportReport()
  /// The keys so far and their lines; only looked up, never walked.
  private var lines: [RowAddress: Int] = [:]
  private let fields: [ColumnID: RosterField]

  private struct RowAddress: Hashable {
    let scope: Scope
    let key: [Value]
  }

  package init(table: RosterTable, reinsertsDeleted: Bool = false) {
    self.table = table
    self.reinsertsDeleted = reinsertsDeleted
    var fields: [ColumnID: RosterField] = [:]
    for field in table.fields { fields[field.id] = field }
    self.fields = fields
  }

  /// The operations of one batch of records, in their order. Batches of one file go to one import, so
  /// that repeated keys are seen; of those the first line stands.
  package mutating func operations<Failure: Error>(
    for records: [RosterRecord], lookup: (Scope, [Value]) throws(Failure) -> ExistingRow
  ) throws(Failure) -> [RosterOperation] {
    var operations: [RosterOperation] = []
    for record in records {
      let address = RowAddress(scope: record.scope, key: record.key)
      if let first = lines[address] {
        report.duplicates += 1
        report.problems.append(LineProblem(line: record.line, .duplicate(firstLine: first)))
        continue
      }
      let existing = try lookup(record.scope, record.key)
      lines[address] = record.line
      if let operation = operation(for: record, existing) { operations.append(operation) }
    }
    return operations
  }

  private mutating func operation(for record: RosterRecord, _ existing: ExistingRow)
    -> RosterOperation?
  {
    func write(_ kind: OperationKind, _ values: [ColumnValue]) -> RosterOperation {
      RosterOperation(
        table: table.declaration.id, scope: record.scope, key: record.key, kind: kind,
        values: values)
    }
    switch existing {
    case .absent:
      report.inserted += 1
      return write(.insert, record.values)
    case .deleted:
      guard reinsertsDeleted else {
        report.leftDeleted += 1
        report.problems.append(LineProblem(line: record.line, .deletedElsewhere))
        return nil
      }
      report.inserted += 1
      return write(.insert, record.values)
    case .live(let shown, let proposed):
      let values = changes(record, shown: shown, proposed: proposed)
      guard !values.isEmpty else {
        report.unchanged += 1
        return nil
      }
      report.updated += 1
      return write(.update, values)
    }
  }

  private mutating func changes(
    _ record: RosterRecord, shown: [ColumnID: Value], proposed: [ColumnID: [Value]]
  ) -> [ColumnValue] {
    var stale: GroupID?
    if table == .companies,
      let month = record.values.first(where: { $0.column == CompanyFields.creditMonth.id })?.value,
      let last = shown[CompanyFields.creditMonth.id], last != .null, month < last
    {
      stale = CompanyFields.creditClass.group
      report.problems.append(
        LineProblem(
          line: record.line, column: CompanyFields.creditMonth.name, .olderCreditMonth))
    }
    var groups: [GroupID] = []
    for value in record.values {
      guard let field = fields[value.column], field.group != stale,
        isChange(value.value, field, shown: shown[value.column] ?? .null),
        proposed[value.column]?.contains(value.value) != true
      else { continue }
      groups.append(field.group)
    }
    if groups.isEmpty { return [] }
    return record.values.filter { value in
      fields[value.column].map { groups.contains($0.group) } ?? false
    }
  }

  /// A value of policy `max` changes nothing unless it is larger; spaces around a text do not count.
  private func isChange(_ new: Value, _ field: RosterField, shown: Value) -> Bool {
    if new == shown { return false }
    if field.policy == .max { return new > shown }
    guard case .text(let bytes) = new, case .text(let old) = shown, old.count > bytes.count else {
      return true
    }
    let rest = String(decoding: old, as: UTF8.self)[...].trimmed
    return !rest.utf8.elementsEqual(bytes)
  }
}

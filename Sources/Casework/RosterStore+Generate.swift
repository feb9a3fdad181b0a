package import Causality
internal import Changes
package import Store

/// What generating did to a replica.
package struct GeneratedRosters: Hashable, Sendable {
  package var companies = 0
  package var inspectors = 0
  /// Rows that were there already.
  package var present = 0
  /// The change sets written.
  package var dots: [Dot] = []
}

extension RosterStore {
  /// Companies and inspectors that `generate` would make for some divisions.
  package static func count(of generator: RosterGenerator, _ scopes: [Scope]) -> Int {
    scopes.reduce(0) { total, scope in
      guard let roster = generator.roster(of: scope) else { return total }
      return total + roster.companyCount + roster.inspectorCount
    }
  }

  /// Inserts the generated rosters of some divisions; rows that are there stay as they are. One transaction per
  /// batch. `progress` is told how many rows are done.
  ///
  /// Throws what `Replica.write` throws, `scopeNotWritable` among them.
  package func generate(
    _ generator: RosterGenerator, in scopes: [Scope], progress: (Int) -> Void = { _ in }
  ) throws(StoreError) -> GeneratedRosters {
    var result = GeneratedRosters()
    var done = 0
    for scope in scopes {
      guard let roster = generator.roster(of: scope) else { continue }
      try roster.eachCompanyBatch { table throws(StoreError) in
        let added = try insert(table, RosterSchema.companies, in: scope, &result)
        result.companies += added
        done += table.rowCount
        progress(done)
      }
      for start in stride(from: 0, to: roster.inspectorCount, by: Limits.rowsPerBatch) {
        var table = CellTable(width: DivisionRoster.inspectorWidth)
        let end = min(start + Limits.rowsPerBatch, roster.inspectorCount)
        roster.appendInspectors(start..<end, to: &table)
        result.inspectors += try insert(table, RosterSchema.inspectors, in: scope, &result)
        done += table.rowCount
        progress(done)
      }
    }
    return result
  }

  /// Inserts the rows of a batch that are not there; returns how many.
  private func insert(
    _ rows: CellTable, _ table: TableDeclaration, in scope: Scope, _ result: inout GeneratedRosters
  ) throws(StoreError) -> Int {
    if rows.rowCount == 0 { return 0 }
    do throws(StoreError) {
      result.dots += try write(rows, table, in: scope)
      return rows.rowCount
    } catch {
      guard case .duplicateKey = error else { throw error }
    }
    // Nothing of the batch was written; some of its rows are here already.
    var missing = CellTable(width: rows.width)
    for row in 0..<rows.rowCount {
      let key = table.key.indices.map { rows.value(row, $0) }
      guard case .absent = try replica.find(table.id, scope: scope, key: key) else { continue }
      for column in 0..<rows.width { missing.append(rows.cell(row, column), of: rows) }
    }
    result.present += rows.rowCount - missing.rowCount
    if missing.rowCount > 0 { result.dots += try write(missing, table, in: scope) }
    return missing.rowCount
  }

  private func write(
    _ rows: CellTable, _ table: TableDeclaration, in scope: Scope
  ) throws(StoreError) -> [Dot] {
    try replica.write(
      author: author, reason: "generated roster", wallMilliseconds: wallMilliseconds()
    ) { transaction throws(StoreError) in
      try transaction.insertRows(table.id, scope: scope, rows)
    }.dots
  }
}

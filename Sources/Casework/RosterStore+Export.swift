package import Causality
internal import Changes
package import Store

extension RosterStore {
  /// Rows that are turned into bytes at once.
  private static let rowsPerPiece = 2_000

  /// Writes the rows of the writer's roster, by division and key, those of one division at one moment. Returns
  /// the number of rows.
  ///
  /// `scopes` nil: all divisions held here, at one moment. `sink` takes the next bytes and returns false to
  /// stop.
  package func export(
    _ writer: inout RosterWriter, scopes: [Scope]? = nil, to sink: ([UInt8]) -> Bool
  ) throws(StoreError) -> Int {
    var (count, isOpen) = (0, true)
    let parts: [Scope?] = scopes.map { $0.map { Optional($0) } } ?? [nil]
    for scope in parts where isOpen {
      try replica.forEachRow(of: writer.table.declaration.id, in: scope) { row in
        writer.append(scope: row.scope, key: row.key, values: row.values)
        count += 1
        if count.isMultiple(of: Self.rowsPerPiece) { isOpen = sink(writer.takeBytes()) }
        return isOpen
      }
    }
    if isOpen { _ = sink(writer.takeBytes()) }
    return count
  }
}

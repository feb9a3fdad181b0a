package import Causality
package import Changes

extension Replica {
  /// Live rows of all tables here, the registry's among them.
  package func rowCount() throws(StoreError) -> Int {
    try reading { () throws(StoreError) in
      var count: Int64 = 0
      for stream in streams { count += try state(of: stream).rowCount }
      return Int(count)
    }
  }

  /// Bytes of all texts and blobs, and 8 per number, in the live rows of a table: what the data weighs
  /// before any encoding. Cost: reads the table.
  package func textBytes(of table: TableID) throws(StoreError) -> UInt64 {
    let layout = try layout(table)
    let names = layout.table.key.map(\.name) + layout.table.columns.map(\.name)
    let weights = names.map {
      "CASE typeof(\($0)) WHEN 'integer' THEN 8 WHEN 'real' THEN 8 WHEN 'null' THEN 0 "
        + "ELSE length(CAST(\($0) AS BLOB)) END"
    }
    return try onConnection { () throws(StoreError) in
      let select = try statements(
        "SELECT total(\(weights.joined(separator: " + "))) FROM \(layout.table.name)")
      defer { select.reset() }
      return try select.step() ? select.unsigned(0) : 0
    }
  }

  /// The keys of the first rows of a table in a scope, in order of key.
  package func keys(
    of table: TableID, in scope: Scope, limit: Int
  ) throws(StoreError) -> [[Value]] {
    let layout = try layout(table)
    let names = layout.table.key.map(\.name)
    return try onConnection { () throws(StoreError) in
      let select = try statements(
        "SELECT \(names.joined(separator: ", ")) FROM \(layout.table.name) "
          + "WHERE \(layout.table.scopeColumn) = ?1 "
          + "ORDER BY \(names.joined(separator: ", ")) LIMIT ?2")
      defer { select.reset() }
      select.bind(1, text: scope.description)
      select.bind(2, Int64(limit))
      var keys: [[Value]] = []
      while try select.step() { keys.append(names.indices.map { select.value(Int32($0)) }) }
      return keys
    }
  }
}

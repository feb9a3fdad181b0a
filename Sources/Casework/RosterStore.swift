package import Causality
internal import Changes
package import Store

/// Rosters in a replica: import, export and generated ones. The rules of an import are `RosterImport`'s; here
/// its operations become transactions of at most `Limits.rowsPerBatch` rows.
///
/// Not Sendable: it writes through the replica, in the task that owns it.
package struct RosterStore {
  package let replica: Replica
  /// Who is named as the writer.
  package let author: String
  /// Milliseconds since 1970, asked once per transaction.
  let wallMilliseconds: () -> UInt64

  package init(_ replica: Replica, author: String, wallMilliseconds: @escaping () -> UInt64) {
    (self.replica, self.author, self.wallMilliseconds) = (replica, author, wallMilliseconds)
  }

  /// The divisions whose rosters this node may write, ascending.
  package func writableScopes(of table: RosterTable) -> [Scope] {
    let own = replica.identity.replica.node.scope
    let declaration = table.declaration
    return replica.streams.filter { $0.channel == declaration.channel }.map(\.scope)
      .filter { replica.tree.mayWrite(own, declaration.writers, in: $0) }
  }
}

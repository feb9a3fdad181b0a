package import Causality
package import Changes

/// What can go wrong in a replica. Facts only; text for people is made in the products.
package enum StoreError: Error, Equatable, Sendable {
  /// SQLite failed in a way that a later try may mend (busy, locked, interrupted).
  case busy(String)
  /// The disk or quota is full; the transaction was rolled back and nothing was lost.
  case diskFull(String)
  /// SQLite reported an I/O error or a damaged file; `check` tells more.
  case storage(code: Int32, message: String)
  /// A file of the replica's folder is missing, unreadable or not what it should be.
  case folder(path: String, problem: String)
  /// The tables in the file do not have the shape that the schema declares.
  case schema(String)
  /// This replica no longer writes: it was restored or cloned.
  case writingStopped(StopReason)
  /// A write names a table or column that is not in the schema.
  case unknownName(String)
  /// A write into a scope that this node does not hold or may not write.
  case scopeNotWritable(table: String, scope: Scope)
  /// An insert of a row that exists.
  case duplicateKey(table: String, key: RowKey)
  /// An update or delete of a row that does not exist.
  case noSuchRow(table: String, key: RowKey)
  /// A value that does not fit its column, key or limit.
  case invalidValue(table: String, column: String, problem: String)
  /// A second write of a group that is written once.
  case immutableGroup(table: String, column: String)
  /// `over` names dots that the row never had here.
  case staleFormInvalid(table: String, key: RowKey)
  /// No conflict with that id is open here.
  case noSuchConflict(String)
  /// Bytes of the log or of a row clock do not decode; the file is damaged.
  case damagedRecord(String)
  /// A node that cannot be admitted here.
  case notAdmissible(String)
  /// The rows of a cut cannot be read here.
  case cutUnreadable(CutProblem)
}

/// Why a replica stopped writing under its epoch. Source: engine.md §6.
package enum StopReason: Hashable, Sendable {
  /// The lease file and the database disagree: the file was put back from a copy.
  case leaseMismatch(LeaseProblem)
  /// Noted in the file by an earlier opening, in the words of the reason then.
  case noted(String)
  /// A peer knows more of this replica's own change sets than the replica itself.
  case restored(stream: StreamID, peer: ReplicaID, known: UInt64, own: UInt64)
  /// A peer holds another change set under one of this replica's own dots.
  case cloned(stream: StreamID, peer: ReplicaID, number: UInt64)
}

extension StopReason: CustomStringConvertible {
  /// One line for status, logs and the file.
  package var description: String {
    switch self {
    case .leaseMismatch(let problem): "lease: \(problem)"
    case .noted(let text): text
    case .restored(let stream, let peer, let known, let own):
      "restored: \(peer) knows \(known) of my change sets in \(stream), I have \(own)"
    case .cloned(let stream, let peer, let number):
      "cloned: \(peer) holds another change set \(number) of mine in \(stream)"
    }
  }
}

package import Causality

/// Why a lease file and a database do not belong together. Source: engine.md §6.
package enum LeaseProblem: Hashable, Sendable {
  /// There is no lease file, although the database was opened before.
  case missing(path: String)
  /// The lease file does not decode.
  case damaged(path: String)
  /// The lease file names another replica.
  case ofAnother(replica: String, own: ReplicaID)
  /// The database is older or newer than the lease: one of the two was put back from a copy.
  case otherNonce
  /// The database lacks own change sets that the lease saw.
  case behind(StreamID, number: UInt64, seen: UInt64)
}

extension LeaseProblem: CustomStringConvertible {
  /// One line for status, logs and the file.
  package var description: String {
    switch self {
    case .missing(let path): "the file \(path) is missing"
    case .damaged(let path): "the file \(path) is damaged"
    case .ofAnother(let replica, let own):
      "the file belongs to replica \(replica), the database to \(own)"
    case .otherNonce:
      "the database is older or newer than its lease: it was put back from a copy"
    case .behind(let stream, let number, let seen):
      "\(stream) ends at \(number), the lease saw \(seen)"
    }
  }
}

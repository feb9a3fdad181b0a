/// The first byte of what is hashed: a hash made for one purpose is never one for another.
///
/// Source: RFC 6962 §2.1 (the same for leaves and nodes); Protocol/9-Limits §10.
package enum HashDomain: UInt8, Hashable, Sendable, CaseIterable {
  /// The canonical bytes of one change set.
  case changeSet = 0
  /// The hash before and the content hash: the next hash of a chain.
  case chain = 1
  /// The heads of a stream.
  case heads = 2
  /// One live row, for the digest.
  case row = 3
  /// A CHANGES payload that travels in parts.
  case parts = 4
}

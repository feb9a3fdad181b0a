internal import Causality
internal import Changes

/// The lease file: what the database should be, kept outside it, so that a database put back from a copy is
/// noticed before it writes. The file lock makes one process the owner.
///
/// Source: engine.md §6. Both file and database hold a nonce that is new at each opening; the file also holds
/// the last durable number of the replica's own change sets.
final class Lease {
  private let folder: ReplicaFolder
  private let host: any Host
  private let lock: any FileLock
  /// What the file holds, once it was found to fit or was written.
  private(set) var nonce: String?

  /// Takes the lock; nil when another process has it.
  init?(_ folder: ReplicaFolder, _ host: any Host) throws(StoreError) {
    guard let lock = try host.lock(folder.lock) else { return nil }
    (self.folder, self.host, self.lock) = (folder, host, lock)
  }

  /// Compares file and database; nil when they agree. A new nonce that reached the database but not the file
  /// is the trace of a crash between the two, not of a copy.
  func problem(
    replica: ReplicaID, nonces: (current: String?, previous: String?),
    ownNumber: (StreamID) throws(StoreError) -> UInt64
  ) throws(StoreError) -> LeaseProblem? {
    guard host.exists(folder.lease) else {
      return nonces.current == nil ? nil : .missing(path: folder.lease)
    }
    let bytes = try host.read(folder.lease)
    guard let content = LeaseContent(file: bytes) else { return .damaged(path: folder.lease) }
    guard content.replica == replica.description else {
      return .ofAnother(replica: content.replica, own: replica)
    }
    guard content.nonce == nonces.current || content.nonce == nonces.previous else {
      return .otherNonce
    }
    for (text, number) in content.own.sorted(by: { $0.key < $1.key }) {
      guard let packed = UInt32(text), let stream = StreamID(packed: packed) else { continue }
      let have = try ownNumber(stream)
      if have < number { return .behind(stream, number: have, seen: number) }
    }
    self.nonce = content.nonce
    return nil
  }

  /// Writes the file, after the database has the nonce durably.
  func write(
    replica: ReplicaID, nonce: String, own: [(StreamID, UInt64)]
  ) throws(StoreError) {
    guard let bytes = LeaseContent(replica: replica, nonce: nonce, own: own).file else {
      throw .folder(path: folder.lease, problem: "cannot be encoded")
    }
    try host.write(bytes, to: folder.lease, isPrivate: false)
    self.nonce = nonce
  }
}

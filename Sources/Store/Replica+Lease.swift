internal import CSQLite
internal import Causality
internal import Changes
internal import Foundation
internal import GRDB

extension Replica {
  func fact(_ name: String) throws(StoreError) -> String? {
    let select = try statements("SELECT CAST(value AS TEXT) FROM tributary_meta WHERE name = ?")
    defer { select.reset() }
    select.bind(1, text: name)
    return try select.step() ? select.text(0) : nil
  }

  func setFact(_ name: String, _ value: String) throws(StoreError) {
    let insert = try statements("INSERT OR REPLACE INTO tributary_meta VALUES (?1, ?2)")
    insert.bind(1, text: name)
    insert.bind(2, text: value)
    try insert.run()
  }

  func readStopReason() throws(StoreError) {
    try onConnection { () throws(StoreError) in
      if let text = try fact("stopped") { stopReason = .noted(text) }
    }
  }

  /// Compares the lease with the database, then renews both. A replica that stopped once stays stopped.
  func takeLease() throws(StoreError) {
    try readStopReason()
    guard let lease, stopReason == nil else { return }
    let own = identity.replica
    let problem = try reading { () throws(StoreError) in
      try lease.problem(
        replica: own, nonces: (fact("lease"), fact("previous_lease"))
      ) { stream throws(StoreError) in
        try state(of: stream).known[own]
      }
    }
    if let problem {
      try stopWriting(.leaseMismatch(problem))
      return
    }
    try renewLease()
  }

  private func renewLease() throws(StoreError) {
    guard let lease else { return }
    let nonce = Hexadecimal.encode(host.randomBytes(16))
    try transaction(stamping: nil) { () throws(StoreError) in
      // What the file holds, not what the database held last: when the file cannot be written, any number
      // of times, it still fits.
      if let held = lease.nonce { try setFact("previous_lease", held) }
      try setFact("lease", nonce)
    }
    try lease.write(replica: identity.replica, nonce: nonce, own: try ownNumbers())
  }

  private func ownNumbers() throws(StoreError) -> [(StreamID, UInt64)] {
    try reading { () throws(StoreError) in
      var numbers: [(StreamID, UInt64)] = []
      for stream in streams {
        let number = try state(of: stream).known[identity.replica]
        if number > 0 { numbers.append((stream, number)) }
      }
      return numbers
    }
  }

  /// Stops writing under this epoch, durably: only a new epoch may write again (engine.md §6).
  package func stopWriting(_ reason: StopReason) throws(StoreError) {
    guard stopReason == nil else { return }
    try transaction(stamping: nil) { () throws(StoreError) in
      try setFact("stopped", reason.description)
    }
    stopReason = reason
  }

  /// Orderly end: a checkpoint, and a lease that knows the last numbers. After a disk failure there is no
  /// checkpoint: what the disk dropped with a sync may be what the log is thought to hold.
  package func close() throws(StoreError) {
    if lease != nil, stopReason == nil { try renewLease() }
    if rowChanges != nil { _ = try stopCountingRows() }
    statements.removeAll()
    if isOwner, diskFailure == nil { csqlite_set_checkpoint_on_close(statements.connection, 1) }
    do { try database.close() } catch {
      throw .storage(code: 0, message: "close: \(error)")
    }
  }
}

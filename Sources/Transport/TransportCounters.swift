internal import Synchronization

/// What a listener has carried since it started; for `/metrics`.
package struct TransportCounts: Hashable, Sendable {
  package var requests = 0
  /// Requests answered with 429.
  package var refusedBusy = 0
  /// Requests answered with another error status.
  package var refusedOther = 0
  /// Bodies that ended early or came too slowly.
  package var cutBodies = 0
  package var receivedBytes = 0
  package var sentBytes = 0
  package var exchangesNow = 0
  package var waitsNow = 0
}

/// A lock, not an actor: counting must not wait.
final class TransportCounters: Sendable {
  private let counts = Mutex(TransportCounts())

  func update(_ change: (inout TransportCounts) -> Void) { counts.withLock { change(&$0) } }

  var snapshot: TransportCounts { counts.withLock { $0 } }
}

internal import Synchronization

/// Counts who is inside, and lets no more than a stated number in.
///
/// A lock, not an actor: requests enter from many tasks, and leaving must not wait.
final class AdmissionGate: Sendable {
  private let inside = Mutex(0)
  let limit: Int

  init(limit: Int) {
    precondition(limit > 0, "a gate lets someone in")
    self.limit = limit
  }

  /// How many are inside now.
  var count: Int { inside.withLock { $0 } }

  /// A place, or nil when all are taken. It is given back by `leave()`, or when it is dropped: an answer
  /// whose connection broke is never run.
  func enter() -> Place? {
    inside.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    } ? Place(gate: self) : nil
  }

  /// One taken place.
  final class Place: Sendable {
    private let gate: AdmissionGate
    private let hasLeft = Mutex(false)

    fileprivate init(gate: AdmissionGate) { self.gate = gate }

    deinit { leave() }

    /// Gives the place back; again is nothing.
    func leave() {
      let isFirst = hasLeft.withLock { left in
        defer { left = true }
        return !left
      }
      if isFirst { gate.inside.withLock { $0 -= 1 } }
    }
  }
}

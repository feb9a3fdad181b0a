internal import Causality

/// Reads the change sets of one replica in a stream from the log, ascending by number.
///
/// Goes along the log as long as they follow one another there, and looks the next one up where they do not.
final class LogCursor {
  /// The entry stepped to: `Replica.logColumns`.
  let row: Statement
  private let statements: StatementCache
  private let stream: StreamID
  private let replica: ReplicaID
  private var number: UInt64
  private var isPlaced = false
  private static let rows =
    "SELECT \(Replica.logColumns) FROM tributary_log WHERE id >= ? ORDER BY id"

  init(
    _ statements: StatementCache, _ stream: StreamID, _ replica: ReplicaID, after number: UInt64
  ) throws(StoreError) {
    (self.statements, self.stream, self.replica) = (statements, stream, replica)
    self.number = number
    row = try statements.take(Self.rows)
  }

  deinit { statements.giveBack(row, Self.rows) }

  /// Whether there is a next one; numbers are contiguous.
  func step() throws(StoreError) -> Bool {
    number += 1
    if isPlaced, try row.step(), isNext { return true }
    row.reset()
    let place = try statements("SELECT id FROM tributary_log WHERE \(EngineTables.isDot)")
    defer { place.reset() }
    place.bind(1, stream.packed)
    place.bind(2, replica.packed)
    place.bind(3, number)
    guard try place.step() else {
      isPlaced = false
      return false
    }
    row.bind(1, place.integer(0))
    isPlaced = try row.step()
    return isPlaced && isNext
  }

  private var isNext: Bool {
    row.unsigned(2) == UInt64(stream.packed) && row.unsigned(3) == replica.packed
      && row.unsigned(4) == number
  }
}

/// Reads the change sets of several replicas and streams in the order in which they were applied here.
final class LogMerge {
  private var cursors: [LogCursor] = []
  private var index: Int?

  /// `runs`: what to begin after, each stream and replica once.
  init(
    _ statements: StatementCache, _ runs: [(stream: StreamID, replica: ReplicaID, after: UInt64)]
  ) throws(StoreError) {
    for run in runs {
      let cursor = try LogCursor(statements, run.stream, run.replica, after: run.after)
      if try cursor.step() { cursors.append(cursor) }
    }
  }

  /// The entry stepped to: `Replica.logColumns`; nil before the first and after the last.
  var row: Statement? { index.map { cursors[$0].row } }

  func step() throws(StoreError) -> Bool {
    if let index, try !cursors[index].step() { cursors.remove(at: index) }
    index = cursors.indices.min { cursors[$0].row.integer(0) < cursors[$1].row.integer(0) }
    return index != nil
  }
}

internal import Causality
internal import Changes

/// What the merge needs to know of a change set in the log, by its local id.
struct DotInfo {
  let log: Int64
  let stream: StreamID
  let dot: StreamDot
  let timestamp: HybridTimestamp
  let schemaVersion: UInt32
  var flags: LogFlags

  var fullDot: Dot { Dot(stream: stream, replica: dot.replica, number: dot.number) }
}

/// Marks of a change set in the log.
struct LogFlags: OptionSet {
  let rawValue: Int64
  /// The body is deflated.
  static let deflated = LogFlags(rawValue: 1)
  /// Refused by its ingress hub: known, without effect.
  static let refused = LogFlags(rawValue: 2)
  /// Its clock was ahead at its ingress hub.
  static let suspect = LogFlags(rawValue: 4)
  /// Not decodable or not valid: known, without effect.
  static let malformed = LogFlags(rawValue: 8)
  /// Of a parked change set only: it entered here, and is judged when it is applied.
  static let awaitsJudgement = LogFlags(rawValue: 16)
}

/// Dots by local log id, read once; bounded.
final class DotTable {
  private var known: [Int64: DotInfo] = [:]
  /// Also of change sets that are being written and are not in the log yet.
  private var logs: [Dot: Int64] = [:]
  /// The last two asked for: the registers of a row in conflict mostly have the same ones.
  private var recent: [(dot: Dot, log: Int64)] = []
  private static let bound = 200_000

  func insert(_ info: DotInfo) {
    if known.count >= Self.bound { removeAll() }
    known[info.log] = info
    logs[info.fullDot] = info.log
  }

  func removeAll() {
    known = [:]
    logs = [:]
    recent = []
  }

  /// The dot of a log id, when it was read or written here of late.
  func known(_ log: Int64) -> DotInfo? { known[log] }

  /// The dot of a log id that a clock names.
  func info(_ log: Int64, _ statements: StatementCache) throws(StoreError) -> DotInfo {
    if let info = known[log] { return info }
    let statement = try statements(
      "SELECT stream, replica, number, hlc, schema_version, flags FROM tributary_log WHERE id = ?")
    defer { statement.reset() }
    statement.bind(1, log)
    guard try statement.step(),
      let stream = StreamID(packed: UInt32(truncatingIfNeeded: statement.integer(0))),
      let replica = ReplicaID(packed: statement.unsigned(1))
    else { throw .damagedRecord("a row clock names log entry \(log), which is not there") }
    let info = DotInfo(
      log: log, stream: stream, dot: StreamDot(replica: replica, number: statement.unsigned(2)),
      timestamp: HybridTimestamp(packed: statement.unsigned(3)),
      schemaVersion: UInt32(truncatingIfNeeded: statement.integer(4)),
      flags: LogFlags(rawValue: statement.integer(5)))
    insert(info)
    return info
  }

  /// The log id of a dot; nil when it is not in the log.
  func log(
    of dot: StreamDot, in stream: StreamID, _ statements: StatementCache
  ) throws(StoreError) -> Int64? {
    try log(of: Dot(stream: stream, replica: dot.replica, number: dot.number), statements)
  }

  func log(of dot: Dot, _ statements: StatementCache) throws(StoreError) -> Int64? {
    for index in recent.indices where recent[index].dot == dot { return recent[index].log }
    if let log = logs[dot] {
      if recent.count == 2 { recent.removeFirst() }
      recent.append((dot, log))
      return log
    }
    let statement = try statements(
      "SELECT id FROM tributary_log WHERE \(EngineTables.isDot)")
    defer { statement.reset() }
    statement.bind(1, dot.stream.packed)
    statement.bind(2, dot.replica.packed)
    statement.bind(3, dot.number)
    return try statement.step() ? statement.integer(0) : nil
  }
}

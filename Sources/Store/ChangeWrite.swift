internal import Causality
internal import Changes
internal import Merge

/// One change set while its operations are applied: who wrote it, and what it covers.
final class ChangeWrite {
  let info: DotInfo
  let context: WriteContext
  let origin: WriteOrigin
  let stream: StreamState
  /// The writer is this replica, now: everything here is in its context.
  let isLocal: Bool
  private var lastLog: Int64 = 0
  private var lastIsCovered = false

  init(
    info: DotInfo, context: WriteContext, origin: WriteOrigin, stream: StreamState, isLocal: Bool
  ) {
    self.info = info
    self.context = context
    self.origin = origin
    self.stream = stream
    self.isLocal = isLocal
  }

  var scope: Scope { stream.stream.scope }

  /// Whether the write saw the change set behind a local log id.
  func covers(
    _ log: Int64, _ dots: DotTable, _ statements: StatementCache
  ) throws(StoreError) -> Bool {
    if isLocal { return true }
    if log == lastLog { return lastIsCovered }
    let dot = try dots.info(log, statements).dot
    lastLog = log
    lastIsCovered = context.contains(dot.replica, dot.number)
    return lastIsCovered
  }
}

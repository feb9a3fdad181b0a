internal import NIOCore
internal import Synchronization

/// Closes a connection, or its reading half, when what it waits for does not come in time.
///
/// It counts only the time spent inside `watching`, so a slow disk on this side is never held against
/// the peer. A lock, not an actor: the alarm is set on a task and rings on an event loop.
final class SilenceAlarm: Sendable {
  private struct State {
    var lastProgress = NIODeadline.now()
    var hasRung = false
    var scheduled: Scheduled<Void>?
  }

  private let channel: any Channel
  private let limit: TimeAmount
  private let mode: CloseMode
  private let state = Mutex(State())

  init(_ channel: any Channel, milliseconds: UInt64, closing mode: CloseMode) {
    self.channel = channel
    self.mode = mode
    limit = .milliseconds(Int64(clamping: milliseconds))
  }

  /// True when the connection was closed for its silence.
  var hasRung: Bool { state.withLock { $0.hasRung } }

  /// Notes that the peer moved: what a second task sends counts for the one that waits.
  func touch() { state.withLock { $0.lastProgress = .now() } }

  /// Waits for `operation`, at most so long without progress.
  nonisolated(nonsending) func watching<Value>(_ operation: () async throws -> Value) async throws
    -> Value
  {
    touch()
    schedule(in: limit)
    defer { state.withLock { $0.scheduled?.cancel() } }
    return try await operation()
  }

  /// Closes the connection now, without ringing.
  func abandon() { channel.close(mode: mode, promise: nil) }

  private func schedule(in delay: TimeAmount) {
    let scheduled = channel.eventLoop.scheduleTask(in: delay) { [self] in check() }
    state.withLock { $0.scheduled = scheduled }
  }

  private func check() {
    let rest = state.withLock { state -> TimeAmount in
      let rest = state.lastProgress + limit - .now()
      if rest <= .zero { state.hasRung = true }
      return rest
    }
    if rest <= .zero {
      channel.close(mode: mode, promise: nil)
    } else {
      schedule(in: rest)
    }
  }
}

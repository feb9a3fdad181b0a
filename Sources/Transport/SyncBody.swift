internal import Changes
internal import Hummingbird
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// The bytes of a request body, as they arrive; to be read once.
///
/// `@unchecked Sendable`: the iterator that it wraps belongs to one connection and is used by one task
/// at a time, first by the handler's, then by the answer's (the rest is dropped there).
package final class SyncBody: AsyncSequence, AsyncIteratorProtocol, @unchecked Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = TransportError

  private let pull: () async throws -> [UInt8]?
  private let alarm: SilenceAlarm?
  private let limitBytes: Int
  private let slowestWindow: Duration
  private let leastBytesPerWindow: Int
  private var windowTime = Duration.zero
  private var windowBytes = 0
  private var failure: TransportError?
  private let stops = Mutex(false)

  /// Bytes given out so far.
  package private(set) var receivedBytes = 0
  /// True when the end was seen.
  package private(set) var isComplete = false

  /// A body that some other carrier produces; `pull` returns nil at its end and throws when it is cut.
  package init(limitBytes: Int, _ pull: @escaping () async throws -> [UInt8]?) {
    self.pull = pull
    self.limitBytes = limitBytes
    alarm = nil
    slowestWindow = .zero
    leastBytesPerWindow = 0
  }

  init(_ body: RequestBody, channel: any Channel, limitBytes: Int, silenceMilliseconds: UInt64) {
    var iterator = body.makeAsyncIterator()
    pull = { try await iterator.next().map { Array($0.readableBytesView) } }
    self.limitBytes = limitBytes
    // Only the reading half is closed, so that the child may still read why.
    alarm = SilenceAlarm(channel, milliseconds: silenceMilliseconds, closing: .input)
    slowestWindow = .milliseconds(silenceMilliseconds)
    leastBytesPerWindow = Limits.leastBytesPerSilence
  }

  package func makeAsyncIterator() -> SyncBody { self }

  /// The next bytes, nil after the last. Throws `bodyCut`, `bodyTooLarge`, `tooSlow` or `stopping`, and
  /// the same again when called again.
  package func next() async throws(TransportError) -> [UInt8]? {
    if let failure { throw failure }
    guard !isComplete else { return nil }
    do {
      guard let bytes = try await pullInTime() else {
        if stops.withLock({ $0 }) { throw TransportError.stopping }
        isComplete = true
        return nil
      }
      receivedBytes += bytes.count
      windowBytes += bytes.count
      guard receivedBytes <= limitBytes else {
        throw TransportError.bodyTooLarge(limitBytes: limitBytes)
      }
      return bytes
    } catch {
      let reason = reason(for: error)
      failure = reason
      throw reason
    }
  }

  /// Ends the body with `stopping`; from any task.
  func stop(_ channel: any Channel) {
    stops.withLock { $0 = true }
    channel.close(mode: .input, promise: nil)
  }

  /// Reads and drops the rest, at most `Limits.lingerBytes`; false when more is to come.
  func dropRest() async -> Bool {
    let start = receivedBytes
    do throws(TransportError) {
      while receivedBytes - start <= Limits.lingerBytes {
        guard try await next() != nil else { return true }
      }
    } catch {
      return false
    }
    return false
  }

  private func pullInTime() async throws -> [UInt8]? {
    guard let alarm else { return try await pull() }
    let start = ContinuousClock.now
    let bytes = try await alarm.watching(pull)
    windowTime += ContinuousClock.now - start
    if windowTime >= slowestWindow {
      guard windowBytes + (bytes?.count ?? leastBytesPerWindow) >= leastBytesPerWindow else {
        throw TransportError.tooSlow(receivedBytes: receivedBytes)
      }
      (windowTime, windowBytes) = (.zero, 0)
    }
    return bytes
  }

  private func reason(for error: any Error) -> TransportError {
    if stops.withLock({ $0 }) { return .stopping }
    if let alarm, alarm.hasRung { return .tooSlow(receivedBytes: receivedBytes) }
    return error as? TransportError ?? .bodyCut(receivedBytes: receivedBytes)
  }
}

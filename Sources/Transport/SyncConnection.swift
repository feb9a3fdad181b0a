internal import Changes
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// One connection to a parent; exchanges go over it one after the other.
///
/// Owned by the task that runs `SyncClient.withConnection`. After an error nothing more can be sent.
package final class SyncConnection: SyncLink {
  typealias AsyncChannel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  private let parent: ParentAddress
  private let channel: any Channel
  private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
  private let alarm: SilenceAlarm
  private let timeouts: SyncClient.Timeouts
  private let responseLimitBytes: Int
  /// How long the rest of a turn may take that was answered before its end.
  private static let grace = Duration.milliseconds(500)
  /// False once the hub said so, or once an exchange ended otherwise than at its end.
  package private(set) var isReusable = true

  init(
    parent: ParentAddress, channel: any Channel,
    inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator,
    outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>,
    timeouts: SyncClient.Timeouts, responseLimitBytes: Int
  ) {
    self.parent = parent
    self.channel = channel
    self.inbound = inbound
    self.outbound = outbound
    self.timeouts = timeouts
    self.responseLimitBytes = responseLimitBytes
    alarm = SilenceAlarm(channel, milliseconds: timeouts.answerMilliseconds, closing: .all)
  }

  /// Sends and receives at the same time: a hub may answer before it has read all.
  package nonisolated(nonsending) func exchange<Body: AsyncSequence & Sendable>(
    _ path: SyncPath, body: Body, onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> ExchangeReceipt where Body.Element == [UInt8] {
    guard isReusable else {
      throw .cut(parent, during: .connecting, reason: "the hub closed the connection")
    }
    isReusable = false
    let sending = Sending(head: head(path), outbound: outbound, alarm: alarm)
    let outcome = await withTaskGroup(
      of: Void.self, returning: Result<(Int, Bool), TransportError>.self
    ) { group in
      group.addTask { await sending.run(body) }
      let outcome: Result<(Int, Bool), TransportError>
      do throws(TransportError) {
        let (receivedBytes, keepsAlive) = try await receive(sending, onBytes)
        outcome = .success((receivedBytes, keepsAlive))
        if keepsAlive {
          // Who answers before the end of a turn reads on: sent whole, the connection may be used again. The pause is
          // cancelled when the turn is sent.
          group.addTask { try? await Task.sleep(for: Self.grace) }
          await group.next()
        }
      } catch {
        outcome = .failure(error)
      }
      group.cancelAll()
      return outcome
    }
    if Task.isCancelled { throw .cancelled }
    switch outcome {
    case .failure(let error):
      channel.close(promise: nil)
      throw error
    case .success((let receivedBytes, let keepsAlive)):
      let progress = sending.progress
      isReusable = keepsAlive && progress.isComplete
      if !isReusable { channel.close(promise: nil) }
      return ExchangeReceipt(sentBytes: progress.sentBytes, receivedBytes: receivedBytes)
    }
  }

  private func head(_ path: SyncPath) -> HTTPRequestHead {
    HTTPRequestHead(
      version: .http1_1, method: .POST, uri: parent.prefix + path.rawValue,
      headers: [
        "Host": parent.endpoint.description, "Content-Type": SyncPath.contentType,
        "Accept": SyncPath.contentType, "Transfer-Encoding": "chunked",
      ])
  }

  /// Returns the bytes of the answer, and whether the connection may be used again.
  private nonisolated(nonsending) func receive(
    _ sending: Sending, _ onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> (Int, Bool) {
    var head: HTTPResponseHead?
    var errorBody: [UInt8] = []
    var receivedBytes = 0
    while true {
      switch try await next(sending, hasHead: head != nil) {
      case .head(let newHead):
        if newHead.status.code >= 200 {
          head = newHead
          if newHead.status == .ok { try check(newHead) }
        }
      case .body(let buffer):
        receivedBytes += buffer.readableBytes
        guard receivedBytes <= responseLimitBytes else {
          throw .bodyTooLarge(limitBytes: responseLimitBytes)
        }
        guard head?.status == .ok else {
          errorBody += buffer.readableBytesView.prefix(Limits.errorBodyBytes - errorBody.count)
          // Not all of an error page is worth waiting for.
          if errorBody.count == Limits.errorBodyBytes, let head {
            throw ErrorAnswer(head, errorBody).error(from: parent)
          }
          continue
        }
        guard await onBytes(Array(buffer.readableBytesView)) == .more else {
          return (receivedBytes, false)
        }
      case .end:
        guard let head else { continue }
        guard head.status == .ok else { throw ErrorAnswer(head, errorBody).error(from: parent) }
        return (receivedBytes, head.isKeepAlive)
      }
    }
  }

  private func check(_ head: HTTPResponseHead) throws(TransportError) {
    let type = head.headers.first(name: "content-type") ?? ""
    let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
    guard name == SyncPath.contentType else {
      throw .notAHub(
        parent, reason: "it answers with \(ErrorAnswerBody.printable(type, atMost: 80))")
    }
  }

  private nonisolated(nonsending) func next(_ sending: Sending, hasHead: Bool)
    async throws(TransportError) -> HTTPClientResponsePart
  {
    let reason: String
    do {
      if let part = try await alarm.watching({ try await inbound.next() }) { return part }
      reason = "it was closed"
    } catch {
      if error is HTTPParserError, !(error as? HTTPParserError == .invalidEOFState) {
        throw .notAHub(parent, reason: "it does not speak HTTP/1.1 (\(error))")
      }
      reason = "\(error)"
    }
    if Task.isCancelled { throw .cancelled }
    let progress = sending.progress
    if let failure = progress.bodyFailure { throw .bodyUnavailable(reason: failure) }
    let phase: ExchangePhase =
      hasHead ? .readingResponse : progress.isComplete ? .awaitingResponse : .sendingRequest
    if alarm.hasRung {
      throw .timedOut(
        parent, during: phase, afterMilliseconds: timeouts.answerMilliseconds)
    }
    throw .cut(parent, during: phase, reason: reason)
  }
}

/// The sending half of one exchange; it runs beside the receiving half.
private struct Sending: Sendable {
  struct Progress: Sendable {
    var sentBytes = 0
    var isComplete = false
    var bodyFailure: String?
  }

  private let head: HTTPRequestHead
  private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
  private let alarm: SilenceAlarm
  private let state = SharedProgress()

  init(
    head: HTTPRequestHead, outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>,
    alarm: SilenceAlarm
  ) {
    (self.head, self.outbound, self.alarm) = (head, outbound, alarm)
  }

  var progress: Progress { state.value.withLock { $0 } }

  /// Sends until the end, or until the connection fails: then the receiving half says why.
  func run<Body: AsyncSequence>(_ body: Body) async where Body.Element == [UInt8] {
    do {
      try await outbound.write(.head(head))
      var iterator = body.makeAsyncIterator()
      while let chunk = try await pull(&iterator) {
        for start in stride(from: 0, to: chunk.count, by: Limits.writePieceBytes) {
          let piece = chunk[start..<min(start + Limits.writePieceBytes, chunk.count)]
          try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: piece))))
          state.value.withLock { $0.sentBytes += piece.count }
          alarm.touch()
        }
      }
      // A cancelled sequence ends early without an error; such a body must not look complete.
      guard !Task.isCancelled, progress.bodyFailure == nil else { return }
      try await outbound.write(.end(nil))
      state.value.withLock { $0.isComplete = true }
      alarm.touch()
    } catch {
      // The connection failed; reading from it fails too and is reported there.
    }
  }

  private func pull<Iterator: AsyncIteratorProtocol>(_ iterator: inout Iterator) async throws
    -> [UInt8]? where Iterator.Element == [UInt8]
  {
    do {
      return try await iterator.next()
    } catch {
      if !Task.isCancelled { state.value.withLock { $0.bodyFailure = "\(error)" } }
      alarm.abandon()
      throw error
    }
  }
}

/// A lock, not an actor: both halves of one exchange look at it.
private final class SharedProgress: Sendable {
  let value = Mutex(Sending.Progress())
}

internal import Changes

/// A link without sockets: calls a handler in the same task, with cuts where a test wants them.
package struct LoopbackLink<Handler: SyncHandler>: SyncLink {
  private let handler: Handler
  private let parent: ParentAddress
  private let request: SyncRequest
  /// Bytes of one piece as the other side sees it.
  package var pieceBytes = 1_024
  /// The request breaks after so many bytes.
  package var cutRequestAfterBytes: Int?
  /// The answer breaks after so many bytes.
  package var cutResponseAfterBytes: Int?

  /// - Parameter parent: the address that errors name.
  package init(to handler: Handler, parent: ParentAddress) {
    (self.handler, self.parent) = (handler, parent)
    request = SyncRequest(requestID: "loopback", peerAddress: "loopback")
  }

  /// As over a connection, but the request is whole, or cut, before the answer begins.
  package nonisolated(nonsending) func exchange<Body: AsyncSequence & Sendable>(
    _ path: SyncPath, body: Body, onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> ExchangeReceipt where Body.Element == [UInt8] {
    let request = Pieces(body, pieceBytes: pieceBytes, cutAfterBytes: cutRequestAfterBytes)
    let limit = path == .exchange ? Limits.exchangeBodyBytes : Limits.waitBodyBytes
    let syncBody = SyncBody(limitBytes: limit) { try await request.next() }
    let answer: SyncAnswer
    do {
      switch path {
      case .exchange: answer = try await handler.exchange(self.request, body: syncBody)
      case .wait: answer = try await handler.wait(self.request, body: syncBody)
      }
    } catch {
      throw failure(error, during: .sendingRequest)
    }
    if request.wasCut { throw .cut(parent, during: .sendingRequest, reason: "cut by the test") }
    return ExchangeReceipt(
      sentBytes: syncBody.receivedBytes, receivedBytes: try await receive(answer, onBytes))
  }

  private nonisolated(nonsending) func receive(
    _ answer: SyncAnswer, _ onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> Int {
    var received: [[UInt8]] = []
    var (count, isEnough) = (0, false)
    var failed: TransportError?
    do {
      let response = SyncResponse { bytes in received.append(bytes) }
      try await answer.write(response)
    } catch {
      failed = failure(error, during: .readingResponse)
    }
    for bytes in received {
      for start in stride(from: 0, to: bytes.count, by: pieceBytes) where !isEnough {
        var piece = bytes[start..<min(start + pieceBytes, bytes.count)]
        if let cut = cutResponseAfterBytes { piece = piece.prefix(cut - count) }
        count += piece.count
        if !piece.isEmpty { isEnough = await onBytes(Array(piece)) == .enough }
        if count == cutResponseAfterBytes {
          throw .cut(parent, during: .readingResponse, reason: "cut by the test")
        }
      }
    }
    if let failed, !isEnough { throw failed }
    return count
  }

  /// What a child would see over HTTP.
  private func failure(_ error: any Error, during phase: ExchangePhase) -> TransportError {
    switch error {
    case SyncRefusal.busy(let milliseconds):
      .busy(parent, status: 429, retryAfterMilliseconds: milliseconds)
    case SyncRefusal.notReady(let milliseconds):
      .busy(parent, status: 503, retryAfterMilliseconds: milliseconds)
    case SyncRefusal.malformed(let reason):
      .refused(parent, status: 400, code: "malformed_frames", message: reason)
    case TransportError.bodyTooLarge:
      .refused(parent, status: 413, code: "content_too_large", message: "")
    case is CancellationError: .cancelled
    default: .cut(parent, during: phase, reason: "\(error)")
    }
  }
}

/// A body in pieces of one size, maybe cut; used by one task.
private final class Pieces<Body: AsyncSequence> where Body.Element == [UInt8] {
  private var iterator: Body.AsyncIterator
  private let pieceBytes: Int
  private let cutAfterBytes: Int?
  private var rest: ArraySlice<UInt8> = []
  private var count = 0
  private(set) var wasCut = false

  init(_ body: Body, pieceBytes: Int, cutAfterBytes: Int?) {
    precondition(pieceBytes > 0, "a piece has bytes")
    iterator = body.makeAsyncIterator()
    (self.pieceBytes, self.cutAfterBytes) = (pieceBytes, cutAfterBytes)
  }

  func next() async throws -> [UInt8]? {
    if count == cutAfterBytes {
      wasCut = true
      throw TransportError.bodyCut(receivedBytes: count)
    }
    while rest.isEmpty {
      guard let chunk = try await iterator.next() else { return nil }
      rest = chunk[...]
    }
    let piece = rest.prefix(min(pieceBytes, cutAfterBytes.map { $0 - count } ?? pieceBytes))
    rest = rest.dropFirst(piece.count)
    count += piece.count
    return Array(piece)
  }
}

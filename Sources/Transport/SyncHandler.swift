/// What a listener knows of a request besides its bytes.
package struct SyncRequest: Hashable, Sendable {
  /// In the log and in error answers.
  package let requestID: String
  /// The address that the connection comes from, for logs only: who the child is, its HELLO proves.
  package let peerAddress: String

  package init(requestID: String, peerAddress: String) {
    (self.requestID, self.peerAddress) = (requestID, peerAddress)
  }
}

/// The hub's side of the protocol, as far as a carrier needs it.
///
/// Each call gets the child's turn as bytes while they arrive, and returns the hub's turn. Errors: a
/// `SyncRefusal` chooses the status; a `TransportError` from the body is passed on as it is; anything
/// else is answered with 500.
package protocol SyncHandler: Sendable {
  /// Serves `SyncPath.exchange`. Frames complete before an error of `body` count.
  func exchange(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer

  /// Serves `SyncPath.wait`. The task is cancelled when the child hangs up or the node stops.
  func wait(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer
}

/// The hub's turn: run after the status was sent, frame by frame.
package struct SyncAnswer: Sendable {
  package let write: @Sendable (SyncResponse) async throws -> Void

  package init(_ write: @escaping @Sendable (SyncResponse) async throws -> Void) {
    self.write = write
  }

  /// A turn that is known whole.
  package init(bytes: [UInt8]) {
    self.init { response in try await response.write(bytes) }
  }
}

/// Where the hub's turn is written.
package final class SyncResponse {
  private let sink: ([UInt8]) async throws -> Void
  /// Bytes written so far.
  package private(set) var byteCount = 0

  init(_ sink: @escaping ([UInt8]) async throws -> Void) { self.sink = sink }

  /// Sends bytes; returns when the connection takes more. Throws when the child is gone, is too slow,
  /// or the node is stopping; then nothing more can be sent.
  package nonisolated(nonsending) func write(_ bytes: [UInt8]) async throws {
    byteCount += bytes.count
    try await sink(bytes)
  }
}

/// A status that a handler chooses instead of an answer. Source: Protocol/7-HTTP.md §4.
package enum SyncRefusal: Error, Hashable, Sendable {
  /// 429: too much at once.
  case busy(retryAfterMilliseconds: UInt64)
  /// 503: cannot write now, or is stopping.
  case notReady(retryAfterMilliseconds: UInt64)
  /// 400: the bytes are no frames.
  case malformed(String)
}

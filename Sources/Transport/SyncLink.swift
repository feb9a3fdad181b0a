/// Whether the caller of an exchange wants more bytes.
package enum ChunkVerdict: Hashable, Sendable {
  case more
  /// The connection is closed and the exchange returns: what came made the rest worthless.
  case enough
}

/// What one exchange carried.
package struct ExchangeReceipt: Hashable, Sendable {
  package let sentBytes: Int
  package let receivedBytes: Int

  package init(sentBytes: Int, receivedBytes: Int) {
    (self.sentBytes, self.receivedBytes) = (sentBytes, receivedBytes)
  }
}

/// A way to one hub: a connection, or a loopback.
package protocol SyncLink {
  /// Sends the child's turn and hands over the hub's turn as it arrives, in pieces of any size.
  ///
  /// - Parameters:
  ///   - body: the child's turn; pulled only as fast as the link takes it.
  ///   - onBytes: called in order, never concurrently; the link reads on only after it returns.
  nonisolated(nonsending) func exchange<Body: AsyncSequence & Sendable>(
    _ path: SyncPath, body: Body, onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> ExchangeReceipt where Body.Element == [UInt8]
}

extension SyncLink {
  /// As above, for a turn that is known whole.
  package nonisolated(nonsending) func exchange(
    _ path: SyncPath, chunks: [[UInt8]], onBytes: ([UInt8]) async -> ChunkVerdict
  ) async throws(TransportError) -> ExchangeReceipt {
    try await exchange(path, body: ChunkSequence(chunks), onBytes: onBytes)
  }
}

/// An array of chunks as an asynchronous sequence.
package struct ChunkSequence: AsyncSequence, Sendable {
  package typealias Element = [UInt8]
  package typealias Failure = Never

  private let chunks: [[UInt8]]

  package init(_ chunks: [[UInt8]]) { self.chunks = chunks }

  package func makeAsyncIterator() -> Iterator { Iterator(rest: chunks[...]) }

  /// Goes through the chunks.
  package struct Iterator: AsyncIteratorProtocol {
    fileprivate var rest: ArraySlice<[UInt8]>

    package mutating func next() async -> [UInt8]? { rest.popFirst() }
  }
}

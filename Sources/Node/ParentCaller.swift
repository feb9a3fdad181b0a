package import Causality
internal import Changes
package import Logging
package import Replication
package import Transport
internal import Wire

/// One exchange or long poll with a parent, and what is remembered of each parent between them.
package actor ParentCaller {
  private let engine: NodeEngine
  private let client: SyncClient
  private let hub: NodeCode
  private let logger: Logger
  private var hints: [ParentAddress: PeerHint] = [:]

  /// `hub`: the node above; other parents serve the same scopes.
  package init(engine: NodeEngine, client: SyncClient, hub: NodeCode, logger: Logger) {
    (self.engine, self.client, self.hub, self.logger) = (engine, client, hub, logger)
  }

  /// One exchange: our turn, then the hub's. Never throws: what went wrong is in the outcome.
  package func exchange(with parent: ParentAddress) async -> ExchangeOutcome {
    await converse(.exchange, with: parent) { context, shared, hint in
      ChildExchange(context: context, shared: shared, hint: hint)
    } remembering: {
      $0.hint
    }
  }

  /// One long poll. Without contact before it fails at once.
  package func wait(with parent: ParentAddress) async -> ExchangeOutcome {
    guard hints[parent]?.hasContact == true else {
      return ExchangeOutcome(result: .failed(.linkEnded), peer: nil)
    }
    return await converse(.wait, with: parent) { context, shared, hint in
      ChildWait(context: context, shared: shared, hint: hint)
    } remembering: {
      $0.hint
    }
  }

  private func converse<Machine: ExchangeMachine>(
    _ path: SyncPath, with parent: ParentAddress,
    _ make: (ExchangeContext, [StreamID], PeerHint) -> Machine,
    remembering hint: (Machine) -> PeerHint
  ) async -> ExchangeOutcome {
    do {
      return try await attempt(path, with: parent, make, remembering: hint)
    } catch {
      // The replica's own trouble: the link is given up, and people are told.
      logger.error("exchange failed here", metadata: ["parent": "\(parent)", "error": "\(error)"])
      return ExchangeOutcome(
        result: .failed(.notReady(retryAfterMilliseconds: Limits.backOffLongestMilliseconds)),
        peer: nil)
    }
  }

  private func attempt<Machine: ExchangeMachine>(
    _ path: SyncPath, with parent: ParentAddress,
    _ make: (ExchangeContext, [StreamID], PeerHint) -> Machine,
    remembering hint: (Machine) -> PeerHint
  ) async throws -> ExchangeOutcome {
    let (conversation, context) = try await engine.begin(isHub: false)
    let shared = await engine.streams(sharedWith: hub)
    let talk = Talk(
      machine: make(context, shared, hints[parent] ?? PeerHint()), engine: engine,
      conversation: conversation)
    var problem: (any Error)?
    do {
      _ = try await client.exchange(with: parent, path, body: TurnBody(talk: talk)) { bytes in
        do {
          try await talk.take(bytes)
          return await talk.isFinished ? .enough : .more
        } catch {
          problem = error
          return .enough
        }
      }
    } catch {
      logger.info("link ended", metadata: ["parent": "\(parent)", "error": "\(error)"])
    }
    if let problem {
      await engine.end(conversation)
      throw problem
    }
    // Whatever ended the link: the machine says what that means.
    try await talk.linkEnded()
    await engine.end(conversation)
    hints[parent] = hint(await talk.finalMachine)
    let (peer, outcome, traffic) = await talk.result
    if let known = peer ?? hints[parent]?.peer {
      try await engine.note(
        known, isParent: true, address: parent.description, outcome: outcome, traffic: traffic)
    }
    return outcome ?? ExchangeOutcome(result: .failed(.linkEnded), peer: peer)
  }
}

/// The child's turn as a body: frames in the order that the machine gives them.
private struct TurnBody<Machine: ExchangeMachine>: AsyncSequence, Sendable {
  typealias Element = [UInt8]
  let talk: Talk<Machine>

  func makeAsyncIterator() -> Iterator { Iterator(talk: talk) }

  struct Iterator: AsyncIteratorProtocol {
    let talk: Talk<Machine>

    mutating func next() async throws -> [UInt8]? {
      let frames = try await talk.takeFrames()
      guard !frames.isEmpty else { return nil }
      return Array(frames.joined())
    }
  }
}

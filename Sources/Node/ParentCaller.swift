package import Causality
internal import Changes
package import Logging
internal import Peering
package import Replication
internal import Store
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

  /// How a call went: what the schedule needs, and what people are told.
  package struct Call: Sendable {
    package let outcome: ExchangeOutcome
    /// Why it did not come to its end; nil when it did.
    package let problem: LinkProblem?
  }

  /// One exchange: our turn, then the hub's. Never throws: what went wrong is in the outcome.
  package func exchange(with parent: ParentAddress) async -> Call {
    await converse(.exchange, with: parent) { context, shared, hint in
      ChildExchange(context: context, shared: shared, hint: hint)
    } remembering: {
      $0.hint
    }
  }

  /// One long poll. Without contact before it fails at once.
  package func wait(with parent: ParentAddress) async -> Call {
    guard hints[parent]?.hasContact == true else {
      return Call(
        outcome: ExchangeOutcome(result: .failed(.linkEnded), peer: nil), problem: nil)
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
  ) async -> Call {
    let (conversation, context): (Conversation, ExchangeContext)
    do throws(StoreError) {
      (conversation, context) = try await engine.begin(isHub: false)
    } catch {
      return failed(error)
    }
    let shared = await engine.streams(sharedWith: hub)
    let talk = Talk(
      machine: make(context, shared, hints[parent] ?? PeerHint()), engine: engine,
      conversation: conversation)
    let ended = await carry(talk, path, to: parent)
    // Whatever ended the link: the machine says what that means.
    await talk.linkEnded()
    hints[parent] = hint(await talk.finalMachine)
    let result = await talk.result
    let call = Self.call(result, ended)
    if let known = result.peer ?? hints[parent]?.peer {
      do {
        // An exchange that this node itself gave up, because it stops or another parent answers again, is
        // nobody's trouble.
        try await engine.note(
          known, isParent: true, address: parent.description, outcome: result.outcome,
          problem: ended == .cancelled ? nil : call.problem, traffic: result.traffic)
      } catch {
        logger.error(
          "peer not noted", metadata: ["peer": "\(known)", "error": "\(LinkProblem(error))"])
      }
    }
    return call
  }

  /// Carries both turns; returns what ended the link early, if anything did.
  private func carry<Machine: ExchangeMachine>(
    _ talk: Talk<Machine>, _ path: SyncPath, to parent: ParentAddress
  ) async -> TransportError? {
    do throws(TransportError) {
      _ = try await client.exchange(with: parent, path, body: TurnBody(talk: talk)) { bytes in
        await talk.take(bytes)
        return await talk.isFinished ? .enough : .more
      }
      return nil
    } catch {
      return error
    }
  }

  /// What the carrier knows of a lost link goes before what the machine was told.
  private static func call<Machine: ExchangeMachine>(
    _ result: Talk<Machine>.Result, _ ended: TransportError?
  ) -> Call {
    var outcome = result.outcome ?? ExchangeOutcome(result: .failed(.linkEnded), peer: result.peer)
    if let trouble = result.trouble {
      outcome = outcome.with(.failed(.notReady(retryAfterMilliseconds: pause(after: trouble))))
    } else if let ended, outcome.result == .failed(.linkEnded) {
      outcome = outcome.with(.failed(ended.replicationError))
    }
    return Call(outcome: outcome, problem: result.problem(ended))
  }

  /// The replica's own trouble: the link is given up, and people are told.
  private func failed(_ error: StoreError) -> Call {
    let outcome = ExchangeOutcome(
      result: .failed(.notReady(retryAfterMilliseconds: Self.pause(after: error))), peer: nil)
    return Call(outcome: outcome, problem: LinkProblem(error))
  }

  private static func pause(after error: StoreError) -> UInt64 {
    error.retryAfterMilliseconds ?? Limits.backOffLongestMilliseconds
  }
}

/// The child's turn as a body: frames in the order that the machine gives them.
private struct TurnBody<Machine: ExchangeMachine>: AsyncSequence, Sendable {
  typealias Element = [UInt8]
  let talk: Talk<Machine>

  func makeAsyncIterator() -> Iterator { Iterator(talk: talk) }

  struct Iterator: AsyncIteratorProtocol {
    let talk: Talk<Machine>

    mutating func next() async -> [UInt8]? {
      let frames = await talk.takeFrames()
      guard !frames.isEmpty else { return nil }
      return Array(frames.joined())
    }
  }
}

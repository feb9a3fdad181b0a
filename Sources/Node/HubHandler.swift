internal import Causality
internal import Changes
package import Logging
internal import Peering
internal import Replication
internal import Store
package import Transport
internal import Wire

/// Serves children: feeds their turns to the hub's machines and writes the hub's turns.
///
/// Source: Protocol/6-Sessions §5, 7-HTTP.
package struct HubHandler: SyncHandler {
  private let engine: NodeEngine
  private let longPollMilliseconds: UInt64
  private let logger: Logger

  /// `longPollMilliseconds`: how long a long poll is held without news.
  package init(
    engine: NodeEngine, longPollMilliseconds: UInt64 = Limits.longPollMilliseconds,
    logger: Logger
  ) {
    (self.engine, self.logger) = (engine, logger)
    self.longPollMilliseconds = longPollMilliseconds
  }

  package func exchange(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    let talk = try await hear(body, request) { HubExchange(context: $0, memory: $1) }
    return SyncAnswer { response in
      try await speak(talk, response, request)
      let result = await talk.result
      if let child = result.peer, result.isProved {
        await engine.remember(await talk.finalMachine.memory, of: child)
      }
    }
  }

  package func wait(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    let changes = await engine.changes()
    let talk = try await hear(body, request) { HubWait(context: $0, memory: $1) }
    await talk.waitForNews(changes, atMost: longPollMilliseconds)
    return SyncAnswer { response in try await speak(talk, response, request) }
  }

  /// Takes the child's turn. Throws what is answered instead of the hub's turn.
  private func hear<Machine: ExchangeMachine>(
    _ body: SyncBody, _ request: SyncRequest,
    _ make: (ExchangeContext, ChildMemory) -> Machine
  ) async throws -> Talk<Machine> {
    let opening = try await Opening(body)
    let memory = await engine.memory(of: opening.child)
    let (conversation, context): (Conversation, ExchangeContext)
    do throws(StoreError) {
      (conversation, context) = try await engine.begin(isHub: true)
    } catch {
      throw Self.refusal(error)
    }
    let talk = Talk(
      machine: make(context, memory), engine: engine, conversation: conversation)
    do throws(TransportError) {
      try await talk.hear(opening, body)
    } catch {
      await note(talk, request, error)
      throw error
    }
    if let trouble = await talk.trouble {
      await note(talk, request, nil)
      throw Self.refusal(trouble)
    }
    if await talk.isIncomplete {
      await talk.linkEnded()
      await note(talk, request, nil)
      throw SyncRefusal.malformed("the turn ends without DONE")
    }
    return talk
  }

  /// Writes everything that the machine has to say.
  private func speak<Machine: ExchangeMachine>(
    _ talk: Talk<Machine>, _ response: SyncResponse, _ request: SyncRequest
  ) async throws {
    do {
      while true {
        let frames = await talk.takeFrames()
        // An answer that cannot go on is cut, so that the child does not take it for whole.
        if let trouble = await talk.trouble { throw trouble }
        if frames.isEmpty { break }
        try await response.write(Array(frames.joined()))
      }
    } catch {
      await talk.linkEnded()
      await note(talk, request, error as? TransportError)
      throw error
    }
    await note(talk, request, nil)
  }

  /// What a child is answered when the replica here cannot take part.
  private static func refusal(_ error: StoreError) -> any Error {
    switch error {
    case .writingStopped:
      SyncRefusal.notReady(retryAfterMilliseconds: Limits.backOffLongestMilliseconds)
    default:
      error.retryAfterMilliseconds.map { SyncRefusal.notReady(retryAfterMilliseconds: $0) } ?? error
    }
  }

  /// Remembers how it went with a child that proved itself; of others there is a line in the log.
  private func note<Machine: ExchangeMachine>(
    _ talk: Talk<Machine>, _ request: SyncRequest, _ error: TransportError?
  ) async {
    let result = await talk.result
    let problem = result.problem(error)
    let peer = result.peer.map { "\($0)" } ?? "unknown"
    if let problem {
      logger.notice(
        "exchange failed",
        metadata: [
          "peer": "\(peer)", "address": "\(request.peerAddress)", "error": "\(problem)",
        ])
    }
    guard let child = result.peer, result.isProved else { return }
    do {
      try await engine.note(
        child, isParent: false, address: request.peerAddress, outcome: result.outcome,
        problem: problem, traffic: result.traffic)
    } catch {
      logger.error(
        "peer not noted", metadata: ["peer": "\(peer)", "error": "\(LinkProblem(error))"])
    }
  }
}

/// The first frame of a child's turn, read ahead: it names the child, and so what is remembered of it.
struct Opening {
  let chunks: [[UInt8]]
  /// The replica that HELLO names; not proved yet. Nil when the turn begins otherwise.
  let child: ReplicaID?

  /// Throws `SyncRefusal.malformed` when the bytes do not begin with a frame.
  init(_ body: SyncBody) async throws {
    var decoder = FrameDecoder()
    var (chunks, child): ([[UInt8]], ReplicaID?) = ([], nil)
    reading: while let bytes = try await body.next() {
      chunks.append(bytes)
      decoder.append(bytes)
      do {
        guard let message = try decoder.next() else { continue }
        if case .hello(let hello) = message { child = hello.replica }
        break reading
      } catch {
        throw SyncRefusal.malformed("the first frame: \(error)")
      }
    }
    (self.chunks, self.child) = (chunks, child)
  }
}

internal import Causality
internal import Changes
package import Logging
internal import Replication
package import Transport
internal import Wire

/// Serves children: feeds their turns to the hub's machines and writes the hub's turns.
///
/// Source: Protocol/6-Sessions §5, 7-HTTP.
package struct HubHandler: SyncHandler {
  private let engine: NodeEngine
  private let logger: Logger

  package init(engine: NodeEngine, logger: Logger) { (self.engine, self.logger) = (engine, logger) }

  package func exchange(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    let opening = try await Opening(body)
    let memory = await engine.memory(of: opening.child)
    let (conversation, context) = try await engine.begin(isHub: true)
    let talk = Talk(
      machine: HubExchange(context: context, memory: memory), engine: engine,
      conversation: conversation)
    try await talk.hear(opening, body)
    return SyncAnswer { response in
      try await speak(talk, response)
      await close(talk, request)
      if let child = opening.child {
        await engine.remember(await talk.finalMachine.memory, of: child)
      }
    }
  }

  package func wait(_ request: SyncRequest, body: SyncBody) async throws -> SyncAnswer {
    let opening = try await Opening(body)
    let memory = await engine.memory(of: opening.child)
    let (conversation, context) = try await engine.begin(isHub: true)
    let changes = await engine.changes()
    let talk = Talk(
      machine: HubWait(context: context, memory: memory), engine: engine,
      conversation: conversation)
    try await talk.hear(opening, body)
    try await talk.waitForNews(changes)
    return SyncAnswer { response in
      try await speak(talk, response)
      await close(talk, request)
    }
  }

  /// Writes everything that the machine has to say.
  private func speak<Machine: ExchangeMachine>(
    _ talk: Talk<Machine>, _ response: SyncResponse
  ) async throws {
    while true {
      let frames = try await talk.takeFrames()
      if frames.isEmpty { return }
      try await response.write(Array(frames.joined()))
    }
  }

  private func close<Machine: ExchangeMachine>(
    _ talk: Talk<Machine>, _ request: SyncRequest
  ) async {
    await engine.end(talk.conversation)
    let (peer, outcome, traffic) = await talk.result
    guard let peer else { return }
    do {
      try await engine.note(
        peer, isParent: false, address: request.peerAddress, outcome: outcome, traffic: traffic)
    } catch {
      logger.error("peer not noted", metadata: ["peer": "\(peer)", "error": "\(error)"])
    }
    if let outcome, case .failed(let error) = outcome.result {
      logger.notice("exchange failed", metadata: ["peer": "\(peer)", "error": "\(error)"])
    }
  }
}

/// The first frame of a child's turn, read ahead: it names the child, and so what is remembered of it.
struct Opening {
  let chunks: [[UInt8]]
  /// The replica that HELLO names; not proved yet. Nil when the turn begins otherwise.
  let child: ReplicaID?

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
        // The machine is told of it when it reads the same bytes.
        break reading
      }
    }
    (self.chunks, self.child) = (chunks, child)
  }
}

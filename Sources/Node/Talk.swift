internal import Causality
internal import Changes
internal import Peering
internal import Replication
internal import Store
internal import Transport
internal import Wire

/// One conversation: a machine, the frames on their way in and out, and what was counted.
///
/// Sending and hearing may be two tasks. Each input is taken and all its actions done before the next.
actor Talk<Machine: ExchangeMachine> {
  private var conversation: Conversation
  private var machine: Machine
  private let engine: NodeEngine
  private var decoder = FrameDecoder()
  private var pending: [Message] = []
  private var outcome: ExchangeOutcome?
  private var traffic = LinkTraffic()
  private var timerMilliseconds: UInt64?
  private var isEntered = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  /// What kept this node's replica from taking part; the conversation is over then.
  private(set) var trouble: StoreError?

  init(machine: Machine, engine: NodeEngine, conversation: Conversation) {
    (self.machine, self.engine, self.conversation) = (machine, engine, conversation)
  }

  /// How it went so far.
  struct Result: Sendable {
    let peer: ReplicaID?
    /// Whether the peer proved who it is.
    let isProved: Bool
    let outcome: ExchangeOutcome?
    let traffic: LinkTraffic
    let trouble: StoreError?

    /// Why it did not come to its end; nil when it did.
    func problem(_ transport: TransportError? = nil) -> LinkProblem? {
      guard let outcome else { return trouble.map { LinkProblem($0) } }
      guard case .failed(let error) = outcome.result else { return nil }
      return LinkProblem(error, transport: transport, store: trouble)
    }
  }

  var result: Result {
    Result(
      peer: conversation.peer ?? outcome?.peer, isProved: conversation.isProved,
      outcome: outcome, traffic: traffic, trouble: trouble)
  }

  var finalMachine: Machine { machine }

  var isFinished: Bool { outcome != nil }

  /// Whether the machine waits for more of the peer's turn.
  var isIncomplete: Bool { !isFinished && pending.isEmpty && timerMilliseconds == nil }

  /// Takes the peer's turn while it arrives. A cut ends the conversation; complete frames count.
  func hear(_ opening: Opening, _ body: SyncBody) async throws(TransportError) {
    await enter()
    await drain()
    leave()
    for bytes in opening.chunks where !isFinished { await take(bytes) }
    do throws(TransportError) {
      while !isFinished, let bytes = try await body.next() { await take(bytes) }
    } catch {
      await linkEnded()
      throw error
    }
  }

  /// Takes some bytes of the peer's turn.
  func take(_ bytes: [UInt8]) async {
    await enter()
    defer { leave() }
    traffic.bytesIn += UInt64(bytes.count)
    decoder.append(bytes)
    while !isFinished {
      do throws(WireError) {
        guard let message = try decoder.next() else { return }
        traffic.framesIn += 1
        machine.receive(message, wallMilliseconds: engine.clock.milliseconds)
      } catch {
        machine.reject(Self.code(of: error), subject: "\(error)")
      }
      // Whoever has spoken only hears: no turn grows, and frames on their way out must not hold up what is heard.
      await drain(isPaced: !Machine.speaksFirst)
    }
  }

  /// The link is gone, or the peer has said all.
  func linkEnded() async {
    await enter()
    defer { leave() }
    machine.linkEnded()
    await drain()
  }

  /// Frames that the machine has ready; more may come after them.
  func takeFrames() async -> [[UInt8]] {
    await enter()
    defer { leave() }
    if pending.isEmpty { await drain() }
    let frames = pending.map { FrameCodec.encode($0) }
    pending = []
    for frame in frames {
      traffic.bytesOut += UInt64(frame.count)
      traffic.framesOut += 1
    }
    return frames
  }

  /// Steps until the machine waits or is finished, or a few frames are ready: the reader of a turn sets the
  /// pace, so that a turn is never held whole.
  private func drain(isPaced: Bool = true) async {
    while outcome == nil, !isPaced || pending.count < 4 {
      do throws(StoreError) {
        let next = try await engine.step(machine, in: conversation)
        (machine, conversation) = (next.machine, next.conversation)
        switch next.step {
        case .send(let message): pending.append(message)
        case .timer(let milliseconds): timerMilliseconds = milliseconds
        case .idle: return
        case .finished(let outcome): self.outcome = outcome
        }
      } catch {
        // The replica's own trouble: nothing more is said, and the machine is told that it is over.
        pending = []
        guard trouble == nil else {
          outcome = ExchangeOutcome(result: .failed(.linkEnded), peer: conversation.peer)
          return
        }
        trouble = error
        machine.linkEnded()
      }
    }
  }

  /// Keeps others out until `leave()`: an actor lets them in wherever it waits.
  private func enter() async {
    while isEntered { await withCheckedContinuation { waiting.append($0) } }
    isEntered = true
  }

  private func leave() {
    isEntered = false
    if !waiting.isEmpty { waiting.removeFirst().resume() }
  }

  private static func code(of error: WireError) -> ProtocolErrorCode {
    if case .limitExceeded = error { .limitExceeded } else { .malformedFrame }
  }
}

extension Talk where Machine == HubWait {
  /// Waits until something changed for the child, or `milliseconds` are over.
  func waitForNews(
    _ changes: AsyncStream<NodeEngine.Change>, atMost milliseconds: UInt64
  ) async {
    guard !isFinished, pending.isEmpty, timerMilliseconds != nil else { return }
    let timer = Task {
      try await Task.sleep(for: .milliseconds(milliseconds))
      await self.fireTimer()
    }
    defer { timer.cancel() }
    await withTaskCancellationHandler {
      for await change in changes {
        await streamsChanged((change.advanced + change.acknowledged).sorted())
        if isFinished || !pending.isEmpty { break }
      }
    } onCancel: {
      timer.cancel()
    }
  }

  private func streamsChanged(_ streams: [StreamID]) async {
    await enter()
    defer { leave() }
    machine.streamsChanged(streams)
    await drain()
  }

  private func fireTimer() async {
    await enter()
    machine.timerFired()
    await drain()
    leave()
    await engine.wake()
  }
}

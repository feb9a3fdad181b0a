internal import Causality
internal import Changes
internal import Replication
internal import Transport
internal import Wire

/// One conversation: a machine, the frames on their way in and out, and what was counted. One task at a time
/// drives it.
actor Talk<Machine: ExchangeMachine> {
  let conversation: UInt64
  private var machine: Machine
  private let engine: NodeEngine
  private var decoder = FrameDecoder()
  private var pending: [Message] = []
  private var outcome: ExchangeOutcome?
  private var traffic = LinkTraffic()
  private var timerMilliseconds: UInt64?

  init(machine: Machine, engine: NodeEngine, conversation: UInt64) {
    (self.machine, self.engine, self.conversation) = (machine, engine, conversation)
  }

  var result: (peer: ReplicaID?, outcome: ExchangeOutcome?, traffic: LinkTraffic) {
    (outcome?.peer, outcome, traffic)
  }

  var finalMachine: Machine { machine }

  var isFinished: Bool { outcome != nil }

  /// Takes the peer's turn while it arrives. A cut ends the conversation; complete frames count.
  func hear(_ opening: Opening, _ body: SyncBody) async throws {
    try await drain()
    do {
      for bytes in opening.chunks where !isFinished { try await take(bytes) }
      if isFinished { return }
      for try await bytes in body {
        try await take(bytes)
        if isFinished { return }
      }
    } catch {
      machine.linkEnded()
      try await drain()
      throw error
    }
  }

  /// Takes some bytes of the peer's turn.
  func take(_ bytes: [UInt8]) async throws {
    traffic.bytesIn += UInt64(bytes.count)
    decoder.append(bytes)
    while !isFinished {
      do {
        guard let message = try decoder.next() else { return }
        traffic.framesIn += 1
        machine.receive(message, wallMilliseconds: NodeEngine.wallMilliseconds())
      } catch {
        machine.reject(Self.code(of: error), subject: "\(error)")
      }
      try await drain()
    }
  }

  /// The link is gone, or the peer has said all.
  func linkEnded() async throws {
    machine.linkEnded()
    try await drain()
  }

  /// Frames that the machine has ready; more may come after them.
  func takeFrames() async throws -> [[UInt8]] {
    if pending.isEmpty { try await drain() }
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
  private func drain() async throws {
    while outcome == nil, pending.count < 4 {
      let (next, step) = try await engine.step(machine, in: conversation)
      machine = next
      switch step {
      case .send(let message): pending.append(message)
      case .timer(let milliseconds): timerMilliseconds = milliseconds
      case .idle: return
      case .finished(let outcome): self.outcome = outcome
      }
    }
  }

  private static func code(of error: WireError) -> ProtocolErrorCode {
    if case .limitExceeded = error { .limitExceeded } else { .malformedFrame }
  }
}

extension Talk where Machine == HubWait {
  /// Waits until something changed for the child, or the time is over.
  func waitForNews(_ changes: AsyncStream<NodeEngine.Change>) async throws {
    guard !isFinished, pending.isEmpty, let milliseconds = timerMilliseconds else { return }
    let timer = Task {
      try await Task.sleep(for: .milliseconds(milliseconds))
      try await self.fireTimer()
    }
    defer { timer.cancel() }
    try await withTaskCancellationHandler {
      for await change in changes {
        try await streamsChanged((change.advanced + change.acknowledged).sorted())
        if isFinished || !pending.isEmpty { break }
      }
    } onCancel: {
      timer.cancel()
    }
  }

  private func streamsChanged(_ streams: [StreamID]) async throws {
    machine.streamsChanged(streams)
    try await drain()
  }

  private func fireTimer() async throws {
    machine.timerFired()
    try await drain()
    await engine.wake()
  }
}

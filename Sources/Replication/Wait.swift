package import Causality
import Changes
package import Wire

/// The hub's side of a long poll: it answers when something differs from what the child last saw, or
/// when `Limits.longPollMilliseconds` are over.
///
/// Source: Protocol/6-Sessions §9. The child's HELLO lists the summaries that it last saw *of this hub*.
package struct HubWait: ExchangeMachine {
  private enum State: Sendable {
    case greeting(Hello?)
    case opening(Waiting)
    case waiting(Waiting)
    case checking(Waiting)
    case replying(Waiting, acknowledgements: [Acknowledgement])
    case refusing(ErrorMessage, ExchangeOutcome.Result, ReplicaID?)
    case finished
  }

  /// The child is known; nothing is new to it yet.
  private struct Waiting: Sendable {
    let peerHello: Hello
    let standing: PeerStanding
    var own: [StreamState] = []
    var isDoneHeard = false
    var isOver = false
  }

  private let context: ExchangeContext
  private let memory: ChildMemory
  private var state = State.greeting(nil)
  private var queue = ActionQueue()

  /// `memory`: what the hub's exchanges remember of the child; it is read only.
  package init(context: ExchangeContext, memory: ChildMemory) {
    (self.context, self.memory) = (context, memory)
  }

  package var isFinished: Bool {
    if case .finished = state { true } else { false }
  }

  package static var speaksFirst: Bool { false }

  package mutating func next() -> ExchangeAction? { queue.next() }

  package mutating func receive(_ message: Message, wallMilliseconds: UInt64) {
    precondition(!queue.isAwaiting, "the last action is answered before the next frame")
    switch (state, message) {
    case (.greeting(nil), .hello(let hello)):
      state = .greeting(hello)
      guard hello.protocolVersions.overlaps(context.protocolVersions) else {
        return violate(.versionMismatch, versionsText(context.protocolVersions))
      }
      queue.append(.judge(hello))
    case (.opening(var waiting), .done):
      waiting.isDoneHeard = true
      state = .checking(waiting)
      queue.append(.setTimer(milliseconds: Limits.longPollMilliseconds))
      queue.append(.readStreams(waiting.standing.shared))
    case (.greeting, _), (.opening, _): violate(.unexpectedFrame, message.name)
    case (.waiting, _), (.checking, _), (.replying, _), (.refusing, _), (.finished, _): break
    }
  }

  /// The knowledge or the acknowledgements of these streams changed here. Streams ascend.
  package mutating func streamsChanged(_ streams: [StreamID]) {
    guard case .waiting(let waiting) = state,
      streams.contains(where: waiting.standing.shared.contains)
    else { return }
    state = .checking(waiting)
    queue.append(.readStreams(waiting.standing.shared))
  }

  /// The time of `.setTimer` is over: answer, news or none.
  package mutating func timerFired() {
    guard case .waiting(var waiting) = state else { return }
    waiting.isOver = true
    state = .checking(waiting)
    queue.append(.readStreams(waiting.standing.shared))
  }

  package mutating func answer(_ answer: ExchangeAnswer) {
    _ = queue.resolve(answer)
    switch (state, answer) {
    case (.greeting(let hello?), .judged(let standing)): meet(hello, standing)
    case (.checking(var waiting), .streams(let own)):
      waiting.own = own
      state = .checking(waiting)
      queue.append(.readAcknowledgements(waiting.standing.shared))
    case (.checking(let waiting), .acknowledgements(let found)): decide(waiting, found)
    case (.replying(let waiting, let acknowledgements), .signed(let hello)):
      queue.append(.send(.hello(hello)))
      for acknowledgement in acknowledgements {
        queue.append(.send(.acknowledgement(acknowledgement)))
      }
      queue.append(.send(.done))
      finish(.complete, waiting.peerHello.replica)
    case (.refusing(let error, let result, let peer), .signed(let hello)):
      queue.append(.send(.hello(hello)))
      queue.append(.send(.error(error)))
      queue.append(.send(.done))
      finish(result, peer)
    default: preconditionFailure("a long poll needs no such answer")
    }
  }

  package mutating func reject(_ code: ProtocolErrorCode, subject: String) {
    switch state {
    case .greeting, .opening: violate(code, subject)
    default: break
    }
  }

  package mutating func linkEnded() {
    guard !isFinished else { return }
    queue.clear()
    finish(.failed(.linkEnded), nil)
  }

  private mutating func meet(_ hello: Hello, _ standing: PeerStanding) {
    guard let code = standing.objection(to: hello) else {
      state = .opening(Waiting(peerHello: hello, standing: standing))
      return
    }
    let error = ErrorMessage(code: code, subject: hello.replica.description)
    let result =
      code == .authenticationNeeded
      ? ExchangeOutcome.Result.challenged : .failed(.violated(error))
    refuse(error, result, hello.replica, challenge: standing.challenge)
  }

  private mutating func decide(_ start: Waiting, _ found: [Acknowledgement]) {
    let listed = Dictionary(
      start.peerHello.streams.map { ($0.stream, $0.headsHash) },
      uniquingKeysWith: { first, _ in first })
    let differs = start.own.contains { stream in
      listed[stream.summary.stream].map { $0 != stream.summary.headsHash } ?? false
    }
    let news = found.filter { memory.tops[$0.stream] != $0.top }
    guard differs || !news.isEmpty || start.isOver else {
      state = .waiting(start)
      return
    }
    state = .replying(start, acknowledgements: news)
    queue.append(
      .sign(
        context.hello(
          challenge: start.standing.challenge, streams: start.own.map(\.summary),
          wall: context.wallMilliseconds)))
  }

  private mutating func violate(_ code: ProtocolErrorCode, _ subject: String) {
    let error = ErrorMessage(code: code, subject: subject)
    var (challenge, peer): ([UInt8], ReplicaID?) = (noChallenge, nil)
    switch state {
    case .greeting(let hello): peer = hello?.replica
    case .opening(let waiting):
      (challenge, peer) = (waiting.standing.challenge, waiting.peerHello.replica)
    default: break
    }
    refuse(error, .failed(.violated(error)), peer, challenge: challenge)
  }

  private mutating func refuse(
    _ error: ErrorMessage, _ result: ExchangeOutcome.Result, _ peer: ReplicaID?,
    challenge: [UInt8]
  ) {
    state = .refusing(error, result, peer)
    queue.append(
      .sign(
        context.hello(challenge: challenge, streams: [], wall: context.wallMilliseconds)))
  }

  private mutating func finish(_ result: ExchangeOutcome.Result, _ peer: ReplicaID?) {
    state = .finished
    queue.append(.finish(ExchangeOutcome(result: result, peer: peer)))
  }
}

/// The child's side of a long poll. `differs` of the outcome tells that an exchange is worth it.
///
/// Source: Protocol/6-Sessions §9. Needs a hint of a hub that answered before.
package struct ChildWait: ExchangeMachine {
  private enum State: Sendable {
    case opening
    case greeting(Hello?, receivedMilliseconds: UInt64)
    case listening(Listening)
    case finished
  }

  private struct Listening: Sendable {
    let clockOffset: Int64
    var intake: Intake
    var differs = false
  }

  private let context: ExchangeContext
  private let shared: [StreamID]
  /// What to remember of the hub.
  package private(set) var hint: PeerHint
  private var state = State.opening
  private var queue = ActionQueue()

  /// `shared`: the streams that this node and the hub both hold, ascending.
  package init(context: ExchangeContext, shared: [StreamID], hint: PeerHint) {
    precondition(hint.hasContact, "an exchange comes before the first long poll")
    (self.context, self.shared, self.hint) = (context, shared, hint)
    let seen = shared.compactMap { hint[$0].seen }
    queue.append(
      .sign(
        context.hello(
          challenge: hint.challenge, streams: seen, wall: context.wallMilliseconds)))
  }

  package var isFinished: Bool {
    if case .finished = state { true } else { false }
  }

  package static var speaksFirst: Bool { true }

  package mutating func next() -> ExchangeAction? { queue.next() }

  package mutating func answer(_ answer: ExchangeAnswer) {
    _ = queue.resolve(answer)
    switch (state, answer) {
    case (.opening, .signed(let hello)):
      queue.append(.send(.hello(hello)))
      queue.append(.send(.done))
      state = .greeting(nil, receivedMilliseconds: 0)
    case (.greeting(let hello?, let milliseconds), .judged(let standing)):
      meet(hello, standing, milliseconds)
    case (.listening, .recorded): break
    case (.listening, .notReady(let milliseconds)):
      finish(.failed(.notReady(retryAfterMilliseconds: milliseconds)))
    default: preconditionFailure("a long poll needs no such answer")
    }
  }

  package mutating func receive(_ message: Message, wallMilliseconds: UInt64) {
    precondition(!queue.isAwaiting, "the last action is answered before the next frame")
    // What is unsaid when the hub answers stays unsaid.
    if !queue.isDrained && !isFinished { queue.clear() }
    switch (state, message) {
    case (.greeting(nil, _), .hello(let hello)):
      guard hello.protocolVersions.overlaps(context.protocolVersions) else {
        return violate(.versionMismatch, versionsText(hello.protocolVersions))
      }
      state = .greeting(hello, receivedMilliseconds: wallMilliseconds)
      queue.append(.judge(hello))
    case (.listening(var listening), .acknowledgement(let acknowledgement)):
      if let limit = listening.intake.count(message) { return violate(limit.code, limit.subject) }
      if listening.intake.admits(acknowledgement.stream, &queue) && hint.isProved {
        queue.append(.record([acknowledgement]))
        listening.differs = true
      }
      state = .listening(listening)
    case (.listening, .error(let error)):
      finish(
        error.code == .authenticationNeeded ? .challenged : .failed(.refused(error)))
    case (.listening(let listening), .done): finish(.complete, differs: listening.differs)
    case (.finished, _): break
    default: violate(.unexpectedFrame, message.name)
    }
  }

  package mutating func reject(_ code: ProtocolErrorCode, subject: String) {
    if !isFinished { violate(code, subject) }
  }

  package mutating func linkEnded() {
    guard !isFinished else { return }
    queue.clear()
    finish(.failed(.linkEnded))
  }

  private mutating func meet(_ hello: Hello, _ standing: PeerStanding, _ milliseconds: UInt64) {
    if let code = standing.hubObjection {
      if code == .authenticationNeeded { queue.append(.raise(.impostor(hello.replica))) }
      return violate(code, hello.replica.description)
    }
    hint.meet(hello, isProved: standing.registration == .admitted)
    // The round trip of a long poll is long: only the moment of the answer tells of the clock, roughly.
    var listening = Listening(
      clockOffset: clockOffset(peer: hello.wallMilliseconds, own: milliseconds),
      intake: Intake(peer: hello.replica, shared: shared))
    for summary in hello.streams where listening.intake.isShared(summary.stream) {
      if hint[summary.stream].seen?.headsHash != summary.headsHash {
        hint[summary.stream].seen = summary
        hint[summary.stream].known = nil
        listening.differs = true
      }
    }
    state = .listening(listening)
  }

  private mutating func violate(_ code: ProtocolErrorCode, _ subject: String) {
    finish(.failed(.violated(ErrorMessage(code: code, subject: subject))))
  }

  private mutating func finish(_ result: ExchangeOutcome.Result, differs: Bool = false) {
    var offset: Int64?
    if case .listening(let listening) = state { offset = listening.clockOffset }
    state = .finished
    queue.append(
      .finish(
        ExchangeOutcome(
          result: result, peer: hint.peer, clockOffsetMilliseconds: offset, moved: differs,
          differs: differs)))
  }
}

import Causality
import Changes
package import Wire

/// The hub's side of one exchange: it takes the child's turn frame by frame, then says its own.
///
/// Source: Protocol/6-Sessions §3 and §5. It keeps nothing between exchanges but `memory`, which may be
/// lost.
package struct HubExchange: ExchangeMachine {
  private enum State: Sendable {
    case greeting(Greeting)
    case listening(Listening)
    case telling(Telling)
    case refusing(Refusing)
    case finished
  }

  /// The child's HELLO is awaited, then judged.
  private struct Greeting: Sendable {
    var peerHello: Hello?
    var clockOffset: Int64?
  }

  /// The child's turn.
  private struct Listening: Sendable {
    let peerHello: Hello
    let clockOffset: Int64?
    let standing: PeerStanding
    var intake: Intake
    /// What the child said that it knows.
    var peerKnows: [StreamID: VersionVector] = [:]
    /// What the child does not take.
    var peerRefuses: [Dot] = []
    /// What the child holds in part.
    var receipts: [PartReceipt] = []
    /// Streams whose acknowledgement the child asks for by giving its own, or its knowledge.
    var asked: Set<StreamID> = []
    var checking: StreamKnowledge?
  }

  /// The hub's turn.
  private struct Telling: Sendable {
    let heard: Listening
    var own: [StreamState] = []
    var differing: [StreamState] = []
    var readsLeft = 0
    var outflow: Outflow?
  }

  /// HELLO, ERROR, DONE, and the end.
  private struct Refusing: Sendable {
    let error: ErrorMessage
    let result: ExchangeOutcome.Result
    let heard: Listening?
    let peer: ReplicaID?
  }

  private let context: ExchangeContext
  /// What to remember of the child; in memory only.
  package private(set) var memory: ChildMemory
  private var state = State.greeting(Greeting())
  private var queue = ActionQueue()

  package init(context: ExchangeContext, memory: ChildMemory) {
    (self.context, self.memory) = (context, memory)
  }

  package var isFinished: Bool {
    if case .finished = state { true } else { false }
  }

  package static var speaksFirst: Bool { false }

  package mutating func next() -> ExchangeAction? { queue.next() }

  package mutating func answer(_ answer: ExchangeAnswer) {
    _ = queue.resolve(answer)
    switch state {
    case .greeting(let greeting): meet(greeting, answer)
    case .listening(let listening): listen(listening, answer)
    case .telling(let telling): tell(telling, answer)
    case .refusing(let refusing): refuse(refusing, answer)
    case .finished: preconditionFailure("a finished machine asks for nothing")
    }
  }

  package mutating func receive(_ message: Message, wallMilliseconds: UInt64) {
    precondition(!queue.isAwaiting, "the last action is answered before the next frame")
    switch state {
    case .greeting(let greeting): greet(greeting, message, wallMilliseconds)
    case .listening(let listening): hear(listening, message)
    // A frame after the end of the child's turn changes nothing any more.
    case .telling, .refusing, .finished: break
    }
  }

  package mutating func reject(_ code: ProtocolErrorCode, subject: String) {
    switch state {
    case .greeting, .listening: violate(code, subject)
    case .telling, .refusing, .finished: break
    }
  }

  package mutating func linkEnded() {
    guard !isFinished else { return }
    queue.clear()
    finish(.failed(.linkEnded))
  }

  // MARK: The child's turn

  private mutating func greet(_ start: Greeting, _ message: Message, _ milliseconds: UInt64) {
    guard case .hello(let hello) = message else {
      return violate(.unexpectedFrame, "\(message.name) before HELLO")
    }
    var greeting = start
    greeting.peerHello = hello
    greeting.clockOffset = clockOffset(peer: hello.wallMilliseconds, own: milliseconds)
    state = .greeting(greeting)
    guard hello.protocolVersions.overlaps(context.protocolVersions) else {
      return violate(.versionMismatch, versionsText(context.protocolVersions))
    }
    queue.append(.judge(hello))
  }

  private mutating func meet(_ greeting: Greeting, _ answer: ExchangeAnswer) {
    guard case .judged(let standing) = answer, let hello = greeting.peerHello else {
      preconditionFailure("the child's HELLO is judged")
    }
    if let code = standing.objection(to: hello) {
      if code == .authenticationNeeded && !standing.signatureHolds {
        queue.append(.raise(.impostor(hello.replica)))
      }
      let error = ErrorMessage(code: code, subject: hello.replica.description)
      let result =
        code == .authenticationNeeded
        ? ExchangeOutcome.Result.challenged : .failed(.violated(error))
      return startRefusing(error, result, challenge: standing.challenge)
    }
    state = .listening(
      Listening(
        peerHello: hello, clockOffset: greeting.clockOffset, standing: standing,
        intake: Intake(peer: hello.replica, shared: standing.shared)))
  }

  private mutating func hear(_ start: Listening, _ message: Message) {
    var listening = start
    if let limit = listening.intake.count(message) {
      return violate(limit.code, limit.subject)
    }
    switch message {
    case .knowledge(let knowledge):
      hear(knowledge, &listening)
    case .changes(let changes):
      listening.intake.hear(changes, &queue)
    case .part(let part):
      listening.intake.hear(part, receipts: &listening.receipts, &queue)
    case .acknowledgement(let acknowledgement):
      if listening.intake.admits(acknowledgement.stream, &queue) {
        listening.asked.insert(acknowledgement.stream)
        listening.intake.hear(acknowledgement)
      }
    case .error(let error):
      if case .dot(let dot) = ErrorSubject(error.subject),
        listening.peerRefuses.count < Limits.stopsPerLink
      {
        listening.peerRefuses.append(dot)
      }
    case .done:
      _ = listening.intake.recordRest(&queue)
      state = .telling(Telling(heard: listening))
      queue.append(.readStreams(listening.standing.shared))
      return
    case .hello, .bundleManifest, .bundleSeal:
      return violate(.unexpectedFrame, message.name)
    }
    state = .listening(listening)
  }

  private mutating func hear(_ knowledge: StreamKnowledge, _ listening: inout Listening) {
    guard listening.intake.admits(knowledge.stream, &queue) else { return }
    listening.peerKnows[knowledge.stream] = knowledge.known
    listening.asked.insert(knowledge.stream)
    let number = knowledge.known[context.replica]
    guard number > 0 else { return }
    listening.checking = knowledge
    queue.append(.readOwnHead(knowledge.stream, number: number))
  }

  private mutating func listen(_ start: Listening, _ answer: ExchangeAnswer) {
    var listening = start
    switch answer {
    case .ownHead(let last, let hash):
      guard let knowledge = listening.checking else {
        preconditionFailure("the own head is read for a KNOWLEDGE")
      }
      let alarm = identityAlarm(knowledge, replica: context.replica, last: last, hash: hash)
      if let alarm {
        queue.append(.raise(alarm))
        // A hub that is not itself takes and gives nothing until it has a new epoch.
        let error = ErrorMessage(
          code: .notReady, subject: context.replica.description,
          retryAfterMilliseconds: Limits.backOffLongestMilliseconds)
        return startRefusing(
          error, .failed(.identityLost(alarm)), challenge: listening.standing.challenge)
      }
      listening.checking = nil
    case .applied(let report):
      if let limit = listening.intake.take(report, &queue) {
        state = .listening(listening)
        return violate(limit.code, limit.subject)
      }
    case .staged(let complete):
      listening.intake.hearStaged(complete, &queue)
    case .notReady(let milliseconds): return startRefusing(listening, notReady: milliseconds)
    default: preconditionFailure("the child's turn needs no such answer")
    }
    state = .listening(listening)
  }

  // MARK: The hub's turn

  private mutating func tell(_ start: Telling, _ answer: ExchangeAnswer) {
    var telling = start
    let peer = telling.heard.peerHello.replica
    switch answer {
    case .streams(let own):
      telling.own = own
      state = .telling(telling)
      let hello = context.hello(
        challenge: telling.heard.standing.challenge, streams: own.map(\.summary),
        wall: context.wallMilliseconds)
      queue.append(.sign(hello))
      return
    case .signed(let hello): return startTelling(telling, hello)
    // Of what the child acknowledged last; its knowledge is read next.
    case .recorded: return
    case .notReady(let milliseconds):
      queue.clear()
      return startRefusing(telling.heard, notReady: milliseconds)
    case .heads(let heads): sendKnowledge(of: telling.differing, to: peer, heads: heads, &queue)
    case .receipts(let receipts):
      for receipt in receipts { queue.append(.send(receipt.message)) }
    case .acknowledgements(let found):
      for acknowledgement in found where tells(acknowledgement, telling.heard) {
        memory.tops[acknowledgement.stream] = acknowledgement.top
        queue.append(.send(.acknowledgement(acknowledgement)))
      }
    case .changes(let batch):
      guard var outflow = telling.outflow else {
        preconditionFailure("change sets were asked for")
      }
      outflow.take(batch, &queue)
      telling.outflow = outflow
      return pull(telling)
    default: preconditionFailure("the turn needs knowledge and change sets")
    }
    telling.readsLeft -= 1
    state = .telling(telling)
    if telling.readsLeft == 0 { startOutflow(telling) }
  }

  private func tells(_ acknowledgement: Acknowledgement, _ heard: Listening) -> Bool {
    heard.asked.contains(acknowledgement.stream)
      || memory.tops[acknowledgement.stream] != acknowledgement.top
  }

  private mutating func startTelling(_ start: Telling, _ hello: Hello) {
    var telling = start
    let heard = telling.heard
    queue.append(.send(.hello(hello)))
    for report in heard.intake.reports { queue.append(.send(.error(report))) }
    let summaries = Dictionary(
      heard.peerHello.streams.map { ($0.stream, $0) }, uniquingKeysWith: { first, _ in first })
    for stream in telling.own {
      let id = stream.summary.stream
      guard let summary = summaries[id] else { continue }
      if summary.headsHash != stream.summary.headsHash {
        telling.differing.append(stream)
      } else if digestsDisagree(stream.summary, hello, summary, heard.peerHello) {
        queue.append(.raise(.digestMismatch(id, peer: heard.peerHello.replica)))
      }
    }
    telling.readsLeft = 1
    if !telling.differing.isEmpty {
      queue.append(.readHeads(headDots(of: heard.peerHello.replica, telling.differing)))
      queue.append(.readReceipts(telling.differing.map(\.summary.stream)))
      telling.readsLeft += 2
    }
    queue.append(.readAcknowledgements(heard.standing.shared))
    state = .telling(telling)
  }

  private mutating func startOutflow(_ start: Telling) {
    var telling = start
    var lacking: [StreamVector] = []
    for stream in telling.own {
      let id = stream.summary.stream
      guard var known = telling.heard.peerKnows[id] else { continue }
      known.stop(telling.heard.peerRefuses, of: id)
      if !known.dominates(stream.known) {
        lacking.append(StreamVector(stream: id, known: known))
      }
    }
    telling.outflow = Outflow(lacking, held: telling.heard.receipts, context: context)
    pull(telling)
  }

  private mutating func pull(_ telling: Telling) {
    state = .telling(telling)
    if let request = telling.outflow?.request {
      queue.append(request)
    } else {
      queue.append(.send(.done))
      finish(.complete)
    }
  }

  // MARK: The end

  private mutating func violate(_ code: ProtocolErrorCode, _ subject: String) {
    let error = ErrorMessage(code: code, subject: subject)
    var challenge = noChallenge
    if case .listening(let listening) = state { challenge = listening.standing.challenge }
    startRefusing(error, .failed(.violated(error)), challenge: challenge)
  }

  private mutating func startRefusing(_ heard: Listening, notReady milliseconds: UInt64) {
    state = .listening(heard)
    let error = ErrorMessage(
      code: .notReady, subject: context.replica.description, retryAfterMilliseconds: milliseconds)
    startRefusing(
      error, .failed(.notReady(retryAfterMilliseconds: milliseconds)),
      challenge: heard.standing.challenge)
  }

  private mutating func startRefusing(
    _ error: ErrorMessage, _ result: ExchangeOutcome.Result, challenge: [UInt8]
  ) {
    var (heard, peer): (Listening?, ReplicaID?) = (nil, nil)
    switch state {
    case .greeting(let greeting): peer = greeting.peerHello?.replica
    case .listening(let listening):
      (heard, peer) = (listening, listening.peerHello.replica)
    case .telling, .refusing, .finished: break
    }
    state = .refusing(Refusing(error: error, result: result, heard: heard, peer: peer))
    queue.append(
      .sign(
        context.hello(challenge: challenge, streams: [], wall: context.wallMilliseconds)))
  }

  private mutating func refuse(_ refusing: Refusing, _ answer: ExchangeAnswer) {
    guard case .signed(let hello) = answer else {
      preconditionFailure("a refusal needs a signed HELLO only")
    }
    queue.append(.send(.hello(hello)))
    queue.append(.send(.error(refusing.error)))
    queue.append(.send(.done))
    finish(refusing.result)
  }

  private mutating func finish(_ result: ExchangeOutcome.Result) {
    var (heard, peer, sent, differs): (Listening?, ReplicaID?, Int, Bool) = (nil, nil, 0, false)
    switch state {
    case .greeting(let greeting): peer = greeting.peerHello?.replica
    case .listening(let listening): heard = listening
    case .telling(let telling):
      heard = telling.heard
      sent = telling.outflow?.sent ?? 0
      differs = !telling.differing.isEmpty
    case .refusing(let refusing): (heard, peer) = (refusing.heard, refusing.peer)
    case .finished: break
    }
    let intake = heard?.intake
    state = .finished
    queue.append(
      .finish(
        ExchangeOutcome(
          result: result, peer: heard?.peerHello.replica ?? peer,
          clockOffsetMilliseconds: heard?.clockOffset, sent: sent,
          applied: intake?.applied ?? 0, parked: intake?.parked ?? 0,
          moved: sent > 0 || (intake?.applied ?? 0) + (intake?.stagedParts ?? 0) > 0,
          differs: differs)))
  }
}

package import Causality
import Changes
package import Wire

/// The child's side of one exchange: it says its turn, then takes the hub's.
///
/// Source: Protocol/6-Sessions §3 and §4. What is remembered of the hub is `hint`; the shell keeps it for
/// the next exchange, however this one ended.
package struct ChildExchange: ExchangeMachine {
  private enum State: Sendable {
    case opening(Opening)
    case telling(Telling)
    case greeting(Greeting)
    case listening(Listening)
    case finished
  }

  /// Reading the streams and signing HELLO.
  private struct Opening: Sendable {
    var own: [StreamState] = []
  }

  /// What was said in the child's turn, as far as the rest of the exchange needs it.
  private struct Said: Sendable {
    let hello: Hello
    /// The streams as they were in HELLO.
    let own: [StreamState]
    /// The streams whose KNOWLEDGE was given.
    var suspects: [StreamState] = []
    var acknowledgements: [Acknowledgement] = []
    var sent = 0
  }

  /// After HELLO, until DONE.
  private struct Telling: Sendable {
    var said: Said
    var readsLeft = 0
    var outflow: Outflow?
  }

  /// The hub's HELLO is awaited, then judged.
  private struct Greeting: Sendable {
    let said: Said
    var peerHello: Hello?
    var receivedMilliseconds: UInt64 = 0
  }

  /// After the hub's HELLO, until its DONE.
  private struct Listening: Sendable {
    let said: Said
    let peerHello: Hello
    let clockOffset: Int64
    var intake: Intake
    /// Streams that the two HELLOs tell apart, ascending.
    var differing: [StreamID] = []
    var checking: StreamKnowledge?
  }

  private let context: ExchangeContext
  private let shared: [StreamID]
  private let before: PeerHint
  /// What to remember of the hub.
  package private(set) var hint: PeerHint
  private var state: State
  private var queue = ActionQueue()

  /// `shared`: the streams that this node and the hub both hold, ascending.
  package init(context: ExchangeContext, shared: [StreamID], hint: PeerHint) {
    precondition(zip(shared, shared.dropFirst()).allSatisfy { $0 < $1 }, "streams ascend")
    self.context = context
    self.shared = shared
    self.hint = hint
    before = hint
    state = .opening(Opening())
    if hint.hasContact {
      queue.append(.readStreams(shared))
    } else {
      let hello = context.hello(
        challenge: noChallenge, streams: [], wall: context.wallMilliseconds)
      queue.append(.sign(hello))
    }
  }

  package var isFinished: Bool {
    if case .finished = state { true } else { false }
  }

  package static var speaksFirst: Bool { true }

  package mutating func next() -> ExchangeAction? { queue.next() }

  package mutating func answer(_ answer: ExchangeAnswer) {
    _ = queue.resolve(answer)
    switch state {
    case .opening(let opening): open(opening, answer)
    case .telling(let telling): tell(telling, answer)
    case .greeting(let greeting): meet(greeting, answer)
    case .listening(let listening): listen(listening, answer)
    case .finished: preconditionFailure("a finished machine asks for nothing")
    }
  }

  package mutating func receive(_ message: Message, wallMilliseconds: UInt64) {
    precondition(!queue.isAwaiting, "the last action is answered before the next frame")
    if !queue.isDrained { breakOff() }
    switch state {
    case .greeting(let greeting): greet(greeting, message, wallMilliseconds)
    case .listening(let listening): hear(listening, message)
    case .finished: break
    case .opening, .telling: violate(.unexpectedFrame, "\(message.name) before HELLO")
    }
  }

  /// A hub that refuses answers before the child's turn is over: the rest of the turn stays unsaid.
  private mutating func breakOff() {
    var said: Said
    switch state {
    case .telling(let telling): said = telling.said
    case .greeting(let greeting): said = greeting.said
    case .opening:
      queue.clear()
      return
    case .listening, .finished: return
    }
    queue.clear()
    said.acknowledgements = []
    state = .greeting(Greeting(said: said))
  }

  package mutating func reject(_ code: ProtocolErrorCode, subject: String) {
    if !isFinished { violate(code, subject) }
  }

  package mutating func linkEnded() {
    if !isFinished { fail(.linkEnded) }
  }

  // MARK: The child's turn

  private mutating func open(_ opening: Opening, _ answer: ExchangeAnswer) {
    switch answer {
    case .streams(let own):
      state = .opening(Opening(own: own))
      let hello = context.hello(
        challenge: hint.challenge, streams: own.map(\.summary), wall: context.wallMilliseconds)
      queue.append(.sign(hello))
    case .signed(let hello):
      queue.append(.send(.hello(hello)))
      startTelling(Said(hello: hello, own: opening.own))
    default: preconditionFailure("HELLO needs streams and a signature")
    }
  }

  private mutating func startTelling(_ start: Said) {
    var said = start
    guard hint.hasContact else { return endTurn(said) }
    said.suspects = hint.suspects(
      among: said.own, wallMilliseconds: context.wallMilliseconds)
    for report in hint.reports { queue.append(.send(.error(report))) }
    var telling = Telling(said: said)
    if !said.suspects.isEmpty, let peer = hint.peer {
      queue.append(.readHeads(headDots(of: peer, said.suspects)))
      queue.append(.readReceipts(said.suspects.map(\.summary.stream)))
      telling.readsLeft = 2
    }
    if hint.isProved {
      queue.append(.readAcknowledgements(shared))
      telling.readsLeft += 1
    }
    state = .telling(telling)
    if telling.readsLeft == 0 { startOutflow(telling) }
  }

  private mutating func tell(_ start: Telling, _ answer: ExchangeAnswer) {
    var telling = start
    switch answer {
    case .heads(let heads):
      guard let peer = hint.peer else { preconditionFailure("heads are of the peer") }
      sendKnowledge(of: telling.said.suspects, to: peer, heads: heads, &queue)
    case .receipts(let receipts):
      for receipt in receipts { queue.append(.send(receipt.message)) }
    case .acknowledgements(let found):
      for acknowledgement in found {
        let own = acknowledgement.withoutTop
        guard hint[own.stream].acknowledged != own else { continue }
        telling.said.acknowledgements.append(own)
        queue.append(.send(.acknowledgement(own)))
      }
    case .changes(let batch):
      return push(telling, batch)
    default: preconditionFailure("the turn needs knowledge and change sets")
    }
    telling.readsLeft -= 1
    state = .telling(telling)
    if telling.readsLeft == 0 { startOutflow(telling) }
  }

  private mutating func startOutflow(_ start: Telling) {
    var telling = start
    let lacking = hint.isProved ? hint.lacking(among: telling.said.suspects) : []
    let outflow = Outflow(lacking, held: hint.receipts, context: context)
    telling.outflow = outflow
    state = .telling(telling)
    guard let request = outflow.request else { return endTurn(telling.said) }
    queue.append(request)
  }

  private mutating func push(_ start: Telling, _ batch: OutgoingBatch?) {
    var telling = start
    guard var outflow = telling.outflow else {
      preconditionFailure("change sets were asked for")
    }
    outflow.take(batch, &queue)
    // What was sent may or may not arrive: until the hub answers, its knowledge is unsure. After a cut
    // the next exchange asks before it sends.
    for stream in outflow.touched { hint[stream].known = nil }
    telling.said.sent = outflow.sent
    telling.outflow = outflow
    state = .telling(telling)
    guard let request = outflow.request else { return endTurn(telling.said) }
    queue.append(request)
  }

  private mutating func endTurn(_ said: Said) {
    queue.append(.send(.done))
    state = .greeting(Greeting(said: said))
  }

  // MARK: The hub's turn

  private mutating func greet(_ start: Greeting, _ message: Message, _ milliseconds: UInt64) {
    guard case .hello(let hello) = message else {
      return violate(.unexpectedFrame, "\(message.name) before HELLO")
    }
    guard hello.protocolVersions.overlaps(context.protocolVersions) else {
      return violate(.versionMismatch, versionsText(hello.protocolVersions))
    }
    var greeting = start
    greeting.peerHello = hello
    greeting.receivedMilliseconds = milliseconds
    state = .greeting(greeting)
    queue.append(.judge(hello))
  }

  private mutating func meet(_ greeting: Greeting, _ answer: ExchangeAnswer) {
    guard case .judged(let standing) = answer, let hello = greeting.peerHello else {
      preconditionFailure("the hub's HELLO is judged")
    }
    if let code = standing.hubObjection {
      if code == .authenticationNeeded { queue.append(.raise(.impostor(hello.replica))) }
      return violate(code, hello.replica.description)
    }
    hint.meet(hello, isProved: standing.registration == .admitted)
    let middle = context.wallMilliseconds / 2 + greeting.receivedMilliseconds / 2
    var listening = Listening(
      said: greeting.said, peerHello: hello,
      clockOffset: clockOffset(peer: hello.wallMilliseconds, own: middle),
      intake: Intake(peer: hello.replica, shared: shared))
    let summaries = Dictionary(
      hello.streams.map { ($0.stream, $0) }, uniquingKeysWith: { first, _ in first })
    for stream in greeting.said.own {
      let id = stream.summary.stream
      let summary = summaries[id]
      hint[id].seen = summary
      guard let summary else {
        // To be compared anew, and what is learned then counts as moved.
        hint[id].known = nil
        continue
      }
      if !settle(stream, summary, listening) {
        listening.differing.append(id)
        hint[id].known = nil
      }
    }
    state = .listening(listening)
  }

  /// Whether the stream is equal on both sides; then the hub's knowledge is ours.
  private mutating func settle(
    _ stream: StreamState, _ summary: StreamSummary, _ listening: Listening
  ) -> Bool {
    guard stream.summary.headsHash == summary.headsHash else { return false }
    hint.learn(stream.known, of: summary.stream)
    hint[summary.stream].stuck = nil
    if digestsDisagree(stream.summary, listening.said.hello, summary, listening.peerHello) {
      queue.append(.raise(.digestMismatch(summary.stream, peer: listening.peerHello.replica)))
    }
    return true
  }

  private mutating func hear(_ start: Listening, _ message: Message) {
    var listening = start
    if let limit = listening.intake.count(message) {
      return violate(limit.code, limit.subject)
    }
    switch message {
    case .knowledge(let knowledge):
      if listening.intake.admits(knowledge.stream, &queue) {
        let number = knowledge.known[context.replica]
        if number > 0 {
          listening.checking = knowledge
          queue.append(.readOwnHead(knowledge.stream, number: number))
        } else {
          hint.learn(knowledge.known, of: knowledge.stream)
        }
      }
    case .changes(let changes):
      listening.intake.hear(changes, &queue)
    case .part(let part):
      listening.intake.hear(part, receipts: &hint.receipts, &queue)
    case .acknowledgement(let acknowledgement):
      if listening.intake.admits(acknowledgement.stream, &queue) && hint.isProved {
        listening.intake.hear(acknowledgement)
      }
    case .error(let error):
      state = .listening(listening)
      return hear(error)
    case .done:
      if !listening.intake.recordRest(&queue) { return compare(listening) }
    case .hello, .bundleManifest, .bundleSeal:
      return violate(.unexpectedFrame, message.name)
    }
    state = .listening(listening)
  }

  private mutating func hear(_ error: ErrorMessage) {
    if error.code == .authenticationNeeded {
      finish(.challenged)
    } else if !hint.stops(error) {
      fail(.refused(error))
    }
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
        return fail(.identityLost(alarm))
      }
      listening.checking = nil
      hint.learn(knowledge.known, of: knowledge.stream)
    case .applied(let report):
      if let limit = listening.intake.take(report, &queue) {
        state = .listening(listening)
        return violate(limit.code, limit.subject)
      }
    case .staged(let complete):
      listening.intake.hearStaged(complete, &queue)
    // The last of the hub's turn.
    case .recorded: return compare(listening)
    case .notReady(let retryAfterMilliseconds):
      return fail(.notReady(retryAfterMilliseconds: retryAfterMilliseconds))
    case .streams(let streams):
      return conclude(listening, streams)
    default: preconditionFailure("the hub's turn needs no such answer")
    }
    state = .listening(listening)
  }

  // MARK: The end

  private mutating func compare(_ listening: Listening) {
    state = .listening(listening)
    if listening.differing.isEmpty {
      conclude(listening, [])
    } else {
      queue.append(.readStreams(listening.differing))
    }
  }

  private mutating func conclude(_ listening: Listening, _ streams: [StreamState]) {
    var stillDiffering: [StreamState] = []
    for stream in streams {
      guard let seen = hint[stream.summary.stream].seen else { continue }
      if !settle(stream, seen, listening) { stillDiffering.append(stream) }
    }
    for acknowledgement in listening.said.acknowledgements {
      hint[acknowledgement.stream].acknowledged = acknowledgement
    }
    if !hasMoved(listening.intake) {
      let told = listening.said.suspects.map(\.summary.stream)
      for stream in stillDiffering where told.contains(stream.summary.stream) {
        hint.stick(
          stream.summary.stream, own: stream.summary.headsHash,
          wallMilliseconds: context.wallMilliseconds)
      }
    }
    finish(.complete, differs: !stillDiffering.isEmpty)
  }

  /// A hub that is proved now and was not before may be given what it lacks.
  private func hasMoved(_ intake: Intake) -> Bool {
    intake.applied > 0 || intake.stagedParts > 0 || hint.receipts != before.receipts
      || hint.isProved && !before.isProved
      || shared.contains { hint.known(of: $0) != before.known(of: $0) }
  }

  private mutating func violate(_ code: ProtocolErrorCode, _ subject: String) {
    fail(.violated(ErrorMessage(code: code, subject: subject)))
  }

  private mutating func fail(_ error: ReplicationError) {
    // Whether the hub heard our acknowledgements, and we its answers, is unsure: say them again.
    for stream in shared where hint.streams[stream] != nil { hint[stream].acknowledged = nil }
    if case .linkEnded = error { queue.clear() }
    finish(.failed(error))
  }

  private mutating func finish(_ result: ExchangeOutcome.Result, differs: Bool = false) {
    var (intake, said, offset): (Intake?, Said?, Int64?) = (nil, nil, nil)
    switch state {
    case .telling(let telling): said = telling.said
    case .greeting(let greeting): said = greeting.said
    case .listening(let listening):
      (intake, said, offset) = (listening.intake, listening.said, listening.clockOffset)
    case .opening, .finished: break
    }
    hint.keep(intake?.rejections ?? [])
    state = .finished
    queue.append(
      .finish(
        ExchangeOutcome(
          result: result, peer: hint.peer, clockOffsetMilliseconds: offset,
          sent: said?.sent ?? 0, applied: intake?.applied ?? 0, parked: intake?.parked ?? 0,
          moved: intake.map(hasMoved) ?? false, differs: differs)))
  }
}

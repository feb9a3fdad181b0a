package import Causality
package import Changes
package import Wire

/// One thing that a machine asks its shell to do. Actions with an answer are answered before the next one
/// is asked for.
///
/// Source: Protocol/6-Sessions §3. Every read returns durable state only (engine.md I2).
package enum ExchangeAction: Hashable, Sendable {
  /// Read summary and knowledge of these streams, all at one moment → `.streams`.
  case readStreams([StreamID])
  /// Read the chain hash of each dot → `.heads`.
  case readHeads([Dot])
  /// Read the last number of this node's own replica in the stream, and its chain hash at `number` →
  /// `.ownHead`.
  case readOwnHead(StreamID, number: UInt64)
  /// Read which change sets of these streams are staged here in part → `.receipts`.
  case readReceipts([StreamID])
  /// Read the acknowledgements of these streams for the peer → `.acknowledgements`.
  case readAcknowledgements([StreamID])
  /// Read whole transactions that the peer lacks → `.changes`.
  case readChanges(ChangesRequest)
  /// Sign HELLO, whose signature is still empty → `.signed`.
  case sign(Hello)
  /// Look the sender of HELLO up in the registry and verify the signature → `.judged`.
  case judge(Hello)
  /// Apply durably, in one commit with what the peer acknowledged before → `.applied` or `.notReady`.
  case apply(ChangesMessage, after: [Acknowledgement])
  /// Keep one part durably → `.staged` or `.notReady`.
  case stage(PartMessage)
  /// Keep what the peer acknowledges, in one commit → `.recorded` or `.notReady`.
  case record([Acknowledgement])
  /// Tell the people who run this node. No answer.
  case raise(Alarm)
  /// Call `timerFired()` after that many milliseconds. No answer.
  case setTimer(milliseconds: UInt64)
  /// Write the frame to the link. No answer.
  case send(Message)
  /// The machine is finished; the link may be closed. No answer.
  case finish(ExchangeOutcome)

  /// Whether the shell must answer before it asks for the next action.
  package var needsAnswer: Bool {
    switch self {
    case .raise, .setTimer, .send, .finish: false
    default: true
    }
  }
}

/// What the shell found or did.
package enum ExchangeAnswer: Hashable, Sendable {
  /// In the order asked.
  case streams([StreamState])
  /// In the order asked; nil where the hash is not known here.
  case heads([ContentHash?])
  /// The last number of the own replica, and its hash at the number asked; nil where it is not kept.
  case ownHead(last: UInt64, hash: ContentHash?)
  case receipts([PartReceipt])
  case acknowledgements([Acknowledgement])
  /// Nil when nothing is lacking.
  case changes(OutgoingBatch?)
  case signed(Hello)
  case judged(PeerStanding)
  case applied(ApplyReport)
  /// The complete message when this was the last part.
  case staged(ChangesMessage?)
  case recorded
  /// The store cannot write now; nothing was changed.
  case notReady(retryAfterMilliseconds: UInt64)

  func answers(_ action: ExchangeAction) -> Bool {
    switch (action, self) {
    case (.readStreams(let asked), .streams(let found)):
      asked.elementsEqual(found.map(\.summary.stream))
    case (.readHeads(let asked), .heads(let found)): asked.count == found.count
    case (.readOwnHead, .ownHead), (.readReceipts, .receipts), (.sign, .signed),
      (.readAcknowledgements, .acknowledgements), (.readChanges, .changes), (.judge, .judged),
      (.apply, .applied), (.stage, .staged), (.record, .recorded), (.apply, .notReady),
      (.stage, .notReady), (.record, .notReady):
      true
    default: false
    }
  }
}

/// A side of one conversation. The shell drains `next()` after each input and performs what it says:
///
///     while let action = machine.next() {
///       if let answer = perform(action) { machine.answer(answer) }
///     }
///
/// Nil means that the machine waits for a frame, or is finished. Inputs after the end are ignored.
package protocol ExchangeMachine: Sendable {
  /// The next thing to do. Traps when the last action was not answered.
  mutating func next() -> ExchangeAction?
  /// Answers the last action. Traps when the answer does not belong to it.
  mutating func answer(_ answer: ExchangeAnswer)
  /// One frame of the peer. It may come while the machine still has something to say; whoever drives it does all
  /// other actions first. Traps when the last action was not answered.
  mutating func receive(_ message: Message, wallMilliseconds: UInt64)
  /// Bytes that are no frame: `malformedFrame` or `limitExceeded`, with what was wrong as subject.
  mutating func reject(_ code: ProtocolErrorCode, subject: String)
  /// The link ended, wherever it stood.
  mutating func linkEnded()
  /// Whether its side says its turn before it hears the other's.
  static var speaksFirst: Bool { get }
  /// True once `.finish` is asked for.
  var isFinished: Bool { get }
}

/// Actions to do, in order, and the one that waits for its answer.
struct ActionQueue: Sendable {
  private var actions: [ExchangeAction] = []
  private var first = 0
  private(set) var awaited: ExchangeAction?

  var isDrained: Bool { first == actions.count && awaited == nil }
  /// Whether the last action waits for its answer.
  var isAwaiting: Bool { awaited != nil }

  mutating func append(_ action: ExchangeAction) { actions.append(action) }

  mutating func append(contentsOf more: [ExchangeAction]) { actions.append(contentsOf: more) }

  mutating func next() -> ExchangeAction? {
    precondition(awaited == nil, "the last action is answered before the next is asked for")
    guard first < actions.count else {
      actions.removeAll(keepingCapacity: true)
      first = 0
      return nil
    }
    let action = actions[first]
    first += 1
    if action.needsAnswer { awaited = action }
    return action
  }

  /// The action that `answer` belongs to; it waits no longer.
  mutating func resolve(_ answer: ExchangeAnswer) -> ExchangeAction {
    guard let action = awaited, answer.answers(action) else {
      preconditionFailure("an answer belongs to the action before it")
    }
    awaited = nil
    return action
  }

  /// Forgets what was to be done.
  mutating func clear() { self = ActionQueue() }
}

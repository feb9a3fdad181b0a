package import Causality
internal import Changes
package import Replication
package import Store
internal import Wire

/// Performs on the replica what an exchange machine asks for.
///
/// Source: architecture.md §2: Replication says what, Store does it, and nothing is said before it is durable.
package struct ReplicaActions {
  package let replica: Replica
  private let challenges: ChallengeBook
  package var conversation: Conversation
  /// What rose here through this step.
  private var advanced: [StreamID] = []
  private var acknowledged: [StreamID] = []
  /// What all that was applied came to.
  package private(set) var total = ApplyOutcome()
  /// Whether a full disk or a busy file is the caller's to tell, because there is no peer to be told.
  package var throwsWhenNotReady = false
  /// What kept the replica from writing; the peer was told to come again.
  package private(set) var trouble: StoreError?
  /// Whether something was taken since it began.
  package private(set) var hasWritten = false

  /// `challenges`: this process's; used at the hub's side only.
  package init(_ replica: Replica, challenges: ChallengeBook, conversation: Conversation) {
    (self.replica, self.challenges, self.conversation) = (replica, challenges, conversation)
  }

  /// The answer to one action; nil for actions of the shell (`send`, `raise`, `setTimer`, `finish`).
  ///
  /// Throws what concerns this node alone; a full disk and a busy file are answers.
  package mutating func perform(_ action: ExchangeAction) throws(StoreError) -> ExchangeAnswer? {
    switch action {
    case .readStreams(let streams): return try readStreams(streams)
    case .readHeads(let dots):
      var heads: [ContentHash?] = []
      for dot in dots {
        heads.append(try replica.head(of: dot.replica, in: dot.stream, at: dot.number))
      }
      return .heads(heads)
    case .readOwnHead(let stream, let number):
      let own = replica.identity.replica
      return .ownHead(
        last: try replica.knowledge(of: stream)[own],
        hash: try replica.head(of: own, in: stream, at: number))
    case .readReceipts(let streams):
      return .receipts(
        try replica.stagedMessages(in: streams).filter { $0.held < $0.count }.map {
          PartReceipt(dot: $0.dot, contentHash: $0.contentHash, held: $0.held, count: $0.count)
        })
    case .readAcknowledgements(let streams):
      return .acknowledgements(try replica.acknowledgements(for: streams))
    case .readChanges(let request): return .changes(try readChanges(request))
    case .sign(let hello): return .signed(try sign(hello))
    case .judge(let hello): return .judged(try judge(hello))
    case .apply(let message, let acknowledgements):
      return try ready { actions throws(StoreError) in
        try actions.apply(message, after: acknowledgements)
      }
    case .stage(let part):
      return try ready { actions throws(StoreError) in .staged(try actions.replica.stage(part)) }
    case .record(let acknowledgements):
      return try ready { actions throws(StoreError) in try actions.record(acknowledgements) }
    case .raise, .setTimer, .send, .finish: return nil
    }
  }

  /// The streams that changed since the last call: advanced, and acknowledged.
  package mutating func takeChanged() -> (advanced: [StreamID], acknowledged: [StreamID]) {
    defer { (advanced, acknowledged) = ([], []) }
    return (advanced.sorted(), acknowledged.sorted())
  }

  private func readStreams(_ streams: [StreamID]) throws(StoreError) -> ExchangeAnswer {
    var states: [StreamState] = []
    for state in try replica.summariesWithKnowledge(of: streams) {
      states.append(StreamState(summary: state.summary, known: state.known))
    }
    return .streams(states)
  }

  /// The next change sets that a peer lacks, without the parts that it holds; nil when it lacks none.
  package func readChanges(
    _ request: ChangesRequest
  ) throws(StoreError) -> Replication.OutgoingBatch? {
    let lackedBy = request.lackedBy.map { ($0.stream, $0.known) }
    guard let batch = try replica.changes(lackedBy: lackedBy, maxBytes: request.maxBytes) else {
      return nil
    }
    let content: Replication.OutgoingBatch.Content
    switch batch.content {
    case .frame(let message): content = .frame(message)
    case .parts(let parts):
      let held = request.held.first { $0.contentHash == parts.first?.contentHash }?.held ?? 0
      content = .parts(parts.filter { $0.index >= held })
    }
    return Replication.OutgoingBatch(
      content: content,
      advancing: batch.advanced.map { StreamVector(stream: $0.stream, known: $0.known) })
  }

  private func sign(_ hello: Hello) throws(StoreError) -> Hello {
    Hello(
      protocolVersions: hello.protocolVersions, replica: hello.replica,
      schemaVersion: hello.schemaVersion, wallMilliseconds: hello.wallMilliseconds,
      quarantineCount: hello.quarantineCount, challenge: hello.challenge, streams: hello.streams,
      signature: try replica.identity.sign(hello.signedBytes))
  }

  private mutating func judge(_ hello: Hello) throws(StoreError) -> PeerStanding {
    let own = replica.identity.replica.node.scope
    let scope = hello.replica.node.scope
    let holds = try replica.isSigned(
      hello.signedBytes, signature: hello.signature, by: hello.replica)
    let isKnown =
      try replica.registered(hello.replica) != nil
      || hello.replica == replica.identity.anchor.replica
    let isRelated =
      conversation.isHub
      ? try replica.isAdmittedChild(hello.replica)
      : replica.tree.isAtOrAbove(scope, own) && scope != own
    // Strangers get none, so that the book is no longer than the registry.
    let challenge =
      conversation.isHub
      ? isKnown ? challenges.challenge(for: hello.replica) : ChallengeBook.none : []
    conversation.peer = hello.replica
    conversation.isProved =
      isKnown && isRelated && holds && (!conversation.isHub || hello.challenge == challenge)
    return PeerStanding(
      registration: !isKnown ? .unknown : isRelated ? .admitted : .notRelated,
      signatureHolds: holds, challenge: challenge,
      shared: replica.streams.filter { replica.tree.holds(scope, $0) })
  }

  private mutating func apply(
    _ message: ChangesMessage, after acknowledgements: [Acknowledgement]
  ) throws(StoreError) -> ExchangeAnswer {
    guard let peer = conversation.peer else { preconditionFailure("a HELLO comes first") }
    let ingress: Ingress =
      !conversation.isHub ? .none : conversation.isProved ? .peer : .everyone
    let outcome = try replica.apply(
      message, after: acknowledgements, from: peer, ingress: ingress,
      wallMilliseconds: conversation.wallMilliseconds)
    acknowledged += outcome.acknowledged
    for stream in outcome.streamsAdvanced where !advanced.contains(stream) {
      advanced.append(stream)
    }
    total.add(outcome)
    return .applied(
      ApplyReport(
        applied: outcome.applied, duplicates: outcome.duplicates, parked: outcome.parked,
        rejections: outcome.rejected.map { Rejection(dot: $0.dot, code: $0.code) }))
  }

  private mutating func record(
    _ acknowledgements: [Acknowledgement]
  ) throws(StoreError) -> ExchangeAnswer {
    guard let peer = conversation.peer else { return .recorded }
    acknowledged += try replica.record(
      acknowledgements, from: peer, wallMilliseconds: conversation.wallMilliseconds)
    return .recorded
  }

  /// A full disk or a busy file is told to the peer, which comes again; nothing was taken.
  private mutating func ready(
    _ body: (inout ReplicaActions) throws(StoreError) -> ExchangeAnswer
  ) throws(StoreError) -> ExchangeAnswer {
    do throws(StoreError) {
      let answer = try body(&self)
      hasWritten = true
      return answer
    } catch {
      if throwsWhenNotReady { throw error }
      guard let milliseconds = error.retryAfterMilliseconds else { throw error }
      trouble = error
      return .notReady(retryAfterMilliseconds: milliseconds)
    }
  }
}

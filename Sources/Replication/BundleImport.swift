package import Causality
import Changes
package import Wire

/// Takes a bundle file frame by frame: no HELLO, no answer but a bundle to carry back.
///
/// Source: Protocol/6-Sessions §11, 8-Bundles. Change sets prove themselves; acknowledgements and ranges
/// count only when the seal holds. Whatever was applied before an error counts.
package struct BundleImport: ExchangeMachine {
  private enum State: Sendable {
    case opening
    case comparing(BundleManifest)
    case loading(Loading)
    case concluding(Loading, ExchangeOutcome.Result)
    case finished
  }

  private struct Loading: Sendable {
    let manifest: BundleManifest
    var intake: Intake
    var frameCount: UInt32 = 0
    var differs = false
    var own: [StreamState] = []
    /// This replica's own last numbers, by stream.
    var ownNumbers: [StreamID: UInt64] = [:]
  }

  private let context: ExchangeContext
  private let from: ReplicaID
  private let standing: PeerStanding
  private var state = State.opening
  private var queue = ActionQueue()
  /// What the exporter of an acknowledgement bundle knows; empty for another bundle or without seal. It is
  /// the base of the next export to it.
  package private(set) var peerKnows: [StreamVector] = []
  /// The frames of the acknowledgement bundle to carry back, its manifest first; empty before the end.
  package private(set) var reply: [Message] = []

  /// The shell reads the file twice: first the manifest's sender and the seal over all bytes, then the
  /// frames. `standing.signatureHolds` says that the seal is the sender's and fits the bytes.
  package init(context: ExchangeContext, from: ReplicaID, standing: PeerStanding) {
    (self.context, self.from, self.standing) = (context, from, standing)
  }

  package var isFinished: Bool {
    if case .finished = state { true } else { false }
  }

  private var isSealed: Bool {
    standing.signatureHolds && standing.registration == .admitted
  }

  package static var speaksFirst: Bool { false }

  package mutating func next() -> ExchangeAction? { queue.next() }

  package mutating func receive(_ message: Message, wallMilliseconds: UInt64) {
    precondition(!queue.isAwaiting, "the last action is answered before the next frame")
    switch state {
    case .opening: open(message)
    case .loading(let loading): load(loading, message)
    case .comparing, .concluding, .finished: break
    }
  }

  package mutating func answer(_ answer: ExchangeAnswer) {
    _ = queue.resolve(answer)
    switch (state, answer) {
    case (.comparing(let manifest), .streams(let own)): compare(manifest, own)
    case (.loading(var loading), .applied(let report)):
      let limit = loading.intake.take(report, &queue)
      state = .loading(loading)
      if let limit { fail(loading, .bundleMalformed(limit)) }
    case (.loading(var loading), .staged(let complete)):
      loading.intake.hearStaged(complete.map { withoutOwnLater($0, loading) }, &queue)
      state = .loading(loading)
    case (.loading, .recorded): break
    case (.loading(let loading), .notReady(let milliseconds)):
      finish(loading, .failed(.notReady(retryAfterMilliseconds: milliseconds)))
    case (.concluding(var loading, let result), .streams(let own)):
      loading.own = own
      loading.differs = Self.isIncomplete(loading.manifest, own)
      state = .concluding(loading, result)
      queue.append(.readAcknowledgements(own.map(\.summary.stream)))
    case (.concluding(let loading, let result), .acknowledgements(let found)):
      makeReply(loading, found)
      finish(loading, result)
    default: preconditionFailure("a bundle needs no such answer")
    }
  }

  package mutating func reject(_ code: ProtocolErrorCode, subject: String) {
    let error = ReplicationError.bundleMalformed(ErrorMessage(code: code, subject: subject))
    switch state {
    case .loading(let loading): fail(loading, error)
    case .opening, .comparing: finish(nil, .failed(error))
    case .concluding, .finished: break
    }
  }

  /// The file ended. Before the seal it is truncated.
  package mutating func linkEnded() {
    switch state {
    case .loading(let loading): fail(loading, .linkEnded)
    case .opening, .comparing: finish(nil, .failed(.linkEnded))
    case .concluding, .finished: break
    }
  }

  // MARK: Frames

  private mutating func open(_ message: Message) {
    guard case .bundleManifest(let manifest) = message, manifest.from == from else {
      return reject(.unexpectedFrame, subject: message.name)
    }
    if let to = manifest.to, to != context.replica.node {
      return finish(nil, .failed(.bundleForOther(to)))
    }
    guard manifest.frameCount <= Limits.bundleFrames else {
      return reject(.limitExceeded, subject: "bundleFrames")
    }
    guard standing.registration != .retired, standing.registration != .notRelated else {
      return reject(
        standing.registration == .retired ? .retiredReplica : .notAdmitted,
        subject: from.description)
    }
    state = .comparing(manifest)
    queue.append(.readStreams(sharedStreams(manifest)))
  }

  private func sharedStreams(_ manifest: BundleManifest) -> [StreamID] {
    let listed = Set(manifest.ranges.map(\.stream))
    return standing.shared.filter(listed.contains)
  }

  private mutating func compare(_ manifest: BundleManifest, _ own: [StreamState]) {
    let ranges = Dictionary(
      manifest.ranges.map { ($0.stream, $0) }, uniquingKeysWith: { first, _ in first })
    if isSealed, let alarm = restoredAlarm(ranges, own) {
      queue.append(.raise(alarm))
      return finish(nil, .failed(.identityLost(alarm)))
    }
    if manifest.isAcknowledgement {
      if isSealed {
        peerKnows = own.compactMap { stream in
          ranges[stream.summary.stream].map { StreamVector(stream: $0.stream, known: $0.upTo) }
        }
      }
    } else {
      let gaps = own.filter { stream in
        ranges[stream.summary.stream].map { !stream.known.dominates($0.after) } ?? false
      }
      guard gaps.isEmpty else {
        return finish(nil, .failed(.bundleGap(gaps.map(\.summary.stream))))
      }
    }
    var loading = Loading(
      manifest: manifest, intake: Intake(peer: from, shared: standing.shared))
    for stream in own {
      loading.ownNumbers[stream.summary.stream] = stream.known[context.replica]
    }
    state = .loading(loading)
  }

  /// What a sealed range proves that tells of more change sets of this replica than it has itself.
  private func restoredAlarm(
    _ ranges: [StreamID: BundleRange], _ own: [StreamState]
  ) -> Alarm? {
    for stream in own {
      guard let range = ranges[stream.summary.stream] else { continue }
      let (have, told) = (
        stream.known[context.replica],
        max(range.after[context.replica], range.upTo[context.replica])
      )
      if told > have { return .restored(range.stream, own: have, peer: told) }
    }
    return nil
  }

  /// A replica numbers its own change sets; later ones than its last it takes from nobody.
  private func isOwnLater(_ dot: Dot, _ loading: Loading) -> Bool {
    dot.replica == context.replica && dot.number > loading.ownNumbers[dot.stream] ?? 0
  }

  private func withoutOwnLater(_ changes: ChangesMessage, _ loading: Loading) -> ChangesMessage {
    guard changes.changeSets.contains(where: { isOwnLater($0.dot, loading) }) else {
      return changes
    }
    return ChangesMessage(
      changeSets: changes.changeSets.filter { !isOwnLater($0.dot, loading) },
      heads: changes.heads.filter { !isOwnLater($0.dot, loading) })
  }

  private mutating func load(_ start: Loading, _ message: Message) {
    var loading = start
    if case .bundleSeal = message {
      guard loading.frameCount == loading.manifest.frameCount else {
        return reject(.malformedFrame, subject: "\(loading.frameCount) frames")
      }
      return conclude(loading, .complete)
    }
    loading.frameCount += 1
    guard loading.frameCount <= loading.manifest.frameCount else {
      return reject(.unexpectedFrame, subject: message.name)
    }
    switch (message, loading.manifest.isAcknowledgement) {
    case (.changes(let changes), false):
      loading.intake.hear(withoutOwnLater(changes, loading), &queue)
    case (.part(let part), false):
      var receipts: [PartReceipt] = []
      loading.intake.hear(part, receipts: &receipts, &queue)
    case (.acknowledgement(let acknowledgement), _):
      if loading.intake.admits(acknowledgement.stream, &queue) && isSealed {
        queue.append(.record([acknowledgement]))
      }
    default: return reject(.unexpectedFrame, subject: message.name)
    }
    state = .loading(loading)
  }

  // MARK: The end

  private static func isIncomplete(_ manifest: BundleManifest, _ own: [StreamState]) -> Bool {
    guard !manifest.isAcknowledgement else { return false }
    return own.contains { stream in
      manifest.ranges.contains {
        $0.stream == stream.summary.stream && !stream.known.dominates($0.upTo)
      }
    }
  }

  private mutating func fail(_ loading: Loading, _ error: ReplicationError) {
    conclude(loading, .failed(error))
  }

  /// What was taken is acknowledged, also when the file ended early.
  private mutating func conclude(_ loading: Loading, _ result: ExchangeOutcome.Result) {
    if loading.manifest.isAcknowledgement { return finish(loading, result) }
    state = .concluding(loading, result)
    queue.append(.readStreams(sharedStreams(loading.manifest)))
  }

  private mutating func makeReply(_ loading: Loading, _ found: [Acknowledgement]) {
    // What is known here is told to nobody that this node never admitted.
    guard standing.registration == .admitted else { return }
    let manifest = BundleManifest(
      from: context.replica, to: from.node, createdMilliseconds: context.wallMilliseconds,
      isAcknowledgement: true,
      ranges: loading.own.map {
        BundleRange(stream: $0.summary.stream, after: VersionVector(), upTo: $0.known)
      }, frameCount: UInt32(found.count))
    reply = [.bundleManifest(manifest)] + found.map { .acknowledgement($0) }
  }

  private mutating func finish(_ loading: Loading?, _ result: ExchangeOutcome.Result) {
    let intake = loading?.intake
    let moved = (intake?.applied ?? 0) + (intake?.stagedParts ?? 0) > 0
    state = .finished
    queue.append(
      .finish(
        ExchangeOutcome(
          result: result, peer: from, applied: intake?.applied ?? 0,
          parked: intake?.parked ?? 0, moved: moved, differs: loading?.differs ?? false)))
  }
}

package import Causality
internal import Changes
internal import Peering
internal import Replication
package import Store
internal import Transport
package import Wire

/// Takes a bundle file into a replica, by the same rules as what comes over a link.
///
/// Source: Protocol/6-Sessions §11. On a replica opened by `Replica.openTrial` it shows what would happen.
package struct BundleImporter {
  /// How far the sender is proved.
  package enum Seal: String, Hashable, Sendable {
    /// The seal fits the bytes and is the sender's.
    case holds
    /// The file ends before it, or is damaged.
    case missing
    /// It fits other bytes, or another key made it.
    case broken
    /// The sender's key is not known here.
    case senderUnknown
  }

  /// What was taken, and what it did.
  package struct Result: Sendable {
    package let inspection: BundleInspection
    package let manifest: BundleManifest
    package fileprivate(set) var seal: Seal
    /// Counts, refusals and clock marks made here, and what was rejected.
    package fileprivate(set) var outcome = ApplyOutcome()
    package fileprivate(set) var rows: [RowChangeCount] = []
    package fileprivate(set) var openedConflicts: [OpenConflict] = []
    package fileprivate(set) var closedConflicts = 0
    /// Violations of the rows here that were not there before, and how many ended; of each rule among the first
    /// `Limits.violationsPerRule`.
    package fileprivate(set) var openedViolations: [Violation] = []
    package fileprivate(set) var endedViolations = 0
    /// What was noted for a person.
    package fileprivate(set) var quarantined: [QuarantineEntry] = []
    /// Streams of which the sender's acknowledgement said something new.
    package fileprivate(set) var acknowledgedStreams: [StreamID] = []
    /// Streams that the sender may not send here.
    package fileprivate(set) var foreignStreams: [StreamID] = []
    /// Something that the bundle leads to is still not here.
    package fileprivate(set) var isIncomplete = false
    package fileprivate(set) var acknowledgement: BundleExporter.Result?
  }

  private let replica: Replica
  private let wallMilliseconds: UInt64

  package init(_ replica: Replica, wallMilliseconds: UInt64) {
    (self.replica, self.wallMilliseconds) = (replica, wallMilliseconds)
  }

  /// Reads the file twice: first who seals it, then what is in it. `acknowledgementPath`: where the bundle to
  /// carry back is written, once all that it says is durable.
  ///
  /// What was taken before damage counts. Throws `unreadable`, `addressed`, `own`, `notRelated`, `retired`, `gap`,
  /// `restored`, `violated`, `file`, `store`: what it threw for is not taken.
  package func run(
    path: String, acknowledgementPath: String? = nil
  ) throws(BundleError) -> Result {
    let inspection = try BundleError.file { () throws(TransportError) in
      try BundleInspection(path: path)
    }
    guard let manifest = inspection.manifest else {
      throw .unreadable(
        inspection.damage
          ?? BundleDamage(offset: 0, frame: 0, error: .bundleTruncated(frames: 0, expected: 0)))
    }
    guard manifest.from != replica.identity.replica else { throw .own(manifest.from) }
    let peer = try BundlePeer(manifest.from.node, at: replica)
    if peer.isBelow, let reason = replica.stopReason {
      // A hub judges what enters; this one must not write.
      throw .store(.writingStopped(reason))
    }
    var result = Result(
      inspection: inspection, manifest: manifest,
      seal: try seal(of: manifest.from, inspection))
    let before = try store { () throws(StoreError) in
      (
        conflicts: try replica.conflicts(), violations: try replica.violations(),
        quarantine: try replica.quarantineEntries()
      )
    }
    try store { () throws(StoreError) in try replica.startCountingRows() }
    var reply = try load(path, peer, &result)
    let sealNow = try seal(of: manifest.from, inspection)
    if result.seal == .senderUnknown, sealNow == .holds {
      // The bundle brought its sender's key: what only the seal proves counts now.
      result.seal = sealNow
      let applied = result.outcome
      reply = try load(path, peer, &result)
      result.outcome.applied = applied.applied
      result.outcome.duplicates = applied.duplicates
    }
    try store { () throws(StoreError) in
      result.rows = try replica.stopCountingRows()
      let now = try replica.conflicts()
      let (old, new) = (Set(before.conflicts.map(\.id)), Set(now.map(\.id)))
      result.openedConflicts = now.filter { !old.contains($0.id) }
      result.closedConflicts = old.subtracting(new).count
      let violations = try replica.violations()
      let known = Set(before.violations)
      result.openedViolations = violations.filter { !known.contains($0) }
      result.endedViolations = known.subtracting(violations).count
      let noted = Set(before.quarantine.map(\.id))
      result.quarantined = try replica.quarantineEntries().filter { !noted.contains($0.id) }
    }
    try note(peer, result)
    if let acknowledgementPath, !reply.isEmpty {
      result.acknowledgement = try write(reply, peer, acknowledgementPath)
    }
    return result
  }

  private func store<Value>(
    _ body: () throws(StoreError) -> Value
  ) throws(BundleError) -> Value {
    try BundleError.store(body)
  }

  private func seal(
    of from: ReplicaID, _ inspection: BundleInspection
  ) throws(BundleError) -> Seal {
    guard let seal = inspection.seal, inspection.damage == nil else { return .missing }
    return try store { () throws(StoreError) in
      let isKnown = try replica.registered(from) != nil || from == replica.identity.anchor.replica
      guard isKnown else { return .senderUnknown }
      let isSigned = try replica.isSigned(
        seal.signedBytes, signature: seal.signature, by: from)
      return isSigned && inspection.hashHolds ? .holds : .broken
    }
  }

  private func standing(
    of from: ReplicaID, _ peer: BundlePeer, _ seal: Seal
  ) throws(BundleError) -> PeerStanding {
    let entry = try store { () throws(StoreError) in try replica.registered(from) }
    let isRetired = entry.map { !$0.isActive } ?? false
    return PeerStanding(
      registration: isRetired ? .retired : seal == .senderUnknown ? .unknown : .admitted,
      signatureHolds: seal == .holds, challenge: [], shared: peer.shared)
  }

  // MARK: Loading

  /// Hands the file to the machine. Returns the frames of the acknowledgement bundle.
  private func load(
    _ path: String, _ peer: BundlePeer, _ result: inout Result
  ) throws(BundleError) -> [Message] {
    let from = result.manifest.from
    let context = try store { () throws(StoreError) in
      try replica.exchangeContext(wallMilliseconds: wallMilliseconds)
    }
    var run = Run(
      machine: BundleImport(
        context: context, from: from, standing: try standing(of: from, peer, result.seal)),
      actions: ReplicaActions(
        replica, challenges: ChallengeBook(),
        conversation: Conversation(isHub: peer.isBelow, wallMilliseconds: wallMilliseconds)),
      peer: peer)
    run.actions.conversation.peer = from
    // A bundle without a seal that holds does not prove who it is from.
    run.actions.conversation.isProved = result.seal == .holds
    run.actions.throwsWhenNotReady = true
    let scan = try BundleError.file { () throws(TransportError) in try BundleScan(path: path) }
    while run.outcome == nil {
      let message = try BundleError.file { () throws(TransportError) in try scan.next() }
      if let message {
        run.machine.receive(message, wallMilliseconds: wallMilliseconds)
      } else {
        run.machine.linkEnded()
      }
      try run.perform()
    }
    result.outcome.add(run.actions.total)
    result.acknowledgedStreams = run.acknowledged.sorted()
    result.foreignStreams = run.foreign
    result.isIncomplete = run.outcome?.differs ?? false
    if case .failed(let error) = run.outcome?.result { try Self.check(error, from) }
    return run.machine.reply
  }

  /// One pass of the machine over the file.
  private struct Run {
    var machine: BundleImport
    var actions: ReplicaActions
    let peer: BundlePeer
    var outcome: ExchangeOutcome?
    var acknowledged: [StreamID] = []
    var foreign: [StreamID] = []

    mutating func perform() throws(BundleError) {
      while let action = machine.next() {
        switch action {
        case .finish(let outcome): self.outcome = outcome
        case .raise(let alarm): try raise(alarm)
        case .readAcknowledgements(let streams):
          machine.answer(
            .acknowledgements(
              try BundleError.store { () throws(StoreError) in
                try peer.acknowledgements(of: streams, at: actions.replica)
              }))
        case .record(let acknowledgements): try record(acknowledgements)
        default:
          let answer = try BundleError.store { () throws(StoreError) in
            try actions.perform(action)
          }
          if let answer { machine.answer(answer) }
        }
      }
    }

    private mutating func raise(_ alarm: Alarm) throws(BundleError) {
      switch alarm {
      case .notShared(let stream, _): foreign.append(stream)
      case .restored(let stream, let own, let known):
        try BundleError.store { () throws(StoreError) in
          try actions.replica.stopWriting(
            .restored(
              stream: stream, peer: actions.conversation.peer ?? actions.replica.identity.replica,
              known: known, own: own))
        }
        throw .restored(stream, own: own, known: known)
      // The replica notes them with its reasons.
      case .fork, .unproved, .cloned, .digestMismatch, .impostor: break
      }
    }

    /// Sticks are carried in any order: an older statement than the one that is here says nothing.
    private mutating func record(_ acknowledgements: [Acknowledgement]) throws(BundleError) {
      let answer = try BundleError.store { () throws(StoreError) in
        var newer: [Acknowledgement] = []
        for said in acknowledgements {
          let last = try actions.replica.peerAcknowledgements(for: said.stream)
            .first { $0.peer == actions.conversation.peer }
          if let last, last.needs != said.needs, last.needs.dominates(said.needs) { continue }
          newer.append(peer.isBelow ? said.withoutTop : said)
        }
        if newer.isEmpty { return ExchangeAnswer.recorded }
        return try actions.perform(.record(newer)) ?? .recorded
      }
      acknowledged += actions.takeChanged().acknowledged
      machine.answer(answer)
    }
  }

  /// Throws what ends an import; damage of the file is told with what was taken before it.
  private static func check(
    _ error: ReplicationError, _ from: ReplicaID
  ) throws(BundleError) {
    switch error {
    case .linkEnded, .hubBusy: return
    case .bundleForOther(let node): throw .addressed(to: node, from: from)
    case .bundleGap(let streams): throw .gap(streams, from: from)
    case .bundleMalformed(let message), .refused(let message), .violated(let message):
      if message.code == .retiredReplica { throw .retired(from) }
      throw .violated(message)
    case .identityLost, .notReady: preconditionFailure("it was thrown before")
    }
  }

  // MARK: The end

  private func note(_ peer: BundlePeer, _ result: Result) throws(BundleError) {
    // Whoever is not proved was not met.
    guard result.seal == .holds else { return }
    try store { () throws(StoreError) in
      try replica.noteBundle(result.manifest.from, isParent: !peer.isBelow) { record in
        let spoken = min(result.manifest.createdMilliseconds, wallMilliseconds)
        record.lastContactMilliseconds = max(record.lastContactMilliseconds ?? 0, spoken)
        record.lastError = nil
        record.bytesIn += UInt64(result.inspection.byteCount)
        record.framesIn += UInt64(result.inspection.frameCount)
        record.changeSetsIn += UInt64(result.outcome.applied)
      }
    }
  }

  private func write(
    _ reply: [Message], _ peer: BundlePeer, _ path: String
  ) throws(BundleError) -> BundleExporter.Result? {
    var writer = try BundleFileWriter(replica)
    guard case .bundleManifest(let manifest) = reply.first else { return nil }
    for message in reply.dropFirst() { try writer.append(message) }
    let byteCount = try writer.finish(manifest, path: path)
    return BundleExporter.Result(
      path: path, manifest: manifest, byteCount: byteCount, isPartial: false)
  }
}

package import Causality
import Changes
package import Wire

/// What the export of a bundle asks its shell to do.
package enum BundleAction: Hashable, Sendable {
  /// Read whole transactions → `answer`.
  case readChanges(ChangesRequest)
  /// Write the frame behind those before.
  case append(Message)
  /// All frames are written. The file is this manifest's frame, the frames, and the seal over both.
  case finish(BundleManifest)
}

/// Decides what goes into a bundle file for a node that no link reaches, and asks for it.
///
/// Source: Protocol/6-Sessions §11, 8-Bundles. The manifest stands first in the file but is known last:
/// the shell writes the frames beside and puts the manifest before them.
package struct BundleExport: Sendable {
  private let from: ReplicaID
  private let to: NodeCode?
  private let createdMilliseconds: UInt64
  private let base: [StreamVector]
  private let maxFrameBytes: Int
  private var lacking: [StreamVector]
  private var actions = [BundleAction]()
  private var first = 0
  private var frameCount = 0
  private var isAwaiting = false
  private var isOver = false

  /// `own`: the streams that the target holds too, ascending. `base`: what the target is known to hold,
  /// from its last acknowledgement bundle or a hint; streams left out count as empty. A base that is too
  /// high makes a bundle that the target refuses, one too low repeats what it has.
  package init(
    context: ExchangeContext, to: NodeCode?, own: [StreamState], base: [StreamVector],
    acknowledgements: [Acknowledgement]
  ) {
    precondition(
      zip(own, own.dropFirst()).allSatisfy { $0.summary.stream < $1.summary.stream },
      "streams ascend")
    precondition(acknowledgements.count <= Limits.bundleFrames, "a bundle has a bound")
    from = context.replica
    self.to = to
    createdMilliseconds = context.wallMilliseconds
    maxFrameBytes = context.frameBytes
    self.base = own.map { stream in
      let known = base.first { $0.stream == stream.summary.stream }?.known ?? VersionVector()
      return StreamVector(
        stream: stream.summary.stream, known: known.intersection(stream.known))
    }
    lacking = self.base
    for acknowledgement in acknowledgements { append(.acknowledgement(acknowledgement)) }
    ask()
  }

  /// The next thing to do; nil once all is said. Traps when the last read was not answered.
  package mutating func next() -> BundleAction? {
    precondition(!isAwaiting, "the last read is answered before the next action is asked for")
    guard first < actions.count else {
      actions.removeAll(keepingCapacity: true)
      first = 0
      return nil
    }
    let action = actions[first]
    first += 1
    if case .readChanges = action { isAwaiting = true }
    return action
  }

  /// Answers `.readChanges`: nil when nothing is lacking any more.
  package mutating func answer(_ batch: OutgoingBatch?) {
    precondition(isAwaiting, "an answer belongs to a read")
    isAwaiting = false
    guard let batch else { return finish() }
    let messages: [Message]
    switch batch.content {
    case .frame(let changes): messages = [.changes(changes)]
    case .parts(let parts): messages = parts.map { .part($0) }
    }
    // A transaction that does not fit any more waits for the next bundle, whole.
    guard frameCount + messages.count <= Limits.bundleFrames else { return finish() }
    for message in messages { append(message) }
    var moved = false
    for next in batch.advancing {
      guard let index = lacking.firstIndex(where: { $0.stream == next.stream }),
        !lacking[index].known.dominates(next.known)
      else { continue }
      lacking[index].known = lacking[index].known.union(next.known)
      moved = true
    }
    precondition(moved, "a batch advances its receiver, else the bundle would not end")
    ask()
  }

  private mutating func ask() {
    guard !lacking.isEmpty else { return finish() }
    actions.append(
      .readChanges(ChangesRequest(lackedBy: lacking, held: [], maxBytes: maxFrameBytes)))
  }

  private mutating func append(_ message: Message) {
    frameCount += 1
    actions.append(.append(message))
  }

  private mutating func finish() {
    precondition(!isOver, "a bundle ends once")
    isOver = true
    let ranges = zip(base, lacking).map {
      BundleRange(stream: $0.stream, after: $0.known, upTo: $1.known)
    }
    actions.append(
      .finish(
        BundleManifest(
          from: from, to: to, createdMilliseconds: createdMilliseconds, isAcknowledgement: false,
          ranges: ranges, frameCount: UInt32(frameCount))))
  }
}

import Causality
import Changes
import Wire

/// The change sets that one side says in its turn: asked from the store batch by batch, within the
/// budget of the turn.
struct Outflow: Sendable {
  /// What the peer knows, raised by what is sent; ascending by stream.
  private var lacking: [StreamVector]
  private let held: [PartReceipt]
  private let frameBytes: Int
  private var bytesLeft: Int
  private(set) var sent = 0
  /// Streams of which something was sent.
  private(set) var touched: Set<StreamID> = []
  /// True when the store had nothing more to give.
  private(set) var isExhausted = false

  init(_ lacking: [StreamVector], held: [PartReceipt], context: ExchangeContext) {
    self.lacking = lacking.sorted { $0.stream < $1.stream }
    self.held = held
    frameBytes = context.frameBytes
    bytesLeft = context.turnBytes
    isExhausted = lacking.isEmpty
  }

  /// The streams about which this side speaks.
  var streams: [StreamID] { lacking.map(\.stream) }

  /// What to ask from the store next; nil when the turn is over.
  var request: ExchangeAction? {
    guard !isExhausted, bytesLeft > 0 else { return nil }
    return .readChanges(
      ChangesRequest(
        lackedBy: lacking, held: held, maxBytes: min(frameBytes, bytesLeft)))
  }

  /// Sends a batch, or as many of its parts as the budget allows (one at least).
  mutating func take(_ batch: OutgoingBatch?, _ queue: inout ActionQueue) {
    guard let batch else {
      isExhausted = true
      return
    }
    switch batch.content {
    case .frame(let message):
      precondition(!message.changeSets.isEmpty, "a batch that is lacking is not empty")
      for changeSet in message.changeSets { touched.insert(changeSet.dot.stream) }
      sent += message.changeSets.count
      bytesLeft -= message.changeSets.reduce(0) { $0 + $1.byteCount }
      queue.append(.send(.changes(message)))
    case .parts(let parts):
      guard send(parts, &queue) else {
        bytesLeft = 0
        return
      }
      sent += 1
    }
    advance(batch.advancing)
  }

  /// Returns whether the last part was sent.
  private mutating func send(_ parts: [PartMessage], _ queue: inout ActionQueue) -> Bool {
    guard let last = parts.last else {
      preconditionFailure("a change set in parts has parts")
    }
    let receipt = held.first { $0.dot == last.dot && $0.contentHash == last.contentHash }
    touched.insert(last.dot.stream)
    var didSend = false
    for part in parts where part.index >= receipt?.held ?? 0 {
      if didSend && bytesLeft < part.bytes.count { return false }
      queue.append(.send(.part(part)))
      bytesLeft -= part.bytes.count
      didSend = true
    }
    return true
  }

  private mutating func advance(_ advancing: [StreamVector]) {
    var moved = false
    for index in lacking.indices {
      guard let next = advancing.first(where: { $0.stream == lacking[index].stream }) else {
        continue
      }
      let union = lacking[index].known.union(next.known)
      if union != lacking[index].known {
        lacking[index].known = union
        moved = true
      }
    }
    precondition(moved, "a batch advances its receiver, else the turn would not end")
  }
}

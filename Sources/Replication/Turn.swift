import Causality
import Changes
package import Wire

/// The challenge of a child that was given none yet.
let noChallenge = [UInt8](repeating: 0, count: 16)

/// A number that no replica reaches and that stays below every overflow: what a stopped replica counts as
/// known up to.
let stoppedNumber: UInt64 = 1 << 62

extension VersionVector {
  func knows(_ dot: Dot) -> Bool { contains(dot.replica, dot.number) }

  /// Nothing more is sent of these replicas in `stream`.
  mutating func stop(_ dots: [Dot], of stream: StreamID) {
    for dot in dots where dot.stream == stream { self[dot.replica] = stoppedNumber }
  }
}

/// The heads of `replica` that KNOWLEDGE of these streams carries.
func headDots(of replica: ReplicaID, _ streams: [StreamState]) -> [Dot] {
  streams.compactMap { stream in
    let number = stream.known[replica]
    return number == 0
      ? nil : Dot(stream: stream.summary.stream, replica: replica, number: number)
  }
}

/// KNOWLEDGE of each stream, with the heads that `headDots` asked for.
func sendKnowledge(
  of streams: [StreamState], to replica: ReplicaID, heads: [ContentHash?],
  _ queue: inout ActionQueue
) {
  var index = 0
  for stream in streams {
    var head: ContentHash?
    if stream.known[replica] > 0 {
      head = heads[index]
      index += 1
    }
    let knowledge = StreamKnowledge(
      stream: stream.summary.stream, known: stream.known, receiverHead: head)
    queue.append(.send(.knowledge(knowledge)))
  }
  precondition(index == heads.count, "each head belongs to a stream")
}

/// `1-2`: protocol versions as the subject of an error.
func versionsText(_ versions: ClosedRange<UInt16>) -> String {
  "\(versions.lowerBound)-\(versions.upperBound)"
}

extension Acknowledgement {
  /// As a child says it: only a hub tells of the top.
  package var withoutTop: Acknowledgement {
    Acknowledgement(stream: stream, held: held, needs: needs, top: VersionVector())
  }
}

extension Message {
  /// The frame's name in Protocol/5-Frames.
  var name: String {
    switch self {
    case .hello: "HELLO"
    case .knowledge: "KNOWLEDGE"
    case .changes: "CHANGES"
    case .part: "PART"
    case .acknowledgement: "ACKNOWLEDGEMENT"
    case .error: "ERROR"
    case .done: "DONE"
    case .bundleManifest: "MANIFEST"
    case .bundleSeal: "SEAL"
    }
  }
}

extension PeerStanding {
  /// What a hub has against the sender of `hello`; nil when it is a child that proved itself. Facts are
  /// told only to who proved to be whom they are about.
  func objection(to hello: Hello) -> ProtocolErrorCode? {
    if registration == .unknown { return .unknownReplica }
    if !signatureHolds || hello.challenge != challenge { return .authenticationNeeded }
    switch registration {
    case .unknown: return .unknownReplica
    case .retired: return .retiredReplica
    case .notRelated: return .notAdmitted
    case .admitted: return nil
    }
  }

  /// What a child has against the sender of a hub's HELLO. A new node does not have the hub's key yet: it
  /// takes what proves itself, and gives nothing.
  var hubObjection: ProtocolErrorCode? {
    if registration == .unknown { return nil }
    if !signatureHolds { return .authenticationNeeded }
    switch registration {
    case .retired: return .retiredReplica
    case .notRelated: return .notAdmitted
    case .unknown, .admitted: return nil
    }
  }
}

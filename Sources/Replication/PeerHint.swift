package import Causality
import Changes
import Wire

/// What a child remembers of one hub from one conversation to the next. It is a hint only: a wrong one
/// costs a round trip, never data. Kept in memory; never shared between hubs.
///
/// Source: Protocol/6-Sessions §8.
package struct PeerHint: Hashable, Sendable {
  /// What is remembered of one stream.
  struct Stream: Hashable, Sendable {
    /// What the hub said of it last.
    var seen: StreamSummary?
    /// What the hub knows; nil while that is unsure.
    var known: VersionVector?
    /// The acknowledgement that the hub was given in an exchange that came to its end.
    var acknowledged: Acknowledgement?
    /// Set while an exchange moved nothing although the stream differs.
    var stuck: Stuck?
  }

  /// A stream that differs and does not move, and how long it is left out of exchanges.
  struct Stuck: Hashable, Sendable {
    /// `headsHash` of both sides when it was found.
    let own: UInt64
    let peer: UInt64
    let sinceMilliseconds: UInt64
    let pauseMilliseconds: UInt64
  }

  /// The hub's replica; nil before first contact.
  package internal(set) var peer: ReplicaID?
  /// Whether the hub proved that it holds its registered key. Nothing is pushed before.
  package internal(set) var isProved = false
  /// The challenge that the hub gave; empty before first contact.
  package internal(set) var challenge: [UInt8] = []
  var streams: [StreamID: Stream] = [:]
  /// What the hub holds in part.
  var receipts: [PartReceipt] = []
  /// Change sets of which the hub said that it does not take them.
  var refusedThere: [Dot] = []
  /// Change sets of the hub that were not taken here, to be told to it.
  var refusedHere: [Rejection] = []

  package init() {}

  /// Whether the hub ever answered.
  package var hasContact: Bool { !challenge.isEmpty }

  subscript(stream: StreamID) -> Stream {
    get { streams[stream] ?? Stream() }
    set { streams[stream] = newValue }
  }

  /// What the hub is believed to know of `stream`; nil while that is unsure.
  package func known(of stream: StreamID) -> VersionVector? { streams[stream]?.known }

  /// A hint for tests and for bundles: that the peer knows `vector`. Wrong ones are corrected.
  package mutating func believe(_ vector: VersionVector, of stream: StreamID) {
    self[stream].known = vector
  }

  /// Takes over what a HELLO of the hub says of itself. Another replica or process of the hub, or a proof that it
  /// lacked, makes what was stopped or stuck worth another try; another replica voids all.
  mutating func meet(_ hello: Hello, isProved: Bool) {
    if peer != hello.replica { self = PeerHint() }
    if challenge != hello.challenge {
      refusedThere = []
      refusedHere = []
      receipts = []
    }
    if challenge != hello.challenge || isProved != self.isProved {
      for stream in streams.keys { streams[stream]?.stuck = nil }
    }
    peer = hello.replica
    challenge = hello.challenge
    self.isProved = isProved
  }

  /// The streams that are known or suspected to differ, of those as they are here now, without those that are
  /// left out for a while.
  mutating func suspects(among own: [StreamState], wallMilliseconds: UInt64) -> [StreamState] {
    own.filter { stream in
      let id = stream.summary.stream
      refusedHere.removeAll { $0.dot.stream == id && stream.known.knows($0.dot) }
      guard let seen = streams[id]?.seen else { return false }
      return seen.headsHash != stream.summary.headsHash
        && !isLeftOut(id, own: stream.summary.headsHash, wallMilliseconds: wallMilliseconds)
    }
  }

  /// What the hub is told of change sets that were not taken here.
  var reports: [ErrorMessage] {
    refusedHere.map {
      ErrorMessage(code: $0.code, subject: ErrorSubject.dot($0.dot).text)
    }
  }

  /// Keeps what was not taken, to be told in each turn; at most `Limits.reportsPerTurn`.
  mutating func keep(_ rejections: [Rejection]) {
    for rejection in rejections
    where refusedHere.count < Limits.reportsPerTurn && !refusedHere.contains(rejection) {
      refusedHere.append(rejection)
    }
  }

  /// What the hub lacks of streams that it is sure to lack something of.
  func lacking(among suspects: [StreamState]) -> [StreamVector] {
    suspects.compactMap { stream in
      let id = stream.summary.stream
      guard var known = streams[id]?.known else { return nil }
      known.stop(refusedThere, of: id)
      return known.dominates(stream.known) ? nil : StreamVector(stream: id, known: known)
    }
  }

  /// Notes an ERROR that stops only what it is about; false when it ends the exchange.
  mutating func stops(_ error: ErrorMessage) -> Bool {
    switch (error.code, ErrorSubject(error.subject)) {
    case (.replicaRestored, _): break  // KNOWLEDGE shows it, and is checked here.
    case (.streamNotShared, .stream(let stream)): self[stream].seen = nil
    case (.unprovedChangeSet, .dot(let dot)), (.forkDetected, .dot(let dot)),
      (.limitExceeded, .dot(let dot)):
      if refusedThere.count < Limits.stopsPerLink { refusedThere.append(dot) }
    default: return false
    }
    return true
  }

  /// Whether the stream is to be left out of this exchange: it differs, but did not move before, neither side
  /// changed since, and its pause is not over. A clock that went back ends the pause.
  private func isLeftOut(_ stream: StreamID, own: UInt64, wallMilliseconds: UInt64) -> Bool {
    guard let stuck = streams[stream]?.stuck, let seen = streams[stream]?.seen,
      stuck.own == own, stuck.peer == seen.headsHash, wallMilliseconds >= stuck.sinceMilliseconds
    else { return false }
    return wallMilliseconds - stuck.sinceMilliseconds < stuck.pauseMilliseconds
  }

  /// Notes that a whole exchange moved nothing although `stream` differs.
  mutating func stick(_ stream: StreamID, own: UInt64, wallMilliseconds: UInt64) {
    guard let seen = streams[stream]?.seen else { return }
    var pause = Limits.stuckFirstMilliseconds
    if let stuck = streams[stream]?.stuck, stuck.own == own, stuck.peer == seen.headsHash {
      pause = min(stuck.pauseMilliseconds * 2, Limits.stuckLongestMilliseconds)
    }
    self[stream].stuck = Stuck(
      own: own, peer: seen.headsHash, sinceMilliseconds: wallMilliseconds,
      pauseMilliseconds: pause)
  }

  /// The hub's knowledge as it states it; what was refused and is now known there is refused no more.
  mutating func learn(_ known: VersionVector, of stream: StreamID) {
    self[stream].known = known
    refusedThere.removeAll { $0.stream == stream && known.contains($0.replica, $0.number) }
    receipts.removeAll { $0.dot.stream == stream && known.contains($0.dot.replica, $0.dot.number) }
  }
}

/// What a hub's process remembers of one child: only what it may leave out.
///
/// Source: Protocol/6-Sessions §8. Lost with the process, without harm.
package struct ChildMemory: Hashable, Sendable {
  /// Per stream the `top` that the child was last told.
  var tops: [StreamID: VersionVector] = [:]

  package init() {}
}

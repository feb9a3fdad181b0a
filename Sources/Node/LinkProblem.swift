internal import Changes
internal import Peering
package import Replication
package import Store
package import Transport
internal import Wire

/// Why a conversation with a peer did not come to its end: a word for programs and a line for people, in
/// `status`, `sync` and logs.
package struct LinkProblem: Hashable, Sendable, CustomStringConvertible {
  /// A word that programs compare: `unreachable`, `hub_busy`, `unknown_replica`, `disk_full`, …
  package let code: String
  /// What failed, on what, and what to do next.
  package let text: String

  /// `code: text`, as `status` shows it.
  package var description: String { "\(code): \(text)" }

  /// What the machine came to, in the words of the carrier or of the replica where they know more.
  package init(_ error: ReplicationError, transport: TransportError?, store: StoreError?) {
    if let store {
      self.init(store)
    } else if let transport, error.isOfLink {
      self.init(transport)
    } else {
      self.init(Self.words(error))
    }
  }

  private init(_ words: (code: String, text: String)) { (code, text) = words }

  /// What kept this node's replica from taking part.
  package init(_ error: StoreError) {
    switch error {
    case .diskFull(let message):
      (code, text) = ("disk_full", "the disk here is full; make room, it goes on then (\(message))")
    case .busy(let message):
      (code, text) = ("busy", "another program here holds the file; it is tried again (\(message))")
    case .writingStopped(let reason):
      (code, text) = ("writing_stopped", "this replica stopped writing: \(reason)")
    default: (code, text) = ("storage", "the replica here cannot be used: \(error)")
    }
  }

  private init(_ error: TransportError) {
    text = error.description
    code =
      switch error {
      case .unreachable: "unreachable"
      case .timedOut: "timed_out"
      case .busy: "hub_busy"
      case .refused(_, let status, let code, _): code.isEmpty ? "http_\(status)" : code
      case .notAHub: "not_a_hub"
      case .bodyTooLarge: "content_too_large"
      case .tooSlow: "too_slow"
      case .stopping: "stopping"
      case .cancelled: "cancelled"
      default: "link_lost"
      }
  }

  private static func words(_ error: ReplicationError) -> (code: String, text: String) {
    switch error {
    case .refused(let message), .violated(let message): words(message)
    case .linkEnded: ("link_lost", "the link ended early; what arrived counts")
    case .hubBusy(let milliseconds):
      ("hub_busy", "the hub asks not to be called for \(milliseconds) ms")
    case .notReady: ("not_ready", "this node cannot write now; it is tried again")
    case .identityLost(let alarm): ("identity_lost", alarm.text)
    case .bundleForOther(let node): ("bundle_for_other", "the bundle is for \(node)")
    case .bundleGap(let streams):
      ("bundle_gap", "the bundle builds on change sets that are not here, in \(streams)")
    case .bundleMalformed(let message): words(message)
    }
  }

  private static func words(_ message: ErrorMessage) -> (code: String, text: String) {
    let subject = message.subject
    switch message.code {
    case .unknownReplica:
      return (
        "unknown_replica",
        "replica \(subject) is not known there; admit it by `tributary enroll` at the hub"
      )
    case .notAdmitted:
      return ("not_admitted", "\(subject) is no parent and child here; check the address")
    case .retiredReplica:
      return ("retired_replica", "the epoch of \(subject) is over; make a new node")
    case .versionMismatch:
      return (
        "version_mismatch", "the peer speaks protocol versions \(subject); upgrade the older side"
      )
    case .authenticationNeeded:
      return ("authentication_needed", "\(subject) does not hold the key that the registry names")
    case .notReady: return ("not_ready", "\(subject) cannot write now; it is called again")
    case .malformedFrame: return ("malformed_frame", "bytes that are no frame: \(subject)")
    case .limitExceeded: return ("limit_exceeded", "the limit \(subject) is exceeded")
    case .unexpectedFrame: return ("unexpected_frame", "a frame out of order: \(subject)")
    case .streamNotShared: return ("stream_not_shared", "stream \(subject) is not shared")
    case .unprovedChangeSet: return ("unproved_change_set", "\(subject) is not proved")
    case .forkDetected: return ("fork_detected", "two contents for \(subject)")
    case .replicaRestored: return ("replica_restored", "\(subject) was restored from the past")
    }
  }
}

extension ReplicationError {
  /// Whether the carrier knows more of it than the machine.
  fileprivate var isOfLink: Bool {
    switch self {
    case .linkEnded, .hubBusy: true
    default: false
    }
  }
}

extension TransportError {
  /// What the end of a link means for the schedule: whatever is no plain pause is tried again with longer and
  /// longer ones, because a broken link can look like anything. Source: Protocol/7-HTTP.md §4.
  var replicationError: ReplicationError {
    if case .busy(_, _, let milliseconds) = self {
      return .hubBusy(retryAfterMilliseconds: milliseconds ?? 0)
    }
    return .linkEnded
  }
}

extension Alarm {
  /// Whether this replica must not write any more. Source: engine.md §6.
  var stopsWriting: Bool {
    switch self {
    case .restored, .cloned: true
    default: false
    }
  }

  /// What happened and what to do, for logs.
  package var text: String {
    switch self {
    case .digestMismatch(let stream, let peer):
      "\(stream): \(peer) knows the same and has other rows; run `tributary check` on both sides"
    case .restored(let stream, let own, let peer):
      "this replica was put back from the past: a peer knows \(peer) of its change sets in "
        + "\(stream), it has \(own) itself"
    case .cloned(let dot):
      "this replica was cloned: a peer holds another change set \(dot) under its name"
    case .fork(let dot, let peer):
      "\(peer) sent a second content for \(dot): that replica was restored or cloned"
    case .unproved(let dot, let peer):
      "\(peer) sent \(dot) without proof; it is not taken from there"
    case .notShared(let stream, let peer):
      "\(peer) sent of stream \(stream), which is not shared with it"
    case .impostor(let replica):
      "who calls itself \(replica) does not hold its key"
    }
  }
}

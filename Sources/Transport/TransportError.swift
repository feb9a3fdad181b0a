/// How far an exchange had come when it failed.
package enum ExchangePhase: String, Hashable, Sendable {
  case connecting = "connecting"
  case sendingRequest = "sending the request"
  case awaitingResponse = "waiting for the answer"
  case readingResponse = "reading the answer"
}

/// What can keep frames from being carried. Complete frames that arrived before stay applied.
package enum TransportError: Error, Hashable, Sendable {
  /// Child: no connection. Try the next parent; back off.
  case unreachable(ParentAddress, reason: String)
  /// Child: the hub said nothing for so long. Try again after the back-off.
  case timedOut(ParentAddress, during: ExchangePhase, afterMilliseconds: UInt64)
  /// Child: the connection ended early. Go on from knowledge after the back-off.
  case cut(ParentAddress, during: ExchangePhase, reason: String)
  /// Child: the hub is busy or stopping (429, 503). Not before `retryAfterMilliseconds`, if given.
  case busy(ParentAddress, status: UInt, retryAfterMilliseconds: UInt64?)
  /// Child: another status; the same request would fail again. `code` is empty when the answer had
  /// none.
  case refused(ParentAddress, status: UInt, code: String, message: String)
  /// Child: whoever answers there is no hub (redirect, page, other content type).
  case notAHub(ParentAddress, reason: String)
  /// Either side: the other sent more than so many bytes in one body.
  case bodyTooLarge(limitBytes: Int)
  /// Hub: the request body ended early.
  case bodyCut(receivedBytes: Int)
  /// Hub: the child's bytes came too slowly, or it takes ours too slowly.
  case tooSlow(receivedBytes: Int)
  /// Hub: the process is stopping.
  case stopping
  /// Either side: the task was cancelled; the connection is closed.
  case cancelled
  /// Child: the caller's own body could not be produced.
  case bodyUnavailable(reason: String)
  /// A listener could not be opened.
  case cannotListen(HostAndPort, reason: String)
  /// A bundle file. `code` is the system's errno, 0 when there is none.
  case file(path: String, during: FileStep, code: Int32)
  /// A bundle file is larger than so many bytes.
  case fileTooLarge(path: String, limitBytes: Int)
}

/// What was being done with a bundle file.
package enum FileStep: String, Hashable, Sendable {
  case open = "open"
  case lock = "lock, because another process writes it"
  case read = "read"
  case write = "write"
  case sync = "flush to disk"
  case rename = "put in place"
}

extension TransportError: CustomStringConvertible {
  /// What failed, on what, and what to do next: one line for a log.
  package var description: String {
    switch self {
    case .unreachable(let parent, let reason):
      "cannot connect to \(parent): \(reason); check the address and the link"
    case .timedOut(let parent, let phase, let milliseconds):
      "\(parent) said nothing for \(milliseconds) ms while \(phase.rawValue); it is tried again"
    case .cut(let parent, let phase, let reason):
      "the connection to \(parent) ended while \(phase.rawValue): \(reason); "
        + "what arrived stays, the rest is asked for again"
    case .busy(let parent, let status, let retry):
      "\(parent) is busy (\(status)); it is called again "
        + (retry.map { "in \($0) ms" } ?? "after the back-off")
    case .refused(let parent, let status, let code, let message):
      "\(parent) refused the request with \(status)\(code.isEmpty ? "" : " \(code)"): "
        + "\(message.isEmpty ? "no reason given" : message); check versions and configuration"
    case .notAHub(let parent, let reason):
      "\(parent) is no Tributary hub: \(reason); check the address, and any proxy between"
    case .bodyTooLarge(let limit):
      "a body is larger than \(limit) bytes; the sender must take smaller turns"
    case .bodyCut(let received):
      "the request ended early, after \(received) bytes; the child will call again"
    case .tooSlow(let received):
      "the peer is too slow, \(received) bytes so far; the connection is given up"
    case .stopping: "this node is stopping; the child will call again"
    case .cancelled: "the exchange was cancelled"
    case .bodyUnavailable(let reason): "the request could not be produced: \(reason)"
    case .cannotListen(let address, let reason):
      "cannot listen on \(address): \(reason); choose another address or stop who uses it"
    case .file(let path, let step, let code):
      "cannot \(step.rawValue): \(path)\(code == 0 ? "" : " (errno \(code))")"
    case .fileTooLarge(let path, let limit):
      "\(path) is larger than \(limit) bytes; export again in smaller bundles"
    }
  }
}

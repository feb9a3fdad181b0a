package import Causality

/// What an ERROR frame is about, as text on the wire: `530102/both`, `530102/both:530102-1:7`, or any
/// other fact. Source: Protocol/6-Sessions §6.
package enum ErrorSubject: Hashable, Sendable {
  case stream(StreamID)
  case dot(Dot)
  case other(String)

  /// The text of the frame.
  package var text: String {
    switch self {
    case .stream(let stream): stream.description
    case .dot(let dot): dot.description
    case .other(let text): text
    }
  }

  /// Reads the text of a frame; what is neither stream nor dot is kept as it is.
  package init(_ text: String) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    if fields.count == 3, let stream = Self.stream(fields[0]),
      let replica = ReplicaID(String(fields[1])), let number = UInt64(fields[2]), number > 0
    {
      self = .dot(Dot(stream: stream, replica: replica, number: number))
    } else if fields.count == 1, let stream = Self.stream(fields[0]) {
      self = .stream(stream)
    } else {
      self = .other(text)
    }
    if self.text != text { self = .other(text) }
  }

  private static func stream(_ text: Substring) -> StreamID? {
    let fields = text.split(separator: "/", omittingEmptySubsequences: false)
    guard fields.count == 2, let scope = Scope(String(fields[0])),
      let channel = Channel.allCases.first(where: { "\($0)" == fields[1] })
    else { return nil }
    return StreamID(scope: scope, channel: channel)
  }
}

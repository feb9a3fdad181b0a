/// The kinds of frames. Source: Protocol/5-Frames §2, 9-Limits §2.
package enum MessageKind: UInt8, Hashable, Sendable, CaseIterable {
  case hello = 1
  case knowledge = 2
  case changes = 3
  case part = 4
  case acknowledgement = 5
  case error = 6
  case done = 7
  case bundleManifest = 8
  case bundleSeal = 9
}

extension Message {
  /// The kind of the frame that carries this.
  package var kind: MessageKind {
    switch self {
    case .hello: .hello
    case .knowledge: .knowledge
    case .changes: .changes
    case .part: .part
    case .acknowledgement: .acknowledgement
    case .error: .error
    case .done: .done
    case .bundleManifest: .bundleManifest
    case .bundleSeal: .bundleSeal
    }
  }
}

/// What was done to the payload of a frame. Source: Protocol/5-Frames §3.
package enum Compression: UInt8, Hashable, Sendable, CaseIterable {
  case none = 0
  /// Raw deflate.
  case deflate = 1
  /// Raw deflate that begins with a preset dictionary, named by one byte.
  case deflateWithDictionary = 2
}

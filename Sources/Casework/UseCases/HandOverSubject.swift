internal import Changes
package import Inspection

/// What is handed over: jurisdiction of an object, an inspector, or a follow-up. Source: domain.md §2.7.
package enum HandOverSubject: Hashable, Sendable {
  case object(String)
  case inspector(String)
  case followUp(FollowUpKind, of: ResultKey)

  /// How rows name it, e.g. `object/91530102MA6KABCD12` or `follow_up/LISTING/v1/Y0101/市场监管`.
  package var text: String {
    switch self {
    case .object(let code): "object/\(code)"
    case .inspector(let code): "inspector/\(code)"
    case .followUp(let kind, let key): "follow_up/\(kind.rawValue)/\(key.row)"
    }
  }

  /// Takes what `text` gave; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    switch (parts.first, parts.count) {
    case ("object", 2): self = .object(parts[1])
    case ("inspector", 2): self = .inspector(parts[1])
    case ("follow_up", 5):
      guard let kind = FollowUpKind(rawValue: parts[1]) else { return nil }
      self = .followUp(
        kind, of: ResultKey(visit: parts[2], item: parts[3], department: parts[4]))
    default: return nil
    }
  }

  /// The key of the follow-up; nil for the others, whose rows stay where they are.
  var followUpKey: [Value]? {
    guard case .followUp(let kind, let key) = self else { return nil }
    return key.values + [.text(kind.rawValue)]
  }
}

/// The condition of a directed draw (定向抽查) over published fields of the roster.
///
/// No field names an object, so that nobody can be picked by a list (R-1.8). Source:
/// Protocol/10-Draw.md §5.
package indirect enum FilterExpression: Hashable, Sendable {
  case comparison(FilterField, FilterRelation, [String])
  case not(FilterExpression)
  /// At least two parts.
  case all([FilterExpression])
  /// At least two parts.
  case any([FilterExpression])
}

/// What a filter may look at: published fields only.
package enum FilterField: String, Hashable, Sendable, CaseIterable {
  /// GB/T 4754 code, e.g. `F5211`.
  case industry
  /// MICRO, SMALL, MEDIUM, LARGE.
  case size
  /// ENT, BRANCH, IND, COOP, REP, OTHER.
  case kind
  /// A, B, C, D, N.
  case credit
  /// Risk of the draw's line, e.g. `2`.
  case risk
  /// Item and other published tags; many per object.
  case tag
  /// Special libraries; many per object.
  case library
  /// Station of jurisdiction.
  case station
  /// yyyy-mm-dd of the last check; absent means never.
  case checked
  /// NONE, LISTED, MARKED.
  case abnormal
  /// yyyy-mm-dd of registration.
  case registered

  var isDate: Bool { self == .checked || self == .registered }
}

/// How a field is compared. Texts by their bytes; `begins` and `in` as named; dates also by order.
package enum FilterRelation: String, Hashable, Sendable {
  case equal = "="
  case before = "<"
  case after = ">"
  case begins
  case within = "in"
  /// The field has no value.
  case absent
}

/// Why a text is no filter; positions count bytes from 1.
package enum FilterError: Error, Hashable, Sendable {
  case length(Int)
  case depth(position: Int)
  case unexpected(String, position: Int)
  case end
  case unknownField(String, position: Int)
  case relation(FilterField, String, position: Int)
  case date(String, position: Int)
}

extension FilterExpression {
  /// Whether an object fulfils it; a field maps to its values, none when absent.
  package func matches(_ values: (FilterField) -> [String]) -> Bool {
    switch self {
    case .not(let inner): !inner.matches(values)
    case .all(let parts): parts.allSatisfy { $0.matches(values) }
    case .any(let parts): parts.contains { $0.matches(values) }
    case .comparison(let field, let relation, let operands):
      switch relation {
      case .absent: values(field).isEmpty
      case .equal, .within: values(field).contains { operands.contains($0) }
      case .begins: values(field).contains { value in operands.contains { value.hasPrefix($0) } }
      case .before: values(field).contains { value in operands.contains { value < $0 } }
      case .after: values(field).contains { value in operands.contains { value > $0 } }
      }
    }
  }

  /// The fields that it looks at, ascending by name.
  package var fields: [FilterField] {
    let all: [FilterField]
    switch self {
    case .comparison(let field, _, _): all = [field]
    case .not(let inner): all = inner.fields
    case .all(let parts), .any(let parts): all = parts.flatMap(\.fields)
    }
    return Set(all).sorted { $0.rawValue < $1.rawValue }
  }

  /// The one text of this condition: what is hashed and published. Parsing it gives an equal condition.
  package var canonical: String { text(inside: 0) }

  /// `level`: 0 outermost or in parentheses, 1 below `or`, 2 below `and`, 3 below `not`.
  private func text(inside level: Int) -> String {
    switch self {
    case .any(let parts):
      let text = parts.map { $0.text(inside: 1) }.joined(separator: " or ")
      return level > 0 ? "(\(text))" : text
    case .all(let parts):
      let text = parts.map { $0.text(inside: 2) }.joined(separator: " and ")
      return level > 1 ? "(\(text))" : text
    case .not(let inner): return "not \(inner.text(inside: 3))"
    case .comparison(let field, let relation, let operands):
      let quoted = operands.map { "'\($0)'" }
      return switch relation {
      case .absent: "\(field.rawValue) absent"
      case .within: "\(field.rawValue) in (\(quoted.joined(separator: ", ")))"
      default: "\(field.rawValue) \(relation.rawValue) \(quoted.joined())"
      }
    }
  }
}

/// What an indicator counted, before it is divided: figures of units add up to those of groups, percentages
/// are never averaged. Source: domain.md §5.1.
package enum Figure: Hashable, Sendable {
  /// Part and whole.
  case ratio(Int, of: Int)
  /// A number that is good when it is 0.
  case count(Int)
  /// How often each value occurred; the median is what people see.
  case values([Int: Int])
  /// The worst of several ages, in milliseconds.
  case worst(Int64)

  /// The sum of two figures of one indicator; traps for figures of different forms.
  package func adding(_ other: Figure) -> Figure {
    switch (self, other) {
    case (.ratio(let left, let leftWhole), .ratio(let right, let rightWhole)):
      return .ratio(left + right, of: leftWhole + rightWhole)
    case (.count(let left), .count(let right)): return .count(left + right)
    case (.values(let left), .values(let right)):
      return .values(left.merging(right) { $0 + $1 })
    case (.worst(let left), .worst(let right)): return .worst(max(left, right))
    default: preconditionFailure("one indicator has figures of one form")
    }
  }

  package var numerator: Int64 {
    switch self {
    case .ratio(let part, _): Int64(part)
    case .count(let count): Int64(count)
    case .values: Int64(median ?? 0)
    case .worst(let age): age
    }
  }

  /// The whole of a ratio, the number of values of a median; 1 for a count or an age.
  package var denominator: Int64 {
    switch self {
    case .ratio(_, let whole): Int64(whole)
    case .values(let values): Int64(values.values.reduce(0, +))
    case .count, .worst: 1
    }
  }

  /// The lower median; nil without values.
  package var median: Int? {
    guard case .values(let values) = self else { return nil }
    let count = values.values.reduce(0, +)
    var passed = 0
    for value in values.keys.sorted() {
      passed += values[value] ?? 0
      if passed * 2 >= count, count > 0 { return value }
    }
    return nil
  }

  /// Whether there is nothing to divide by; such a figure is shown as `—`, never as 0 %.
  package var isEmpty: Bool { denominator == 0 }

  /// The value in ten-thousandths of a ratio, rounded half up; nil when empty or no ratio.
  package var basisPoints: Int64? {
    guard case .ratio(let part, let whole) = self, whole > 0 else { return nil }
    return (Int64(part) * 20_000 + Int64(whole)) / (Int64(whole) * 2)
  }
}

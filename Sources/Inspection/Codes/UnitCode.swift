/// A market bureau: the six digits of its division, and two more for a unit that is none, such as a
/// development zone. Source: domain.md §3.2.
package struct UnitCode: Hashable, Sendable {
  /// Six or eight ASCII digits.
  package let text: String

  /// Returns nil unless there are six or eight digits.
  package init?(_ text: some StringProtocol) {
    let count = text.utf8.count
    guard count == 6 || count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    self.text = String(text)
  }

  /// The division that it belongs to.
  package var division: Substring { text.prefix(6) }

  /// The level that the digits of the division say.
  package var level: UnitLevel {
    if division.hasSuffix("0000") { return .province }
    return division.hasSuffix("00") ? .prefecture : .county
  }
}

extension UnitCode: Comparable {
  /// By digits.
  package static func < (left: UnitCode, right: UnitCode) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

extension UnitCode: CustomStringConvertible {
  package var description: String { text }
}

/// 检查主体: the tiers of bureaus.
package enum UnitLevel: String, ListedCode {
  case province = "P"
  case prefecture = "F"
  case county = "C"

  package var title: String {
    switch self {
    case .province: "省级"
    case .prefecture: "州市级"
    case .county: "县级"
    }
  }
}

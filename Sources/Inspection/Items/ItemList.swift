/// 随机抽查事项清单: one issued version, never changed afterwards. Source.
package struct ItemList: Hashable, Sendable {
  /// `yyyymmddnn`.
  package let version: UInt64
  package let year: Int
  package let issuer: UnitCode
  package let effectiveFrom: CivilDate
  /// Ascending by code, each code once.
  package let items: [Item]

  /// Takes items in any order. Throws for a code that occurs twice.
  package init(
    version: UInt64, year: Int, issuer: UnitCode, effectiveFrom: CivilDate, items: [Item]
  ) throws(RuleBreach) {
    let sorted = items.sorted { $0.code < $1.code }
    for (item, next) in zip(sorted, sorted.dropFirst()) where item.code == next.code {
      throw RuleBreach(.itemList, row: item.code, .itemListedAlready(code: item.code))
    }
    (self.version, self.year, self.issuer) = (version, year, issuer)
    (self.effectiveFrom, self.items) = (effectiveFrom, sorted)
  }

  package func item(_ code: String) -> Item? { items.first { $0.code == code } }

  /// The version in force on a day: the newest of those that are effective by then.
  package static func inForce(_ lists: [ItemList], on date: CivilDate) -> ItemList? {
    lists.filter { $0.effectiveFrom <= date }.max { $0.version < $1.version }
  }
}

/// 动态调整: what a prefecture or county changes for its area. One version, never changed afterwards; the
/// newest of a unit and item holds. Source.
package struct ItemOverlay: Hashable, Sendable {
  /// What the overlay does.
  package enum Operation: Hashable, Sendable {
    /// An item of its own, with its own legal basis.
    case add(Item)
    case disable
    case parameters(Parameters)

    /// The code that is stored: ADD, DISABLE or PARAM.
    package var code: String {
      switch self {
      case .add: "ADD"
      case .disable: "DISABLE"
      case .parameters: "PARAM"
      }
    }
  }

  /// What a unit may set of an item that stands in the list; nil leaves it as it is.
  package struct Parameters: Hashable, Sendable {
    package var capBp: Int?
    package var yearlyFrequency: Int?
    package var methods: CodeSet<CheckMethod>?

    package init(
      capBp: Int? = nil, yearlyFrequency: Int? = nil, methods: CodeSet<CheckMethod>? = nil
    ) {
      (self.capBp, self.yearlyFrequency, self.methods) = (capBp, yearlyFrequency, methods)
    }
  }

  package let unit: UnitCode
  package let itemCode: String
  package let version: UInt64
  package let operation: Operation
  package let reason: String
  package let effectiveFrom: CivilDate

  package init(
    unit: UnitCode, itemCode: String, version: UInt64, operation: Operation, reason: String,
    effectiveFrom: CivilDate
  ) {
    (self.unit, self.itemCode, self.version) = (unit, itemCode, version)
    (self.operation, self.reason, self.effectiveFrom) = (operation, reason, effectiveFrom)
  }

  /// How breaches name it.
  package var row: String { "\(unit)/\(itemCode)/\(version)" }
}

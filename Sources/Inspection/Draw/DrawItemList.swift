/// The effective list of items of a unit, as far as draws depend on it. Source: Protocol/10-Draw.md §4.
package struct DrawItemList: Hashable, Sendable {
  /// One item (抽查事项).
  package struct Item: Hashable, Sendable, Codable {
    /// General items are capped, key items are not.
    package enum Class: String, Hashable, Sendable, Codable {
      case general = "GENERAL"
      case key = "KEY"
    }

    package let code: String
    package let name: String
    package let itemClass: Class
    /// Basis points of the eligible rows; absent for none.
    package let capBp: UInt32?
    /// Tags that a team must have between its members, ascending.
    package let qualifications: [String]

    package init(
      code: String, name: String, itemClass: Class, capBp: UInt32?, qualifications: [String] = []
    ) {
      self.code = code
      self.name = name
      self.itemClass = itemClass
      self.capBp = capBp
      self.qualifications = qualifications.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    enum CodingKeys: String, CodingKey {
      case code, name
      case itemClass = "class"
      case capBp = "cap_bp"
      case qualifications
    }
  }

  /// yyyymmddnn.
  package let version: UInt64
  /// Ascending strictly by the bytes of the code.
  package let items: [Item]

  /// Throws `DrawError` for a code that stands twice and for texts out of range.
  package init(version: UInt64, items: [Item]) throws(DrawError) {
    let sorted = items.sorted { $0.code.utf8.lexicographicallyPrecedes($1.code.utf8) }
    for (index, item) in sorted.enumerated() {
      for text in [item.code, item.name] + item.qualifications { try DrawText.check(text) }
      if index > 0, sorted[index - 1].code == item.code { throw .duplicateKey(item.code) }
    }
    self.version = version
    self.items = sorted
  }

  /// What the parameters of a draw bind.
  package var hash: DrawHash {
    var bytes = DrawBytes(tag: "YDR1/items")
    bytes.u64(version)
    bytes.u32(UInt32(items.count))
    for item in items {
      bytes.text(item.code)
      bytes.text(item.name)
      bytes.u8(item.itemClass == .key ? 1 : 0)
      bytes.u32(item.capBp ?? DrawParameters.none)
      bytes.raw(DrawItemList.codeBytes(item.qualifications))
    }
    return bytes.hash
  }

  /// The largest total that the general items among `codes` allow of so many eligible rows, rounded up; nil
  /// when none of them is capped.
  package func allowedTotal(codes: [String], eligible: UInt64) -> UInt32? {
    let caps = items.filter { codes.contains($0.code) && $0.itemClass == .general }
      .compactMap(\.capBp)
    return caps.min().map {
      UInt32(clamping: (eligible * UInt64($0) + 9_999) / 10_000)
    }
  }

  /// `U16(n) ‖ n × S(code)`.
  static func codeBytes(_ codes: [String]) -> [UInt8] {
    var bytes = DrawBytes()
    bytes.u16(UInt16(clamping: codes.count))
    for code in codes { bytes.text(code) }
    return bytes.bytes
  }
}

extension DrawParameters {
  /// The rules of, checked when a plan is signed, at commit and at the hub: general
  /// items never above their cap, a large share as an order of batches. Throws `DrawError`.
  package func check(
    against list: DrawItemList, counts: [StratumCount], batchThresholdBp: UInt32 = 5_000
  )
    throws(DrawError)
  {
    let eligible = counts.reduce(UInt64(0)) { $0 + UInt64($1.eligible) }
    if mode == .sample, let allowed = list.allowedTotal(codes: items ?? [], eligible: eligible),
      totalCap > allowed
    {
      throw .capAbove(cap: totalCap, allowed: allowed)
    }
    guard mode == .sample, eligible > 0 else { return }
    // The planned ratio counts, not what rounding up makes of a few rows.
    let planned = strata.reduce(UInt64(0)) { sum, rule in
      let rows = counts.first { $0.stratum == rule.stratum }?.eligible ?? 0
      return sum + UInt64(rows) * UInt64(rule.ratioBp)
    }
    if planned >= eligible * UInt64(batchThresholdBp) {
      throw .batchOrderNeeded(shareBp: planned / eligible, thresholdBp: batchThresholdBp)
    }
  }
}

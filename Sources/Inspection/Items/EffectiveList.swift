/// The item list that holds in one area on one day, folded from the province's list and the overlays of
/// prefecture and county.
///
/// Source. Precedence is fixed: province, prefecture, county; each overlay is judged against what
/// the tier above left. A prefecture's overlay thus binds its counties. An overlay that breaks a rule has
/// no effect and is reported, so that every node folds the same rows to the same list.
package struct EffectiveList: Hashable, Sendable {
  /// An item with what was done to it.
  package struct Entry: Hashable, Sendable {
    package let item: Item
    /// Overlays that made it so, in order of precedence; empty for an item as the province issued it.
    package let overlays: [ItemOverlay]
  }

  package let unit: UnitCode
  package let baseVersion: UInt64
  package let date: CivilDate
  /// Ascending by code.
  package let entries: [Entry]
  /// Items that an overlay disabled, ascending by code.
  package let disabled: [ItemOverlay]
  /// Overlays without effect and why, in order of precedence and code.
  package let breaches: [RuleBreach]

  /// Folds. `tiers` are the overlays of the units from the top down, prefecture before county; `unit` is the
  /// last of them. Cost: linear in items times overlays of an item.
  package init(
    base: ItemList, tiers: [[ItemOverlay]], unit: UnitCode, on date: CivilDate, rules: RuleSet
  ) {
    var folding = Folding(base: base, date: date, rules: rules)
    for overlays in tiers {
      for overlay in Self.newest(overlays, on: date) { folding.apply(overlay) }
    }
    (self.unit, self.date, baseVersion) = (unit, date, base.version)
    entries = folding.entries.values.sorted { $0.item.code < $1.item.code }
    disabled = folding.disabled.sorted { ($0.itemCode, $0.unit) < ($1.itemCode, $1.unit) }
    breaches = folding.breaches
  }

  package func item(_ code: String) -> Item? { entries.first { $0.item.code == code }?.item }

  /// The newest effective overlay of each item, ascending by code. Of two with one version, which two
  /// terminals of a unit may have made, the one with the greater reason counts at every node.
  private static func newest(_ overlays: [ItemOverlay], on date: CivilDate) -> [ItemOverlay] {
    var newest: [String: ItemOverlay] = [:]
    for overlay in overlays where overlay.effectiveFrom <= date {
      if let held = newest[overlay.itemCode],
        (held.version, held.reason) >= (overlay.version, overlay.reason)
      {
        continue
      }
      newest[overlay.itemCode] = overlay
    }
    return newest.values.sorted { $0.itemCode < $1.itemCode }
  }
}

/// The list while overlays are applied to it.
private struct Folding {
  private let base: ItemList
  private let date: CivilDate
  private let rules: RuleSet
  var entries: [String: EffectiveList.Entry] = [:]
  var disabled: [ItemOverlay] = []
  var breaches: [RuleBreach] = []

  init(base: ItemList, date: CivilDate, rules: RuleSet) {
    (self.base, self.date, self.rules) = (base, date, rules)
    for item in base.items { entries[item.code] = .init(item: item, overlays: []) }
  }

  mutating func apply(_ overlay: ItemOverlay) {
    do throws(RuleBreach) {
      switch overlay.operation {
      case .add(let item): try add(item, overlay)
      case .disable:
        let entry = try entry(of: overlay)
        try checkReason(overlay)
        entries[entry.item.code] = nil
        disabled.append(overlay)
      case .parameters(let parameters):
        let entry = try entry(of: overlay)
        let item = try changed(entry.item, parameters, overlay)
        entries[item.code] = .init(item: item, overlays: entry.overlays + [overlay])
      }
    } catch {
      breaches.append(error)
    }
  }

  private func entry(of overlay: ItemOverlay) throws(RuleBreach) -> EffectiveList.Entry {
    guard let entry = entries[overlay.itemCode] else {
      throw breach(overlay, .itemNotListed(code: overlay.itemCode))
    }
    return entry
  }

  /// Adding is only for what is new: a provincial item keeps its class and legal text.
  private mutating func add(_ item: Item, _ overlay: ItemOverlay) throws(RuleBreach) {
    guard item.code == overlay.itemCode else {
      throw breach(overlay, .malformed(field: "事项编码", value: item.code))
    }
    if let listed = entries[item.code]?.item ?? base.item(item.code) {
      if listed.itemClass != item.itemClass {
        throw breach(overlay, .classChanged(code: item.code))
      }
      if listed.name != item.name || listed.bases != item.bases {
        throw breach(overlay, .legalTextChanged(code: item.code))
      }
      throw breach(overlay, .itemListedAlready(code: item.code))
    }
    guard item.bases.contains(where: { $0.isValid(on: date) }) else {
      throw breach(overlay, .noValidBasis(on: date))
    }
    if let cap = item.capBp { try checkCap(cap, of: item, from: rules.defaultCapBp, overlay) }
    entries[item.code] = .init(item: item, overlays: [overlay])
  }

  private func changed(
    _ item: Item, _ parameters: ItemOverlay.Parameters, _ overlay: ItemOverlay
  ) throws(RuleBreach) -> Item {
    var item = item
    if let cap = parameters.capBp {
      try checkCap(cap, of: item, from: item.capBp ?? rules.defaultCapBp, overlay)
      item.capBp = cap
    }
    if let methods = parameters.methods {
      guard !methods.isEmpty else { throw breach(overlay, .missing(field: "检查方式")) }
      guard methods.isSubset(of: item.methods) else {
        let wider = methods.codes.filter { !item.methods.codes.contains($0) }.map(\.code)
        throw breach(overlay, .methodsWidened(code: item.code, methods: wider))
      }
      item.methods = methods
    }
    if let frequency = parameters.yearlyFrequency {
      guard frequency >= 1 else {
        throw breach(overlay, .malformed(field: "频次", value: "\(frequency)"))
      }
      item.yearlyFrequency = frequency
    }
    return item
  }

  private func checkCap(
    _ cap: Int, of item: Item, from limit: Int, _ overlay: ItemOverlay
  ) throws(RuleBreach) {
    guard item.itemClass == .general else { throw breach(overlay, .capOnKeyItem(code: item.code)) }
    guard (0...10_000).contains(cap) else { throw breach(overlay, .ratioOutOfRange(bp: cap)) }
    guard cap <= limit else {
      throw breach(overlay, .capRaised(code: item.code, fromBp: limit, toBp: cap))
    }
  }

  private func checkReason(_ overlay: ItemOverlay) throws(RuleBreach) {
    guard !overlay.reason.isEmpty else { throw breach(overlay, .missing(field: "调整理由")) }
  }

  private func breach(_ overlay: ItemOverlay, _ rule: RuleBreach.Rule) -> RuleBreach {
    RuleBreach(.listOverlay, row: overlay.row, rule)
  }
}

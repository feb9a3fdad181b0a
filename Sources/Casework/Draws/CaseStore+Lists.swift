package import Causality
internal import Changes
package import Inspection
internal import Store

/// The province's item lists and the overlays below it as rows. Source.
extension CaseStore {
  /// Issues a list: one version, which nobody changes afterwards. Throws `refused` anywhere but at the top,
  /// `exists` for a version that is there.
  package func issue(_ list: ItemList, documentNumber: String = "") throws(CaseworkError) {
    let scope = ownScope
    guard replica.tree.parent(of: scope) == nil else {
      throw .refused([
        RuleBreach(
          .itemList, row: "\(list.version)",
          .notOwner(unit: "\(scope)", owner: list.issuer.text))
      ])
    }
    let today = today
    try perform("item list") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let version = Value.integer(Int64(clamping: list.version))
      guard try transaction.row(of: IssuedTables.itemLists, in: scope, key: [version]) == nil
      else { return .failure(.exists(table: "item_lists", key: "\(list.version)")) }
      try transaction.insert(IssuedTables.itemLists, in: scope, key: [version]) { values in
        values.set("year", Int64(list.year))
        values.set("issuer", list.issuer.text)
        values.set("issued_on", today)
        values.set("document_number", documentNumber)
        values.set("effective_from", list.effectiveFrom)
      }
      for item in list.items {
        try transaction.insert(IssuedTables.items, in: scope, key: [version, .text(item.code)]) {
          $0.set(item)
        }
      }
      return .success(())
    }
  }

  /// Issues a requirement of a line (条线抽查要求): one version, which nobody changes afterwards. Throws
  /// `refused` anywhere but at the top, for a ratio that is none and for an item that is not on the list;
  /// `exists`.
  package func require(_ requirement: LineRequirement) throws(CaseworkError) {
    let scope = ownScope
    var breaches: [RuleBreach] = []
    if let parent = replica.tree.parent(of: scope) {
      breaches.append(
        RuleBreach(
          .lineRequirement, row: requirement.id, .notOwner(unit: "\(scope)", owner: "\(parent)")))
    }
    if !(0...10_000).contains(requirement.ratioBp) {
      breaches.append(
        RuleBreach(
          .lineRequirement, row: requirement.id, .ratioOutOfRange(bp: requirement.ratioBp)))
    }
    if try effectiveList(of: scope, on: today).item(requirement.itemCode) == nil {
      breaches.append(
        RuleBreach(
          .lineRequirement, row: requirement.id, .itemNotListed(code: requirement.itemCode)))
    }
    if let refusal = breaches.refusal { throw refusal }
    try perform("line requirement") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(requirement.id)]
      guard try transaction.row(of: IssuedTables.requirements, in: scope, key: key) == nil else {
        return .failure(.exists(table: "line_requirements", key: requirement.id))
      }
      try transaction.insert(IssuedTables.requirements, in: scope, key: key) { values in
        values.set("year", Int64(requirement.year))
        values.set("line", requirement.line)
        values.set("item_code", requirement.itemCode)
        values.set("ratio_bp", Int64(requirement.ratioBp))
        values.set("minimum_count", Int64(requirement.minimumCount))
        values.set(
          "region_weights",
          requirement.regionWeights.sorted { $0.key < $1.key }.map { "\($0):\($1)" }
            .joined(separator: " "))
        values.set("window_from", requirement.windowFrom)
        values.set("window_to", requirement.windowTo)
        values.set("source", requirement.source.rawValue)
        values.set("is_mandatory", requirement.isMandatory ? 1 : 0)
      }
      return .success(())
    }
  }

  /// A requirement for each of its regions, with that region's part of a total: by weight times the companies of its
  /// roster, largest remainders first (domain.md §4.8). Their ids have the division behind them. Throws `refused` for
  /// regions that have no companies here, or no weights.
  package func spread(
    _ requirement: LineRequirement, total: UInt32
  ) throws(CaseworkError) -> [LineRequirement] {
    var regions: [(division: String, weight: UInt16, rows: UInt32)] = []
    for (division, weight) in requirement.regionWeights.sorted(by: { $0.key < $1.key }) {
      guard let region = Scope(division) else { continue }
      var rows = 0
      for entry in replica.tree.entries where replica.tree.isAtOrAbove(region, entry.scope) {
        rows += try drawable(in: entry.scope).values.reduce(0, +)
      }
      regions.append((division, UInt16(clamping: weight), UInt32(clamping: rows)))
    }
    let counts = FrameRule.regionalCounts(
      total: total, regions: regions.map { (weight: $0.weight, rows: $0.rows) })
    guard counts.contains(where: { $0 > 0 }) else {
      throw .refused([
        RuleBreach(.lineRequirement, row: requirement.id, .missing(field: "地区比重、检查对象"))
      ])
    }
    return zip(regions, counts).map { region, count in
      LineRequirement(
        id: "\(requirement.id)/\(region.division)", year: requirement.year, line: requirement.line,
        itemCode: requirement.itemCode, ratioBp: requirement.ratioBp, minimumCount: Int(count),
        regionWeights: [region.division: 1], windowFrom: requirement.windowFrom,
        windowTo: requirement.windowTo, source: requirement.source,
        isMandatory: requirement.isMandatory)
    }
  }

  /// Issues an overlay of the own unit. Throws `refused` for one that would have no effect, with the rule it
  /// breaks; `exists` for a version that is there.
  package func adjust(_ overlay: ItemOverlay) throws(CaseworkError) {
    let scope = ownScope
    let base = try effectiveList(of: scope, on: overlay.effectiveFrom, adding: overlay)
    let breaches = base.breaches.filter { $0.row == overlay.row }
    if let refusal = breaches.refusal { throw refusal }
    try perform("item overlay") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [
        .text(overlay.itemCode), .integer(Int64(clamping: overlay.version)),
      ]
      guard try transaction.row(of: IssuedTables.overlays, in: scope, key: key) == nil else {
        return .failure(.exists(table: "item_overlays", key: overlay.row))
      }
      try transaction.insert(IssuedTables.overlays, in: scope, key: key) { values in
        values.set("operation", overlay.operation.code)
        values.set("reason", overlay.reason)
        values.set("effective_from", overlay.effectiveFrom)
        switch overlay.operation {
        case .add(let item): values.set(item)
        case .disable: break
        case .parameters(let parameters):
          if let cap = parameters.capBp { values.set("cap_bp", Int64(cap)) }
          if let frequency = parameters.yearlyFrequency {
            values.set("yearly_frequency", Int64(frequency))
          }
          if let methods = parameters.methods { values.set("methods", methods.text) }
        }
      }
      return .success(())
    }
  }

  /// The list that holds in a unit on a day, as far as it is known here; `cut`: as it was known then. Before
  /// the province has issued one, the list that the program carries holds.
  package func effectiveList(
    of unit: Scope, on day: CivilDate, at cut: RosterCut? = nil, adding overlay: ItemOverlay? = nil
  ) throws(CaseworkError) -> EffectiveList {
    guard let code = UnitCode("\(unit)") else {
      throw .missing(table: "divisions", key: "\(unit)")
    }
    let streams = RosterCut.streams(replica, unit: unit)
    var base = try ReferenceData.itemList()
    if let top = streams.last?.scope,
      let issued = ItemList.inForce(try itemLists(of: top, at: cut), on: day)
    {
      base = issued
    }
    var tiers: [[ItemOverlay]] = []
    for stream in streams.dropLast().reversed() {
      var overlays = try rows(of: IssuedTables.overlays, in: stream.scope, at: cut).compactMap {
        ItemOverlay($0, unit: stream.scope)
      }
      if let overlay, stream.scope == unit { overlays.append(overlay) }
      tiers.append(overlays)
    }
    return EffectiveList(
      base: base, tiers: tiers, unit: code, on: day, rules: try rules(on: day, at: cut))
  }

  private func itemLists(of top: Scope, at cut: RosterCut?) throws(CaseworkError) -> [ItemList] {
    let lists = try rows(of: IssuedTables.itemLists, in: top, at: cut)
    guard !lists.isEmpty else { return [] }
    var items: [Value: [Item]] = [:]
    for row in try rows(of: IssuedTables.items, in: top, at: cut) {
      items[row.key[0], default: []].append(Item(row, code: row.key[1].string ?? ""))
    }
    return lists.compactMap { row in
      guard case .integer(let version) = row.key[0], let issuer = UnitCode(row.text("issuer")),
        let from = row.date("effective_from")
      else { return nil }
      // Items of one version have keys of their own: no code stands twice.
      return try? ItemList(
        version: UInt64(clamping: version), year: Int(row.integer("year") ?? 0), issuer: issuer,
        effectiveFrom: from, items: items[row.key[0]] ?? [])
    }
  }

  /// The rows of a table in a scope as they were at a cut; nil: as they are. Throws `store` when the cut is
  /// not known here.
  func rows(
    of table: CaseTable, in scope: Scope, at cut: RosterCut?
  ) throws(CaseworkError) -> [CaseRow] {
    guard let cut else { return try rows(of: table, in: scope) }
    var rows: [CaseRow] = []
    try forEachRow(of: table.id, in: scope, at: cut) { stored in
      rows.append(CaseRow(table, key: stored.key, values: stored.values))
    }
    return rows
  }

  /// The same for any table, one row at a time.
  func forEachRow(
    of table: TableID, in scope: Scope, at cut: RosterCut, _ body: (StoredRow) -> Void
  ) throws(CaseworkError) {
    let stream = StreamID(scope: scope)
    do throws(StoreError) {
      guard let past = try pasts.rows(at: cut[stream], in: stream, of: replica) else {
        throw .unknownName("a cut of \(stream) that is not known here")
      }
      try past.forEachRow(of: table) { row in
        body(row)
        return true
      }
    } catch {
      throw .store(error)
    }
  }
}

extension CaseValues {
  /// The fields of an item.
  fileprivate mutating func set(_ item: Item) {
    set("category", item.category)
    set("name", item.name)
    set("item_class", item.itemClass.rawValue)
    set("objects", item.objects)
    set("methods", item.methods.text)
    set("levels", item.levels.text)
    set("bases", item.bases.map(\.line).joined(separator: "\n"))
    set("qualifications", item.qualifications.joined(separator: " "))
    set("line", item.line)
    set("guideline", item.guideline ?? "")
    set("remark", item.remark)
    if let cap = item.capBp { set("cap_bp", Int64(cap)) }
    if let frequency = item.yearlyFrequency { set("yearly_frequency", Int64(frequency)) }
  }
}

extension Item {
  /// Reads the fields of an item.
  fileprivate init(_ row: CaseRow, code: String) {
    self.init(
      code: code, category: row.text("category"), name: row.text("name"),
      itemClass: ItemClass(rawValue: row.text("item_class")) ?? .general,
      objects: row.text("objects"), methods: row.codes("methods", CheckMethod.self),
      levels: row.codes("levels", UnitLevel.self),
      bases: row.text("bases").split(separator: "\n").compactMap { LegalBasis(line: $0) },
      capBp: row.integer("cap_bp").map { Int($0) },
      yearlyFrequency: row.integer("yearly_frequency").map { Int($0) },
      qualifications: row.text("qualifications").split(separator: " ").map(String.init),
      line: row.text("line"),
      guideline: row.text("guideline").isEmpty ? nil : row.text("guideline"),
      remark: row.text("remark"))
  }
}

extension ItemOverlay {
  /// Reads a row of a unit; nil for an operation of a later version.
  fileprivate init?(_ row: CaseRow, unit: Scope) {
    guard let code = row.key[0].string, case .integer(let version) = row.key[1],
      let unit = UnitCode("\(unit)"), let from = row.date("effective_from")
    else { return nil }
    let operation: Operation
    switch row.text("operation") {
    case "ADD": operation = .add(Item(row, code: code))
    case "DISABLE": operation = .disable
    case "PARAM":
      let methods = row.codes("methods", CheckMethod.self)
      operation = .parameters(
        Parameters(
          capBp: row.integer("cap_bp").map { Int($0) },
          yearlyFrequency: row.integer("yearly_frequency").map { Int($0) },
          methods: methods.isEmpty ? nil : methods))
    default: return nil
    }
    self.init(
      unit: unit, itemCode: code, version: UInt64(clamping: version), operation: operation,
      reason: row.text("reason"), effectiveFrom: from)
  }
}

extension LegalBasis {
  /// Six parts with tabs between; tabs and line ends within a part become spaces.
  fileprivate var line: String {
    [
      documentNumber, title, article, level.code, validFrom?.description ?? "",
      validTo?.description ?? "",
    ].map { $0.split(whereSeparator: { $0 == "\t" || $0.isNewline }).joined(separator: " ") }
      .joined(separator: "\t")
  }

  fileprivate init?(line: Substring) {
    let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6 else { return nil }
    self.init(
      documentNumber: parts[0], title: parts[1], article: parts[2], level: Coded(parts[3]),
      validFrom: CivilDate(parts[4]), validTo: CivilDate(parts[5]))
  }
}

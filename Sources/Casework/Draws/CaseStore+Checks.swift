package import Causality
internal import Changes
package import Inspection
internal import Store

/// What a draw of checks is made from: pairs of units that check each other (交叉检查, R-3.5), or samples of published
/// results that are checked again.
package struct CheckSubject: Hashable, Sendable, Codable {
  /// `UNIT` for pairs, `RES` for results.
  package let kind: FrameHeader.Kind
  /// Ascending codes of the units that are drawn, or whose results are.
  package let units: [String]
  /// Whether a unit checks one of the same superior only.
  package let isWithinParents: Bool
}

/// How many published results of each unit are checked again.
package struct SampleSize: Hashable, Sendable {
  package let ratioBp: UInt32
  package let minimum: UInt32
  package let maximum: UInt32?

  package init(ratioBp: UInt32, minimum: UInt32 = 1, maximum: UInt32? = nil) {
    (self.ratioBp, self.minimum, self.maximum) = (ratioBp, minimum, maximum)
  }
}

/// What superiors draw to look at. Drawn as objects are, from a committed frame and a seed that nobody chose.
extension CaseStore {
  /// Freezes units below for a draw of who checks whom; each checks one and is checked by one. `code` names the
  /// draw for ever. Throws `refused` for a unit that is
  /// not below or that has nobody to check, and for a code that was drawn and not voided.
  package func freezePairs(
    _ code: String, of units: [Scope], isWithinParents: Bool = false
  ) throws(CaseworkError) -> DrawSession {
    try requireBelow(units, code)
    let subject = CheckSubject(
      kind: .units, units: units.sorted().map { "\($0)" }, isWithinParents: isWithinParents)
    return try freeze(code, subject, days: nil) { count in
      StratumRule(stratum: count.stratum, ratioBp: 10_000)
    }
  }

  /// Freezes the results that units below published on some days for a draw of those that are checked again.
  /// Throws `refused` for a unit that is not below, and for a code that was drawn and not voided.
  package func freezeSample(
    _ code: String, of units: [Scope], publishedOn days: ClosedRange<CivilDate>, size: SampleSize
  ) throws(CaseworkError) -> DrawSession {
    try requireBelow(units, code)
    let subject = CheckSubject(
      kind: .results, units: units.sorted().map { "\($0)" }, isWithinParents: false)
    let numbers = FrameMaker.number(of: days.lowerBound)...FrameMaker.number(of: days.upperBound)
    return try freeze(code, subject, days: numbers) { count in
      StratumRule(
        stratum: count.stratum, ratioBp: size.ratioBp, min: size.minimum,
        max: size.maximum ?? DrawParameters.none)
    }
  }

  /// The units below of a tier, counted from this one: 1 for those right below it.
  package func unitsBelow(steps: Int) -> [Scope] {
    guard let own = replica.tree.tier(of: ownScope)?.depth else { return [] }
    return replica.tree.entries.map(\.scope).filter { scope in
      replica.tree.isAtOrAbove(ownScope, scope)
        && replica.tree.tier(of: scope).map { Int($0.depth) == Int(own) + steps } ?? false
    }
  }

  private func requireBelow(_ units: [Scope], _ code: String) throws(CaseworkError) {
    let foreign = units.filter { $0 == ownScope || !replica.tree.isAtOrAbove(ownScope, $0) }
    let breaches = foreign.map {
      RuleBreach(.evaluation, row: code, .notOwner(unit: "\(ownScope)", owner: "\($0)"))
    }
    if let refusal = breaches.refusal { throw refusal }
    guard !units.isEmpty else {
      throw .refused([RuleBreach(.evaluation, row: code, .missing(field: "被检查单位"))])
    }
  }

  private func freeze(
    _ code: String, _ subject: CheckSubject, days: ClosedRange<UInt32>?,
    rule: (StratumCount) -> StratumRule
  ) throws(CaseworkError) -> DrawSession {
    try perform("before a freeze") { _ throws(StoreError) in .success(()) }
    let (unit, now) = (ownScope, wallMilliseconds())
    let day = Instant(milliseconds: Int64(clamping: now)).date ?? CivilDate.latest
    let cut: RosterCut
    do throws(StoreError) {
      cut = try RosterCut(replica, unit: unit, and: subject.units.compactMap { Scope($0) })
    } catch {
      throw .store(error)
    }
    let sequence = try nextSequence(of: code)
    let list = try effectiveList(of: unit, on: day, at: cut)
    let rules = try rules(on: day, at: cut)
    let items = try drawing { () throws(DrawError) in try list.drawItems(rules) }
    let frame = try frame(of: subject, days: days, at: cut)
    let strata = frame.counts.map(rule)
    let (header, parameters) = try drawing(code) { () throws(DrawError) in
      (
        frame.header(
          unit: "\(unit)", kind: subject.kind, itemListVersion: items.version,
          frozenAtMilliseconds: now, cut: try cut.frameCut()),
        try DrawParameters(
          task: TaskID(code: code), sequence: sequence,
          mode: subject.kind == .units ? .pairs : .sample, strata: strata, itemListHash: items.hash,
          days: days)
      )
    }
    if subject.kind == .units, let alone = frame.counts.first(where: { $0.eligible == 1 }) {
      throw .refused([
        RuleBreach(.evaluation, row: code, .draw(.pairOfOne(stratum: alone.stratum)))
      ])
    }
    let task = FrozenTask(
      code: code, parameters: parameters, frame: header.hash, inspectorFrame: nil, avoidance: [],
      windowFrom: "\(day)", windowTo: "\(day)", share: nil, check: subject)
    let made = MadeFrame(
      header: header, listHash: items.hash, previous: nil, removed: [],
      units: subject.units.joined(separator: " "))
    let id = HexText.text(SystemHost().randomBytes(16))
    try write(
      [made], [task], kinds: subject.kind.rawValue, id: id, isStale: false,
      listVersion: items.version)
    return try session(id, of: unit)
  }

  /// The rows that checks are drawn from. Cost: linear in the publications of the units.
  func frame(
    of subject: CheckSubject, days: ClosedRange<UInt32>?, at cut: RosterCut
  ) throws(CaseworkError) -> Frame {
    var rows: [FrameRow] = []
    for unit in subject.units.compactMap({ Scope($0) }) {
      if subject.kind == .units {
        let parent = replica.tree.parent(of: unit).map { "\($0)" } ?? ""
        rows.append(
          FrameRow(key: "\(unit)", stratum: subject.isWithinParents ? parent : "ALL"))
        continue
      }
      for row in try self.rows(of: VisitTables.publications, in: unit, at: cut) {
        guard let on = row.date("published_on"), let days, days.contains(FrameMaker.number(of: on))
        else { continue }
        rows.append(FrameRow(key: row.keyNames.joined(separator: "/"), stratum: "\(unit)"))
      }
    }
    let all = rows
    return try drawing { () throws(DrawError) in try Frame(all) }
  }
}

extension CaseRow {
  /// The texts of the key.
  fileprivate var keyNames: [String] { key.compactMap(\.string) }
}

package import Causality
internal import Changes
internal import Foundation
package import Inspection
package import Store

/// Reference data as rows of the province: rule sets, working days, guidelines, divisions. Each is issued as a
/// version that nobody changes; where nothing was issued, what the program carries holds. Source,
/// domain.md §2.9 C-31.
extension CaseStore {
  /// The use cases under the rules and working days that are in force by the rows at hand.
  package init(
    inForce replica: Replica, author: String, wallMilliseconds: @escaping () -> UInt64
  ) throws(CaseworkError) {
    let plain = CaseStore(
      replica, author: author, calendar: try ReferenceData.calendar(),
      wallMilliseconds: wallMilliseconds)
    self.init(
      replica, author: author, calendar: try plain.issuedCalendar(),
      rules: try plain.rules(on: plain.today), wallMilliseconds: wallMilliseconds)
  }

  /// The province.
  var top: Scope { RosterCut.streams(replica, unit: ownScope).last?.scope ?? ownScope }

  func requireTop(_ requirement: Requirement, _ row: String) throws(CaseworkError) {
    guard top == ownScope else {
      throw .refused([
        RuleBreach(requirement, row: row, .notOwner(unit: "\(ownScope)", owner: "\(top)"))
      ])
    }
  }

  /// Writes one issued row. Throws `exists` for a version that is there.
  func issue(
    _ table: CaseTable, key: [Value], _ fill: (inout CaseValues) -> Void
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform("\(table.title)") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: table, in: scope, key: key) == nil else {
        return .failure(
          .exists(
            table: table.declaration.name, key: key.map(\.description).joined(separator: "/")))
      }
      try transaction.insert(table, in: scope, key: key, fill)
      return .success(())
    }
  }

  // MARK: rules

  /// Issues a rule set (细则): JSON with the parameters that differ from the specification's defaults. Throws
  /// `refused` below the province and for a parameter that is unknown or of another kind; `exists`.
  package func issueRules(
    _ parameters: [UInt8], version: UInt64, effectiveFrom: CivilDate
  ) throws(CaseworkError) {
    try requireTop(.ruleSet, "\(version)")
    let data = Data(parameters)
    func refusal(_ field: String, _ value: String) -> CaseworkError {
      .refused([
        RuleBreach(.ruleSet, row: "\(version)", .malformed(field: field, value: value))
      ])
    }
    var rules: RuleSet
    do { rules = try JSONDecoder().decode(RuleSet.self, from: data) } catch {
      throw refusal("参数", DecodingFault.text(of: error))
    }
    let known = Set(RuleSet.CodingKeys.allCases.map(\.rawValue))
    // It was an object when it was decoded.
    let names = (try? JSONSerialization.jsonObject(with: data) as? [String: Any])?.keys
    if let unknown = names?.sorted().first(where: { !known.contains($0) }) {
      throw refusal("参数", unknown)
    }
    rules.version = version
    let text = DrawJSON.text(rules)
    try issue(IssuedTables.ruleSets, key: [.integer(Int64(clamping: version))]) { values in
      values.set("parameters", text)
      values.set("effective_from", effectiveFrom)
    }
  }

  /// The rules in force on a day, as far as they are known here; `cut`: as they were known then, so that a frame
  /// is the same wherever it is made.
  package func rules(on day: CivilDate, at cut: RosterCut? = nil) throws(CaseworkError) -> RuleSet {
    try issuedRules(at: cut) { $0.date("effective_from") ?? .latest <= day }
  }

  /// The rules of a version. Throws `cutUnusable` for one that is not here.
  package func rules(version: UInt64) throws(CaseworkError) -> RuleSet {
    let found = try issuedRules(at: nil) { $0.key[0] == .integer(Int64(clamping: version)) }
    guard found.version == version else {
      throw .cutUnusable("the rules \(version) that it was made under are not here")
    }
    return found
  }

  private func issuedRules(
    at cut: RosterCut?, _ counts: (CaseRow) -> Bool
  ) throws(CaseworkError) -> RuleSet {
    let sets = try rows(of: IssuedTables.ruleSets, in: top, at: cut).filter(counts)
      .compactMap { DrawJSON.read(RuleSet.self, from: $0.text("parameters")) }
    return sets.max { $0.version < $1.version } ?? RuleSet()
  }

  // MARK: working days

  /// Issues an edition of the working days: the whole table `date,kind,name[,division]` as CSV. Throws `refused`
  /// below the province and for an edition that is not newer than all before; `tableRefused` for a bad line.
  package func issueCalendar(_ table: [UInt8], version: UInt32) throws(CaseworkError) {
    try requireTop(.publication, "\(version)")
    do {
      _ = try WorkingCalendar(version: version, table: table)
    } catch {
      throw .tableRefused(error)
    }
    guard version > (try issuedCalendar().version) else {
      throw .exists(table: "calendar_days", key: "\(version)")
    }
    let lines = String(decoding: table, as: UTF8.self).split(whereSeparator: \.isNewline)
      .dropFirst()
    let scope = ownScope
    try perform("工作日历") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      for line in lines where !line.isEmpty {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let key: [Value] = [
          .integer(Int64(version)), .text(fields[0]), .text(fields.count == 4 ? fields[3] : ""),
        ]
        try transaction.insert(IssuedTables.calendarDays, in: scope, key: key) { values in
          values.set("kind", fields[1])
          values.set("name", fields[2])
        }
      }
      return .success(())
    }
  }

  /// The newest edition of the working days; `version`: that one. Throws `cutUnusable` for one that is not here.
  package func issuedCalendar(version: UInt32? = nil) throws(CaseworkError) -> WorkingCalendar {
    let rows = try rows(of: IssuedTables.calendarDays, in: top)
    let versions = rows.compactMap { row -> UInt32? in
      guard case .integer(let number) = row.key[0] else { return nil }
      return UInt32(clamping: number)
    }
    let wanted = version ?? versions.max() ?? ReferenceData.calendarVersion
    guard versions.contains(wanted) else {
      guard wanted == ReferenceData.calendarVersion else {
        throw .cutUnusable("the working days \(wanted) that it was made under are not here")
      }
      return try ReferenceData.calendar()
    }
    let days = rows.filter { $0.key[0] == .integer(Int64(wanted)) }.compactMap {
      row -> CalendarDay? in
      guard let date = row.key[1].string.flatMap({ CivilDate($0) }),
        let kind = CalendarDay.Kind(rawValue: row.text("kind"))
      else { return nil }
      let division = row.key[2].string ?? ""
      return CalendarDay(
        date: date, kind: kind, name: row.text("name"), division: division.isEmpty ? nil : division)
    }
    return WorkingCalendar(version: wanted, days: days)
  }

  // MARK: guidelines

  /// Issues a version of a guideline: at the province the line's, below what the unit adds. Throws `refused` for an
  /// item that is not on the list, `exists`.
  package func issue(_ guideline: Guideline) throws(CaseworkError) {
    guard try effectiveList(of: ownScope, on: today).item(guideline.item) != nil else {
      throw .refused([
        RuleBreach(
          .guideline, row: "\(guideline.item)/\(guideline.version)",
          .itemNotListed(code: guideline.item))
      ])
    }
    let checklist = DrawJSON.text(guideline.checklist)
    try issue(
      IssuedTables.guidelines,
      key: [.text(guideline.item), .integer(Int64(clamping: guideline.version))]
    ) { values in
      values.set("contents", guideline.contents)
      values.set("checklist", checklist)
    }
  }

  /// The guidelines of an item for a unit, all versions: the province's, then the prefecture's, then its own.
  package func guidelines(
    of item: String, for unit: Scope
  ) throws(CaseworkError) -> [[Guideline]] {
    var tiers: [[Guideline]] = []
    for stream in RosterCut.streams(replica, unit: unit).reversed() {
      let rows = try rows(of: IssuedTables.guidelines, in: stream.scope) {
        $0.key[0] == .text(item)
      }
      tiers.append(
        rows.compactMap { row in
          guard case .integer(let version) = row.key[1] else { return nil }
          return Guideline(
            item: item, version: UInt64(clamping: version), contents: row.text("contents"),
            checklist: DrawJSON.read([Guideline.Question].self, from: row.text("checklist")) ?? [])
        })
    }
    return tiers
  }

  // MARK: divisions

  /// Issues where a division belongs from a day on, such as a zone that another prefecture takes over. Rows keep
  /// their unit; reports follow the tree of their day. Throws `refused` below the province and for a division that
  /// would be above itself; `exists`.
  package func issue(
    division: Scope, parent: Scope, name: String, effectiveFrom: CivilDate
  ) throws(CaseworkError) {
    try requireTop(.ruleSet, "\(division)")
    guard division != parent, division != top, replica.tree.contains(parent),
      replica.tree.contains(division), !replica.tree.isAtOrAbove(division, parent)
    else {
      throw .refused([
        RuleBreach(
          .ruleSet, row: "\(division)", .malformed(field: "上级", value: "\(parent)"))
      ])
    }
    try issue(
      IssuedTables.divisions, key: [.text("\(division)"), .text("\(effectiveFrom)")]
    ) { values in
      values.set("parent", "\(parent)")
      values.set("name", name)
    }
  }

  /// The divisions that belong elsewhere on a day than in the program's table, with the division above them.
  package func movedDivisions(on day: CivilDate) throws(CaseworkError) -> [Scope: Scope] {
    var newest: [Scope: (from: CivilDate, parent: Scope)] = [:]
    for row in try rows(of: IssuedTables.divisions, in: top) {
      guard let division = row.key[0].string.flatMap({ Scope($0) }),
        let from = row.key[1].string.flatMap({ CivilDate($0) }), from <= day,
        let parent = Scope(row.text("parent")), newest[division].map({ $0.from < from }) ?? true
      else { continue }
      newest[division] = (from, parent)
    }
    return newest.mapValues(\.parent)
  }
}

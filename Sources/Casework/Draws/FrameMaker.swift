internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// Makes the frames of a unit from its rows at a cut: the same code, and so the same frames, at the unit and at
/// every hub that knows the cut. Source: domain.md §4.5, §4.6.
struct FrameMaker {
  private let store: CaseStore
  private let unit: Scope
  let cut: RosterCut
  /// The day of the freeze.
  let day: CivilDate

  init(_ store: CaseStore, unit: Scope, cut: RosterCut, frozenAt: UInt64) {
    (self.store, self.unit, self.cut) = (store, unit, cut)
    day = Instant(milliseconds: Int64(clamping: frozenAt)).date ?? CivilDate.latest
  }

  private func rows(of table: CaseTable) throws(CaseworkError) -> [CaseRow] {
    try store.rows(of: table, in: unit, at: cut)
  }

  private func forEach(_ table: TableID, _ body: (StoredRow) -> Void) throws(CaseworkError) {
    try store.forEachRow(of: table, in: unit, at: cut, body)
  }

  // MARK: objects

  /// All companies of the unit; those that may not be drawn say why (§4.4 T1).
  /// `risk`: of the line that draws, where it grades objects.
  func objects(filter: FilterExpression?, risk: LineRisk? = nil) throws(CaseworkError) -> Frame {
    let marks = try exclusions()
    let aliases = try aliases()
    let visits = try visitCounts(aliases)
    let (tags, listed) = (try tags(), try listedSubjects())
    let libraries = try rows(of: FollowUpTables.libraryMembers).reduce(into: [String: [String]]()) {
      $0[$1.key[0].string ?? "", default: []].append($1.key[1].string ?? "")
    }
    let columns = CompanyColumns()
    let grade = risk.flatMap { risk in CompanyFields.all.firstIndex { $0.id == risk.field.id } }
    let rules = try store.rules(on: day, at: cut)
    let isWeighed = rules.draws.weighsYearsUnchecked
    let rule = FrameRule(filter: filter, coverageYear: isWeighed ? Self.year(of: day) : nil)
    let caps = rules.yearlyVisitCaps
    var frameRows: [FrameRow] = []
    try forEach(RosterSchema.companies.id) { row in
      guard let code = row.key.first?.string else { return }
      let credit = columns.text(row, .creditClass).isEmpty ? "N" : columns.text(row, .creditClass)
      var exclusions = marks[code] ?? []
      if aliases[code] != nil { exclusions.insert(.moved) }
      if let state = Self.status(of: columns.text(row, .state)) { exclusions.insert(state) }
      if let cap = caps[credit], visits[code, default: 0] >= cap { exclusions.insert(.frequency) }
      var fields: [FilterField: [String]] = [
        .credit: [credit], .abnormal: [listed.contains(code) ? "LISTED" : "NONE"],
        .tag: tags[code] ?? [], .library: libraries[code] ?? [],
      ]
      let graded = grade.flatMap { row.values[$0].string }
      if let graded { fields[.risk] = [graded] }
      let texts: [(FilterField, CompanyColumns.Name)] = [
        (.industry, .industry), (.kind, .kind), (.station, .station), (.checked, .checked),
        (.registered, .registered),
      ]
      for (field, name) in texts {
        let text = columns.text(row, name)
        if !text.isEmpty { fields[field] = [text] }
      }
      frameRows.append(
        rule.row(
          of: RosterObject(
            key: code, creditClass: credit,
            lineRisk: risk?.isStratum == true ? graded : nil, exclusions: exclusions,
            lastCheckedYear: isWeighed
              ? CivilDate(columns.text(row, .checked)).map(Self.year) : nil, fields: fields))
      )
    }
    return try drawing { () throws(DrawError) in try Frame(frameRows) }
  }

  private static func year(of day: CivilDate) -> UInt32 { UInt32(clamping: day.year) }

  private func exclusions() throws(CaseworkError) -> [String: Set<FrameStatus>] {
    let codes: [String: FrameStatus] = [
      "E_FREQ": .frequency, "E_DEREG": .deregistered, "E_MOVED": .moved,
      "E_LEGAL_BAN": .legalBan, "E_CASE_OPEN": .openCase, "E_DISASTER": .disaster,
    ]
    var marks: [String: Set<FrameStatus>] = [:]
    let fields = ExclusionMarkFields.all
    func index(_ field: RosterField) -> Int { fields.firstIndex { $0.id == field.id } ?? 0 }
    let (to, void) = (index(ExclusionMarkFields.excludedTo), index(ExclusionMarkFields.voidReason))
    try forEach(RosterSchema.exclusionMarks.id) { row in
      guard row.key.count == 3, let code = row.key[0].string, row.values[void] == .null,
        let reason = row.key[1].string.flatMap({ codes[$0] }),
        let from = row.key[2].string.flatMap({ CivilDate($0) }), from <= day
      else { return }
      let end = row.values[to].string.flatMap { CivilDate($0) }
      if day <= end ?? day { marks[code, default: []].insert(reason) }
    }
    return marks
  }

  static func status(of registration: String) -> FrameStatus? {
    switch registration {
    case "CANCELLED", "REVOKED", "RESCINDED": .deregistered
    case "MOVED_OUT": .moved
    default: nil
    }
  }

  /// Codes that stand for another subject (C-24).
  private func aliases() throws(CaseworkError) -> [String: String] {
    try rows(of: FollowUpTables.aliases).reduce(into: [:]) {
      $0[$1.keyText] = $1.text("survivor_code")
    }
  }

  /// Visits of this year by company; leads apart, what was merged counts once, what was found under another code
  /// counts for its subject (R-2.18, C-11, C-24).
  private func visitCounts(_ aliases: [String: String]) throws(CaseworkError) -> [String: Int] {
    let merged = Set(try rows(of: VisitTables.visitLinks).compactMap { $0.key[1].string })
    var counts: [String: Int] = [:]
    for visit in try rows(of: VisitTables.visits) {
      guard visit.date("window_from")?.year == day.year, visit.text("state") != "CANCELLED",
        visit.text("origin") != CheckOrigin.lead.rawValue, !merged.contains(visit.keyText)
      else { continue }
      let subject = visit.text("subject_code")
      counts[aliases[subject] ?? subject, default: 0] += 1
    }
    return counts
  }

  private func tags() throws(CaseworkError) -> [String: [String]] {
    var tags: [String: [String]] = [:]
    try forEach(RosterSchema.objectTags.id) { row in
      guard row.key.count == 2, let code = row.key[0].string, let tag = row.key[1].string else {
        return
      }
      tags[code, default: []].append(tag)
    }
    return tags
  }

  private func listedSubjects() throws(CaseworkError) -> Set<String> {
    Set(
      try rows(of: FollowUpTables.listings).filter { $0.date("removed_on") == nil }
        .map { $0.text("subject_code") })
  }

  // MARK: inspectors

  /// The unit's inspectors, with their load in the month of the visits.
  func inspectors(month: CivilDate) throws(CaseworkError) -> InspectorFrame {
    let tags = try rows(of: FollowUpTables.inspectorTags).reduce(into: [String: [String]]()) {
      $0[$1.key[0].string ?? "", default: []].append($1.key[1].string ?? "")
    }
    let loads = try loads(month: month)
    let rules = try store.rules(on: day, at: cut)
    let trained = rules.trainingMonths > 0 ? try trainings() : [:]
    let fields = InspectorFields.all
    func index(_ field: RosterField) -> Int { fields.firstIndex { $0.id == field.id } ?? 0 }
    let (station, valid) = (
      index(InspectorFields.station), index(InspectorFields.certificateValidTo)
    )
    let (status, most) = (
      index(InspectorFields.status), index(InspectorFields.maximumVisitsPerMonth)
    )
    var rows: [InspectorRow] = []
    try forEach(RosterSchema.inspectors.id) { row in
      guard let code = row.key.first?.string else { return }
      var cap = DrawParameters.none
      if case .integer(let number) = row.values[most] { cap = UInt32(clamping: number) }
      rows.append(
        InspectorRow(
          id: code, station: row.values[station].string ?? "",
          isOnDuty: (row.values[status].string ?? "ON_DUTY") == "ON_DUTY"
            && rules.isTrained(lastOn: trained[code], on: month),
          certificateValidTo: Self.number(of: row.values[valid].string.flatMap { CivilDate($0) }),
          monthCap: cap, load: loads[code] ?? 0, tags: tags[code] ?? []))
    }
    let pool = rows
    return try drawing { () throws(DrawError) in try InspectorFrame(pool) }
  }

  /// The last training of each inspector up to the day of the freeze.
  private func trainings() throws(CaseworkError) -> [String: CivilDate] {
    var last: [String: CivilDate] = [:]
    for row in try rows(of: FollowUpTables.trainings) {
      guard let code = row.key[0].string, let on = row.key[1].string.flatMap({ CivilDate($0) }),
        on <= day
      else { continue }
      last[code] = max(last[code] ?? on, on)
    }
    return last
  }

  /// Inspectors of neighbours that are lent for all days of the visits; nil when there are none.
  func neighbours(window: ClosedRange<CivilDate>) throws(CaseworkError) -> InspectorFrame? {
    let lent = try rows(of: DrawTables.sharedInspectors).filter { row in
      guard let from = row.key[2].string.flatMap({ CivilDate($0) }), let to = row.date("window_to")
      else { return false }
      return from <= window.lowerBound && window.upperBound <= to
    }
    guard !lent.isEmpty else { return nil }
    var byCode: [String: InspectorRow] = [:]
    for row in lent {
      let code = row.key[1].string ?? ""
      byCode[code] = InspectorRow(
        id: code, station: row.key[0].string ?? "",
        certificateValidTo: Self.number(of: row.date("certificate_valid_to")),
        tags: row.text("tags").split(separator: " ").map(String.init))
    }
    let pool = byCode.values.sorted { $0.id < $1.id }
    return try drawing { () throws(DrawError) in try InspectorFrame(pool) }
  }

  /// Who may not visit whom (回避): conflicts of interest, and where the rules ask for it the last team of a company
  /// and its own station. `objects`: keys of what can be drawn, which alone these two are told of.
  func avoidance(of objects: @autoclosure () -> Set<String>) throws(CaseworkError) -> [Avoidance] {
    let choices = try store.rules(on: day, at: cut).draws
    var found = try rows(of: FollowUpTables.conflictsOfInterest).map { row in
      Avoidance(
        kind: .conflict, object: row.key[1].string ?? "", other: row.key[0].string ?? "")
    }
    guard choices.avoidsLastTeam || choices.limitsOwnStation else { return Self.sorted(found) }
    let keys = objects()
    if choices.avoidsLastTeam { found += try lastTeams(of: keys) }
    if choices.limitsOwnStation {
      let columns = CompanyColumns()
      try forEach(RosterSchema.companies.id) { row in
        let station = columns.text(row, .station)
        guard let code = row.key.first?.string, keys.contains(code), !station.isEmpty else {
          return
        }
        found.append(Avoidance(kind: .station, object: code, other: station))
      }
    }
    return Self.sorted(found)
  }

  private static func sorted(_ list: [Avoidance]) -> [Avoidance] {
    list.sorted {
      ($0.kind.rawValue, $0.object, $0.other) < ($1.kind.rawValue, $1.object, $1.other)
    }
  }

  /// The team of the last visit that was made at each of some companies, experts apart.
  private func lastTeams(of objects: Set<String>) throws(CaseworkError) -> [Avoidance] {
    let aliases = try aliases()
    var last: [String: (day: CivilDate, visit: String)] = [:]
    for visit in try rows(of: VisitTables.visits) where visit.text("state") == "DONE" {
      let subject = visit.text("subject_code")
      let code = aliases[subject] ?? subject
      guard objects.contains(code), let day = visit.date("window_to") else { continue }
      let found = (day: day, visit: visit.keyText)
      if let held = last[code], held >= found { continue }
      last[code] = found
    }
    let objects = Dictionary(uniqueKeysWithValues: last.map { ($1.visit, $0) })
    return try rows(of: VisitTables.assignments).compactMap { row in
      guard row.text("superseded_by").isEmpty, row.text("role") != TeamRole.expert.rawValue,
        let object = objects[row.key[0].string ?? ""]
      else { return nil }
      return Avoidance(kind: .lastTeam, object: object, other: row.key[1].string ?? "")
    }
  }

  private func loads(month: CivilDate) throws(CaseworkError) -> [String: UInt32] {
    let visits = Set(
      try rows(of: VisitTables.visits).filter { visit in
        guard let from = visit.date("window_from") else { return false }
        return (from.parts.year, from.parts.month) == (month.parts.year, month.parts.month)
          && visit.text("state") != "CANCELLED"
      }.map(\.keyText))
    var loads: [String: UInt32] = [:]
    for row in try rows(of: VisitTables.assignments) where row.text("superseded_by").isEmpty {
      guard visits.contains(row.key[0].string ?? ""), let code = row.key[1].string else { continue }
      loads[code, default: 0] += 1
    }
    return loads
  }

  /// yyyymmdd; 0 without a date.
  static func number(of date: CivilDate?) -> UInt32 {
    guard let parts = date?.parts else { return 0 }
    return UInt32(parts.year * 10_000 + parts.month * 100 + parts.day)
  }
}

/// The columns of companies that a frame looks at, found once.
private struct CompanyColumns {
  enum Name: Int, CaseIterable {
    case creditClass, state, industry, kind, station, checked, registered
  }

  private let places: [Int]

  init() {
    places = Name.allCases.map { name in
      let field =
        switch name {
        case .creditClass: CompanyFields.creditClass
        case .state: CompanyFields.registrationState
        case .industry: CompanyFields.industry
        case .kind: CompanyFields.kind
        case .station: CompanyFields.station
        case .checked: CompanyFields.lastCheckedOn
        case .registered: CompanyFields.establishedOn
        }
      return CompanyFields.all.firstIndex { $0.id == field.id } ?? 0
    }
  }

  func text(_ row: StoredRow, _ name: Name) -> String {
    row.values[places[name.rawValue]].string ?? ""
  }
}

/// Runs a step of the draw; what it throws is a breach of.
func drawing<Result>(
  _ row: String = "", _ body: () throws(DrawError) -> Result
) throws(CaseworkError) -> Result {
  do throws(DrawError) {
    return try body()
  } catch {
    throw .refused([RuleBreach(.objectDraw, row: row, .draw(error))])
  }
}

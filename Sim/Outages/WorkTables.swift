internal import Casework
internal import Causality
internal import Changes
internal import Simulator
internal import Store

private typealias Cell = Store.ColumnValue

/// The tables of rehearsals: those of the product that the rehearsed work writes, as the product declares them.
enum WorkTables {
  /// `feedTier`: who owns what the register says.
  static func schema(feedTier: Int) throws(ScenarioError) -> Schema {
    let tables =
      [companies(feedTier: feedTier)]
      + [
        PlanTables.plans, PlanTables.planTasks, DrawTables.sessions, DrawTables.results,
        VisitTables.visits, VisitTables.assignments, VisitTables.results, VisitTables.publications,
      ].map(\.declaration)
    do throws(Schema.Invalid) {
      return try Schema(version: CaseworkSchema.version, tables: tables)
    } catch {
      throw ScenarioError(path: "", problem: error.reason, advice: "build the program anew")
    }
  }

  private static func companies(feedTier: Int) -> TableDeclaration {
    let table = RosterSchema.companies
    let groups = table.groups.map { group -> GroupDeclaration in
      guard case .owner(.tier) = group.policy, let depth = UInt8(exactly: feedTier) else {
        return group
      }
      return GroupDeclaration(id: group.id, policy: .owner(.tier(Tier(depth: depth))))
    }
    return TableDeclaration(
      id: table.id, name: table.name, scopeColumn: table.scopeColumn, key: table.key,
      columns: table.columns, groups: groups)
  }
}

/// Kinds of work, in the order of `Rehearsal.kinds`.
enum WorkKind: Int, CaseIterable {
  case roster, registration, correction, plan, draw, visit, publication, feedCorrection

  /// For people.
  var title: String {
    switch self {
    case .roster: "companies set up"
    case .registration: "changes of the register"
    case .correction: "corrections by counties"
    case .plan: "plans filed"
    case .draw: "draws"
    case .visit: "visits with results"
    case .publication: "publications"
    case .feedCorrection: "corrections by the feed"
    }
  }
}

/// Makes the rows of rehearsed work: companies as the roster generator invents them, plans, draws, visits, results
/// and publications in the sizes of domain.md §7.2.
struct InspectionWork: WorkContent {
  /// Rows of companies, by division; divisions that are not Yunnan's borrow one of Yunnan's.
  private let rosters: [Scope: DivisionRoster]
  private let companies: Int
  private let seed: UInt64
  private let year: Int64
  /// Milliseconds since 1970 at virtual time zero.
  private let start: Int

  init(_ scenario: Scenario) throws(ScenarioError) {
    let tree: DivisionTree
    do throws(CaseworkError) { tree = try DivisionTree.builtIn() } catch {
      throw ScenarioError(path: "tree", problem: "\(error)", advice: "build the program anew")
    }
    let generator = RosterGenerator(
      seed: scenario.seed, partsPerMillion: 1_000_000, divisions: tree)
    let known = tree.counties.compactMap { generator.roster(of: $0.scope) }
    var rosters: [Scope: DivisionRoster] = [:]
    for (number, place) in scenario.territory.leaves.enumerated() {
      guard let scope = Scope(code: UInt32(scenario.territory.divisions[place].code)) else {
        continue
      }
      rosters[scope] =
        tree.division(scope)?.level == .county
        ? generator.roster(of: scope) : known[number % known.count]
    }
    self.rosters = rosters
    companies = scenario.sizes.companies
    seed = scenario.seed
    start = scenario.startMilliseconds - Scenario.warmUpMilliseconds
    year = Int64(CivilTime.date(scenario.startMilliseconds).year)
  }

  func rows(of work: Work) -> [RowWrite] {
    var chance = Chance(
      seed, .work, UInt64(work.scope.code), UInt64(work.kind) << 32 | UInt64(work.number))
    switch WorkKind(rawValue: work.kind) ?? .roster {
    case .roster: return (0..<companies).compactMap { company($0, work.scope) }
    case .registration: return registration(work, &chance)
    case .correction: return correction(work, "county", &chance)
    case .feedCorrection: return correction(work, "feed", &chance)
    case .plan: return plan(work)
    case .draw: return draw(work)
    case .visit: return visit(work, &chance)
    case .publication: return publication(work)
    }
  }

  // MARK: companies

  private func company(_ number: Int, _ scope: Scope) -> RowWrite? {
    guard let roster = rosters[scope], number < roster.companyCount else { return nil }
    var table = CellTable(width: DivisionRoster.companyWidth)
    roster.appendCompanies(number..<number + 1, to: &table)
    var columns: [Cell] = []
    for (place, field) in CompanyFields.all.enumerated() {
      let value = table.value(0, place + 1)
      if value != .null { columns.append(Cell(field.id, value)) }
    }
    return RowWrite(RosterSchema.companies.id, [table.value(0, 0)], columns)
  }

  /// Three of ten register a company; the others change one: its representative, address or state.
  private func registration(_ work: Work, _ chance: inout Chance) -> [RowWrite] {
    if chance.below(10) < 3 {
      return company(companies + work.number, work.scope).map { [$0] } ?? []
    }
    guard let old = company(chance.below(companies), work.scope),
      let other = company(companies + work.number, work.scope)
    else { return [] }
    let field = chance.pick([
      CompanyFields.legalRepresentative, CompanyFields.registeredAddress,
      CompanyFields.registeredCapital,
    ])
    let columns = other.columns.filter { $0.column == field.id }
    return columns.isEmpty ? [] : [RowWrite(old.table, old.key, columns)]
  }

  /// Contact and phone; the county and the feed pick the same company for the same number.
  private func correction(_ work: Work, _ who: String, _ chance: inout Chance) -> [RowWrite] {
    var same = Chance(seed, .work, UInt64(work.scope.code), UInt64(work.number) << 8 | 0xFF)
    guard let old = company(same.below(companies), work.scope) else { return [] }
    let phone = "0871-6\(1_000_000 + chance.below(8_999_999))"
    return [
      RowWrite(
        old.table, old.key,
        [
          Cell(CompanyFields.contact.id, .text("\(who) \(work.number)")),
          Cell(CompanyFields.phone.id, .text(phone)),
        ])
    ]
  }

  // MARK: the year's work

  private func row(_ table: CaseTable, _ key: [Value], _ values: [(String, Value)]) -> RowWrite {
    RowWrite(
      table.id, key,
      values.map { Cell(table.column($0.0), $0.1) }.sorted { $0.column < $1.column })
  }

  /// A plan with its 40 tasks.
  private func plan(_ work: Work) -> [RowWrite] {
    let key: [Value] = [.integer(year), .text("ANNUAL"), .integer(Int64(work.number + 1))]
    var rows = [
      row(
        PlanTables.plans, key,
        [
          ("title", .text("\(year)年度抽查工作计划")), ("signed_by", .text("局长")),
          ("signed_at", .integer(Int64(start + work.atMilliseconds))),
          ("state", .text("SUBMITTED")),
        ])
    ]
    for task in 1...40 {
      rows.append(
        row(
          PlanTables.planTasks, key + [.text("\(work.scope)-\(year)-\(work.number)-\(task)")],
          [
            ("name", .text("抽查任务\(task)")), ("source", .text("PLAN")), ("origin", .text("RANDOM")),
            ("item_codes", .text("Y0101 Y0102 Y0103")), ("window_from", .text("\(year)-04-01")),
            ("window_to", .text("\(year)-10-31")), ("risk_analysis", .text("上年度问题较多，列为重点")),
          ]))
    }
    return rows
  }

  private func draw(_ work: Work) -> [RowWrite] {
    let key: [Value] = [.text("draw-\(work.scope)-\(work.number)")]
    return [
      row(
        DrawTables.sessions, key,
        [
          ("task_codes", .text("\(work.scope)-\(year)-\(work.number)")), ("kind", .text("OBJ")),
          ("draw_sequence", .integer(1)), ("frame_hash", .text("frame-\(work.number)")),
          ("state", .text("DRAWN")),
        ]), row(DrawTables.results, key, [("result_hash", .text("result-\(work.number)"))]),
    ]
  }

  /// A visit by two inspectors with two or three results of about 2 KB.
  private func visit(_ work: Work, _ chance: inout Chance) -> [RowWrite] {
    let id = Value.text("\(work.scope)-v\(work.number)")
    let date = CivilTime.isoDay(start + work.atMilliseconds)
    let task = "\(work.scope)-\(year)-\(work.number % 40)"
    var rows = [
      row(
        VisitTables.visits, [id],
        [
          ("subject_code", company(chance.below(companies), work.scope)?.key[0] ?? .null),
          ("task_code", .text(task)), ("origin", .text("RANDOM")), ("visited_on", .text(date)),
          ("state", .text("DONE")),
        ])
    ]
    for member in 0..<2 {
      rows.append(
        row(
          VisitTables.assignments, [id, .text("Z\(chance.below(85) / 2 * 2 + member)")],
          [
            ("role", .text(member == 0 ? "LEADER" : "MEMBER")), ("mode", .text("RANDOM")),
            ("draw_id", .text("draw-\(task)")),
          ]))
    }
    for item in 1...[2, 2, 3][work.number % 3] {
      var checklist = ""
      for question in 1...30 {
        checklist +=
          "\(question). 第\(question)项检查内容：\(chance.below(9) > 0 ? "符合要求" : "不符合，已现场告知")\n"
      }
      rows.append(
        row(
          VisitTables.results, [id, .text("Y010\(item)"), .text("市场监管")],
          [
            ("findings", .text(chance.pick(["R01", "R01", "R05", "R08", "R02"]))),
            ("methods", .text("M1")), ("checked_on", .text(date)), ("signers", .text("Z0 Z1")),
            ("checklist", .text(checklist)), ("state", .text("DRAFT")),
          ]))
    }
    return rows
  }

  /// Eight results that are published together.
  private func publication(_ work: Work) -> [RowWrite] {
    (1...8).map { number in
      row(
        VisitTables.publications,
        [.text("\(work.scope)-v\(work.number * 8 + number)"), .text("Y0101"), .text("市场监管")],
        [
          ("due_on", .text("\(year)-11-05")), ("state", .text("PUBLISHED")),
          ("published_on", .text(CivilTime.isoDay(start + work.atMilliseconds))),
        ])
    }
  }
}

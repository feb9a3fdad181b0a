import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// A tree with rosters, a list, plans, committed values and a barrier: ready for a county's draws.
struct DrawWorld {
  let world: CaseWorld
  let first = DrawSigner(name: "王芳")
  let second = DrawSigner(name: "李强")
  let task = "530102-2026-0001"
  let other = "530102-2026-0002"

  init(companies: Int = 60, inspectors: Int = 8, hasBarrier: Bool = true) throws {
    world = try CaseWorld(at: "2026-03-10")
    try fillRoster(companies: companies, inspectors: inspectors)
    try world.store(.county).publishAnchor(
      year: 2026, operator: first, supervisor: second, secret: secret(.county))
    try world.settle()
    let county = world.scope(.county)
    #expect(
      try world.store(.prefecture).publishHubAnchors(
        year: 2026, for: [county], secret: secret(.prefecture)) == 1)
    try sign(version: 1)
    if hasBarrier { try barrier() }
    try world.settle()
  }

  func secret(_ place: CaseWorld.Place) throws -> DrawSecret {
    try DrawSecret(in: world[place].folder, makes: true)
  }

  func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  func barrier(_ month: String = "2026-03") throws {
    let county = world.scope(.county)
    #expect(try world.store(.province).publishBarrier(month: month, for: [county]) == 1)
  }

  static func company(_ number: Int) -> String {
    let text = String(number)
    return "5301026000" + String(repeating: "0", count: 5 - text.count) + text
  }

  private func fillRoster(companies: Int, inspectors: Int) throws {
    let county = world.scope(.county)
    _ = try world[.province].write(
      author: "feed", reason: "登记数据", wallMilliseconds: world.wall
    ) { transaction throws(StoreError) in
      for number in 0..<companies {
        let letter = ["A", "A", "B", "C", "D"][number % 5]
        try transaction.insert(
          RosterSchema.companies.id, scope: county, key: [.text(Self.company(number))],
          [
            ColumnValue(CompanyFields.name.id, .text("企业\(number)")),
            ColumnValue(CompanyFields.kind.id, .text("ENT")),
            ColumnValue(CompanyFields.registrationState.id, .text("ACTIVE")),
            ColumnValue(CompanyFields.creditClass.id, .text(letter)),
            ColumnValue(CompanyFields.creditMonth.id, .text("2026-02")),
            ColumnValue(CompanyFields.industry.id, .text(number % 2 == 0 ? "F5211" : "H6210")),
          ])
      }
    }
    try world.settle()
    _ = try world[.county].write(author: "人事", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for number in 0..<inspectors {
        try transaction.insert(
          RosterSchema.inspectors.id, scope: county, key: [.text("I\(number)")],
          [
            ColumnValue(InspectorFields.name.id, .text("检查员\(number)")),
            ColumnValue(InspectorFields.certificateValidTo.id, .text("2027-12-31")),
            ColumnValue(InspectorFields.status.id, .text("ON_DUTY")),
          ])
      }
    }
  }

  func planTask(
    _ code: String, items: [String] = ["Y0101"], type: DrawType = .undirected, filter: String = "",
    ratio: Int = 1_000
  ) throws -> PlanTask {
    let strata = ["A", "B", "C", "D"].map { StratumRatio($0, ratioBp: ratio) }
    return PlanTask(
      code: code, name: "营业执照抽查", itemCodes: items, library: "companies", drawType: type,
      filterFields: filter.isEmpty ? [] : ["industry"], filter: filter, strata: strata,
      windowFrom: try day("2026-04-01"), windowTo: try day("2026-06-30"), approver: "李局")
  }

  func sign(version: Int, _ tasks: [PlanTask]? = nil, at place: CaseWorld.Place = .county) throws {
    let unit = try #require(UnitCode("530102"))
    let store = world.store(place)
    let plan = Plan(
      unit: unit, year: 2026, version: version, title: "计划",
      tasks: try tasks ?? [
        planTask(task),
        planTask(other, type: .directed, filter: "industry begins 'F52'"),
      ], signedBy: "张局",
      signedAt: Instant(milliseconds: Int64(world.wall)), reason: version > 1 ? "调整" : "")
    try store.sign(
      plan, list: store.effectiveList(of: world.scope(.county), on: try day("2026-03-10")),
      requirements: [])
  }

  /// Freezes and commits at the county.
  func commit(_ codes: [String]? = nil, _ options: FreezeOptions = FreezeOptions()) throws
    -> DrawSession
  {
    let county = world.store(.county)
    let session = try county.freeze(codes ?? [task], options)
    _ = try county.commit(session.id, operator: first, supervisor: second)
    return session
  }

  func acknowledge(_ place: CaseWorld.Place = .prefecture) throws -> [HubAnswer] {
    try world.store(place).acknowledge(world.scope(.county), secret: secret(place))
  }

  func failures(of record: DrawRecord) -> [String] {
    DrawVerifier.findings(of: record).compactMap { finding in
      guard case .failed(let fault) = finding.verdict else { return nil }
      return "\(finding.step): \(fault)"
    }
  }
}

/// Expects a refusal with a breach of the case `rule`.
func expectRefused(
  _ rule: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  let error = #expect(throws: CaseworkError.self, sourceLocation: sourceLocation) { try body() }
  guard case .refused(let breaches) = error else {
    Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
    return
  }
  #expect(
    breaches.contains { "\($0.rule)".hasPrefix(rule) }, "\(breaches)",
    sourceLocation: sourceLocation)
}

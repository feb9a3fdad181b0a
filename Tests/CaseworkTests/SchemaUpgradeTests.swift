import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// Nodes of version 1, which had the rosters alone, in one tree with nodes of today.
@Suite struct SchemaUpgradeTests {
  private func signed(_ world: CaseWorld, at place: CaseWorld.Place) throws {
    let day = try #require(CivilDate("2026-01-20"))
    let unit = try #require(UnitCode("\(world.scope(place))"))
    let list = EffectiveList(
      base: try ReferenceData.itemList(), tiers: [], unit: unit, on: day, rules: RuleSet())
    let task = PlanTask(
      code: "\(unit.text)-2026-0001", name: "营业执照抽查", itemCodes: ["Y0101"],
      library: "companies", strata: [StratumRatio("A", ratioBp: 300, maximum: 40)],
      windowFrom: day, windowTo: try #require(CivilDate("2026-06-30")), approver: "李局")
    let plan = Plan(
      unit: unit, year: 2026, version: 1, title: "2026年计划", tasks: [task], signedBy: "张局",
      signedAt: Instant(day, hour: 9, minute: 0))
    try world.store(place).sign(plan, list: list, requirements: [])
  }

  @Test func `a county of version 1 passes casework on, and has it after its upgrade`() throws {
    let old = try Schema(version: 1, tables: RosterSchema.tables)
    let world = try CaseWorld(schemas: [.prefecture: old, .neighbour: old])
    try signed(world, at: .county)
    try world.settle()
    let county = world.scope(.county)
    #expect(try world.store(.province).receivePlans(of: county) == 1)
    try world.settle()
    // Who only reads does not upgrade: the file is read as it is.
    let reader = try Replica.openReadOnly(
      folder: world[.prefecture].folder, tree: world.divisions.scopes,
      schema: CaseworkSchema.current)
    #expect(try reader.check().problems.isEmpty)
    #expect(throws: StoreError.self) { try reader.rowCount(of: PlanTables.plans.id) }
    let digest = try world[.prefecture].digest(of: StreamID(scope: county))
    for place in [CaseWorld.Place.prefecture, .neighbour] { try world.reopen(place) }
    #expect(try world[.prefecture].digest(of: StreamID(scope: county)) == digest)
    for table in [PlanTables.plans, PlanTables.planTasks, PlanTables.receipts] {
      let store = world.store(.prefecture)
      #expect(try store.rows(of: table, in: county).count == 1, "\(table.declaration.name)")
    }
    try signed(world, at: .neighbour)
    try world.settle()
    #expect(try world[.province].rowCount(of: PlanTables.plans.id) == 2)
  }

  @Test func `a program does not upgrade a file under a server of an older version`() throws {
    let old = try Schema(version: 1, tables: RosterSchema.tables)
    let world = try CaseWorld(schemas: [.county: old])
    #expect(throws: StoreError.self) {
      try Replica.open(
        folder: world[.county].folder, tree: world.divisions.scopes,
        schema: CaseworkSchema.current, wallMilliseconds: world.wall)
    }
    try world.reopen(.county)
    #expect(try world[.county].rowCount(of: PlanTables.plans.id) == 0)
  }
}

import Casework
import Causality
import Changes
import Inspection
import Merge
import Store
import Testing

/// Conflicts of domain.md §2.9 that come from how and when rows arrive, on replicas with their links cut.
@Suite struct ArrivalConflictTests {
  private let company: [Value] = [.text("91530102MA6KABCD12")]
  private let holders = [CaseWorld.Place.county, .terminal, .prefecture, .province]

  private func write(
    _ world: CaseWorld, _ place: CaseWorld.Place, aheadMilliseconds: UInt64 = 0,
    _ body: (WriteTransaction) throws(StoreError) -> Void
  ) throws {
    world.wall += 1_000
    _ = try world[place].write(
      author: "\(place)", wallMilliseconds: world.wall + aheadMilliseconds, body)
  }

  /// A county's company, known to all.
  private func world() throws -> CaseWorld {
    let world = try CaseWorld()
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(
        RosterSchema.companies.id, scope: world.scope(.county), key: self.company,
        [
          ColumnValue(CompanyFields.name.id, .text("五华小吃店")),
          ColumnValue(CompanyFields.phone.id, .text("0871-1")),
        ])
    }
    try world.settle()
    return world
  }

  private func setPhone(
    _ world: CaseWorld, _ place: CaseWorld.Place, _ text: String, aheadMilliseconds: UInt64 = 0
  ) throws {
    try write(world, place, aheadMilliseconds: aheadMilliseconds) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county), key: self.company,
        [ColumnValue(CompanyFields.phone.id, .text(text))])
    }
  }

  private func phone(_ world: CaseWorld, _ place: CaseWorld.Place) throws -> String? {
    let row = try world[place].row(
      RosterSchema.companies.id, scope: world.scope(.county), key: company)
    let index = try #require(CompanyFields.all.firstIndex(of: CompanyFields.phone))
    return row?.values[index].string
  }

  @Test
  func `C-04: an object added to a library while the line removes it stays, with its standard`()
    throws
  {
    let world = try world()
    let table = FollowUpTables.libraryMembers
    let key: [Value] = company + [.text("FOOD")]
    func values(_ version: Int64) -> [Store.ColumnValue] {
      [
        ColumnValue(table.column("standard_version"), .integer(version)),
        ColumnValue(table.column("added_by"), .text("所")),
      ]
    }
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(table.id, scope: world.scope(.county), key: key, values(1))
    }
    try world.settle()
    // The standard changed: the province's line removes it; the county, offline, confirms it.
    try write(world, .province) { transaction throws(StoreError) in
      try transaction.delete(table.id, scope: world.scope(.county), key: key)
    }
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.update(table.id, scope: world.scope(.county), key: key, values(1))
    }
    try world.settle()
    for place in holders {
      let rows = try world.store(place).rows(of: table, in: world.scope(.county))
      // An older standard than the newest is what the county has to look at.
      #expect(rows.map { $0.integer("standard_version") } == [1], "\(place)")
    }
    // A removal that saw the addition removes it.
    try write(world, .province) { transaction throws(StoreError) in
      try transaction.delete(table.id, scope: world.scope(.county), key: key)
    }
    try world.settle()
    #expect(try world.store(.county).rows(of: table, in: world.scope(.county)).isEmpty)
  }

  @Test func `C-07: the province withdraws an item that a county, offline, has tasks on`() throws {
    let season = try Season()
    let world = season.world
    let unit = try #require(UnitCode("530102"))
    // The prefecture disables the item in its overlay while the county works.
    let table = IssuedTables.overlays
    try write(world, .prefecture) { transaction throws(StoreError) in
      try transaction.insert(
        table.id, scope: world.scope(.prefecture), key: [.text("Y0101"), .integer(1)],
        [
          ColumnValue(table.column("operation"), .text("DISABLE")),
          ColumnValue(table.column("reason"), .text("依据废止")),
          ColumnValue(table.column("effective_from"), .text("2026-04-01")),
        ])
    }
    try season.finish(season.key)
    try world.settle()
    let rows = try world.store(.county).rows(of: table, in: world.scope(.prefecture))
    let overlay = ItemOverlay(
      unit: try #require(UnitCode("530100")), itemCode: rows[0].key[0].string ?? "", version: 1,
      operation: .disable, reason: rows[0].text("reason"),
      effectiveFrom: try #require(rows[0].date("effective_from")))
    let list = EffectiveList(
      base: try ReferenceData.itemList(), tiers: [[overlay], []], unit: unit,
      on: try #require(CivilDate("2026-05-11")), rules: RuleSet())
    #expect(list.item("Y0101") == nil)
    for place in [CaseWorld.Place.county, .province] {
      let task = try #require(
        try world.store(place).row(
          of: PlanTables.tasks, in: world.scope(.county), key: [.text(season.task)]))
      #expect(task.text("state") != "PLANNED", "\(place)")
    }
    // Committed before: finished under its own list, and its result stays publishable. What is not committed is
    // blocked: see CaseConflictTests.
    let store = world.store(.county)
    try season.finish(season.other)
    try store.advance(visit: "v1", through: ["DONE"])
    try store.complete(task: season.task, on: #require(CivilDate("2026-05-12")))
    try store.publish(season.key, on: #require(CivilDate("2026-05-20")))
  }

  @Test func `C-25: one file imported at two terminals offline makes no conflict and no change`()
    throws
  {
    let world = try CaseWorld()
    let file = "subject_code,name,phone\n91530102MA6KABCD12,五华小吃店,0871-1\n"
    func take(_ text: String, _ place: CaseWorld.Place) throws -> RosterImportOutcome {
      var reader = try RosterReader(
        Array(text.utf8), table: .companies, divisions: world.divisions,
        options: RosterCSV.Options(division: world.scope(.county)))
      return try RosterStore(world[place], author: "\(place)") {
        world.wall += 1_000
        return world.wall
      }.importRecords(of: &reader)
    }
    for place in [CaseWorld.Place.county, .terminal] { _ = try take(file, place) }
    try world.settle()
    for place in holders { #expect(try world[place].conflicts().isEmpty, "\(place)") }
    #expect(try take(file, .terminal).dots.isEmpty)
    // Different texts: the later field stands.
    let other = file.replacing("0871-1", with: "0871-2")
    _ = try take(other, .county)
    _ = try take(file.replacing("0871-1", with: "0871-3"), .terminal)
    try world.settle()
    for place in holders { #expect(try phone(world, place) == "0871-3", "\(place)") }
  }

  @Test
  func `C-26: an old device returns with edits of an inspector who was deleted: nothing is lost`()
    throws
  {
    let world = try CaseWorld()
    let table = RosterSchema.inspectors
    let key: [Value] = [.text("Z1")]
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(
        table.id, scope: world.scope(.county), key: key,
        [
          ColumnValue(InspectorFields.name.id, .text("张三")),
          ColumnValue(InspectorFields.status.id, .text("LEFT")),
        ])
    }
    try world.settle()
    try write(world, .terminal) { transaction throws(StoreError) in
      try transaction.update(
        table.id, scope: world.scope(.county), key: key,
        [ColumnValue(InspectorFields.phone.id, .text("0871-9"))])
    }
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.delete(table.id, scope: world.scope(.county), key: key)
    }
    try world.settle()
    for place in holders {
      let row = try #require(
        try world[place].row(table.id, scope: world.scope(.county), key: key), "\(place)")
      #expect(row.values.contains(.text("0871-9")) && row.values.contains(.text("LEFT")))
      #expect(try world[place].conflicts().contains { $0.record.table == table.id }, "\(place)")
    }
  }

  @Test func `C-27: a terminal whose clock is two days ahead does not win`() throws {
    let world = try world()
    try setPhone(world, .terminal, "0871-快", aheadMilliseconds: 172_800_000)
    try setPhone(world, .county, "0871-准")
    try world.settle()
    for place in holders { #expect(try phone(world, place) == "0871-准", "\(place)") }
  }

  @Test func `C-30: straight to the province while the prefecture is down: nothing is taken twice`()
    throws
  {
    let world = try world()
    try setPhone(world, .county, "0871-5")
    try world.exchange(.county, with: .province)
    #expect(try phone(world, .province) == "0871-5")
    #expect(try phone(world, .prefecture) == "0871-1")
    let before = try world[.province].cut()
    try world.exchange(.county)
    try world.exchange(.prefecture)
    #expect(try world[.province].cut() == before)
    try world.settle()
    for place in holders { #expect(try phone(world, place) == "0871-5", "\(place)") }
  }

  @Test func `C-35: a result without its visit is kept and counts once the visit is here`() throws {
    let season = try Season()
    let world = season.world
    let key: [Value] = [.text("v9"), .text("Y0101"), .text("市场监管")]
    let finals = VisitTables.finalResults
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(
        finals.id, scope: world.scope(.county), key: key,
        [
          ColumnValue(finals.column("findings"), .text("R05")),
          ColumnValue(finals.column("checked_on"), .text("2026-05-11")),
          ColumnValue(finals.column("final_on"), .text("2026-05-11")),
        ])
    }
    try world.settle()
    let today = try #require(CivilDate("2026-06-01"))
    func facts() throws -> UnitFacts {
      var reader = try FactsReader(
        world[.province], rules: RuleSet(), units: [world.scope(.county)])
      return try reader.facts(of: world.scope(.county), today: today)
    }
    #expect(try facts().results.map(\.isChainComplete) == [false])
    #expect(try facts().visits.count { $0.visitedOn != nil } == 0)
    let visits = VisitTables.visits
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(
        visits.id, scope: world.scope(.county), key: [.text("v9")],
        [
          ColumnValue(visits.column("subject_code"), .text("91530102MA6KABCD12")),
          ColumnValue(visits.column("origin"), .text("ROUTINE_SPECIAL_FIELD")),
          ColumnValue(visits.column("window_from"), .text("2026-05-01")),
          ColumnValue(visits.column("window_to"), .text("2026-05-31")),
        ])
    }
    try world.settle()
    #expect(try facts().visits.count { $0.visitedOn != nil } == 1)
  }
}

import Casework
import Causality
import Changes
import Inspection
import Merge
import Store
import Testing

/// Conflicts of domain.md §2.9 around libraries, plans, results and follow-ups, with the links cut.
@Suite struct WorkConflictTests {
  private let holders = [CaseWorld.Place.county, .terminal, .prefecture, .province]

  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  @Test
  func `C-04: what a county adds under an older standard stays, and is to be looked at again`()
    throws
  {
    let world = try CaseWorld()
    let (county, subject) = (world.scope(.county), "91530102MA6KABCD12")
    _ = try world[.county].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        RosterSchema.companies.id, scope: county, key: [.text(subject)],
        [ColumnValue(CompanyFields.name.id, .text("五华小吃店"))])
    }
    func open(_ version: Int64, at place: CaseWorld.Place = .province) throws {
      try world.store(place).issueLibrary(
        "FOOD", version: version, line: "食品", title: "食品经营者", standard: "持证经营者",
        effectiveFrom: day("2026-01-01"))
    }
    let store = world.store(.county)
    #expect(throws: CaseworkError.missing(table: "object_libraries", key: "FOOD")) {
      try store.addToLibrary(subject, "FOOD")
    }
    try open(1)
    expectRefused("notOwner") { try open(2, at: .county) }
    try world.settle()
    try store.addToLibrary(subject, "FOOD")
    try world.settle()
    func held(_ place: CaseWorld.Place) throws -> [LibraryMember] {
      try world.store(place).libraryMembers(of: county)
    }
    #expect(try held(.province).map(\.needsReview) == [false])
    // The links are cut: the line changes the standard and removes the object; the county confirms it.
    try open(2)
    try world.store(.province).removeFromLibrary(subject, "FOOD", of: county)
    try store.addToLibrary(subject, "FOOD")
    try world.settle()
    for place in holders {
      let members = try held(place)
      #expect(members.map(\.standardVersion) == [1] && members.map(\.needsReview) == [true])
    }
    // The county looks at it again, by the new standard.
    try store.addToLibrary(subject, "FOOD")
    try world.settle()
    for place in holders { #expect(try held(place).map(\.needsReview) == [false], "\(place)") }
    // A removal that saw the addition removes it.
    try world.store(.province).removeFromLibrary(subject, "FOOD", of: county)
    try world.settle()
    for place in holders { #expect(try held(place).isEmpty, "\(place)") }
  }

  @Test func `C-10: while two plans v2 are disputed v1 is in force; a person's choice ends it`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    try draw.sign(version: 2, [draw.planTask(draw.task, ratio: 500)])
    try draw.sign(version: 2, [draw.planTask(draw.task, ratio: 300)], at: .terminal)
    try world.settle()
    func ratio() throws -> UInt32? {
      try county.freeze([draw.task]).tasks[0].parameters.strata.first?.ratioBp
    }
    #expect(try ratio() == 1_000, "version 1")
    let hub = world.store(.province)
    #expect(try hub.receivePlans(of: world.scope(.county)) == 1)
    // A person chooses the terminal's plan.
    for _ in 0..<2 {
      for conflict in try world[.county].conflicts()
      where [PlanTables.plans.id, PlanTables.planTasks.id].contains(conflict.record.table) {
        let siblings = conflict.record.siblings
        let chosen = siblings.firstIndex { sibling in
          sibling.writers.contains { $0.dot.replica.node.terminal == 1 }
        }
        _ = try world[.county].resolve(
          conflict.id, choosing: chosen ?? 0, author: "张局", reason: "采用乙",
          wallMilliseconds: world.wall)
      }
    }
    try world.settle()
    for place in holders {
      let tables = Set(try world[place].conflicts().map(\.record.table))
      #expect(!tables.contains(PlanTables.plans.id), "\(place)")
    }
    #expect(try ratio() == 300)
    #expect(try hub.receivePlans(of: world.scope(.county)) == 1)
    #expect(try county.filedPlans(of: world.scope(.county)).map(\.isDisputed) == [false, false])
  }

  @Test func `C-18: the prefecture's word on a final result is a note; the county amends`() throws {
    let season = try Season()
    let (world, county) = (season.world, season.world.scope(.county))
    try season.finish(season.key)
    try world.settle()
    // The links are cut.
    let prefecture = world.store(.prefecture)
    try prefecture.note("应补充照片", on: season.key, of: county, id: "n1")
    expectRefused("missing") { try prefecture.note("", on: season.key, of: county, id: "n2") }
    expectRefused("notOwner") {
      try world.store(.county).note("自评", on: season.key, of: county, id: "n3")
    }
    #expect(throws: CaseworkError.missing(table: "final_results", key: season.key.row)) {
      try prefecture.amend(
        season.key, field: "problem", to: "有", reason: "复核", approver: "赵处")
    }
    try world.store(.county).amend(
      season.key, field: "problem", to: "门牌不符", reason: "补充", approver: "张局")
    try world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let store = world.store(place)
      #expect(try store.supervisionNotes(of: county).map(\.content) == ["应补充照片"], "\(place)")
      #expect(try store.supervisionNotes(of: county).map(\.unit) == ["530100"])
      let amendments = try store.rows(of: VisitTables.amendments, in: county)
      #expect(amendments.map { $0.text("new_content") } == ["门牌不符"], "\(place)")
      let final = try #require(try store.rows(of: VisitTables.finalResults, in: county).first)
      #expect(final.text("findings") == "R01" && final.text("final_by") == "王科", "unchanged")
      #expect(try world[place].conflicts().isEmpty)
    }
  }

  @Test func `C-21: two units open one follow-up: one row, owned by the unit of jurisdiction`()
    throws
  {
    let season = try Season()
    let (world, county) = (season.world, season.world.scope(.county))
    try world.store(.county).enter(season.entry([.falsified]), season.key)
    try world.store(.county).submit(season.key, list: season.list())
    try world.settle()
    try world.store(.county).finalise(season.key, reviewer: "王科")
    // The prefecture, without a link and later, opens the same one as its own.
    world.wall += 60_000
    let table = FollowUpTables.followUps
    let key: [Value] = [.text("v1"), .text("Y0101"), .text("市场监管"), .text("LISTING")]
    _ = try world[.prefecture].write(author: "督查", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        table.id, scope: county, key: key,
        [
          ColumnValue(table.column("owner_unit"), .text("530100")),
          ColumnValue(table.column("is_mandatory"), .integer(1)),
          ColumnValue(table.column("state"), .text("CREATED")),
        ])
    }
    try world.settle()
    world.set(try day("2026-08-01"), hour: 9)
    for place in holders {
      let store = world.store(place)
      #expect(try store.followUps(of: county).map(\.kind) == [.known(.listing)], "\(place)")
      let owner = try store.ownership(
        of: .followUp(.listing, of: season.key), initial: #require(UnitCode("530102")), in: county)
      #expect(owner.owner.text == "530102", "\(place)")
    }
    // It counts for the county, whatever the prefecture wrote into the row.
    var reader = try FactsReader(
      world[.province], rules: RuleSet(), units: [county, world.scope(.prefecture)])
    let today = try day("2026-08-01")
    #expect(try reader.facts(of: county, today: today).followUps.count == 1)
    #expect(try reader.facts(of: world.scope(.prefecture), today: today).followUps.isEmpty)
  }

  @Test func `C-33: a joint task is completed when each department has declared itself done`()
    throws
  {
    let world = try CaseWorld()
    let code = "530102-2026-0001"
    let task = PlanTask(
      code: code, name: "校园食品联合抽查", itemCodes: ["Y0101"], library: "companies",
      strata: [StratumRatio("A", ratioBp: 300)], departments: ["市场监管", "教育"],
      windowFrom: try day("2026-04-01"), windowTo: try day("2026-06-30"))
    let store = world.store(.county)
    try store.sign(
      Plan(
        unit: try #require(UnitCode("530102")), year: 2026, kind: .joint, title: "联合计划",
        tasks: [task], signedBy: "张局", signedAt: Instant(milliseconds: Int64(world.wall)),
        meetingOn: try day("2026-01-15")))
    try store.advance(task: code, through: ["COMMITTED", "DRAWN", "DISPATCHED", "IN_PROGRESS"])
    try world.settle()
    let end = try day("2026-06-30")
    // The links are cut: the market bureau declares at the county, education at its own terminal.
    try store.declareDone(task: code, department: "市场监管", on: end)
    expectRefused("malformed") { try store.declareDone(task: code, department: "公安", on: end) }
    expectRefused("missing(field: \"教育\")") { try store.complete(task: code, on: end) }
    try world.store(.terminal).declareDone(task: code, department: "教育", on: end)
    expectRefused("missing(field: \"市场监管\")") {
      try world.store(.terminal).complete(task: code, on: end)
    }
    try world.settle()
    try store.complete(task: code, on: end)
    try world.settle()
    for place in holders {
      let row = try world.store(place).row(
        of: PlanTables.tasks, in: world.scope(.county), key: [.text(code)])
      #expect(row?.text("state") == "COMPLETED", "\(place)")
      #expect(try world[place].conflicts().isEmpty)
    }
    var reader = try FactsReader(
      world[.province], rules: RuleSet(), units: [world.scope(.county)])
    let facts = try reader.facts(of: world.scope(.county), today: end)
    #expect(facts.tasks.map(\.isJoint) == [true])
  }
}

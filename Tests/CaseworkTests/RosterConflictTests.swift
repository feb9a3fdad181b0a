import Casework
import Causality
import Changes
import Inspection
import Merge
import Store
import Testing

/// Conflicts of domain.md §2.9 that fields, sets and rows of the rosters decide by themselves.
@Suite struct RosterConflictTests {
  private let company: [Value] = [.text("91530102MA6KABCD12")]

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

  private func write(
    _ world: CaseWorld, _ place: CaseWorld.Place,
    _ body: (WriteTransaction) throws(StoreError) -> Void
  ) throws {
    world.wall += 1_000
    _ = try world[place].write(author: "\(place)", wallMilliseconds: world.wall, body)
  }

  private func set(
    _ world: CaseWorld, _ place: CaseWorld.Place, _ field: RosterField, _ text: String
  ) throws {
    try write(world, place) { transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county), key: self.company,
        [ColumnValue(field.id, .text(text))])
    }
  }

  private func found(
    _ world: CaseWorld, _ place: CaseWorld.Place, _ field: RosterField
  ) throws -> (shown: Value, proposed: [Value]) {
    let found = try world[place].find(
      RosterSchema.companies.id, scope: world.scope(.county), key: company)
    guard case .live(let values, let proposals) = found else { return (.null, []) }
    let index = try #require(CompanyFields.all.firstIndex(of: field))
    return (values[index], proposals[field.id] ?? [])
  }

  private let holders = [CaseWorld.Place.county, .terminal, .prefecture, .province]

  @Test func `C-01: the feed's name wins, the county's text is kept as a proposal`() throws {
    let world = try world()
    try set(world, .county, CompanyFields.name, "五华老小吃店")
    try set(world, .province, CompanyFields.name, "五华餐饮店")
    try world.settle()
    for place in holders {
      let name = try found(world, place, CompanyFields.name)
      #expect(name.shown == .text("五华餐饮店"), "\(place)")
      #expect(name.proposed.contains(.text("五华老小吃店")), "\(place)")
    }
  }

  @Test func `C-02: the county's actual address wins, the prefecture's is a proposal`() throws {
    let world = try world()
    try set(world, .county, CompanyFields.actualAddress, "人民路1号")
    try set(world, .prefecture, CompanyFields.actualAddress, "人民路2号")
    try world.settle()
    for place in holders {
      let address = try found(world, place, CompanyFields.actualAddress)
      #expect(address.shown == .text("人民路1号"), "\(place)")
      #expect(address.proposed == [.text("人民路2号")], "\(place)")
    }
  }

  @Test func `C-03: of two phones the later one is shown, the other is not lost`() throws {
    let world = try world()
    try set(world, .county, CompanyFields.phone, "0871-2")
    try set(world, .terminal, CompanyFields.phone, "0871-3")
    try world.settle()
    for place in holders {
      #expect(try found(world, place, CompanyFields.phone).shown == .text("0871-3"))
      let siblings = try world[place].conflicts().flatMap(\.record.siblings).map(\.value)
      #expect(siblings.contains(.columns([.text("0871-2")])), "\(place)")
    }
  }

  @Test func `C-14: a conflict of interest declared beats its lifting at the same time`() throws {
    let world = try world()
    let table = FollowUpTables.conflictsOfInterest
    let key: [Value] = [.text("Z1"), company[0], .text("KIN")]
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(table.id, scope: world.scope(.county), key: key, [])
    }
    try world.settle()
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.delete(table.id, scope: world.scope(.county), key: key)
    }
    try write(world, .terminal) { transaction throws(StoreError) in
      try transaction.update(
        table.id, scope: world.scope(.county), key: key,
        [ColumnValue(table.column("declared_by"), .text("Z1"))])
    }
    try world.settle()
    for place in holders {
      let rows = try world.store(place).rows(of: table, in: world.scope(.county))
      #expect(rows.map(\.key) == [key], "\(place)")
    }
  }

  @Test func `C-23: a tag removed while the object is edited: the tag goes, the object stays`()
    throws
  {
    let world = try world()
    let key = company + [.text("T1")]
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.insert(
        RosterSchema.objectTags.id, scope: world.scope(.county), key: key, [])
    }
    try world.settle()
    try write(world, .county) { transaction throws(StoreError) in
      try transaction.delete(RosterSchema.objectTags.id, scope: world.scope(.county), key: key)
    }
    try set(world, .province, CompanyFields.name, "新名称")
    try world.settle()
    for place in holders {
      #expect(
        try world[place].find(
          RosterSchema.objectTags.id, scope: world.scope(.county), key: key) == .deleted)
      #expect(try found(world, place, CompanyFields.name).shown == .text("新名称"))
      #expect(try world[place].conflicts().isEmpty)
    }
  }

  @Test func `C-33: a joint task is complete when every department is in the set`() throws {
    let world = try world()
    for (place, department) in [(CaseWorld.Place.county, "市场监管"), (.terminal, "教育")] {
      try write(world, place) { transaction throws(StoreError) in
        try transaction.insert(
          PlanTables.completions.id, scope: world.scope(.county),
          key: [.text("t"), .text(department)], [])
      }
    }
    func done(_ place: CaseWorld.Place) throws -> Set<String> {
      let rows = try world.store(place).rows(of: PlanTables.completions, in: world.scope(.county))
      return Set(rows.compactMap { $0.key[1].string })
    }
    func check(_ place: CaseWorld.Place) throws {
      try TaskCompletion.check(
        task: "t", visitStates: ["DONE"], resultStates: ["FINAL"],
        participants: ["市场监管", "教育"], done: try done(place))
    }
    #expect(throws: RuleBreach(.jointResults, row: "t", .missing(field: "教育"))) {
      try check(.county)
    }
    try world.settle()
    for place in holders { #expect(throws: Never.self) { try check(place) } }
  }

  @Test func `C-12: two merge the same visits without a link, and the links unite`() throws {
    let world = try world()
    for (place, pair) in [(CaseWorld.Place.county, ("v1", "v2")), (.prefecture, ("v2", "v3"))] {
      try write(world, place) { transaction throws(StoreError) in
        try transaction.insert(
          VisitTables.visitLinks.id, scope: world.scope(.county),
          key: [.text(pair.0), .text(pair.1)], [])
      }
    }
    try world.settle()
    let from = try #require(CivilDate("2026-05-01"))
    let unit = try #require(UnitCode("530102"))
    for place in holders {
      let links = try world.store(place).rows(of: VisitTables.visitLinks, in: world.scope(.county))
      let visits = ["v1", "v2", "v3"].map { id in
        VisitMerge.Visit(
          id: id, object: "91", unit: unit, window: from...from.adding(days: 30),
          mergedFrom: links.filter { $0.key[0] == .text(id) }.compactMap { $0.key[1].string })
      }
      let united = VisitMerge.united(visits)
      #expect(united.map(\.visits) == [["v1", "v2", "v3"]], "\(place)")
      #expect(united.allSatisfy { !$0.needsReview })
    }
  }
}

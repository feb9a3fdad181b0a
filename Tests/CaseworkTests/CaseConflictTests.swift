import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Testing

/// Conflicts of plans, draws, visits and hand-overs, with the links cut (domain.md §2.9).
@Suite struct CaseConflictTests {
  private func list(_ version: UInt64, without codes: Set<String>) throws -> ItemList {
    let program = try ReferenceData.itemList()
    return try ItemList(
      version: version, year: 2026, issuer: program.issuer,
      effectiveFrom: try #require(CivilDate("2026-03-01")),
      items: program.items.filter { !codes.contains($0.code) })
  }

  @Test func `R-0.1: no roster is frozen for an item whose bases are all out of force`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    func issue(_ version: UInt64, until day: String) throws {
      let listed = try list(version, without: [])
      var items = listed.items
      for index in items.indices where items[index].code == "Y0101" {
        items[index].bases = [
          LegalBasis(
            documentNumber: "省令1号", title: "办法", article: "第三条", level: .known(.local),
            validTo: try draw.day(day))
        ]
      }
      try world.store(.province).issue(
        try ItemList(
          version: version, year: 2026, issuer: listed.issuer,
          effectiveFrom: listed.effectiveFrom, items: items))
      try world.settle()
    }
    try issue(2_026_030_901, until: "2026-01-31")
    expectRefused("noValidBasis") { _ = try world.store(.county).freeze([draw.other]) }
    try issue(2_026_030_902, until: "2026-12-31")
    _ = try world.store(.county).freeze([draw.other])
  }

  @Test func `C-04: an addition to a library survives a removal that had not seen it`() throws {
    let world = try CaseWorld()
    let county = world.scope(.county)
    let key: [Value] = [.text(DrawWorld.company(1)), .text("FOOD")]
    let table = FollowUpTables.libraryMembers
    func add(_ place: CaseWorld.Place, _ standard: Int64) throws {
      _ = try world[place].write(author: "t", wallMilliseconds: world.wall) {
        transaction throws(StoreError) in
        let values = [Store.ColumnValue(table.column("standard_version"), .integer(standard))]
        if try transaction.read(table.id, scope: county, key: key) == nil {
          try transaction.insert(table.id, scope: county, key: key, values)
        } else {
          try transaction.update(table.id, scope: county, key: key, values)
        }
      }
    }
    try add(.county, 1)
    try world.settle()
    try add(.county, 1)
    _ = try world[.province].write(author: "食品处", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.delete(table.id, scope: county, key: key)
    }
    try world.settle()
    let row = try world.store(.province).row(of: table, in: county, key: key)
    #expect(row?.integer("standard_version") == 1, "added under the old standard: for review")
  }

  @Test func `C-06, C-11, C-12: a drawn company is deregistered; two draws hit it; one visit`()
    throws
  {
    let draw = try DrawWorld(companies: 5)
    let world = draw.world
    let county = world.store(.county)
    let items = try ReferenceData.itemList().items
    let key = try #require(items.first { $0.itemClass == .key }).code
    try draw.sign(
      version: 2,
      [
        draw.planTask(draw.task, items: [key], ratio: 4_000),
        draw.planTask(
          draw.other, items: [key], type: .directed, filter: "industry begins 'F52'",
          ratio: 4_000),
      ])
    var visits: [String] = []
    for code in [draw.task, draw.other] {
      let session = try draw.commit([code])
      _ = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
      visits += try county.dispatch(session: session.id).visits
    }
    let drawn = try county.rows(of: VisitTables.visits, in: world.scope(.county))
    let twice = Dictionary(grouping: drawn) { $0.text("subject_code") }
      .first { $0.value.count == 2 }
    let pair = try #require(twice)
    _ = try world[.province].write(author: "feed", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county), key: [.text(pair.key)],
        [ColumnValue(CompanyFields.registrationState.id, .text("CANCELLED"))])
    }
    let suggested = try county.visitMerges().suggested
    #expect(suggested.contains { Set($0.visits) == Set(pair.value.map(\.keyText)) })
    try county.merge(visits: pair.value.map(\.keyText))
    // The prefecture links them the other way round, without a link.
    try world.exchange(.county)
    let ids = pair.value.map(\.keyText)
    let link = VisitTables.visitLinks
    _ = try world[.prefecture].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        link.id, scope: world.scope(.county), key: [.text(ids[1]), .text(ids[0])], [])
    }
    try world.settle()
    let made = try county.visitMerges().made
    #expect(made.map { Set($0.visits) } == [Set(ids)] && !made[0].needsReview)
    // The draw stays valid, the visit ends without a check, and nobody comes in its place.
    for id in ids {
      try county.advance(visit: id, through: ["NOTIFIED", "IMPOSSIBLE"], reason: .deregistered)
    }
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test func `C-07: what is committed is finished under its list, what is not is planned anew`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let committed = try draw.commit()
    let frozen = try county.freeze([draw.other])
    try world.store(.province).issue(list(2_026_030_901, without: ["Y0101"]))
    try world.settle()
    expectRefused("withdrawnBeforeCommit") {
      _ = try county.commit(frozen.id, operator: draw.first, supervisor: draw.second)
    }
    expectRefused("withdrawnBeforeCommit") { _ = try county.freeze([draw.other]) }
    let answers = try draw.acknowledge()
    #expect(answers.map(\.action) == [.acknowledged] && answers[0].isOldList)
    try world.settle()
    let drawn = try county.run(committed.id, secret: draw.secret(.county))
    #expect(drawn.grade == .two)
    let record = try county.drawRecord(of: world.scope(.county), year: 2026, withRows: true)
    #expect(draw.failures(of: record).isEmpty)
  }

  @Test
  func `C-08: a list that the county had not received is OLD_LIST, and its next draw takes it`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.scope(.county)
    try world.store(.province).issue(list(2_026_030_901, without: []))
    let offline = try draw.commit()
    try world.settle()
    let answers = try draw.acknowledge()
    #expect(answers.map(\.action) == [.acknowledged] && answers[0].isOldList)
    // Now the county has it.
    try world.settle()
    let session = try world.store(.county).freeze([draw.other])
    let rows = try world.store(.county).rows(of: DrawTables.frames, in: county)
    let frame = try #require(rows.first { $0.keyText == session.tasks[0].frame.description })
    #expect(frame.integer("list_version") == 2_026_030_901)
    #expect(offline.valueIndex == 0 && session.valueIndex == 1)
  }

  @Test func `C-08: a county that had received the new list and drew under the old one is voided`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.scope(.county)
    try world.store(.province).issue(list(2_026_030_901, without: []))
    try world.settle()
    // It knows the list, and binds itself to the one before by writing its own frame.
    let honest = try world.store(.county).freeze([draw.task])
    try forgeOldList(honest, in: world)
    _ = try world.store(.county).commit(
      "old", operator: draw.first, supervisor: draw.second)
    try world.settle()
    let answers = try draw.acknowledge()
    guard case .voided(let breach) = answers.first(where: { $0.session == "old" })?.action else {
      Issue.record("\(answers)")
      return
    }
    #expect("\(breach.rule)".hasPrefix("outdatedList"))
    try world.settle()
    let standing = try world.store(.county).standing(
      of: world.store(.county).session("old", of: county), in: county)
    #expect(standing.isVoided)
  }

  /// Writes the session `old`: what an honest one froze, in a frame that names the program's list.
  private func forgeOldList(_ honest: DrawSession, in world: CaseWorld) throws {
    let (county, store) = (world.scope(.county), world.store(.county))
    let task = honest.tasks[0]
    let frames = try store.rows(of: DrawTables.frames, in: county)
    let frame = try #require(frames.first { $0.keyText == task.frame.description })
    let rows = try store.rows(of: DrawTables.sessions, in: county)
    let session = try #require(rows.first { $0.keyText == honest.id })
    let entries = try JSONDecoder().decode(
      [FrameCut.Entry].self, from: Data(frame.text("version_vector").utf8))
    let header = FrameHeader(
      unit: "\(county)", kind: .objects, itemListVersion: ReferenceData.itemListVersion,
      frozenAtMilliseconds: UInt64(frame.integer("frozen_at") ?? 0), cut: try FrameCut(entries),
      rowCount: UInt64(frame.integer("row_count") ?? 0),
      root: try #require(HexText.bytes(frame.text("merkle_root")).flatMap { DrawHash($0) }))
    let forged = header.hash.description
    _ = try world[.county].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      for (table, key, row) in [
        (DrawTables.frames, forged, frame), (DrawTables.sessions, "old", session),
      ] {
        try transaction.insert(
          table.id, scope: county, key: [.text(key)],
          zip(table.fields, row.values).map { field, value in
            if field.name == "list_version" {
              return ColumnValue(field.id, .integer(Int64(ReferenceData.itemListVersion)))
            }
            let text = value.string?.replacing(task.frame.description, with: forged)
            return ColumnValue(field.id, text.map { .text($0) } ?? value)
          })
      }
    }
  }

  @Test
  func `C-24: a county's unlicensed trader turns out to be a company that was licensed later`()
    throws
  {
    let draw = try DrawWorld(companies: 20)
    let world = draw.world
    let county = world.scope(.county)
    let (alias, survivor) = ("530102700000017", "91530102MA6KABCD12")
    func insert(_ place: CaseWorld.Place, _ code: String, _ address: String) throws {
      _ = try world[place].write(author: "\(place)", wallMilliseconds: world.wall) {
        transaction throws(StoreError) in
        try transaction.insert(
          RosterSchema.companies.id, scope: county, key: [.text(code)],
          [
            ColumnValue(CompanyFields.name.id, .text("老街小吃店")),
            ColumnValue(CompanyFields.actualAddress.id, .text(address)),
            ColumnValue(CompanyFields.registrationState.id, .text("ACTIVE")),
            ColumnValue(CompanyFields.creditClass.id, .text("D")),
          ])
      }
    }
    // Both write without a link; the county has looked the trader up on the spot.
    try insert(.county, alias, "老街1号")
    try insert(.province, survivor, "老街1号")
    try insert(.province, "91530102MA6KABCD2U", "新街9号")
    let visit = VisitTables.visits
    _ = try world[.county].write(author: "t", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.insert(
        visit.id, scope: county, key: [.text("v1")],
        [
          ColumnValue(visit.column("subject_code"), .text(alias)),
          ColumnValue(visit.column("origin"), .text("ROUTINE_SPECIAL_FIELD")),
          ColumnValue(visit.column("window_from"), .text("2026-03-01")),
          ColumnValue(visit.column("window_to"), .text("2026-03-31")),
        ])
    }
    try world.settle()
    for place in [CaseWorld.Place.county, .prefecture, .province] {
      let found = try world.store(place).sameSubjects(of: county)
      #expect(found.map(\.alias) == [alias] && found.map(\.survivor) == [survivor], "\(place)")
    }
    let store = world.store(.county)
    expectRefused("malformed") { try store.unite(alias: survivor, into: alias, reason: "同一主体") }
    expectRefused("missing") { try store.unite(alias: alias, into: survivor, reason: "") }
    try store.unite(alias: alias, into: survivor, reason: "现场核实为同一主体")
    try world.settle()
    let top = world.store(.province)
    #expect(try top.sameSubjects(of: county).isEmpty)
    #expect(try top.aliases(of: county) == [alias: survivor])
    let held = try top.rows(of: visit, in: county)
    #expect(held.map { $0.text("subject_code") } == [alias], "no reference is rewritten")
    // One subject is drawn once: 20 of the roster, the company, its namesake elsewhere.
    let session = try draw.commit()
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    let drawn = try store.run(session.id, secret: draw.secret(.county))
    #expect(drawn.draws[0].strata.reduce(0) { $0 + $1.eligible } == 22)
    let record = try store.drawRecord(of: county, year: 2026, withRows: true)
    let row = record.frames.compactMap(\.rows).flatMap { $0 }.first { $0.key == alias }
    #expect(row?.status == .moved)
  }

  @Test func `C-09: the hub's note on version 1 stands beside version 2`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.scope(.county)
    try draw.sign(version: 2)
    let hub = world.store(.prefecture)
    #expect(try hub.receivePlans(of: county) == 1)
    try world.settle()
    #expect(try hub.receivePlans(of: county) == 1)
    try world.settle()
    let plans = try world.store(.county).filedPlans(of: county)
    #expect(plans.map(\.version) == [1, 2] && plans.allSatisfy { $0.receipts.count == 1 })
    #expect(plans.allSatisfy { !$0.isDisputed })
  }

  @Test func `C-13: one who left is replaced by the next of the same draw, on record`() throws {
    let draw = try DrawWorld()
    let world = draw.world
    let county = world.store(.county)
    let session = try draw.commit()
    _ = try county.run(session.id, secret: draw.secret(.county), selfReveals: true)
    let visit = try #require(try county.dispatch(session: session.id).visits.first)
    let team = try county.rows(of: VisitTables.assignments, in: world.scope(.county)) {
      $0.key[0] == .text(visit)
    }
    let gone = try #require(team.first?.key[1].string)
    _ = try world[.county].write(author: "人事", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.inspectors.id, scope: world.scope(.county), key: [.text(gone)],
        [ColumnValue(InspectorFields.status.id, .text("LEFT"))])
    }
    let next = try county.substitute(
      gone, of: visit, secret: draw.secret(.county), reason: "离岗")
    #expect(!team.contains { $0.key[1] == .text(next) })
    try world.settle()
    let rows = try world.store(.province).rows(
      of: VisitTables.assignments, in: world.scope(.county)
    ) { $0.key[0] == .text(visit) }
    #expect(rows.count == 3 && rows.contains { $0.text("superseded_by") == next })
  }

  @Test
  func `C-22: classes of a later month leave a draw as it was, below the barrier it is refused`()
    throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let session = try draw.commit()
    // The province's batch and its barrier arrive after the commit.
    _ = try world[.province].write(author: "信用", wallMilliseconds: world.wall) {
      transaction throws(StoreError) in
      try transaction.update(
        RosterSchema.companies.id, scope: world.scope(.county),
        key: [.text(DrawWorld.company(0))],
        [
          ColumnValue(CompanyFields.creditClass.id, .text("D")),
          ColumnValue(CompanyFields.creditMonth.id, .text("2026-03")),
        ])
    }
    try world.settle()
    #expect(try draw.acknowledge().map(\.verdict) == [.match])
    try world.settle()
    let drawn = try world.store(.county).run(session.id, secret: draw.secret(.county))
    #expect(drawn.draws[0].strata.map(\.eligible) == [24, 12, 12, 12])
    let next = try world.store(.county).freeze([draw.other])
    #expect(next.tasks[0].frame != session.tasks[0].frame)
  }

  @Test func `T7: of two commits of one value, made at two terminals, the hub answers one`() throws
  {
    let draw = try DrawWorld()
    let world = draw.world
    let first = try draw.commit()
    let terminal = world.store(.terminal)
    let second = try terminal.freeze([draw.other])
    _ = try terminal.commit(second.id, operator: draw.first, supervisor: draw.second)
    #expect(first.valueIndex == second.valueIndex)
    try world.settle()
    let answers = try draw.acknowledge()
    #expect(answers.filter { $0.action == .acknowledged }.count == 1)
    #expect(
      answers.contains { answer in
        if case .withheld(let breach) = answer.action {
          return "\(breach.rule)".hasPrefix("valueTaken")
        }
        return false
      })
  }
}

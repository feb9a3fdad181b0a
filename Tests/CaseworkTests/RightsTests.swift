import Casework
import Causality
import Changes
import Inspection
import Store
import Testing

/// Who may write what: the matrix of domain.md §2.8, table by table, at every tier.
@Suite struct RightsTests {
  /// Which tiers may write a county's rows.
  private static func writers(of table: TableDeclaration) -> Set<CaseWorld.Place> {
    switch table.writers {
    case .scopeOnly: [.county, .terminal]
    case .above: [.prefecture, .province]
    case .scopeAndAbove: [.county, .terminal, .prefecture, .province]
    }
  }

  private func key(of table: TableDeclaration, _ number: Int) -> [Value] {
    table.key.map { $0.kind == .integer ? .integer(Int64(number)) : .text("k\(number)") }
  }

  @Test func `each tier writes what is its own and is refused all else, in every table`() throws {
    let world = try CaseWorld()
    let county = world.scope(.county)
    for (number, table) in CaseworkSchema.current.tables.enumerated()
    where table.id.number >= 1_000 {
      for (offset, place) in CaseWorld.Place.allCases.enumerated() {
        func insert() throws {
          _ = try world[place].write(author: "\(place)", wallMilliseconds: world.wall) {
            transaction throws(StoreError) in
            try transaction.insert(
              table.id, scope: county, key: key(of: table, number * 10 + offset), [])
          }
        }
        if Self.writers(of: table).contains(place) {
          #expect(throws: Never.self, "\(place) in \(table.name)") { try insert() }
        } else {
          // The neighbour holds nothing of the county; the others lack the right.
          #expect(throws: StoreError.self, "\(place) in \(table.name)") { try insert() }
        }
      }
    }
    // What was written by right goes everywhere and is the same to all.
    try world.settle()
  }

  @Test func `the specification's matrix: who writes plans, receipts, lists, draws, results`() {
    let expected: [(CaseTable, Writers)] = [
      (PlanTables.plans, .scopeOnly), (PlanTables.planTasks, .scopeOnly),
      (PlanTables.receipts, .above), (PlanTables.evaluations, .above),
      (IssuedTables.overlays, .scopeOnly), (DrawTables.anchors, .scopeOnly),
      (DrawTables.hubAnchors, .above), (DrawTables.barriers, .above),
      (DrawTables.acknowledgements, .above), (DrawTables.witnesses, .above),
      (DrawTables.voids, .above), (DrawTables.sharedInspectors, .above),
      (VisitTables.finalResults, .scopeOnly), (VisitTables.amendments, .scopeOnly),
      (VisitTables.supervisionNotes, .above), (FollowUpTables.handOverDecisions, .above),
      (FollowUpTables.leads, .scopeAndAbove), (VisitTables.publications, .scopeAndAbove),
    ]
    for (table, writers) in expected {
      #expect(table.declaration.writers == writers, "\(table.declaration.name)")
    }
  }

  @Test func `a county issues nothing that is the province's, and a prefecture draws for nobody`()
    throws
  {
    let world = try CaseWorld()
    let day = try #require(CivilDate("2026-02-01"))
    let program = try ReferenceData.itemList()
    for place in [CaseWorld.Place.county, .prefecture] {
      let store = world.store(place)
      expectRefused("notOwner") { try store.issue(program) }
      expectRefused("notOwner") {
        try store.issueRules(Array("{}".utf8), version: 2_026_020_101, effectiveFrom: day)
      }
      expectRefused("notOwner") {
        try store.issueLibrary(
          "FOOD", version: 1, line: "食品", title: "食品", standard: "", effectiveFrom: day)
      }
      expectRefused("notOwner") {
        try store.voidExclusion(
          of: "x", reason: "E_FREQ", from: day, in: world.scope(.county), because: "无据")
      }
    }
    for place in [CaseWorld.Place.county, .neighbour] {
      expectRefused("notOwner") {
        _ = try world.store(place).acknowledge(
          world.scope(.county), secret: DrawSecret(in: world[place].folder, makes: true))
      }
    }
  }
}

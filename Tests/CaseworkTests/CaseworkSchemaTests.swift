import Casework
import Changes
import Inspection
import Testing

@Suite struct CaseworkSchemaTests {
  @Test func `the schema is valid, keeps the rosters' tables, and uses each id once`() {
    let schema = CaseworkSchema.current
    #expect(schema.version == 4)
    for table in RosterSchema.tables { #expect(schema.table(table.id) == table) }
    #expect(CaseworkSchema.tables.allSatisfy { (1_100..<1_200).contains($0.id.number) })
    #expect(Set(schema.tables.map(\.id)).count == schema.tables.count)
  }

  @Test func `columns stand in the order of their ids, as rows are read`() {
    for table in CaseworkSchema.tables {
      let ids = table.fields.map(\.id.number)
      #expect(ids == ids.sorted(), "\(table.declaration.name)")
    }
  }

  @Test func `domain §2.4: what is issued, signed or appended is immutable`() {
    let immutable = [
      IssuedTables.items, IssuedTables.overlays, IssuedTables.ruleSets,
      IssuedTables.guidelines, IssuedTables.requirements, VisitTables.amendments,
      VisitTables.evidence, PlanTables.planTasks, DrawTables.voids, DrawTables.acknowledgements,
      DrawTables.commits, DrawTables.results, VisitTables.finalResults, FollowUpTables.handOvers,
      IssuedTables.libraries, VisitTables.supervisionNotes,
    ]
    for table in immutable {
      for group in table.declaration.groups {
        #expect(group.policy == .immutable, "\(table.declaration.name) \(group.id.number)")
      }
    }
  }

  @Test func `domain §2.6: states merge by the machines of the specification`() {
    let machines: [(CaseTable, StateMachine)] = [
      (PlanTables.plans, .plan), (PlanTables.tasks, .task), (DrawTables.sessions, .draw),
      (VisitTables.visits, .visit), (VisitTables.results, .result),
      (VisitTables.publications, .publication), (FollowUpTables.followUps, .followUp),
      (FollowUpTables.leads, .lead),
    ]
    for (table, machine) in machines {
      let column = table.column("state")
      guard case .rank(let states) = table.declaration.policy(of: GroupID(column.number)) else {
        Issue.record("\(table.declaration.name) has no state machine")
        continue
      }
      #expect(states.map(\.value) == machine.states.map { .text($0.code) })
    }
  }

  @Test func `only superiors write receipts, acknowledgements and voids; only units their own`() {
    for table in [
      PlanTables.receipts, PlanTables.evaluations, DrawTables.acknowledgements, DrawTables.voids,
      VisitTables.supervisionNotes,
    ] {
      #expect(table.declaration.writers == .above, "\(table.declaration.name)")
    }
    for table in [PlanTables.plans, PlanTables.planTasks, IssuedTables.overlays] {
      #expect(table.declaration.writers == .scopeOnly, "\(table.declaration.name)")
    }
  }
}

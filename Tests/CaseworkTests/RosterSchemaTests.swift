import Casework
import Causality
import Changes
import Testing

@Suite struct RosterSchemaTests {
  @Test func `the roster schema passes the checks of Schema`() throws {
    let schema = try Schema(version: 1, tables: RosterSchema.tables)
    let names = ["companies", "inspectors", "object_tags", "exclusion_marks"]
    #expect(schema.tables.map(\.name) == names)
    #expect(schema.tables.map(\.id.number) == [1_000, 1_001, 1_002, 1_003])
    #expect(schema.tables.allSatisfy { $0.scopeColumn == "division" })
  }

  @Test func `each field follows the authority of the data model`() throws {
    let companies = RosterSchema.companies
    let feed = Policy.owner(.tier(Tier(depth: 0)))
    for field in [CompanyFields.name, CompanyFields.kind, CompanyFields.registeredAddress] {
      #expect(companies.policy(of: field.group) == feed)
    }
    #expect(companies.policy(of: CompanyFields.actualAddress.group) == .owner(.scope))
    #expect(companies.policy(of: CompanyFields.phone.group) == .latest)
    #expect(companies.policy(of: CompanyFields.lastCheckedOn.group) == .max)
    #expect(CompanyFields.creditClass.group == CompanyFields.creditMonth.group)
    #expect(RosterSchema.objectTags.existence == .addWins)
    #expect(RosterSchema.exclusionMarks.existence == .addWins)
  }

  @Test func `a credit code stands once in all divisions, marks and tags name a company`() {
    let rules = RosterSchema.tables.flatMap { table in
      table.rules.map { "\(table.name).\($0.name)" }
    }
    #expect(
      rules == [
        "companies.subject_code_once", "inspectors.inspector_code_once",
        "object_tags.tagged_company", "exclusion_marks.excluded_company",
      ])
  }

  @Test func `the fields of one group name one policy, and all ids ascend`() {
    let tables = [
      CompanyFields.all, InspectorFields.all, ObjectTagFields.all, ExclusionMarkFields.all,
    ]
    for fields in tables {
      #expect(zip(fields, fields.dropFirst()).allSatisfy { $0.id < $1.id })
      for field in fields {
        let first = fields.first { $0.group == field.group }
        #expect(first?.policy == field.policy)
      }
      let headers = fields.flatMap { [$0.name, $0.title] + $0.aliases }
      #expect(Set(headers).count == headers.count, "a header names one column")
    }
  }

  @Test func `an inspector who left stays left whatever the leave says`() throws {
    let ranks = RosterCodes.inspectorStatusRanks
    func next(_ code: String) -> [Value] { ranks.first { $0.value == .text(code) }?.next ?? [] }
    #expect(next("LEAVE").contains(.text("LEFT")))
    #expect(!next("LEFT").contains(.text("LEAVE")))
    #expect(next("RETIRED").isEmpty)
    #expect(ranks.count == RosterCodes.inspectorStatuses.count)
  }
}

import Casework
import Inspection
import Testing

@Suite struct ReferenceDataTests {
  @Test func `the program carries the working days of 2025 and 2026`() throws {
    let calendar = try ReferenceData.calendar()
    #expect([2025, 2026].allSatisfy(calendar.isAnnounced) && !calendar.isAnnounced(year: 2027))
    for year in [2025, 2026] {
      let before = try #require(CivilDate(year: year - 1, month: 12, day: 31))
      let last = try #require(CivilDate(year: year, month: 12, day: 31))
      #expect(calendar.workingDays(after: before, through: last) == 248)
    }
    let completed = try #require(CivilDate("2026-01-30"))
    let due = PublicationRules.due(completedOn: completed, calendar: calendar, rules: RuleSet())
    #expect("\(due.date)" == "2026-03-05" && !due.isProvisional)
  }

  @Test func `the program carries 100 items, 28 of them key, all codes known`() throws {
    let list = try ReferenceData.itemList()
    #expect(list.items.count == 100)
    #expect(list.items.count { $0.itemClass == .key } == 28)
    #expect(Set(list.items.map(\.category)).count == 25)
    for item in list.items {
      #expect(item.methods.codes.allSatisfy { $0.known != nil }, "\(item.code)")
      #expect(!item.levels.isEmpty)
    }
  }
}

import Casework
import Causality
import Inspection
import Store
import Testing

/// What leaves a unit: the publication file and the duty bundle.
@Suite struct PublicationFileTests {
  private func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text)) }

  /// Two final results of a completed task, on a day when they are due or, `late`, overdue.
  private func season(on today: String) throws -> Season {
    let season = try Season()
    let store = season.world.store(.county)
    try season.finish(season.key)
    try season.finish(season.other, [.unreachable, .orderedToCorrect])
    try store.advance(visit: "v1", through: ["DONE"])
    try store.complete(task: season.task, on: day("2026-05-12"))
    season.world.set(try day(today), hour: 9)
    return season
  }

  @Test func `the file has what is due, with codes and words; published and exempt ones are gone`()
    throws
  {
    let season = try season(on: "2026-06-01")
    let store = season.world.store(.county)
    let unit = season.world.scope(.county)
    let file = try store.publicationFile(of: unit)
    #expect(file.records.map(\.itemCode) == ["Y0101", "Y0102"])
    #expect(file.records.map(\.standing) == ["DUE", "DUE"])
    #expect(file.records[1].findings == ["R04", "R05"])
    #expect(file.records[1].findingNames == [Finding.unreachable.title, "发现问题已责令改正"])
    #expect(file.records[0].dueOn == "2026-06-09" && file.records[0].completedOn == "2026-05-12")
    #expect(file.records[0].taskName == "抽查" && !file.records[0].itemName.isEmpty)
    #expect(file.csv.hasPrefix(PublicationFile.columns.joined(separator: ",") + "\r\n"))
    #expect(file.csv.split(separator: "\r\n").count == 3)
    try store.publish(season.key, on: day("2026-06-01"))
    try store.exempt(season.other, ground: "涉密", approver: "张局")
    #expect(try store.publicationFile(of: unit).records.isEmpty)
    let all = try store.publicationFile(of: unit, withPublished: true)
    #expect(all.records.map(\.standing) == ["PUBLISHED"])
    // A tier above writes the same file.
    try season.world.settle()
    #expect(
      try season.world.store(.province).publicationFile(of: unit, withPublished: true) == all)
  }

  @Test func `20 working days: on the 20th it is due, on the 21st overdue`() throws {
    for (today, standing) in [("2026-06-09", "DUE"), ("2026-06-10", "OVERDUE")] {
      let season = try season(on: today)
      let file = try season.world.store(.county)
        .publicationFile(of: season.world.scope(.county))
      #expect(file.records.allSatisfy { $0.standing == standing }, "\(today)")
    }
  }

  @Test func `the duty bundle names what is missing or late, with clause and row`() throws {
    let season = try season(on: "2026-06-10")
    let store = season.world.store(.county)
    let unit = season.world.scope(.county)
    let bundle = try store.dutyBundle(of: "v1", in: unit)
    let gaps = bundle.gaps.map { "\($0.element) \($0.kind) \($0.row)" }
    #expect(
      gaps == [
        "draw MISSING d1", "evidence MISSING v1", "checklist MISSING v1/Y0101/市场监管",
        "publication MISSING v1/Y0101/市场监管", "checklist MISSING v1/Y0102/市场监管",
        "publication MISSING v1/Y0102/市场监管", "follow_up MISSING v1/Y0102/市场监管/LISTING",
      ])
    let late = try #require(bundle.gaps.first { $0.element == "publication" })
    #expect(late.requirement == "R-2.26" && late.clause == "二(七)")
    #expect(bundle.plan["signed_by"] == "张局" && bundle.task["task_code"] == season.task)
    #expect(bundle.assignments.map { $0["inspector_code"] } == ["Z1", "Z2"])
    #expect(bundle.finalResults.count == 2 && bundle.publications.count == 2)
    #expect(throws: CaseworkError.missing(table: "visits", key: "v9")) {
      try store.dutyBundle(of: "v9", in: unit)
    }
  }
}

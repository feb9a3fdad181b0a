import Inspection
import Testing

/// Indicators of plans, proofs, joint work and synchronisation, and the alarms of a hub.
@Suite struct AlarmTests {
  private func period(_ today: String = "2026-12-01") throws -> IndicatorPeriod {
    let today = try day(today)
    return IndicatorPeriod(
      days: try day("2026-01-01")...today, asOf: Instant(today, hour: 12, minute: 0),
      today: today, calendar: try calendar(), rules: RuleSet())
  }

  private func figure(
    _ indicator: Indicator, today: String = "2026-12-01", _ facts: UnitFacts
  ) throws -> Figure? {
    try facts.figures(period(today))[indicator]
  }

  @Test
  func `K03: mandatory requirements that a task meets, owed from the plan or its deadline on`()
    throws
  {
    var facts = UnitFacts()
    facts.requirements = [
      .init(id: "L1", year: 2026, isMet: true), .init(id: "L2", year: 2026, isMet: false),
      .init(id: "L3", year: 2025, isMet: false),
    ]
    #expect(try figure(.k03, today: "2026-01-20", facts) == .ratio(0, of: 0))
    #expect(try figure(.k03, facts) == .ratio(1, of: 2))
    facts.filings = [
      .init(
        kind: .annual, year: 2026, signedAt: Instant(try day("2026-01-10"), hour: 9, minute: 0),
        receivedAt: nil)
    ]
    #expect(try figure(.k03, today: "2026-01-20", facts) == .ratio(1, of: 2))
  }

  private func task(
    _ code: String, _ state: String = "COMPLETED", departments: Int = 1, needsDraw: Bool = true,
    completed: String? = nil, proven: String? = nil
  ) throws -> UnitFacts.TaskFact {
    UnitFacts.TaskFact(
      code: code, state: state, isPlanned: true, wasDrawn: true, windowTo: try day("2026-06-30"),
      isJoint: departments > 1, needsDraw: needsDraw, completedOn: try completed.map(day),
      provenOn: try proven.map(day))
  }

  @Test func `K08: tasks and visits of two departments or more`() throws {
    var facts = UnitFacts()
    facts.tasks = try [
      task("1", departments: 2), task("2"), task("3", "PLANNED"),
      task("4", "TERMINATED", departments: 2),
    ]
    facts.visits = try [1, 2, 3].map { count in
      UnitFacts.Visit(
        object: "a", windowTo: try day("2026-06-30"), visitedOn: try day("2026-05-11"),
        departmentCount: count)
    }
    #expect(try figure(.k08, facts) == .ratio(1, of: 3))
    #expect(try figure(.k08Visits, facts) == .ratio(2, of: 3))
  }

  @Test func `K19: draws that anyone can make again by the day that the results are due`() throws {
    var facts = UnitFacts()
    // Completed on 12 May: due on 9 June.
    facts.tasks = try [
      task("1", completed: "2026-05-12", proven: "2026-06-09"),
      task("2", completed: "2026-05-12", proven: "2026-06-10"), task("3", completed: "2026-05-12"),
      task("4", needsDraw: false, completed: "2026-05-12"),
      task("5", completed: "2026-11-25"), task("6", "DRAWN"),
    ]
    #expect(try figure(.k19, facts) == .ratio(1, of: 3))
    #expect(try figure(.k19, today: "2026-06-09", facts) == .ratio(1, of: 2))
  }

  @Test func `K26, K27: ages of contact, change and acknowledgement; what waits, and since when`()
    throws
  {
    var facts = UnitFacts()
    #expect(try figure(.k26, facts) == nil && figure(.k26Unacknowledged, facts) == nil)
    let now = Instant(try day("2026-12-01"), hour: 12, minute: 0)
    func ago(_ hours: Int) -> Instant { now.adding(hours: -hours) }
    facts.sync.lastContactAt = ago(1)
    facts.sync.lastChangeAt = ago(50)
    facts.sync.oldestUnacknowledgedAt = ago(2)
    (facts.sync.refused, facts.sync.proposals, facts.sync.reviews) = (1, 2, 3)
    facts.sync.oldestOpenAt = ago(100)
    // Who has nothing to write is not stale: the contact counts.
    #expect(try figure(.k26, facts) == .worst(3_600_000))
    #expect(try figure(.k26Change, facts) == .worst(180_000_000))
    #expect(try figure(.k26Unacknowledged, facts) == .worst(7_200_000))
    #expect(try figure(.k27, facts) == .count(6) && figure(.k27Refused, facts) == .count(1))
    #expect(try figure(.k27Proposals, facts) == .count(2))
    #expect(try figure(.k27Reviews, facts) == .count(3))
    #expect(try figure(.k27Oldest, facts) == .worst(360_000_000))
  }

  @Test func `K22: whoever goes in another's place and late exclusions count as changes`() throws {
    var facts = UnitFacts()
    facts.visits = try (0..<4).map {
      UnitFacts.Visit(object: "o\($0)", windowTo: try day("2026-06-30"), visitedOn: nil)
    }
    facts.assignments = [
      .init(mode: .random, hasRecordedShortage: false, isReplaced: true),
      .init(mode: .random, hasRecordedShortage: false),
    ]
    var draw = UnitFacts.Draw(
      id: "d", drawnOn: try day("2026-04-01"), verification: "MATCH", isVoid: false)
    draw.lateExclusions = 2
    facts.draws = [draw]
    #expect(try figure(.k22, facts) == .ratio(3, of: 4))
    #expect(try figure(.k10, facts) == .ratio(1, of: 1))
  }

  @Test func `§5.3: each alarm of the front page, with the rows that it is about`() throws {
    #expect(try UnitFacts().alarms(period()).isEmpty)
    var facts = UnitFacts()
    facts.results = try [
      UnitFacts.Result(
        row: "v1", checkedOn: day("2026-05-11"), findings: CodeSet(known: [.noProblem]),
        publicationDue: day("2026-06-09")),
      UnitFacts.Result(
        row: "v2", checkedOn: day("2026-05-11"), findings: CodeSet(known: [.falsified]),
        publicationDue: day("2026-06-09"), publishedOn: day("2026-06-01")),
      UnitFacts.Result(
        row: "v3", checkedOn: day("2026-11-20"), findings: CodeSet(known: [.noProblem]),
        isDangling: true),
      UnitFacts.Result(
        row: "v4", checkedOn: day("2026-11-28"), findings: CodeSet(known: [.noProblem]),
        isDangling: true),
    ]
    func draw(
      _ id: String, _ verdict: String = "MATCH", void: Bool = false, answered: String? = nil
    )
      throws -> UnitFacts.Draw
    {
      UnitFacts.Draw(
        id: id, drawnOn: try day("2026-04-01"), verification: verdict, isVoid: void,
        answeredUndrawnOn: try answered.map(day))
    }
    var (shrunk, kept, late) = (try draw("d4"), try draw("d5"), try draw("d6"))
    (shrunk.rowsBefore, shrunk.rowsLost) = (100, 3)
    (kept.rowsBefore, kept.rowsLost) = (100, 2)
    late.manipulations = 2
    facts.draws = try [
      draw("d1", "MISMATCH"), draw("d2", void: true), draw("d3", answered: "2026-04-01"), shrunk,
      kept, late,
    ]
    facts.assignments = (0..<4).map {
      .init(mode: $0 == 0 ? .direct : .random, hasRecordedShortage: true)
    }
    facts.tasks = [try task("t1", "TERMINATED")]
    let approved = Instant(try day("2026-05-12"), hour: 10, minute: 0)
    facts.justiceTransfers = try [("v5", nil), ("v6", 24), ("v7", 25)].map { row, hours in
      UnitFacts.JusticeTransfer(
        result: row, reportedOn: try day("2026-05-11"), approvedAt: approved,
        handedOverAt: hours.map(approved.adding(hours:)))
    }
    let alarms = try facts.alarms(period())
    let found = alarms.map { "\($0.kind.rawValue) \($0.count) \($0.rows.joined(separator: " "))" }
    #expect(
      found == [
        "PUBLICATION_OVERDUE 1 v1", "LISTING_MISSING 1 v2", "JUSTICE_LATE 2 v5 v7",
        "FRAME_MISMATCH 1 d1",
        "DRAW_ABORTED 1 d3", "DRAW_VOIDED 1 d2", "DIRECT_SHARE 1 ", "TERMINATED_AFTER_DRAW 1 t1",
        "ROSTER_SHRANK 1 d4", "LATE_EXCLUSION 2 d6", "RESULT_WITHOUT_VISIT 1 v3",
      ])
    facts.assignments.append(.init(mode: .random, hasRecordedShortage: false))
    #expect(try !facts.alarms(period()).contains { $0.kind == .directShare }, "20 % is not above")
  }
}

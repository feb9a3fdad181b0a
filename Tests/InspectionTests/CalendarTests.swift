import Inspection
import TestSupport
import Testing

/// A day that exists.
func day(_ text: String) throws -> CivilDate { try #require(CivilDate(text), "\(text)") }

/// The announced days of 2025 and 2026, as the State Council's office published them.
func calendar(version: UInt32 = 1) throws -> WorkingCalendar {
  func days(_ dates: [String], _ kind: CalendarDay.Kind) throws -> [CalendarDay] {
    try dates.map { CalendarDay(date: try day($0), kind: kind, name: "") }
  }
  func run(_ first: String, _ count: Int) throws -> [String] {
    let start = try day(first)
    return (0..<count).map { "\(start.adding(days: $0))" }
  }
  let holidays =
    try ["2025-01-01"] + run("2025-01-28", 8) + run("2025-04-04", 3) + run("2025-05-01", 5)
    + run("2025-05-31", 3) + run("2025-10-01", 8) + run("2026-01-01", 3) + run("2026-02-15", 9)
    + run("2026-04-04", 3) + run("2026-05-01", 5) + run("2026-06-19", 3) + run("2026-09-25", 3)
    + run("2026-10-01", 7)
  let workdays = [
    "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11", "2026-01-04",
    "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
  ]
  return try WorkingCalendar(
    version: version, days: days(holidays, .holiday) + days(workdays, .workday))
}

@Suite struct CalendarTests {
  /// Vectors of domain.md §3.8.
  @Test(arguments: [
    ("2025-01-15", "2025-02-18"), ("2025-04-25", "2025-05-27"), ("2025-09-12", "2025-10-16"),
    ("2025-09-30", "2025-11-04"), ("2026-01-30", "2026-03-05"), ("2026-02-13", "2026-03-19"),
    ("2026-04-24", "2026-05-26"), ("2026-09-11", "2026-10-15"), ("2026-09-30", "2026-11-03"),
    ("2026-03-31", "2026-04-29"),
  ])
  func `二(七) R-2.26: results are due on the 20th working day after completion`(
    completed: String, due: String
  ) throws {
    let found = PublicationRules.due(
      completedOn: try day(completed), calendar: try calendar(), rules: RuleSet())
    #expect(found == DueDate(date: try day(due), isProvisional: false))
  }

  @Test func `a due date that counts a year without announcement is provisional`() throws {
    let found = PublicationRules.due(
      completedOn: try day("2026-12-25"), calendar: try calendar(), rules: RuleSet())
    #expect(found == DueDate(date: try day("2027-01-22"), isProvisional: true))
  }

  @Test func `2025 and 2026 have 248 working days each`() throws {
    let calendar = try calendar()
    for year in [2025, 2026] {
      let count = calendar.workingDays(
        after: try day("\(year - 1)-12-31"), through: try day("\(year)-12-31"))
      #expect(count == 248)
    }
  }

  @Test func `the n-th working day is n working days away, from any day`() throws {
    let calendar = try calendar()
    var generator = SeededGenerator(seed: 20)
    for _ in 0..<2_000 {
      let start = try day("2025-01-01").adding(days: generator.below(720))
      let count = 1 + generator.below(40)
      let due = calendar.due(after: start, workingDays: count)
      #expect(calendar.workingDays(after: start, through: due.date) == count, "seed 20")
      #expect(calendar.isWorkingDay(due.date) && due.date > start)
      #expect(due.isProvisional == (due.date.year > 2026))
    }
  }

  @Test func `local holidays count only where they are asked for`() throws {
    let torch = CalendarDay(
      date: try day("2026-08-06"), kind: .holiday, name: "火把节", division: "532300")
    let plain = WorkingCalendar(version: 1, days: [torch])
    #expect(plain.isWorkingDay(torch.date) && !plain.isAnnounced(year: 2026))
    let local = WorkingCalendar(version: 1, days: [torch], localDivisions: ["532300"])
    #expect(!local.isWorkingDay(torch.date))
  }

  @Test func `a table of days is read, and a bad line is named`() throws {
    let good = "date,kind,name\r\n2026-01-01,holiday,元旦\n2026-01-04,workday,元旦\n"
    let calendar = try WorkingCalendar(version: 7, table: Array(good.utf8))
    #expect(calendar.version == 7)
    #expect(calendar.isWorkingDay(try day("2026-01-04")))
    for (line, text) in [
      (2, "h\n2026-02-30,holiday,x\n"), (3, "h\n2026-01-01,holiday,x\n2026-01-02,feast,x\n"),
      (3, "h\n2026-01-01,holiday,x\n2026-01-01,workday,x\n"), (2, "h\n2026-01-01,holiday\n"),
    ] {
      let error = #expect(throws: ReferenceTableError.self) {
        _ = try WorkingCalendar(version: 1, table: Array(text.utf8))
      }
      #expect(error?.line == line, "\(text)")
    }
  }

  @Test func `every day of three centuries comes back from its text`() throws {
    var date = try day("1900-01-01")
    var weekday = 1
    while date.year < 2200 {
      #expect(CivilDate("\(date)") == date && date.weekday == weekday)
      weekday = weekday % 7 + 1
      date = date.adding(days: 1)
    }
  }

  @Test(arguments: ["2026-2-01", "2026-02-29", "2026/02/01", "２026-02-01", "", "0000-01-01"])
  func `what is no date is none`(text: String) { #expect(CivilDate(text) == nil) }
}

@Suite struct FilingTests {
  private func at(_ text: String, _ hour: Int, _ minute: Int) throws -> Instant {
    Instant(try day(text), hour: hour, minute: minute)
  }

  private func verdict(
    _ plan: FiledPlan = .annual, signed: Instant?, received: Instant?, now: Instant
  ) throws -> FilingTimeliness.Verdict {
    let timeliness = try #require(
      FilingTimeliness(
        plan, year: 2026, signedAt: signed, receivedAt: received, now: now,
        calendar: calendar(), graceWorkingDays: RuleSet().filingGraceWorkingDays))
    return timeliness.verdict
  }

  @Test func `二(五) R-2.13: signed by 31 January 24:00 and received within the grace is on time`()
    throws
  {
    let later = try at("2026-03-01", 0, 0)
    let signed = try at("2026-01-31", 23, 50)
    #expect(try verdict(signed: signed, received: at("2026-02-04", 9, 0), now: later) == .onTime)
    #expect(
      try verdict(signed: signed, received: at("2026-02-20", 9, 0), now: later) == .receivedLate)
    let midnight = Instant(endOf: try day("2026-01-31"))
    #expect(try verdict(signed: midnight, received: midnight, now: later) == .onTime)
    let after = Instant(milliseconds: midnight.milliseconds + 1)
    #expect(try verdict(signed: after, received: after, now: later) == .signedLate)
  }

  @Test func `the grace of five working days ends at 24:00 of the fifth`() throws {
    // 31 January 2026 is a Saturday: 2, 3, 4, 5, 6 February.
    let signed = try at("2026-01-30", 12, 0)
    let end = Instant(endOf: try day("2026-02-06"))
    let late = Instant(milliseconds: end.milliseconds + 1)
    #expect(try verdict(signed: signed, received: end, now: late) == .onTime)
    #expect(try verdict(signed: signed, received: late, now: late) == .receivedLate)
    #expect(try verdict(signed: signed, received: nil, now: end) == .awaited)
    #expect(try verdict(signed: signed, received: nil, now: late) == .missing)
  }

  @Test func `an unsigned plan is missing only once the deadline has passed`() throws {
    #expect(try verdict(signed: nil, received: nil, now: at("2026-01-31", 23, 59)) == .notYet)
    #expect(try verdict(signed: nil, received: nil, now: at("2026-02-01", 0, 1)) == .missing)
  }

  @Test func `二(六) R-2.24: the joint plan has until 31 March`() throws {
    let signed = try at("2026-03-31", 23, 59)
    let received = try at("2026-04-02", 8, 0)
    let now = try at("2026-06-01", 8, 0)
    #expect(try verdict(.joint, signed: signed, received: received, now: now) == .onTime)
    #expect(FiledPlan.joint.requirement.clause == "二(六)")
  }

  @Test func `a moment belongs to the day of Shanghai`() throws {
    let end = Instant(endOf: try day("2026-01-31"))
    #expect(end.date == CivilDate("2026-02-01"))
    #expect(Instant(milliseconds: end.milliseconds - 1).date == CivilDate("2026-01-31"))
    #expect(Instant(milliseconds: 0).date == CivilDate("1970-01-01"))
    #expect(Instant(milliseconds: -28_800_001).date == CivilDate("1969-12-31"))
    #expect(Instant(milliseconds: .max).date == nil)
  }
}

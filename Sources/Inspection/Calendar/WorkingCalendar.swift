/// What the State Council announced for one day.
package struct CalendarDay: Hashable, Sendable {
  /// The raw value is the word in the table.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// 放假: no working day, whatever the weekday.
    case holiday
    /// 调休上班: a working day, although a Saturday or Sunday.
    case workday
  }

  package let date: CivilDate
  package let kind: Kind
  /// The holiday that it belongs to, e.g. `春节`.
  package let name: String
  /// The division that a local holiday is for (火把节, 三月节 …); nil for the whole country.
  package let division: String?

  package init(date: CivilDate, kind: Kind, name: String, division: String? = nil) {
    (self.date, self.kind, self.name, self.division) = (date, kind, name, division)
  }
}

/// A day by which something has to be done.
package struct DueDate: Hashable, Sendable {
  package let date: CivilDate
  /// Whether a day was counted in a year that is not announced yet, so that the date may still move.
  package let isProvisional: Bool

  package init(date: CivilDate, isProvisional: Bool) {
    (self.date, self.isProvisional) = (date, isProvisional)
  }
}

/// The working days of the country. Source: domain.md §3.8, R-2.26.
///
/// A working day is a weekday that is no holiday, or an announced make-up day. Years without an
/// announcement count by weekday alone; what was counted in them is provisional.
package struct WorkingCalendar: Hashable, Sendable {
  /// Which edition of the table; grows with each.
  package let version: UInt32
  private let kinds: [CivilDate: CalendarDay.Kind]
  private let announced: Set<Int>

  /// Years that have at least one row for the whole country are announced. Rows of divisions that are not
  /// in `localDivisions` do not count; by default none do.
  package init(version: UInt32, days: [CalendarDay], localDivisions: Set<String> = []) {
    self.version = version
    var kinds: [CivilDate: CalendarDay.Kind] = [:]
    var announced: Set<Int> = []
    for day in days {
      guard day.division.map(localDivisions.contains) ?? true else { continue }
      kinds[day.date] = day.kind
      if day.division == nil { announced.insert(day.date.year) }
    }
    (self.kinds, self.announced) = (kinds, announced)
  }

  package func isAnnounced(year: Int) -> Bool { announced.contains(year) }

  /// Whether people work on that day, as far as announced.
  package func isWorkingDay(_ date: CivilDate) -> Bool {
    switch kinds[date] {
    case .holiday: false
    case .workday: true
    case nil: !date.isWeekend
    }
  }

  /// The n-th working day after a day, which itself is day 0. `workingDays` is at most 3,000; fewer than 1
  /// give the day itself. Cost: linear in the days passed.
  package func due(after start: CivilDate, workingDays: Int) -> DueDate {
    precondition(workingDays <= 3_000, "no deadline of the notice is ten years away")
    var (date, rest, isProvisional) = (start, workingDays, false)
    while rest > 0 {
      let next = date.adding(days: 1)
      guard next != date else { break }
      date = next
      if !isAnnounced(year: date.year) { isProvisional = true }
      if isWorkingDay(date) { rest -= 1 }
    }
    return DueDate(date: date, isProvisional: isProvisional)
  }

  /// Working days after `start` up to and including `end`; 0 when `end` is not later.
  package func workingDays(after start: CivilDate, through end: CivilDate) -> Int {
    var (date, count) = (start, 0)
    while date < end {
      date = date.adding(days: 1)
      if isWorkingDay(date) { count += 1 }
    }
    return count
  }

  package func isProvisional(_ date: CivilDate) -> Bool { !isAnnounced(year: date.year) }
}

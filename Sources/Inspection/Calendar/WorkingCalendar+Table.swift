extension WorkingCalendar {
  /// Parses the table `date,kind,name[,division]` with a header line: UTF-8, no quotes, LF or CRLF.
  ///
  /// Throws `ReferenceTableError` at the first line that is malformed or repeats a day of a division.
  package init(
    version: UInt32, table bytes: some Collection<UInt8>, localDivisions: Set<String> = []
  ) throws(ReferenceTableError) {
    var days: [CalendarDay] = []
    var seen: Set<String> = []
    var reader = ReferenceLines("holidays", Array(bytes))
    while let line = try reader.next() {
      guard (3...4).contains(line.fields.count) else {
        throw reader.failure("\(line.fields.count) fields, not 3 or 4")
      }
      guard let date = CivilDate(line.fields[0]) else {
        throw reader.failure("'\(line.fields[0])' is no date YYYY-MM-DD")
      }
      guard let kind = CalendarDay.Kind(rawValue: line.fields[1]) else {
        throw reader.failure("'\(line.fields[1])' is neither holiday nor workday")
      }
      let division = line.fields.count == 4 && !line.fields[3].isEmpty ? line.fields[3] : nil
      guard seen.insert("\(date)/\(division ?? "")").inserted else {
        throw reader.failure("\(date) is listed twice")
      }
      days.append(CalendarDay(date: date, kind: kind, name: line.fields[2], division: division))
    }
    self.init(version: version, days: days, localDivisions: localDivisions)
  }
}

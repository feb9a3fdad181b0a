import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary alarms`: what a hub has to look at first.
struct AlarmsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms",
    abstract: "List what a hub has to look at first, unit by unit.",
    discussion: """
      Results past their publication, listings that are missing, transfers to justice that are late, draws that do \
      not match, were not made or were voided, units that are silent for more than 72 hours, more than 20 % of \
      direct appointments, tasks that ended after their draw, rosters that lost more than 2 % without a cause in \
      the register, exclusions that a unit set when it knew the hub's value. Status 1 when there are any.
      """)

  @OptionGroup var source: ReportSource
  @OptionGroup var options: OutputOptions

  private struct Line: Encodable {
    let unit: String
    let name: String
    let alarm: String
    let title: String
    let count: Int
    let whole: Int?
    let since: String?
    let rows: [String]
  }

  /// Rows that a line of the table names.
  private static let shownRows = 3

  func run() throws {
    let made = try source.make(NodeFolder.divisions())
    let lines = made.report.alarms.map { unit, alarm in
      Line(
        unit: unit.unit.text, name: unit.name, alarm: alarm.kind.rawValue,
        title: alarm.kind.title, count: alarm.count, whole: alarm.whole,
        since: alarm.kind == .unitSilent ? unit.lastContactAt.map(TimeText.rfc3339) : nil,
        rows: alarm.rows)
    }
    try options.output.show(lines) {
      if lines.isEmpty { return "no alarms\n" }
      var table = TextTable([
        .init("单位"), .init("警示"), .init("数量", .right), .init("涉及"),
      ])
      for line in lines {
        let more = line.rows.count > Self.shownRows ? " …" : ""
        table.append([
          line.name, line.title, line.whole.map { "\(line.count)/\($0)" } ?? "\(line.count)",
          line.since.map { "自 \($0)" }
            ?? line.rows.prefix(Self.shownRows).joined(separator: " ") + more,
        ])
      }
      return table.text
    }
    if !lines.isEmpty { throw ExitCode(ExitStatus.found.rawValue) }
  }
}

extension TimeText {
  /// RFC 3339 of a moment.
  static func rfc3339(_ instant: Instant) -> String {
    rfc3339(milliseconds: UInt64(max(0, instant.milliseconds)))
  }
}

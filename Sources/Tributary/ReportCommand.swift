import ArgumentParser
import Casework
import Foundation
import Inspection
import Store
import Terminal

/// `tributary report`: the indicators of 考核督查, of the node's unit and of all below it.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Compute the indicators of a unit and of all below it at a causal cut.",
    discussion: """
      Without --as-of the cut is what the node knows now; --save-cut writes it down, and JSON contains \
      it. With --as-of FILE (a saved cut or a JSON report) the same cut gives the same bytes again, \
      whatever came since: an earlier cut is replayed from the log into a temporary file. A cut that \
      knows change sets which are not here, or streams that this node does not hold, is refused.

      A unit that never reported is “—”, never 0 %; units whose last news is older than 72 hours are \
      marked as stale.
      """)

  @OptionGroup var node: NodeFolder

  @Option(help: "A saved cut, or a report in JSON.", completion: .file())
  var asOf: String?

  @Option(help: "Where to write the cut of this report.", completion: .file())
  var saveCut: String?

  @Option(help: "First business date that counts; otherwise 1 January of the year of --to.")
  var from: DayArgument?

  @Option(help: "Last business date that counts; otherwise today.")
  var to: DayArgument?

  @Option(help: "Only this unit, code or full name; may be repeated. Otherwise the node's own.")
  var unit: [String] = []

  @Flag(help: "The lines of all units.")
  var all = false

  @Option(help: "Only this indicator, e.g. K04; may be repeated.")
  var indicator: [String] = []

  @Flag(help: "Print CSV.")
  var csv = false

  @OptionGroup var options: OutputOptions

  func validate() throws {
    if csv, options.json { throw ValidationError("--csv or --json, not both.") }
    if asOf != nil, from != nil || to != nil {
      throw ValidationError("The cut of --as-of has its own --from and --to.")
    }
    for name in indicator where Indicator(rawValue: name) == nil {
      throw ValidationError("\(name) is no indicator; there are K01, K02, K04 … K27.")
    }
  }

  func run() throws {
    let divisions = try NodeFolder.divisions()
    let replica = try node.openReadOnly()
    let report: IndicatorReport
    let cut: ReportCut
    let text: String
    do throws(CaseworkError) {
      let store = try CaseStore(inForce: replica, author: "") { Wall.milliseconds }
      let maker: CaseReport
      if let asOf {
        cut = try Self.cut(in: asOf)
        maker = CaseReport(
          replica, divisions: divisions,
          calendar: try store.issuedCalendar(version: cut.calendarVersion),
          rules: try store.rules(version: cut.rulesVersion))
      } else {
        maker = CaseReport(
          replica, divisions: divisions, calendar: store.calendar, rules: store.rules)
        cut = try newCut(maker)
      }
      report = try maker.report(at: cut)
      text = try cut.json()
    } catch {
      throw Problem("cannot make the report", on: asOf ?? node.folder, error)
    }
    if let saveCut { try FileAccess.write(text + "\n", to: saveCut) }
    let shown = report.filtered(
      units: all || !unit.isEmpty || csv || options.json ? try chosen(divisions) : own(cut),
      indicators: indicator.isEmpty ? nil : Set(indicator.compactMap(Indicator.init(rawValue:))))
    if csv {
      try StandardStream.output.write(shown.csv)
    } else if options.json {
      try StandardStream.output.write(shown.json(cut: text))
    } else {
      try StandardStream.output.write(Self.table(shown, cut))
    }
  }

  private func newCut(_ maker: CaseReport) throws(CaseworkError) -> ReportCut {
    let now = Instant(milliseconds: Int64(clamping: Wall.milliseconds))
    let last = to?.date ?? now.date ?? .latest
    let first = from?.date ?? CivilDate(year: last.year, month: 1, day: 1) ?? last
    guard first <= last else { throw .cutUnusable("'\(first)' is after '\(last)'") }
    return try maker.cut(asOf: now, days: first...last)
  }

  private func chosen(_ divisions: DivisionTree) throws(Problem) -> Set<UnitCode>? {
    guard !unit.isEmpty else { return nil }
    return Set(try ScopeArguments.scopes(unit, divisions).compactMap { UnitCode("\($0)") })
  }

  private func own(_ cut: ReportCut) -> Set<UnitCode>? { UnitCode(cut.unit).map { [$0] } }

  /// A report in JSON holds its cut.
  private struct Holder: Decodable {
    let cut: ReportCut
  }

  /// The bytes of a saved cut: 146 units with some writers each are far below.
  private static let cutBytes = 64 << 20

  private static func cut(in path: String) throws(CaseworkError) -> ReportCut {
    let data: Data
    do { data = Data(try FileAccess.read(path, limit: cutBytes)) } catch {
      throw .cutUnusable("it cannot be read: \(error.text())")
    }
    let decoder = JSONDecoder()
    // Which of the two forms it is shows only in the try.
    if let holder = try? decoder.decode(Holder.self, from: data) { return holder.cut }
    do { return try decoder.decode(ReportCut.self, from: data) } catch {
      throw .cutUnusable("it is no cut: \(error)")
    }
  }

  private static func table(_ report: IndicatorReport, _ cut: ReportCut) -> String {
    var table = TextTable([
      .init("单位"), .init("指标"), .init("名称"), .init("数值", .right), .init("分子", .right),
      .init("分母", .right), .init("最旧", .right), .init("陈旧"), .init("无数据", .right),
    ])
    for line in report.lines {
      let figure = line.figure.flatMap { $0.isEmpty ? nil : $0 }
      table.append([
        line.name, line.indicator.rawValue, line.indicator.title, line.value,
        figure.map { "\($0.numerator)" } ?? "—", figure.map { "\($0.denominator)" } ?? "—",
        line.worstAgeMilliseconds.map(Self.age) ?? "—",
        line.stale.isEmpty ? "" : "⚠ \(line.stale.count)", "\(line.silent.count)",
      ])
    }
    return "考核督查指标 \(cut.from) 至 \(cut.to)，截至 "
      + TimeText.rfc3339(milliseconds: UInt64(max(0, cut.asOfMilliseconds))) + "\n\n" + table.text
  }

  private static func age(_ milliseconds: Int64) -> String {
    milliseconds == Int64.max
      ? "—" : Quantity.duration(milliseconds: UInt64(max(0, milliseconds)))
  }
}

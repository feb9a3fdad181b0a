import ArgumentParser
import Casework
import Inspection
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

  @OptionGroup var source: ReportSource

  @Option(help: "Where to write the cut of this report.", completion: .file())
  var saveCut: String?

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
    for name in indicator where Indicator(rawValue: name) == nil {
      throw ValidationError(
        "\(name) is no indicator; there are K01 to K27e; a report shows them all.")
    }
  }

  func run() throws {
    let divisions = try NodeFolder.divisions()
    let made = try source.make(divisions)
    let (report, cut, text) = (made.report, made.cut, made.cutText)
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

  private func chosen(_ divisions: DivisionTree) throws(Problem) -> Set<UnitCode>? {
    guard !unit.isEmpty else { return nil }
    return Set(try ScopeArguments.scopes(unit, divisions).compactMap { UnitCode("\($0)") })
  }

  private func own(_ cut: ReportCut) -> Set<UnitCode>? { UnitCode(cut.unit).map { [$0] } }

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

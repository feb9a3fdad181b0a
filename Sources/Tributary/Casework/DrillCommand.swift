import ArgumentParser
import Casework
import Causality
import Foundation
import Inspection
import Store
import Terminal

/// `tributary drill`: what the figures of a report are made of, level by level.
struct DrillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drill",
    abstract: "Show what an indicator is made of: units, tasks, visits, results, evidence.",
    discussion: """
      Each level shows the whole and its parts, with the figures of the same rules at the same cut as \
      `report`. --signed writes one line of JSON and one with the node's signature, which \
      `drill verify` checks; the form is in README.
      """, subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

  /// What stands in `format` of the JSON.
  static let format = "tributary-drill-1"

  /// The document: the same cut and place give the same bytes.
  private struct Document: Codable {
    let format: String
    let cut: ReportCut
    let unit: String
    let task: String?
    let visit: String?
    let result: String?
    let lines: [DrillReport.Row]
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show one level.",
      discussion: """
        Without a place: the node's unit, with those right below it and its own tasks. --unit goes to a \
        unit, --task, --visit or --result (visit/item/department) to a part of its work.
        """)

    @OptionGroup var source: ReportSource
    @Option(help: "The unit, code or full name; otherwise the node's own.") var unit: String?
    @Option(help: "A task; empty for what belongs to none.") var task: String?
    @Option(help: "A visit.") var visit: String?
    @Option(help: "A result, as visit/item/department.") var result: String?
    @Option(help: "Only this indicator, e.g. K04; may be repeated.") var indicator: [String] = []
    @Flag(help: "Print CSV.") var csv = false
    @Flag(help: "Print JSON in one line and a second line with the signature over it.")
    var signed = false
    @OptionGroup var options: OutputOptions

    func validate() throws {
      if [csv, options.json, signed].count(where: { $0 }) > 1 {
        throw ValidationError("One of --csv, --json and --signed.")
      }
      if [task, visit, result].count(where: { $0 != nil }) > 1 {
        throw ValidationError("One of --task, --visit and --result.")
      }
      for name in indicator where Indicator(rawValue: name) == nil {
        throw ValidationError("\(name) is no indicator; there are K01 to K27e.")
      }
    }

    private var part: FactsPart? {
      task.map(FactsPart.task) ?? visit.map(FactsPart.visit) ?? result.map(FactsPart.result)
    }

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let (maker, cut) = try source.prepare(divisions)
      let named = try unit.map { try ScopeArguments.scopes([$0], divisions)[0] }
      guard let place = named ?? Scope(cut.unit) else {
        throw Problem(
          "the cut names no unit", on: cut.unit, next: ["Give a cut that `report` saved."],
          status: .data)
      }
      let report: DrillReport
      do throws(CaseworkError) {
        report = try maker.drill(
          at: cut, DrillPlace(unit: place, part: part),
          indicators: indicator.isEmpty
            ? nil : Set(indicator.compactMap(Indicator.init(rawValue:))))
      } catch {
        throw Problem("cannot look into the figures", on: "\(place)", error)
      }
      if csv { return try StandardStream.output.write(report.csv) }
      guard signed || options.json else {
        return try StandardStream.output.write(Self.table(report))
      }
      let document = Document(
        format: DrillCommand.format, cut: cut, unit: "\(place)", task: task, visit: visit,
        result: result, lines: report.rows)
      guard signed else {
        return try StandardStream.output.write(try Output.json(document) + "\n")
      }
      let json = try Output.json(document, isPretty: false)
      let text = try source.node.open().closing { replica in
        try SignedLines.text(json, format: DrillCommand.format, by: replica)
      }
      try StandardStream.output.write(text)
    }

    private static func table(_ report: DrillReport) -> String {
      var table = TextTable([
        .init("层级"), .init("编号"), .init("说明"), .init("指标"), .init("名称"),
        .init("数值", .right), .init("分子", .right), .init("分母", .right),
      ])
      for row in report.rows {
        table.append([
          row.level, row.id, row.remark, row.indicator, row.title, row.value,
          row.numerator.map { "\($0)" } ?? "", row.denominator.map { "\($0)" } ?? "",
        ])
      }
      return table.text
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the signature of a level that `drill --signed` wrote.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The file.", completion: .file()) var file: String
    @OptionGroup var options: OutputOptions

    private struct Report: Encodable {
      let isSigned: Bool
      let signer: String
      let unit: String?
      let lines: Int?
    }

    func run() throws {
      let (json, signer) = try SignedLines.checked(
        file, format: DrillCommand.format, at: node, made: "tributary drill --signed")
      // A document of a later form is signed all the same.
      let document = try? JSONDecoder().decode(Document.self, from: Data(json.utf8))
      let report = Report(
        isSigned: true, signer: "\(signer)", unit: document?.unit,
        lines: document?.lines.count)
      try options.output.show(report) {
        "signed by \(signer), unchanged"
          + (document.map { "; \($0.lines.count) lines of \($0.unit)" } ?? "") + "\n"
      }
    }
  }
}

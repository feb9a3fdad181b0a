import ArgumentParser
import Casework
import Foundation
import Inspection
import Terminal

/// `tributary evaluate`: 督查检查、交叉检查、网络监督 of a unit below, with indicators anyone can compute again.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluate a unit below at what is known now; list its evaluations.",
    discussion: """
      Each run makes a version of its own with the indicators and their cut; nothing changes an earlier \
      one. `list --json` holds the cuts: `tributary report --as-of` computes them again.
      """,
    subcommands: [Make.self, List.self])

  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make the next version.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The unit, code or full name.")
    var unit: String

    @Argument(help: "The evaluation, e.g. 2026-1.")
    var id: String

    @Option(help: "INSPECTION, CROSS_CHECK or ONLINE.")
    var method: EvaluationMethod

    @Option(help: "First business date that counts.")
    var from: DayArgument

    @Option(help: "Last business date that counts.")
    var to: DayArgument

    @Option(help: "0 to 100; otherwise computed from the indicators by the weights of the rules.")
    var score: Int64?

    @Option(help: "What else there is to say.")
    var remarks = ""

    @OptionGroup var author: AuthorOptions

    func validate() throws {
      if from.date > to.date { throw ValidationError("--from is after --to.") }
    }

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let scope = try ScopeArguments.scopes([unit], divisions)[0]
      let version = try CaseAccess.write(node, "cannot evaluate", author: author.name) {
        store throws(CaseworkError) in
        try store.evaluate(
          scope, id: id, method: method, days: from.date...to.date, divisions: divisions,
          score: score, remarks: remarks)
      }
      try StandardStream.output.write("\(unit) \(id) version \(version)\n")
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The evaluations of a unit: all versions.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    private struct Line: Encodable {
      let evaluationId: String
      let version: Int
      let method: String
      let period: String
      let score: Int64?
      let remarks: String
      let indicatorsCsv: String
      let cut: ReportCut?
    }

    func run() throws {
      let scope = try unit.scope()
      let entries = try CaseAccess.read(node, "cannot list the evaluations") {
        store throws(CaseworkError) in try store.evaluations(of: scope ?? store.ownScope)
      }
      let lines = entries.map { entry in
        Line(
          evaluationId: entry.id, version: entry.version, method: entry.method.code,
          period: entry.period, score: entry.score, remarks: entry.remarks,
          indicatorsCsv: entry.indicators,
          // A cut of another form is shown by its absence.
          cut: try? JSONDecoder().decode(ReportCut.self, from: Data(entry.cut.utf8)))
      }
      try options.output.show(lines) {
        entries.map { entry in
          "\(entry.id) v\(entry.version) \(entry.method.title) \(entry.period)"
            + (entry.score.map { " 得分\($0)" } ?? "") + " \(entry.remarks)\n\(entry.indicators)"
        }.joined(separator: "\n")
      }
    }
  }
}

extension EvaluationMethod: ExpressibleByArgument {}

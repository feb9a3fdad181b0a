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

  struct Make: CaseWriting {
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

    static let failure = "cannot evaluate"

    func perform(_ store: CaseStore) throws -> Int {
      let divisions = try NodeFolder.divisions()
      let scope = try ScopeArguments.scopes([unit], divisions)[0]
      return try store.evaluate(
        scope, id: id, method: method, days: from.date...to.date, divisions: divisions,
        score: score, remarks: remarks)
    }

    func show(_ version: Int) throws {
      try StandardStream.output.write("\(unit) \(id) version \(version)\n")
    }
  }

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The evaluations of a unit: all versions.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let evaluationId: String
      let version: Int
      let method: String
      let period: String
      let score: Int64?
      let remarks: String
      let indicatorsCsv: String
      let cut: ReportCut?
    }

    static let failure = "cannot list the evaluations"

    func read(_ store: CaseStore) throws -> [Line] {
      let entries = try store.evaluations(of: unit.scope(at: store))
      return entries.map { entry in
        Line(
          evaluationId: entry.id, version: entry.version, method: entry.method.code,
          period: entry.period, score: entry.score, remarks: entry.remarks,
          indicatorsCsv: entry.indicators,
          // A cut of another form is shown by its absence.
          cut: try? JSONDecoder().decode(ReportCut.self, from: Data(entry.cut.utf8)))
      }
    }

    func text(_ lines: [Line]) -> String {
      lines.map { line in
        let method = Coded<EvaluationMethod>(line.method).title
        return "\(line.evaluationId) v\(line.version) \(method) \(line.period)"
          + (line.score.map { " 得分\($0)" } ?? "") + " \(line.remarks)\n\(line.indicatorsCsv)"
      }.joined(separator: "\n")
    }
  }
}

extension EvaluationMethod: ExpressibleByArgument {}

import ArgumentParser
import Casework
import Causality
import Foundation
import Inspection
import Terminal

/// `tributary reference`: what the province issues as versions beside the item list.
struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference",
    abstract: "Issue rule sets, working days, guidelines and changes of the divisions; show them.",
    discussion: """
      Each is a version that nobody changes afterwards and that every node goes by once it has it. A draw \
      goes by what was known when its roster was frozen. Where nothing was issued, what the program \
      carries holds.
      """,
    subcommands: [Rules.self, Calendar.self, GuidelineCommand.self, Move.self, Show.self])

  struct Rules: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Issue a rule set (细则) at the province.",
      discussion: """
        A JSON object of the parameters that differ from the defaults; `reference show --json` prints all of \
        them by name.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The parameters, a JSON file.", completion: .file()) var file: String
    @Option(name: .customLong("rules-version"), help: "yyyymmddnn.") var version: UInt64
    @Option(help: "The first day.") var effectiveFrom: DayArgument
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot issue the rules"

    func perform(_ store: CaseStore) throws {
      let bytes = try FileAccess.read(file, limit: 64 << 10)
      try store.issueRules(bytes, version: version, effectiveFrom: effectiveFrom.date)
    }
  }

  struct Calendar: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Issue an edition of the working days at the province.",
      discussion: "The whole table as CSV: date,kind,name[,division]; kind is holiday or workday.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The table.", completion: .file()) var file: String
    @Option(name: .customLong("calendar-version"), help: "Above all before.") var version: UInt32
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot issue the working days"

    func perform(_ store: CaseStore) throws {
      let bytes = try FileAccess.read(file, limit: 1 << 20)
      try store.issueCalendar(bytes, version: version)
    }
  }

  struct GuidelineCommand: CaseWriting {
    static let configuration = CommandConfiguration(
      commandName: "guideline",
      abstract: "Issue the guideline of an item, or what the own unit adds to it (工作指引).",
      discussion: """
        JSON: {"contents": text, "checklist": [{"question": text, "mandatory": true}]}. A result goes to \
        review only with an answer to each mandatory question of the province's newest version and of the \
        newest additions of prefecture and county.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The item, e.g. Y0101.") var item: String
    @Argument(help: "The guideline, a JSON file.", completion: .file()) var file: String
    @Option(name: .customLong("guideline-version"), help: "yyyymmddnn.") var version: UInt64
    @OptionGroup var author: AuthorOptions

    private struct Content: Decodable {
      let contents: String
      let checklist: [Guideline.Question]
    }

    static let failure = "cannot issue the guideline"

    func perform(_ store: CaseStore) throws {
      let bytes = try FileAccess.read(file, limit: 64 << 10)
      let content: Content
      do { content = try JSONDecoder().decode(Content.self, from: Data(bytes)) } catch {
        throw Problem(
          "this is no guideline", on: file, because: DecodingFault.text(of: error),
          next: ["`tributary reference guideline --help` shows the form."], status: .data)
      }
      try store.issue(
        Guideline(
          item: item, version: version, contents: content.contents,
          checklist: content.checklist))
    }
  }

  struct Move: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Say at the province where a division belongs from a day on.",
      discussion: "Rows keep their unit; reports follow the tree of their day.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The division, code or full name.") var division: String
    @Option(help: "The division above it.") var parent: String
    @Option(help: "The first day.") var effectiveFrom: DayArgument
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot move the division"

    func perform(_ store: CaseStore) throws {
      let divisions = try NodeFolder.divisions()
      let scopes = try ScopeArguments.scopes([division, parent], divisions)
      guard scopes.count == 2 else { throw ValidationError("Two divisions, not one twice.") }
      try store.issue(
        division: scopes[0], parent: scopes[1],
        name: divisions.division(scopes[0])?.name ?? "", effectiveFrom: effectiveFrom.date)
    }
  }

  struct Show: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The rules, working days and moved divisions that are in force here.")

    @OptionGroup var node: NodeFolder
    @Option(help: "The day; otherwise today.") var on: DayArgument?
    @OptionGroup var options: OutputOptions

    struct Report: Encodable {
      let rules: RuleSet
      let calendarVersion: UInt32
      let movedDivisions: [String: String]
    }

    static let failure = "cannot read the reference data"

    func read(_ store: CaseStore) throws -> Report {
      let day = on?.date ?? DayArgument.today
      var moved: [String: String] = [:]
      for (division, parent) in try store.movedDivisions(on: day) {
        moved["\(division)"] = "\(parent)"
      }
      return Report(
        rules: try store.rules(on: day), calendarVersion: store.calendar.version,
        movedDivisions: moved)
    }

    func text(_ report: Report) -> String {
      "rules \(report.rules.version)\nworking days \(report.calendarVersion)\n"
        + report.movedDivisions.sorted { $0.key < $1.key }.map { "\($0.key) → \($0.value)\n" }
        .joined()
    }
  }
}

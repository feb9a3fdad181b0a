import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary roster same`: rows that seem to be one subject.
struct RosterSameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "same",
    abstract: "List rows that seem to be one subject: one without a credit code, one with it.")

  @OptionGroup var node: NodeFolder
  @OptionGroup var unit: UnitOption
  @OptionGroup var options: OutputOptions

  private struct Line: Encodable {
    let alias: String
    let survivor: String
    let reason: String
  }

  func run() throws {
    let scope = try unit.scope()
    let lines = try CaseAccess.read(node, "cannot compare the rows") {
      store throws(CaseworkError) in
      try store.sameSubjects(of: scope ?? store.ownScope).map {
        Line(alias: $0.alias, survivor: $0.survivor, reason: $0.reason.rawValue)
      }
    }
    try options.output.show(lines) {
      lines.map { "\($0.alias) \($0.survivor) \($0.reason)\n" }.joined()
    }
  }
}

/// `tributary roster unite`: a decision on two such rows.
struct RosterUniteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unite",
    abstract: "Decide that a row without a credit code is the subject of a row with one.",
    discussion: "Nothing that refers to the first is rewritten; it is drawn no more.")

  @OptionGroup var node: NodeFolder
  @Argument(help: "The code of the row without a credit code.") var alias: String
  @Argument(help: "The credit code of the row that stays.") var survivor: String
  @Option(help: "Why.") var reason: String
  @OptionGroup var author: AuthorOptions

  func run() throws {
    try CaseAccess.write(node, "cannot unite the rows", author: author.name) {
      store throws(CaseworkError) in
      try store.unite(alias: alias, into: survivor, reason: reason)
    }
  }
}

import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary roster same`: rows that seem to be one subject.
struct RosterSameCommand: CaseReading {
  static let configuration = CommandConfiguration(
    commandName: "same",
    abstract: "List rows that seem to be one subject: one without a credit code, one with it.")

  @OptionGroup var node: NodeFolder
  @OptionGroup var unit: UnitOption
  @OptionGroup var options: OutputOptions

  struct Line: Encodable {
    let alias: String
    let survivor: String
    let reason: String
  }

  static let failure = "cannot compare the rows"

  func read(_ store: CaseStore) throws -> [Line] {
    let scope = try unit.scope(at: store)
    return try store.sameSubjects(of: scope).map {
      Line(alias: $0.alias, survivor: $0.survivor, reason: $0.reason.rawValue)
    }
  }

  func text(_ lines: [Line]) -> String {
    lines.map { "\($0.alias) \($0.survivor) \($0.reason)\n" }.joined()
  }
}

/// `tributary roster unite`: a decision on two such rows.
struct RosterUniteCommand: CaseWriting {
  static let configuration = CommandConfiguration(
    commandName: "unite",
    abstract: "Decide that a row without a credit code is the subject of a row with one.",
    discussion: "Nothing that refers to the first is rewritten; it is drawn no more.")

  @OptionGroup var node: NodeFolder
  @Argument(help: "The code of the row without a credit code.") var alias: String
  @Argument(help: "The credit code of the row that stays.") var survivor: String
  @Option(help: "Why.") var reason: String
  @OptionGroup var author: AuthorOptions

  static let failure = "cannot unite the rows"

  func perform(_ store: CaseStore) throws {
    try store.unite(alias: alias, into: survivor, reason: reason)
  }
}

import ArgumentParser
import Casework
import Causality
import Inspection
import Terminal

/// `tributary follow-up`: what comes after a result (后续监管), as it stands.
struct FollowUpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow-up",
    abstract: "List, accept and close follow-ups; `handover` gives them to the competent unit.",
    subcommands: [List.self, Accept.self, Close.self, Mandate.self])

  /// Which follow-up: a result and a kind.
  struct Arguments: ParsableArguments {
    @OptionGroup var result: ResultArguments
    @Option(help: "CORRECT, LISTING, SERIOUS, CASE, JUSTICE, NOTIFY_DEPT or REGISTRATION.")
    var kind: String

    func known() throws -> FollowUpKind {
      guard let kind = FollowUpKind(rawValue: kind) else {
        throw ValidationError("--kind \(kind) is none of the codes; see --help.")
      }
      return kind
    }

  }

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The follow-ups of a unit with due date and standing.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let visitId: String
      let itemCode: String
      let department: String
      let kind: String
      let isMandatory: Bool
      let dueOn: String?
      let state: String
      let standing: String
    }

    static let failure = "cannot list the follow-ups"

    func read(_ store: CaseStore) throws -> [Line] {
      let unit = try unit.scope(at: store)
      var lines: [Line] = []
      for entry in try store.followUps(of: unit) {
        lines.append(
          Line(
            visitId: entry.result.visit, itemCode: entry.result.item,
            department: entry.result.department, kind: entry.kind.code,
            isMandatory: entry.isMandatory, dueOn: entry.dueOn?.description, state: entry.state,
            standing: "\(entry.standing)"))
      }
      return lines
    }

    func text(_ lines: [Line]) -> String {
      lines.map {
        "\($0.visitId) \($0.itemCode) \($0.kind)\($0.isMandatory ? " 必须" : "") \($0.state) "
          + "\($0.dueOn ?? "")\n"
      }.joined()
    }
  }

  struct Accept: CaseWriting {
    static let configuration = CommandConfiguration(abstract: "Take a follow-up.")
    @OptionGroup var node: NodeFolder
    @OptionGroup var followUp: Arguments
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot accept the follow-up"

    func perform(_ store: CaseStore) throws {
      let kind = try followUp.known()
      try store.accept(kind, of: followUp.result.key)
    }
  }

  struct Close: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "End a follow-up. An order to correct never ends a mandatory listing (应列尽列).")

    @OptionGroup var node: NodeFolder
    @OptionGroup var followUp: Arguments
    @Option(
      help: "LISTED, CASE_FILED, TRANSFERRED, CORRECTED_VERIFIED, NO_GROUND or GUIDANCE.")
    var outcome: String
    @Option(help: "The number of the document.") var number = ""
    @Option(help: "The legal reason of a decision not to list.") var reason = ""
    @Option(help: "Who approved it.") var approver = ""
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot close the follow-up"

    func perform(_ store: CaseStore) throws {
      let kind = try followUp.known()
      try store.close(
        kind, of: followUp.result.key,
        FollowUpRules.Closing(outcome: Coded(outcome), reason: reason, approver: approver),
        number: number)
    }
  }

  struct Mandate: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Rule as a tier above that a follow-up is mandatory; one closed otherwise is open.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The unit.") var unit: String
    @OptionGroup var followUp: Arguments
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot rule"

    func perform(_ store: CaseStore) throws {
      let kind = try followUp.known()
      let scopes = try ScopeArguments.scopes([unit], NodeFolder.divisions())
      for unit in scopes { try store.ruleMandatory(kind, of: followUp.result.key, unit: unit) }
    }
  }
}

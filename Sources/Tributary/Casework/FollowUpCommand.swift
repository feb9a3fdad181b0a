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
    subcommands: [
      List.self, Accept.self, Close.self, Mandate.self, Unlist.self, Justice.self, HandedOver.self,
      Transfers.self,
    ])

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
    @Option(help: "The number of the document; of a case, its number (案号).") var number = ""
    @Option(help: "The legal reason of a decision not to list.") var reason = ""
    @Option(help: "Who approved it.") var approver = ""
    @Option(
      help: "Whom a listing is about, where another unit made the visit and handed this over.")
    var subjectCode = ""
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot close the follow-up"

    func perform(_ store: CaseStore) throws {
      let kind = try followUp.known()
      try store.close(
        kind, of: followUp.result.key,
        FollowUpRules.Closing(outcome: Coded(outcome), reason: reason, approver: approver),
        number: number, subject: subjectCode)
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

  struct Unlist: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Take a subject off the list that a follow-up put it on (移出).")

    @OptionGroup var node: NodeFolder
    @OptionGroup var followUp: Arguments
    @Option(help: "The day of the removal, YYYY-MM-DD.") var on: DayArgument
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot take the subject off its list"

    func perform(_ store: CaseStore) throws {
      let kind = try followUp.known()
      try store.unlist(kind, of: followUp.result.key, on: on.date)
    }
  }

  struct Justice: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Note that a final result goes to justice (移送司法), as it was reported and approved.",
      discussion: """
        It opens a mandatory follow-up. The file has to be handed over within 24 hours of the approval, unless the \
        rule set says otherwise; `follow-up handed-over` notes that it was.
        """)

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @Option(help: "When the inspectors reported it, YYYY-MM-DD.") var reported: DayArgument
    @Option(help: "When it was approved, such as 2026-05-12T16:30:00+08:00; otherwise now.")
    var approved: MomentArgument?
    @Option(help: "Who approved it.") var approver: String
    @Option(help: "The office that takes the file.") var receiver: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot send it to justice"

    func perform(_ store: CaseStore) throws {
      try store.sendToJustice(
        result.key,
        JusticeTransfer(
          reportedOn: reported.date, approvedAt: (approved ?? .now).instant, approver: approver,
          receiver: receiver))
    }
  }

  struct HandedOver: CaseWriting {
    static let configuration = CommandConfiguration(
      commandName: "handed-over",
      abstract: "Note that the file of a transfer to justice was handed over; ends its follow-up.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @Option(help: "When, such as 2026-05-13T09:00:00+08:00; otherwise now.")
    var at: MomentArgument?
    @Option(help: "The number of the letter.") var number: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot note the hand-over"

    func perform(_ store: CaseStore) throws {
      try store.handOverToJustice(result.key, at: (at ?? .now).instant, number: number)
    }
  }

  struct Transfers: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The transfers to justice of a unit, and which are late.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let result: String
      let reportedOn: String
      let approvedAt: String
      let handedOverAt: String?
      let receiver: String
      let isLate: Bool
    }

    static let failure = "cannot list the transfers"

    func read(_ store: CaseStore) throws -> [Line] {
      try store.justiceTransfers(of: unit.scope(at: store)).map { entry in
        Line(
          result: entry.result, reportedOn: entry.reportedOn.description,
          approvedAt: TimeText.rfc3339(entry.approvedAt),
          handedOverAt: entry.handedOverAt.map(TimeText.rfc3339), receiver: entry.receiver,
          isLate: entry.isLate)
      }
    }

    func text(_ lines: [Line]) -> String {
      lines.map {
        "\($0.result) \($0.reportedOn) \($0.approvedAt) \($0.handedOverAt ?? "未移送") \($0.receiver)"
          + ($0.isLate ? " 逾期" : "") + "\n"
      }.joined()
    }
  }
}

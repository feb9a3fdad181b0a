import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary lead`: 线索, checked at once and without a draw (一(四)).
struct LeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lead",
    abstract: "Take in leads and verify them within 15 working days, 15 more when extended.",
    subcommands: [
      Add.self, List.self, Step.self, Extend.self, Verify.self, Case.self, Visits.self, Join.self,
    ])

  struct Add: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Take a lead in, with or without a credit code; works without a link.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "A number for it that is not taken.")
    var id: String

    @Option(help: "COMPLAINT, REPORT, TRANSFER, ASSIGNED, MONITORING or OTHER.")
    var source: LeadSource

    @Option(help: "The credit code, where there is one.")
    var subjectCode = ""

    @Option(help: "Whom it is about, in words.")
    var subject = ""

    @Option(help: "The unit below that has to verify it; otherwise this one.")
    var unit: String?

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot take the lead in"

    func perform(_ store: CaseStore) throws {
      let scope = try unit.map { name throws(Problem) in
        try ScopeArguments.scopes([name], try NodeFolder.divisions())[0]
      }
      let notice = LeadNotice(
        id: id, source: source,
        receivedAt: Instant(milliseconds: Int64(clamping: Wall.milliseconds)),
        subjectCode: subjectCode, subjectText: subject)
      try store.receive(notice, for: scope)
    }
  }

  struct List: CaseReading {
    static let configuration = CommandConfiguration(abstract: "The leads of a unit, as they stand.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let leadId: String
      let source: String
      let subjectCode: String
      let subject: String
      let state: String
      let dueOn: String?
      let isExtended: Bool
      let verifiedOn: String?
      let isLate: Bool
      let caseNumber: String?
      let visitId: String?
    }

    static let failure = "cannot list the leads"

    func read(_ store: CaseStore) throws -> [Line] {
      let entries = try store.leads(of: unit.scope(at: store))
      func optional(_ text: String) -> String? { text.isEmpty ? nil : text }
      return entries.map { entry in
        Line(
          leadId: entry.id, source: entry.source.code, subjectCode: entry.subjectCode,
          subject: entry.subjectText, state: entry.state, dueOn: entry.due.map { "\($0.date)" },
          isExtended: entry.isExtended, verifiedOn: entry.verifiedOn.map { "\($0)" },
          isLate: entry.isLate, caseNumber: optional(entry.caseNumber),
          visitId: optional(entry.visit))
      }
    }

    func text(_ lines: [Line]) -> String {
      var table = TextTable([
        .init("线索"), .init("来源"), .init("对象"), .init("状态"), .init("期限"), .init("核查日期"),
        .init("逾期"), .init("案号"),
      ])
      for line in lines {
        table.append([
          line.leadId, Coded<LeadSource>(line.source).title,
          [line.subjectCode, line.subject].joined(separator: " "),
          StateMachine.lead.state(line.state)?.title ?? line.state,
          (line.dueOn ?? "—") + (line.isExtended ? " 已延期" : ""), line.verifiedOn ?? "—",
          line.isLate ? "⚠" : "", line.caseNumber ?? "",
        ])
      }
      return table.text
    }
  }

  struct Step: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Begin to verify a lead, reject it with a reason, or close it.")

    enum Kind: String, ExpressibleByArgument, CaseIterable { case begin, reject, close }

    @OptionGroup var node: NodeFolder

    @Argument(help: "The lead.")
    var id: String

    @Argument(help: "begin, reject or close.")
    var kind: Kind

    @Option(help: "Why it is rejected.")
    var reason = ""

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot take the lead further"

    func perform(_ store: CaseStore) throws {
      switch kind {
      case .begin: try store.verifyingLead(id)
      case .reject: try store.rejectLead(id, reason: reason)
      case .close: try store.closeLead(id)
      }
    }
  }

  struct Extend: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Extend the time of verification, before it is over.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The lead.")
    var id: String

    @Option(help: "Who approved it.")
    var approver: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot extend the time"

    func perform(_ store: CaseStore) throws {
      try store.extendLead(id, approver: approver)
    }
  }

  struct Verify: CaseWriting {
    static let configuration = CommandConfiguration(abstract: "Note what the verification found.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The lead.")
    var id: String

    @Option(help: "What was found.")
    var outcome: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot note the outcome"

    func perform(_ store: CaseStore) throws {
      try store.verifyLead(id, outcome: outcome)
    }
  }

  struct Case: CaseWriting {
    static let configuration = CommandConfiguration(abstract: "File a case on a verified lead.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The lead.")
    var id: String

    @Argument(help: "The number of the case.")
    var number: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot file the case"

    func perform(_ store: CaseStore) throws {
      try store.fileCase(number, onLead: id)
    }
  }

  struct Visits: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The random visits that a lead can be checked in: same object, window open today.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The lead.")
    var id: String

    @OptionGroup var options: OutputOptions

    static let failure = "cannot look for visits"

    func read(_ store: CaseStore) throws -> [String] {
      try store.visitsForLead(id)
    }

    func text(_ visits: [String]) -> String {
      visits.map { $0 + "\n" }.joined()
    }
  }

  struct Join: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Make a lead's visit and a random one one visit; both origins stay and count.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The lead.")
    var id: String

    @Argument(help: "The visit that was dispatched for the lead.")
    var leadVisit: String

    @Argument(help: "The random visit.")
    var visit: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot join the visits"

    func perform(_ store: CaseStore) throws {
      try store.joinLead(id, visit: leadVisit, to: visit)
    }
  }
}

extension LeadSource: ExpressibleByArgument {}

import ArgumentParser
import Casework
import Causality
import Changes
import Inspection
import Terminal

/// `tributary result`: visits and what they found (检查结果).
struct ResultCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "result",
    abstract: "Record visits and results, review them, amend what is final, complete tasks.",
    subcommands: [
      List.self, Visit.self, Expert.self, Record.self, Evidence.self, Submit.self, SendBack.self,
      Finalise.self,
      Amend.self, Note.self, Declare.self, Complete.self,
    ])

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The visits of the own unit with items, teams and results.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let visitId: String
      let subjectCode: String
      let taskCode: String
      let state: String
      let windowFrom: String
      let windowTo: String
      let inspectors: [String]
      let items: [Item]
      struct Item: Encodable {
        let itemCode: String
        let department: String
        let state: String
        let findings: [String]
        let notes: [String]
      }
    }

    static let failure = "cannot list the visits"

    func read(_ store: CaseStore) throws -> [Line] {
      let unit = store.ownScope
      let items = try store.rows(of: VisitTables.visitItems, in: unit)
      let results = try store.rows(of: VisitTables.results, in: unit)
      let notes = try store.supervisionNotes(of: unit)
      let team = try store.rows(of: VisitTables.assignments, in: unit) {
        $0.text("superseded_by").isEmpty
      }
      return try store.rows(of: VisitTables.visits, in: unit).map { visit in
        Line(
          visitId: visit.keyText, subjectCode: visit.text("subject_code"),
          taskCode: visit.text("task_code"), state: visit.text("state"),
          windowFrom: visit.date("window_from")?.description ?? "",
          windowTo: visit.date("window_to")?.description ?? "",
          inspectors: team.filter { $0.key[0] == visit.key[0] }.map { $0.key[1].description },
          items: items.filter { $0.key[0] == visit.key[0] }.map { item in
            let result = results.first { $0.key == item.key }
            return Line.Item(
              itemCode: item.key[1].description, department: item.key[2].description,
              state: result?.text("state") ?? "NONE",
              findings: result?.text("findings").split(separator: " ").map(String.init) ?? [],
              notes: notes.filter { $0.result.row == item.keyText }.map(\.content))
          })
      }
    }

    func text(_ lines: [Line]) -> String {
      lines.map { line in
        "\(line.visitId) \(line.subjectCode) \(line.state) \(line.inspectors.joined(separator: " "))\n"
          + line.items.map {
            "  \($0.itemCode) \($0.department) \($0.state) \($0.findings.joined(separator: " "))\n"
              + $0.notes.map { "    督查意见：\($0)\n" }.joined()
          }.joined()
      }.joined()
    }
  }

  struct Expert: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Send an expert along on a visit; experts sign nothing and count for no team.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The visit.") var visit: String
    @Argument(help: "The expert, of the own library or of one above.") var expert: String
    @Option(help: "What for.") var reason: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot send the expert along"

    func perform(_ store: CaseStore) throws {
      try store.accompany(visit: visit, expert: expert, reason: reason)
    }
  }

  struct Visit: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Take a visit further: NOTIFIED, STARTED, DONE, IMPOSSIBLE or CANCELLED, in order.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The visit.") var visit: String
    @Argument(help: "The states.") var states: [String]
    @Option(help: "Why it was impossible: CLOSED, NOT_FOUND, REFUSED, DEREG or DISASTER.")
    var reason: ImpossibleReason?
    @Option(help: "The number of the notice to the company (检查通知书); the rules may ask for it.")
    var notice = ""
    @Option(help: "The number of the approval (检查审批); the rules may ask for it.")
    var approval = ""
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot take the visit further"

    func perform(_ store: CaseStore) throws {
      try store.advance(
        visit: visit, through: states, reason: reason, notice: notice, approval: approval)
    }
  }

  struct Record: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Enter or change the result of an item; drafts of several devices merge.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @Option(help: "A finding, R01 to R13; may be repeated.") var finding: [String]
    @Option(help: "A method, M1 to M6; may be repeated.") var method: [String]
    @Option(help: "An inspector who signs; may be repeated.") var signer: [String]
    @Option(help: "The day of the check; otherwise today.") var checkedOn: DayArgument?
    @Option(help: "What was found, in words.") var problem = ""
    @Option(help: "A disposal; may be repeated.") var disposal: [String] = []
    @Option(help: "QUESTION=ANSWER; may be repeated.") var answer: [String] = []
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot record the result"

    func perform(_ store: CaseStore) throws {
      var checklist: [String: String] = [:]
      for pair in answer {
        let parts = pair.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else {
          throw ValidationError("--answer is QUESTION=ANSWER, not \(pair).")
        }
        checklist[String(parts[0])] = String(parts[1])
      }
      let entry = ResultEntry(
        methods: CodeSet(text: method.joined(separator: " ")),
        findings: CodeSet(text: finding.joined(separator: " ")), problem: problem,
        disposals: CodeSet(text: disposal.joined(separator: " ")), checklist: checklist,
        checkedOn: checkedOn?.date ?? DayArgument.today, signers: signer)
      try store.enter(entry, result.key)
    }
  }

  struct Evidence: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Note a piece of evidence by the SHA-256 of its file; the file stays here.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The visit.") var visit: String
    @Argument(help: "The file.", completion: .file()) var file: String
    @Option(help: "PHOTO, VIDEO, DOC, SIGN, GPS or SAMPLE.") var kind = "PHOTO"
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot note the evidence"

    func perform(_ store: CaseStore) throws -> String {
      let bytes = try FileAccess.read(file, limit: 1 << 30)
      return try store.addEvidence(visit: visit, content: bytes, kind: kind)
    }

    func show(_ hash: String) throws {
      try StandardStream.output.write(hash + "\n")
    }
  }

  struct Submit: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Send a result to review, if it keeps all rules.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot submit the result"

    func perform(_ store: CaseStore) throws {
      try store.submit(result.key)
    }
  }

  struct SendBack: CaseWriting {
    static let configuration = CommandConfiguration(
      commandName: "return", abstract: "Return a result with an opinion (审核退回).")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @Option(help: "The opinion.") var opinion: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot return the result"

    func perform(_ store: CaseStore) throws {
      try store.sendBack(result.key, reviewer: author.name, opinion: opinion)
    }
  }

  struct Finalise: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Accept a result: it is final, and its follow-ups are opened.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot finalise the result"

    func perform(_ store: CaseStore) throws {
      try store.finalise(result.key, reviewer: author.name)
    }
  }

  struct Amend: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Append a correction to a final result; nothing is overwritten.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @Option(help: "The field, e.g. problem.") var field: String
    @Option(help: "The new content.") var to: String
    @Option(help: "Why.") var reason: String
    @Option(help: "Who approved it.") var approver: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot amend the result"

    func perform(_ store: CaseStore) throws {
      try store.amend(
        result.key, field: field, to: to, reason: reason, approver: approver)
    }
  }

  struct Note: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Say something of a result of a unit below; it changes nothing of it (督查意见).")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments
    @Option(help: "The unit.") var unit: String
    @Option(help: "A number for the note that is not taken.") var id: String
    @Option(help: "What there is to say.") var text: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot note it"

    func perform(_ store: CaseStore) throws {
      let scope = try ScopeArguments.scopes([unit], NodeFolder.divisions())[0]
      try store.note(text, on: result.key, of: scope, id: id)
    }
  }

  struct Declare: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Declare a department of a joint task done; the task is completed when all are.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The code of the task.") var task: String
    @Option(help: "The department.") var department: String
    @Option(help: "The day; otherwise today.") var on: DayArgument?
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot declare it done"

    func perform(_ store: CaseStore) throws {
      try store.declareDone(
        task: task, department: department, on: on?.date ?? DayArgument.today)
    }
  }

  struct Complete: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Complete a task: all visits ended, all results final. Publication is due then.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The code of the task.") var task: String
    @Option(help: "The day; otherwise today.") var on: DayArgument?
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot complete the task"

    func perform(_ store: CaseStore) throws {
      if try store.taskState(task) == "DISPATCHED" {
        try store.advance(task: task, through: ["IN_PROGRESS"])
      }
      try store.complete(task: task, on: on?.date ?? DayArgument.today)
    }
  }
}

extension ImpossibleReason: ExpressibleByArgument {}

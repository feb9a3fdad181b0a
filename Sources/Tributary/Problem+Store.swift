import Casework
import Inspection
import Store
import Terminal

extension Problem {
  /// Runs `body`; what the replica throws becomes a problem for people.
  static func fromStore<Result>(
    _ failed: String, on subject: String, _ body: () throws(StoreError) -> Result
  ) throws(Problem) -> Result {
    do throws(StoreError) { return try body() } catch {
      throw Problem(failed, on: subject, error)
    }
  }

  /// An error of the replica in words. `failed`: what was being done.
  init(_ failed: String, on subject: String, _ error: StoreError) {
    let facts = Self.facts(error)
    let detail = facts.subject.flatMap { $0.hasPrefix(subject) ? nil : $0 }
    let isPath = facts.subject?.hasPrefix(subject) ?? false
    self.init(
      failed, on: detail.map { "\(subject): \($0)" } ?? (isPath ? facts.subject : subject),
      because: facts.reason,
      next: facts.next, status: facts.status)
  }

  private struct Facts {
    var subject: String?
    let reason: String
    let next: [String]
    let status: ExitStatus
  }

  private static func facts(_ error: StoreError) -> Facts {
    switch error {
    case .busy(let message):
      Facts(
        reason: "another program is writing: \(message)",
        next: ["Try again in a moment; close programs that hold a transaction open."],
        status: .temporary)
    case .diskFull(let message):
      Facts(
        reason: "the disk is full; nothing of this was written: \(message)",
        next: ["Make room on the disk, then run the command again."], status: .inputOutput)
    case .storage(let code, let message):
      Facts(
        reason: "SQLite reports \(code): \(message)",
        next: [
          "Run `tributary check` on the folder; it names what is damaged.",
          "Do not put the file back from a copy without a new epoch.",
        ], status: .inputOutput)
    case .folder(let path, let problem):
      Facts(
        subject: path, reason: problem,
        next: [
          "Check the path, the owner and the rights of the folder;"
            + " `tributary init` makes a new node."
        ], status: .noInput)
    case .schema(let detail):
      Facts(
        reason: "the tables do not fit this program: \(detail)",
        next: ["Use the program version that wrote the file, or a newer one."], status: .data)
    case .damagedRecord(let name):
      Facts(
        reason: "the file is damaged: \(name)",
        next: ["Run `tributary check` on the folder and keep a copy of it as it is."],
        status: .data)
    case .writingStopped(let reason):
      Facts(
        reason: "this replica must not write any more: \(reason)",
        next: [
          "Its data can still be read: status, roster export, conflicts list.",
          "Make a node with a new folder by `tributary init`, have it enrolled and let it sync.",
        ], status: .noPermission)
    default: inputFacts(error)
    }
  }

  /// Errors that come from what was asked for.
  private static func inputFacts(_ error: StoreError) -> Facts {
    switch error {
    case .scopeNotWritable(let table, let scope):
      Facts(
        subject: table, reason: "this node may not write in division \(scope)",
        next: ["Write it at a node of that division or above it."], status: .noPermission)
    case .notAdmissible(let reason):
      Facts(
        reason: reason, next: ["Check the request and that this is the right hub."],
        status: .noPermission)
    case .noSuchConflict(let name):
      Facts(
        reason: "no open conflict has the id \(name), or several begin with it",
        next: ["List them: tributary conflicts list DIR. It may have been resolved elsewhere."],
        status: .data)
    case .unknownName(let name):
      Facts(
        reason: "the schema has no \(name)", next: ["Check the spelling."], status: .data)
    case .duplicateKey(let table, let key):
      Facts(
        subject: table, reason: "row \(key) exists already", next: ["Update it instead."],
        status: .data)
    case .noSuchRow(let table, let key):
      Facts(
        subject: table, reason: "there is no row \(key)",
        next: ["Check the key; the row may have been deleted."], status: .data)
    case .invalidValue(let table, let column, let problem):
      Facts(
        subject: "\(table), \(column)", reason: problem,
        next: ["Correct it and run the command again; nothing was written."], status: .data)
    case .immutableGroup(let table, let column):
      Facts(
        subject: "\(table).\(column)", reason: "it is written once and has a value",
        next: ["Leave it out."], status: .data)
    case .staleFormInvalid(let table, let key):
      Facts(
        subject: table, reason: "the form of row \(key) is not from this replica",
        next: ["Read the row again and repeat the change."], status: .data)
    case .cutUnreadable(let problem): cutFacts(problem)
    case .busy, .diskFull, .storage, .folder, .schema, .damagedRecord, .writingStopped:
      Facts(reason: "\(error)", next: [], status: .software)
    }
  }
}

extension Problem {
  /// Why the rows of a cut cannot be read.
  private static func cutFacts(_ problem: CutProblem) -> Facts {
    switch problem {
    case .streamNotHeld(let stream):
      Facts(
        reason: "this node does not hold the stream \(stream)",
        next: ["Read the cut on a node that does: the one that made it, or one above."],
        status: .data)
    case .unknownHere(let dot):
      Facts(
        reason: "the cut knows \(dot), which has not arrived here",
        next: ["Let the node sync, then run the command again."], status: .temporary)
    case .notClosed(let dot):
      Facts(
        reason: "the cut has \(dot) without what that builds on; no replica was ever there",
        next: ["Give a cut as `tributary report --save-cut` wrote it."], status: .data)
    }
  }

  /// An error of the use cases in words.
  init(_ failed: String, on subject: String? = nil, _ error: CaseworkError) {
    switch error {
    case .divisionsUnreadable(let line, let reason):
      self.init(
        failed, on: "the table of divisions, line \(line)", because: reason,
        next: ["Install tributary again; its own data is damaged."], status: .software)
    case .referenceTable(let error):
      self.init(
        failed, on: "the table of \(error.table), line \(error.line)", because: error.reason,
        next: ["Install tributary again; its own data is damaged."], status: .software)
    case .tableRefused(let error):
      self.init(
        failed, on: subject, because: "line \(error.line) of the table: \(error.reason)",
        next: ["Correct the line; --help names the columns. Nothing was written."], status: .data)
    case .refused(let breaches):
      self.init(
        failed, on: subject, because: breaches.map(RuleText.text),
        next: ["Correct what is named; the clause of the notice stands before each."],
        status: .data)
    case .exists(let table, let key):
      self.init(
        failed, on: subject, because: "\(table) has a row \(key) already",
        next: ["Use another number, or a new version."], status: .data)
    case .missing("draw.secret", let key):
      self.init(
        failed, on: subject,
        because: "\(key) has no secret of draws that fits its published values",
        next: [
          "`tributary draw anchor` makes it and publishes the values, before the first draw of a year.",
          "When it was there, put the file draw.secret back into the folder of the node.",
        ], status: .data)
    case .missing(let table, let key):
      self.init(
        failed, on: subject, because: "\(table) has no row \(key) here",
        next: ["Check the number; a row of another node may not have arrived yet."],
        status: .data)
    case .cutUnusable(let reason):
      self.init(
        failed, on: subject, because: reason,
        next: ["Give a cut that `tributary report --save-cut` wrote, under the same rules."],
        status: .data)
    case .store(let error):
      self.init(failed, on: subject ?? "the replica", error)
    case .fileTooLarge(let bytes, let limit):
      self.init(
        failed, on: subject,
        because: "it has \(Quantity.bytes(UInt64(bytes))), the limit is "
          + Quantity.bytes(UInt64(limit)),
        next: ["Split the file by division and import the parts."], status: .data)
    case .headerUnusable(let missing, let repeated):
      let parts =
        (missing.isEmpty ? [] : ["missing: " + missing.joined(separator: ", ")])
        + (repeated.isEmpty ? [] : ["named twice: " + repeated.joined(separator: ", ")])
      self.init(
        failed, on: subject,
        because: "its first line is no usable header; " + parts.joined(separator: "; "),
        next: [
          "The header names the columns in English or Chinese; `roster export` shows them all.",
          "When the characters look wrong, give --encoding.",
        ], status: .data)
    case .encodingUnavailable(let name):
      self.init(
        failed, on: subject, because: "the system cannot convert \(name)",
        next: ["On Debian, install the gconv modules: package libc6 (or locales)."],
        status: .system)
    }
  }
}

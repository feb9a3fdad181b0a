import ArgumentParser
import Casework
import Causality
import Inspection
import Store
import Terminal

/// `tributary roster import`.
struct RosterImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import a CSV file; importing it again changes nothing.",
    discussion: """
      The header names the columns in English or Chinese; the key is needed, all else is optional. A bad
      line is reported with its number and the rest goes in; the status is 1 then. Empty fields keep
      what is there. Rows that were deleted stay so unless --reinsert-deleted is given.
      """)

  @OptionGroup var node: NodeFolder

  @Argument(help: "The CSV file; - reads the standard input.", completion: .file())
  var file: String

  @Option(help: "The roster: companies, inspectors or experts.")
  var table = RosterTable.companies

  @Option(help: "auto, utf-8, gbk or gb18030.")
  var encoding = EncodingArgument.automatic

  @Option(help: "The division of lines that name none; otherwise that of the node, if a county.")
  var division: String?

  @Flag(help: "Compare only; nothing is written.")
  var dryRun = false

  @Flag(help: "Insert rows again that were deleted.")
  var reinsertDeleted = false

  @OptionGroup var author: AuthorOptions
  @OptionGroup var options: OutputOptions

  func run() throws {
    let bytes = try FileAccess.read(file, limit: RosterLimits.fileBytes)
    let divisions = try NodeFolder.divisions()
    let scope = try division.map { try ScopeArguments.scopes([$0], divisions) }?.first
    let replica = dryRun ? try node.openReadOnly() : try node.open()
    let report = try replica.closing { replica in
      let own = replica.identity.replica.node.scope
      let isCounty = divisions.division(own)?.level == .county
      var reader = try reader(
        bytes, divisions,
        RosterCSV.Options(
          encoding: encoding.encoding, division: scope ?? (isCounty ? own : nil), writer: own,
          codes: CaseAccess.use(
            replica, "cannot import the file", on: node.folder, author: ""
          ) { $0.rules.codes }))
      return try take(&reader, into: replica)
    }
    try options.output.show(report) { report.text }
    for line in report.problemLines { StandardStream.note("tributary: \(file), \(line)") }
    if report.rejectedLines > 0 { throw ExitCode(ExitStatus.found.rawValue) }
  }

  private func reader(
    _ bytes: [UInt8], _ divisions: DivisionTree, _ options: RosterCSV.Options
  ) throws(Problem) -> RosterReader {
    do throws(CaseworkError) {
      return try RosterReader(bytes, table: table, divisions: divisions, options: options)
    } catch {
      throw Problem("cannot import the file", on: file, error)
    }
  }

  private func take(
    _ reader: inout RosterReader, into replica: Replica
  ) throws -> RosterImportReport {
    let store = RosterStore(replica, author: author.name) { Wall.milliseconds }
    var bar = ProgressBar("import", total: 0, unit: "rows")
    let outcome: RosterImportOutcome
    do throws(StoreError) {
      outcome = try store.importRecords(
        of: &reader, reinsertsDeleted: reinsertDeleted, isDryRun: dryRun
      ) { bar.update($0) }
    } catch {
      throw Problem("the import stopped", on: file, error)
    }
    bar.finish()
    return RosterImportReport(
      outcome, encoding: reader.encoding, ignoredColumns: reader.ignoredColumns,
      isDryRun: dryRun)
  }
}

/// What an import did, for `--json` and people.
struct RosterImportReport: Encodable {
  struct Line: Encodable {
    let line: Int
    let column: String?
    let problem: String
    let isWarning: Bool
  }

  let isDryRun: Bool
  let encoding: String
  let ignoredColumns: [String]
  let inserted: Int
  let updated: Int
  let unchanged: Int
  let leftDeleted: Int
  let duplicates: Int
  let rejectedLines: Int
  let warnings: Int
  let changeSets: Int
  /// The first ones, by line.
  let problems: [Line]

  init(
    _ outcome: RosterImportOutcome, encoding: FileEncoding, ignoredColumns: [String],
    isDryRun: Bool
  ) {
    let report = outcome.report
    self.isDryRun = isDryRun
    self.encoding = encoding.rawValue
    self.ignoredColumns = ignoredColumns
    (inserted, updated, unchanged) = (report.inserted, report.updated, report.unchanged)
    (leftDeleted, duplicates) = (report.leftDeleted, report.duplicates)
    rejectedLines = report.problems.rejectedCount
    warnings = report.problems.warningCount
    changeSets = outcome.dots.count
    problems = report.problems.listed.map {
      Line(line: $0.line, column: $0.column, problem: $0.fault.text, isWarning: $0.isWarning)
    }
  }

  var text: String {
    var text = "\(encoding)\(isDryRun ? ", dry run: nothing was written" : ""): "
    text += "\(Quantity.count(inserted)) inserted, \(Quantity.count(updated)) updated, "
    text += "\(Quantity.count(unchanged)) unchanged, \(Quantity.count(leftDeleted)) left deleted, "
    text +=
      "\(Quantity.count(rejectedLines)) lines rejected, \(Quantity.count(warnings)) warnings, "
    text += "\(Quantity.count(changeSets)) change sets\n"
    if !ignoredColumns.isEmpty {
      text += "columns not known, left out: \(ignoredColumns.joined(separator: ", ").visible)\n"
    }
    return text
  }

  /// One line for each problem that is listed.
  var problemLines: [String] {
    let lines = problems.map { problem in
      "line \(problem.line)" + (problem.column.map { ", column \($0)" } ?? "") + ": "
        + (problem.isWarning ? "warning: " : "") + problem.problem.visible
    }
    let rest = rejectedLines + warnings - problems.count
    return rest > 0 ? lines + ["and \(Quantity.count(rest)) more"] : lines
  }
}

extension LineFault {
  /// What is wrong, for people.
  var text: String {
    switch self {
    case .quoteNotClosed: "a quote is opened and not closed"
    case .strayQuote: "a quote within a field that is not quoted"
    case .tooLong: "longer than \(Quantity.bytes(UInt64(RosterLimits.recordBytes)))"
    case .zeroByte: "a zero byte"
    case .notText: "the bytes are no text in the encoding of the file; see --encoding"
    case .columnCount(let found, let expected):
      "\(found) fields, the header has \(expected)"
    case .notInList(let text): "“\(text)” is not in the list of codes; kept as it is"
    case .unreadable(let text): "“\(text)” cannot be read as a date, month or number"
    case .fieldTooLong(let bytes, let limit): "\(bytes) bytes, the limit is \(limit)"
    case .keyMissing: "no key"
    case .keyMalformed(let text): "“\(text)” is no code"
    case .divisionUnknown(let text):
      text.isEmpty ? "no division; see --division" : "“\(text)” is no division or ambiguous"
    case .divisionNotWritable(let text): "this node may not write in division \(text)"
    case .duplicate(let firstLine): "the same key as line \(firstLine), which stands"
    case .checkCharacter(let text): "the check character of \(text) does not fit"
    case .olderCreditMonth: "the credit class is older than the one here and was left out"
    case .deletedElsewhere: "the row was deleted and stays so; see --reinsert-deleted"
    }
  }
}

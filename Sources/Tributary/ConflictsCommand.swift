import ArgumentParser
import Changes
import Merge
import Store
import Terminal

/// `tributary conflicts`: the inbox.
struct ConflictsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflicts",
    abstract: "List, show and resolve conflicts; every holder of a row sees the same ones.",
    subcommands: [List.self, Show.self, Resolve.self])

  /// `tributary conflicts list`.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the open conflicts.")

    @OptionGroup var node: NodeFolder

    @Option(help: "Only of this table.")
    var table: String?

    @Option(help: "Only of this division: code or full name.")
    var division: String?

    @OptionGroup var options: OutputOptions

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let replica = try node.openReadOnly()
      if let table, replica.schema.table(named: table) == nil {
        throw Problem(
          "there is no such table", on: table,
          next: [
            "One of: " + replica.schema.tables.map(\.name).joined(separator: ", ") + "."
          ], status: .usage)
      }
      let scope = try division.map { try ScopeArguments.scopes([$0], divisions) }?.first
      let found = try Problem.fromStore("cannot list the conflicts", on: node.folder) {
        () throws(StoreError) in try replica.conflicts()
      }
      let reports = found.filter { scope == nil || $0.record.scope == scope }
        .map { ConflictReport($0, replica.schema, divisions) }
        .filter { table == nil || $0.table == table }
      try options.output.show(reports) { Self.text(reports) }
    }

    private static func text(_ reports: [ConflictReport]) -> String {
      if reports.isEmpty { return "no open conflicts\n" }
      var table = TextTable(
        [
          .init("id"), .init("kind"), .init("table"), .init("division"), .init("key"),
          .init("columns"), .init("sides"),
        ], cellLimit: 40)
      for report in reports {
        let sides = report.sides.map { ($0.isShown ? "*" : "") + report.summary(of: $0) }
        table.append([
          String(report.id.prefix(12)), report.kind, report.table, report.division,
          report.keyText, report.columns.isEmpty ? "row" : report.columns.joined(separator: ","),
          sides.joined(separator: " | "),
        ])
      }
      return table.text
    }
  }

  /// `tributary conflicts show`.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show all sides of one conflict, who wrote them and why.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The id, or at least its first 6 digits.")
    var id: String

    @OptionGroup var options: OutputOptions

    func run() throws {
      let divisions = try NodeFolder.divisions()
      let replica = try node.openReadOnly()
      let conflict = try Problem.fromStore("cannot show the conflict", on: node.folder) {
        () throws(StoreError) in try replica.conflict(id)
      }
      let report = ConflictReport(conflict, replica.schema, divisions)
      try options.output.show(report) { report.text }
    }
  }

  /// `tributary conflicts resolve`.
  struct Resolve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decide a conflict; it closes at every holder.",
      discussion: """
        Either --choose a side or --set the columns; columns that are not set keep the chosen or shown \
        value. A change that came meanwhile from elsewhere stays visible as a conflict of its own.
        """)

    @OptionGroup var node: NodeFolder

    @Argument(help: "The id, or at least its first 6 digits.")
    var id: String

    @Option(help: "The number of the side that stands, as `show` prints it.")
    var choose: Int?

    @Option(help: "COLUMN=VALUE, may be repeated; nothing behind = is NULL.")
    var set: [String] = []

    @OptionGroup var author: AuthorOptions

    @Option(help: "Why, up to 1,024 bytes.")
    var reason = ""

    @OptionGroup var options: OutputOptions

    /// What was written, for `--json`.
    private struct Resolved: Encodable {
      let id: String
      let changeSets: [String]
    }

    func validate() throws {
      guard choose != nil || !set.isEmpty else {
        throw ValidationError("Give --choose NUMBER or --set COLUMN=VALUE.")
      }
    }

    func run() throws {
      try node.open().closing { replica in
        let conflict = try Problem.fromStore("cannot resolve the conflict", on: node.folder) {
          () throws(StoreError) in try replica.conflict(id)
        }
        let value = try value(for: conflict.record, replica.schema)
        let receipt = try Problem.fromStore("cannot resolve the conflict", on: conflict.id) {
          () throws(StoreError) in
          try replica.resolve(
            conflict.record, value, author: author.name, reason: reason,
            wallMilliseconds: Wall.milliseconds)
        }
        let resolved = Resolved(id: conflict.id, changeSets: receipt.dots.map { "\($0)" })
        try options.output.show(resolved) {
          "resolved \(conflict.id) by \(resolved.changeSets.joined(separator: ", "))\n"
        }
      }
    }

    private func value(
      for record: ConflictRecord, _ schema: Schema
    ) throws(Problem) -> RegisterValue {
      let index = choose.map { $0 - 1 } ?? record.shownIndex
      guard record.siblings.indices.contains(index) else {
        throw Problem(
          "there is no such side", on: "\(index + 1) of \(record.siblings.count)",
          next: ["See them: tributary conflicts show \(node.folder) \(id)"], status: .usage)
      }
      let chosen = record.siblings[index].value
      if set.isEmpty { return chosen }
      let columns = ConflictReport.columns(of: record, schema)
      guard var values = chosen.columns, values.count == columns.count else {
        throw Problem(
          "this conflict is about the row itself", on: id,
          next: ["Give --choose instead of --set."], status: .usage)
      }
      for assignment in set {
        let parts = assignment.split(
          separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let column = columns.firstIndex { $0.name == parts[0] }
        guard parts.count == 2, let column else {
          throw Problem(
            "this sets no column in conflict", on: assignment,
            next: [
              "Give COLUMN=VALUE with one of: " + columns.map(\.name).joined(separator: ", ")
                + "."
            ], status: .usage)
        }
        values[column] = try Self.value(String(parts[1]), columns[column])
      }
      return .columns(values)
    }

    private static func value(
      _ text: String, _ column: ColumnDeclaration
    ) throws(Problem) -> Value {
      if text.isEmpty { return .null }
      switch column.kind {
      case .text: return .text(text)
      case .integer:
        if let number = Int64(text) { return .integer(number) }
      case .real:
        if let number = Double(text) { return .real(bits: number.bitPattern) }
      case .blob, .null: break
      }
      throw Problem(
        "this is no value of the column", on: "\(column.name) = \(text)",
        because: "it holds \(column.kind)", next: ["Give another value, or --choose a side."],
        status: .usage)
    }
  }
}

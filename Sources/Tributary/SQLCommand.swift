import ArgumentParser
import Changes
import Store
import Terminal

/// `tributary sql`: statements of a person, captured and stamped.
struct SQLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Run SQL on the replica; changes are stamped with an author and travel.",
    discussion: """
      Takes SELECT, VALUES, WITH, EXPLAIN, INSERT, REPLACE, UPDATE and DELETE, all in one transaction; \
      the tables tributary_… can only be read. The sqlite3 shell may be used as well: what it changes \
      is stamped as "unattributed".
      """)

  @OptionGroup var node: NodeFolder

  @Argument(help: "The statements; without them they are read from the standard input.")
  var sql: String?

  @OptionGroup var author: AuthorOptions

  @Option(help: "Why, up to 1,024 bytes.")
  var reason = ""

  @Flag(help: "Take reading statements only; works on a replica that must not write.")
  var readOnly = false

  @OptionGroup var options: OutputOptions

  /// The results, for `--json`.
  private struct Report: Encodable {
    struct Result: Encodable {
      let columns: [String]
      let rows: [[JSONValue]]
    }

    let results: [Result]
    let stampedRows: Int
    let quarantinedRows: Int
  }

  func run() throws {
    let text =
      try sql
      ?? String(
        decoding: FileAccess.read("-", limit: Replica.sqlTextLimit), as: UTF8.self)
    if readOnly {
      let replica = try node.openReadOnly()
      let results = try Problem.fromStore("cannot run the SQL", on: node.folder) {
        () throws(StoreError) in try replica.query(sql: text)
      }
      try show(results, stamped: 0, quarantined: 0)
    } else {
      let outcome = try node.open().closing { replica in
        try Problem.fromStore("cannot run the SQL", on: node.folder) { () throws(StoreError) in
          try replica.run(
            sql: text, author: author.name, reason: reason, wallMilliseconds: Wall.milliseconds)
        }
      }
      try show(
        outcome.results, stamped: outcome.stampedCount, quarantined: outcome.quarantinedCount)
    }
  }

  private func show(_ results: [SQLRows], stamped: Int, quarantined: Int) throws {
    let report = Report(
      results: results.map {
        Report.Result(columns: $0.columns, rows: $0.rows.map { $0.map(JSONValue.init) })
      }, stampedRows: stamped, quarantinedRows: quarantined)
    try options.output.show(report) { results.map(Self.text).joined(separator: "\n") }
    if stamped > 0 {
      StandardStream.note("\(Quantity.count(stamped)) rows changed and stamped")
    }
    guard quarantined > 0 else { return }
    throw Problem(
      "some changes were put back", on: node.folder,
      because: "\(quarantined) rows may not be written here in that way",
      next: ["See them in: tributary status \(node.folder)"], status: .noPermission)
  }

  private static func text(_ result: SQLRows) -> String {
    var table = TextTable(result.columns.map { TextTable.Column($0) })
    for row in result.rows { table.append(row.map(\.description)) }
    return table.text
  }
}

/// A value of SQLite as JSON: blobs as `x'…'`.
struct JSONValue: Encodable {
  let value: Value

  init(_ value: Value) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .null: try container.encodeNil()
    case .integer(let number): try container.encode(number)
    case .real(let bits): try container.encode(Double(bitPattern: bits))
    case .text, .blob: try container.encode(value.description)
    }
  }
}

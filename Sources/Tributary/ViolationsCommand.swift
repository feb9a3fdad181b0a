import ArgumentParser
import Casework
import Changes
import Inspection
import Store
import Terminal

/// A violation as `violations` tells it.
struct ViolationReport: Encodable {
  struct Row: Encodable {
    let scope: String
    let division: String
    let key: [String: JSONValue]
  }

  let kind: String
  let table: String
  let rule: String
  /// The clause of the notice and the requirement that the rule is there for; nil for none.
  let clause: String?
  let requirement: String?
  /// The columns that the rule compares, with their values.
  let values: [String: JSONValue]
  let rows: [Row]
}

extension ViolationReport {
  init(_ violation: Violation, _ schema: Schema, _ divisions: DivisionTree) {
    let table = schema.table(violation.table)
    let names = table?.key.map(\.name) ?? []
    func byName(_ names: [String], _ values: [Value]) -> [String: JSONValue] {
      Dictionary(
        zip(names, values.map(JSONValue.init)), uniquingKeysWith: { first, _ in first })
    }
    kind = violation.kind.rawValue
    self.table = table?.name ?? "\(violation.table.number)"
    rule = violation.rule
    let requirement = RosterSchema.requirement(of: violation.rule)
    (clause, self.requirement) = (requirement?.clause, requirement?.rawValue)
    values = byName(violation.columns, violation.values)
    rows = violation.rows.map { row in
      Row(
        scope: "\(row.scope)", division: divisions.fullName(row.scope),
        key: byName(names, row.key))
    }
  }

  static func text(_ reports: [ViolationReport]) -> String {
    if reports.isEmpty { return "no violations\n" }
    var table = TextTable(
      [
        .init("kind"), .init("table"), .init("rule"), .init("clause"), .init("values"),
        .init("rows"),
      ], cellLimit: 60)
    func joined(_ values: [String: JSONValue]) -> String {
      values.sorted { $0.key < $1.key }.map(\.value.value.description).joined(separator: "/")
    }
    for report in reports {
      table.append([
        report.kind, report.table, report.rule,
        [report.clause, report.requirement].compactMap { $0 }.joined(separator: " "),
        joined(report.values),
        report.rows.map { "\($0.division) \(joined($0.key))" }.joined(separator: ", "),
      ])
    }
    return table.text
  }
}

/// `tributary violations`: rows that break a rule of their table, as they are here now.
struct ViolationsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "violations",
    abstract: "List rows that break a rule: codes that stand twice, references that dangle.",
    discussion: """
      Violations are derived from the rows that this node holds and block nothing; another node may
      see others. They end when the rows are corrected. At most 10,000 of each rule are listed;
      `status` counts all.
      """)

  @OptionGroup var node: NodeFolder

  @Option(help: "Only of this table.")
  var table: String?

  @OptionGroup var options: OutputOptions

  func run() throws {
    let divisions = try NodeFolder.divisions()
    let replica = try node.openReadOnly()
    if let table, replica.schema.table(named: table) == nil {
      throw Problem(
        "there is no such table", on: table,
        next: ["One of: " + replica.schema.tables.map(\.name).joined(separator: ", ") + "."],
        status: .usage)
    }
    let found = try Problem.fromStore("cannot list the violations", on: node.folder) {
      () throws(StoreError) in try replica.violations()
    }
    let reports = found.map { ViolationReport($0, replica.schema, divisions) }
      .filter { table == nil || $0.table == table }
    try options.output.show(reports) { ViolationReport.text(reports) }
  }
}

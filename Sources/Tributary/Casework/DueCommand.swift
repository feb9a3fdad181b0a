import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary due`: what a unit has to do, and by when.
struct DueCommand: CaseReading {
  static let configuration = CommandConfiguration(
    commandName: "due",
    abstract:
      "List what a unit has to do, the earliest first: plans, visits, publication, follow-ups.",
    discussion: """
      From what this node knows, without a link; what is done is not shown. Days count in Asia/Shanghai, \
      working days by the calendar in force; “?” marks a year whose holidays are not announced yet.
      """)

  @OptionGroup var node: NodeFolder
  @OptionGroup var unit: UnitOption
  @Option(help: "Only what is due by this day.") var until: DayArgument?
  @OptionGroup var options: OutputOptions

  struct Line: Encodable {
    let dueOn: String
    let isProvisional: Bool
    let isOverdue: Bool
    let workingDaysLeft: Int
    let kind: String
    let row: String
    let subject: String
    let requirement: String
    let clause: String
  }

  static let failure = "cannot list what is due"

  func read(_ store: CaseStore) throws -> [Line] {
    try store.dues(of: unit.scope(at: store)).filter { entry in
      until.map { entry.due.date <= $0.date } ?? true
    }.map { entry in
      Line(
        dueOn: "\(entry.due.date)", isProvisional: entry.due.isProvisional,
        isOverdue: entry.isOverdue, workingDaysLeft: entry.workingDaysLeft,
        kind: entry.kind.rawValue, row: entry.row, subject: entry.subject,
        requirement: entry.requirement.rawValue, clause: entry.requirement.clause)
    }
  }

  func text(_ lines: [Line]) -> String {
    guard !lines.isEmpty else { return "" }
    var table = TextTable([
      .init("期限"), .init(""), .init("剩余工作日", .right), .init("事项"), .init("编号"), .init("对象"),
      .init("依据"),
    ])
    for line in lines {
      table.append([
        line.dueOn + (line.isProvisional ? "?" : ""), line.isOverdue ? "⚠ 逾期" : "",
        "\(line.workingDaysLeft)", DueEntry.Kind(rawValue: line.kind)?.title ?? line.kind,
        line.row, line.subject, "\(line.clause) \(line.requirement)",
      ])
    }
    return table.text
  }
}

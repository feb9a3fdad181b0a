package import Simulator

/// The figures of a rehearsal as tables, for the page and the terminal.
struct ReportTables {
  /// A table; the first column is text, the others are numbers.
  struct Table {
    let title: String
    let head: [String]
    let rows: [[String]]
  }

  let findings: Findings
  private var scenario: Scenario { findings.scenario }
  private var found: Measurements { findings.found }

  var all: [Table] { [recoveries, work, deliveries, lines, checks].filter { !$0.rows.isEmpty } }

  private var recoveries: Table {
    Table(
      title: "After each outage",
      head: ["outage", "over at", "had waited", "all agreed after", "bytes on its lines"],
      rows: found.heals.map { heal in
        [
          heal.name, findings.moment(heal.atMilliseconds), Figures.count(heal.waiting),
          heal.doneAtMilliseconds.map { Figures.duration($0 - heal.atMilliseconds) }
            ?? "not in time",
          Figures.bytes(heal.bytes),
        ]
      })
  }

  private var work: Table {
    var rows: [[String]] = []
    for (kind, total) in found.work.enumerated()
    where total.done + total.delayed + total.refused > 0 {
      let isAtTop = total.atTop > 0
      rows.append([
        WorkKind(rawValue: kind)?.title ?? "", Figures.count(total.done),
        Figures.count(total.doneWhileCut),
        Figures.count(total.delayed), Figures.count(total.refused),
        isAtTop ? Figures.duration(total.medianToTopMilliseconds) : "–",
        isAtTop ? Figures.duration(total.longestToTopMilliseconds) : "–",
      ])
    }
    return Table(
      title: "Work",
      head: [
        "transactions", "done", "of them cut off", "delayed", "refused", "at the top: half within",
        "last after",
      ], rows: rows)
  }

  private var deliveries: Table {
    Table(
      title: "How long changes took",
      head: ["from, to", "deliveries", "half within", "95 % within", "longest"],
      rows: found.deliveries.map { delivery in
        [
          "\(scenario.territory.tierName(delivery.fromTier, count: 1)) → "
            + scenario.territory.tierName(delivery.toTier, count: 1),
          Figures.count(delivery.count), Figures.duration(delivery.medianMilliseconds),
          Figures.duration(delivery.highMilliseconds),
          Figures.duration(delivery.longestMilliseconds),
        ]
      })
  }

  private var lines: Table {
    Table(
      title: "The busiest lines", head: ["line of", "kind", "up", "down", "busiest hour", "busy"],
      rows: findings.busiestLines.prefix(8).map { line in
        [
          scenario.territory.fullName(line.node), scenario.lines[line.node].name,
          Figures.bytes(line.upBytes), Figures.bytes(line.downBytes),
          Figures.bytes(line.busiestHourBytes),
          Figures.share(line.busyMilliseconds, of: scenario.lengthMilliseconds),
        ]
      })
  }

  private var checks: Table {
    Table(
      title: "Checks at the end", head: ["what must hold", "holds", "compared"],
      rows: found.checks.map { [$0.name, $0.isPassed ? "yes" : "NO", $0.detail] })
  }
}

/// The report in a terminal.
package struct TerminalReport: Sendable {
  private let findings: Findings

  package init(_ scenario: Scenario, _ found: Measurements) { findings = Findings(scenario, found) }

  /// Lines of text, the last one ended.
  package var text: String {
    var lines = [findings.scenario.title, findings.headline, ""]
    for answer in findings.answers {
      lines.append(answer.question)
      lines += answer.sentences.map { "  - \($0)" }
    }
    for table in ReportTables(findings: findings).all {
      lines += ["", table.title]
      lines += aligned([table.head] + table.rows)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { Self.width($0[column]) }.max() ?? 0 }
    return rows.map { row in
      "  "
        + row.enumerated().map { column, cell in
          let space = String(repeating: " ", count: widths[column] - Self.width(cell))
          return column == 0 ? cell + space : space + cell
        }.joined(separator: "  ")
    }
  }

  /// Columns of a terminal: Chinese letters take two.
  private static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ((0x2E80...0xFFEF).contains($1.value) ? 2 : 1) }
  }
}

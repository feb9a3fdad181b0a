/// One goal of the table of performance.md §1, and what was reached.
package struct BenchLine: Hashable, Sendable {
  /// The row of performance.md §1: `1a` … `8`.
  package let row: String
  package let work: String
  /// `× raw`, `bytes`…
  package let unit: String
  /// At most this; nil where only a goal is set.
  package let must: Double?
  package let goal: Double?
  /// What was measured; nil when it was not.
  package let reached: Double?
  /// The same by processor time, where `reached` is by the wall clock.
  package let reachedByCPU: Double?
  /// Details, or why there is no figure.
  package let note: String

  package init(
    row: String, work: String, unit: String, must: Double?, goal: Double?, reached: Double?,
    reachedByCPU: Double? = nil, note: String = ""
  ) {
    self.row = row
    self.work = work
    self.unit = unit
    self.must = must
    self.goal = goal
    self.reached = reached
    self.reachedByCPU = reachedByCPU
    self.note = note
  }

  /// How a figure stands to its goal.
  package enum Verdict: String, Hashable, Sendable {
    case goal
    case must
    case missed
    case notMeasured = "not measured"
  }

  /// The worse of wall clock and processor time, against the goal, then against what must be.
  package var verdict: Verdict {
    guard var reached else { return .notMeasured }
    reached = max(reached, reachedByCPU ?? 0)
    if let goal, reached <= goal { return .goal }
    guard let must else { return .missed }
    return reached <= must ? .must : .missed
  }

  /// An object in snake case.
  package var json: String {
    func number(_ value: Double?) -> String { value.map { decimal($0, digits: 4) } ?? "null" }
    func text(_ value: String) -> String {
      "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    return "{\"row\":\(text(row)),\"work\":\(text(work)),\"unit\":\(text(unit)),"
      + "\"must\":\(number(must)),\"goal\":\(number(goal)),\"reached\":\(number(reached)),"
      + "\"reached_cpu\":\(number(reachedByCPU)),\"verdict\":\(text(verdict.rawValue)),"
      + "\"note\":\(text(note))}"
  }
}

/// The table of performance.md §1 with reached figures.
package struct BenchTable: Hashable, Sendable {
  package let lines: [BenchLine]
  /// What the figures hold for: durability, repetitions, noise.
  package let remarks: [String]

  package init(lines: [BenchLine], remarks: [String]) {
    (self.lines, self.remarks) = (lines, remarks)
  }

  /// One object: `lines` and `remarks`.
  package var json: String {
    "{\"lines\":[" + lines.map(\.json).joined(separator: ",\n") + "],\n\"remarks\":["
      + remarks.map { "\"" + $0.replacing("\"", with: "'") + "\"" }.joined(separator: ",") + "]}"
  }

  /// Columns for people, in ASCII; a line per goal, remarks below.
  package var text: String {
    let head = ["#", "work", "unit", "must", "goal", "reached", "by cpu", "verdict", "note"]
    let rows =
      [head]
      + lines.map { line in
        [
          line.row, line.work, line.unit, Self.figure(line.must), Self.figure(line.goal),
          Self.figure(line.reached), Self.figure(line.reachedByCPU), line.verdict.rawValue,
          line.note,
        ]
      }
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var text = ""
    for row in rows {
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        let isNumber = (3...6).contains(column)
        line += (column == 0 ? "" : "  ") + (isNumber ? padding + cell : cell + padding)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      text += line + "\n"
    }
    return text + remarks.map { $0 + "\n" }.joined()
  }

  /// A table in Markdown, remarks below as a list.
  package var markdown: String {
    let head = ["#", "work", "must", "goal", "reached", "by CPU", "unit", "verdict"]
    var text = "| " + head.joined(separator: " | ") + " |\n|---|---|--:|--:|--:|--:|---|---|\n"
    for line in lines {
      let cells = [
        line.row, line.work, Self.figure(line.must), Self.figure(line.goal),
        Self.figure(line.reached), Self.figure(line.reachedByCPU), line.unit,
        line.verdict.rawValue,
      ]
      text += "| " + cells.joined(separator: " | ") + " |\n"
    }
    return text + "\n" + remarks.map { "- " + $0 + "\n" }.joined()
  }

  private static func figure(_ value: Double?) -> String {
    guard let value else { return "-" }
    return decimal(value, digits: value >= 100 ? 0 : value >= 10 ? 1 : 2)
  }
}

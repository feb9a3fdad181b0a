/// A table for people: columns as wide as their widest cell, wide East Asian characters counted as two.
package struct TextTable: Sendable {
  /// Where the text of a column stands.
  package enum Alignment: Sendable {
    case left, right
  }

  /// The head of one column and how its cells stand. Numbers belong on the right.
  package struct Column: Sendable {
    package let title: String
    package let alignment: Alignment

    package init(_ title: String, _ alignment: Alignment = .left) {
      (self.title, self.alignment) = (title, alignment)
    }
  }

  private enum Line: Sendable {
    case cells([String])
    case rule
  }

  private let columns: [Column]
  /// Columns of a terminal that one cell may take.
  private let cellLimit: Int
  private var lines: [Line] = []

  package init(_ columns: [Column], cellLimit: Int = 60) {
    precondition(!columns.isEmpty, "a table has a column")
    self.columns = columns
    self.cellLimit = cellLimit
  }

  /// Adds a row with one cell per column. What would drive the terminal is made visible, what is too long
  /// is cut.
  package mutating func append(_ cells: [String]) {
    precondition(cells.count == columns.count, "a row has one cell per column")
    lines.append(.cells(cells.map { DisplayWidth.truncated($0.visible, to: cellLimit) }))
  }

  /// Adds a line across the table, e.g. above a sum.
  package mutating func appendRule() { lines.append(.rule) }

  /// The table with its head, each line ended, no space at the ends of lines.
  package var text: String {
    var widths = columns.map { DisplayWidth.columns(of: $0.title) }
    for case .cells(let cells) in lines {
      for (index, cell) in cells.enumerated() {
        widths[index] = max(widths[index], DisplayWidth.columns(of: cell))
      }
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") + "\n"
    var text = render(columns.map(\.title), widths) + rule
    for line in lines {
      switch line {
      case .cells(let cells): text += render(cells, widths)
      case .rule: text += rule
      }
    }
    return text
  }

  private func render(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      if index > 0 { line += "  " }
      let padding = String(repeating: " ", count: widths[index] - DisplayWidth.columns(of: cell))
      line += columns[index].alignment == .left ? cell + padding : padding + cell
    }
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }
}

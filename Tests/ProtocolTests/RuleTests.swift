import Foundation
import Testing

/// `Protocol/Checks.md`: each sentence with MUST, SHOULD or MAY has what checks it, and the last lines are true.
@Suite struct RuleTests {
  private struct Row {
    let page: String
    let words: String
    let file: String
    let name: String
  }

  private static let pages = [
    "1-Terms", "2-Clocks", "3-ChangeSets", "4-Merge", "5-Frames", "6-Sessions", "7-HTTP",
    "8-Bundles", "9-Limits", "10-Draw", "Checks", "README",
  ]

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: VectorFolder.root.appending(path: path), encoding: .utf8)
  }

  private static func rows() throws -> [Row] {
    try text("Protocol/Checks.md").components(separatedBy: "\n").compactMap { line in
      let cells = line.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 6, pages.contains(cells[1]) else { return nil }
      return Row(
        page: cells[1], words: cells[2],
        file: cells[3].trimmingCharacters(in: CharacterSet(charactersIn: "`")), name: cells[4])
    }
  }

  /// The sentences of a page, each on one line whatever the wrapping.
  private static func sentences(_ page: String) throws -> [String] {
    var paragraphs: [String] = []
    for line in try text("Protocol/\(page).md").components(separatedBy: "\n") {
      let isStart =
        line.isEmpty || line.hasPrefix("- ") || line.hasPrefix("|")
        || line.hasPrefix("#") || line.first?.isNumber == true
      if isStart || paragraphs.isEmpty {
        paragraphs.append(line)
      } else {
        paragraphs[paragraphs.count - 1] += " " + line.trimmingCharacters(in: .whitespaces)
      }
    }
    return paragraphs.flatMap { $0.components(separatedBy: ". ") }
  }

  @Test func `Each rule of the pages has a vector or a test`() throws {
    let rows = try Self.rows()
    for page in Self.pages.prefix(10) {
      let rules = try Self.sentences(page).filter { sentence in
        ["MUST", "SHOULD", "MAY"].contains(where: sentence.contains)
          && !sentence.contains("RFC 2119") && !sentence.contains("MUST, SHOULD")
      }
      let mine = rows.filter { $0.page == page }
      for rule in rules {
        #expect(mine.contains { rule.contains($0.words) }, "\(page): \(rule)")
      }
      for row in mine {
        #expect(rules.contains { $0.contains(row.words) }, "\(page) has no rule \(row.words)")
      }
    }
  }

  @Test func `Each vector and test of the table is there`() throws {
    for row in try Self.rows() where row.file != "—" {
      let path = (row.file.hasSuffix(".json") ? "Protocol/Vectors/" : "Tests/") + row.file
      #expect(try Self.text(path).contains(row.name), "\(row.file) has no \(row.name)")
    }
  }

  @Test func `Each page ends with what implements and what checks it`() throws {
    for page in Self.pages {
      let lines = try Self.text("Protocol/\(page).md").split(separator: "\n").suffix(3)
      #expect(lines.count == 3 && lines.first == "---", "\(page)")
      #expect(lines.dropFirst().first?.hasPrefix("Implemented in ") == true, "\(page)")
      #expect(lines.last?.hasPrefix("Checked by ") == true, "\(page)")
      for name in lines.joined(separator: " ").components(separatedBy: "`")
      where name.hasPrefix("Sources/") || name.hasPrefix("Tests/") {
        let path = VectorFolder.root.appending(path: name).path
        #expect(FileManager.default.fileExists(atPath: path), "\(page) names \(name)")
      }
    }
  }
}

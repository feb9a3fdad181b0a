import Foundation
import Testing

/// The table of README that leads from each clause of the notice to commands and tests.
@Suite("The traceability table", .timeLimit(.minutes(5)))
struct TraceabilityTests {
  private struct Row {
    let clause: String
    let commands: [String]
    let suites: [String]
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func rows() throws -> [Row] {
    let text = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0 != "| clause | what | command | test |" }.dropFirst(2).prefix { $0.hasPrefix("|") }
    return lines.map { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      return Row(
        clause: cells[1],
        commands: cells[3].split(separator: "`").filter { $0.first?.isLetter ?? false }
          .map(String.init),
        suites: cells[4].split(separator: ", ").map(String.init))
    }
  }

  @Test func `names every clause of the notice and every requirement`() throws {
    let clauses = try Self.rows().map(\.clause)
    for clause in [
      "前言", "一(一)", "一(二)", "一(三)", "一(四)", "一(五)", "二(一)", "二(二)", "二(三)", "二(四)", "二(五)",
      "二(六)", "二(七)", "三(一)", "三(二)", "三(三)", "三(四)",
    ] {
      #expect(clauses.contains { $0.contains(clause) }, "\(clause)")
    }
    var named: Set<String> = []
    for clause in clauses {
      for part in clause.split(separator: ",").flatMap({ $0.split(separator: " ").suffix(1) }) {
        let ends = part.split(separator: "–").map { $0.split(separator: ".") }
        guard let first = ends.first, first.count == 2, let from = Int(first[1]),
          let to = ends.last.flatMap({ $0.last }).flatMap({ Int($0) }), from <= to
        else { continue }
        for number in from...to { named.insert("\(first[0]).\(number)") }
      }
    }
    for (chapter, last) in [("R-1", 10), ("R-2", 29), ("R-3", 6)] {
      for number in 1...last {
        #expect(named.contains("\(chapter).\(number)"), "\(chapter).\(number)")
      }
    }
    #expect(named.isSuperset(of: ["R-0.1", "R-0.2"]))
  }

  @Test func `names suites that exist`() throws {
    let folder = Self.root.appending(path: "Tests")
    let files = try #require(FileManager.default.enumerator(atPath: folder.path))
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
    let sources = try files.map {
      try String(contentsOf: folder.appending(path: $0), encoding: .utf8)
    }
    for suite in Set(try Self.rows().flatMap(\.suites)) {
      #expect(sources.contains { $0.contains("struct \(suite) {") }, "\(suite)")
    }
  }

  @Test func `names commands that the program has`() async throws {
    var isKnown: [String: Bool] = [:]
    for row in try Self.rows() {
      var parent = ""
      for command in row.commands {
        var found = false
        // `list issue`, `adjust`: a word alone goes on with the command before it.
        for words in [parent.isEmpty ? command : "\(parent) \(command)", command] where !found {
          if isKnown[words] == nil {
            let help = try await Program.run(
              words.split(separator: " ").map(String.init) + ["--help"])
            isKnown[words] =
              help.status == 0
              && "\(help.output) ".replacing("\n", with: " ")
                .contains("USAGE: tributary \(words) ")
          }
          found = isKnown[words] == true
          if found { parent = words.split(separator: " ").first.map(String.init) ?? "" }
        }
        #expect(found, "\(row.clause): \(command)")
      }
    }
  }
}

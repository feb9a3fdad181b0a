import Causality
import Changes
import Foundation
import Testing
import Wire

/// The pages say what the code does.
@Suite struct ProtocolPageTests {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The blocks ```` ```hex name ```` of a page: hexadecimal digits up to two blanks, then remarks.
  private static func examples(of page: String) throws -> [String: String] {
    var examples: [String: String] = [:]
    var name: String?
    for line in try text("Protocol/\(page)").components(separatedBy: "\n") {
      if line.hasPrefix("```hex ") {
        name = String(line.dropFirst(7))
      } else if line.hasPrefix("```") {
        name = nil
      } else if let name {
        let digits = line.components(separatedBy: "  ")[0].filter { $0 != " " }
        examples[name, default: ""] += digits
      }
    }
    return examples
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test func `The examples are what the encoder gives`() throws {
    var found: [String: String] = [:]
    for page in ["1-Terms.md", "2-Clocks.md", "3-ChangeSets.md", "5-Frames.md", "8-Bundles.md"] {
      found.merge(try Self.examples(of: page)) { first, _ in first }
    }
    for example in ProtocolExamples.all {
      #expect(found[example.name] == Self.hex(example.bytes), "example \(example.name)")
    }
    #expect(found.count == ProtocolExamples.all.count)
  }

  /// Rows of tables whose first cell is in backquotes: its text and the second cell.
  private static func table(of page: String, heading: String) throws -> [String: String] {
    let sections = try text("Protocol/\(page)").components(separatedBy: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading) })
    var rows: [String: String] = [:]
    for line in section.components(separatedBy: "\n") where line.hasPrefix("| `") {
      let cells = line.components(separatedBy: "|").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
      }
      rows[cells[1]] = cells[2]
    }
    return rows
  }

  /// `package static let name = 1 << 20` of the limits, evaluated.
  private static func limits() throws -> [String: String] {
    var limits: [String: String] = [:]
    for line in try text("Sources/Changes/Limits.swift").components(separatedBy: "\n") {
      let prefix = "  package static let "
      guard line.hasPrefix(prefix) else { continue }
      let sides = line.dropFirst(prefix.count).components(separatedBy: " = ")
      let name = sides[0].components(separatedBy: ":")[0]
      let terms = try sides[1].components(separatedBy: " << ").map {
        try #require(Int($0.replacingOccurrences(of: "_", with: "")), "limit \(name)")
      }
      limits[name] = "\(terms.count == 2 ? terms[0] << terms[1] : terms[0])"
    }
    return limits
  }

  @Test func `The limits of the page are those of the code`() throws {
    let page = try Self.table(of: "9-Limits.md", heading: "1 ").mapValues {
      $0.replacingOccurrences(of: ",", with: "")
    }
    let code = try Self.limits()
    for name in Set(page.keys).union(code.keys).sorted() {
      #expect(page[name] == code[name], "limit \(name)")
    }
  }

  private func check<Code: CaseIterable & RawRepresentable>(
    _ codes: Code.Type, _ heading: String, besides: [String: String] = [:]
  ) throws {
    var expected = besides
    for code in codes.allCases { expected["\(code)"] = "\(code.rawValue)" }
    #expect(try Self.table(of: "9-Limits.md", heading: heading) == expected)
  }

  @Test func `The codes of the page are those of the code`() throws {
    try check(MessageKind.self, "2 ")
    try check(Compression.self, "3 ")
    try check(ProtocolErrorCode.self, "4 ")
    try check(ControlCodec.Code.self, "5 ")
    try check(RefusalReason.self, "6 ")
    try check(ValueKind.self, "7 ")
    try check(OperationKind.self, "8 ")
    try check(Channel.self, "9 ")
  }
}

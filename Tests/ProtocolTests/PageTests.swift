import Causality
import Changes
import Foundation
import Merge
import Testing
import Wire

/// The pages say what the code does.
@Suite struct PageTests {
  private static let pages = [
    "1-Terms.md", "2-Clocks.md", "3-ChangeSets.md", "4-Merge.md", "5-Frames.md", "6-Sessions.md",
    "8-Bundles.md",
  ]
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
    for page in Self.pages {
      found.merge(try Self.examples(of: page)) { first, _ in first }
    }
    for example in PageExamples.all {
      #expect(found[example.name] == Self.hex(example.bytes), "example \(example.name)")
    }
    #expect(found.count == PageExamples.all.count)
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

  /// Rows whose first cell is a number: it and the second cell.
  private static func numbered(_ page: String, heading: String) throws -> [String: String] {
    let sections = try text("Protocol/\(page)").components(separatedBy: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading) })
    var rows: [String: String] = [:]
    for line in section.components(separatedBy: "\n") {
      let cells = line.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      if cells.count > 3, Int(cells[1]) != nil, rows[cells[1]] == nil { rows[cells[1]] = cells[2] }
    }
    return rows
  }

  /// `concurrent update` for `concurrentUpdate`.
  private static func words(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : "\($1)" }
  }

  @Test func `The kinds of conflicts of the page are those of the code`() throws {
    let page = try Self.numbered("4-Merge.md", heading: "7 ")
    for kind in ConflictKind.allCases {
      #expect(page["\(kind.rawValue)"] == Self.words("\(kind)"), "\(kind)")
    }
  }

  @Test func `The classes of columns of the page are those of the vectors`() throws {
    let page = try Self.text("Protocol/3-ChangeSets.md")
    for row in ["| null | 0 |", "| integer | 1 |", "| real | 2 |", "| text | 3 |", "| blob | 4 |"] {
      #expect(page.contains(row), "\(row)")
    }
  }

  @Test func `The faults of the page are those of the code, each with a vector`() throws {
    let page = Set(try Self.table(of: "9-Limits.md", heading: "11 ").keys)
    let faults: [WireError] = [
      .truncated(offset: 0), .nonCanonical(.integer), .limitExceeded(.value, value: 1, limit: 0),
      .unknownCode(.table, code: 0), .malformed(.value),
      .checksumMismatch(expected: 0, found: 1), .inflationFailed, .frameOutOfPlace(index: 0),
      .bundleTruncated(frames: 0, expected: 0), .trailingBytes(count: 1),
    ]
    #expect(page == Set(faults.map(\.vector)))
    var met = Set(try VectorFolder.read(ClockFile.self, ClockVectors.file).invalid.map(\.error))
    met.formUnion(
      try VectorFolder.read(ChangeSetFile.self, ChangeSetVectors.file).invalid.map(\.error))
    met.formUnion(try VectorFolder.read(FrameFile.self, FrameVectors.file).invalid.map(\.error))
    met.formUnion(try VectorFolder.read(BundleFile.self, BundleVectors.file).invalid.map(\.error))
    #expect(met == page)
  }

  private func check<Code: CaseIterable & RawRepresentable>(
    _ codes: Code.Type, _ heading: String, besides: [String: String] = [:]
  ) throws {
    var expected = besides
    for code in codes.allCases { expected["\(code)"] = "\(code.rawValue)" }
    #expect(try Self.table(of: "9-Limits.md", heading: heading) == expected)
  }

  /// The texts in front of what is signed, as §10 lists them.
  private static let signingDomains = [
    "tributary head v1": "the writer", "tributary hello v1": "the sender",
    "tributary bundle v1": "the exporter", "tributary enrolment v1": "the new node",
  ]

  @Test func `What is signed begins with the domain of the page`() throws {
    for (name, bytes) in PageExamples.all where name.hasSuffix("-signed") {
      let domain = String(decoding: bytes.dropFirst().prefix(Int(bytes[0])), as: UTF8.self)
      #expect(Self.signingDomains[domain] != nil, "\(name)")
    }
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
    try check(HashDomain.self, "10 ", besides: Self.signingDomains)
  }
}

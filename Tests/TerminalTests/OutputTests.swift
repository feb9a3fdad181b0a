import Foundation
import Terminal
import Testing

@Suite("What commands print")
struct OutputTests {
  private struct Status: Encodable {
    let lastContact: Date
    let bytesSent: UInt64
    let path: String
    let perNode: [String: Int]
  }

  @Test("JSON has snake_case names, RFC 3339 times and sorted keys; keys that are data stay")
  func json() throws {
    let status = Status(
      lastContact: Date(timeIntervalSince1970: 1_772_698_150.123), bytesSent: .max, path: "/a",
      perNode: ["530102-01": 1, "camelCase": 2])
    #expect(
      try Output.json(status, isPretty: false)
        == #"{"bytes_sent":18446744073709551615,"last_contact":"2026-03-05T08:09:10.123Z","#
        + #""path":"/a","per_node":{"530102-01":1,"camelCase":2}}"#)
  }

  @Test("What JSON cannot say is a problem with an exit status")
  func notJSON() {
    let problem = #expect(throws: Problem.self) { try Output.json(["a": Double.nan]) }
    #expect(problem?.status == .software)
  }

  @Test("Exit statuses are those of sysexits, each explained in the help")
  func statuses() {
    #expect(ExitStatus.usage.rawValue == 64 && ExitStatus.configuration.rawValue == 78)
    let lines = ExitStatus.helpText.split(separator: "\n")
    #expect(lines.count == ExitStatus.allCases.count + 1)
    #expect(lines[1] == "    0  done")
    #expect(lines.allSatisfy { $0.count <= 80 })
  }

  @Test("A problem says what failed, on what, why, and what to do; nothing drives the terminal")
  func problems() {
    let problem = Problem(
      "cannot open the replica", on: "/tmp/a\u{1B}[2J", because: "it is in use",
      next: ["Stop the server.", "Try again."], status: .unavailable)
    #expect(
      problem.text() == """
        tributary: cannot open the replica: /tmp/a\\u{1B}[2J
          why:  it is in use
          next: Stop the server.
                Try again.

        """)
    let several = Problem("no", because: ["one", "two\nlines"], next: ["x"], status: .data)
    #expect(
      several.text() == "tributary: no\n  why:  one\n        two\\nlines\n  next: x\n")
    #expect(Problem("no luck", status: .software).text(program: "x") == "x: no luck\n")
  }

  @Test("Where no person looks, progress is a line every five seconds")
  func plainProgress() {
    var progress = Progress("import", total: 1_000, unit: "rows", columns: nil, milliseconds: 1_000)
    #expect(progress.update(1, milliseconds: 5_999) == nil)
    #expect(progress.update(500, milliseconds: 6_000) == "import: 500/1,000 rows\n")
    #expect(progress.update(600, milliseconds: 7_000) == nil)
    #expect(progress.update(2_000, milliseconds: 11_000) == "import: 1,000/1,000 rows\n")
    #expect(progress.finish(milliseconds: 11_500) == "import: 1,000 rows, 10.5 s\n")
  }

  @Test("In a terminal the bar redraws itself within the width")
  func bar() {
    var progress = Progress("导入", total: 100, unit: "rows", columns: 60, milliseconds: 1)
    let first = progress.update(0, milliseconds: 1) ?? ""
    #expect(first.hasPrefix("\r导入  [····"))
    #expect(progress.update(10, milliseconds: 50) == nil)
    let half = progress.update(50, milliseconds: 4_001) ?? ""
    #expect(half.contains("█·") && half.hasSuffix("]  50/100 rows, 4.0 s left"))
    #expect(DisplayWidth.columns(of: half.filter { $0 != "\r" }) <= 59)
    let last = progress.finish(milliseconds: 8_001)
    #expect(last.hasPrefix("\r导入: 50 rows, 8.0 s  ") && last.hasSuffix(" \n"))
  }

  @Test("In a narrow terminal the bar gives way to the numbers")
  func narrow() {
    var progress = Progress("a long label", total: 100, columns: 24, milliseconds: 1)
    #expect(progress.update(50, milliseconds: 1) == "\ra long label  50/100")
    var open = Progress("b", total: 0, unit: "rows", columns: 80, milliseconds: 1)
    #expect(open.update(7, milliseconds: 1) == "\rb  7 rows")
  }
}

import Foundation
import Rehearsal
import TestSupport
import Testing

/// Bad input to the casework, by the program itself: each is told with clause and row, nothing is nulled.
@Suite("Bad input to the casework", .timeLimit(.minutes(5)))
struct BadCaseInputTests {
  private let steps: SeasonSteps
  private let tree: TestTree
  private let county: String

  init() async throws {
    tree = try await TestTree()
    steps = SeasonSteps(ProgramRunner(), files: tree.path(of: ""))
    county = try tree.county.folder
  }

  private func file(_ text: String, _ name: String) throws -> String {
    try steps.write(text, to: name)
  }

  private func expectRefused(_ arguments: [String], _ words: [String]) async throws {
    let refused = try await Program.expect(arguments, status: 65)
    for word in words { #expect(refused.errors.contains(word), "\(refused.errors)") }
  }

  /// A visit that a lead leads to, with a result that somebody entered.
  private func visit(certificate: String = "2099-12-31", finding: String = "R01") async throws {
    try await steps.expect(["lead", "add", county, "L1", "--source", "REPORT", "--subject", "小吃摊"])
    try await steps.expect(["lead", "step", county, "L1", "begin"])
    try await steps.expect([
      "special", county, "v1", "--origin", "LEAD", "--subject-code", "无照", "--lead", "L1", "--item",
      "Y0101", "--inspector", "Z1:\(certificate)", "--inspector", "Z2:2099-12-31", "--from",
      "2020-01-01", "--to", "2099-12-31",
    ])
    try await steps.expect(["result", "visit", county, "v1", "NOTIFIED", "STARTED", "DONE"])
    try await steps.expect([
      "result", "record", county, "v1", "Y0101", "--finding", finding, "--method", "M1",
      "--signer", "Z1", "--signer", "Z2",
    ])
  }

  private struct Visit: Decodable {
    struct Item: Decodable { let findings: [String] }
    let items: [Item]
  }

  @Test func `unknown codes of rosters and results are kept and shown, never nulled`() async throws
  {
    let roster = try file(
      "subject_code,name,registration_state,credit_class\n530102600000001,甲店,FROZEN,E\n", "a.csv")
    let taken = try await steps.expect(["roster", "import", county, roster])
    #expect(taken.output.contains("1 inserted") && taken.output.contains("0 lines rejected"))
    #expect(taken.errors.contains("“E” is not in the list of codes; kept as it is"))
    #expect(taken.errors.contains("line 2, column registration_state: warning"))
    for language in [[], ["--english"]] {
      let exported = try await steps.expect(["roster", "export", county] + language)
      #expect(exported.output.contains("FROZEN") && exported.output.contains(",E,"))
    }
    try await visit(finding: "R77")
    let visits = try await steps.read([Visit].self, ["result", "list", county])
    #expect(visits.first?.items.first?.findings == ["R77"])
    try await steps.expect(["result", "submit", county, "v1", "Y0101"])
    try await steps.expect(["result", "finalise", county, "v1", "Y0101"])
    let bundle = try await steps.expect(["duty", "export", county, "v1"])
    #expect(bundle.output.contains("\"findings\":\"R77\""))
  }

  @Test func `an illegal change of state names clause, row and both states`() async throws {
    try await visit()
    try await expectRefused(
      ["result", "visit", county, "v1", "NOTIFIED"], ["二(五) R-2.18, v1", "DONE", "NOTIFIED"])
    try await expectRefused(
      ["result", "finalise", county, "v1", "Y0101"],
      ["三(二) R-3.2, v1/Y0101/市场监管", "ENTERED", "FINAL"])
    try await steps.expect(["lead", "verify", county, "L1", "--outcome", "属实"])
    try await expectRefused(["lead", "step", county, "L1", "begin"], ["一(四) R-1.6, L1"])
  }

  @Test func `a ratio above the cap of a general item names clause, task, item and both ratios`()
    async throws
  {
    var task = SeasonSteps.Task(from: "\(year)-04-01", to: "\(year)-06-30")
    task.ratios = ["A": 2_500, "B": 2_500]
    let (plan, codes) = try await steps.plan([task], of: TestTree.county, at: county)
    let code = try #require(codes.first)
    let words = ["二(五) R-2.16, \(code)", "Y0101", "25.00%", "20.00%"]
    try await expectRefused(["plan", "sign", county, plan, "--signed-by", "张局"], words)
    let checked = try await Program.run(["plan", "check", county, plan])
    #expect(checked.status != 0)
    for word in words { #expect("\(checked.output)\(checked.errors)".contains(word)) }
    #expect(try await steps.expect(["plan", "list", county]).output.isEmpty, "nothing was written")
  }

  @Test
  func `a plan with a code, a filter, a day or a member that is none says which, and of what`()
    async throws
  {
    let (plan, codes) = try await steps.plan(
      [.init(from: "\(year)-04-01", to: "\(year)-06-30")], of: TestTree.county, at: county)
    let code = try #require(codes.first)
    let text = try String(contentsOfFile: plan, encoding: .utf8)
    let cases: [(String, String, [String])] = [
      (
        "\"UNDIRECTED\"", "\"LOTTERY\"",
        ["二(五) R-2.13, \(code)", "draw_type", "“LOTTERY”", "UNDIRECTED、DIRECTED、SIEVE、BATCH"]
      ),
      (
        "\"draw_type\" : \"UNDIRECTED\"",
        "\"draw_type\" : \"DIRECTED\", \"filter\" : \"phone = '1'\"",
        ["一(五) R-1.8, \(code)", "“phone”不是已公开的字段", "industry"]
      ),
      ("\(year)-04-01", "\(year)-04-31", ["二(五) R-2.13, \(code)", "window_from", "-04-31"]),
      ("\"team_size\"", "\"teamsize\"", ["nothing is called 'teamsize'", "plan make --help"]),
    ]
    for (old, new, words) in cases {
      let file = try file(text.replacing(old, with: new), "odd.json")
      try await expectRefused(["plan", "check", county, file], words)
      try await expectRefused(["plan", "sign", county, file, "--signed-by", "张局"], words)
    }
    #expect(try await steps.expect(["plan", "list", county]).output.isEmpty)
    // What is signed is ended with reason and approver only.
    try await steps.expect(["plan", "sign", county, plan, "--signed-by", "张局"])
    try await expectRefused(
      ["plan", "terminate", county, code, "--reason", "", "--approver", "李局"],
      ["二(五) R-2.14, \(code)"])
    try await steps.expect([
      "plan", "terminate", county, code, "--reason", "机构调整", "--approver", "李局",
    ])
    #expect(try await steps.expect(["plan", "list", county]).output.contains("\(code) TERMINATED"))
  }

  private var year: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 28_800)
    formatter.dateFormat = "yyyy"
    return formatter.string(from: Date())
  }

  @Test func `a draw without a barrier names clause and task`() async throws {
    let (plan, codes) = try await steps.plan(
      [.init(from: "\(year)-04-01", to: "\(year)-12-31")], of: TestTree.county, at: county)
    let code = try #require(codes.first)
    try await steps.expect(["plan", "sign", county, plan, "--signed-by", "张局"])
    try await expectRefused(
      ["draw", "freeze", county, code], ["二(五) R-2.18, \(code)", "名录基线"])
    #expect(try await steps.expect(["draw", "list", county]).output.isEmpty)
  }

  @Test func `a file that is none, a unit that is none and an empty list say so`() async throws {
    let text = try file("{\"year\": 2026}", "no-plan.json")
    try await expectRefused(["plan", "check", county, text], ["this is no plan", "it is missing"])
    try await Program.expect(["plan", "sign", county, "nowhere", "--signed-by", "张局"], status: 66)
    try await Program.expect(["draw", "list", county, "--unit", "nowhere"], status: 64)
    try await expectRefused(["draw", "run", county, "s1"], ["tributary draw anchor"])
    for list in [
      ["follow-up", "list"], ["follow-up", "transfers"], ["result", "list"], ["draw", "list"],
    ] {
      let shown = try await steps.expect(list + [county])
      #expect(shown.output.isEmpty && shown.errors.contains("nothing to show"))
      #expect(try await steps.expect(list + [county, "--json"]).errors.isEmpty)
    }
  }

  @Test func `an expired certificate names clause, result and inspector`() async throws {
    try await visit(certificate: "2020-01-31")
    try await expectRefused(
      ["result", "submit", county, "v1", "Y0101"],
      ["二(二) R-2.6, v1/Y0101/市场监管", "Z1", "2020-01-31"])
  }

  @Test func `a credit code that stands twice is a violation with clause and both rows`()
    async throws
  {
    let province = try tree.province.folder
    let roster = try file("subject_code,name\n91350100M000100Y43,甲公司\n", "b.csv")
    for division in ["530102", "530103"] {
      try await steps.expect(["roster", "import", province, roster, "--division", division])
    }
    let list = try await steps.expect(["violations", province])
    for word in ["subject_code_once", "二(二) R-2.4", "91350100M000100Y43", "五华区", "盘龙区"] {
      #expect(list.output.contains(word), "\(list.output)")
    }
    struct Violation: Decodable {
      let clause: String?
      let requirement: String?
    }
    let read = try await steps.read([Violation].self, ["violations", province])
    #expect(read.map(\.clause) == ["二(二)"] && read.map(\.requirement) == ["R-2.4"])
    // A code whose check character does not fit goes in with a warning and its line (§3.1).
    let odd = try file("subject_code,name\n91350203M0001QAY9B,乙公司\n", "c.csv")
    let taken = try await steps.expect([
      "roster", "import", province, odd, "--division", "530102",
    ])
    #expect(taken.errors.contains("line 2") && taken.output.contains("1 inserted"))
  }
}

import Foundation
import TestSupport
import Testing

/// A draw from the plan to the published record, by the program itself on three nodes (domain.md §8).
@Suite("A season of random inspections", .timeLimit(.minutes(10)))
struct SeasonTests {
  private struct Visit: Decodable {
    let visitId: String
    let subjectCode: String
    let inspectors: [String]
  }

  private struct Dispatched: Decodable {
    let visits: [String]
  }

  private struct Answer: Decodable {
    let verdict: String
    let action: String
  }

  private struct Drawn: Decodable {
    let seedGrade: String
  }

  private struct Session: Decodable {
    let session: String
    let state: String
  }

  private struct FollowUp: Decodable {
    let kind: String
    let isMandatory: Bool
  }

  private struct Filed: Decodable {
    struct Receipt: Decodable { let hub: String }
    let receipts: [Receipt]
  }

  /// Today and the year in Asia/Shanghai.
  private static var today: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 28_800)
    formatter.dateFormat = "yyyy-MM-dd"
    return formatter.string(from: Date())
  }

  private func fill(_ county: TestNode, _ tree: TestTree) async throws {
    var rows = "subject_code,name,kind,registration_state,credit_class,credit_month\n"
    for number in 0..<30 {
      let digits = String(number)
      let code = "5301026000" + String(repeating: "0", count: 5 - digits.count) + digits
      rows += "\(code),企业\(number),ENT,ACTIVE,\(["A", "B", "C", "D"][number % 4]),2026-01\n"
    }
    let companies = tree.path(of: "companies.csv")
    try Data(rows.utf8).write(to: URL(filePath: companies))
    var people = "inspector_code,name,certificate_valid_to,status\n"
    for number in 0..<4 { people += "I\(number),检查员\(number),2099-12-31,ON_DUTY\n" }
    let inspectors = tree.path(of: "inspectors.csv")
    try Data(people.utf8).write(to: URL(filePath: inspectors))
    try await Program.expect(["roster", "import", county.folder, companies])
    try await Program.expect([
      "roster", "import", county.folder, inspectors, "--table", "inspectors",
    ])
  }

  /// The draft that the program prints, with a window that today is in.
  private func plan(_ county: TestNode, at path: String) async throws -> String {
    let made = try await Program.expect(["plan", "make", county.folder])
    var plan = try #require(
      JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])
    var tasks = try #require(plan["tasks"] as? [[String: Any]])
    tasks[0]["window_from"] = Self.today
    tasks[0]["window_to"] = "\(Self.today.prefix(4))-12-31"
    tasks[0]["approver"] = "李局"
    plan["tasks"] = tasks
    try JSONSerialization.data(withJSONObject: plan).write(to: URL(filePath: path))
    return try #require(tasks[0]["code"] as? String)
  }

  private func prepare(_ tree: TestTree) async throws -> String {
    let (province, prefecture, county) = (try tree.province, try tree.prefecture, try tree.county)
    try await fill(county, tree)
    for (file, name) in [("operator.key", "王芳"), ("supervisor.key", "李强")] {
      try await Program.expect(["draw", "key", tree.path(of: file), "--name", name])
    }
    try await Program.expect([
      "draw", "anchor", county.folder, "--operator-key", tree.path(of: "operator.key"),
      "--supervisor-key", tree.path(of: "supervisor.key"),
    ])
    try await Program.expect(["draw", "anchor", prefecture.folder, "--for", TestTree.county])
    let file = tree.path(of: "plan.json")
    let task = try await plan(county, at: file)
    try await Program.expect(["plan", "check", county.folder, file])
    try await Program.expect(["plan", "sign", county.folder, file, "--signed-by", "张局"])
    let early = try await Program.expect(["draw", "freeze", county.folder, task], status: 65)
    #expect(early.errors.contains("二(五) R-2.18") && early.errors.contains("名录基线"))
    try await tree.agree()
    try await Program.expect(["draw", "barrier", province.folder, "--for", TestTree.county])
    try await Program.expect(["plan", "receive", prefecture.folder])
    try await tree.agree()
    let filed = try await Program.expect(["plan", "list", county.folder, "--json"])
      .decoded(as: [Filed].self)
    #expect(filed.first?.receipts.map(\.hub) == [TestTree.prefecture])
    return task
  }

  private func draw(_ task: String, _ tree: TestTree) async throws -> String {
    let (prefecture, county) = (try tree.prefecture, try tree.county)
    let session = try await Program.expect(["draw", "freeze", county.folder, task])
      .output.trimmingCharacters(in: .whitespacesAndNewlines)
    try await Program.expect([
      "draw", "commit", county.folder, session, "--operator-key", tree.path(of: "operator.key"),
      "--supervisor-key", tree.path(of: "supervisor.key"),
    ])
    let unanswered = try await Program.expect(["draw", "run", county.folder, session], status: 65)
    #expect(unanswered.errors.contains("尚无上级确认"))
    try await tree.agree()
    let answers = try await Program.expect(["draw", "ack", prefecture.folder, "--json"])
      .decoded(as: [Answer].self)
    #expect(answers.map(\.verdict) == ["MATCH"] && answers.map(\.action) == ["ACKNOWLEDGED"])
    try await tree.agree()
    let drawn = try await Program.expect(["draw", "run", county.folder, session, "--json"])
      .decoded(as: Drawn.self)
    #expect(drawn.seedGrade == "2")
    let again = try await Program.expect(["draw", "freeze", county.folder, task], status: 65)
    #expect(again.errors.contains("不得重抽"))
    return session
  }

  /// One visit with a finding that has to be listed; the others are impossible.
  private func visit(_ session: String, _ task: String, _ tree: TestTree) async throws {
    let county = try tree.county
    let dispatched = try await Program.expect([
      "draw", "dispatch", county.folder, session, "--json",
    ]).decoded(as: Dispatched.self)
    let visits = try await Program.expect(["result", "list", county.folder, "--json"])
      .decoded(as: [Visit].self)
    #expect(visits.count == dispatched.visits.count && visits.count >= 4)
    let first = try #require(visits.first)
    #expect(first.inspectors.count == 2)
    for visit in visits.dropFirst() {
      try await Program.expect([
        "result", "visit", county.folder, visit.visitId, "NOTIFIED", "IMPOSSIBLE", "--reason",
        "CLOSED",
      ])
    }
    let (folder, id) = (county.folder, first.visitId)
    try await Program.expect(["result", "visit", folder, id, "NOTIFIED", "STARTED", "DONE"])
    let signers = first.inspectors.flatMap { ["--signer", $0] }
    try await Program.expect(
      ["result", "record", folder, id, "Y0101", "--finding", "R04", "--method", "M1"] + signers)
    let photo = tree.path(of: "photo")
    try Data("photo".utf8).write(to: URL(filePath: photo))
    let hash = try await Program.expect(["result", "evidence", folder, id, photo]).output
    #expect(hash.count == 65)
    for step in ["submit", "finalise"] {
      try await Program.expect(["result", step, folder, id, "Y0101"])
    }
    let followUps = try await Program.expect(["follow-up", "list", folder, "--json"])
      .decoded(as: [FollowUp].self)
    #expect(followUps.contains { $0.kind == "LISTING" && $0.isMandatory })
    let key = [folder, id, "Y0101", "--kind", "LISTING"]
    try await Program.expect(["follow-up", "accept"] + key)
    let refused = try await Program.expect(
      ["follow-up", "close"] + key + ["--outcome", "CORRECTED_VERIFIED"], status: 65)
    #expect(refused.errors.contains("R-2.28"))
    try await Program.expect(
      ["follow-up", "close"] + key + ["--outcome", "LISTED", "--number", "1"])
    try await Program.expect([
      "result", "amend", folder, id, "Y0101", "--field", "problem", "--to", "无法联系",
      "--reason", "补充", "--approver", "李局",
    ])
    try await Program.expect(["result", "complete", folder, task])
  }

  @Test("goes from plan to freeze, commit, answer, draw, results and a record that is verified")
  func season() async throws {
    let tree = try await TestTree()
    try await tree.start()
    let task = try await prepare(tree)
    let session = try await draw(task, tree)
    try await visit(session, task, tree)
    let county = try tree.county
    try await Program.expect(["draw", "reveal", county.folder, session])
    try await tree.agree()
    var records: [String] = []
    for node in [county, try tree.province] {
      let record = try await Program.expect([
        "draw", "record", node.folder, "--unit", TestTree.county, "--rows",
      ]).output
      let path = tree.path(of: "record-\(node.code).json")
      try Data(record.utf8).write(to: URL(filePath: path))
      try await Program.expect(["draw", "verify", path])
      records.append(record)
    }
    // One company of the record gets its own proof, and checks it with nothing else.
    let path = tree.path(of: "record-\(county.code).json")
    let proof = tree.path(of: "proof.json")
    let proved = try await Program.expect(["draw", "prove", path, "530102600000003"])
    try Data(proved.output.utf8).write(to: URL(filePath: proof))
    try await Program.expect(["draw", "verify", path, "--proof", proof])
    // Whoever changes one number of it is found.
    let forged = records[0].replacingOccurrences(of: "530102600000003", with: "530102600000099")
    let bad = tree.path(of: "forged.json")
    try Data(forged.utf8).write(to: URL(filePath: bad))
    try await Program.expect(["draw", "verify", bad], status: 1)
    let sessions = try await Program.expect(["draw", "list", county.folder, "--json"])
      .decoded(as: [Session].self)
    #expect(sessions.map(\.state) == ["PROVEN"] && sessions.map(\.session) == [session])
    try await tree.check()
    try await tree.stop()
  }
}

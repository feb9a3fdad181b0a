import Foundation
import Rehearsal
import TestSupport
import Testing

/// A draw from the plan to the published record, by the program itself on three nodes (domain.md §8).
@Suite("A season of random inspections", .timeLimit(.minutes(10)))
struct SeasonTests {
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

  private func steps(_ tree: TestTree) -> SeasonSteps {
    SeasonSteps(ProgramRunner(), files: tree.path(of: ""))
  }

  private func prepare(_ tree: TestTree) async throws -> String {
    let (province, prefecture, county) = (try tree.province, try tree.prefecture, try tree.county)
    let steps = steps(tree)
    try await fill(county, tree)
    try await steps.publishAnchor(of: TestTree.county, at: county.folder)
    try await steps.expect(["draw", "anchor", prefecture.folder, "--for", TestTree.county])
    let planned = SeasonSteps.Task(from: Self.today, to: "\(Self.today.prefix(4))-12-31")
    let (file, codes) = try await steps.plan(
      [planned], of: TestTree.county, at: county.folder)
    let task = try #require(codes.first)
    try await steps.expect(["plan", "check", county.folder, file])
    try await steps.expect(["plan", "sign", county.folder, file, "--signed-by", "张局"])
    let early = try await steps.expect(["draw", "freeze", county.folder, task], status: 65)
    #expect(early.errors.contains("二(五) R-2.18") && early.errors.contains("名录基线"))
    try await tree.agree()
    try await steps.expect(["draw", "barrier", province.folder, "--for", TestTree.county])
    try await steps.expect(["plan", "receive", prefecture.folder])
    try await tree.agree()
    let filed = try await steps.read([Filed].self, ["plan", "list", county.folder])
    #expect(filed.first?.receipts.map(\.hub) == [TestTree.prefecture])
    return task
  }

  private func draw(_ task: String, _ tree: TestTree) async throws -> String {
    let (prefecture, county) = (try tree.prefecture, try tree.county)
    let steps = steps(tree)
    let session = try await steps.commit([task], of: TestTree.county, at: county.folder)
    let unanswered = try await steps.expect(["draw", "run", county.folder, session], status: 65)
    #expect(unanswered.errors.contains("尚无上级确认"))
    try await tree.agree()
    let answers = try await steps.answers(to: TestTree.county, at: prefecture.folder)
    #expect(answers.map(\.verdict) == ["MATCH"] && answers.map(\.action) == ["ACKNOWLEDGED"])
    try await tree.agree()
    #expect(try await steps.draw(session, at: county.folder) == "2")
    let again = try await steps.expect(["draw", "freeze", county.folder, task], status: 65)
    #expect(again.errors.contains("不得重抽"))
    return session
  }

  /// One visit with a finding that has to be listed; the others are impossible.
  private func visit(_ session: String, _ task: String, _ tree: TestTree) async throws {
    let folder = try tree.county.folder
    let steps = steps(tree)
    let count = try await steps.dispatch(session, at: folder)
    let visits = try await steps.visits(of: task, at: folder)
    #expect(visits.count == count && visits.count >= 4)
    let first = try #require(visits.first)
    #expect(first.inspectors.count == 2)
    for visit in visits.dropFirst() {
      try await steps.expect([
        "result", "visit", folder, visit.visitId, "NOTIFIED", "IMPOSSIBLE", "--reason", "CLOSED",
      ])
    }
    try await steps.inspect(first, finding: "R04", at: folder)
    let followUps = try await steps.read([FollowUp].self, ["follow-up", "list", folder])
    #expect(followUps.contains { $0.kind == "LISTING" && $0.isMandatory })
    let key = [folder, first.visitId, "Y0101"]
    let refused = try await steps.expect(
      ["follow-up", "close"] + key + ["--kind", "LISTING", "--outcome", "CORRECTED_VERIFIED"],
      status: 65)
    #expect(refused.errors.contains("R-2.28"))
    try await steps.close("LISTING", of: first, outcome: "LISTED", number: "1", at: folder)
    let early = try await steps.expect(
      ["follow-up", "unlist"] + key + ["--kind", "LISTING", "--on", "2020-01-01"], status: 65)
    #expect(early.errors.contains("R-2.28"))
    try await steps.expect(
      ["follow-up", "justice"] + key + [
        "--reported", "2020-01-01", "--approved", "2020-01-02T10:00:00+08:00", "--approver", "李局",
        "--receiver", "公安局",
      ])
    let late = try await steps.expect(["follow-up", "transfers", folder])
    #expect(late.output.contains("未移送 公安局 逾期"))
    try await steps.expect(["follow-up", "handed-over"] + key + ["--number", "移1号"])
    let entry = try await steps.read([FollowUp].self, ["follow-up", "list", folder])
    #expect(entry.contains { $0.kind == "JUSTICE" && $0.isMandatory })
    try await steps.expect(
      ["result", "amend"] + key + [
        "--field", "problem", "--to", "无法联系", "--reason", "补充", "--approver", "李局",
      ])
    try await steps.expect(["result", "complete", folder, task])
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
    for node in [try tree.province, county] {
      let check = try await steps(tree).verify(of: TestTree.county, at: node.folder)
      #expect(check.failed == 0 && check.passed > 0)
    }
    // One company of the record gets its own proof, and checks it with nothing else.
    let path = tree.path(of: "\(county.code)-record.json")
    let record = try String(contentsOfFile: path, encoding: .utf8)
    let proof = tree.path(of: "proof.json")
    let proved = try await Program.expect(["draw", "prove", path, "530102600000003"])
    try Data(proved.output.utf8).write(to: URL(filePath: proof))
    try await Program.expect(["draw", "verify", path, "--proof", proof])
    // Whoever changes one number of it is found.
    let forged = record.replacingOccurrences(of: "530102600000003", with: "530102600000099")
    let bad = tree.path(of: "forged.json")
    try Data(forged.utf8).write(to: URL(filePath: bad))
    try await Program.expect(["draw", "verify", bad], status: 1)
    let sessions = try await Program.expect(["draw", "list", county.folder, "--json"])
      .decoded(as: [Session].self)
    #expect(sessions.map(\.state) == ["PROVEN"] && sessions.map(\.session) == [session])
    try await tree.check()
    try await tree.stop()
  }

  @Test("lets a prefecture draw over its county, which draws its inspectors and visits")
  func twoStages() async throws {
    let tree = try await TestTree()
    try await tree.start()
    let (province, prefecture, county) = (try tree.province, try tree.prefecture, try tree.county)
    let steps = steps(tree)
    try await fill(county, tree)
    for node in [prefecture, county] {
      try await steps.publishAnchor(of: node.code, at: node.folder)
    }
    try await steps.expect(["draw", "anchor", prefecture.folder, "--for", TestTree.county])
    try await steps.expect(["draw", "anchor", province.folder, "--for", TestTree.prefecture])
    var planned = SeasonSteps.Task(from: Self.today, to: "\(Self.today.prefix(4))-12-31")
    planned.implementers = [TestTree.county]
    let (file, codes) = try await steps.plan(
      [planned], of: TestTree.prefecture, at: prefecture.folder)
    try await steps.expect(["plan", "sign", prefecture.folder, file, "--signed-by", "张局"])
    try await tree.agree()
    try await steps.expect([
      "draw", "barrier", province.folder, "--for", TestTree.county, "--for", TestTree.prefecture,
    ])
    try await tree.agree()
    let session = try await steps.commit(codes, of: TestTree.prefecture, at: prefecture.folder)
    try await tree.agree()
    let answers = try await steps.answers(to: TestTree.prefecture, at: province.folder)
    #expect(answers.map(\.action) == ["ACKNOWLEDGED"])
    try await tree.agree()
    #expect(try await steps.draw(session, at: prefecture.folder) == "2")
    try await tree.agree()
    let share = try #require(try await steps.shares(at: county.folder).first)
    #expect(share.roster == "MATCH" && share.isSigned && share.session == session)
    let own = try await steps.commit(codes, of: TestTree.county, at: county.folder)
    try await tree.agree()
    let ownAnswers = try await steps.answers(to: TestTree.county, at: prefecture.folder)
    #expect(ownAnswers.map(\.verdict) == ["MATCH"])
    try await tree.agree()
    #expect(try await steps.draw(own, at: county.folder) == "2")
    #expect(try await steps.dispatch(own, at: county.folder) == share.objects.count)
    for visit in try await steps.visits(of: codes[0], at: county.folder) {
      try await steps.expect([
        "result", "visit", county.folder, visit.visitId, "NOTIFIED", "IMPOSSIBLE", "--reason",
        "CLOSED",
      ])
    }
    try await Program.expect(["draw", "reveal", county.folder, own])
    try await tree.agree()
    try await Program.expect(["draw", "reveal", prefecture.folder, session])
    try await tree.agree()
    for unit in [TestTree.prefecture, TestTree.county] {
      let check = try await steps.verify(of: unit, at: province.folder)
      #expect(
        check.failed == 0 && check.steps.contains { $0.step == "shares" && $0.verdict == "passed" })
    }
    // One company proves by itself that it was drawn above.
    let proved = try await Program.expect([
      "draw", "verify", tree.path(of: "\(TestTree.prefecture)-record.json"), "--enterprise",
      try #require(share.objects.first),
    ])
    #expect(proved.output.contains("应抽中"))
    try await tree.check()
    try await tree.stop()
  }
}

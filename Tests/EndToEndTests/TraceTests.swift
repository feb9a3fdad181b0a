import Foundation
import Rehearsal
import TestSupport
import Testing

/// 全过程留痕: every step of a visit is in a signed chain of its author, evidence by its hash.
@Suite("The trace of a visit", .timeLimit(.minutes(5)))
struct TraceTests {
  @Test func `names author, table and values of every step, and no step is missing`() async throws {
    let tree = try await TestTree()
    let county = try tree.county.folder
    let steps = SeasonSteps(ProgramRunner(), files: tree.path(of: ""))
    let photo = try steps.write("照片", to: "photo.jpg")
    func author(_ name: String) -> [String] { ["--author", name] }
    try await steps.expect(
      ["lead", "add", county, "L1", "--source", "REPORT", "--subject", "小吃摊"] + author("接线员"))
    try await steps.expect(["lead", "step", county, "L1", "begin"] + author("张三"))
    try await steps.expect(
      [
        "special", county, "v1", "--origin", "LEAD", "--subject-code", "无照", "--lead", "L1",
        "--item", "Y0101", "--inspector", "Z1:2099-12-31", "--inspector", "Z2:2099-12-31",
        "--from", "2020-01-01", "--to", "2099-12-31",
      ] + author("调度员"))
    try await steps.expect(
      ["result", "visit", county, "v1", "NOTIFIED", "STARTED", "DONE"] + author("张三"))
    let hash = try await steps.expect(
      ["result", "evidence", county, "v1", photo] + author("李四")
    ).output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(hash.utf8.count == 64)
    try await steps.expect(
      [
        "result", "record", county, "v1", "Y0101", "--finding", "R05", "--method", "M1", "--signer",
        "Z1", "--signer", "Z2",
      ] + author("张三"))
    try await steps.expect(["result", "submit", county, "v1", "Y0101"] + author("张三"))
    try await steps.expect(["result", "finalise", county, "v1", "Y0101"] + author("王科"))
    // What an auditor reads of it, above: each change set with its author, in one chain.
    let bundle = tree.path(of: "trace.bundle")
    try await steps.expect([
      "bundle", "export", county, "--to", TestTree.prefecture, "--out", bundle,
    ])
    let dump = try await steps.expect(["frames", "dump", bundle]).output
    for name in ["接线员", "张三", "调度员", "李四", "王科"] {
      #expect(dump.contains(name), "\(name) in:\n\(dump)")
    }
    for table in [
      "leads", "visits", "visit_items", "assignments", "evidence", "results", "final_results",
      "follow_ups",
    ] {
      #expect(dump.contains(table), "\(table)")
    }
    #expect(dump.contains(hash) && dump.contains("R05"))
    try await steps.expect(["check", county])
    // Whoever exchanges one byte of the evidence has another hash; the duty bundle has the first.
    let other = try steps.write("照骗", to: "photo.jpg")
    let second = try await steps.expect(["result", "evidence", county, "v1", other]).output
    #expect(!second.contains(hash))
    let duty = try await steps.expect(["duty", "export", county, "v1"])
    #expect(duty.output.contains(hash) && !duty.errors.contains("MISSING evidence"))
  }
}

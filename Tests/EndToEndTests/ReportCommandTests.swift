import Foundation
import Testing

/// `tributary report` and `duty` by the program itself.
@Suite struct ReportCommandTests {
  @Test func `a saved cut gives the same bytes again, and one from elsewhere is refused`()
    async throws
  {
    let root =
      FileManager.default.temporaryDirectory.path + "/tributary-report-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }  // Temporary: nobody misses it.
    let (node, cut) = ("\(root)/province", "\(root)/cut.json")
    try await Program.expect(["init", node, "--node", "530000"])
    try await Program.expect(["roster", "generate", node, "--scale", "0.0002"])
    let first = try await Program.expect(["report", node, "--csv", "--save-cut", cut])
    #expect(first.output.hasPrefix("unit,name,indicator,"))
    #expect(first.output.contains("530102,五华区,K14,检查对象名录完整率,—,,,"))
    try await Program.expect(["roster", "generate", node, "--scale", "0.0004"])
    let again = try await Program.expect(["report", node, "--csv", "--as-of", cut])
    #expect(again.output == first.output)
    let text = try String(contentsOfFile: cut, encoding: .utf8)
    try text.replacing("530000-1:", with: "530000-1:9").write(
      toFile: cut, atomically: true, encoding: .utf8)
    let refused = try await Program.expect(["report", node, "--as-of", cut], status: 75)
    #expect(refused.errors.contains("which has not arrived here"))
    try "{}".write(toFile: cut, atomically: true, encoding: .utf8)
    try await Program.expect(["report", node, "--as-of", cut], status: 65)
    // The province has no units yet: nothing is wrong, and nobody is ranked; K13 never ranks anybody.
    #expect(try await Program.expect(["alarms", node]).output == "no alarms\n")
    #expect(try await Program.expect(["rank", node, "--json"]).output == "[\n\n]\n")
    let ranked = try await Program.expect(["rank", node, "--indicator", "K13"], status: 64)
    #expect(ranked.errors.contains("ranks nobody"))
    try await Program.expect(["report", node, "--indicator", "K99"], status: 64)
    let table = "\(root)/list.csv"
    try "code,category,item,class,object,method,level,confidence,note\nY01\n".write(
      toFile: table, atomically: true, encoding: .utf8)
    let bad = try await Program.expect(
      [
        "list", "issue", node, table, "--list-version", "2026120101", "--effective-from",
        "2026-12-01",
      ],
      status: 65)
    #expect(bad.errors.contains("line 2 of the table") && !bad.errors.contains("Install"))
    let drill = "\(root)/drill.json"
    let signed = try await Program.expect(["drill", node, "--signed", "--unit", "530100"])
    try signed.output.write(toFile: drill, atomically: true, encoding: .utf8)
    let checked = try await Program.expect(["drill", "verify", node, drill])
    #expect(checked.output.hasPrefix("signed by 530000-1, unchanged;"))
    #expect(try await Program.expect(["drill", node, "--csv"]).output.hasPrefix("level,id,"))
    try signed.output.replacing("530100", with: "530300").write(
      toFile: drill, atomically: true, encoding: .utf8)
    try await Program.expect(["drill", "verify", node, drill], status: 65)
    try await Program.expect(["drill", node, "--visit", "v1"], status: 65)
    let missing = try await Program.expect(["duty", "export", node, "v1"], status: 65)
    #expect(missing.errors.contains("visits has no row v1"))
  }
}

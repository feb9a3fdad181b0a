import Foundation
import Testing

/// Leads, special checks, hand-overs, publication and duty by the program itself, at a county without a link.
@Suite struct LeadCommandTests {
  private struct Lead: Decodable {
    let leadId: String
    let state: String
    let isLate: Bool
    let caseNumber: String?
  }

  @Test func `a lead runs from its receipt to a case, its visit has a signed duty bundle`()
    async throws
  {
    let root = FileManager.default.temporaryDirectory.path + "/tributary-lead-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }  // Temporary: nobody misses it.
    let (node, bundle) = ("\(root)/province", "\(root)/v1.duty")
    try await Program.expect(["init", node, "--node", "530000"])
    try await Program.expect([
      "lead", "add", node, "L1", "--source", "COMPLAINT", "--subject", "无照小吃摊",
    ])
    let visit = [
      "special", node, "v1", "--origin", "LEAD", "--subject-code", "无照", "--lead", "L1", "--item",
      "Y0101", "--inspector", "Z1:2030-01-01", "--inspector", "Z2:2030-01-01", "--from",
      "2026-01-01", "--to", "2030-01-01",
    ]
    let early = try await Program.expect(visit, status: 65)
    #expect(early.errors.contains("一(四) R-1.6"))
    try await Program.expect(["lead", "step", node, "L1", "begin"])
    try await Program.expect(visit)
    let routine = visit.map { $0 == "LEAD" ? "ROUTINE_SPECIAL_FIELD" : $0 == "v1" ? "v2" : $0 }
    let refused = try await Program.expect(routine, status: 65)
    #expect(refused.errors.contains("一(二) R-1.4"))
    try await Program.expect(["lead", "verify", node, "L1", "--outcome", "属实"])
    try await Program.expect(["lead", "case", node, "L1", "云市监案1号"])
    let leads = try await Program.expect(["lead", "list", node, "--json"]).decoded(as: [Lead].self)
    #expect(leads.map(\.state) == ["CASE_FILED"] && leads[0].caseNumber == "云市监案1号")
    #expect(!leads[0].isLate)
    let export = try await Program.expect(["duty", "export", node, "v1", "--output", bundle])
    #expect(export.errors.contains("MISSING evidence: 二(五) R-2.23, v1"))
    struct Verified: Decodable {
      let isSigned: Bool
      let signer: String
      let visitId: String?
      let gaps: Int?
    }
    let verified = try await Program.expect(["duty", "verify", node, bundle, "--json"])
      .decoded(as: Verified.self)
    #expect(verified.isSigned && verified.signer == "530000-1" && verified.visitId == "v1")
    #expect((verified.gaps ?? 0) > 0)
    let text = try String(contentsOfFile: bundle, encoding: .utf8)
    try text.replacing("Z2", with: "Z3").write(toFile: bundle, atomically: true, encoding: .utf8)
    try await Program.expect(["duty", "verify", node, bundle], status: 65)
    let file = try await Program.expect(["publish", "export", node])
    #expect(file.output.contains("tributary-publication-1"))
    try await Program.expect([
      "evaluate", "make", node, "530102", "2026-1", "--method", "ONLINE", "--from", "2026-01-01",
      "--to", "2026-12-31",
    ])
    let versions = try await Program.expect(["evaluate", "list", node, "--unit", "530102"])
    #expect(versions.output.contains("2026-1 v1 网络监督"))
    try await Program.expect([
      "handover", "offer", node, "object/91530102MA6KABCD12", "--to", "530100", "--id", "H1",
    ])
    #expect(
      try await Program.expect(["handover", "list", node]).output.contains("530100"))
  }
}

import Foundation
import TestSupport
import Testing

/// Three tiers by hand, as an operator sets them up and runs them.
@Suite("An operator", .timeLimit(.minutes(5)))
struct OperatorTests {
  @Test("sets up three tiers, sees a conflict at each, resolves it, and all are sound")
  func threeTiers() async throws {
    let tree = try await TestTree()
    let (province, county) = (try tree.province, try tree.county)
    try await tree.start()
    #expect(try await county.insert("91530102MA6K000001"))
    try await tree.agree()
    #expect(try await province.companies(TestTree.county) == ["91530102MA6K000001"])
    // Both edit one telephone number before either hears of the other.
    try await county.stop()
    for (node, phone) in [(county, "0871-1"), (province, "0871-2")] {
      #expect(try await node.write("UPDATE companies SET phone = '\(phone)'"))
    }
    try await tree.start(county)
    try await tree.agree()
    for node in tree.nodes { #expect(try await node.status().conflicts == 1) }
    let list = try await Program.expect(["conflicts", "list", county.folder, "--json"])
      .decoded(as: [Readings.Conflict].self)
    let conflict = try #require(list.first)
    #expect(conflict.table == "companies" && conflict.sides.count == 2)
    let shown = try await Program.expect(["conflicts", "show", county.folder, conflict.id])
    #expect(shown.output.contains("0871-1") && shown.output.contains("0871-2"))
    let other = try #require(conflict.sides.first { !$0.isShown })
    try await Program.expect([
      "conflicts", "resolve", county.folder, String(conflict.id.prefix(12)), "--choose",
      "\(other.number)", "--author", "张三", "--reason", "asked them",
    ])
    try await tree.agree()
    for node in tree.nodes { #expect(try await node.status().conflicts == 0) }
    let phones = try await province.rows("SELECT phone FROM companies")
    #expect(try await county.rows("SELECT phone FROM companies") == phones)
    try await tree.check()
    try await tree.stop()
    try await tree.check()
    // The file tells it as well when no server runs.
    #expect(try await province.status().peer("530100-1")?.lastContactAt != nil)
  }

  @Test("syncs once by hand, and is told when there is nothing to talk to") func once() async throws
  {
    let tree = try await TestTree([TestTree.province, TestTree.county])
    let (province, county) = (try tree.province, try tree.county)
    #expect(try await county.insert("91530102MA6K000001"))
    let alone = try await county.run([
      "sync", county.folder, "--parents", "http://127.0.0.1:1", "--json",
    ])
    #expect(alone.status == 69)
    #expect(try alone.decoded(as: Readings.Sync.self).problemCode == "unreachable")
    try await tree.start(province)
    let sync = try await county.sync()
    #expect(sync.isComplete && sync.changeSetsSent == 1, "\(sync)")
    #expect(try await province.companies(TestTree.county).count == 1)
    let again = try await county.sync()
    #expect(again.isComplete && again.changeSetsSent == 0 && again.changeSetsApplied == 0)
    let top = try await province.run(["sync", province.folder, "--json"])
    #expect(top.status == 69)
    try await tree.stop()
  }

  @Test("is told what to do when a node is unknown to its hub") func unknown() async throws {
    let tree = try await TestTree([TestTree.province, TestTree.county])
    let (province, county) = (try tree.province, try tree.county)
    try await tree.start(province)
    let stranger = TestNode(
      code: TestTree.sibling, folder: tree.path(of: TestTree.sibling),
      links: [try FaultProxy(to: province.port)])
    try await Program.expect([
      "init", stranger.folder, "--node", stranger.code, "--anchor", tree.anchor,
    ])
    #expect(try await stranger.insert("91530103MA6K000001"))
    let refused = try await stranger.run([
      "sync", stranger.folder, "--parents", stranger.parents,
    ])
    #expect(refused.status == 77)
    #expect(refused.output.contains("530103-1") && refused.output.contains("tributary enroll"))
    // Its own file tells it too; the hub remembers no stranger.
    let noted = try await stranger.status().peer("530000-1")?.lastError
    #expect(noted?.hasPrefix("unknown_replica: ") == true, "\(noted ?? "none")")
    #expect(try await province.status().peers.isEmpty)
    #expect(try await province.companies(TestTree.sibling).isEmpty)
    // Nobody else is held up, and it is welcome once it is admitted.
    #expect(try await county.insert("91530102MA6K000001"))
    #expect(try await county.sync().isComplete)
    try await Program.expect(["enroll", province.folder, stranger.folder + "/enrolment.json"])
    #expect(try await stranger.sync().isComplete)
    #expect(try await province.companies(TestTree.sibling).count == 1)
    try await tree.stop()
  }

  @Test("cannot serve one folder twice, and commands work beside the server")
  func owner() async throws {
    let tree = try await TestTree([TestTree.province])
    let province = try tree.province
    try await tree.start(province)
    let second = try await Program.run([
      "serve", province.folder, "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0",
    ])
    #expect(second.status != 0)
    #expect(second.errors.contains("another process serves this replica"))
    #expect(try await province.insert("91530000MA6K000001"))
    #expect(try await province.check().isSound)
    try await tree.stop()
  }

  @Test("reads documented names from every reading command") func documentedNames() async throws {
    let tree = try await TestTree([TestTree.province])
    let folder = try tree.province.folder
    let commands: [([String], [String])] = [
      (
        ["status", folder],
        [
          "anchor", "at", "conflicts", "division", "folder", "has_unstamped_changes", "peers",
          "quarantine", "registered_replicas", "replica", "streams", "tables",
        ]
      ),
      (
        ["check", folder],
        ["change_sets", "is_sound", "problems", "replica", "rows", "streams"]
      ),
      (
        ["sql", folder, "SELECT 1", "--read-only"],
        ["quarantined_rows", "results", "stamped_rows"]
      ),
      (
        ["version"],
        ["file_format_version", "protocol_versions", "schema_version", "version"]
      ),
    ]
    for (arguments, names) in commands {
      let outcome = try await Program.expect(arguments + ["--json"])
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      let found = try #require(object as? [String: Any], "\(arguments)")
      #expect(Set(names).isSubset(of: Set(found.keys)), "\(arguments): \(found.keys.sorted())")
    }
    let lists = [["conflicts", "list", folder], ["config", "show", folder]]
    for arguments in lists {
      let outcome = try await Program.expect(arguments + ["--json"])
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
      #expect(object is [Any], "\(arguments)")
    }
  }
}

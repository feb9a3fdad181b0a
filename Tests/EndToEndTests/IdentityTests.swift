import Foundation
import TestSupport
import Testing

/// Files put back from a copy, or used twice. Source: engine.md §6.
@Suite("A replica that was restored or cloned", .timeLimit(.minutes(5)))
struct IdentityTests {
  /// A hub, a county that wrote and synced `FIRST`, stopped, and a sibling.
  private static func tree() async throws -> TestTree {
    let tree = try await TestTree([TestTree.province, TestTree.county, TestTree.sibling])
    try await tree.start(tree.province)
    #expect(try await tree.county.insert("FIRST"))
    #expect(try await tree.county.sync().isComplete)
    return tree
  }

  private static func copy(_ names: [String], from source: String, to target: String) throws {
    try FileManager.default.createDirectory(
      atPath: target, withIntermediateDirectories: true)
    for name in names {
      let path = target + "/" + name
      if FileManager.default.fileExists(atPath: path) {
        try FileManager.default.removeItem(atPath: path)
      }
      if FileManager.default.fileExists(atPath: source + "/" + name) {
        try FileManager.default.copyItem(atPath: source + "/" + name, toPath: path)
      }
    }
  }

  private static let database = ["replica.sqlite", "replica.sqlite-wal", "replica.sqlite-shm"]
  private static let everything = database + ["lease.json", "identity.key", "tributary.conf"]

  /// The county says what happened and what to do, and writes no more; the others go on.
  private static func expectStopped(_ tree: TestTree, _ reason: String) async throws {
    let county = try tree.county
    let status = try await county.status()
    #expect(status.stopReason?.contains(reason) == true, "\(status.stopReason ?? "none")")
    let refused = try await county.run(["sql", county.folder, "DELETE FROM companies"])
    #expect(refused.status == 77)
    #expect(refused.errors.contains(reason), "\(refused.errors)")
    #expect(refused.errors.contains("tributary init"), "\(refused.errors)")
    // It can still be read, and says so to whoever looks at the running node.
    #expect(try await county.companies(TestTree.county).contains("FIRST"))
    #expect(county.log.contains("writes and exchanges no more"), "\(county.log)")
    let ready = try await RawRequest.send(
      "GET /readyz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", to: county.operationsPort)
    #expect(ready.status == 503 && ready.body.contains(reason), "\(ready.text)")
    try await county.stop()
    // Stopped for good, whatever else starts it.
    let again = try await county.run([
      "sync", county.folder, "--parents", county.parents, "--json",
    ])
    #expect(again.status == 77)
    #expect(try again.decoded(as: Readings.Sync.self).problemCode == "writing_stopped")
    let sibling = try tree.node(TestTree.sibling)
    #expect(try await sibling.insert("BESIDE"))
    #expect(try await sibling.sync().isComplete)
    #expect(try await tree.province.companies(TestTree.sibling) == ["BESIDE"])
    for node in [try tree.province, sibling] { #expect(try await node.check().isSound) }
    try await tree.stop()
  }

  @Test("C-28: a database put back beside a newer lease is found before it speaks to anyone")
  func lease() async throws {
    let tree = try await Self.tree()
    let county = try tree.county
    try Self.copy(Self.database, from: county.folder, to: tree.path(of: "old"))
    #expect(try await county.insert("SECOND"))
    try Self.copy(Self.database, from: tree.path(of: "old"), to: county.folder)
    county.links[0].disconnect()
    try await tree.start(county)
    try await Self.expectStopped(tree, "lease")
  }

  @Test("C-28: a whole folder put back is found at the next contact") func handshake() async throws
  {
    let tree = try await Self.tree()
    let county = try tree.county
    try Self.copy(Self.everything, from: county.folder, to: tree.path(of: "old"))
    #expect(try await county.insert("SECOND"))
    #expect(try await county.sync().isComplete)
    try Self.copy(Self.everything, from: tree.path(of: "old"), to: county.folder)
    try await tree.start(county)
    let server = try #require(county.server)
    try await server.line(containing: "put back from the past")
    try await Self.expectStopped(tree, "restored: 530000-1 knows 2")
    #expect(try await tree.province.companies(TestTree.county) == ["FIRST", "SECOND"])
  }

  @Test("C-29: a cloned folder is found when both have written, and only the second one stops")
  func clone() async throws {
    let tree = try await Self.tree()
    let county = try tree.county
    let copy = TestNode(
      code: county.code, folder: tree.path(of: "copy"),
      links: [try FaultProxy(to: tree.province.port)])
    try Self.copy(Self.everything, from: county.folder, to: copy.folder)
    #expect(try await copy.insert("OTHER"))
    #expect(try await copy.sync().isComplete)
    #expect(try await county.insert("SECOND"))
    try await tree.start(county)
    let server = try #require(county.server)
    try await server.line(containing: "cloned")
    try await Self.expectStopped(tree, "cloned: 530000-1 holds another change set 2")
    // What the county wrote meanwhile is in its file, for people to look through.
    #expect(try await county.companies(TestTree.county).contains("SECOND"))
    #expect(try await tree.province.companies(TestTree.county) == ["FIRST", "OTHER"])
  }

  @Test("Files of two counties that were swapped are refused") func swapped() async throws {
    let tree = try await Self.tree()
    let (county, sibling) = (try tree.county, try tree.node(TestTree.sibling))
    try Self.copy(Self.everything, from: county.folder, to: tree.path(of: "own"))
    // The database alone: the key is another's.
    try Self.copy(Self.database, from: sibling.folder, to: county.folder)
    let alone = try await county.run(["serve", county.folder, "--listen", "127.0.0.1:0"])
    #expect(alone.status == 66)
    #expect(alone.errors.contains("is not the key of replica 530103-1"), "\(alone.errors)")
    // With its key: the lease is another's.
    try Self.copy(["identity.key"], from: sibling.folder, to: county.folder)
    let write = try await county.run(["sql", county.folder, "DELETE FROM companies"])
    #expect(write.status == 77)
    #expect(write.errors.contains("the file belongs to replica 530102-1"), "\(write.errors)")
    // Put back as they were, all goes on.
    try Self.copy(Self.everything, from: tree.path(of: "own"), to: county.folder)
    #expect(try await county.insert("SECOND"))
    #expect(try await county.sync().isComplete)
    #expect(try await sibling.sync().isComplete)
    try await tree.stop()
  }
}

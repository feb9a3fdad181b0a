import Foundation
import TestSupport
import Testing

/// A file system of a few megabytes, which only root may make; else the tests that need one are left out.
enum SmallDisk {
  static let isAvailable = geteuid() == 0 && FileManager.default.fileExists(atPath: "/bin/mount")

  /// Runs `body` with a new file system of that size mounted on a folder.
  static func with(
    megabytes: Int, on folder: String, _ body: () async throws -> Void
  ) async throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    try run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder])
    do {
      try await body()
    } catch {
      try run("/bin/umount", ["-l", folder])
      throw error
    }
    try run("/bin/umount", ["-l", folder])
  }

  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ProgramFailure(description: "\(program) \(arguments): \(process.terminationStatus)")
    }
  }

  /// Takes all room that is left, into a file that gives it back when it is removed.
  static func fill(_ path: String) throws {
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    for size in [1 << 16, 1 << 12] {
      let block = Data(repeating: 0, count: size)
      // The error is what is wanted: the disk is full then.
      while (try? file.write(contentsOf: block)) != nil {}
    }
    try file.close()
  }
}

@Suite("A full disk", .enabled(if: SmallDisk.isAvailable), .timeLimit(.minutes(5)))
struct DiskFullTests {
  @Test("stops a hub's taking with an error that names it; all goes on when there is room")
  func hub() async throws {
    let folder = try TemporaryFolder("disk")
    let disk = folder.path(of: "disk")
    try await SmallDisk.with(megabytes: 24, on: disk) {
      let tree = try await TestTree(
        [TestTree.province, TestTree.county, TestTree.sibling],
        folders: [TestTree.province: disk + "/province"])
      let (province, county) = (try tree.province, try tree.county)
      try await tree.start()
      #expect(try await county.insert("BEFORE"))
      try await tree.agree()
      try SmallDisk.fill(disk + "/ballast")
      // The hub's own write is refused with the reason, and changes nothing.
      let own = try await province.run([
        "sql", province.folder,
        "INSERT INTO companies (division, subject_code) "
          + "VALUES ('530000', 'OWN')",
      ])
      #expect(own.status == 74, "\(own.errors)")
      #expect(own.errors.contains("disk is full"), "\(own.errors)")
      // A child's change waits there and is told why.
      #expect(try await county.insert("MEANWHILE"))
      let isTold = try await eventually {
        let error = try await county.status().peer("530000-1")?.lastError ?? ""
        return error.hasPrefix("not_ready: ") || error.hasPrefix("hub_busy: ")
      }
      #expect(isTold)
      let ready = try await RawRequest.send(
        "GET /readyz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n",
        to: province.operationsPort)
      #expect(ready.status == 503 && ready.body.contains("disk_full"), "\(ready.text)")
      #expect(try await province.companies(TestTree.county) == ["BEFORE"])
      try FileManager.default.removeItem(atPath: disk + "/ballast")
      try await tree.agree()
      #expect(try await province.companies(TestTree.county) == ["BEFORE", "MEANWHILE"])
      #expect(
        try await eventually { try await county.status().peer("530000-1")?.lastError == nil })
      try await tree.check()
      try await tree.stop()
    }
  }
}

import Foundation
import Node
import TestSupport
import Testing

/// The clock of a node: the machine's, or that of a rehearsal.
@Suite struct WallClockTests {
  @Test func `a rehearsal's clock shows the moment of its file and goes on from its writing`()
    throws
  {
    let folder = try TemporaryFolder("clock")
    let path = folder.path(of: "clock")
    try Data("2026-01-31T23:50:00+08:00\n".utf8).write(to: URL(filePath: path))
    let clock = try #require(WallClock(rehearsal: path))
    let start: UInt64 = 1_769_874_600_000
    #expect((start..<start + 60_000).contains(clock.milliseconds))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: path)
    #expect((start + 3_600_000..<start + 3_660_000).contains(clock.milliseconds))
  }

  @Test(arguments: ["", "yesterday", "2026-01-31"])
  func `a file without a moment is no clock`(_ text: String) throws {
    let folder = try TemporaryFolder("clock")
    let path = folder.path(of: "clock")
    try Data(text.utf8).write(to: URL(filePath: path))
    #expect(WallClock(rehearsal: path) == nil)
    #expect(WallClock(rehearsal: folder.path(of: "none")) == nil)
  }
}

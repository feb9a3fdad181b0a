import Foundation
import TestSupport
import Testing

/// `tributary demo` by itself: it compares what came of its season with what must have come, and ends with 0 only
/// if all of it did; the test looks at what people are shown.
@Suite("The demo", .timeLimit(.minutes(10)))
struct DemoTests {
  @Test func `plays a season on nine nodes, finds both cheats and ends with all replicas equal`()
    async throws
  {
    let folder = try TemporaryFolder("demo")
    let demo = try await Program.expect(
      ["demo", "--folder", folder.path(of: "nodes"), "--scale", "1000"], within: .seconds(300))
    #expect(!demo.output.contains("✗"), "\(demo.output)")
    for line in [
      // A row removed before a draw; a draw made twice, by command and past the program.
      "draw 2: roster, 5301", "WITHHELD", "refused",
      // A prefecture's draw over its counties, which find that it was made from their rosters.
      "draw over its counties", "MATCH, signed",
      "SIGNED_LATE", "seed grade 1", "7/8", "none lost; the season ended as it must",
    ] {
      #expect(demo.output.contains(line), "no \(line) in:\n\(demo.output)")
    }
    let commands = try String(
      contentsOfFile: folder.path(of: "nodes/commands.log"), encoding: .utf8)
    #expect(commands.contains("tributary plan sign") && commands.contains("tributary draw verify"))
  }

  @Test func `a rehearsal's clock that cannot be read ends every command`() async throws {
    let refused = try await Program.expect(
      ["version"], status: 78, environment: ["TRIBUTARY_REHEARSAL_CLOCK": "/nowhere/clock"])
    #expect(refused.errors.contains("/nowhere/clock"))
  }
}

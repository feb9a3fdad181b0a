import Testing

@Suite("The command line", .timeLimit(.minutes(2)))
struct CommandLineTests {
  @Test("Help ends with status 0 and names the program") func help() async throws {
    let outcome = try await Program.expect(["--help"])
    #expect(outcome.output.contains("USAGE: tributary"))
    #expect(outcome.errors.isEmpty)
  }

  @Test("An unknown option is a usage error, told on the standard error") func usage() async throws
  {
    let outcome = try await Program.expect(["--no-such-option"], status: 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("--no-such-option"))
  }
}

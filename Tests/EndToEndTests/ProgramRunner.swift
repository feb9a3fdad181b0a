import Rehearsal

/// Runs the built program for the steps of a season.
struct ProgramRunner: CommandRunner {
  /// Variables besides those of the test.
  var environment: [String: String] = [:]

  func run(_ arguments: [String]) async throws -> CommandOutcome {
    let outcome = try await Program.run(arguments, environment: environment)
    return CommandOutcome(
      status: outcome.status, output: outcome.output, errors: outcome.errors)
  }
}

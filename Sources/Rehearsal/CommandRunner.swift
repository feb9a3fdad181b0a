/// How a command ended and what it said.
package struct CommandOutcome: Sendable {
  /// The exit status.
  package let status: Int32
  package let output: String
  package let errors: String

  package init(status: Int32, output: String, errors: String) {
    (self.status, self.output, self.errors) = (status, output, errors)
  }
}

/// Something that runs the program with arguments: the demo its own executable, a test the one that was built.
package protocol CommandRunner: Sendable {
  /// Runs a command to its end, whatever its status.
  func run(_ arguments: [String]) async throws -> CommandOutcome
}

/// A command that did not end as a rehearsal needs it to.
package struct RehearsalError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

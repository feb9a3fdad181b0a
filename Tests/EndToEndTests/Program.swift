import Foundation
import Subprocess

/// Why an end-to-end test cannot go on; says what the program said.
struct ProgramFailure: Error, CustomStringConvertible {
  let description: String
}

/// The `tributary` executable that was built with these tests.
enum Program {
  /// How a command ended and what it said.
  struct Outcome: Sendable {
    /// The exit status; the negated number of the signal that ended it.
    let status: Int32
    let output: String
    let errors: String

    /// The value that a command with `--json` printed, snake_case names as camelCase.
    func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      do {
        return try decoder.decode(type, from: Data(output.utf8))
      } catch {
        throw ProgramFailure(description: "not the JSON expected: \(error)\n\(output)\(errors)")
      }
    }
  }

  /// It lies beside the test bundle, which is the running executable on Linux.
  static let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path

  /// Runs a command to its end. Throws when it takes longer than the limit; it is killed then.
  static func run(
    _ arguments: [String], environment: [String: String] = [:],
    within limit: Duration = .seconds(60)
  ) async throws -> Outcome {
    try await RunningProgram(arguments, environment: environment).outcome(within: limit)
  }

  /// Runs a command that must end with a status, 0 unless told. Throws with what it said if it does not.
  @discardableResult
  static func expect(
    _ arguments: [String], status: Int32 = 0, environment: [String: String] = [:],
    within limit: Duration = .seconds(60)
  ) async throws -> Outcome {
    let outcome = try await run(arguments, environment: environment, within: limit)
    if outcome.status == status { return outcome }
    throw ProgramFailure(
      description: "tributary \(arguments.joined(separator: " ")) ended with \(outcome.status), "
        + "not \(status):\n\(outcome.output)\(outcome.errors)")
  }
}

/// A program that runs while the test goes on. Killed when the last reference goes.
final class RunningProgram: Sendable {
  let arguments: [String]
  private let transcript: Transcript
  private let signals: AsyncStream<Signal>.Continuation
  private let task: Task<Int32, any Error>

  /// `environment`: variables besides those of the test.
  init(_ arguments: [String], environment: [String: String] = [:]) {
    let (stream, continuation) = AsyncStream.makeStream(of: Signal.self)
    let transcript = Transcript()
    self.arguments = arguments
    (self.transcript, signals) = (transcript, continuation)
    task = Task {
      try await RunningProgram.perform(arguments, environment, transcript, stream)
    }
  }

  deinit { task.cancel() }

  private static func perform(
    _ arguments: [String], _ environment: [String: String], _ transcript: Transcript,
    _ signals: AsyncStream<Signal>
  ) async throws -> Int32 {
    defer { transcript.end() }
    var variables: [Environment.Key: String?] = ["PATH": Program.folder]
    for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
    let result = try await Subprocess.run(
      .name("tributary"), arguments: Arguments(arguments),
      environment: .inherit.updating(variables), input: .none, output: .sequence,
      error: .sequence
    ) { execution in
      transcript.processID = Int32(execution.processIdentifier.value)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        let sender = Task {
          for await signal in signals { try execution.send(signal: signal) }
        }
        defer { sender.cancel() }
        group.addTask {
          for try await line in execution.standardOutput.strings() {
            transcript.append(line.trimmingLineEnd, .output)
          }
        }
        group.addTask {
          for try await line in execution.standardError.strings() {
            transcript.append(line.trimmingLineEnd, .error)
          }
        }
        try await group.waitForAll()
      }
    }
    switch result.terminationStatus {
    case .exited(let status): return status
    case .signaled(let signal): return -signal
    }
  }

  func send(_ signal: Signal) { signals.yield(signal) }

  /// The process as the system knows it; nil before it runs.
  var processID: Int32? { transcript.processID }

  var hasEnded: Bool { transcript.isOver }

  /// What was said so far on the standard error.
  var errors: String { transcript.text(.error) }

  /// Waits for a line of either stream that contains a text, from the first line on. Throws when the
  /// program ends or the limit passes before.
  @discardableResult
  func line(containing text: String, within limit: Duration = .seconds(30)) async throws -> String {
    let transcript = transcript
    let found = try await withLimit(limit, "no line with \"\(text)\"") {
      for await line in transcript.lines where line.text.contains(text) { return [line.text] }
      return []
    }
    guard let line = found.first else { throw failure("ended without a line with \"\(text)\"") }
    return line
  }

  /// Waits for the end. Throws when the limit passes before; the program is killed then.
  func outcome(within limit: Duration = .seconds(30)) async throws -> Program.Outcome {
    let task = task
    let status = try await withLimit(limit, "still running") {
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    }
    return Program.Outcome(
      status: status, output: transcript.text(.output), errors: transcript.text(.error))
  }

  /// Asks it to stop, as systemd does, and waits for its end.
  func stop(within limit: Duration = .seconds(30)) async throws -> Program.Outcome {
    send(.terminate)
    return try await outcome(within: limit)
  }

  /// Ends it as a power cut would, and waits until it is gone.
  @discardableResult
  func kill(within limit: Duration = .seconds(30)) async throws -> Program.Outcome {
    send(.kill)
    return try await outcome(within: limit)
  }

  private func withLimit<Value: Sendable>(
    _ limit: Duration, _ what: String, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await Task.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let value = first else {
        throw failure("\(what) after \(limit)")
      }
      return value
    }
  }

  private func failure(_ what: String) -> ProgramFailure {
    ProgramFailure(
      description: "tributary \(arguments.joined(separator: " ")): \(what)\n"
        + transcript.text(.output) + transcript.text(.error))
  }
}

extension String {
  /// Without the line break at its end.
  fileprivate var trimmingLineEnd: String {
    var text = self
    while text.last?.isNewline ?? false { text.removeLast() }
    return text
  }
}

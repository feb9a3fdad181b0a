import Foundation
import Node
import Rehearsal
import Synchronization
import Terminal

/// Runs commands of this very program for the demo, under the demo's clock, and keeps a transcript of them.
final class DemoRunner: CommandRunner {
  /// Every command that was run, in order, as one would type it.
  let transcript: String
  private let folder: String
  private let environment: [String: String]
  private let log: Mutex<FileHandle>
  private let count = Atomic(0)

  /// Throws `Problem` when the files of the commands cannot be made.
  init(root: String, clock: DemoClock) throws {
    folder = root + "/files"
    transcript = root + "/commands.log"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard FileManager.default.createFile(atPath: transcript, contents: nil),
      let log = FileHandle(forWritingAtPath: transcript)
    else { throw FileAccess.cannotWrite(transcript, "it cannot be created") }
    self.log = Mutex(log)
    environment = clock.environment.merging(["TRIBUTARY_AUTHOR": "经办人"]) { $1 }
  }

  /// Where the commands' files go: keys, plans, records.
  var files: String { folder }

  func run(_ arguments: [String]) async throws -> CommandOutcome {
    let number = count.add(1, ordering: .relaxed).newValue
    let (output, errors) = ("\(folder)/\(number).out", "\(folder)/\(number).err")
    defer { for path in [output, errors] { unlink(path) } }
    let status = try await status(of: arguments, output: output, errors: errors)
    let outcome = CommandOutcome(
      status: status, output: Self.text(output), errors: Self.text(errors))
    try note(arguments, outcome)
    return outcome
  }

  private func status(
    of arguments: [String], output: String, errors: String
  ) async throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Self.create(output)
    process.standardError = try Self.create(errors)
    return try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
  }

  private static func create(_ path: String) throws -> FileHandle {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw FileAccess.cannotWrite(path, "it cannot be created") }
    return handle
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  private func note(_ arguments: [String], _ outcome: CommandOutcome) throws {
    let words = arguments.map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_./:,=".contains($0) } && !word.isEmpty
        ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
    var text = "tributary " + words.joined(separator: " ") + "\n"
    if outcome.status != 0 { text += "# status \(outcome.status)\n" }
    for line in outcome.errors.split(separator: "\n") { text += "# \(line)\n" }
    try log.withLock { try $0.write(contentsOf: Data(text.utf8)) }
  }
}

/// The clock of the demo's rehearsal: one file that all its nodes and commands go by.
struct DemoClock {
  private let path: String

  init(root: String) { path = root + "/clock" }

  /// Since 1970.
  var milliseconds: UInt64 { (WallClock(rehearsal: path) ?? .system).milliseconds }

  /// What a process needs to go by it.
  var environment: [String: String] { [Wall.variable: path] }

  /// Moves all nodes to a moment of Yunnan's time, `2026-01-31 23:50`. It never goes back.
  func set(_ moment: String) throws(Problem) {
    try FileAccess.write(moment.replacing(" ", with: "T") + ":00+08:00\n", to: path)
  }
}

import Casework
import Causality
import Changes
import Foundation
import Store
import Terminal
import Transport

/// One node of the demo: its folder, its process, and the link to its parent.
final class DemoNode {
  let division: Division
  let folder: ReplicaFolder
  /// The link up, through a relay that can be cut; nil at the top.
  private(set) var link: LinkRelay?
  private(set) var port: UInt16 = 0
  /// The most memory that its process had resident, bytes; nil before it ended, or where the system does not tell.
  private(set) var peakMemory: UInt64?
  private var process: Process?
  private let log: FileHandle

  init(division: Division, root: String) throws {
    self.division = division
    folder = ReplicaFolder(root + "/" + division.scope.description)
    try FileManager.default.createDirectory(
      atPath: root, withIntermediateDirectories: true)
    let logPath = root + "/\(division.scope).log"
    guard FileManager.default.createFile(atPath: logPath, contents: nil),
      let log = FileHandle(forWritingAtPath: logPath)
    else {
      throw Problem("cannot write the log", on: logPath, status: .cannotCreate)
    }
    self.log = log
  }

  deinit { process?.terminate() }

  var scope: Scope { division.scope }

  /// Starts `tributary serve` as a process of its own and waits for its port. `environment`: its variables beside
  /// those of this process.
  func start(parent: DemoNode?, _ environment: [String: String]) async throws {
    var arguments = [
      "serve", folder.path, "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0",
      "--log-level", "notice",
    ]
    if let parent {
      guard let target = HostAndPort("127.0.0.1:\(parent.port)") else { return }
      let link = try await LinkRelay(to: target)
      self.link = link
      arguments += ["--parents", "http://127.0.0.1:\(link.port)"]
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = log
    process.standardError = log
    process.standardInput = FileHandle.nullDevice
    try process.run()
    self.process = process
    port = try await readPort()
  }

  private func readPort() async throws -> UInt16 {
    let path = folder.path + ".log"
    for _ in 0..<600 {
      let text = (FileManager.default.contents(atPath: path)).map {
        String(decoding: $0, as: UTF8.self)
      }
      if let line = text?.split(separator: "\n").first(where: { $0.contains("listening on ") }),
        let port = line.split(separator: ":").last.flatMap({ UInt16($0) })
      {
        return port
      }
      guard process?.isRunning == true else { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw Problem(
      "a node of the demo did not start", on: division.name,
      next: ["Read \(path)."], status: .software)
  }

  /// VmHWM of /proc/PID/status.
  private static func peakMemory(of process: Int32) -> UInt64? {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/status") else {
      return nil
    }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { UInt64($0) }
      .map { $0 * 1_024 }
  }

  /// Ends the process in order.
  func stop() async {
    await link?.stop()
    guard let process, process.isRunning else { return }
    peakMemory = Self.peakMemory(of: process.processIdentifier)
    process.terminate()
    for _ in 0..<200 where process.isRunning {
      // A cancelled pause only shortens the wait.
      try? await Task.sleep(for: .milliseconds(25))
    }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    self.process = nil
  }
}

import ArgumentParser
import Casework
import Causality
import Changes
import Foundation
import Node
import Store
import Terminal

/// The folder of a node, as an argument, and how its replica is opened.
struct NodeFolder: ParsableArguments {
  @Argument(help: "The folder of the node.", completion: .directory)
  var folder: String

  var path: ReplicaFolder { ReplicaFolder(folder) }

  /// Opens the replica to write; the server may run at the same time.
  func open() throws(Problem) -> Replica { try Self.open(path) }

  /// Opens the replica to read, also while its server runs.
  func openReadOnly() throws(Problem) -> Replica {
    let divisions = try Self.divisions()
    return try Problem.fromStore("cannot open the replica", on: folder) { () throws(StoreError) in
      try Replica.openReadOnly(
        folder: path, tree: divisions.scopes, schema: CaseworkSchema.current)
    }
  }

  static func open(_ folder: ReplicaFolder) throws(Problem) -> Replica {
    let divisions = try divisions()
    return try Problem.fromStore("cannot open the replica", on: folder.path) {
      () throws(StoreError) in
      try Replica.open(
        folder: folder, tree: divisions.scopes, schema: CaseworkSchema.current,
        wallMilliseconds: Wall.milliseconds)
    }
  }

  /// The table of divisions in the program.
  static func divisions() throws(Problem) -> DivisionTree {
    do throws(CaseworkError) { return try DivisionTree.builtIn() } catch {
      throw Problem("cannot read the divisions", error)
    }
  }
}

extension Replica {
  /// Runs `body` with the replica and closes it in order, also when `body` throws.
  func closing<Result>(_ body: (Replica) throws -> Result) throws -> Result {
    let result: Result
    do {
      result = try body(self)
    } catch {
      try? close()  // The first error is the one to tell.
      throw error
    }
    try Problem.fromStore("cannot close the replica", on: folder.path) { () throws(StoreError) in
      try close()
    }
    return result
  }
}

/// The clock on the wall, or that of a rehearsal.
enum Wall {
  /// Names the file of a rehearsal's clock.
  static let variable = "TRIBUTARY_REHEARSAL_CLOCK"

  /// Where this process and its node take the time from.
  static let clock: WallClock = {
    let path = ProcessInfo.processInfo.environment[variable] ?? ""
    return path.isEmpty ? .system : WallClock(rehearsal: path) ?? .system
  }()

  /// Since 1970; 0 for a clock that is before.
  static var milliseconds: UInt64 { clock.milliseconds }

  /// Throws `Problem` for the file of a rehearsal's clock that holds no moment: nobody takes one time for another.
  static func check() throws(Problem) {
    let path = ProcessInfo.processInfo.environment[variable] ?? ""
    guard !path.isEmpty, WallClock(rehearsal: path) == nil else { return }
    throw Problem(
      "the rehearsal's clock cannot be read", on: path,
      because: "it holds one moment, such as 2026-01-31T23:50:00+08:00",
      next: ["Write one into it, or unset \(variable) to work with the machine's clock."],
      status: .configuration)
  }
}

/// `--json` of the reading commands.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON: snake_case names with units, RFC 3339 times.")
  var json = false

  var output: Output { json ? .json : .text }
}

/// Who writes, and why, as it goes into the change sets.
struct AuthorOptions: ParsableArguments {
  @Option(
    help: "Who does this, up to 256 bytes; otherwise TRIBUTARY_AUTHOR, otherwise the user's name.")
  var author: String?

  var name: String {
    if let author, !author.isEmpty { return author }
    let variable = ProcessInfo.processInfo.environment["TRIBUTARY_AUTHOR"] ?? ""
    return variable.isEmpty ? NSUserName() : variable
  }
}

extension StandardStream {
  /// Something for the person beside the data; a closed standard error is no reason to stop.
  static func note(_ text: String) {
    do {
      try StandardStream.error.write(text + "\n")
    } catch {
      // Nobody can be told that the standard error is closed.
    }
  }
}

/// Division codes as options.
enum ScopeArguments {
  /// Scopes of codes or full names. Throws `Problem` for one that is unknown or ambiguous.
  static func scopes(_ texts: [String], _ divisions: DivisionTree) throws(Problem) -> [Scope] {
    var scopes: [Scope] = []
    for text in texts {
      let found = divisions.divisions(named: text)
      guard found.count == 1 else {
        throw Problem(
          found.isEmpty ? "there is no such division" : "several divisions have that name",
          on: text,
          because: found.isEmpty ? nil : found.map { "\($0.scope)" }.joined(separator: ", "),
          next: ["Give the six-digit code of GB/T 2260, e.g. 530102."], status: .usage)
      }
      if !scopes.contains(found[0].scope) { scopes.append(found[0].scope) }
    }
    return scopes
  }
}

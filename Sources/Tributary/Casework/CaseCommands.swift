import ArgumentParser
import Casework
import Terminal

/// A command that is one use case on a node's replica: the folder is opened to write, the use case is done under
/// the author's name, the replica is closed in order, and what came of it is shown.
protocol CaseWriting: ParsableCommand {
  associatedtype Done
  /// What could not be done when it fails: `cannot tag the object`.
  static var failure: String { get }
  var node: NodeFolder { get }
  var author: AuthorOptions { get }
  /// Throws `CaseworkError`, `Problem` or `ValidationError`.
  func perform(_ store: CaseStore) throws -> Done
  func show(_ done: Done) throws
}

extension CaseWriting {
  func run() throws {
    try show(CaseAccess.write(node, Self.failure, author: author.name, perform))
  }
}

extension CaseWriting where Done == Void {
  func show(_ done: Void) {}
}

/// A command that looks something up on a node's replica, also while its server runs, and shows it in a form of its own.
protocol CaseLooking: ParsableCommand {
  associatedtype Found
  /// What could not be done when it fails: `cannot list the leads`.
  static var failure: String { get }
  var node: NodeFolder { get }
  /// Throws `CaseworkError` or `Problem`.
  func read(_ store: CaseStore) throws -> Found
  func show(_ found: Found) throws
}

extension CaseLooking {
  func run() throws { try show(CaseAccess.read(node, Self.failure, read)) }
}

/// A command that shows what it looks up as text or JSON.
protocol CaseReading: CaseLooking where Found: Encodable {
  var options: OutputOptions { get }
  func text(_ found: Found) -> String
}

extension CaseReading {
  func show(_ found: Found) throws {
    var isEmpty = false
    try options.output.show(found) {
      let shown = text(found)
      isEmpty = shown.isEmpty
      return shown
    }
    if isEmpty { StandardStream.note("nothing to show") }
  }
}

import ArgumentParser
import Casework
import Causality
import Changes
import Foundation
import Inspection
import Store
import Terminal

/// How commands come to the use cases of a node.
enum CaseAccess {
  /// Runs `body` on the use cases of a replica that is open already.
  static func use<Result>(
    _ replica: Replica, _ failed: String, on subject: String, author: String,
    _ body: (CaseStore) throws -> Result
  ) throws -> Result {
    do {
      return try body(CaseStore(inForce: replica, author: author) { Wall.milliseconds })
    } catch let error as CaseworkError {
      throw Problem(failed, on: subject, error)
    }
  }

  /// Opens the replica to write, runs `body` and closes it in order.
  static func write<Result>(
    _ node: NodeFolder, _ failed: String, author: String,
    _ body: (CaseStore) throws -> Result
  ) throws -> Result {
    try node.open().closing { replica in
      try use(replica, failed, on: node.folder, author: author, body)
    }
  }

  /// Opens the replica to read, also while its server runs.
  static func read<Result>(
    _ node: NodeFolder, _ failed: String, _ body: (CaseStore) throws -> Result
  ) throws -> Result {
    try use(node.openReadOnly(), failed, on: node.folder, author: "", body)
  }
}

/// Whose rows a reading command is about.
struct UnitOption: ParsableArguments {
  @Option(help: "The unit, code or full name; otherwise the node's own.")
  var unit: String?

  /// The scope of the unit, at a node.
  func scope(at store: CaseStore) throws(Problem) -> Scope {
    guard let unit else { return store.ownScope }
    return try ScopeArguments.scopes([unit], try NodeFolder.divisions())[0]
  }
}

/// Which result, as three arguments.
struct ResultArguments: ParsableArguments {
  @Argument(help: "The visit.")
  var visit: String

  @Argument(help: "The item, e.g. Y0101.")
  var item: String

  @Option(help: "The department that checked it.")
  var department = "市场监管"

  var key: ResultKey { ResultKey(visit: visit, item: item, department: department) }
}

/// A day as an argument, `YYYY-MM-DD`.
struct DayArgument: ExpressibleByArgument {
  let date: CivilDate

  init?(argument: String) {
    guard let date = CivilDate(argument) else { return nil }
    self.date = date
  }

  /// Today in Asia/Shanghai by the clock on the wall.
  static var today: CivilDate {
    Instant(milliseconds: Int64(clamping: Wall.milliseconds)).date ?? .latest
  }
}

/// A moment as an argument, RFC 3339.
struct MomentArgument: ExpressibleByArgument {
  let instant: Instant

  init?(argument: String) {
    guard let date = ISO8601DateFormatter().date(from: argument) else { return nil }
    instant = Instant(milliseconds: Int64(date.timeIntervalSince1970 * 1_000))
  }

  private init(_ instant: Instant) { self.instant = instant }

  /// By the clock on the wall.
  static var now: MomentArgument {
    MomentArgument(Instant(milliseconds: Int64(clamping: Wall.milliseconds)))
  }
}

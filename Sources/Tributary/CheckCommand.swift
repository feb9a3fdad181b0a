import ArgumentParser
import Store
import Terminal

/// `tributary check`: looks at the whole file.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check SQLite's integrity, hash chains, the log against the rows, and digests.",
    discussion:
      "Reads everything and writes nothing; the server may run. Status 1 when it finds a fault.")

  @OptionGroup var node: NodeFolder
  @OptionGroup var options: OutputOptions

  /// What was looked at and found, for `--json`.
  private struct Report: Encodable {
    let replica: String
    let isSound: Bool
    let rows: Int
    let changeSets: Int
    let streams: Int
    let stopReason: String?
    let problems: [String]
  }

  func run() throws {
    let replica = try node.openReadOnly()
    let found = try Problem.fromStore("cannot check the replica", on: node.folder) {
      () throws(StoreError) in try replica.check()
    }
    let report = Report(
      replica: "\(replica.identity.replica)", isSound: found.problems.isEmpty, rows: found.rows,
      changeSets: found.changeSets, streams: found.streams,
      stopReason: replica.stopReason?.description, problems: found.problems)
    try options.output.show(report) {
      let lines = found.problems.map { "fault: \($0.visible)\n" }.joined()
      return lines + "\(report.replica): \(Quantity.count(found.rows)) rows, "
        + "\(Quantity.count(found.changeSets)) change sets, \(found.streams) streams: "
        + (found.problems.isEmpty ? "sound" : "\(found.problems.count) faults") + "\n"
    }
    if !found.problems.isEmpty { throw ExitCode(ExitStatus.found.rawValue) }
  }
}

import ArgumentParser
import Store
import Terminal

/// `tributary status`: reads the file, so that it works while the server is down.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show peers, lag per stream, rows, digests, conflicts and quarantine.",
    discussion: """
      Lag counts change sets that are here and that the peer had not when it spoke last, and the age of \
      the oldest; missing ones are there and not here. Own change sets are counted once each, by how far \
      they are acknowledged: here only, at a hub, at the top. The server may run or be down.
      """)

  @OptionGroup var node: NodeFolder
  @OptionGroup var options: OutputOptions

  func run() throws {
    let divisions = try NodeFolder.divisions()
    let replica = try node.openReadOnly()
    let report = try Problem.fromStore("cannot read the status", on: node.folder) {
      () throws(StoreError) in
      try StatusReport(replica, divisions, now: Wall.milliseconds)
    }
    try options.output.show(report) { report.text }
  }
}

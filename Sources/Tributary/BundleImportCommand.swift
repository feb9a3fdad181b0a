import ArgumentParser
import Casework
import Node
import Store
import Terminal

/// `tributary bundle import`.
struct BundleImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take a bundle, or an acknowledgement that came back.",
    discussion: """
      Change sets prove themselves and merge as over a link; a hub judges what enters with the bundle.
      With --dry-run the same is done on a private copy, and the folder stays as it is. The server may
      run. Status 65 when the file is damaged: what was whole before the damage is taken, and a better
      copy brings the rest. Status 1 when it is whole and something was refused, marked or still waits.
      """)

  @OptionGroup var node: NodeFolder

  @Argument(help: "The bundle.", completion: .file())
  var file: String

  @Flag(help: "Show what would happen; nothing is written.")
  var dryRun = false

  @Option(help: "Where to write the acknowledgement to carry back.", completion: .file())
  var ack: String?

  @OptionGroup var options: OutputOptions

  func validate() throws {
    guard ack == nil || !dryRun else {
      throw ValidationError("A dry run takes nothing, so there is nothing to acknowledge.")
    }
    guard ack != file else {
      throw ValidationError("The acknowledgement would take the place of the bundle.")
    }
  }

  func run() throws {
    let divisions = try NodeFolder.divisions()
    let replica = dryRun ? try openTrial(divisions) : try node.open()
    let report = try replica.closing { replica in
      let result = try Problem.fromBundle(
        "cannot import the bundle", on: file, node: node.folder
      ) { () throws(BundleError) in
        try BundleImporter(replica, wallMilliseconds: Wall.milliseconds)
          .run(path: file, acknowledgementPath: ack)
      }
      return BundleImportReport(result, file, isDryRun: dryRun, replica.schema, divisions)
    }
    try options.output.show(report) { report.text }
    if ack == nil, !dryRun, !report.bundle.isAcknowledgement {
      StandardStream.note(
        "no acknowledgement was written; import it again with --ack FILE to have one")
    }
    try report.check(dryRun)
  }

  private func openTrial(_ divisions: DivisionTree) throws(Problem) -> Replica {
    try Problem.fromStore("cannot try the import", on: node.folder) { () throws(StoreError) in
      try Replica.openTrial(
        folder: node.path, tree: divisions.scopes, schema: CaseworkSchema.current)
    }
  }
}

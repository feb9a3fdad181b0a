import ArgumentParser
import Casework
import Causality
import Node
import Store
import Terminal

/// `tributary init`: makes the folder of a new node.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make the folder of a new node: replica, key, epoch, configuration.",
    discussion: """
      At the top of the tree the anchor is printed, which all other nodes need. Below it, the file \
      enrolment.json is written, by which a hub above admits the node.
      """)

  @Argument(help: "The folder to make.", completion: .directory)
  var folder: String

  @Option(help: "Division code, and terminal within it when it is not the first: 530102, 530102.3.")
  var node: String

  @Option(help: "The anchor that `init` printed at the top node; needed below it.")
  var anchor: String?

  @Option(help: "A hub above, http://host:port; may be repeated, the first is called first.")
  var parent: [String] = []

  @Option(help: "Where children call, host:port.")
  var listen: String?

  @Option(help: "A name for people; otherwise that of the division.")
  var name: String?

  @OptionGroup var options: OutputOptions

  /// What was made, for `--json`.
  private struct Made: Encodable {
    let folder: String
    let replica: String
    let anchor: String
    let configuration: String
    let enrolmentRequest: String?
  }

  func run() throws {
    let divisions = try NodeFolder.divisions()
    guard let code = NodeCode(node), let division = divisions.division(code.scope) else {
      throw Problem(
        "this is no node of the tree", on: node,
        next: ["Give a division of Yunnan, e.g. 530000, 530100 or 530102, or 530102.3."],
        status: .usage)
    }
    let root = try parsedAnchor()
    let configuration = try ConfigurationDraft(parents: parent, listen: listen)
    let path = ReplicaFolder(folder)
    guard (division.parent == nil) == (root == nil) else {
      throw Problem(
        "cannot make the node", on: "\(division.name) (\(code))",
        because: division.parent == nil
          ? "the top of the tree is its own anchor" : "a node below the top needs --anchor",
        next: [
          division.parent == nil
            ? "Leave out --anchor."
            : "Give the text that `tributary init` printed at the top; `status` shows it too."
        ], status: .usage)
    }
    guard !path.holdsReplica else {
      throw Problem(
        "cannot make the node", on: folder, because: "the folder holds a replica already",
        next: ["Name another folder; `tributary status \(folder)` shows what is there."],
        status: .cannotCreate)
    }
    let replica = try Problem.fromStore("cannot make the node", on: folder) {
      () throws(StoreError) in
      try Replica.create(
        folder: path, node: code, tree: divisions.scopes, schema: CaseworkSchema.current,
        anchor: root, name: name ?? division.name, wallMilliseconds: Wall.milliseconds)
    }
    try replica.closing { replica in
      try FileAccess.write(configuration.text, to: path.configuration)
      try finish(replica, division: division, isTop: root == nil)
    }
  }

  private func parsedAnchor() throws(Problem) -> Anchor? {
    guard let anchor else { return nil }
    guard let parsed = Anchor(anchor) else {
      throw Problem(
        "this is no anchor", on: anchor,
        because: "it is the top replica, a colon and 64 hexadecimal digits",
        next: ["Copy the whole text that `tributary init` printed at the top node."],
        status: .usage)
    }
    return parsed
  }

  private func finish(_ replica: Replica, division: Division, isTop: Bool) throws {
    let anchor = replica.identity.anchor.description
    var request: String?
    if !isTop {
      let path = replica.folder.path + "/enrolment.json"
      let signed = try Problem.fromStore("cannot sign the request", on: folder) {
        () throws(StoreError) in
        try replica.identity.enrolmentRequest(name: name ?? division.name)
      }
      try FileAccess.write(Output.json(EnrolmentFile(signed)) + "\n", to: path)
      request = path
    }
    let made = Made(
      folder: replica.folder.path, replica: "\(replica.identity.replica)", anchor: anchor,
      configuration: replica.folder.configuration, enrolmentRequest: request)
    try options.output.show(made) { isTop ? anchor + "\n" : "" }
    StandardStream.note("made node \(division.name) \(replica.identity.replica) in \(folder)")
    if let request {
      StandardStream.note(
        """
        next: 1. Take \(request) to the hub above and run there: tributary enroll HUBDIR enrolment.json
              2. Start the node here: tributary serve \(folder)
        """)
    } else {
      StandardStream.note(
        """
        next: 1. Make the other nodes with the anchor above: tributary init DIR --node CODE --anchor …
              2. Start the node: tributary serve \(folder)
        """)
    }
  }
}

import ArgumentParser
import Node
import Store
import Terminal

/// `tributary enroll`: a hub admits a child.
struct EnrollCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enroll",
    abstract: "Admit a new node at its hub.",
    discussion: """
      DIR is the folder of the hub. The entry travels with the other data: a county admitted at its \
      prefecture is known at the province after the next exchange. Admitting a node twice changes nothing.
      """)

  @OptionGroup var hub: NodeFolder

  @Argument(help: "The enrolment.json of the new node; - reads the standard input.")
  var request: String

  @OptionGroup var author: AuthorOptions
  @OptionGroup var options: OutputOptions

  /// What was admitted, for `--json`.
  private struct Admitted: Encodable {
    let replica: String
    let name: String
    /// False when it was admitted before.
    let isNew: Bool
  }

  func run() throws {
    let request = try readRequest()
    try hub.open().closing { replica in
      let receipt = try Problem.fromStore("cannot admit the node", on: "\(request.replica)") {
        () throws(StoreError) in
        try replica.admit(request, author: author.name, wallMilliseconds: Wall.milliseconds)
      }
      let admitted = Admitted(
        replica: "\(request.replica)", name: request.name, isNew: receipt.result)
      try options.output.show(admitted) {
        "\(receipt.result ? "admitted" : "was admitted before:") \(request.replica) "
          + "\(request.name.visible)\n"
      }
    }
  }

  private func readRequest() throws(Problem) -> EnrolmentRequest {
    let bytes = try FileAccess.read(request, limit: EnrolmentFile.byteLimit)
    do throws(EnrolmentFile.Malformed) {
      return try EnrolmentFile.request(in: bytes)
    } catch {
      throw Problem(
        "this is no enrolment request", on: request,
        next: ["Give the enrolment.json that `tributary init` wrote at the new node."],
        status: .data)
    }
  }
}

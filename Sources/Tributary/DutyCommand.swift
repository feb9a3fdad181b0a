import ArgumentParser
import Casework
import Causality
import Foundation
import Store
import Terminal

/// `tributary duty`: 尽职照单, the signed record of how one visit was made.
struct DutyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "duty",
    abstract: "Export a visit's duty bundle, signed by the node; check one.",
    discussion: """
      The bundle names everything that shows how the visit was made, and what is missing or late with \
      requirement and clause. It is one line of JSON, followed by one line with the signature over the \
      first; its form is in README under Duty bundle.
      """,
    subcommands: [Export.self, Verify.self])

  /// The second line of the file; key and signature are in base64.
  struct Seal: Codable {
    let signer: String
    let publicKey: Data
    let signature: Data
  }

  struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the duty bundle of a visit.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The visit.")
    var visit: String

    @OptionGroup var unit: UnitOption

    @Option(
      name: .shortAndLong, help: "The file; otherwise the standard output.", completion: .file())
    var output: String?

    func run() throws {
      let text = try node.open().closing { replica in
        let bundle = try CaseAccess.use(
          replica, "cannot make the duty bundle", on: visit, author: ""
        ) { store in try store.dutyBundle(of: visit, in: unit.scope(at: store)) }
        for gap in bundle.gaps {
          StandardStream.note(
            "\(gap.kind) \(gap.element): \(gap.clause) \(gap.requirement), \(gap.row)")
        }
        let json = try Output.json(bundle, isPretty: false)
        let signature = try Problem.fromStore("cannot sign", on: node.folder) {
          () throws(StoreError) in
          try replica.identity.sign(DutyBundle.signedBytes(json))
        }
        let seal = Seal(
          signer: "\(replica.identity.replica)",
          publicKey: Data(replica.identity.publicKey),
          signature: Data(signature))
        return json + "\n" + (try Output.json(seal, isPretty: false)) + "\n"
      }
      if let output {
        try FileAccess.write(text, to: output)
      } else {
        try StandardStream.output.write(text)
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the signature of a duty bundle by the keys that a node knows.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The bundle.", completion: .file())
    var file: String

    @OptionGroup var options: OutputOptions

    /// What was found, for `--json`.
    private struct Report: Encodable {
      let isSigned: Bool
      let signer: String
      let unit: String?
      let visitId: String?
      let gaps: Int?
    }

    /// What of the bundle itself is shown.
    private struct Head: Decodable {
      struct Gap: Decodable {}
      let unit: String
      let visitId: String
      let gaps: [Gap]
    }

    private static let fileBytes = 64 << 20

    func run() throws {
      let text = String(
        decoding: try FileAccess.read(file, limit: Self.fileBytes), as: UTF8.self)
      let lines = text.split(separator: "\n", maxSplits: 1).map(String.init)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      guard lines.count == 2,
        // What is no seal is told below.
        let seal = try? decoder.decode(Seal.self, from: Data(lines[1].utf8)),
        let signer = ReplicaID(seal.signer)
      else {
        throw Problem(
          "this is no duty bundle", on: file,
          because: "it is not one line of JSON and one with its signature",
          next: ["Give a file that `tributary duty export` wrote."], status: .data)
      }
      let replica = try node.openReadOnly()
      let isSigned = try Problem.fromStore("cannot check the signature", on: node.folder) {
        () throws(StoreError) in
        try replica.isSigned(
          DutyBundle.signedBytes(lines[0]), signature: Array(seal.signature), by: signer)
      }
      guard isSigned else {
        throw Problem(
          "the signature does not fit", on: file,
          because: "\(signer) did not sign these bytes, or its key is not known here",
          next: ["Ask for the bundle again; check it at a hub above the unit."], status: .data)
      }
      // A bundle of a later form is signed all the same.
      let head = try? decoder.decode(Head.self, from: Data(lines[0].utf8))
      let report = Report(
        isSigned: true, signer: "\(signer)", unit: head?.unit, visitId: head?.visitId,
        gaps: head?.gaps.count)
      try options.output.show(report) {
        "signed by \(signer), unchanged"
          + (head.map { "; visit \($0.visitId) of \($0.unit), \($0.gaps.count) gaps" } ?? "")
          + "\n"
      }
    }
  }
}

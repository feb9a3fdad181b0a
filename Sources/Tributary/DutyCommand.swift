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
        return try SignedLines.text(json, format: DutyBundle.format, by: replica)
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

    func run() throws {
      let (json, signer) = try SignedLines.checked(
        file, format: DutyBundle.format, at: node, made: "tributary duty export")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      // A bundle of a later form is signed all the same.
      let head = try? decoder.decode(Head.self, from: Data(json.utf8))
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

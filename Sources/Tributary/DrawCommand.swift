import ArgumentParser
import Casework
import Foundation
import Inspection
import Terminal

/// `tributary draw`: draws on a node's replica, and the check of published ones, which needs no replica.
struct DrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "draw",
    abstract: "Draw companies and inspectors (双随机抽查), and check published draws as anyone may.",
    discussion: """
      At the start of a year: key, anchor at the unit and at its hub. Each month: barrier. For each draw: \
      freeze, commit, ack at the hub, run, dispatch, and after the visits reveal. All but ack work \
      without a link. A task whose plan names implementers is drawn over their rosters; run hands each \
      its share (shares), for which it freezes, commits and draws its own inspectors. The record and the algorithm are described in Protocol/10-Draw.md.
      """,
    subcommands: [
      Key.self, Anchor.self, Barrier.self, Freeze.self, Pairs.self, Sample.self, Commit.self,
      Acknowledge.self, Run.self,
      Shares.self, Dispatch.self, Merge.self, Substitute.self, Lend.self, Recall.self, Void.self,
      Reveal.self,
      List.self,
      Record.self, Verify.self, Prove.self,
    ])

  /// `tributary draw verify`.
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check every step of every draw of a record, and name what failed.",
      discussion: """
        Status 0: nothing failed. Status 1: a step failed. A step that lacks rows or revealed values is \
        shown as not checked, never as passed.
        """)

    @Option(help: "Also say whether the company of this key was drawn; the rows must be published.")
    var enterprise: String?

    @Option(help: "Also judge the proof of one company in this file, as `draw prove` writes it.")
    var proof: String?

    @OptionGroup var options: OutputOptions

    @Argument(help: "The record, a JSON file; `-` for the standard input.")
    var record: String

    func run() throws {
      let record = try DrawCommand.read(DrawRecord.self, from: self.record)
      let findings = DrawVerifier.findings(of: record)
      var proofs: [ObjectProof] = []
      if let proof { proofs.append(try DrawCommand.read(ObjectProof.self, from: proof)) }
      if let enterprise { proofs += try DrawCommand.proofs(of: enterprise, in: record) }
      let report = DrawReport(record, findings, proofs)
      try options.output.show(report) { report.text }
      if report.failed > 0 { throw ExitCode(ExitStatus.found.rawValue) }
    }
  }

  /// `tributary draw prove`.
  struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the proof of one company: its row and its path to the committed root.",
      discussion: """
        The company checks it with `tributary draw verify RECORD --proof FILE` against the published \
        record, and needs no roster for it.
        """)

    @Option(help: "Which draw of the record, from 1.")
    var draw = 1

    @Argument(help: "A record with the rows of its frames.")
    var record: String

    @Argument(help: "The credit code of the company, or its ID: key.")
    var enterprise: String

    func run() throws {
      let record = try DrawCommand.read(DrawRecord.self, from: self.record)
      guard record.draws.indices.contains(draw - 1) else {
        throw Problem(
          "the record has no such draw", on: "\(draw)",
          next: ["Give --draw 1 to \(record.draws.count)."], status: .usage)
      }
      let drawn = record.draws[draw - 1]
      let proofs = try DrawCommand.proofs(of: enterprise, in: record)
      let committed = Set(drawn.commit.entries.map(\.frame))
      guard let proof = proofs.first(where: { committed.contains($0.header.hash) }) else {
        throw DrawCommand.notInFrames(enterprise)
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      let data: Data
      do { data = try encoder.encode(proof) } catch {
        throw Problem(
          "cannot express the proof as JSON", because: "\(error)", next: ["Report this."],
          status: .software)
      }
      try StandardStream.output.write(String(decoding: data, as: UTF8.self) + "\n")
    }
  }

  /// One proof per frame of the record that has the key. Throws `Problem` when none has.
  private static func proofs(of key: String, in record: DrawRecord) throws(Problem)
    -> [ObjectProof]
  {
    var proofs: [ObjectProof] = []
    for published in record.frames {
      guard let rows = published.rows else { continue }
      let frame: Frame
      do throws(DrawError) {
        frame = try Frame(rows)
      } catch {
        throw Problem(
          "the rows of a frame are not sound", on: published.hash.description,
          because: "\(error)", next: ["Run `draw verify` without --enterprise."], status: .data)
      }
      let normal = key.hasPrefix("ID:") ? key : key.uppercased()
      if let proof = ObjectProof(of: normal, in: frame, header: published.header) {
        proofs.append(proof)
      }
    }
    if proofs.isEmpty { throw notInFrames(key) }
    return proofs
  }

  private static func notInFrames(_ key: String) -> Problem {
    Problem(
      "no published frame has this company", on: key,
      because: "it is not in the rows, or the record is published without rows",
      next: [
        "Ask the unit for the proof of this company and give it with --proof.",
        "A company that should be in the roster and is not can object: the frame is fixed.",
      ], status: .data)
  }

  private static func read<Value: Decodable>(_ type: Value.Type, from path: String)
    throws(Problem) -> Value
  {
    let bytes = try FileAccess.read(path, limit: 1 << 30)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw Problem(
        "this is no record of draws", on: path, because: DecodingFault.text(of: error),
        next: ["Compare it with Protocol/10-Draw.md §11; `draw prove` writes proofs."],
        status: .data)
    }
  }

}

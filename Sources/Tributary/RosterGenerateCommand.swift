import ArgumentParser
import Casework
import Causality
import Store
import Terminal

/// `tributary roster generate`.
struct RosterGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Fill rosters with invented companies and inspectors of realistic size.",
    discussion: """
      The same seed, scale and divisions give the same rows everywhere. Rows that are there already stay
      as they are. Scale 1 is the model of 2019: 3.24 million companies in 146 divisions.
      """)

  @OptionGroup var node: NodeFolder

  @Option(help: "The seed of the rows.")
  var seed: UInt64 = 1

  @Option(help: "The scale, more than 0, at most 3.")
  var scale = 0.01

  @Option(
    help:
      "This division, code or full name; may be repeated. Otherwise all that the node may write.")
  var division: [String] = []

  @OptionGroup var author: AuthorOptions
  @OptionGroup var options: OutputOptions

  /// What was made, for `--json`.
  private struct Report: Encodable {
    let seed: UInt64
    let partsPerMillion: Int
    let divisions: Int
    let companies: Int
    let inspectors: Int
    let presentBefore: Int
    let changeSets: Int
  }

  func run() throws {
    let parts = scale.isFinite ? Int(max(0, min(scale, 10)) * 1_000_000) : 0
    guard (1...RosterGenerator.largestScale).contains(parts) else {
      throw ValidationError("--scale is more than 0 and at most 3.")
    }
    let divisions = try NodeFolder.divisions()
    let asked = try ScopeArguments.scopes(division, divisions)
    let generator = RosterGenerator(seed: seed, partsPerMillion: parts, divisions: divisions)
    let report = try node.open().closing { replica in
      let store = RosterStore(replica, author: author.name) { Wall.milliseconds }
      let scopes = asked.isEmpty ? store.writableScopes(of: .companies) : asked
      var bar = ProgressBar(
        "generate", total: RosterStore.count(of: generator, scopes), unit: "rows")
      let made: GeneratedRosters
      do throws(StoreError) {
        made = try store.generate(generator, in: scopes) { bar.update($0) }
      } catch {
        throw Problem("generating stopped", on: node.folder, error)
      }
      bar.finish()
      return Report(
        seed: seed, partsPerMillion: parts, divisions: scopes.count, companies: made.companies,
        inspectors: made.inspectors, presentBefore: made.present, changeSets: made.dots.count)
    }
    try options.output.show(report) {
      "\(Quantity.count(report.companies)) companies and \(Quantity.count(report.inspectors)) "
        + "inspectors in \(report.divisions) divisions, \(report.changeSets) change sets"
        + (report.presentBefore > 0
          ? "; \(Quantity.count(report.presentBefore)) rows were there already\n" : "\n")
    }
  }
}

import ArgumentParser
import Casework
import Causality
import Inspection
import Terminal

/// Which units below a draw of checks is about.
struct CheckedUnits: ParsableArguments {
  @Option(name: .customLong("for"), help: "A unit below; may be repeated.") var units: [String] = []
  @Option(help: "All units so many tiers below: 1 for those right below.") var below = 1

  func scopes(at store: CaseStore) throws(Problem) -> [Scope] {
    let named = try ScopeArguments.scopes(units, NodeFolder.divisions())
    return named.isEmpty ? store.unitsBelow(steps: below) : named
  }
}

extension DrawCommand {
  /// `tributary draw pairs`.
  struct Pairs: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Freeze units below for a draw of who checks whom (交叉检查). Prints the session.",
      discussion: """
        Then commit, ack at the tier above and run, as for companies; without a tier above, run --alone, \
        best with a lottery. Each unit checks one and is checked by one.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "A code that names the draw for ever, e.g. 530000-2026-JC01.") var code: String
    @OptionGroup var units: CheckedUnits
    @Flag(help: "Units check only those of the same superior.") var within = false
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    static let failure = "cannot freeze the units"

    func perform(_ store: CaseStore) throws -> DrawSession {
      try store.freezePairs(code, of: units.scopes(at: store), isWithinParents: within)
    }

    func show(_ session: DrawSession) throws {
      try options.output.show(SessionLine(session, nil)) { session.id + "\n" }
    }
  }

  /// `tributary draw sample`.
  struct Sample: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract:
        "Freeze published results of units below for a draw of those that are checked again.",
      discussion: """
        Then commit, ack at the tier above and run, as for companies. From each unit so many results are \
        drawn as --ratio, --minimum and --maximum say.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "A code that names the draw for ever, e.g. 530000-2026-FC01.") var code: String
    @OptionGroup var units: CheckedUnits
    @Option(help: "First day of publication.") var from: DayArgument
    @Option(help: "Last day of publication.") var until: DayArgument
    @Option(help: "Basis points of each unit's results.") var ratio: UInt32 = 100
    @Option(help: "At least so many of a unit that has results.") var minimum: UInt32 = 1
    @Option(help: "At most so many of a unit.") var maximum: UInt32?
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    static let failure = "cannot freeze the results"

    func validate() throws {
      guard from.date <= until.date else { throw ValidationError("Give the days in their order.") }
    }

    func perform(_ store: CaseStore) throws -> DrawSession {
      try store.freezeSample(
        code, of: units.scopes(at: store), publishedOn: from.date...until.date,
        size: SampleSize(ratioBp: ratio, minimum: minimum, maximum: maximum))
    }

    func show(_ session: DrawSession) throws {
      try options.output.show(SessionLine(session, nil)) { session.id + "\n" }
    }
  }
}

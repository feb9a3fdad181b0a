import ArgumentParser
import Casework
import Causality
import Changes
import Inspection
import Terminal

/// `tributary plan`: yearly and joint plans (抽查工作计划).
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Make, check, sign and file plans of random inspections.",
    discussion: """
      `make` prints a plan to fill in, `check` says what is wrong with it, `sign` puts it into force: both \
      need no link. It is filed when a hub above has it and runs `receive`: by 31 January, joint plans by \
      31 March, with grace for bad links. `list` shows both times.
      """,
    subcommands: [Make.self, Check.self, Sign.self, Receive.self, List.self])

  struct Make: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a plan to fill in: the next version of the one in force, or a first one.")

    @OptionGroup var node: NodeFolder
    @Option(help: "The year; otherwise this one.") var year: Int?
    @Option(help: "ANNUAL or JOINT.") var kind = "ANNUAL"

    func validate() throws {
      guard PlanFile.kinds[kind] != nil else {
        throw ValidationError("--kind is ANNUAL or JOINT, not \(kind).")
      }
    }

    func run() throws {
      let year = year ?? DayArgument.today.year
      let file = try CaseAccess.read(node, "cannot make a plan") { store in
        let kind = PlanFile.kinds[kind] ?? .annual
        guard let unit = UnitCode("\(store.ownScope)") else {
          throw CaseworkError.missing(table: "divisions", key: "\(store.ownScope)")
        }
        guard let last = try store.latestPlan(of: kind, year: year) else {
          return PlanFile(firstOf: year, unit: unit)
        }
        return PlanFile(next: last)
      }
      try StandardStream.output.write(Output.json(file) + "\n")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with a plan, clause and row; status 1 when something is.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The plan, a JSON file.", completion: .file()) var file: String
    @OptionGroup var options: OutputOptions

    private struct Line: Encodable {
      let clause: String
      let requirement: String
      let row: String
      let text: String
    }

    func run() throws {
      let draft = try PlanFile.read(file)
      let breaches = try CaseAccess.read(node, "cannot check the plan") { store in
        try store.breaches(of: PlanCommand.plan(draft, store, signer: "-"))
      }
      let lines = breaches.map {
        Line(
          clause: $0.requirement.clause, requirement: $0.requirement.rawValue, row: $0.row,
          text: RuleText.text($0))
      }
      try options.output.show(lines) { lines.map { $0.text + "\n" }.joined() }
      if !lines.isEmpty { throw ExitCode(ExitStatus.found.rawValue) }
    }
  }

  struct Sign: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Sign a plan: it is in force, and on its way to the hubs.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The plan, a JSON file.", completion: .file()) var file: String
    @Option(help: "Who signs.") var signedBy: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot sign the plan"

    func perform(_ store: CaseStore) throws -> Plan {
      let plan = try PlanCommand.plan(try PlanFile.read(file), store, signer: signedBy)
      try store.sign(plan)
      return plan
    }

    func show(_ plan: Plan) {
      StandardStream.note("version \(plan.version) of \(plan.year) signed by \(signedBy)")
    }
  }

  /// The plan of a file for the node's unit.
  fileprivate static func plan(
    _ file: PlanFile, _ store: CaseStore, signer: String
  ) throws(CaseworkError) -> Plan {
    guard let unit = UnitCode("\(store.ownScope)") else {
      throw .missing(table: "divisions", key: "\(store.ownScope)")
    }
    do throws(Problem) {
      return try file.plan(unit: unit, signedBy: signer, at: Wall.milliseconds)
    } catch {
      throw .refused([
        RuleBreach(
          .annualPlan, row: "\(unit)/\(file.year)/\(file.version)",
          .malformed(field: error.subject ?? "计划", value: error.reason ?? ""))
      ])
    }
  }

  struct Receive: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Give receipts for the plans of units below that have arrived (备案).",
      discussion:
        "Filing is no approval. Two signed plans of one number get none until one is chosen.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "Units below; otherwise all.") var units: [String] = []
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot receive the plans"

    func perform(_ store: CaseStore) throws -> Int {
      let scopes = try ScopeArguments.scopes(units, NodeFolder.divisions())
      var count = 0
      for unit in scopes.isEmpty ? store.unitsBelow : scopes {
        count += try store.receivePlans(of: unit)
      }
      return count
    }

    func show(_ count: Int) throws {
      StandardStream.note("\(count) plans received")
    }
  }

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The plan versions of a unit with tasks, states, receipts and timeliness.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let year: Int
      let kind: String
      let version: Int
      let title: String
      let signedBy: String
      let signedAtMs: Int64?
      let isDisputed: Bool
      let receipts: [Receipt]
      let tasks: [Task]
      struct Receipt: Encodable {
        let hub: String
        let receivedAtMs: Int64?
        let timeliness: String
      }
      struct Task: Encodable {
        let code: String
        let state: String
      }
    }

    static let failure = "cannot list the plans"

    func read(_ store: CaseStore) throws -> [Line] {
      let plans = try store.filedPlans(of: unit.scope(at: store))
      return plans.map { plan in
        Line(
          year: plan.year, kind: plan.kind.rawValue, version: plan.version, title: plan.title,
          signedBy: plan.signedBy, signedAtMs: plan.signedAt?.milliseconds,
          isDisputed: plan.isDisputed,
          receipts: plan.receipts.map {
            .init(
              hub: $0.hub, receivedAtMs: $0.receivedAt?.milliseconds,
              timeliness: $0.timeliness.verdict.rawValue)
          }, tasks: plan.tasks.map { .init(code: $0.code, state: $0.state) })
      }
    }

    func text(_ lines: [Line]) -> String {
      lines.map { line in
        "\(line.year) \(line.kind) \(line.version) \(line.title)"
          + (line.isDisputed ? " 争议" : "")
          + line.receipts.map { " \($0.hub):\($0.timeliness)" }.joined() + "\n"
          + line.tasks.map { "  \($0.code) \($0.state)\n" }.joined()
      }.joined()
    }
  }
}

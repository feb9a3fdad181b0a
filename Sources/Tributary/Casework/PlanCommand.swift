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
      need no link; both name tasks that check the same objects for the same items at the same time. It is \
      filed when a hub above has it and runs `receive`: by 31 January, joint plans by \
      31 March, with grace for bad links. `list` shows both times.
      """,
    subcommands: [Make.self, Check.self, Sign.self, Terminate.self, Receive.self, List.self])

  struct Make: CaseLooking {
    static let configuration = CommandConfiguration(
      abstract: "Print a plan to fill in: the next version of the one in force, or a first one.",
      discussion: """
        Members of a plan: year, kind, version, title, tasks; reason from version 2 on; meeting_on of a joint \
        plan; unmet_reasons, by the id of a requirement that has no task. Of a task: code, name, item_codes, \
        strata, window_from, window_to; library, source (PLAN, TEMP), origin (RANDOM, LEAD, RISK_SPECIAL, SIEVE, \
        ROUTINE_SPECIAL_FIELD), draw_type (UNDIRECTED, DIRECTED, BATCH, SIEVE), filter, departments, team_size, is_list_public, \
        approver, requirement_id, risk_analysis; implementers, the units below that visit. Of a stratum: \
        stratum, ratio_bp (1/100 %), minimum, maximum. Any other name is an error.
        """)

    @OptionGroup var node: NodeFolder
    @Option(help: "The year; otherwise this one.") var year: Int?
    @Option(help: "ANNUAL or JOINT.") var kind = "ANNUAL"

    func validate() throws {
      guard PlanFile.kinds[kind] != nil else {
        throw ValidationError("--kind is ANNUAL or JOINT, not \(kind).")
      }
    }

    static let failure = "cannot make a plan"

    func read(_ store: CaseStore) throws -> PlanFile {
      let year = year ?? DayArgument.today.year
      let kind = PlanFile.kinds[kind] ?? .annual
      guard let unit = UnitCode("\(store.ownScope)") else {
        throw CaseworkError.missing(table: "divisions", key: "\(store.ownScope)")
      }
      guard let last = try store.latestPlan(of: kind, year: year) else {
        return PlanFile(firstOf: year, kind: kind, unit: unit)
      }
      return PlanFile(next: last)
    }

    func show(_ file: PlanFile) throws {
      try StandardStream.output.write(Output.json(file) + "\n")
    }
  }

  struct Check: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with a plan, clause and row; status 1 when something is.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The plan, a JSON file.", completion: .file()) var file: String
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let clause: String
      let requirement: String
      let row: String
      let text: String

      init(_ breach: RuleBreach) {
        (clause, requirement) = (breach.requirement.clause, breach.requirement.rawValue)
        (row, text) = (breach.row, RuleText.text(breach))
      }
    }

    static let failure = "cannot check the plan"

    func read(_ store: CaseStore) throws -> [Line] {
      let plan = try PlanCommand.plan(PlanFile.read(file), store, signer: "-")
      return try (store.breaches(of: plan) + store.duplicates(in: plan)).map(Line.init)
    }

    func text(_ lines: [Line]) -> String { lines.map { $0.text + "\n" }.joined() }

    func show(_ lines: [Line]) throws {
      try options.output.show(lines) { text(lines) }
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

    func perform(_ store: CaseStore) throws -> (plan: Plan, duplicates: [RuleBreach]) {
      let plan = try PlanCommand.plan(try PlanFile.read(file), store, signer: signedBy)
      let duplicates = try store.duplicates(in: plan)
      try store.sign(plan)
      return (plan, duplicates)
    }

    func show(_ signed: (plan: Plan, duplicates: [RuleBreach])) {
      for breach in signed.duplicates { StandardStream.note(RuleText.text(breach)) }
      StandardStream.note(
        "version \(signed.plan.version) of \(signed.plan.year) signed by \(signedBy)")
    }
  }

  struct Terminate: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract:
        "End a task that is not under way, with reason and approver; it stays and is counted.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The code of the task.") var task: String
    @Option(help: "Why.") var reason: String
    @Option(help: "Who approved it.") var approver: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot end the task"

    func perform(_ store: CaseStore) throws {
      try store.terminate(task: task, reason: reason, approver: approver)
    }
  }

  /// The plan of a file for the node's unit.
  fileprivate static func plan(
    _ file: PlanFile, _ store: CaseStore, signer: String
  ) throws(CaseworkError) -> Plan {
    guard let unit = UnitCode("\(store.ownScope)") else {
      throw .missing(table: "divisions", key: "\(store.ownScope)")
    }
    do throws(RuleBreach) {
      return try file.plan(unit: unit, signedBy: signer, at: Wall.milliseconds)
    } catch {
      throw .refused([error])
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

import ArgumentParser
import Casework
import Causality
import Inspection
import Store
import Terminal

/// The key files of the two persons who sign commits.
struct SignerOptions: ParsableArguments {
  @Option(help: "The operator's key file, as `draw key` wrote it.", completion: .file())
  var operatorKey: String

  @Option(help: "The supervisor's key file: another person's.", completion: .file())
  var supervisorKey: String

  func signers() throws(Problem) -> (DrawSigner, DrawSigner) {
    (try Self.read(operatorKey), try Self.read(supervisorKey))
  }

  private static func read(_ path: String) throws(Problem) -> DrawSigner {
    let bytes = try FileAccess.read(path, limit: 4_096)
    guard let signer = DrawSigner(text: String(decoding: bytes, as: UTF8.self)) else {
      throw Problem(
        "this is no key of a signer", on: path,
        because: "it is a name and, on the next line, 64 hexadecimal digits",
        next: ["`tributary draw key FILE --name NAME` makes one."], status: .data)
    }
    return signer
  }
}

/// The public value that a seed takes in, in the form of its source.
struct PublicValueOption: ParsableArguments {
  @Option(
    help: "The public value: 双色球2026030:01,05,… as text, or hex: and hexadecimal digits.")
  var publicValue: String?

  func bytes() throws(Problem) -> [UInt8] {
    guard let publicValue else { return [] }
    guard publicValue.hasPrefix("hex:") else { return Array(publicValue.utf8) }
    guard let bytes = HexText.bytes(String(publicValue.dropFirst(4))) else {
      throw Problem(
        "this is no hexadecimal value", on: publicValue,
        next: ["Give hex: and an even number of lower-case digits."], status: .usage)
    }
    return bytes
  }
}

extension DrawCommand {
  /// `tributary draw key`.
  struct Key: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the key of a person who signs draws, in a file that the person keeps.")

    @Argument(help: "The file; it must not be there yet.")
    var file: String

    @Option(help: "The person's name.")
    var name: String

    func run() throws {
      let host = SystemHost()
      guard !host.exists(file) else {
        throw Problem(
          "cannot make the key", on: file, because: "the file is there already",
          next: ["Name another file; a key that is lost or replaced signs no more draws."],
          status: .cannotCreate)
      }
      let signer = DrawSigner(name: name)
      try Problem.fromStore("cannot make the key", on: file) { () throws(StoreError) in
        try host.write(Array(signer.text.utf8), to: file, isPrivate: true)
      }
      StandardStream.note("\(name): public key \(HexText.text(signer.publicKey))")
    }
  }

  /// `tributary draw anchor`.
  struct Anchor: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Publish the committed values of a year, of a unit or of the hub above it.",
      discussion: """
        A unit gives --operator-key and --supervisor-key: the two who sign its draws of the year. A hub \
        gives --for with the units below, or --for-all. The secret stays in DIR/draw.secret.
        """)

    @OptionGroup var node: NodeFolder
    @Option(help: "The year; otherwise this one.") var year: Int?
    @Option(help: "The operator's key file.", completion: .file()) var operatorKey: String?
    @Option(help: "The supervisor's key file.", completion: .file()) var supervisorKey: String?
    @Option(name: .customLong("for"), help: "A unit below; may be repeated.") var units: [String] =
      []
    @Flag(help: "All units below.") var forAll = false
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot publish the values"

    private var chosenYear: Int { year ?? DayArgument.today.year }

    /// Returns for how many units below values were published; nil for the unit's own.
    func perform(_ store: CaseStore) throws -> Int? {
      let scopes = try ScopeArguments.scopes(units, NodeFolder.divisions())
      if let operatorKey, let supervisorKey {
        var options = SignerOptions()
        (options.operatorKey, options.supervisorKey) = (operatorKey, supervisorKey)
        let (first, second) = try options.signers()
        try store.publishAnchor(
          year: chosenYear, operator: first, supervisor: second,
          secret: DrawSecret(in: node.path, makes: true))
        return nil
      }
      guard forAll || !scopes.isEmpty else {
        throw ValidationError("Give --operator-key and --supervisor-key, or --for or --for-all.")
      }
      return try store.publishHubAnchors(
        year: chosenYear, for: forAll ? store.unitsBelow : scopes,
        secret: DrawSecret(in: node.path, makes: true))
    }

    func show(_ count: Int?) {
      StandardStream.note(
        "committed values of \(chosenYear) published" + (count.map { " for \($0) units" } ?? ""))
    }
  }

  /// `tributary draw barrier`.
  struct Barrier: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Publish what units below must have received before they freeze their rosters.",
      discussion: "It names all that this tier has written into their streams so far, each month.")

    @OptionGroup var node: NodeFolder
    @Option(help: "The month, YYYY-MM; otherwise this one.") var month: String?
    @Option(name: .customLong("for"), help: "A unit below; otherwise all.") var units: [String] = []
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot publish the barrier"

    private var chosenMonth: String { month ?? String("\(DayArgument.today)".prefix(7)) }

    func perform(_ store: CaseStore) throws -> Int {
      let scopes = try ScopeArguments.scopes(units, NodeFolder.divisions())
      return try store.publishBarrier(
        month: chosenMonth, for: scopes.isEmpty ? store.unitsBelow : scopes)
    }

    func show(_ count: Int) throws {
      StandardStream.note("barrier of \(chosenMonth) published for \(count) units")
    }
  }

  /// `tributary draw freeze`.
  struct Freeze: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Freeze the rosters for planned tasks and fix every parameter of their draw.",
      discussion: """
        The roster is what this node knows now; it must cover the barrier of the tier above. Needs no link. \
        Prints the session.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The codes of the tasks.") var tasks: [String]
    @Flag(help: "Freeze below the barrier; the record says so.") var stale = false
    @Option(help: "Batches, where their order is drawn.") var batches: UInt32 = 4
    @Flag(help: "The tasks share their numbers: one company comes up in several.")
    var coordinated = false
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    static let failure = "cannot freeze the roster"

    func perform(_ store: CaseStore) throws -> DrawSession {
      var freeze = FreezeOptions()
      (freeze.allowsStale, freeze.batchCount, freeze.isCoordinated) = (stale, batches, coordinated)
      return try store.freeze(tasks, freeze)
    }

    func show(_ session: DrawSession) throws {
      try options.output.show(SessionLine(session, nil)) { session.id + "\n" }
    }
  }

  /// `tributary draw commit`.
  struct Commit: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract:
        "Bind the unit to a frozen session, signed by two persons. Prints the commit's hash.",
      discussion: """
        With a public value to come it also says, on standard error, the hash to lodge outside the unit before the \
        value exists (grade 1+ without the hub): Protocol/10-Draw §7.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The session.") var session: String
    @OptionGroup var signers: SignerOptions
    @Option(help: "none, drand, nist or lottery: a public value that does not exist yet.")
    var publicSource = "none"
    @Option(help: "Which round or issue, e.g. 2026030.") var reference = ""
    @Option(help: "Who outside the unit holds the lodged hash (grade 1+).") var lodgedWith: String?
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot commit"

    func perform(_ store: CaseStore) throws -> (commit: DrawHash, lodged: DrawHash?) {
      let sources: [String: PublicSource] = [
        "none": .none, "drand": .drand, "nist": .nist, "lottery": .lottery,
      ]
      guard let source = sources[publicSource] else {
        throw ValidationError("--public-source is none, drand, nist or lottery.")
      }
      let (first, second) = try signers.signers()
      let commit = try store.commit(
        session, operator: first, supervisor: second, publicSource: source,
        reference: reference, lodgedWith: lodgedWith)
      guard source != .none else { return (commit, nil) }
      return (commit, DrawCommit.lodgedHash(commit: commit, source: source, reference: reference))
    }

    func show(_ done: (commit: DrawHash, lodged: DrawHash?)) throws {
      try StandardStream.output.write("\(done.commit)\n")
      if let lodged = done.lodged { StandardStream.note("to lodge: \(lodged)") }
    }
  }

  /// `tributary draw ack`.
  struct Acknowledge: CaseWriting {
    static let configuration = CommandConfiguration(
      commandName: "ack",
      abstract: "Answer the commits of units below: make each frame again, give the hub's value.",
      discussion: """
        MATCH: this replica gives the same frame. PENDING: it knows less than the unit did; run it again \
        later. MISMATCH: an incident, no value is given. What was drawn for objects of a draw above that was \
        voided since is voided too. Status 1 when one was voided or withheld.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "Units below; otherwise all.") var units: [String] = []
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let unit: String
      let session: String
      let verdict: String
      let action: String
      let reason: String?
      let isOldList: Bool
    }

    static let failure = "cannot answer"

    func perform(_ store: CaseStore) throws -> [Line] {
      let scopes = try ScopeArguments.scopes(units, NodeFolder.divisions())
      let secret = try DrawSecret(in: node.path)
      var lines: [Line] = []
      for unit in scopes.isEmpty ? store.unitsBelow : scopes {
        for answer in try store.acknowledge(unit, secret: secret) {
          let (action, reason) = answer.action.text
          lines.append(
            Line(
              unit: "\(unit)", session: answer.session, verdict: answer.verdict.rawValue,
              action: action, reason: reason, isOldList: answer.isOldList))
        }
      }
      return lines
    }

    func show(_ lines: [Line]) throws {
      try options.output.show(lines) {
        lines.map {
          "\($0.unit) \($0.session) \($0.verdict) \($0.action)"
            + ($0.isOldList ? " OLD_LIST" : "") + ($0.reason.map { ": \($0)" } ?? "") + "\n"
        }.joined()
      }
      if lines.contains(where: { $0.reason != nil }) { throw ExitCode(ExitStatus.found.rawValue) }
    }
  }

  /// `tributary draw run`.
  struct Run: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Draw companies, batches and teams of a committed session.",
      discussion: """
        Needs the hub's answer; --alone draws without it, as grade 1 and for all to see. The seed stays \
        secret until `draw reveal`.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The session.") var session: String
    @OptionGroup var publicValue: PublicValueOption
    @Flag(help: "Draw without the hub's answer (grade 1, or 1+ with a lodged public value).")
    var alone = false
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    private struct Drawn: Encodable {
      let session: String
      let seedGrade: String
      let draws: [Task]
      struct Task: Encodable {
        let resultHash: String
        let strata: [Stratum]
        let batches: [[String]]
        let teams: [Team]
        let pairs: [Pair]
      }
      struct Pair: Encodable {
        let checker: String
        let checked: String
      }
      struct Stratum: Encodable {
        let stratum: String
        let eligible: UInt32
        let selected: [String]
      }
      struct Team: Encodable {
        let subject: String
        let members: [String]
        let neighbours: [String]
        let leader: String?
        let eligibleInspectors: UInt32
        let isFilled: Bool
      }
    }

    static let failure = "cannot draw"

    func perform(_ store: CaseStore) throws -> DrawnSession {
      let value = try publicValue.bytes()
      return try store.run(
        session, secret: DrawSecret(in: node.path), publicValue: value, selfReveals: alone)
    }

    func show(_ drawn: DrawnSession) throws {
      let report = Drawn(
        session: drawn.id, seedGrade: drawn.grade.rawValue,
        draws: drawn.draws.map { draw in
          Drawn.Task(
            resultHash: draw.result.description,
            strata: draw.strata.map {
              .init(stratum: $0.stratum, eligible: $0.eligible, selected: $0.selected)
            }, batches: draw.batches,
            teams: (draw.matching?.teams ?? []).map {
              .init(
                subject: $0.object, members: $0.members, neighbours: $0.neighbours,
                leader: $0.leader, eligibleInspectors: $0.eligible, isFilled: $0.state == .filled)
            }, pairs: draw.pairs.map { .init(checker: $0.checker, checked: $0.checked) })
        })
      try options.output.show(report) {
        report.draws.flatMap { draw in
          if !draw.pairs.isEmpty { return draw.pairs.map { "\($0.checker) \($0.checked)\n" } }
          // Over several units there are no teams yet.
          return draw.teams.isEmpty
            ? draw.strata.flatMap(\.selected).map { $0 + "\n" }
            : draw.teams.map {
              "\($0.subject) \(($0.members + $0.neighbours).joined(separator: " "))\n"
            }
        }.joined()
      }
      StandardStream.note("seed grade \(drawn.grade.rawValue)")
    }
  }
}

/// A session, for `--json` and people.
struct SessionLine: Encodable {
  let session: String
  let tasks: [String]
  let sequences: [UInt32]
  let valueIndex: UInt32
  let state: String
  let isStale: Bool
  let isVoided: Bool
  let isVoidedAbove: Bool
  let verdicts: [String]

  init(_ session: DrawSession, _ standing: SessionStanding?) {
    self.session = session.id
    tasks = session.tasks.map(\.code)
    sequences = session.tasks.map(\.parameters.sequence)
    (valueIndex, state, isStale) = (session.valueIndex, session.state, session.isStale)
    isVoided = standing?.isVoided ?? false
    isVoidedAbove = standing?.isVoidedAbove ?? false
    verdicts = standing?.verdicts ?? []
  }
}

extension HubAnswer.Action {
  /// One word, and the reason where there is one.
  var text: (String, String?) {
    switch self {
    case .acknowledged: ("ACKNOWLEDGED", nil)
    case .answeredBefore: ("ANSWERED_BEFORE", nil)
    case .notOurs: ("OF_ANOTHER_HUB", nil)
    case .voided(let breach): ("VOIDED", RuleText.text(breach))
    case .withheld(let breach): ("WITHHELD", RuleText.text(breach))
    }
  }
}

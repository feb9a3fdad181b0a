import ArgumentParser
import Casework
import Causality
import Foundation
import Inspection
import Terminal

extension DrawCommand {
  /// `tributary draw list`.
  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The draw sessions of a unit, with verdicts of the hubs and voids.",
      discussion:
        "VOID: the superior voided it. VOID_ABOVE: the draw that gave it its objects was voided.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    static let failure = "cannot list the draws"

    func read(_ store: CaseStore) throws -> [SessionLine] {
      let unit = try unit.scope(at: store)
      var lines: [SessionLine] = []
      for session in try store.sessions(of: unit) {
        lines.append(SessionLine(session, try store.standing(of: session, in: unit)))
      }
      return lines
    }

    func text(_ lines: [SessionLine]) -> String {
      lines.map {
        "\($0.session) \($0.valueIndex) \($0.state)\($0.isVoided ? " VOID" : "")"
          + ($0.isVoidedAbove ? " VOID_ABOVE" : "")
          + "\($0.isStale ? " STALE_FRAME" : "") \($0.verdicts.joined(separator: " ")) "
          + $0.tasks.joined(separator: " ") + "\n"
      }.joined()
    }
  }

  /// `tributary draw shares`.
  struct Shares: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "What tiers above drew for this unit to visit, checked against its own roster.",
      discussion: """
        MATCH: the roster that was drawn from is the one that this unit had. MISMATCH: somebody changed it \
        above; object before anybody is visited. PENDING: this node has not received the draw yet.
        """)

    @OptionGroup var node: NodeFolder
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let session: String
      let task: String
      let sequence: UInt32
      let initiator: String
      let roster: String
      let isSigned: Bool
      let isVoided: Bool
      let objects: [String]
    }

    static let failure = "cannot read the shares"

    func read(_ store: CaseStore) throws -> [Line] {
      try store.handedShares().map { standing in
        let share = standing.handed.share
        return Line(
          session: standing.handed.session, task: standing.handed.taskCode,
          sequence: share.sequence, initiator: share.initiator,
          roster: standing.roster.rawValue, isSigned: standing.isSigned,
          isVoided: standing.isVoided, objects: share.objects)
      }
    }

    func text(_ lines: [Line]) -> String {
      lines.map {
        "\($0.task) \($0.sequence) \($0.initiator) \($0.roster)"
          + ($0.isSigned ? "" : " UNSIGNED") + ($0.isVoided ? " VOID" : "")
          + " \($0.objects.joined(separator: " "))\n"
      }.joined()
    }
  }

  /// `tributary draw dispatch`.
  struct Dispatch: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Write the visits of a drawn session with the teams that were drawn.",
      discussion: """
        Where chance found too few inspectors, also in the neighbours' pool, nothing is written until \
        somebody is appointed: --appoint SUBJECT=INSPECTOR with --reason and --approver. Status 1 while \
        a team is too small.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The session.") var session: String
    @Option(help: "SUBJECT=INSPECTOR; may be repeated.") var appoint: [String] = []
    @Option(help: "Why the inspectors are appointed directly.") var reason = ""
    @Option(help: "Who approved it.") var approver = ""
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    private struct Report: Encodable {
      struct Short: Encodable {
        let subject: String
        let eligibleInspectors: UInt32
      }
      let visits: [String]
      let understaffed: [Short]
    }

    static let failure = "cannot dispatch"

    func perform(_ store: CaseStore) throws -> Dispatched {
      let appointments = try appoint.map { text in
        let parts = text.split(separator: "=")
        guard parts.count == 2 else {
          throw ValidationError("--appoint is SUBJECT=INSPECTOR, not \(text).")
        }
        return DirectAppointment(
          subject: String(parts[0]), inspector: String(parts[1]), reason: reason,
          approver: approver)
      }
      return try store.dispatch(session: session, appointments: appointments)
    }

    func show(_ done: Dispatched) throws {
      let report = Report(
        visits: done.visits,
        understaffed: done.understaffed.map {
          .init(subject: $0.subject, eligibleInspectors: $0.eligible)
        })
      try options.output.show(report) { report.visits.map { $0 + "\n" }.joined() }
      for short in report.understaffed {
        StandardStream.note(
          "\(short.subject): only \(short.eligibleInspectors) inspectors; see --appoint")
      }
      if !report.understaffed.isEmpty { throw ExitCode(ExitStatus.found.rawValue) }
    }
  }

  /// `tributary draw merge`.
  struct Merge: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Visits that could be one (进一次门、查多项事); with two or more named, make them one.",
      discussion: """
        Prints what could still be made one, a line each. With --json also what was made one, and what of it \
        a person has to look at.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "Visits to make one.") var visits: [String] = []
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    struct Report: Encodable {
      let suggested: [[String]]
      let made: [[String]]
      let forReview: [[String]]
    }

    static let failure = "cannot merge the visits"

    func validate() throws {
      if visits.count == 1 { throw ValidationError("Name two visits or more, or none.") }
    }

    func perform(_ store: CaseStore) throws -> Report {
      if !visits.isEmpty { try store.merge(visits: visits) }
      let found = try store.visitMerges()
      return Report(
        suggested: found.suggested.map(\.visits),
        made: found.made.filter { !$0.needsReview }.map(\.visits),
        forReview: found.made.filter(\.needsReview).map(\.visits))
    }

    func show(_ report: Report) throws {
      try options.output.show(report) {
        report.suggested.map { $0.joined(separator: " ") + "\n" }.joined()
      }
    }
  }

  /// `tributary draw substitute`.
  struct Substitute: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Replace an inspector who cannot go by the next of the same draw.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The visit.") var visit: String
    @Argument(help: "The inspector.") var inspector: String
    @Option(help: "Why.") var reason: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot substitute"

    func perform(_ store: CaseStore) throws -> String {
      try store.substitute(
        inspector, of: visit, secret: DrawSecret(in: node.path), reason: reason)
    }

    func show(_ next: String) throws {
      try StandardStream.output.write(next + "\n")
    }
  }

  /// `tributary draw lend`.
  struct Lend: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Lend an inspector of one unit below to another for some days (邻区匹配).")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The inspector.") var inspector: String
    @Option(help: "The unit that employs the inspector.") var of: String
    @Option(help: "The unit that gets help.") var to: String
    @Option(help: "First day.") var from: DayArgument
    @Option(help: "Last day.") var until: DayArgument
    @Option(help: "The number of the letter of assistance.") var letter: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot lend"

    func perform(_ store: CaseStore) throws {
      let scopes = try ScopeArguments.scopes([of, to], NodeFolder.divisions())
      guard scopes.count == 2, from.date <= until.date else {
        throw ValidationError("Two units, and days in their order.")
      }
      try store.lend(
        inspector, of: scopes[0], to: scopes[1], window: from.date...until.date, letter: letter)
    }
  }

  /// `tributary draw recall`.
  struct Recall: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Take back loans of inspectors who left, or who were lent twice for the same days.",
      discussion: "At the tier above owner and guests. What was drawn stays; the guest substitutes."
    )

    @OptionGroup var node: NodeFolder
    @OptionGroup var author: AuthorOptions
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let inspector: String
      let owner: String
      let guest: String
      let reason: String
    }

    static let failure = "cannot recall the loans"

    func perform(_ store: CaseStore) throws -> [Line] {
      try store.recallLoans().map {
        Line(
          inspector: $0.inspector, owner: $0.owner, guest: $0.guest, reason: $0.reason.rawValue)
      }
    }

    func show(_ lines: [Line]) throws {
      try options.output.show(lines) {
        lines.map { "\($0.inspector) \($0.owner) \($0.guest) \($0.reason)\n" }.joined()
      }
    }
  }

  /// `tributary draw void`.
  struct Void: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Decide as the tier above that a draw does not count; only then it is drawn again.",
      discussion:
        "At the hub whose values it binds. What units below drew for it counts no more; `draw ack` voids it."
    )

    @OptionGroup var node: NodeFolder
    @Argument(help: "The unit that drew.") var unit: String
    @Argument(help: "The session.") var session: String
    @Option(help: "Why.") var reason: String
    @Option(help: "Who approved it.") var approver: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot void the draw"

    func perform(_ store: CaseStore) throws {
      let scopes = try ScopeArguments.scopes([unit], NodeFolder.divisions())
      for unit in scopes {
        _ = try store.void(session, of: unit, reason: reason, approver: approver)
      }
    }
  }

  /// `tributary draw reveal`.
  struct Reveal: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Publish the unit's value once all visits have ended; then anyone can check.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The session.") var session: String
    @OptionGroup var publicValue: PublicValueOption
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot reveal"

    func perform(_ store: CaseStore) throws {
      let value = try publicValue.bytes()
      try store.reveal(session, secret: DrawSecret(in: node.path), publicValue: value)
    }
  }

  /// `tributary draw record`.
  struct Record: CaseLooking {
    static let configuration = CommandConfiguration(
      abstract: "Print the record of a unit's draws that `draw verify` and `draw prove` take.",
      discussion: "At the unit or at any hub above it; Protocol/10-Draw.md §11 has the form.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @Option(help: "The year; otherwise this one.") var year: Int?
    @Option(help: "The item list, when the unit drew under several in the year.")
    var list: UInt64?
    @Flag(help: "With the rows of the frames, for auditors.") var rows = false

    static let failure = "cannot make the record"

    func read(_ store: CaseStore) throws -> DrawRecord {
      try store.drawRecord(
        of: unit.scope(at: store), year: year ?? DayArgument.today.year, listVersion: list,
        withRows: rows)
    }

    func show(_ record: DrawRecord) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      let data: Data
      do { data = try encoder.encode(record) } catch {
        throw Problem(
          "cannot express the record as JSON", because: "\(error)", next: ["Report this."],
          status: .software)
      }
      try StandardStream.output.write(String(decoding: data, as: UTF8.self) + "\n")
    }
  }
}

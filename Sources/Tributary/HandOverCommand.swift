import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary handover`: jurisdiction, inspectors and follow-ups from unit to unit, with one owner at any time.
struct HandOverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handover",
    abstract: "Hand a follow-up, an object or an inspector over to another unit.",
    discussion: """
      What is handed over is named object/CODE, inspector/CODE or \
      follow_up/KIND/VISIT/ITEM/DEPARTMENT. Neighbours hold nothing of each other: a tier above both \
      runs `carry`, which takes offers there and answers back. Until an offer is accepted the old owner \
      stays; the common superior may decide.
      """,
    subcommands: [Offer.self, List.self, Answer.self, Decide.self, Carry.self])

  struct Offer: CaseWriting {
    static let configuration = CommandConfiguration(abstract: "Offer a thing to a unit.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "object/CODE, inspector/CODE or follow_up/KIND/VISIT/ITEM/DEPARTMENT.")
    var subject: HandOverSubject

    @Option(help: "The unit, code or full name.")
    var to: String

    @Option(help: "A number for the offer that is not taken.")
    var id: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot offer it"

    func perform(_ store: CaseStore) throws {
      let unit = try UnitArguments.unit(to)
      try store.offer(subject, to: unit, id: id)
    }
  }

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The offers from and to a unit, with their answers.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let handOverId: String
      let subject: String
      let fromUnit: String
      let toUnit: String
      let offeredOn: String
      let answer: String
      let decidedOwner: String?
    }

    static let failure = "cannot list the hand-overs"

    func read(_ store: CaseStore) throws -> [Line] {
      let entries = try store.handOvers(in: unit.scope(at: store))
      return entries.map { entry in
        let answer =
          switch entry.handOver.answer {
          case nil: "OPEN"
          case .accepted: entry.handOver.isAccepted ? "ACCEPTED" : "OUTDATED"
          case .refused(let reason): "REFUSED: \(reason)"
          }
        return Line(
          handOverId: entry.handOver.id, subject: entry.subject,
          fromUnit: entry.handOver.from.text, toUnit: entry.handOver.to.text,
          offeredOn: "\(entry.handOver.offeredOn)", answer: answer,
          decidedOwner: entry.handOver.decision?.text)
      }
    }

    func text(_ lines: [Line]) -> String {
      var table = TextTable([
        .init("移交"), .init("内容"), .init("移出"), .init("接收"), .init("提出日期"), .init("答复"),
        .init("上级决定"),
      ])
      for line in lines {
        table.append([
          line.handOverId, line.subject, line.fromUnit, line.toUnit, line.offeredOn, line.answer,
          line.decidedOwner ?? "",
        ])
      }
      return table.text
    }
  }

  struct Answer: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Accept an offer to this unit, or refuse it with --refuse REASON.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The offer.")
    var id: String

    @Option(help: "Why it is refused; otherwise it is accepted.")
    var refuse: String?

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot answer the offer"

    func perform(_ store: CaseStore) throws {
      try store.answer(handOver: id, accepting: refuse == nil, reason: refuse ?? "")
    }
  }

  struct Decide: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Name the owner, as the common superior; it beats offer and answer.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The offer.")
    var id: String

    @Option(help: "The unit that made the offer.")
    var from: String

    @Option(help: "The unit that owns it from now on.")
    var owner: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot decide"

    func perform(_ store: CaseStore) throws {
      let scope = try ScopeArguments.scopes([from], try NodeFolder.divisions())[0]
      let unit = try UnitArguments.unit(owner)
      try store.decide(handOver: id, of: scope, owner: unit)
    }
  }

  struct Carry: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Carry offers, answers and follow-ups between the units below.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot carry the hand-overs"

    func perform(_ store: CaseStore) throws -> Int {
      try store.carryHandOvers()
    }

    func show(_ count: Int) throws {
      try StandardStream.output.write("\(Quantity.count(count)) rows written\n")
    }
  }
}

/// Units as arguments.
enum UnitArguments {
  /// The unit of a code or full name of a division.
  static func unit(_ text: String) throws(Problem) -> UnitCode {
    let scope = try ScopeArguments.scopes([text], try NodeFolder.divisions())[0]
    guard let unit = UnitCode("\(scope)") else {
      throw Problem(
        "this is no unit", on: text, next: ["Give the six digits of a division."], status: .usage)
    }
    return unit
  }
}

extension HandOverSubject: ExpressibleByArgument {
  init?(argument: String) { self.init(argument) }
}

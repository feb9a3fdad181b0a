import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary mark`: marks on objects and inspectors.
struct MarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mark",
    abstract: "Tag, exclude, train, and keep inspectors and objects apart.",
    discussion: """
      Marks are sets: what is put in beats what is taken out at the same time elsewhere. A roster that is frozen \
      takes no notice of later ones.
      """,
    subcommands: [
      Tag.self, TagInspector.self, Exclude.self, VoidExclusion.self, Avoid.self, Train.self,
    ])

  struct Tag: CaseWriting {
    static let configuration = CommandConfiguration(abstract: "Tag an object, or take a tag away.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The object's code.") var subject: String
    @OptionGroup var tag: TagArguments
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot tag the object"

    func perform(_ store: CaseStore) throws {
      try tag.apply { tag in
        try store.tag(object: subject, tag)
      } taking: { tag in
        try store.untag(object: subject, tag)
      }
    }
  }

  struct TagInspector: CaseWriting {
    static let configuration = CommandConfiguration(
      commandName: "inspector",
      abstract: "Tag an inspector (执法资质、业务专长、工作区域、技术特点), or take a tag away.",
      discussion:
        "LEAD, Q01 to Q11, T01 to T06, a division or station; an item asks for some of them.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The inspector.") var inspector: String
    @OptionGroup var tag: TagArguments
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot tag the inspector"

    func perform(_ store: CaseStore) throws {
      try tag.apply { tag in
        try store.tag(inspector: inspector, tag)
      } taking: { tag in
        try store.untag(inspector: inspector, tag)
      }
    }
  }

  struct Exclude: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract:
        "Keep an object from being drawn; it stays in every roster that is frozen, with the reason."
    )

    @OptionGroup var node: NodeFolder
    @Argument(help: "The object's code.") var subject: String
    @Option(help: "E_FREQ, E_DEREG, E_MOVED, E_LEGAL_BAN, E_CASE_OPEN or E_DISASTER.")
    var reason: String
    @Option(help: "The first day; otherwise today.") var from: DayArgument?
    @Option(help: "The last day; otherwise until it is lifted.") var to: DayArgument?
    @Option(help: "Who approved it.") var approver: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot exclude the object"

    func perform(_ store: CaseStore) throws {
      try store.exclude(
        subject, reason: reason, from: from?.date ?? DayArgument.today, to: to?.date,
        approver: approver)
    }
  }

  struct VoidExclusion: CaseWriting {
    static let configuration = CommandConfiguration(
      commandName: "void", abstract: "Void an exclusion of a unit below, as the province.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The unit.") var unit: String
    @Argument(help: "The object's code.") var subject: String
    @Option(help: "The reason of the exclusion.") var reason: String
    @Option(help: "Its first day.") var from: DayArgument
    @Option(help: "Why it is void.") var because: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot void the exclusion"

    func perform(_ store: CaseStore) throws {
      let scope = try ScopeArguments.scopes([unit], NodeFolder.divisions())[0]
      try store.voidExclusion(
        of: subject, reason: reason, from: from.date, in: scope, because: because)
    }
  }

  struct Avoid: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Declare that an inspector does not visit an object (回避), or lift it as the head.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The inspector.") var inspector: String
    @Argument(help: "The object's code.") var subject: String
    @Option(help: "KIN, INVEST, PAST_EMPLOY, CASE, SELF_DECLARED or OBJECT_REQUEST.")
    var kind: ConflictOfInterest
    @Flag(help: "Lift it.") var lift = false
    @Option(help: "The head of the unit, who lifts it.") var approver = ""
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot change the conflict of interest"

    func perform(_ store: CaseStore) throws {
      if lift {
        try store.liftConflict(of: inspector, with: subject, kind, approver: approver)
      } else {
        try store.declareConflict(of: inspector, with: subject, kind)
      }
    }
  }

  struct Train: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Note a training of an inspector; rules may ask for one to be drawn.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The inspector.") var inspector: String
    @Option(help: "What it was about.") var topic: String
    @Option(help: "The day; otherwise today.") var on: DayArgument?
    @Option(help: "Hours.") var hours: UInt32 = 0
    @Option(help: "Who held it.") var issuer = ""
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot note the training"

    func perform(_ store: CaseStore) throws {
      try store.recordTraining(
        of: inspector, on: on?.date ?? DayArgument.today, topic: topic, hours: Int64(hours),
        issuer: issuer)
    }
  }
}

/// A tag that is put on or taken away.
struct TagArguments: ParsableArguments {
  @Argument(help: "The tag.") var tag: String
  @Flag(help: "Take it away.") var remove = false

  func apply(
    _ put: (String) throws -> Void, taking take: (String) throws -> Void
  ) throws {
    try (remove ? take : put)(tag)
  }
}

extension ConflictOfInterest: ExpressibleByArgument {}

import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary roster library`: libraries of objects (检查对象库).
struct RosterLibraryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "library",
    abstract:
      "Open libraries of objects at the province, put objects in, see what to look at again.",
    subcommands: [Open.self, Add.self, Remove.self, List.self])

  struct Open: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Open a library at the province, or give it a new standard.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "Its code, e.g. FOOD.") var library: String
    @Option(name: .customLong("standard-version"), help: "A whole number above all before.")
    var version: Int64
    @Option(help: "The line (业务条线).") var line: String
    @Option(help: "Its name.") var title: String
    @Option(help: "What belongs in it, in words.") var standard: String
    @Option(help: "The first day; otherwise today.") var effectiveFrom: DayArgument?
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot open the library"

    func perform(_ store: CaseStore) throws {
      try store.issueLibrary(
        library, version: version, line: line, title: title, standard: standard,
        effectiveFrom: effectiveFrom?.date ?? DayArgument.today)
    }
  }

  struct Add: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract:
        "Put an object of the own unit into a library, or confirm it under the newest standard.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The object's code.") var subject: String
    @Argument(help: "The library.") var library: String
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot put the object in"

    func perform(_ store: CaseStore) throws {
      try store.addToLibrary(subject, library)
    }
  }

  struct Remove: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Take an object out of a library, as its unit or as a line above it.")

    @OptionGroup var node: NodeFolder
    @Argument(help: "The object's code.") var subject: String
    @Argument(help: "The library.") var library: String
    @OptionGroup var unit: UnitOption
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot take the object out"

    func perform(_ store: CaseStore) throws {
      let scope = try unit.scope(at: store)
      try store.removeFromLibrary(subject, library, of: scope)
    }
  }

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "What a unit has in libraries; what was put in under an older standard is marked.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @Flag(help: "Only what is to be looked at again.") var review = false
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let subjectCode: String
      let library: String
      let standardVersion: Int64
      let addedBy: String
      let needsReview: Bool
    }

    static let failure = "cannot list the libraries"

    func read(_ store: CaseStore) throws -> [Line] {
      try store.libraryMembers(of: unit.scope(at: store)).map {
        Line(
          subjectCode: $0.subject, library: $0.library, standardVersion: $0.standardVersion,
          addedBy: $0.addedBy, needsReview: $0.needsReview)
      }.filter { !review || $0.needsReview }
    }

    func text(_ lines: [Line]) -> String {
      lines.map {
        "\($0.subjectCode) \($0.library) \($0.standardVersion)\($0.needsReview ? " 复核" : "")\n"
      }.joined()
    }
  }
}

import ArgumentParser
import Casework
import Causality
import Foundation
import Inspection
import Store
import Terminal

/// `tributary publish`: the results on their way to the publicity system (结果公示).
struct PublishCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish",
    abstract: "Publish results by the 20th working day after a task, or exempt them with a ground.",
    discussion: """
      A result is due once its task is completed. `export` writes the file for the publicity system; \
      `mark` notes what has been published there, from that file; `exempt` keeps one result from \
      publication, with legal ground and approver; `takedown` is a request of a tier above, which \
      undoes nothing.
      """,
    subcommands: [
      List.self, Export.self, Mark.self, Exempt.self, Takedown.self,
    ])

  struct List: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The register of a unit: what is due, overdue, published or exempt today.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @OptionGroup var options: OutputOptions

    struct Line: Encodable {
      let visitId: String
      let itemCode: String
      let department: String
      let standing: String
      let standingName: String
      let dueOn: String?
      let isDueProvisional: Bool
      let publishedOn: String?
      let takedownRequest: String?
    }

    static let failure = "cannot list the publications"

    func read(_ store: CaseStore) throws -> [Line] {
      let entries = try store.publications(of: unit.scope(at: store))
      return entries.map { entry in
        Line(
          visitId: entry.key.visit, itemCode: entry.key.item, department: entry.key.department,
          standing: entry.standing.rawValue, standingName: entry.standing.title,
          dueOn: entry.due.map { "\($0.date)" },
          isDueProvisional: entry.due?.isProvisional ?? false,
          publishedOn: entry.publishedOn.map { "\($0)" },
          takedownRequest: entry.takedownRequest.isEmpty ? nil : entry.takedownRequest)
      }
    }

    func text(_ lines: [Line]) -> String {
      if lines.isEmpty { return "no results that are final\n" }
      var table = TextTable([
        .init("检查"), .init("事项"), .init("部门"), .init("状态"), .init("应公示日"),
        .init("公示日期"), .init("撤回请求"),
      ])
      for line in lines {
        table.append([
          line.visitId, line.itemCode, line.department, line.standingName,
          (line.dueOn ?? "—") + (line.isDueProvisional ? " 暂定" : ""), line.publishedOn ?? "—",
          line.takedownRequest ?? "",
        ])
      }
      return table.text
    }
  }

  struct Export: CaseLooking {
    static let configuration = CommandConfiguration(
      abstract: "Write the publication file: what is due and not published yet.",
      discussion: "The form of the file is in README under Publication file.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption

    @Option(
      name: .shortAndLong, help: "The file; otherwise the standard output.", completion: .file())
    var output: String?

    @Flag(help: "CSV instead of JSON.")
    var csv = false

    @Flag(help: "Also what is published, as it stands after amendments.")
    var published = false

    static let failure = "cannot make the publication file"

    func read(_ store: CaseStore) throws -> PublicationFile {
      try store.publicationFile(of: unit.scope(at: store), withPublished: published)
    }

    func show(_ file: PublicationFile) throws {
      let text = csv ? file.csv : try Output.json(file) + "\n"
      if let output {
        try FileAccess.write(text, to: output)
      } else {
        try StandardStream.output.write(text)
      }
      StandardStream.note("\(Quantity.count(file.records.count)) results")
    }
  }

  struct Mark: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Note that the results of a publication file (JSON) stand on the publicity system.",
      discussion: "What is published or exempt already is named and left as it is.")

    @OptionGroup var node: NodeFolder

    @Argument(help: "The publication file in JSON.", completion: .file())
    var file: String

    @Option(help: "When it was published; otherwise today.")
    var on: DayArgument?

    @Option(help: "The channel.")
    var channel = "GSXT"

    @Option(help: "The number of the batch.")
    var batch = ""

    @OptionGroup var author: AuthorOptions

    /// What was noted, and what is left as it is, with the reason.
    struct Marked {
      var count = 0
      var refused: [(row: String, error: CaseworkError)] = []
    }

    static let failure = "cannot note the publication"
    private static let fileBytes = 256 << 20

    private func records() throws(Problem) -> [PublicationRecord] {
      let bytes = try FileAccess.read(file, limit: Self.fileBytes)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let read: PublicationFile
      do { read = try decoder.decode(PublicationFile.self, from: Data(bytes)) } catch {
        throw Problem(
          "this is no publication file", on: file, because: DecodingFault.text(of: error),
          next: ["Give a file that `tributary publish export` wrote, in JSON."], status: .data)
      }
      guard read.format == PublicationFile.format else {
        throw Problem(
          "this is no publication file", on: file, because: "its format is '\(read.format)'",
          next: ["Give a file that `tributary publish export` wrote."], status: .data)
      }
      return read.records
    }

    func perform(_ store: CaseStore) throws -> Marked {
      let date = on?.date ?? DayArgument.today
      var marked = Marked()
      for record in try records() {
        do throws(CaseworkError) {
          try store.publish(record.key, on: date, channel: channel, batch: batch)
          marked.count += 1
        } catch {
          guard case .refused = error else { throw error }
          marked.refused.append((record.key.row, error))
        }
      }
      return marked
    }

    func show(_ marked: Marked) throws {
      for (row, error) in marked.refused {
        StandardStream.note(Problem("not marked", on: row, error).text())
      }
      try StandardStream.output.write(
        "\(marked.count) marked, \(marked.refused.count) left as they are\n")
    }
  }

  struct Exempt: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Keep a result from publication, with legal ground and approver.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments

    @Option(help: "The legal ground.")
    var ground: String

    @Option(help: "Who approved it.")
    var approver: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot exempt the result"

    func perform(_ store: CaseStore) throws {
      try store.exempt(result.key, ground: ground, approver: approver)
    }
  }

  struct Takedown: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Ask a unit below to take a publication down; a person there decides.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var result: ResultArguments

    @Option(help: "The unit that published it, code or full name.")
    var unit: String

    @Option(help: "Why.")
    var reason: String

    @OptionGroup var author: AuthorOptions

    static let failure = "cannot ask for it"

    func perform(_ store: CaseStore) throws {
      let scopes = try ScopeArguments.scopes([unit], try NodeFolder.divisions())
      try store.requestTakedown(result.key, of: scopes[0], reason: reason)
    }
  }
}

import ArgumentParser
import Casework
import Causality
import Inspection
import Terminal

/// `tributary list`: the item list (随机抽查事项清单).
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract:
      "Issue the item list and what the lines require, adjust it below, show what holds in a unit.",
    subcommands: [Issue.self, Require.self, Adjust.self, Show.self])

  struct Issue: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Issue a version of the list at the province; it never changes afterwards.",
      discussion: """
        The file is CSV: code,category,item,class,object,method,level,confidence,note. Without a file the \
        list that the program carries is issued, less the items of --without.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "The list.", completion: .file()) var file: String?
    @Option(name: .customLong("list-version"), help: "yyyymmddnn.") var version: UInt64
    @Option(help: "The first day.") var effectiveFrom: DayArgument
    @Option(help: "The number of the document.") var documentNumber = ""
    @Option(help: "An item that is withdrawn; may be repeated.") var without: [String] = []
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot issue the list"

    func perform(_ store: CaseStore) throws {
      let bytes = try file.map { path throws(Problem) in
        try FileAccess.read(path, limit: 16 << 20)
      }
      let carried = try ReferenceData.itemList()
      let list: ItemList
      do {
        var items = carried.items
        if let bytes {
          items = try ItemList(
            version: version, year: effectiveFrom.date.year, issuer: carried.issuer,
            effectiveFrom: effectiveFrom.date, table: bytes
          ).items
        }
        list = try ItemList(
          version: version, year: effectiveFrom.date.year, issuer: carried.issuer,
          effectiveFrom: effectiveFrom.date, items: items.filter { !without.contains($0.code) })
      } catch let error as ReferenceTableError {
        throw CaseworkError.tableRefused(error)
      } catch let error as RuleBreach {
        throw CaseworkError.refused([error])
      } catch {
        throw CaseworkError.missing(table: "item_lists", key: "\(error)")
      }
      try store.issue(list, documentNumber: documentNumber)
    }
  }

  struct Adjust: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Adjust an item for the own unit: switch it off, or narrow cap, frequency, methods."
    )

    @OptionGroup var node: NodeFolder
    @Argument(help: "The item, e.g. Y0101.") var item: String
    @Option(name: .customLong("list-version"), help: "yyyymmddnn.") var version: UInt64
    @Option(help: "The first day.") var effectiveFrom: DayArgument
    @Option(help: "Why.") var reason: String
    @Flag(help: "The item does not hold here.") var disable = false
    @Option(help: "The cap in basis points.") var capBp: Int?
    @Option(help: "Checks of one object in a year.") var frequency: Int?
    @Option(help: "A method, M1 to M6; may be repeated.") var method: [String] = []
    @OptionGroup var author: AuthorOptions

    static let failure = "cannot adjust the item"

    func perform(_ store: CaseStore) throws {
      guard let unit = UnitCode("\(store.ownScope)") else {
        throw CaseworkError.missing(table: "divisions", key: "\(store.ownScope)")
      }
      let parameters = ItemOverlay.Parameters(
        capBp: capBp, yearlyFrequency: frequency,
        methods: method.isEmpty ? nil : CodeSet(text: method.joined(separator: " ")))
      try store.adjust(
        ItemOverlay(
          unit: unit, itemCode: item, version: version,
          operation: disable ? .disable : .parameters(parameters), reason: reason,
          effectiveFrom: effectiveFrom.date))
    }
  }

  struct Show: CaseReading {
    static let configuration = CommandConfiguration(
      abstract: "The list that holds in a unit, with overlays that have no effect and why.")

    @OptionGroup var node: NodeFolder
    @OptionGroup var unit: UnitOption
    @Option(help: "The day; otherwise today.") var on: DayArgument?
    @OptionGroup var options: OutputOptions

    struct Report: Encodable {
      struct Line: Encodable {
        let code: String
        let name: String
        let itemClass: String
        let capBp: Int?
        let methods: [String]
        let overlays: Int
      }
      let listVersion: UInt64
      let items: [Line]
      let disabled: [String]
      let withoutEffect: [String]
    }

    static let failure = "cannot show the list"

    func read(_ store: CaseStore) throws -> Report {
      let scope = try unit.scope(at: store)
      let list = try store.effectiveList(
        of: scope, on: on?.date ?? DayArgument.today)
      return Report(
        listVersion: list.baseVersion,
        items: list.entries.map { entry in
          Report.Line(
            code: entry.item.code, name: entry.item.name,
            itemClass: entry.item.itemClass.rawValue, capBp: entry.item.capBp(store.rules),
            methods: entry.item.methods.codes.map(\.code), overlays: entry.overlays.count)
        }, disabled: list.disabled.map(\.itemCode),
        withoutEffect: list.breaches.map(RuleText.text))
    }

    func text(_ report: Report) -> String {
      "\(report.listVersion)\n"
        + report.items.map { "\($0.code) \($0.itemClass) \($0.name)\n" }.joined()
        + report.withoutEffect.map { $0 + "\n" }.joined()
    }
  }
}

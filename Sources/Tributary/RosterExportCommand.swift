import ArgumentParser
import Casework
import Causality
import Changes
import Foundation
import Store
import Terminal

/// `tributary roster export`.
struct RosterExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a roster as CSV, as `roster import` and spreadsheets read it, or as JSON.")

  @OptionGroup var node: NodeFolder

  @Option(help: "The roster: companies, inspectors or experts.")
  var table = RosterTable.companies

  @Option(
    name: .shortAndLong, help: "The file; otherwise the standard output.", completion: .file())
  var output: String?

  @Option(help: "utf-8, gbk or gb18030.")
  var encoding = EncodingArgument.utf8

  @Option(help: "Only this division, code or full name; may be repeated.")
  var division: [String] = []

  @Flag(help: "English headers and codes instead of Chinese headers and words.")
  var english = false

  @OptionGroup var options: OutputOptions

  func run() throws {
    let divisions = try NodeFolder.divisions()
    let scopes =
      division.isEmpty ? nil : try ScopeArguments.scopes(division, divisions)
    let replica = try node.openReadOnly()
    let file = try output.map { path throws(Problem) in try GrowingFile(path) }
    do {
      let count =
        options.json
        ? try exportJSON(replica, scopes, to: file) : try exportCSV(replica, scopes, to: file)
      try file?.finish()
      StandardStream.note("\(Quantity.count(count)) rows of \(table.rawValue)")
    } catch {
      file?.discard()
      throw error
    }
  }

  /// Keeps the first problem of a sink that can only say that it stops.
  private final class Sink {
    private let file: GrowingFile?
    private(set) var problem: Problem?

    init(_ file: GrowingFile?) { self.file = file }

    func take(_ bytes: [UInt8]) -> Bool {
      do throws(Problem) {
        if let file {
          try file.append(bytes)
        } else {
          try StandardStream.output.write(bytes: bytes)
        }
        return true
      } catch {
        problem = error
        return false
      }
    }
  }

  private func exportCSV(
    _ replica: Replica, _ scopes: [Scope]?, to file: GrowingFile?
  ) throws -> Int {
    let style = RosterWriter.Style(
      encoding: encoding.encoding ?? .utf8, isChinese: !english)
    var writer: RosterWriter
    do throws(CaseworkError) { writer = try RosterWriter(table, style: style) } catch {
      throw Problem("cannot export the roster", on: table.rawValue, error)
    }
    let sink = Sink(file)
    let store = RosterStore(replica, author: "") { Wall.milliseconds }
    let count = try Problem.fromStore("cannot export the roster", on: node.folder) {
      () throws(StoreError) in
      try store.export(&writer, scopes: scopes, to: sink.take)
    }
    if let problem = sink.problem { throw problem }
    return count
  }

  /// One JSON object per row, in an array.
  private func exportJSON(
    _ replica: Replica, _ scopes: [Scope]?, to file: GrowingFile?
  ) throws -> Int {
    let sink = Sink(file)
    let declaration = table.declaration
    var (count, isOpen) = (0, true)
    var failure: Problem?
    let parts: [Scope?] = scopes.map { $0.map { Optional($0) } } ?? [nil]
    for scope in parts where isOpen {
      try Problem.fromStore("cannot export the roster", on: node.folder) {
        () throws(StoreError) in
        try replica.forEachRow(of: declaration.id, in: scope) { row in
          var object = [declaration.scopeColumn: JSONValue(.text("\(row.scope)"))]
          for (column, value) in zip(declaration.key, row.key) {
            object[column.name] = JSONValue(value)
          }
          for (column, value) in zip(declaration.columns, row.values) {
            object[column.name] = JSONValue(value)
          }
          do throws(Problem) {
            let text = try Output.json(object, isPretty: false)
            isOpen = sink.take(Array(((count == 0 ? "[\n" : ",\n") + text).utf8))
          } catch {
            (failure, isOpen) = (error, false)
          }
          count += 1
          return isOpen
        }
      }
    }
    if isOpen { _ = sink.take(Array((count == 0 ? "[]\n" : "\n]\n").utf8)) }
    if let problem = failure ?? sink.problem { throw problem }
    return count
  }
}

extension StandardStream {
  /// Writes bytes that are no text in UTF-8, such as a file in GBK.
  func write(bytes: [UInt8]) throws(Problem) {
    do {
      let handle = self == .output ? FileHandle.standardOutput : FileHandle.standardError
      try handle.write(contentsOf: Data(bytes))
    } catch {
      throw Problem(
        "cannot write the output", because: error.localizedDescription,
        next: ["Make room or write elsewhere, then run the command again."],
        status: .inputOutput)
    }
  }
}

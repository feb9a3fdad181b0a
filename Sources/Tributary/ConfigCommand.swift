import ArgumentParser
import Foundation
import Node
import Store
import Terminal

/// `tributary config`.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show the settings of a node.",
    subcommands: [ConfigShowCommand.self])
}

/// `tributary config show`.
struct ConfigShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what is in effect, and where each value comes from.",
    discussion: "A flag goes before the environment (TRIBUTARY_…), that before the file.")

  @Argument(help: "The folder of the node; without it, the defaults and the environment.")
  var folder: String?

  @Flag(help: "Print a commented configuration file with every setting at its default.")
  var example = false

  @OptionGroup var output: OutputOptions

  private struct Row: Encodable {
    let key: String
    let value: String
    let origin: String
  }

  func run() async throws {
    try await Problem.fromAny("cannot show the configuration", on: folder ?? "defaults") {
      if example {
        try StandardStream.output.write(Configuration.example)
        return
      }
      let settings = try read().settings
      let rows = settings.map {
        Row(key: $0.key.rawValue, value: $0.value, origin: $0.origin.description)
      }
      try output.output.show(rows) {
        var table = TextTable([.init("setting"), .init("value"), .init("from")])
        for row in rows { table.append([row.key, row.value, row.origin]) }
        return table.text
      }
    }
  }

  private func read() throws -> Configuration {
    guard let folder else {
      return try Configuration(environment: ProcessInfo.processInfo.environment)
    }
    let path = ReplicaFolder(folder).configuration
    let content = FileManager.default.contents(atPath: path)
    return try Configuration(
      flags: [.dataFolder: folder], environment: ProcessInfo.processInfo.environment,
      file: content.map { (path, Array($0)) })
  }
}

import ArgumentParser
import Casework
import Changes
import Foundation
import Logging
import Node
import Store
import Terminal
import Transport

/// Settings given on the command line; each overrides the environment and the file.
struct NodeOptions: ParsableArguments {
  @Argument(help: "The node's folder.")
  var folder: String

  @Option(help: "Where children call, host:port; port 0 takes a free one.")
  var listen: String?

  @Option(help: "Where /healthz, /readyz and /metrics answer, host:port.")
  var operationsListen: String?

  @Option(help: "The hubs above, http://host:port, separated by commas, the nearest first.")
  var parents: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: String?

  /// The effective settings: flag, environment, file, default.
  func configuration() throws -> Configuration {
    var flags: [ConfigurationKey: String] = [.dataFolder: folder]
    flags[.listen] = listen
    flags[.operationsListen] = operationsListen
    flags[.parents] = parents
    flags[.logLevel] = logLevel
    let path = ReplicaFolder(folder).configuration
    let content = FileManager.default.contents(atPath: path)
    return try Configuration(
      flags: flags, environment: ProcessInfo.processInfo.environment,
      file: content.map { (path, Array($0)) })
  }
}

/// `tributary serve`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run a node: serve its children and keep in step with its parents.",
    discussion: "SIGTERM ends it in order. Other commands work on the folder meanwhile.")

  @OptionGroup var options: NodeOptions

  func run() async throws {
    try await Problem.fromAny("cannot serve", on: options.folder) {
      let configuration = try options.configuration()
      var logger = Logger(label: "tributary") { StreamLogHandler.standardError(label: $0) }
      logger.logLevel = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
      let host = configuration.listen.host
      let service = try NodeService(
        configuration: configuration, tree: DivisionTree.builtIn().scopes,
        schema: RosterSchema.current, logger: logger
      ) { port in
        StandardStream.note("listening on \(host):\(port)")
      }
      try await service.run()
    }
  }
}

/// `tributary sync`.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Exchange with the parent once, until both agree or the link is lost.")

  @OptionGroup var options: NodeOptions
  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() async throws {
    try await Problem.fromAny("cannot sync", on: options.folder) {
      let configuration = try options.configuration()
      let tree = try DivisionTree.builtIn().scopes
      let once = try SyncOnce(
        folder: ReplicaFolder(options.folder), tree: tree, schema: RosterSchema.current,
        parents: configuration.parents, timeouts: configuration.clientTimeouts,
        logger: Logger(label: "tributary") { StreamLogHandler.standardError(label: $0) })
      let result = try await once.run()
      try (json ? Output.json : Output.text).show(result) { result.text + "\n" }
      if !result.isComplete { throw ExitCode(ExitStatus.temporary.rawValue) }
    }
  }
}

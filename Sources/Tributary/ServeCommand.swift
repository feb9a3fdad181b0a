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
  @Argument(help: "The folder of the node.", completion: .directory)
  var folder: String

  @Option(help: "The hubs above, http://host:port, separated by commas, the nearest first.")
  var parents: String?

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: String?

  @Option(help: "text or json.")
  var logFormat: String?

  /// The effective settings: flag, environment, file, default. `flags`: those of one command only.
  func configuration(_ flags: [ConfigurationKey: String?] = [:]) throws -> Configuration {
    var flags = flags.compactMapValues { $0 }
    flags[.dataFolder] = folder
    flags[.parents] = parents
    flags[.logLevel] = logLevel
    flags[.logFormat] = logFormat
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
    discussion: """
      The first SIGTERM or SIGINT finishes the transaction in hand and ends with 0; a second one ends \
      at once with 75. Nothing is lost either way. Other commands work on the folder meanwhile; a second \
      server does not.
      """)

  @OptionGroup var options: NodeOptions

  @Option(help: "Where children call, host:port; port 0 takes a free one.")
  var listen: String?

  @Option(help: "Where /healthz, /readyz and /metrics answer, host:port; port 0 takes a free one.")
  var operationsListen: String?

  func run() async throws {
    try await Problem.fromAny("cannot serve", on: options.folder) {
      let configuration = try options.configuration([
        .listen: listen, .operationsListen: operationsListen,
      ])
      let hosts = (configuration.listen.host, configuration.operationsListen.host)
      let service = try NodeService(
        configuration: configuration, tree: DivisionTree.builtIn().scopes,
        schema: CaseworkSchema.current, logger: LogOutput.logger(configuration), clock: Wall.clock
      ) { listener, port in
        switch listener {
        case .children: StandardStream.note("listening on \(hosts.0):\(port)")
        case .operations: StandardStream.note("operations on \(hosts.1):\(port)")
        }
      }
      do {
        try await service.run()
      } catch is NodeInterrupted {
        throw Problem(
          "stopped at the second signal", on: options.folder,
          because: "exchanges were cut; nothing is lost, peers call again", status: .temporary)
      }
    }
  }
}

/// `tributary sync`.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Exchange with the parents once, until both sides agree or the link is lost.",
    discussion: """
      The parents of the configuration are tried in order; the first with which all is exchanged ends it. \
      What arrived before an error stays.
      """)

  @OptionGroup var options: NodeOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await Problem.fromAny("cannot sync", on: options.folder) {
      let configuration = try options.configuration()
      let tree = try DivisionTree.builtIn().scopes
      let once = try SyncOnce(
        folder: ReplicaFolder(options.folder), tree: tree, schema: CaseworkSchema.current,
        parents: configuration.parents, timeouts: configuration.clientTimeouts,
        logger: LogOutput.logger(configuration), clock: Wall.clock)
      let result = try await once.run()
      try output.output.show(result) { result.text + "\n" }
      if !result.isComplete { throw ExitCode(Self.status(result.problemCode).rawValue) }
    }
  }

  private static func status(_ problemCode: String) -> ExitStatus {
    switch problemCode {
    case "unreachable", "no_parent", "not_a_hub", "not_found": .unavailable
    case "unknown_replica", "not_admitted", "retired_replica", "authentication_needed",
      "writing_stopped", "identity_lost":
      .noPermission
    case "version_mismatch", "malformed_frame", "unexpected_frame", "limit_exceeded":
      .protocolError
    case "disk_full", "storage": .inputOutput
    default: .temporary
    }
  }
}

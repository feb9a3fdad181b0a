import ArgumentParser
import Casework
import Changes
import Node
import Store
import Terminal

/// `tributary version`.
struct VersionCommand: ParsableCommand {
  /// Semantic version of the program; CHANGELOG.md tells what changed.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Print the versions of the program, protocol, file format and schema.")

  @OptionGroup var options: OutputOptions

  private struct Versions: Encodable {
    let version: String
    let protocolVersions: [UInt16]
    let fileFormatVersion: Int64
    let schemaVersion: UInt32
  }

  func run() throws {
    let versions = Versions(
      version: Self.version, protocolVersions: Array(NodeEngine.protocolVersions),
      fileFormatVersion: Replica.formatVersion,
      schemaVersion: CaseworkSchema.version)
    try options.output.show(versions) {
      "tributary \(versions.version), protocol \(versions.protocolVersions.map { "\($0)" }.joined(separator: ", ")), file format \(versions.fileFormatVersion), "
        + "schema \(versions.schemaVersion)\n"
    }
  }
}

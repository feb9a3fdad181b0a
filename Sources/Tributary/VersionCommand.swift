import ArgumentParser
import Casework
import Changes
import Store
import Terminal

/// `tributary version`.
struct VersionCommand: ParsableCommand {
  /// Semantic version of the program; CHANGELOG.md tells what changed.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the versions of the program, file format and schema.")

  @OptionGroup var options: OutputOptions

  private struct Versions: Encodable {
    let version: String
    let fileFormatVersion: Int64
    let schemaVersion: UInt32
  }

  func run() throws {
    let versions = Versions(
      version: Self.version, fileFormatVersion: Replica.formatVersion,
      schemaVersion: RosterSchema.version)
    try options.output.show(versions) {
      "tributary \(versions.version), file format \(versions.fileFormatVersion), "
        + "schema \(versions.schemaVersion)\n"
    }
  }
}

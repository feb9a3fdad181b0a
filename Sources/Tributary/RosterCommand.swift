import ArgumentParser
import Casework

/// `tributary roster`: the rosters of companies and inspectors.
struct RosterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roster",
    abstract:
      "Import, export and generate rosters of companies and inspectors; find one subject twice.",
    subcommands: [
      RosterImportCommand.self, RosterExportCommand.self, RosterGenerateCommand.self,
      RosterSameCommand.self, RosterUniteCommand.self,
      RosterLibraryCommand.self,
    ])
}

extension RosterTable: ExpressibleByArgument {}

/// The encodings of files as people call them.
enum EncodingArgument: String, ExpressibleByArgument, CaseIterable {
  case automatic = "auto"
  case utf8 = "utf-8"
  case gbk
  case gb18030

  /// nil: to be detected.
  var encoding: FileEncoding? {
    switch self {
    case .automatic: nil
    case .utf8: .utf8
    case .gbk, .gb18030: .gb18030
    }
  }
}

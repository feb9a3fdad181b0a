import ArgumentParser
import Foundation
import Terminal

/// `tributary`: the one executable. It alone reads configuration and prints.
@main struct Tributary: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tributary",
    abstract: "Keep inspection data in step over three tiers, with or without a link.",
    discussion: """
      Data goes to the standard output, all else to the standard error. Reading commands take --json.

      \(ExitStatus.helpText)
      """,
    version: VersionCommand.version,
    subcommands: [
      DemoCommand.self,
      InitCommand.self,
      EnrollCommand.self,
      ServeCommand.self,
      SyncCommand.self,
      StatusCommand.self,
      ConflictsCommand.self,
      ViolationsCommand.self,
      RosterCommand.self,
      MarkCommand.self,
      BundleCommand.self,
      FramesCommand.self,
      ListCommand.self,
      ReferenceCommand.self,
      PlanCommand.self,
      DrawCommand.self,
      ResultCommand.self,
      FollowUpCommand.self,
      LeadCommand.self,
      SpecialCommand.self,
      HandOverCommand.self,
      DueCommand.self,
      PublishCommand.self,
      DutyCommand.self,
      ReportCommand.self,
      DrillCommand.self,
      AlarmsCommand.self,
      RankCommand.self,
      EvaluateCommand.self,
      CheckCommand.self,
      BenchCommand.self,
      ConfigCommand.self,
      SQLCommand.self,
      VersionCommand.self,
    ])

  static func main() async {
    do {
      try Wall.check()
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let problem as Problem {
      report(problem)
    } catch {
      exit(withError: error)
    }
  }

  private static func report(_ problem: Problem) -> Never {
    do {
      try StandardStream.error.write(problem.text())
    } catch {
      // Nobody can be told that the standard error is closed; the status tells.
    }
    Foundation.exit(problem.status.rawValue)
  }
}

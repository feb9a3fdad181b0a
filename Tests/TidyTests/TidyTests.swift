import Foundation
import Testing

/// What `swift format lint` cannot check. Each finding is an issue that names file, line and rule.
@Suite("The repository is tidy")
struct TidyTests {
  private func report(_ findings: [Finding]) {
    for finding in findings {
      let name = finding.path.components(separatedBy: "/").suffix(2).joined(separator: "/")
      Issue.record(
        "\(finding)",
        sourceLocation: SourceLocation(
          fileID: name.contains("/") ? name : "tributary/" + name,
          filePath: Repository.current.root.appending(path: finding.path).path,
          line: finding.line, column: 1))
    }
  }

  @Test("The files are found") func files() {
    #expect(Repository.current.paths.contains("Package.swift"))
    #expect(Repository.swiftFiles.contains { $0.path == "Sources/Causality/Dot.swift" })
  }

  @Test("Modules import only what the architecture lets them") func imports() {
    report(Repository.swiftFiles.flatMap(ImportRule.findings))
  }

  @Test("Files and functions stay small") func sizes() {
    report(Repository.swiftFiles.flatMap(SizeRule.findings))
  }

  @Test("Nothing calls what breaks determinism, hides errors or traps") func calls() {
    report(Repository.swiftFiles.flatMap(BannedCallRule.findings))
  }

  @Test("What other targets use is documented") func documentation() {
    report(DocumentationRule.findings(in: Repository.swiftFiles))
  }

  @Test("Links of pages lead somewhere") func links() {
    report(PageRule(repository: .current).linkFindings())
  }

  @Test("Protocol pages say where they are implemented and checked") func protocolPages() {
    report(PageRule(repository: .current).protocolFindings())
  }

  @Test("README names only targets that the Makefile has") func makeTargets() {
    report(PageRule(repository: .current).makeFindings())
  }

  @Test("README explains every module and every configuration key") func readme() {
    report(PageRule(repository: .current).readmeFindings())
  }

  @Test("No file names a path of one machine") func machinePaths() {
    report(PageRule(repository: .current).machinePathFindings())
  }

  @Test("Files refer only to known hosts") func hosts() {
    report(PageRule(repository: .current).hostFindings())
  }
}

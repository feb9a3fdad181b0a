/// Who may import whom: the arrows of the architecture. SwiftPM does not stop undeclared imports by
/// default, hence this table.
enum ImportRule {
  /// Per target of Sources and Sim: the modules it may import, ours first, then those of packages and the
  /// system. A target that is not here has no place in the architecture yet.
  static let table: [String: Set<String>] = {
    let values: Set = ["Causality", "Changes"]
    let engine = values.union(["Merge", "Wire", "Replication", "Store"])
    let casework = engine.union(["Inspection", "Casework"])
    let http: Set = [
      "Hummingbird", "HummingbirdCore", "HTTPTypes", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1",
      "ServiceLifecycle",
    ]
    let system: Set = [
      "Foundation", "FoundationEssentials", "Darwin", "Glibc", "Musl", "Synchronization",
    ]
    return [
      "Causality": [],
      "Changes": ["Causality"],
      "Merge": values,
      "Wire": values.union(["CZlib"]),
      "Replication": values.union(["Wire"]),
      "Store": values.union(["Merge", "Wire", "CSQLite", "GRDB", "Crypto"]).union(system),
      "Peering": values.union(["Wire", "Replication", "Store"]),
      "Transport": values.union(["Wire"]).union(http).union(system),
      "Node": engine.subtracting(["Merge"]).union(["Peering", "Transport", "Crypto", "UnixSignals"])
        .union(http).union(system),
      // SHA-256 and signatures of draws; `Swift` is named for NFC, which it shows to no plain import.
      "Inspection": ["Crypto", "Swift"],
      "Casework": values.union(["Inspection", "Merge", "Store", "SwiftCSV"]).union(system),
      "Portal": values.union(["Inspection", "Casework", "Store", "Mustache"]).union(http)
        .union(system),
      "Terminal": system,
      // Runs the program; knows none of its modules.
      "Rehearsal": system,
      "Benchmarks": engine.union(["Peering", "CSQLite", "CSessionBench", "Crypto", "GRDB"]).union(
        system),
      "Tributary": casework.union([
        "Transport", "Node", "Portal", "Terminal", "Rehearsal", "Benchmarks", "ArgumentParser",
        "ServiceLifecycle", "Crypto", "Logging",
      ]).union(system),
      "Simulator": casework.union(["Peering", "CFaultVFS", "CSQLite", "Crypto"]),
      "Outages": values.union(["Store", "Casework", "Simulator"]).union(system),
      "Run": ["Simulator", "Outages", "ArgumentParser", "Foundation"],
    ]
  }()

  static func findings(in file: SwiftFile) -> [Finding] {
    var findings: [Finding] = []
    for (index, token) in file.tokens.enumerated() where token.text == "import" {
      guard
        index == 0 || file.tokens[index - 1].line < token.line || isModifier(before: index, file)
      else { continue }
      let name = importedModule(file, after: index)
      if file.text(index - 1) == "testable" {
        findings.append(
          Finding(path: file.path, line: token.line, rule: "no @testable: test what is package"))
      }
      guard ["Sources", "Sim"].contains(file.area) else { continue }
      guard let allowed = table[file.module] else {
        findings.append(
          Finding(
            path: file.path, line: token.line,
            rule: "\(file.module) is not in the import table of TidyTests"))
        continue
      }
      if !allowed.contains(name) {
        findings.append(
          Finding(
            path: file.path, line: token.line, rule: "\(file.module) may not import \(name)"))
      }
    }
    return findings
  }

  private static func isModifier(before index: Int, _ file: SwiftFile) -> Bool {
    ["package", "public", "internal", "private", "fileprivate", "testable", "preconcurrency"]
      .contains(file.text(index - 1))
  }

  /// The module of `import M`, `import struct M.T`, `import M.Sub`.
  private static func importedModule(_ file: SwiftFile, after index: Int) -> String {
    let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return kinds.contains(file.text(index + 1)) ? file.text(index + 2) : file.text(index + 1)
  }
}

/// Calls and words that break determinism, hide errors or trap.
enum BannedCallRule {
  /// Targets that are pure: no clock, no chance, no tasks of their own.
  static let core: Set = [
    "Causality", "Changes", "Merge", "Wire", "Replication", "Inspection", "Simulator",
  ]
  /// Targets that may write to the standard output.
  static let printing: Set = ["Tributary", "Terminal", "Run"]
  /// Targets where `@unchecked Sendable` may stand, with the reason beside.
  static let concurrent: Set = ["Node", "Transport"]

  /// What the core may not name, and why.
  private static let inCore: [(pattern: [String], rule: String)] = [
    (["Date", "(", ")"], "time is an argument: no Date()"),
    (["UUID", "(", ")"], "chance is an argument: no UUID()"),
    ([".", "randomElement", "(", ")"], "chance is an argument: randomElement(using:)"),
    ([".", "shuffled", "(", ")"], "chance is an argument: shuffled(using:)"),
    (["SystemRandomNumberGenerator"], "chance is an argument"),
    (["ContinuousClock"], "time is an argument"),
    (["SuspendingClock"], "time is an argument"),
    (["Task"], "no tasks in the core"),
    (["sleep"], "no sleeping"),
    (["hashValue"], "hashValue differs per process"),
    (["Float"], "no floating point in the core"),
  ]

  /// What product code may not name, and why.
  private static let inSources: [(pattern: [String], rule: String)] = [
    (["fatalError", "("], "no fatalError: throw, or precondition for the programmer's mistakes"),
    (["nonisolated", "(", "unsafe", ")"], "no nonisolated(unsafe)"),
  ]

  static func findings(in file: SwiftFile) -> [Finding] {
    var findings: [Finding] = []
    func find(_ index: Int, _ rule: String) {
      findings.append(Finding(path: file.path, line: file.tokens[index].line, rule: rule))
    }
    let isProduct = ["Sources", "Sim"].contains(file.area)
    for index in file.tokens.indices {
      if isProduct {
        for (pattern, rule) in inSources where matches(pattern, at: index, file) {
          find(index, rule)
        }
        if core.contains(file.module) {
          if isFloatingPoint(at: index, file) { find(index, "no floating point in the core") }
          if isUnseeded(at: index, file) { find(index, "chance is an argument: random(in:using:)") }
          for (pattern, rule) in inCore where matches(pattern, at: index, file) {
            find(index, rule)
          }
        }
        if let rule = productRule(at: index, file) { find(index, rule) }
      }
      if let rule = generalRule(at: index, file) { find(index, rule) }
    }
    for (line, comment) in file.comments.sorted(by: { $0.key < $1.key })
    where mentionsUnfinishedWork(comment) {
      findings.append(
        Finding(path: file.path, line: line, rule: "no notes of unfinished work: open an issue"))
    }
    return findings
  }

  private static func matches(_ pattern: [String], at index: Int, _ file: SwiftFile) -> Bool {
    file.text(index) == pattern[0]
      && pattern.indices.dropFirst().allSatisfy { offset in
        file.text(index + offset) == pattern[offset] && file.touches(index + offset)
      }
  }

  /// Whether `Double` stands for more than showing the bits of a stored one.
  private static func isFloatingPoint(at index: Int, _ file: SwiftFile) -> Bool {
    file.text(index) == "Double" && file.text(index + 2) != "bitPattern"
  }

  /// Whether a call of `.random` names no generator.
  private static func isUnseeded(at index: Int, _ file: SwiftFile) -> Bool {
    guard matches([".", "random", "("], at: index, file) else { return false }
    var depth = 0
    for inner in file.tokens.indices.dropFirst(index + 2) {
      switch file.text(inner) {
      case "(": depth += 1
      case ")": depth -= 1
      case "using" where depth == 1: return false
      default: break
      }
      if depth == 0 { return true }
    }
    return true
  }

  /// Rules for Sources and Sim that need more than a pattern.
  private static func productRule(at index: Int, _ file: SwiftFile) -> String? {
    switch file.text(index) {
    case "print", "debugPrint":
      let isCall =
        file.text(index + 1) == "(" && file.touches(index + 1)
        && ![".", "func"].contains(file.text(index - 1))
      let isOwn = file.tokens.indices.contains {
        file.text($0) == "func" && file.text($0 + 1) == file.text(index)
      }
      return isCall && !isOwn && !printing.contains(file.module)
        ? "only the executable prints" : nil
    case "unchecked" where file.text(index - 1) == "@":
      if !concurrent.contains(file.module) { return "no @unchecked outside Node and Transport" }
      return file.hasComment(at: file.tokens[index].line)
        ? nil : "@unchecked needs its reason beside"
    case "try" where file.text(index + 1) == "?" && file.touches(index + 1):
      return file.hasComment(at: file.tokens[index].line) ? nil : "try? needs its reason beside"
    default: return nil
    }
  }

  /// Rules for all Swift files.
  private static func generalRule(at index: Int, _ file: SwiftFile) -> String? {
    switch file.text(index) {
    case "!":
      guard file.touches(index), isOperandEnd(file.text(index - 1)) else { return nil }
      if file.text(index + 1) == "=", file.touches(index + 1) { return nil }
      switch file.text(index - 1) {
      case "try": return "no try!"
      case "as": return "no as!"
      default: return "no forced unwrapping"
      }
    case "catch":
      guard let open = file.tokens[index...].firstIndex(where: { $0.text == "{" }),
        file.text(open + 1) == "}"
      else { return nil }
      let lines = file.tokens[open].line...file.tokens[open + 1].line
      return lines.contains { file.comments[$0] != nil } ? nil : "an empty catch drops an error"
    default: return nil
    }
  }

  private static func isOperandEnd(_ text: String) -> Bool {
    text == ")" || text == "]" || text == "\"\""
      || Token(text: text, line: 0, touchesPrevious: false).isWord
  }

  private static func mentionsUnfinishedWork(_ comment: String) -> Bool {
    let words = comment.split { !$0.isLetter }
    return words.contains { ["TO" + "DO", "FIX" + "ME", "X" + "XX"].contains($0) }
  }
}

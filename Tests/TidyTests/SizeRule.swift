/// Files and functions that fit on a few screens.
enum SizeRule {
  static let linesPerFile = 500
  static let linesPerFunction = 70

  static func findings(in file: SwiftFile) -> [Finding] {
    var findings: [Finding] = []
    if file.lineCount > linesPerFile {
      findings.append(
        Finding(
          path: file.path, line: linesPerFile + 1,
          rule: "\(file.lineCount) lines; a file has at most \(linesPerFile)"))
    }
    for index in file.tokens.indices where isFunction(at: index, file) {
      guard let end = bodyEnd(of: index, file) else { continue }
      let count = file.tokens[end].line - file.tokens[index].line + 1
      if count > linesPerFunction {
        findings.append(
          Finding(
            path: file.path, line: file.tokens[index].line,
            rule: "\(file.text(index)) \(file.text(index + 1)) has \(count) lines; "
              + "a function has at most \(linesPerFunction)"))
      }
    }
    return findings
  }

  /// Whether the declaration of a function or initializer starts here; `self.init` is a call.
  private static func isFunction(at index: Int, _ file: SwiftFile) -> Bool {
    switch file.text(index) {
    case "func": true
    case "init": file.text(index - 1) != "." && ["(", "<", "?"].contains(file.text(index + 1))
    default: false
    }
  }

  /// The brace that closes the body; nil for a requirement of a protocol, which has none.
  static func bodyEnd(of function: Int, _ file: SwiftFile) -> Int? {
    let others = ["func", "init", "var", "let", "static", "package", "}", "associatedtype"]
    var parentheses = 0
    var braces = 0
    for index in file.tokens.indices.dropFirst(function + 1) {
      switch file.text(index) {
      case "(", "[": parentheses += 1
      case ")", "]": parentheses -= 1
      case "{" where parentheses == 0 || braces > 0: braces += 1
      case "}" where braces > 0:
        braces -= 1
        if braces == 0 { return index }
      case let text where braces == 0 && parentheses == 0 && others.contains(text): return nil
      default: break
      }
    }
    return nil
  }
}

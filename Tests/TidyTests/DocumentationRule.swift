/// `///` on what other targets use.
///
/// Types, protocols with their requirements, and functions need it. The documentation of a type stands
/// for its initializers and properties, that of one overload for the others in the file, that of a
/// requirement for what fulfils it; functions of one line may go without. Each limit in `Limits` needs its
/// own.
enum DocumentationRule {
  private static let kinds: Set = [
    "struct", "class", "enum", "actor", "protocol", "typealias", "func", "subscript", "init", "var",
    "let", "extension", "case", "associatedtype",
  ]
  private static let types: Set = ["struct", "class", "enum", "actor", "protocol"]
  /// Requirements of protocols of the standard library and of packages.
  private static let foreignRequirements: Set = [
    "hash", "encode", "makeIterator", "next", "index", "makeAsyncIterator", "response", "handle",
    "run", "validate",
  ]

  private struct Declaration {
    let kind: String
    let name: String
    let line: Int
    let isDocumented: Bool
    let isOverride: Bool
    let isStatic: Bool
    let lineCount: Int
  }

  static func findings(in files: [SwiftFile]) -> [Finding] {
    let product = files.filter { ["Sources", "Sim"].contains($0.area) }
    let required = product.flatMap { file in
      requirements(in: file).map { Requirement(name: file.text($0 + 1), index: $0, file: file) }
    }
    let names = foreignRequirements.union(required.map(\.name))
    var findings: [Finding] = []
    for requirement in required where !requirement.isDocumented {
      findings.append(
        Finding(
          path: requirement.file.path, line: requirement.line,
          rule: "requirement \(requirement.name) needs a /// text"))
    }
    for file in product {
      let declarations = file.tokens.indices.compactMap { declaration(at: $0, file) }
      let families = names.union(
        declarations.filter { $0.kind == "func" && $0.isDocumented }.map(\.name))
      findings += declarations.filter { !$0.isDocumented && needsText($0, families, file) }.map {
        Finding(path: file.path, line: $0.line, rule: "\($0.kind) \($0.name) needs a /// text")
      }
    }
    return findings
  }

  private struct Requirement {
    let name: String
    let index: Int
    let file: SwiftFile

    var line: Int { file.tokens[index].line }
    var isDocumented: Bool { DocumentationRule.isDocumented(line, file) }
  }

  /// Where the functions stand that protocols of a file for other targets ask for.
  private static func requirements(in file: SwiftFile) -> [Int] {
    var found: [Int] = []
    for index in file.tokens.indices
    where file.text(index) == "protocol" && ["package", "public"].contains(file.text(index - 1)) {
      var depth = 0
      for inner in file.tokens.indices.dropFirst(index + 1) {
        switch file.text(inner) {
        case "{": depth += 1
        case "}": depth -= 1
        case "func" where depth == 1: found.append(inner)
        default: break
        }
        if depth == 0, file.text(inner) == "}" { break }
      }
    }
    return found
  }

  private static func needsText(
    _ declaration: Declaration, _ families: Set<String>, _ file: SwiftFile
  ) -> Bool {
    if declaration.isOverride { return false }
    if types.contains(declaration.kind) { return true }
    switch declaration.kind {
    case "func":
      let isWord = Token(text: declaration.name, line: 0, touchesPrevious: false).isWord
      return isWord && declaration.lineCount > 1 && !families.contains(declaration.name)
    case "let", "var": return declaration.isStatic && file.path.hasSuffix("/Limits.swift")
    default: return false
    }
  }

  /// The declaration whose access modifier stands at an index; nil for imports and setters.
  private static func declaration(at index: Int, _ file: SwiftFile) -> Declaration? {
    guard ["package", "public", "open"].contains(file.text(index)),
      file.tokens[index].isWord, ![".", "import"].contains(file.text(index + 1))
    else { return nil }
    let line = file.tokens[index].line
    guard let kindIndex = (index + 1..<index + 12).first(where: { kinds.contains(file.text($0)) })
    else { return nil }
    // `class func` is a kind of static, `func` the kind.
    let isClassMember = ["func", "var"].contains(file.text(kindIndex + 1))
    let kind = isClassMember ? file.text(kindIndex + 1) : file.text(kindIndex)
    let modifiers = (index..<kindIndex).map { file.text($0) }
    guard !modifiers.contains("import"), file.text(index + 1) != "(" else { return nil }
    let end = kind == "func" ? SizeRule.bodyEnd(of: kindIndex, file) : nil
    return Declaration(
      kind: kind, name: file.text(kindIndex + (isClassMember ? 2 : 1)), line: line,
      isDocumented: isDocumented(line, file),
      isOverride: modifiers.contains("override") || file.text(index - 1) == "override",
      isStatic: modifiers.contains("static"),
      lineCount: (end.map { file.tokens[$0].line } ?? line) - line + 1)
  }

  /// Whether `///` stands above the line, attributes and plain comments in between aside.
  private static func isDocumented(_ line: Int, _ file: SwiftFile) -> Bool {
    var above = line - 1
    while above > 0 {
      if let comment = file.comments[above], file.startsLine(above) == nil {
        if comment.hasPrefix("///") { return true }
        above -= 1
      } else if let first = file.startsLine(above), first == "@" {
        above -= 1
      } else {
        return false
      }
    }
    return false
  }
}

import Foundation

/// The checkout that these tests were built from.
struct Repository {
  /// The top folder, without symbolic links.
  let root: URL
  /// All files that belong to the project, relative to the top, sorted; no build products, no replicas.
  let paths: [String]

  static let current = Repository()

  private init() {
    let file = URL(filePath: #filePath).resolvingSymlinksInPath()
    root = file.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    paths = Repository.files(below: root, prefix: "").sorted()
  }

  /// As in .gitignore.
  private static func isIgnored(_ name: String, prefix: String) -> Bool {
    name == ".git" || name == ".swiftpm" || name.hasPrefix(".build")
      || name == "Package.resolved" || name.contains(".sqlite") || name.hasSuffix(".profraw")
      || (name == "demo" && prefix.isEmpty)
  }

  private static func files(below folder: URL, prefix: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    var paths: [String] = []
    for name in names where !isIgnored(name, prefix: prefix) {
      let url = folder.appending(path: name)
      if isFolder(url) {
        paths += files(below: url, prefix: prefix + name + "/")
      } else {
        paths.append(prefix + name)
      }
    }
    return paths
  }

  private static func isFolder(_ url: URL) -> Bool {
    (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
  }

  /// The text of a file; nil when it is not UTF-8.
  func text(of path: String) -> String? {
    try? String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  /// Every Swift file of the project, scanned once for all tests.
  static let swiftFiles: [SwiftFile] = current.paths.filter { $0.hasSuffix(".swift") }
    .compactMap { path in current.text(of: path).map { SwiftFile(path: path, text: $0) } }
}

/// One scanned Swift file.
struct SwiftFile {
  let path: String
  let lineCount: Int
  let tokens: [Token]
  let comments: [Int: String]
  private let firstOfLine: [Int: String]

  init(path: String, text: String) {
    let scanner = SwiftScanner(text)
    self.path = path
    lineCount = text.utf8.count { $0 == UInt8(ascii: "\n") }
    tokens = scanner.tokens
    comments = scanner.comments
    firstOfLine = Dictionary(
      scanner.tokens.map { ($0.line, $0.text) }, uniquingKeysWith: { first, _ in first })
  }

  /// `Sources` or `Tests` or `Sim`; empty at the top.
  var area: String { path.contains("/") ? String(path.prefix { $0 != "/" }) : "" }

  /// The target that the file is in: the second folder of its path.
  var module: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  /// The text of the token, empty beyond either end.
  func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

  /// The first token of a line; nil when it has none.
  func startsLine(_ line: Int) -> String? { firstOfLine[line] }

  /// Whether the token follows the one before without a space.
  func touches(_ index: Int) -> Bool {
    tokens.indices.contains(index) && tokens[index].touchesPrevious
  }

  /// Whether a comment stands on the line or directly above it.
  func hasComment(at line: Int) -> Bool { comments[line] != nil || comments[line - 1] != nil }
}

/// A place where a rule is broken.
struct Finding: Equatable, CustomStringConvertible {
  let path: String
  let line: Int
  let rule: String

  var description: String { "\(path):\(line): \(rule)" }
}

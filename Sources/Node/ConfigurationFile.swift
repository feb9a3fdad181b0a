internal import Changes

/// The lines of `tributary.conf`: `key = value`, `#` comments, blank lines; nothing else.
struct ConfigurationFile {
  /// One set key.
  struct Entry {
    let value: String
    let line: Int
  }

  private(set) var entries: [ConfigurationKey: Entry] = [:]

  /// Throws for the first wrong line. A value goes to the end of its line; there is no quoting, and `#`
  /// begins a comment only at the start of a line.
  init(path: String, bytes: [UInt8]) throws(ConfigurationError) {
    guard bytes.count <= Limits.configurationFileBytes else {
      throw .unreadable(
        path: path, reason: "larger than \(Limits.configurationFileBytes) bytes")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .unreadable(path: path, reason: "not UTF-8")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let content = Self.trimmed(line)
      guard !content.isEmpty, !content.hasPrefix("#") else { continue }
      try read(content, path: path, line: index + 1)
    }
  }

  private mutating func read(_ content: Substring, path: String, line: Int)
    throws(ConfigurationError)
  {
    guard let equals = content.firstIndex(of: "=") else {
      throw .malformedLine(path: path, line: line, text: String(content.prefix(80)))
    }
    let name = String(Self.trimmed(content[..<equals]))
    guard let key = ConfigurationKey(rawValue: name) else {
      throw .unknownKey(
        path: path, line: line, key: String(name.prefix(80)), nearest: Self.nearest(to: name))
    }
    if let first = entries[key] {
      throw .repeatedKey(path: path, line: line, key: key, firstLine: first.line)
    }
    let value = Self.trimmed(content[content.index(after: equals)...])
    entries[key] = Entry(value: String(value), line: line)
  }

  static func trimmed(_ text: Substring) -> Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text = text.dropLast() }
    return text
  }

  /// The key at the least edit distance, when that is at most a third of the name.
  private static func nearest(to name: String) -> ConfigurationKey? {
    let name = Array(name.lowercased().prefix(64)).map { $0 == "-" ? "_" : $0 }
    var best: (key: ConfigurationKey, distance: Int)?
    for key in ConfigurationKey.allCases {
      let found = distance(name, Array(key.rawValue))
      if found < best?.distance ?? (name.count / 3 + 1) { best = (key, found) }
    }
    return best?.key
  }

  /// Levenshtein's distance, one row at a time.
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, other) in right.enumerated() {
        let change = diagonal + (character == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(change, row[column] + 1, diagonal + 1)
      }
    }
    return row[right.count]
  }
}

/// A word or sign of Swift code. Comments and the contents of string literals are no tokens; code in
/// interpolations is.
struct Token: Equatable {
  let text: String
  /// 1-based.
  let line: Int
  /// Whether nothing stands between this and the token before.
  let touchesPrevious: Bool

  /// Whether this is an identifier, a keyword or a number.
  var isWord: Bool { text.utf8.first.map(isWordByte) ?? false }
}

private func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "`"), 0x80...:
    true
  default: false
  }
}

/// Splits Swift source into tokens and comments: enough of the grammar for rules on names and braces.
struct SwiftScanner {
  private(set) var tokens: [Token] = []
  /// The text of the comments by line, 1-based; a comment over several lines stands at each of them.
  private(set) var comments: [Int: String] = [:]

  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var endOfLastToken = -1

  init(_ source: String) {
    bytes = Array(source.utf8)
    scanCode(untilClosingParenthesis: false)
  }

  private func byte(at offset: Int) -> UInt8 {
    index + offset < bytes.count ? bytes[index + offset] : 0
  }

  private func starts(with text: StaticString) -> Bool {
    text.withUTF8Buffer { bytes[index...].starts(with: $0) }
  }

  /// Passes a byte and counts lines.
  private mutating func pass(_ count: Int = 1) {
    for _ in 0..<count where index < bytes.count {
      if bytes[index] == UInt8(ascii: "\n") { line += 1 }
      index += 1
    }
  }

  private mutating func append(_ text: String, from start: Int, at line: Int) {
    tokens.append(Token(text: text, line: line, touchesPrevious: start == endOfLastToken))
    endOfLastToken = index
  }

  private mutating func scanCode(untilClosingParenthesis: Bool) {
    var depth = 0
    while index < bytes.count {
      let start = index
      let first = bytes[index]
      if starts(with: "//") {
        scanLineComment()
      } else if starts(with: "/*") {
        scanBlockComment()
      } else if isWordByte(first) {
        while isWordByte(byte(at: 0)) { index += 1 }
        append(String(decoding: bytes[start..<index], as: UTF8.self), from: start, at: line)
      } else if let hashes = stringHashes() {
        let startLine = line
        scanString(hashes: hashes)
        append("\"\"", from: start, at: startLine)
      } else if isRegexStart {
        skipRegex()
      } else if first <= UInt8(ascii: " ") {
        pass()
      } else {
        if first == UInt8(ascii: "(") { depth += 1 }
        if first == UInt8(ascii: ")") {
          if untilClosingParenthesis, depth == 0 { return }
          depth -= 1
        }
        index += 1
        append(String(decoding: [first], as: UTF8.self), from: start, at: line)
      }
    }
  }

  private mutating func scanLineComment() {
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    comments[line, default: ""] += String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func scanBlockComment() {
    var depth = 0
    var start = index
    repeat {
      if starts(with: "/*") {
        depth += 1
        index += 2
      } else if starts(with: "*/") {
        depth -= 1
        index += 2
      } else {
        if bytes[index] == UInt8(ascii: "\n") {
          comments[line, default: ""] += String(decoding: bytes[start..<index], as: UTF8.self)
          start = index + 1
        }
        pass()
      }
    } while depth > 0 && index < bytes.count
    comments[line, default: ""] += String(decoding: bytes[start..<index], as: UTF8.self)
  }

  /// The number of `#` before the quotation mark of a string that starts here; nil when none does.
  private func stringHashes() -> Int? {
    var hashes = 0
    while byte(at: hashes) == UInt8(ascii: "#") { hashes += 1 }
    return byte(at: hashes) == UInt8(ascii: "\"") ? hashes : nil
  }

  private mutating func scanString(hashes: Int) {
    pass(hashes)
    let quotes = starts(with: "\"\"\"") ? 3 : 1
    pass(quotes)
    while index < bytes.count {
      if closesString(quotes: quotes, hashes: hashes) {
        pass(quotes + hashes)
        return
      }
      if bytes[index] == UInt8(ascii: "\\"), isRun(of: UInt8(ascii: "#"), hashes, at: 1) {
        pass(1 + hashes)
        if byte(at: 0) == UInt8(ascii: "(") {
          pass()
          scanCode(untilClosingParenthesis: true)
        }
        pass()
      } else if quotes == 1, bytes[index] == UInt8(ascii: "\n") {
        return  // not closed: leave the rest of the file to the rules
      } else {
        pass()
      }
    }
  }

  private func closesString(quotes: Int, hashes: Int) -> Bool {
    isRun(of: UInt8(ascii: "\""), quotes, at: 0)
      && isRun(of: UInt8(ascii: "#"), hashes, at: quotes)
  }

  private func isRun(of wanted: UInt8, _ count: Int, at offset: Int) -> Bool {
    (0..<count).allSatisfy { byte(at: offset + $0) == wanted }
  }

  /// Whether a regular expression `/…/` starts here: where an operand is due, closed on this line.
  private var isRegexStart: Bool {
    guard bytes[index] == UInt8(ascii: "/"), byte(at: 1) > UInt8(ascii: " ") else { return false }
    if let last = tokens.last?.text, !["(", ",", "=", ":", "[", "{", "return"].contains(last) {
      return false
    }
    return bytes[(index + 1)...].prefix { $0 != UInt8(ascii: "\n") }.contains(UInt8(ascii: "/"))
  }

  private mutating func skipRegex() {
    index += 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "/") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    index += 1
  }
}

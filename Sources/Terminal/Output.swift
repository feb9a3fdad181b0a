import Foundation

/// What a reading command prints: text for people or, with `--json`, one JSON value for programs.
///
/// The JSON has snake_case names with units, RFC 3339 times, sorted keys; its fields are a promise, the
/// text is not.
package enum Output: Sendable {
  case text
  case json

  /// Prints a value to the standard output; `text` is asked for only when it is needed.
  ///
  /// Throws `Problem` when it cannot be written.
  package func show(_ value: some Encodable, text: () -> String) throws(Problem) {
    switch self {
    case .text: try StandardStream.output.write(text())
    case .json: try StandardStream.output.write(Output.json(value) + "\n")
    }
  }

  /// A value as JSON, keys in snake_case, without a line break at the end. `isPretty` breaks lines.
  ///
  /// Throws `Problem` for a number that JSON does not have (NaN).
  package static func json(_ value: some Encodable, isPretty: Bool = true) throws(Problem) -> String
  {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.dateEncodingStrategy = .custom { date, encoder in
      let milliseconds = UInt64(max(0, (date.timeIntervalSince1970 * 1_000).rounded()))
      var container = encoder.singleValueContainer()
      try container.encode(TimeText.rfc3339(milliseconds: milliseconds))
    }
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw Problem(
        "cannot express the result as JSON", because: "\(error)",
        next: ["Run the command without --json and report this."], status: .software)
    }
  }
}

internal import Foundation

/// A JSON value as it stands in a file.
enum JSONValue: Decodable, Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    if single.decodeNil() {
      self = .null
    } else if let value = Self.attempt({ try single.decode(Bool.self) }) {
      self = .bool(value)
    } else if let value = Self.attempt({ try single.decode(Double.self) }) {
      self = .number(value)
    } else if let value = Self.attempt({ try single.decode(String.self) }) {
      self = .text(value)
    } else if let value = Self.attempt({ try single.decode([JSONValue].self) }) {
      self = .list(value)
    } else {
      self = .object(try single.decode([String: JSONValue].self))
    }
  }

  /// One of several forms: another one is tried when this is none.
  private static func attempt<Value>(_ decode: () throws -> Value) -> Value? {
    // Decoding says by an error that a value has another form.
    try? decode()
  }

  /// What kind of value it is, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .text: "a text"
    case .list: "a list"
    case .object: "an object"
    }
  }
}

/// Why a file is no scenario: where in it, what is wrong, and what to do.
package struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `timeline[2].for`; empty for the file as a whole.
  package let path: String
  package let problem: String
  package let advice: String

  package var description: String {
    (path.isEmpty ? "" : "\(path): ") + "\(problem); \(advice)"
  }
}

/// An object of a scenario: keys are taken one by one, and none may be left over.
struct ScenarioObject {
  let path: String
  private let values: [String: JSONValue]

  init(_ value: JSONValue, at path: String) throws(ScenarioError) {
    guard case .object(let values) = value else {
      throw ScenarioError(
        path: path, problem: "is \(value.kind)", advice: "write an object in braces")
    }
    (self.path, self.values) = (path, values)
  }

  var keys: [String] { values.keys.sorted() }

  func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Throws for the first key that is none of these.
  func allow(_ keys: [String]) throws(ScenarioError) {
    for key in self.keys where !keys.contains(key) {
      throw ScenarioError(
        path: place(key), problem: "is unknown here",
        advice: "use one of \(keys.joined(separator: ", "))")
    }
  }

  subscript(key: String) -> JSONValue? { values[key] }

  func required(_ key: String) throws(ScenarioError) -> JSONValue {
    guard let value = values[key] else {
      throw ScenarioError(path: place(key), problem: "is missing", advice: "add it")
    }
    return value
  }

  func text(_ key: String) throws(ScenarioError) -> String {
    let value = try required(key)
    guard case .text(let text) = value else { throw wrong(key, value, "write a text in quotes") }
    return text
  }

  func optionalText(_ key: String) throws(ScenarioError) -> String? {
    values[key] == nil ? nil : try text(key)
  }

  /// A whole number of a range.
  func integer(
    _ key: String, _ range: ClosedRange<Int>, or standard: Int
  ) throws(ScenarioError) -> Int {
    guard let value = values[key] else { return standard }
    guard case .number(let number) = value, number == number.rounded(),
      number >= Double(range.lowerBound), number <= Double(range.upperBound)
    else {
      throw wrong(key, value, "write a whole number of \(range.lowerBound) to \(range.upperBound)")
    }
    return Int(number)
  }

  /// A number of a range.
  func number(
    _ key: String, _ range: ClosedRange<Double>, or standard: Double
  ) throws(ScenarioError) -> Double {
    guard let value = values[key] else { return standard }
    guard case .number(let number) = value, range.contains(number) else {
      throw wrong(key, value, "write a number of \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func flag(_ key: String) throws(ScenarioError) -> Bool {
    guard let value = values[key] else { return false }
    guard case .bool(let flag) = value else { throw wrong(key, value, "write true or false") }
    return flag
  }

  func object(_ key: String) throws(ScenarioError) -> ScenarioObject {
    try ScenarioObject(values[key] ?? .object([:]), at: place(key))
  }

  func list(_ key: String) throws(ScenarioError) -> [JSONValue] {
    guard let value = values[key] else { return [] }
    guard case .list(let list) = value else { throw wrong(key, value, "write a list in brackets") }
    return list
  }

  /// A quantity with its unit.
  func quantity<Unit: QuantityUnit>(
    _ key: String, _ unit: Unit.Type, or standard: Int? = nil
  ) throws(ScenarioError) -> Int {
    if values[key] == nil, let standard { return standard }
    let text = try text(key)
    guard let amount = unit.parse(text) else {
      throw ScenarioError(
        path: place(key), problem: "'\(text)' is no \(unit.name)",
        advice: "write e.g. \(unit.example)")
    }
    return amount
  }

  func wrong(_ key: String, _ value: JSONValue, _ advice: String) -> ScenarioError {
    let shown: String
    switch value {
    case .text(let text): shown = "'\(text)'"
    case .number(let number): shown = number == number.rounded() ? "\(Int(number))" : "\(number)"
    default: shown = value.kind
    }
    return ScenarioError(path: place(key), problem: "is \(shown)", advice: advice)
  }
}

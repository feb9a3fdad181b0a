internal import Foundation

/// Values of draws in text columns: JSON with sorted keys.
enum DrawJSON {
  static func text(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
      preconditionFailure("values of draws are plain: \(error)")
    }
  }

  /// Returns nil for what is no such value, as a row of a later version may hold.
  static func read<Value: Decodable>(_ type: Value.Type, from text: String) -> Value? {
    // A text of another form is told by nil.
    try? JSONDecoder().decode(type, from: Data(text.utf8))
  }
}

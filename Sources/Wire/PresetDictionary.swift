/// Bytes that small frames begin with in the mind of sender and receiver: a change set of one row brings
/// no repetitions of its own. Source: Protocol/5-Frames §3.
///
/// A dictionary never changes under its number; a better one gets the next number.
package enum PresetDictionary {
  /// The dictionary that this version writes with.
  package static let current: UInt8 = 1

  /// The dictionary of a number; nil when this version does not know it.
  package static func bytes(of number: UInt8) -> [UInt8]? { number == 1 ? bytes : nil }

  /// The current dictionary.
  static let bytes: [UInt8] = Array("".utf8)
}

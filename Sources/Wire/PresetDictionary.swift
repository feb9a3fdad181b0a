/// Bytes that small frames are deflated as if they followed: a change set of one row brings no repetitions
/// of its own. Source: Protocol/5-Frames §3.
///
/// A dictionary never changes under its number; a better one gets the next number.
package enum PresetDictionary {
  /// The dictionary that this version writes with.
  package static let current: UInt8 = 1

  /// The dictionary of a number; nil when this version does not know it.
  package static func bytes(of number: UInt8) -> [UInt8]? { number == 1 ? bytes : nil }

  /// The current dictionary: the words without the blanks between them, shapes of change sets, authors.
  /// What is likelier stands later, where distances are short.
  static let bytes: [UInt8] = {
    var bytes: [UInt8] = []
    let words = [
      PresetWords.results, PresetWords.divisions, PresetWords.trades, PresetWords.addresses,
      PresetWords.forms,
    ]
    for text in words {
      for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        bytes.append(contentsOf: word.utf8)
      }
    }
    for table in UInt64(1_000)...1_003 {
      for flags in [UInt8(0x08), 0x0E, 0x0C] {
        // One row of a table: the shape, then the first columns.
        var writer = ByteWriter()
        writer.write(varint: 2)
        writer.write(varint: table)
        writer.write(byte: flags)
        bytes.append(contentsOf: writer.bytes + [1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
      }
    }
    bytes.append(contentsOf: "import unattributed".utf8)
    return bytes
  }()
}

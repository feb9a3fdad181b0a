extension Substring {
  /// Without spaces of any kind at both ends. Cost: constant for texts that begin and end with
  /// ASCII or a Chinese character, which needs no look at grapheme breaks.
  var trimmed: Substring {
    var rest = self
    while !rest.beginsPlainly, let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while !rest.endsPlainly, let last = rest.last, last.isWhitespace { rest.removeLast() }
    return rest
  }

  private var beginsPlainly: Bool {
    guard let byte = utf8.first else { return true }
    return (0x21...0x7E).contains(byte) || Self.startsIdeograph(byte)
  }

  private var endsPlainly: Bool {
    guard let byte = utf8.last else { return true }
    if byte < 0x80 { return (0x21...0x7E).contains(byte) }
    return utf8.count >= 3 && utf8.suffix(3).first.map(Self.startsIdeograph) == true
  }

  /// E4…E9 lead U+4000…U+9FFF, where there are no spaces.
  private static func startsIdeograph(_ byte: UInt8) -> Bool { (0xE4...0xE9).contains(byte) }
}

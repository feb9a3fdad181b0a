/// Texts as tokens of one or two bytes: a dictionary of the characters of the column, numbered from 1 in
/// the order of their first occurrence; 0 ends a text.
///
/// Three bytes of UTF-8 become one, and deflate sees the words. Source: Protocol/3-ChangeSets §5.
struct CharacterCoding {
  /// Tokens below this take one byte; others take two, the first from here up.
  static let oneByteTokens = 224
  /// Distinct characters that tokens can name.
  static let mostCharacters = oneByteTokens + 32 * 256 - 1

  /// The characters' UTF-8, one after the other.
  private(set) var dictionary: [UInt8] = []
  private(set) var characterCount = 0
  private(set) var tokens: [UInt8] = []

  /// Nil when a text is not UTF-8, has a character above U+FFFF, or there are too many characters.
  init?(_ spans: UnsafeBufferPointer<ByteSpan>, _ arena: UnsafeRawBufferPointer) {
    let numbers = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: 65_536)
    numbers.initialize(repeating: 0)
    defer { numbers.deallocate() }
    let total = spans.reduce(0) { $0 + $1.length }
    var (dictionary, characterCount, fits) = ([UInt8](), 0, true)
    tokens = [UInt8](unsafeUninitializedCapacity: total * 2 + spans.count) { output, count in
      for span in spans {
        var index = span.offset
        let end = span.offset + span.length
        while index < end {
          guard let (scalar, length) = Self.scalar(arena, index, end) else {
            fits = false
            return
          }
          var number = Int(numbers[Int(scalar)])
          if number == 0 {
            guard characterCount < Self.mostCharacters else {
              fits = false
              return
            }
            characterCount += 1
            number = characterCount
            numbers[Int(scalar)] = UInt16(number)
            dictionary.append(contentsOf: arena[index..<index + length])
          }
          if number < Self.oneByteTokens {
            output[count] = UInt8(number)
            count += 1
          } else {
            let high = number - Self.oneByteTokens
            output[count] = UInt8(Self.oneByteTokens + high >> 8)
            output[count + 1] = UInt8(truncatingIfNeeded: high)
            count += 2
          }
          index += length
        }
        output[count] = 0
        count += 1
      }
    }
    guard fits else { return nil }
    (self.dictionary, self.characterCount) = (dictionary, characterCount)
  }

  /// The character at `index`, valid UTF-8 of at most three bytes, and its length.
  static func scalar(
    _ bytes: UnsafeRawBufferPointer, _ index: Int, _ end: Int
  ) -> (scalar: UInt16, length: Int)? {
    let first = UInt16(bytes[index])
    if first < 0x80 { return (first, 1) }
    func continuation(_ place: Int) -> UInt16? {
      guard place < end, bytes[place] & 0xC0 == 0x80 else { return nil }
      return UInt16(bytes[place] & 0x3F)
    }
    if first >= 0xE0, first < 0xF0 {
      guard let second = continuation(index + 1), let third = continuation(index + 2) else {
        return nil
      }
      let scalar = (first & 0x0F) << 12 | second << 6 | third
      guard scalar >= 0x800, !(0xD800...0xDFFF).contains(scalar) else { return nil }
      return (scalar, 3)
    }
    guard first >= 0xC2, first < 0xE0, let second = continuation(index + 1) else { return nil }
    return ((first & 0x1F) << 6 | second, 2)
  }

  func write(to writer: inout ByteWriter) {
    writer.write(count: characterCount)
    writer.write(raw: dictionary)
    writer.write(count: tokens.count)
    writer.write(raw: tokens)
  }

  /// One character for decoding: its UTF-8 in the low bytes.
  private struct Character {
    let bytes: UInt32
    let length: Int
  }

  /// Appends the texts to `arena` and their places to `spans`; throws unless characters are numbered in
  /// order of first occurrence, each once, and all used.
  static func read(
    count: Int, into spans: inout [ByteSpan], arena: inout [UInt8], arenaLimit: Int,
    from reader: inout ByteReader
  ) throws(WireError) {
    let characters = try readDictionary(&reader)
    let tokenBytes = try reader.count(.text, limit: reader.remaining)
    let tokens = try reader.raw(tokenBytes)
    guard arena.count + tokenBytes * 3 <= arenaLimit else {
      throw .limitExceeded(
        .arena, value: UInt64(arena.count + tokenBytes * 3), limit: UInt64(arenaLimit))
    }
    let start = arena.count
    var (seen, place, isWellFormed) = (0, 0, true)
    let texts = [UInt8](unsafeUninitializedCapacity: tokenBytes * 3 + 4) { output, written in
      guard let target = UnsafeMutableRawPointer(output.baseAddress) else { return }
      var index = 0
      var begin = 0
      while index < tokenBytes {
        var number = Int(tokens[index])
        index += 1
        if number == 0 {
          spans.append(ByteSpan(offset: start + begin, length: place - begin))
          begin = place
          continue
        }
        if number >= oneByteTokens {
          guard index < tokenBytes else { break }
          number += (number - oneByteTokens) * 255 + Int(tokens[index])
          index += 1
        }
        if number > seen {
          guard number == seen + 1, number <= characters.count else {
            isWellFormed = false
            return
          }
          seen = number
        }
        let character = characters[number - 1]
        target.storeBytes(of: character.bytes, toByteOffset: place, as: UInt32.self)
        place += character.length
      }
      isWellFormed = tokenBytes > 0 && tokens[tokenBytes - 1] == 0 && begin == place
      written = place
    }
    guard isWellFormed, seen == characters.count, spans.count == count else {
      throw .nonCanonical(.columnCoding)
    }
    arena.append(contentsOf: texts)
  }

  private static func readDictionary(
    _ reader: inout ByteReader
  ) throws(WireError) -> [Character] {
    let count = try reader.count(.dictionary, limit: mostCharacters, bytesEach: 1)
    var characters: [Character] = []
    characters.reserveCapacity(count)
    var known = [Bool](repeating: false, count: 65_536)
    for _ in 0..<count {
      let first = try reader.byte()
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : 3
      var bytes = UInt32(first)
      let rest = try reader.raw(length - 1)
      for (index, byte) in rest.enumerated() { bytes |= UInt32(byte) << UInt32(8 * index + 8) }
      let decoded = withUnsafeBytes(of: bytes.littleEndian) { scalar($0, 0, length) }
      guard let decoded, decoded.length == length else { throw .malformed(.dictionary) }
      guard !known[Int(decoded.scalar)] else { throw .nonCanonical(.dictionary) }
      known[Int(decoded.scalar)] = true
      characters.append(Character(bytes: bytes.littleEndian, length: length))
    }
    return characters
  }
}

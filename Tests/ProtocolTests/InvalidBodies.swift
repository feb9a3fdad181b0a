/// Bodies that are nearly right, each wrong in one thing, by what they are wrong in: behind the header of
/// 3-ChangeSets §2, with the fault that a decoder names.
enum InvalidBodies {
  typealias Case = (String, String, String)

  static let all: [Case] =
    blocks + integers + texts + dictionaries + characters + before + lists + notes + controls

  /// One insert into table 7 with key 0, then column 1.
  private static let one = "02 07 08 01 01 01 10 00 "
  /// Two inserts with keys 0 and 1, then column 1.
  private static let two = "02 07 08 02 01 01 11 00 01 0001 "
  /// Sixteen inserts with keys 0…15, then column 1.
  private static let sixteen = "02 07 08 10 01 01 19 00 01 00 " + times("02", 15)
  /// An update of key 0, then column 1 and column 1 before.
  private static let update = "02 07 0d 01 01 01 10 00 "
  /// A delete of key 0, and of keys 0 and 1, then dots before.
  private static let delete = "02 07 0e 01 00 10 00 "
  private static let deletes = "02 07 0e 02 00 11 00 01 0001 "
  /// An insert with notes, then their count.
  private static let noted = "02 07 18 01 01 01 10 00 10 00 "

  private static func times(_ hex: String, _ count: Int) -> String {
    String(repeating: hex, count: count)
  }

  private static let blocks: [Case] = [
    ("1,000,001 blocks", "82897a", "limitExceeded"),
    ("1,000,001 rows", "02 07 08 c1843d", "limitExceeded"),
    ("column 2^32", "02 07 08 01 02 ffffffff0f 01 10 00 10 00 10 00", "malformed"),
    ("group 2^32", "02 07 00 01 01 01 8080808010 10 00 10 00", "limitExceeded"),
    ("other registers than announced", "02 07 08 01 01 00 10 00", "nonCanonical"),
    ("columns that do not ascend", "02 07 00 01 02 02 05 00 06 10 00 10 00 10 00", "nonCanonical"),
    (
      "a key that is a text before one that is a number",
      "02 07 08 02 00 78 0301 10 00 81 61", "nonCanonical"
    ),
    (
      "a second key column that descends", "02 07 28 02 00 10 00 11 00 01 0100", "nonCanonical"
    ),
    (
      "a key of 1,025 bytes in two columns",
      "02 07 28 01 00 01 f907" + times("61", 1_017) + "10 00", "limitExceeded"
    ),
    (
      "a key of 1,025 bytes, front coded",
      "02 07 08 02 00 05 01 00 01 0001 01 02 ff07 0001 61" + times("62", 1_024), "limitExceeded"
    ),
  ]

  private static let integers: [Case] = [
    ("mode 17", one + "54 00 11 00", "unknownCode"),
    ("a step that wraps", two + "11 00 ffffffffffffffffff01 0002", "nonCanonical"),
    ("a step of 0", two + "11 00 00 0001", "nonCanonical"),
    ("digits of 19 places", one + "43 8080a0f6f4acdbe01b", "malformed"),
    ("a credit code of digits as digits", one + "43 c8e5b8fab3dbe6b319", "nonCanonical"),
    ("integers less the milliseconds in vain", two + "66 f5a7b881e364 01 0001", "nonCanonical"),
    ("times not less the milliseconds", two + "11 80a09ef2d964 01 0001", "nonCanonical"),
    (
      "a multiple of the step that wraps onto another",
      "02 07 08 03 01 01 11 00 01 000102 11 ffffffffffffffffff01 80808080808080808001 000103",
      "nonCanonical"
    ),
    ("null as one class of two, and digits as a text", two + "78 0003 00 81 35", "nonCanonical"),
    ("mixed of classes in the wrong order", two + "78 0300 00 10 00", "nonCanonical"),
  ]

  private static let texts: [Case] = [
    ("lengths of mode 17", two + "02 11", "unknownCode"),
    ("lengths below 0", two + "02 00 01", "malformed"),
    ("lengths of 16 MiB and a byte", two + "02 00 82808010", "limitExceeded"),
    ("plain texts that end early", two + "02 00 04 616263", "truncated"),
    ("equal blobs, plain", two + "07 00 02 6161", "nonCanonical"),
    ("a blob of one value, plain", one + "07 00 02 61", "nonCanonical"),
    ("text mode 5 of blobs", one + "0b", "unknownCode"),
  ]

  private static let dictionaries: [Case] = [
    ("plain where a dictionary is due", sixteen + "02 00 02" + times("6162", 8), "nonCanonical"),
    (
      "a dictionary of one in 5", sixteen + "03 03 00 02 616263 0001" + times("02", 14),
      "nonCanonical"
    ),
    ("a dictionary of 256 entries", sixteen + "03 8002", "limitExceeded"),
    (
      "an entry twice in a dictionary", sixteen + "03 02 00 02 6161 00" + times("01", 15),
      "nonCanonical"
    ),
    (
      "a dictionary that names more entries than it has",
      sixteen + "03 02 00 02 6162 0001" + times("02", 14), "nonCanonical"
    ),
    (
      "a dictionary that is not in the order of use",
      sixteen + "03 02 00 02 6162 01" + times("00", 15), "nonCanonical"
    ),
    (
      "a dictionary that is not in the order of use, all of it used",
      sixteen + "03 02 00 02 6162 0100" + times("01", 14), "nonCanonical"
    ),
    (
      "the same text as two of three entries",
      "02 07 08 18 01 01 19 00 01 00" + times("02", 23) + "03 03 00 02 616261 000102"
        + times("01", 21), "nonCanonical"
    ),
    (
      "a dictionary with an entry that nothing uses",
      sixteen + "03 03 00 02 616263 00" + times("01", 15), "nonCanonical"
    ),
  ]

  /// Eight inserts with keys 0…7, and as column 1 eight texts of 43 characters each, of 云 and 南: long enough for
  /// characters. `third` is one more character, `end` what is behind the last token.
  private static func chinese(
    _ low: String = "01", _ high: String = "02", third: String = "", last: String? = nil,
    end: String = "00"
  ) -> String {
    let tokens =
      (1...8).map { times(low, $0) + times(high, 42 - $0) + ($0 == 8 ? last ?? high : high) }
      .joined(separator: "00") + end
    let count = tokens.count / 2
    return "02 07 08 08 01 01 19 00 01 00 " + times("02", 7) + "04" + (third.isEmpty ? "02" : "03")
      + "e4ba91 e58d97" + third + Hex.encode([UInt8(count & 127 | 128), UInt8(count >> 7)]) + tokens
  }

  private static let characters: [Case] = [
    ("characters for two short texts", two + "04 02 6162 04 01 00 02 00", "nonCanonical"),
    ("characters for blobs", two + "09 02 6162 04 01 00 02 00", "nonCanonical"),
    ("a character that is not UTF-8", two + "04 01 ffffff 02 01 00", "malformed"),
    ("a character that is a surrogate", two + "04 01 eda080 02 01 00", "malformed"),
    ("a character in a longer form", two + "04 01 c1a1 02 01 00", "malformed"),
    ("8,416 characters", two + "04 e041", "limitExceeded"),
    ("a character twice", chinese(third: "e4ba91", last: "03"), "nonCanonical"),
    ("characters not in the order of use", chinese("02", "01"), "nonCanonical"),
    ("a character that nothing uses", chinese(third: "e4b89c"), "nonCanonical"),
    ("a token beyond the characters", chinese(last: "03"), "nonCanonical"),
    ("a text of characters without its end", chinese(end: ""), "nonCanonical"),
    ("a text of characters too many", chinese(end: "0000"), "nonCanonical"),
    ("a token of two bytes that ends early", chinese(end: "00e0"), "nonCanonical"),
    (
      "plain where characters are due",
      "02 07 08 08 01 01 19 00 01 00 " + times("02", 7)
        + "02 00 8202" + (1...8).map { times("e4ba91", $0) + times("e58d97", 43 - $0) }.joined(),
      "nonCanonical"
    ),
  ]

  private static let before: [Case] = [
    ("less the new value, which is a text", update + "81 41 21 00 07 01", "nonCanonical"),
    ("less the new value in vain", update + "10 0a 21 09 07 01", "nonCanonical"),
    ("not less the new value, which is near", update + "10 80897a 10 82897a 07 01", "nonCanonical"),
    ("values before that end early", update + "81 41", "truncated"),
  ]

  private static let lists: [Case] = [
    ("more lists of dots than registers", delete + "0b 01 02 01 0001", "malformed"),
    ("an index beyond the lists of dots", deletes + "0b 01 02 01 0001 01 00 02 0001", "malformed"),
    ("lists of one dot with their lengths", delete + "06 00 02 05", "nonCanonical"),
    ("lists of a length below 0", delete + "06 00 01", "malformed"),
    ("dots of a list that do not ascend", delete + "06 00 04 01 02 01 0100", "nonCanonical"),
    (
      "another replica twice", delete + "04 00 04 02 0201 0201 00 02 00 02", "nonCanonical"
    ),
    (
      "other replicas not in the order of use",
      delete + "04 00 04 02 0201 0401 01 02 01 0100 00 02", "nonCanonical"
    ),
    (
      "other replicas not in the order of use, all of them used",
      "02 07 0e 03 00 11 00 01 000102 0d 02 0201 0401 01 02 01 010001 01 02 01 000102 01 00 01 000102",
      "nonCanonical"
    ),
    (
      "lists of dots not in the order of use, all of them used",
      "02 07 0e 03 00 11 00 01 000102 0b 01 02 01 0001 01 00 01 010001", "nonCanonical"
    ),
    ("a replica that no dot has", delete + "05 02 0201 0401 00 02 05", "nonCanonical"),
    ("a dot beyond the other replicas", delete + "05 01 0201 00 04 05", "nonCanonical"),
    (
      "the own dots as those of another", delete + "05 01 0201 00 00 05", "nonCanonical"
    ),
  ]

  private static let notes: [Case] = [
    ("more notes than registers", noted + "03", "limitExceeded"),
    ("a note with more than over and origin", noted + "01 00 01 04 00", "unknownCode"),
    ("over of 257 dots", noted + "01 00 01 01 8102", "limitExceeded"),
    ("over with a dot twice", noted + "01 00 01 01 02 000105 000105", "nonCanonical"),
    ("an origin that is change set 0", noted + "01 00 01 02 205ad8 0001 00", "malformed"),
    (
      "an origin whose author has 257 bytes",
      noted + "01 00 01 02 205ad8 0001 01 0192cc09147b 00 8102",
      "limitExceeded"
    ),
    (
      "an origin whose counter is 65,536", noted + "01 00 01 02 205ad8 0001 01 0192cc09147b 808004",
      "limitExceeded"
    ),
  ]

  private static let controls: [Case] = [
    ("a mark of change set 0", "01 01 02 03 000100", "malformed"),
    ("a refusal for reason 65,536", "01 01 01 06 000105 808004", "limitExceeded"),
    ("a refusal with a detail of 1,025 bytes", "01 01 01 06 000105 01 8108", "limitExceeded"),
    ("a retirement without a number", "01 01 04 02 0001", "truncated"),
    ("a control operation of 16 MiB and a byte", "01 01 63 81808008", "limitExceeded"),
    ("no control operations, none announced, and one", "00 01 63 00", "malformed"),
  ]
}

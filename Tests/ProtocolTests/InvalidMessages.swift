/// Frames whose payload is wrong in one thing, with the fault that a decoder names (5-Frames §4).
enum InvalidMessages {
  typealias Case = (String, [UInt8], String)

  static let all: [Case] = (hello + changes + parts + others + bundles).map {
    kind, name, hex, fault in
    (name, payload(kind, hex), fault)
  }

  /// A frame that carries a payload as it is.
  private static func payload(_ kind: UInt8, _ hex: String) -> [UInt8] {
    // What is written here is hexadecimal.
    let bytes = (try? Hex.decode(hex.filter { $0 != " " })) ?? []
    let count = bytes.count
    return FrameFile.frame(
      kind, (count < 128 ? [UInt8(count)] : [UInt8(count & 127 | 128), UInt8(count >> 7)]) + bytes)
  }

  private static func times(_ hex: String, _ count: Int) -> String {
    String(repeating: hex, count: count)
  }

  private static let hash = times("51", 32)
  private static let signature = times("52", 64)
  /// HELLO up to its streams, a summary behind its stream.
  private static let opening = "01 00 b6ad20 00 01 01 0192cc091400 00" + times("c4", 16)
  private static let summary = times("d1", 24)
  /// CHANGES of one change set without a body, up to its heads.
  private static let one = "03 01 205ad8 0001 01 0192cc09147b 01 02 00"

  private static let hello: [(UInt8, String, String, String)] = [
    (1, "HELLO of version 65,536", "808004 00", "limitExceeded"),
    (1, "HELLO of versions 1 to 65,536", "01 ffff03", "malformed"),
    (
      1, "HELLO with a stream twice",
      opening + "02 e0b58101" + summary + "00" + summary + signature, "nonCanonical"
    ),
    (
      1, "HELLO with a stream of channel 3", opening + "01 e3b58101" + summary + signature,
      "malformed"
    ),
    (1, "HELLO of 16,385 streams", opening + "818001", "limitExceeded"),
    (1, "HELLO of more streams than bytes", opening + "03" + times("00", 74), "truncated"),
    (1, "HELLO with a byte behind its signature", opening + "00" + signature + "00", "malformed"),
    (1, "HELLO with a short signature", opening + "00" + times("52", 63), "truncated"),
  ]

  private static let changes: [(UInt8, String, String, String)] = [
    (
      3, "CHANGES with a header that is not canonical",
      "02 09 205ad8 0001 01 0192cc09147b 01 00 02 00" + times("00", 8), "nonCanonical"
    ),
    (
      3, "CHANGES with a body of 64 MiB and a byte",
      "02 01 205ad8 0001 01 0192cc09147b 01 82808040", "limitExceeded"
    ),
    (
      3, "CHANGES with a body that ends early", "02 01 205ad8 0001 01 0192cc09147b 01 08 000000",
      "truncated"
    ),
    (
      3, "CHANGES with a head of a change set before the first", one + "01 02" + hash + signature,
      "limitExceeded"
    ),
    (3, "CHANGES with a head that ends early", one + "01 01" + hash + times("52", 63), "truncated"),
    (3, "CHANGES of 4,097 heads", one + "8120", "limitExceeded"),
    (
      3, "CHANGES with a byte behind its heads", one + "01 01" + hash + signature + "00",
      "malformed"
    ),
  ]

  private static let parts: [(UInt8, String, String, String)] = [
    (4, "PART 3 of 3", "205ad8 0001 07" + hash + "03 03 00", "malformed"),
    (4, "PART of 261", "205ad8 0001 07" + hash + "00 8502 00", "limitExceeded"),
    (4, "PART of 262,145 bytes", "205ad8 0001 07" + hash + "00 01 818010", "limitExceeded"),
    (4, "PART of change set 0", "205ad8 0001 00" + hash + "00 01 00", "malformed"),
  ]

  private static let others: [(UInt8, String, String, String)] = [
    (2, "KNOWLEDGE with a hash that ends early", "205ad8 00 01" + times("51", 31), "truncated"),
    (2, "KNOWLEDGE of a stream of channel 3", "205adb 00 00", "malformed"),
    (6, "ERROR with code 0", "00 00 00", "unknownCode"),
    (6, "ERROR with code 65,542", "868004 00 00", "unknownCode"),
    (6, "ERROR with a subject of 1,025 bytes", "01 8108", "limitExceeded"),
    (6, "ERROR with a byte behind", "01 00 00 00", "malformed"),
  ]

  private static let bundles: [(UInt8, String, String, String)] = [
    (8, "MANIFEST with mark 4", "b6ad20 00 01 04 0192cc091400 00 00", "unknownCode"),
    (8, "MANIFEST to division 0", "b6ad20 00 01 01 00 00 0192cc091400 00 00", "malformed"),
    (
      8, "MANIFEST to terminal 4,096", "b6ad20 00 01 01 b6ad20 8020 0192cc091400 00 00",
      "limitExceeded"
    ),
    (
      8, "MANIFEST with streams that do not ascend",
      "b6ad20 00 01 00 0192cc091400 02 205ad8 0000 205ad8 0000 00", "nonCanonical"
    ),
    (8, "MANIFEST of 16,385 streams", "b6ad20 00 01 00 0192cc091400 818001", "limitExceeded"),
    (8, "MANIFEST of 1,048,577 frames", "b6ad20 00 01 00 0192cc091400 00 818040", "limitExceeded"),
    (9, "SEAL with a short signature", hash + times("52", 63), "truncated"),
  ]
}

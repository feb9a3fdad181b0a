import Causality
import Changes
import Wire

/// The properties of the decoders of `Wire`.
enum WireTargets {
  /// The header before bodies: that of Protocol/3-ChangeSets §2.
  static let bodyHeader: ChangeSetHeader = {
    let bytes: [UInt8] = [
      0x29, 0x20, 0x5A, 0xD8, 0x00, 0x01, 0xAC, 0x06, 0x01, 0x92, 0xCC, 0x09, 0x14, 0x7B, 0x01,
      0x01,
      0xD0, 0xAC, 0x20, 0x00, 0x01, 0x04, 0x06, 0x6C, 0x69, 0x2E, 0x77, 0x65, 0x69,
    ]
    do throws(WireError) { return try ChangeSetCodec.decodeHeader(bytes) } catch {
      preconditionFailure("the header of the page decodes: \(error)")
    }
  }()

  /// Decodes these bytes and does no more, as a node does before it knows whether to take them. Returns the bytes of
  /// what is written for people.
  static func decode(_ bytes: [UInt8], _ target: FuzzTarget) -> Int {
    do throws(WireError) {
      switch target {
      case .frame:
        var decoder = FrameDecoder()
        decoder.append(bytes)
        while try decoder.next() != nil {}
      case .bundle:
        var reader = BundleReader()
        reader.append(bytes)
        while try reader.next() != nil {}
      case .message: _ = try decodedMessage(bytes)
      case .changeSet: _ = try ChangeSetCodec.decodeBody(bytes, of: bodyHeader)
      case .mutated: _ = try ChangeSetCodec.decodeBody(bytes.dropFirst(3), of: bodyHeader)
      case .inflate: _ = try inflated(bytes)
      case .header: try header(bytes)
      case .vector: try vector(bytes)
      case .dump: return try lines(bytes).reduce(0) { $0 + $1.utf8.count }
      case .signed, .roster, .configuration, .enrolment, .draw, .answer, .lease: break
      }
    } catch {
      return 0  // What does not decode is refused in time too.
    }
    return 0
  }

  /// A stream of frames: each message is encoded to a payload that decodes to it.
  static func frames(_ bytes: [UInt8]) throws(WireError) {
    var decoder = FrameDecoder()
    decoder.append(bytes)
    while let message = try decoder.next() { try checkAgain(message) }
  }

  /// The payload of each kind: the first byte says which. Whole payloads are canonical.
  static func message(_ bytes: [UInt8]) throws(WireError) {
    guard let message = try decodedMessage(bytes) else { return }
    // A head may be named by its place or by its dot: CHANGES are relayed, not encoded anew.
    if message.kind == .changes {
      try checkAgain(message)
    } else {
      precondition(MessageCodec.encode(message) == Array(bytes.dropFirst()), "one encoding")
    }
  }

  private static func decodedMessage(_ bytes: [UInt8]) throws(WireError) -> Message? {
    let kinds = UInt8(MessageKind.allCases.count)
    guard let first = bytes.first, let kind = MessageKind(rawValue: first % kinds + 1) else {
      return nil
    }
    return try MessageCodec.decode(kind, bytes.dropFirst())
  }

  private static func checkAgain(_ message: Message) throws(WireError) {
    let again = try MessageCodec.decode(message.kind, MessageCodec.encode(message)[...])
    precondition(again == message, "a message is what its payload says")
  }

  static func changeSet(_ bytes: [UInt8]) throws(WireError) {
    check(try ChangeSetCodec.decodeBody(bytes, of: bodyHeader), of: bytes)
  }

  private static func check(_ body: ChangeSetBody, of bytes: [UInt8]) {
    for block in body.blocks { block.checkInvariants() }
    precondition(ChangeSetCodec.encodeBody(body, of: bodyHeader) == bytes, "one encoding")
  }

  static func header(_ bytes: [UInt8]) throws(WireError) {
    let header = try ChangeSetCodec.decodeHeader(bytes)
    precondition(ChangeSetCodec.encodeHeader(header) == bytes, "one encoding")
  }

  static func vector(_ bytes: [UInt8]) throws(WireError) {
    let vector = try ByteReader.read(bytes[...]) { (reader) throws(WireError) -> VersionVector in
      let vector = try reader.vector()
      try reader.finish(.vector)
      return vector
    }
    vector.checkInvariants()
    var writer = ByteWriter()
    writer.write(vector: vector)
    precondition(writer.bytes == bytes, "one encoding")
  }

  /// Three bytes declare the inflated length; the rest is deflated, then a body.
  static func inflate(_ bytes: [UInt8]) throws(WireError) {
    if let (canonical, body) = try inflated(bytes) { check(body, of: canonical) }
  }

  static func inflated(
    _ bytes: [UInt8]
  ) throws(WireError) -> (canonical: [UInt8], body: ChangeSetBody)? {
    guard bytes.count > 3 else { return nil }
    let declared = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
    let body = try bytes.dropFirst(3).withUnsafeBufferPointer {
      (source) throws(WireError) -> [UInt8] in
      try Deflate.inflate(
        UnsafeRawBufferPointer(source), declared: declared, limit: Limits.inflatedFrameBytes)
    }
    precondition(body.count == declared, "no more than declared")
    return (body, try ChangeSetCodec.decodeBody(body, of: bodyHeader))
  }

  static func bundle(_ bytes: [UInt8]) throws(WireError) {
    var reader = BundleReader()
    reader.append(bytes)
    while let message = try reader.next() { try checkAgain(message) }
    try reader.finish()
    precondition(reader.sealedByteCount.map { $0 < bytes.count } == true, "the seal is the last")
  }

  /// What auditors read: no line has a control character, which could act on a terminal.
  static func dump(_ bytes: [UInt8]) throws(WireError) {
    for line in try lines(bytes) {
      precondition(
        line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
        "nothing acts on a terminal")
    }
  }

  private static func lines(_ bytes: [UInt8]) throws(WireError) -> [String] {
    bytes.starts(with: BundleWriter.magic)
      ? try Dump.lines(ofBundle: bytes) : try Dump.lines(ofFrames: bytes)
  }

  /// A valid body with one value changed, so that the mutation passes the outer layers: what is encoded from it
  /// decodes to it.
  static func mutated(_ bytes: [UInt8]) throws(WireError) {
    guard bytes.count > 4 else { return }
    var body = try ChangeSetCodec.decodeBody(Array(bytes.dropFirst(3)), of: bodyHeader)
    guard !body.blocks.isEmpty else { return }
    let place = Int(bytes[0]) % body.blocks.count
    let old = body.blocks[place]
    let column = old.keyWidth + Int(bytes[1]) % max(1, old.cells.width - old.keyWidth)
    guard column < old.cells.width else { return }
    var cells = CellTable(width: old.cells.width)
    for row in 0..<old.rowCount {
      for index in 0..<old.cells.width {
        if index == column, row == Int(bytes[2]) % old.rowCount {
          let values: [Value] = [
            .null, .integer(.min), .integer(.max), .real(bits: 1), .text([]), .text([0xFF]),
            .blob([]), .text("91530102MA04A8AE5Y"), .text("0"), .integer(Int64(bytes[2])),
          ]
          cells.append(values[Int(bytes[2]) % values.count])
        } else {
          cells.append(old.cells.value(row, index))
        }
      }
    }
    body.blocks[place].cells = cells
    let encoded = ChangeSetCodec.encodeBody(body, of: bodyHeader)
    let again = try ChangeSetCodec.decodeBody(encoded, of: bodyHeader)
    precondition(again == body, "a change comes back")
  }
}

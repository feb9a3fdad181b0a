import Causality
import Changes
import Wire

// The decoders that face a wire or a file, under libFuzzer (`make fuzz`). A target traps when a property
// does not hold: what decodes is encoded to the same bytes; what does not throws. Each is named by the
// environment variable FUZZ_TARGET.

#if canImport(Glibc)
  import Glibc
#endif

private let limit = 1 << 16

private func target() -> String {
  guard let name = getenv("FUZZ_TARGET") else { return "frame" }
  return String(cString: name)
}

private let name = target()

/// The header before bodies: that of 3-ChangeSets §2.
private let header: ChangeSetHeader = {
  let bytes: [UInt8] = [
    0x29, 0x20, 0x5A, 0xD8, 0x00, 0x01, 0xAC, 0x06, 0x01, 0x92, 0xCC, 0x09, 0x14, 0x7B, 0x01, 0x01,
    0xD0, 0xAC, 0x20, 0x00, 0x01, 0x04, 0x06, 0x6C, 0x69, 0x2E, 0x77, 0x65, 0x69,
  ]
  guard let header = try? ChangeSetCodec.decodeHeader(bytes) else {
    preconditionFailure("the header of the page decodes")
  }
  return header
}()

/// A stream of frames: each message is encoded to a payload that decodes to it.
private func frames(_ bytes: [UInt8]) throws {
  var decoder = FrameDecoder()
  decoder.append(bytes)
  while let message = try decoder.next() {
    let payload = MessageCodec.encode(message)
    let again = try MessageCodec.decode(message.kind, payload[...])
    precondition(again == message, "a message is what its payload says")
  }
}

/// The payload of each kind: the first byte says which. Whole payloads are canonical.
private func message(_ bytes: [UInt8]) throws {
  guard let first = bytes.first, let kind = MessageKind(rawValue: first % 9 + 1) else { return }
  let message = try MessageCodec.decode(kind, bytes.dropFirst())
  // A head may be named by its place or by its dot: CHANGES are relayed, not encoded anew.
  if kind != .changes {
    precondition(MessageCodec.encode(message) == Array(bytes.dropFirst()), "one encoding")
  }
}

private func changeSet(_ bytes: [UInt8]) throws {
  let body = try ChangeSetCodec.decodeBody(bytes, of: header)
  for block in body.blocks { block.checkInvariants() }
  precondition(ChangeSetCodec.encodeBody(body, of: header) == bytes, "one encoding")
}

private func headerOnly(_ bytes: [UInt8]) throws {
  let header = try ChangeSetCodec.decodeHeader(bytes)
  precondition(ChangeSetCodec.encodeHeader(header) == bytes, "one encoding")
}

private func vector(_ bytes: [UInt8]) throws {
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

/// Two bytes declare the inflated length; the rest is deflated, then a body.
private func inflate(_ bytes: [UInt8]) throws {
  guard bytes.count > 3 else { return }
  let declared = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
  let body = try bytes.dropFirst(3).withUnsafeBufferPointer {
    try Deflate.inflate(
      UnsafeRawBufferPointer($0), declared: declared, limit: Limits.inflatedFrameBytes)
  }
  precondition(body.count == declared, "no more than declared")
  _ = try ChangeSetCodec.decodeBody(body, of: header)
}

private func bundle(_ bytes: [UInt8]) throws {
  var reader = BundleReader()
  reader.append(bytes)
  while let message = try reader.next() { _ = MessageCodec.encode(message) }
  try reader.finish()
}

/// A valid change set with one field changed: its rows are fields of a body that decoded, so that the mutation
/// passes the outer layers; what is encoded from it decodes to it.
private func mutated(_ bytes: [UInt8]) throws {
  guard bytes.count > 4 else { return }
  var body = try ChangeSetCodec.decodeBody(Array(bytes.dropFirst(3)), of: header)
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
  let encoded = ChangeSetCodec.encodeBody(body, of: header)
  let again = try ChangeSetCodec.decodeBody(encoded, of: header)
  precondition(again == body, "a change comes back")
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard count <= limit else { return -1 }
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    switch name {
    case "frame": try frames(bytes)
    case "message": try message(bytes)
    case "change-set": try changeSet(bytes)
    case "header": try headerOnly(bytes)
    case "vector": try vector(bytes)
    case "inflate": try inflate(bytes)
    case "bundle": try bundle(bytes)
    case "mutated": try mutated(bytes)
    default: preconditionFailure("no target \(name)")
    }
  } catch let error as WireError {
    _ = error
  } catch {
    preconditionFailure("an error of another type: \(error)")
  }
  return 0
}

import Changes
import TestSupport
import Testing
import Wire

@Suite struct BundleTests {
  private static func sample(seed: UInt64, frames count: Int = 4) -> (
    pieces: [[UInt8]], messages: [Message]
  ) {
    var random = SeededGenerator(seed: seed)
    var writer = BundleWriter()
    let kinds: [MessageKind] = [.changes, .acknowledgement, .part, .knowledge]
    let carried = (0..<count).map { Samples.message(kinds[$0 % kinds.count], &random) }
    let frames = carried.map { writer.frame($0) }
    let manifest = Samples.manifest(frameCount: writer.frameCount, &random)
    let seal = BundleSeal(contentHash: Samples.hash(&random), signature: random.bytes(64))
    let pieces = [writer.opening(manifest)] + frames + [writer.closing(seal)]
    return (pieces, [.bundleManifest(manifest)] + carried + [.bundleSeal(seal)])
  }

  private func read(_ bytes: [UInt8], pieceBytes: Int = .max) throws -> [Message] {
    var reader = BundleReader()
    var messages: [Message] = []
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + min(pieceBytes, bytes.count))
      reader.append(bytes[start..<end])
      while let message = try reader.next() { messages.append(message) }
      start = end
    }
    try reader.finish()
    return messages
  }

  @Test(arguments: [1, 2, 7, 64, 1_000, Int.max])
  func `Bundles come back equal in pieces of any size`(pieceBytes: Int) throws {
    for seed in UInt64(0)..<8 {
      let (pieces, messages) = Self.sample(seed: seed, frames: Int(seed))
      let found = try read(Array(pieces.joined()), pieceBytes: pieceBytes)
      #expect(found == messages, "seed \(seed)")
    }
  }

  @Test func `The seal covers all bytes before its index`() throws {
    let (pieces, _) = Self.sample(seed: 3)
    let bytes = Array(pieces.joined())
    for pieceBytes in [1, 100, bytes.count] {
      var reader = BundleReader()
      for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
        reader.append(bytes[start..<min(start + pieceBytes, bytes.count)])
        while try reader.next() != nil {}
      }
      try reader.finish()
      #expect(reader.sealedByteCount == UInt64(pieces.dropLast().joined().count))
    }
  }

  @Test func `A bundle cut at any byte throws at its end`() {
    let bytes = Array(Self.sample(seed: 4).pieces.joined())
    for length in 0..<bytes.count {
      #expect(throws: WireError.self, "length \(length)") { try read(Array(bytes[..<length])) }
    }
  }

  @Test func `Reordered, repeated and missing frames throw`() {
    let pieces = Self.sample(seed: 5).pieces
    var reordered = pieces
    reordered.swapAt(2, 3)
    #expect(throws: WireError.frameOutOfPlace(index: 2)) { try read(Array(reordered.joined())) }
    var repeated = pieces
    repeated.insert(pieces[1], at: 1)
    #expect(throws: WireError.frameOutOfPlace(index: 2)) { try read(Array(repeated.joined())) }
    var missing = pieces
    missing.remove(at: 2)
    #expect(throws: WireError.frameOutOfPlace(index: 2)) { try read(Array(missing.joined())) }
    var unsealed = pieces
    unsealed.removeLast()
    #expect(throws: WireError.bundleTruncated(frames: 4, expected: 4)) {
      try read(Array(unsealed.joined()))
    }
  }

  @Test func `Bytes behind the seal and other files throw`() {
    let bytes = Array(Self.sample(seed: 6).pieces.joined())
    #expect(throws: WireError.trailingBytes(count: 3)) { try read(bytes + [1, 2, 3]) }
    #expect(throws: WireError.malformed(.bundle)) { try read(Array("PK\u{3}\u{4} a zip".utf8)) }
    var later = bytes
    later[8] = 2
    #expect(throws: WireError.unknownCode(.formatVersion, code: 2)) { try read(later) }
  }

  @Test func `A manifest that counts other frames than there are throws`() {
    let (pieces, messages) = Self.sample(seed: 7)
    guard case .bundleManifest(let manifest) = messages[0] else { return }
    for count in [3, 5] {
      let wrong = BundleManifest(
        from: manifest.from, to: manifest.to, createdMilliseconds: 1, isAcknowledgement: false,
        ranges: [], frameCount: UInt32(count))
      let opening =
        BundleWriter.magic + [BundleWriter.version, 0]
        + FrameCodec.encode(.bundleManifest(wrong))
      #expect(throws: WireError.self) {
        try read(opening + Array(pieces.dropFirst().joined()))
      }
    }
  }
}

import Causality
import Changes
import TestSupport
import Testing
import Wire

@Suite struct FrameTests {
  @Test(arguments: MessageKind.allCases)
  func `Messages of each kind come back equal`(kind: MessageKind) throws {
    for seed in UInt64(0)..<40 {
      var random = SeededGenerator(seed: seed)
      let message = Samples.message(kind, &random)
      var decoder = FrameDecoder()
      decoder.append(FrameCodec.encode(message))
      #expect(try decoder.next() == message, "seed \(seed)")
      #expect(try decoder.next() == nil, "seed \(seed)")
      #expect(decoder.pendingByteCount == 0)
    }
  }

  @Test func `Frames come out whole at every cut`() throws {
    var random = SeededGenerator(seed: 7)
    let messages = MessageKind.allCases.map { Samples.message($0, &random) }
    let bytes = messages.flatMap(FrameCodec.encode)
    for cut in 0...bytes.count {
      var decoder = FrameDecoder()
      var found: [Message] = []
      for piece in [bytes[..<cut], bytes[cut...]] {
        decoder.append(piece)
        while let message = try decoder.next() { found.append(message) }
      }
      #expect(found == messages, "cut \(cut)")
    }
    var (decoder, found) = (FrameDecoder(), [Message]())
    for byte in bytes {
      decoder.append(CollectionOfOne(byte))
      while let message = try decoder.next() { found.append(message) }
    }
    #expect(found == messages)
  }

  @Test(arguments: MessageKind.allCases)
  func `A flipped bit of a frame throws or keeps the decoder waiting`(kind: MessageKind) {
    var random = SeededGenerator(seed: 8)
    let message = Samples.message(kind, &random)
    var bytes = FrameCodec.encode(message)
    let step = max(1, bytes.count * 8 / 2_000)
    for bit in stride(from: 0, to: bytes.count * 8, by: step) {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      var decoder = FrameDecoder()
      decoder.append(bytes)
      // A longer length waits for bytes that do not come; all else throws.
      #expect((try? decoder.next()) ?? nil == nil, "bit \(bit)")
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }

  @Test(arguments: MessageKind.allCases)
  func `Flipped bits of a payload throw or give another message`(kind: MessageKind) {
    for seed in UInt64(0)..<6 {
      var random = SeededGenerator(seed: seed)
      var payload = MessageCodec.encode(Samples.message(kind, &random))
      let step = max(1, payload.count * 8 / 1_000)
      for bit in stride(from: 0, to: payload.count * 8, by: step) {
        payload[bit / 8] ^= 1 << UInt8(bit % 8)
        if let other = try? MessageCodec.decode(kind, payload[...]) {
          // Change set bodies are checked when they are decoded; heads may name their dot in two ways.
          let again = MessageCodec.encode(other)
          let decoded = try? MessageCodec.decode(kind, again[...])
          #expect(decoded == other, "seed \(seed), bit \(bit)")
        }
        payload[bit / 8] ^= 1 << UInt8(bit % 8)
      }
      for length in 0..<min(payload.count, 500) {
        #expect(throws: WireError.self) { try MessageCodec.decode(kind, payload[..<length]) }
      }
    }
  }

  @Test func `What is no frame throws at its first byte, and again`() {
    var decoder = FrameDecoder()
    decoder.append([0x50])
    #expect(throws: WireError.malformed(.frameMagic)) { try decoder.next() }
    decoder.append(FrameCodec.encode(.done))
    #expect(throws: WireError.malformed(.frameMagic)) { try decoder.next() }
  }

  @Test func `Unknown kinds and compressions throw before the payload has come`() {
    for (mark, error) in [
      (UInt8(31), WireError.unknownCode(.frameKind, code: 31)),
      (UInt8(0x61), WireError.unknownCode(.compression, code: 3)),
    ] {
      var decoder = FrameDecoder()
      decoder.append([FrameCodec.magic, 0, 0, 0, 0, mark, 100])
      #expect(throws: error) { try decoder.next() }
    }
  }

  @Test func `Payloads above the limits throw before the payload has come`() {
    var decoder = FrameDecoder()
    var writer = ByteWriter()
    writer.write(raw: [FrameCodec.magic, 0, 0, 0, 0, MessageKind.part.rawValue])
    writer.write(count: Limits.frameBytes + 1)
    decoder.append(writer.bytes)
    #expect(
      throws: WireError.limitExceeded(
        .frame, value: UInt64(Limits.frameBytes + 1), limit: UInt64(Limits.frameBytes))
    ) { try decoder.next() }
  }

  @Test func `Deflate bombs throw and give out nothing`() throws {
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    // The encoder does not make what receivers refuse.
    #expect(Deflate.deflate(zeros, level: 6) == nil)
    let small = [UInt8](repeating: 0, count: 60_000)
    let deflated = try #require(Deflate.deflate(small, level: 6))
    deflated.withUnsafeBytes { source in
      #expect(throws: WireError.limitExceeded(.body, value: 60_000, limit: 59_999)) {
        try Deflate.inflate(source, declared: 60_000, limit: 59_999)
      }
      // Less or more than what comes out.
      for declared in [59_999, 60_001, 0] {
        #expect(throws: WireError.inflationFailed) {
          try Deflate.inflate(source, declared: declared, limit: 1 << 20)
        }
      }
      #expect(
        throws: WireError.limitExceeded(
          .ratio, value: 1 << 20, limit: UInt64(deflated.count * Limits.inflationRatio))
      ) { try Deflate.inflate(source, declared: 1 << 20, limit: 1 << 20) }
      let inflated = try? Deflate.inflate(source, declared: 60_000, limit: 1 << 20)
      #expect(inflated == small)
    }
  }

  @Test func `A dictionary that is not known throws`() throws {
    let text = "云南省昆明市有限责任公司"
    let header = ChangeSetHeader(
      stream: Samples.stream(), replica: Samples.replica(), number: 1,
      contextAdvance: VersionVector(), timestamp: HybridTimestamp(milliseconds: 5),
      schemaVersion: 1, author: text, reason: text)
    let changeSet = EncodedChangeSet(header: header, body: ChangeSetBody())
    var frame = FrameCodec.encode(
      .changes(ChangesMessage(changeSets: [changeSet], heads: [])))
    #expect(frame[5] >> 5 == Compression.deflateWithDictionary.rawValue)
    let place = try #require(frame.dropFirst(6).firstIndex(of: PresetDictionary.current))
    frame[place] = 200
    var decoder = FrameDecoder()
    decoder.append(frame)
    #expect(throws: WireError.self) { try decoder.next() }
    #expect(PresetDictionary.bytes(of: 200) == nil)
  }

  @Test func `CHANGES up to 16,383 bytes begin with the dictionary, longer ones do not`() throws {
    func frame(reasons: Int) -> (payloadBytes: Int, compression: UInt8) {
      let changeSets = (1...reasons).map { number in
        let header = ChangeSetHeader(
          stream: Samples.stream(), replica: Samples.replica(), number: UInt64(number),
          contextAdvance: VersionVector(), timestamp: HybridTimestamp(milliseconds: 5),
          schemaVersion: 1, author: "li.wei", reason: String(repeating: "云南省", count: 100))
        return EncodedChangeSet(header: header, body: ChangeSetBody())
      }
      let message = Message.changes(ChangesMessage(changeSets: changeSets, heads: []))
      return (MessageCodec.encode(message).count, FrameCodec.encode(message)[5] >> 5)
    }
    let each = frame(reasons: 2).payloadBytes - frame(reasons: 1).payloadBytes
    let most = (16_383 - 1) / each
    let (last, first) = (frame(reasons: most), frame(reasons: most + 1))
    #expect(last.payloadBytes <= 16_383 && first.payloadBytes > 16_383)
    #expect(last.compression == Compression.deflateWithDictionary.rawValue)
    #expect(first.compression == Compression.deflate.rawValue)
  }

  @Test func `The preset dictionary is the one that its number says`() throws {
    let bytes = try #require(PresetDictionary.bytes(of: PresetDictionary.current))
    #expect(bytes.count <= 32 << 10)
    #expect(checksum(bytes) == Self.dictionaryChecksum)
  }

  /// FNV-1a of dictionary 1: it never changes.
  private static let dictionaryChecksum: UInt64 = 3_248_739_264_182_832_253

  private func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  @Test func `HELLO of three streams and small frames are small`() {
    var random = SeededGenerator(seed: 10)
    #expect(FrameCodec.encode(.hello(Samples.hello(&random))).count <= 200)
    #expect(FrameCodec.encode(.done).count <= 8)
  }

  @Test func `Bodies that are deflated already are not deflated again`() {
    var random = SeededGenerator(seed: 11)
    let header = Samples.header(&random)
    let large = EncodedChangeSet(
      dot: header.dot, header: ChangeSetCodec.encodeHeader(header), body: random.bytes(9_000),
      bodyIsDeflated: true, bodyByteCount: 60_000)
    let frame = FrameCodec.encode(.changes(ChangesMessage(changeSets: [large], heads: [])))
    #expect(frame[5] >> 5 == Compression.none.rawValue)
  }
}

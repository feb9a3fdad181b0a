import Causality
import Changes
import Foundation
import Testing
import Wire

/// `frames.json`: frames of each kind, streams of frames, and bytes that are none (5-Frames).
struct FrameFile: Codable {
  struct Frame: Codable {
    var name: String
    var kind: String
    var compression: UInt8
    var frameHex: String
    /// The payload inflated.
    var payloadHex: String
    var fields: [String: String]
  }

  struct Invalid: Codable {
    var name: String
    var hex: String
    var error: String
  }

  var valid: [Frame]
  var invalid: [Invalid]
}

/// The messages of the vectors.
enum FrameSamples {
  static func knowledge() throws -> VersionVector {
    try VersionVector(vector: ["530000-1:4", "530102-1:300", "530102.3-2:1"])
  }

  static func hello(streams: [StreamSummary] = []) throws -> Hello {
    let replica = try ReplicaID(vector: "530102-1")
    func make(_ signature: [UInt8]) -> Hello {
      Hello(
        protocolVersions: 1...2, replica: replica, schemaVersion: 3,
        wallMilliseconds: 1_730_000_000_000, quarantineCount: 2,
        challenge: [UInt8](repeating: 0xC4, count: 16), streams: streams, signature: signature)
    }
    return make(VectorKey.sign(make([]).signedBytes, by: replica))
  }

  static func changes(_ count: Int) throws -> ChangesMessage {
    let changeSets = try ChangeSetSamples.all().prefix(count).map {
      EncodedChangeSet(header: $0.header, body: $0.body)
    }
    let dot = try changeSets.last?.dot ?? Dot(vector: "530102/both:530102-1:1")
    let unsigned = SignedHead(dot: dot, hash: .zero, signature: [])
    let far = try Dot(vector: "530000/both:530000-1:9")
    return ChangesMessage(
      changeSets: changeSets,
      heads: [
        SignedHead(
          dot: dot, hash: .zero,
          signature: VectorKey.sign(unsigned.signedBytes, by: dot.replica)),
        SignedHead(dot: far, hash: .zero, signature: [UInt8](repeating: 0x51, count: 64)),
      ])
  }

  static func all() throws -> [(String, Message)] {
    let stream = try StreamID(vector: "530102/both")
    let hash = Digest.sha256([1, 2, 3])
    let dot = try Dot(vector: "530102/both:530102-1:7")
    let summary = StreamSummary(
      stream: stream, headsHash: 0x0102_0304_0506_0708, digest: [UInt8](repeating: 0xD1, count: 16))
    let top = StreamSummary(
      stream: try StreamID(vector: "530000/down"), headsHash: 0,
      digest: [UInt8](repeating: 0, count: 16))
    return try [
      ("HELLO without streams", .hello(hello())),
      ("HELLO of two streams", .hello(hello(streams: [top, summary]))),
      (
        "KNOWLEDGE with a head",
        .knowledge(StreamKnowledge(stream: stream, known: knowledge(), receiverHead: hash))
      ),
      (
        "KNOWLEDGE of nothing",
        .knowledge(StreamKnowledge(stream: stream, known: VersionVector(), receiverHead: nil))
      ),
      ("CHANGES of one change set, with the dictionary", .changes(changes(1))),
      ("CHANGES of nine change sets, one of them deflated alone", .changes(changes(9))),
      (
        "PART",
        .part(
          PartMessage(
            dot: dot, contentHash: hash, index: 1, count: 3,
            bytes: Array("a piece of a CHANGES payload".utf8)))
      ),
      (
        "PART as a receipt",
        .part(PartMessage(dot: dot, contentHash: hash, index: 2, count: 3, bytes: []))
      ),
      (
        "ERROR",
        .error(ErrorMessage(code: .notReady, subject: "530100-1", retryAfterMilliseconds: 300_000))
      ), ("DONE", .done),
      (
        "MANIFEST to a node",
        .bundleManifest(
          BundleManifest(
            from: dot.replica, to: NodeCode(division: 530_100, terminal: 2),
            createdMilliseconds: 1_730_000_000_001, isAcknowledgement: false,
            ranges: [BundleRange(stream: stream, after: VersionVector(), upTo: knowledge())],
            frameCount: 2))
      ),
      (
        "SEAL",
        .bundleSeal(BundleSeal(contentHash: hash, signature: [UInt8](repeating: 0x51, count: 64)))
      ),
    ] + acknowledgements(stream)
  }

  private static func acknowledgements(_ stream: StreamID) throws -> [(String, Message)] {
    let (known, nothing) = (try knowledge(), VersionVector())
    var later = known
    later[try ReplicaID(vector: "530102-1")] = 1_000
    let cases: [(String, VersionVector, VersionVector, VersionVector)] = [
      ("ACKNOWLEDGEMENT", known, known, nothing),
      ("ACKNOWLEDGEMENT of three vectors, deflated", known, later, known),
      ("ACKNOWLEDGEMENT of what the top has", nothing, known, known),
      ("ACKNOWLEDGEMENT of nothing", nothing, nothing, nothing),
    ]
    return cases.map { name, held, needs, top in
      (name, .acknowledgement(Acknowledgement(stream: stream, held: held, needs: needs, top: top)))
    }
  }
}

extension Message {
  /// What the frame says, flat; change sets by their names (their content is in `change-sets.json`).
  var vectorFields: [String: String] {
    func list(_ vector: VersionVector) -> String { vector.vector.joined(separator: " ") }
    switch self {
    case .hello(let hello):
      return [
        "versions": "\(hello.protocolVersions.lowerBound)-\(hello.protocolVersions.upperBound)",
        "replica": "\(hello.replica)", "schema_version": "\(hello.schemaVersion)",
        "wall_milliseconds": "\(hello.wallMilliseconds)",
        "quarantined": "\(hello.quarantineCount)", "challenge": Hex.encode(hello.challenge),
        "streams": hello.streams.map {
          "\($0.stream.vector) \(Hex.encode(bigEndian($0.headsHash))) \(Hex.encode($0.digest))"
        }.joined(separator: ", "), "signature": Hex.encode(hello.signature),
      ]
    case .knowledge(let knowledge):
      return [
        "stream": knowledge.stream.vector, "known": list(knowledge.known),
        "receiver_head": knowledge.receiverHead?.description ?? "",
      ]
    case .changes(let changes):
      return [
        "change_sets": changes.changeSets.map(\.dot.description).joined(separator: " "),
        "heads": changes.heads.map { "\($0.dot) \($0.hash)" }.joined(separator: ", "),
      ]
    case .part(let part):
      return [
        "dot": "\(part.dot)", "hash": "\(part.contentHash)", "index": "\(part.index)",
        "count": "\(part.count)", "bytes": Hex.encode(part.bytes),
      ]
    case .acknowledgement(let acknowledgement):
      return [
        "stream": acknowledgement.stream.vector, "held": list(acknowledgement.held),
        "needs": list(acknowledgement.needs), "top": list(acknowledgement.top),
      ]
    case .error(let error):
      return [
        "code": "\(error.code.rawValue)", "subject": error.subject,
        "retry_after_milliseconds": "\(error.retryAfterMilliseconds)",
      ]
    case .done: return [:]
    case .bundleManifest(let manifest):
      return [
        "from": "\(manifest.from)", "to": manifest.to?.description ?? "",
        "created_milliseconds": "\(manifest.createdMilliseconds)",
        "is_acknowledgement": "\(manifest.isAcknowledgement)",
        "ranges": manifest.ranges.map {
          "\($0.stream.vector) {\(list($0.after))} {\(list($0.upTo))}"
        }.joined(separator: ", "), "frame_count": "\(manifest.frameCount)",
      ]
    case .bundleSeal(let seal):
      return ["hash": "\(seal.contentHash)", "signature": Hex.encode(seal.signature)]
    }
  }
}

extension FrameFile {
  static func frame(_ kind: UInt8, _ rest: [UInt8]) -> [UInt8] {
    let checked = [kind] + rest
    let sum = checksum(checked)
    return [0xB7] + bigEndian(sum).reversed() + checked
  }

  /// CRC-32 (IEEE 802.3), bit by bit.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var register: UInt32 = .max
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~register
  }

  static func make() throws -> FrameFile {
    let valid = try FrameSamples.all().map { name, message in
      let frame = FrameCodec.encode(message)
      return Frame(
        name: name, kind: "\(message.kind)", compression: frame[5] >> 5,
        frameHex: Hex.encode(frame), payloadHex: Hex.encode(MessageCodec.encode(message)),
        fields: message.vectorFields)
    }
    let done = FrameCodec.encode(.done)
    var damaged = done
    damaged[1] ^= 1
    let zeros = Deflate.deflate([UInt8](repeating: 0, count: 60_000), level: 9) ?? []
    func deflated(_ kind: UInt8, _ bytes: [UInt8], declared: [UInt8]) -> [UInt8] {
      frame(kind | 1 << 5, [UInt8(bytes.count)] + declared + bytes)
    }
    let invalid: [(String, [UInt8], String)] = [
      ("another magic", [0x50, 0x4B, 3, 4], "malformed"),
      ("a wrong CRC-32", damaged, "checksumMismatch"),
      ("kind 0", frame(0, [0]), "unknownCode"), ("kind 10", frame(10, [0]), "unknownCode"),
      ("compression 3", frame(7 | 3 << 5, [0, 0]), "unknownCode"),
      (
        "a payload of 1 MiB and a byte, before it came", [0xB7, 0, 0, 0, 0, 7, 0x81, 0x80, 0x40],
        "limitExceeded"
      ),
      (
        "16 MiB and a byte inflated, before the payload came",
        [0xB7, 0, 0, 0, 0, 0x23, 0x01, 0x81, 0x80, 0x80, 0x08], "limitExceeded"
      ),
      ("a length in a longer form", frame(7, [0x80, 0x00]), "nonCanonical"),
      ("DONE with a payload", frame(7, [1, 0]), "malformed"),
      ("a payload that inflates to more", deflated(4, zeros, declared: [0x64]), "inflationFailed"),
      (
        "a payload that inflates to less", deflated(4, zeros, declared: [0xE1, 0xD4, 0x03]),
        "inflationFailed"
      ),
      ("a ratio above 64 to 1", deflated(4, zeros, declared: [0x81, 0x80, 0x04]), "limitExceeded"),
      ("nothing deflated", frame(4 | 1 << 5, [0, 0]), "inflationFailed"),
      ("an empty payload, deflated", frame(4 | 1 << 5, [2, 0, 3, 0]), "inflationFailed"),
      (
        "a byte behind what is deflated", deflated(4, zeros + [0], declared: [0xE0, 0xD4, 0x03]),
        "inflationFailed"
      ),
      (
        "bytes that are not deflated", frame(4 | 1 << 5, [3, 9, 0xFF, 0xFF, 0xFF]),
        "inflationFailed"
      ),
      ("dictionary 2", frame(3 | 2 << 5, [2, 1, 2, 0x03, 0x00]), "unknownCode"),
      ("ERROR with code 14", frame(6, [3, 14, 0, 0]), "unknownCode"),
      ("ERROR with a subject that is not UTF-8", frame(6, [4, 1, 1, 0xFF, 0]), "malformed"),
      ("KNOWLEDGE with mark 2", frame(2, [5, 0x20, 0x5A, 0xD8, 0, 2]), "unknownCode"),
      ("CHANGES with heads, none", frame(3, [2, 1, 0]), "nonCanonical"),
      ("CHANGES of more change sets than bytes", frame(3, [1, 8]), "truncated"),
      ("CHANGES of 4,097 change sets", frame(3, [2, 0x82, 0x40]), "limitExceeded"),
      ("ACKNOWLEDGEMENT that ends early", frame(5, [3, 0x20, 0x5A, 0xD8]), "truncated"),
      ("ACKNOWLEDGEMENT with mark 4", frame(5, [5, 0x20, 0x5A, 0xD8, 7, 0]), "unknownCode"),
      (
        "ACKNOWLEDGEMENT that says held twice", frame(5, [6, 0x20, 0x5A, 0xD8, 2, 0, 0]),
        "nonCanonical"
      ),
    ]
    return FrameFile(
      valid: valid,
      invalid: (invalid + InvalidMessages.all).map {
        Invalid(name: $0.0, hex: Hex.encode($0.1), error: $0.2)
      })
  }
}

@Suite struct FrameVectors {
  static let file = "frames.json"

  @Test(.enabled(if: VectorFolder.isWriting)) func `The generator writes the file`() throws {
    try VectorFolder.settle(try FrameFile.make(), Self.file)
  }

  @Test func `Frames read both ways`() throws {
    var kinds: Set<String> = []
    var compressions: Set<UInt8> = []
    for item in try VectorFolder.read(FrameFile.self, Self.file).valid {
      var decoder = FrameDecoder()
      decoder.append(try Hex.decode(item.frameHex))
      let message = try #require(try decoder.next(), "\(item.name)")
      #expect(decoder.pendingByteCount == 0, "\(item.name)")
      #expect("\(message.kind)" == item.kind && message.vectorFields == item.fields, "\(item.name)")
      #expect(Hex.encode(MessageCodec.encode(message)) == item.payloadHex, "\(item.name)")
      let payload = try Hex.decode(item.payloadHex)
      #expect(try MessageCodec.decode(message.kind, payload[...]) == message, "\(item.name)")
      // Other deflaters may give other bytes; they carry the same message.
      var again = FrameDecoder()
      again.append(FrameCodec.encode(message))
      #expect(try again.next() == message, "\(item.name)")
      kinds.insert(item.kind)
      compressions.insert(item.compression)
    }
    #expect(kinds.count == MessageKind.allCases.count)
    #expect(compressions.count == Compression.allCases.count)
  }

  @Test func `HELLO and heads in frames are signed as the pages say`() throws {
    for (_, message) in try FrameSamples.all() {
      guard case .hello(let hello) = message else { continue }
      let key = VectorKey.publicKey(hello.replica)
      #expect(VectorKey.holds(hello.signature, over: hello.signedBytes, key: key))
    }
  }

  @Test func `Bytes that are no frames give the error that the vector says`() throws {
    for item in try VectorFolder.read(FrameFile.self, Self.file).invalid {
      let bytes = try Hex.decode(item.hex)
      let error = #expect(throws: WireError.self, "\(item.name)") {
        var decoder = FrameDecoder()
        decoder.append(bytes)
        _ = try decoder.next()
      }
      #expect(error?.vector == item.error, "\(item.name): \(String(describing: error))")
    }
  }
}

@Suite struct DictionaryVectors {
  static let file = "dictionary-1.bin"

  @Test func `The preset dictionary is the file, bit by bit`() throws {
    let bytes = try #require(PresetDictionary.bytes(of: 1))
    try VectorFolder.settle(Data(bytes), Self.file)
    let page = try String(
      contentsOf: VectorFolder.root.appending(path: "Protocol/5-Frames.md"), encoding: .utf8)
    #expect(page.contains("\(Digest.sha256(bytes))"), "5-Frames §3 names the hash")
    #expect(page.contains("\(bytes.count) bytes"), "5-Frames §3 names the size")
    #expect(PresetDictionary.current == 1 && PresetDictionary.bytes(of: 2) == nil)
  }
}

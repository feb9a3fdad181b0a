import Causality
import Changes
import Foundation
import Testing
import Wire

/// `bundles.json`: bundle files and files that are none (8-Bundles).
struct BundleFile: Codable {
  struct Item: Codable {
    var name: String
    var file: String
    var from: String
    var publicKey: String
    var kinds: [String]
    /// What SEAL's hash is over: the first bytes of the file.
    var sealedBytes: Int
    var hash: String
    var sealHolds: Bool
  }

  struct Invalid: Codable {
    var name: String
    var hex: String
    var error: String
  }

  var valid: [Item]
  var invalid: [Invalid]
}

extension BundleFile {
  private static func manifest(_ count: UInt32, isAcknowledgement: Bool = false) throws
    -> BundleManifest
  {
    let range = BundleRange(
      stream: try StreamID(vector: "530102/both"), after: VersionVector(),
      upTo: try FrameSamples.knowledge())
    return BundleManifest(
      from: try ReplicaID(vector: "530102-1"),
      to: isAcknowledgement ? nil : NodeCode(division: 530_100),
      createdMilliseconds: 1_730_000_000_000, isAcknowledgement: isAcknowledgement,
      ranges: [range], frameCount: count)
  }

  static func bytes(_ messages: [Message], isAcknowledgement: Bool = false) throws -> [UInt8] {
    var writer = BundleWriter()
    let frames = messages.flatMap { writer.frame($0) }
    let manifest = try manifest(UInt32(messages.count), isAcknowledgement: isAcknowledgement)
    let sealed = writer.opening(manifest) + frames
    let hash = Digest.sha256(sealed)
    let signed = BundleSeal(contentHash: hash, signature: []).signedBytes
    let seal = BundleSeal(
      contentHash: hash, signature: VectorKey.sign(signed, by: manifest.from))
    return sealed + writer.closing(seal)
  }

  static func read(_ bytes: [UInt8]) throws -> (messages: [Message], sealed: Int) {
    var reader = BundleReader()
    reader.append(bytes)
    var messages: [Message] = []
    while let message = try reader.next() { messages.append(message) }
    try reader.finish()
    return (messages, Int(reader.sealedByteCount ?? 0))
  }

  static func make() throws -> (file: BundleFile, bundles: [(name: String, bytes: [UInt8])]) {
    let acknowledgement = Message.acknowledgement(
      Acknowledgement(
        stream: try StreamID(vector: "530102/both"), held: try FrameSamples.knowledge(),
        needs: try FrameSamples.knowledge(), top: VersionVector()))
    let changes = try bytes([.changes(try FrameSamples.changes(9)), acknowledgement])
    var altered = changes
    altered[12] ^= 1
    let reply = try bytes([acknowledgement], isAcknowledgement: true)
    // The seal stands 96 bytes before the end: another byte of its hash leaves a whole file.
    let unsealed = try bytes([])
    let bundles: [(String, [UInt8])] = [
      ("bundle-changes.bin", changes), ("bundle-acknowledgement.bin", reply),
      ("bundle-empty.bin", unsealed),
    ]
    let key = Hex.encode(VectorKey.publicKey(try ReplicaID(vector: "530102-1")))
    let valid = try zip(["change sets", "acknowledgements to carry back", "nothing"], bundles).map {
      name, bundle in
      let (messages, sealed) = try read(bundle.1)
      return Item(
        name: name, file: bundle.0, from: "530102-1", publicKey: key,
        kinds: messages.map { "\($0.kind)" }, sealedBytes: sealed,
        hash: Digest.sha256(Array(bundle.1[..<sealed])).description, sealHolds: true)
    }
    var later = unsealed
    later[8] = 2
    var skipped = unsealed
    skipped[9] = 1
    let opening = Array(BundleWriter.magic) + [BundleWriter.version, 0]
    let sealOnly =
      opening
      + FrameCodec.encode(
        .bundleSeal(BundleSeal(contentHash: .zero, signature: [UInt8](repeating: 0, count: 64))))
    let magic = Array(BundleWriter.magic) + [BundleWriter.version]
    let first = FrameCodec.encode(.bundleManifest(try manifest(2)))
    let frame = FrameCodec.encode(acknowledgement)
    let hello =
      opening + FrameCodec.encode(.bundleManifest(try manifest(1))) + [1]
      + FrameCodec.encode(.done)
    let tooMany =
      opening + FrameCodec.encode(.bundleManifest(try manifest(0))) + [1]
      + FrameCodec.encode(acknowledgement)
    let tooFew =
      opening + FrameCodec.encode(.bundleManifest(try manifest(2))) + [1]
      + FrameCodec.encode(
        .bundleSeal(BundleSeal(contentHash: .zero, signature: [UInt8](repeating: 0, count: 64))))
    let invalid: [(String, [UInt8], String)] = [
      ("another file", Array("PK\u{3}\u{4} no bundle".utf8), "malformed"),
      ("version 2", later, "unknownCode"), ("the first index is 1", skipped, "frameOutOfPlace"),
      ("SEAL first", sealOnly, "frameOutOfPlace"),
      ("DONE among the frames", hello, "frameOutOfPlace"),
      ("a frame more than counted", tooMany, "frameOutOfPlace"),
      ("SEAL before all frames came", tooFew, "bundleTruncated"),
      ("the end before SEAL", Array(unsealed.dropLast(1)), "bundleTruncated"),
      ("nothing", [], "bundleTruncated"), ("bytes behind SEAL", unsealed + [0], "trailingBytes"),
      ("a bit of a frame is another", altered, "checksumMismatch"),
      ("an index in a longer form", magic + [0x80, 0x00] + first, "nonCanonical"),
      ("an index that does not end", magic + [UInt8](repeating: 0x80, count: 10), "malformed"),
      ("MANIFEST twice", magic + [0] + first + [1] + first, "frameOutOfPlace"),
      ("a frame twice", opening + first + [1] + frame + [1] + frame, "frameOutOfPlace"),
      ("a frame is missing", opening + first + [2] + frame, "frameOutOfPlace"),
    ]
    return (
      BundleFile(
        valid: valid,
        invalid: invalid.map { Invalid(name: $0.0, hex: Hex.encode($0.1), error: $0.2) }), bundles
    )
  }
}

@Suite struct BundleVectors {
  static let file = "bundles.json"

  @Test(.enabled(if: VectorFolder.isWriting)) func `The generator writes the files`() throws {
    let (file, bundles) = try BundleFile.make()
    for (name, bytes) in bundles { try VectorFolder.settle(Data(bytes), name) }
    try VectorFolder.settle(file, Self.file)
  }

  @Test func `Bundles read, and their seals hold`() throws {
    for item in try VectorFolder.read(BundleFile.self, Self.file).valid {
      let bytes = try VectorFolder.bytes(item.file)
      let (messages, sealed) = try BundleFile.read(bytes)
      #expect(messages.map { "\($0.kind)" } == item.kinds, "\(item.name)")
      #expect(sealed == item.sealedBytes, "\(item.name)")
      guard case .bundleSeal(let seal)? = messages.last else {
        Issue.record("\(item.name) has no seal")
        continue
      }
      #expect(seal.contentHash.description == item.hash, "\(item.name)")
      #expect(seal.contentHash == Digest.sha256(Array(bytes[..<sealed])), "\(item.name)")
      let holds = VectorKey.holds(
        seal.signature, over: seal.signedBytes, key: try Hex.decode(item.publicKey))
      #expect(holds == item.sealHolds, "\(item.name)")
      // Written again, the frames carry the same messages.
      let again = try BundleFile.bytes(
        Array(messages.dropFirst().dropLast()), isAcknowledgement: item.file.contains("ack"))
      #expect(try BundleFile.read(again).messages.dropLast().elementsEqual(messages.dropLast()))
    }
  }

  @Test func `Files that are no bundles give the error that the vector says`() throws {
    for item in try VectorFolder.read(BundleFile.self, Self.file).invalid {
      let bytes = try Hex.decode(item.hex)
      let error = #expect(throws: WireError.self, "\(item.name)") { try BundleFile.read(bytes) }
      #expect(error?.vector == item.error, "\(item.name): \(String(describing: error))")
    }
  }
}

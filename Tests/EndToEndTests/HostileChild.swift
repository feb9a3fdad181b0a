import CZlib
import Casework
import Causality
import Changes
import Foundation
import Store
import Transport
import Wire

/// A child that holds a real key and keeps to no rule: it says whatever bytes it is given, behind a HELLO that
/// the hub must take for good.
final class HostileChild {
  /// What the hub said.
  struct Heard {
    /// 200, or the status of an error answer; 0 when the link ended.
    var status = 200
    var messages: [Message] = []
    /// The hub's turn came to its DONE.
    var isWhole: Bool { messages.last == .done }

    /// The errors of the hub's turn.
    var errors: [ProtocolErrorCode] {
      messages.compactMap { if case .error(let error) = $0 { error.code } else { nil } }
    }
  }

  let replica: Replica
  private let parent: ParentAddress
  private var challenge = [UInt8](repeating: 0, count: 16)

  /// Takes over the folder of a node that is not served.
  init(_ node: TestNode, calling hub: TestNode) throws {
    replica = try Replica.open(
      folder: ReplicaFolder(node.folder), tree: DivisionTree.builtIn().scopes,
      schema: CaseworkSchema.current, wallMilliseconds: Self.now)
    parent = try ParentAddress("http://127.0.0.1:\(hub.port)")
  }

  static var now: UInt64 { UInt64(Date().timeIntervalSince1970 * 1_000) }

  func close() throws { try replica.close() }

  /// Fetches the challenge, as every child does first.
  func meet() async throws {
    let heard = try await say(frame(hello()) + frame(.done))
    guard case .hello(let hello)? = heard.messages.first else {
      throw ProgramFailure(description: "no challenge: \(heard)")
    }
    challenge = hello.challenge
  }

  /// Says a turn as it is, without HELLO or DONE.
  func say(_ bytes: [UInt8], _ path: SyncPath = .exchange) async throws -> Heard {
    var heard = Heard()
    var decoder = FrameDecoder()
    do throws(TransportError) {
      _ = try await SyncClient().exchange(with: parent, path, body: ChunkSequence([bytes])) {
        decoder.append($0)
        // A hub's frames decode; a test that they do not fails by what is missing.
        while let message = try? decoder.next() { heard.messages.append(message) }
        return .more
      }
    } catch {
      switch error {
      case .refused(_, let status, _, _), .busy(_, let status, _): heard.status = Int(status)
      default: heard.status = 0
      }
    }
    return heard
  }

  /// Says frames behind a HELLO that signs the hub's challenge, and DONE.
  func tell(_ frames: [[UInt8]]) async throws -> Heard {
    try await say(frame(hello()) + Array(frames.joined()) + frame(.done))
  }

  /// A HELLO of this replica, signed.
  func hello(
    versions: ClosedRange<UInt16> = 1...1, as other: ReplicaID? = nil,
    challenge: [UInt8]? = nil, spoiled: Bool = false
  ) throws -> Message {
    let streams =
      (challenge ?? self.challenge).allSatisfy { $0 == 0 }
      ? [] : try replica.summaries(of: replica.streams)
    let bare = Hello(
      protocolVersions: versions, replica: other ?? replica.identity.replica,
      schemaVersion: CaseworkSchema.version, wallMilliseconds: Self.now, quarantineCount: 0,
      challenge: challenge ?? self.challenge, streams: streams, signature: [])
    var signature = try replica.identity.sign(bare.signedBytes)
    if spoiled { signature[5] ^= 1 }
    return .hello(
      Hello(
        protocolVersions: bare.protocolVersions, replica: bare.replica,
        schemaVersion: bare.schemaVersion, wallMilliseconds: bare.wallMilliseconds,
        quarantineCount: 0, challenge: bare.challenge, streams: streams, signature: signature))
  }

  func frame(_ message: Message) -> [UInt8] { FrameCodec.encode(message) }

  /// This replica's change sets of a stream behind a number, each in a message of its own.
  func changes(in stream: StreamID, after number: UInt64 = 0) throws -> [ChangesMessage] {
    var known = VersionVector()
    if number > 0 { known[replica.identity.replica] = number }
    var messages: [ChangesMessage] = []
    while let batch = try replica.changes(lackedBy: [(stream, known)], maxBytes: 1) {
      guard case .frame(let message) = batch.content else { break }
      messages.append(message)
      for vector in batch.advanced where vector.stream == stream { known = vector.known }
    }
    return messages
  }

  /// A frame whose header says what a bomb needs, with a checksum that is right.
  static func bomb(carried: [UInt8], inflatedBytes: UInt64) -> [UInt8] {
    var header = ByteWriter(capacity: 16)
    header.write(byte: MessageKind.changes.rawValue | Compression.deflate.rawValue << 5)
    header.write(count: carried.count)
    header.write(varint: inflatedBytes)
    var checksum = crc32_z(0, nil, 0)
    for part in [header.bytes, carried] { checksum = crc32_z(checksum, part, part.count) }
    return [FrameCodec.magic]
      + [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: checksum >> UInt($0)) }
      + header.bytes + carried
  }

  /// Raw deflate at any ratio: `Deflate` makes none that the receiver would refuse.
  static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var (source, target) = (bytes, [UInt8](repeating: 0, count: bytes.count))
    let count = source.withUnsafeMutableBufferPointer { input in
      target.withUnsafeMutableBufferPointer { output -> Int in
        (stream.next_in, stream.avail_in) = (input.baseAddress, UInt32(input.count))
        (stream.next_out, stream.avail_out) = (output.baseAddress, UInt32(output.count))
        deflate(&stream, Z_FINISH)
        return Int(stream.total_out)
      }
    }
    return Array(target.prefix(count))
  }
}

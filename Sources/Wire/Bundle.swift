import Changes

/// Makes the bytes of a bundle file: magic, version, then frames, each behind its index.
///
/// It writes no file and hashes nothing: the caller hashes all bytes before the seal as it writes them.
/// The manifest stands first but is known last, so its bytes are made apart. Source: Protocol/8-Bundles.
package struct BundleWriter: Sendable {
  /// `TRIBUTRY`.
  package static let magic: [UInt8] = Array("TRIBUTRY".utf8)
  /// The byte after the magic.
  package static let version: UInt8 = 1

  /// Frames between manifest and seal so far.
  package private(set) var frameCount: UInt32 = 0
  private var isSealed = false

  package init() {}

  /// The first bytes of the file: magic, version, manifest. `manifest.frameCount` is the writer's.
  package func opening(_ manifest: BundleManifest) -> [UInt8] {
    precondition(manifest.frameCount == frameCount, "the manifest counts the frames")
    return Self.magic + [Self.version] + Self.indexed(0, .bundleManifest(manifest))
  }

  /// The bytes of the next frame, behind those before; manifest and seal have methods of their own.
  package mutating func frame(_ message: Message) -> [UInt8] {
    precondition(!isSealed, "nothing follows the seal")
    precondition(Self.isCarried(message), "bundles carry no HELLO, DONE or ERROR")
    precondition(frameCount < Limits.bundleFrames, "a bundle has a bound")
    frameCount += 1
    return Self.indexed(frameCount, message)
  }

  /// The last bytes of the file.
  package mutating func closing(_ seal: BundleSeal) -> [UInt8] {
    isSealed = true
    return Self.indexed(frameCount + 1, .bundleSeal(seal))
  }

  private static func indexed(_ index: UInt32, _ message: Message) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(varint: UInt64(index))
    return writer.bytes + FrameCodec.encode(message)
  }

  /// Whether a message may stand between manifest and seal.
  static func isCarried(_ message: Message) -> Bool {
    switch message {
    case .changes, .part, .acknowledgement, .knowledge: true
    case .hello, .error, .done, .bundleManifest, .bundleSeal: false
    }
  }
}

/// Reads the bytes of a bundle file as they come. Source: Protocol/8-Bundles §5.
///
/// What it has given out stands, whatever follows: change sets prove themselves. The seal is given out as a
/// message; the caller compares its hash with that of `sealedByteCount` bytes and checks the signature.
package struct BundleReader: Sendable {
  private enum State: Sendable {
    case opening
    case manifest
    case frames(BundleManifest)
    case sealed
    case failed(WireError)
  }

  private var state = State.opening
  private var buffer: [UInt8] = []
  private var start = 0
  private var isInFrame = false
  private var index: UInt32 = 0
  /// Bytes before the seal's index, once the seal was read: those that its hash is over.
  package private(set) var sealedByteCount: UInt64?
  private var taken: UInt64 = 0
  /// Bytes before the first that belongs to no message given out yet: after an error, where the damage is.
  package private(set) var offset: UInt64 = 0
  /// Messages given out so far.
  package var messageCount: UInt32 { index }

  package init() {}

  /// Adds bytes; take all messages out before adding more.
  package mutating func append(_ bytes: some Collection<UInt8>) {
    if start > 0 {
      buffer.removeSubrange(..<start)
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next message: manifest, frames, seal; nil when more bytes are needed or all was read.
  ///
  /// Throws `frameOutOfPlace` for a frame with another index than the next one or of a kind that does not
  /// belong there, `bundleTruncated` when the seal comes early, `trailingBytes` after the seal, and what
  /// frames throw.
  package mutating func next() throws(WireError) -> Message? {
    do throws(WireError) {
      return try take()
    } catch {
      state = .failed(error)
      throw error
    }
  }

  /// Throws `bundleTruncated` unless the seal was read; to be called at the end of the file.
  package func finish() throws(WireError) {
    switch state {
    case .sealed: return
    case .failed(let error): throw error
    case .frames(let manifest):
      throw .bundleTruncated(frames: index - 1, expected: manifest.frameCount)
    case .opening, .manifest: throw .bundleTruncated(frames: 0, expected: 0)
    }
  }

  private mutating func take() throws(WireError) -> Message? {
    if case .failed(let error) = state { throw error }
    if case .opening = state {
      guard try takeOpening() else { return nil }
      state = .manifest
      offset = taken
    }
    if case .sealed = state {
      guard start == buffer.count else { throw .trailingBytes(count: buffer.count - start) }
      return nil
    }
    if !isInFrame {
      guard try takeIndex() else { return nil }
      isInFrame = true
    }
    guard let (message, count) = try FrameDecoder.first(of: buffer[start...]) else { return nil }
    consume(count)
    try accept(message)
    isInFrame = false
    index += 1
    offset = taken
    return message
  }

  /// Takes magic and version; false when they are not complete.
  private mutating func takeOpening() throws(WireError) -> Bool {
    let expected = BundleWriter.magic + [BundleWriter.version]
    let found = Array(buffer[start...].prefix(expected.count))
    guard found == Array(expected.prefix(found.count)) else {
      guard found.count == expected.count, found.starts(with: BundleWriter.magic) else {
        throw .malformed(.bundle)
      }
      throw .unknownCode(.formatVersion, code: UInt64(found[BundleWriter.magic.count]))
    }
    guard found.count == expected.count else { return false }
    consume(found.count)
    return true
  }

  /// Takes the index before a frame; false when it is not complete.
  private mutating func takeIndex() throws(WireError) -> Bool {
    let rest = buffer[start...].prefix(10)
    guard let last = rest.firstIndex(where: { $0 < 0x80 }) else {
      guard rest.count < 10 else { throw .malformed(.bundle) }
      return false
    }
    let found = try ByteReader.read(rest[...last]) { (reader) throws(WireError) -> UInt64 in
      try reader.varint()
    }
    guard found == index else { throw .frameOutOfPlace(index: index) }
    sealedByteCount = taken
    consume(last + 1 - start)
    return true
  }

  private mutating func accept(_ message: Message) throws(WireError) {
    switch (state, message) {
    case (.manifest, .bundleManifest(let manifest)): state = .frames(manifest)
    case (.frames(let manifest), .bundleSeal):
      guard index == manifest.frameCount + 1 else {
        throw .bundleTruncated(frames: index - 1, expected: manifest.frameCount)
      }
      state = .sealed
    case (.frames(let manifest), _):
      guard BundleWriter.isCarried(message), index <= manifest.frameCount else {
        throw .frameOutOfPlace(index: index)
      }
    default: throw .frameOutOfPlace(index: index)
    }
  }

  private mutating func consume(_ count: Int) {
    start += count
    taken += UInt64(count)
  }
}

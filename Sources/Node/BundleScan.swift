package import Causality
internal import Changes
internal import Crypto
package import Transport
package import Wire

/// Reads a bundle file message by message, and hashes what its seal is over.
///
/// A class, because it owns a file; use it from one task.
package final class BundleScan {
  private let file: BundleFile.Reader
  private var reader = BundleReader()
  private var hasher = SHA256()
  /// The bytes read last, and how many of them are hashed.
  private var pending: [UInt8] = []
  private var hashedPending = 0
  private var hashedCount: UInt64 = 0
  /// Where the file cannot be read any further; nil for a whole one, and before its end.
  package private(set) var damage: BundleDamage?
  /// Set at the end of a whole file: whether the seal's hash is that of the bytes.
  package private(set) var hashHolds = false

  /// Throws `file` and `fileTooLarge`.
  package init(path: String) throws(TransportError) {
    file = try BundleFile.Reader(path: path)
  }

  /// Bytes of the file.
  package var byteCount: Int { file.byteCount }

  /// The next message; nil at the end and at damage, which `damage` tells. Throws when the disk fails.
  package func next() throws(TransportError) -> Message? {
    while damage == nil {
      do throws(WireError) {
        if let message = try reader.next() {
          hash(message)
          return message
        }
      } catch {
        damage = BundleDamage(
          offset: reader.offset, frame: reader.messageCount, error: error)
        return nil
      }
      guard let bytes = try file.read() else {
        do throws(WireError) { try reader.finish() } catch {
          damage = BundleDamage(
            offset: reader.offset, frame: reader.messageCount, error: error)
        }
        return nil
      }
      reader.append(bytes)
      pending.removeFirst(hashedPending)
      hashedPending = 0
      pending += bytes
    }
    return nil
  }

  private func hash(_ message: Message) {
    if case .bundleSeal(let seal) = message {
      hash(upTo: reader.sealedByteCount ?? 0)
      hashHolds = Array(hasher.finalize()) == seal.contentHash.bytes
    } else {
      hash(upTo: reader.offset)
    }
  }

  private func hash(upTo end: UInt64) {
    let count = Int(end - hashedCount)
    pending.withUnsafeBytes { bytes in
      hasher.update(
        bufferPointer: UnsafeRawBufferPointer(
          rebasing: bytes[hashedPending..<hashedPending + count]))
    }
    hashedPending += count
    hashedCount = end
  }
}

/// What is in a bundle file, without a replica: read once from beginning to end.
package struct BundleInspection: Hashable, Sendable {
  /// What is carried of one stream.
  package struct Content: Hashable, Sendable {
    package let stream: StreamID
    /// From the manifest; nil for a stream that it does not list.
    package let range: BundleRange?
    package fileprivate(set) var changeSets = 0
    package fileprivate(set) var acknowledgement: Acknowledgement?
  }

  package let byteCount: Int
  package private(set) var manifest: BundleManifest?
  /// Ascending by stream.
  package private(set) var contents: [Content] = []
  package private(set) var changeSetCount = 0
  /// Messages between manifest and seal that could be read.
  package private(set) var frameCount = 0
  package private(set) var seal: BundleSeal?
  package private(set) var hashHolds = false
  package private(set) var damage: BundleDamage?

  /// Reads the file. Damage is a fact, no error.
  package init(path: String) throws(TransportError) {
    let scan = try BundleScan(path: path)
    byteCount = scan.byteCount
    var (contents, parts): ([StreamID: Content], Set<ContentHash>) = ([:], [])
    func count(_ stream: StreamID, _ change: (inout Content) -> Void) {
      var content = contents[stream] ?? Content(stream: stream, range: nil)
      change(&content)
      contents[stream] = content
    }
    while let message = try scan.next() {
      switch message {
      case .bundleManifest(let manifest):
        self.manifest = manifest
        for range in manifest.ranges {
          contents[range.stream] = Content(stream: range.stream, range: range)
        }
        continue
      case .bundleSeal(let seal):
        self.seal = seal
        continue
      case .changes(let changes):
        for changeSet in changes.changeSets {
          count(changeSet.dot.stream) { $0.changeSets += 1 }
        }
        changeSetCount += changes.changeSets.count
      case .part(let part):
        // Parts of one message count as one change set, that of its first dot.
        if parts.insert(part.contentHash).inserted {
          count(part.dot.stream) { $0.changeSets += 1 }
          changeSetCount += 1
        }
      case .acknowledgement(let acknowledgement):
        count(acknowledgement.stream) { $0.acknowledgement = acknowledgement }
      case .knowledge, .hello, .error, .done: break
      }
      frameCount += 1
    }
    self.contents = contents.keys.sorted().compactMap { contents[$0] }
    hashHolds = scan.hashHolds
    damage = scan.damage
  }
}

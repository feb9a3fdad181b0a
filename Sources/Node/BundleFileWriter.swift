internal import Causality
internal import Changes
internal import Crypto
internal import Store
internal import Transport
internal import Wire

/// Writes one bundle: frames wait in a spool, because the manifest stands before them and is known last.
struct BundleFileWriter {
  private let replica: Replica
  private let spool: BundleFile.Spool
  private var writer = BundleWriter()

  init(_ replica: Replica) throws(BundleError) {
    self.replica = replica
    spool = try BundleError.file { () throws(TransportError) in
      try BundleFile.Spool(in: replica.folder.path)
    }
  }

  var frameCount: UInt32 { writer.frameCount }

  /// Whether a batch of one more turn would still fit.
  var hasRoom: Bool {
    spool.byteCount < Limits.bundleFileBytes - 2 * Limits.changeSetBytes
      && writer.frameCount < Limits.bundleFrames - Limits.partsPerChangeSet
  }

  mutating func append(_ message: Message) throws(BundleError) {
    let bytes = writer.frame(message)
    try BundleError.file { () throws(TransportError) in try spool.write(bytes) }
  }

  /// Signs, and puts the whole file in its place durably. Returns its size in bytes.
  mutating func finish(_ manifest: BundleManifest, path: String) throws(BundleError) -> Int {
    let file = try BundleError.file { () throws(TransportError) in
      try BundleFile.Writer(path: path)
    }
    var hasher = SHA256()
    let opening = writer.opening(manifest)
    hasher.update(data: opening)
    try BundleError.file { () throws(TransportError) in
      try file.write(opening)
      try spool.forEachPiece { bytes throws(TransportError) in
        hasher.update(data: bytes)
        try file.write(bytes)
      }
    }
    guard let hash = ContentHash(Array(hasher.finalize())) else {
      preconditionFailure("SHA-256 has 32 bytes")
    }
    let unsigned = BundleSeal(contentHash: hash, signature: [])
    let signature = try BundleError.store { () throws(StoreError) in
      try replica.identity.sign(unsigned.signedBytes)
    }
    let closing = writer.closing(BundleSeal(contentHash: hash, signature: signature))
    try BundleError.file { () throws(TransportError) in
      try file.write(closing)
      try file.commit()
    }
    return file.byteCount
  }
}

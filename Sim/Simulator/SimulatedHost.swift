import CFaultVFS
import Store

/// The small files of one node, its chance and its signatures. The database's files are in the fault VFS.
///
/// Files are put in place whole and durably, as `Host.write` promises.
final class SimulatedHost: Host {
  let signatures: any SignatureScheme
  private let disk: Int
  private let databaseExists: (String) -> Bool
  private(set) var files: [String: [UInt8]] = [:]
  private var chance: Chance
  private var locked: [String] = []

  init(
    seed: UInt64, disk: Int, isReal: Bool, databaseExists: @escaping (String) -> Bool
  ) {
    self.disk = disk
    self.databaseExists = databaseExists
    signatures = isReal ? Ed25519() : KeyedHash()
    chance = Chance(seed, .host, UInt64(disk))
  }

  func exists(_ path: String) -> Bool { files[path] != nil || databaseExists(path) }

  func read(_ path: String) throws(StoreError) -> [UInt8] {
    guard let bytes = files[path] else {
      throw .folder(path: path, problem: "is missing or unreadable")
    }
    return bytes
  }

  func write(_ bytes: [UInt8], to path: String, isPrivate: Bool) throws(StoreError) {
    guard faultvfs_step(Int32(disk)) == 0 else {
      throw .folder(path: path, problem: "the power is off")
    }
    files[path] = bytes
  }

  func makeFolder(_ path: String) throws(StoreError) {}

  func lock(_ path: String) throws(StoreError) -> (any FileLock)? {
    guard !locked.contains(path) else { return nil }
    locked.append(path)
    return SimulatedLock()
  }

  func randomBytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
  }

  /// The same files on another disk.
  func copy(to disk: Int) -> SimulatedHost {
    let twin = SimulatedHost(
      seed: UInt64(disk), disk: disk, isReal: signatures is Ed25519,
      databaseExists: databaseExists)
    for (path, bytes) in files {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      twin.files["/\(disk)/\(name)"] = bytes
    }
    return twin
  }

  /// The process died: its locks are gone.
  func releaseLocks() { locked = [] }

  /// Puts the files of an earlier time back.
  func restore(_ saved: [String: [UInt8]]) { files = saved }
}

private final class SimulatedLock: FileLock {}

/// Stands for Ed25519 where its cost would be most of a run: 64 bytes that depend on key and message. The
/// public key is the private one, so that only the simulator may take it.
struct KeyedHash: SignatureScheme {
  func publicKey(of privateKey: [UInt8]) -> [UInt8]? {
    privateKey.count == 32 ? privateKey : nil
  }

  func signer(with privateKey: [UInt8]) -> Signer? {
    guard privateKey.count == 32 else { return nil }
    return { bytes in Self.sign(bytes, with: privateKey) }
  }

  private static func sign(_ bytes: [UInt8], with privateKey: [UInt8]) -> [UInt8] {
    var word: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in privateKey { word = (word ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for byte in bytes { word = (word ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    var signature: [UInt8] = []
    signature.reserveCapacity(64)
    for index in 0..<UInt64(8) {
      let part = Chance.hash(word, index)
      for shift in 0..<UInt64(8) {
        signature.append(UInt8(truncatingIfNeeded: part >> (8 * shift)))
      }
    }
    return signature
  }

  func isValid(_ signature: [UInt8], of bytes: [UInt8], by publicKey: [UInt8]) -> Bool {
    publicKey.count == 32 && Self.sign(bytes, with: publicKey) == signature
  }
}

internal import Crypto
internal import Foundation

/// What a replica needs of the machine besides SQLite: the files beside the database, chance, and signatures.
///
/// The simulator gives another one, so that everything a replica does is a function of its inputs. Time is an
/// argument of each call instead.
package protocol Host {
  /// How change sets, HELLOs and enrolment requests are signed.
  var signatures: any SignatureScheme { get }

  /// Whether a file is there.
  func exists(_ path: String) -> Bool

  /// All bytes of a file. Throws `folder` when it is missing or unreadable.
  func read(_ path: String) throws(StoreError) -> [UInt8]

  /// Puts a whole file in place, durably: after a power cut there is the old one or the new one.
  /// `isPrivate`: readable by its owner only. Throws `folder`.
  func write(_ bytes: [UInt8], to path: String, isPrivate: Bool) throws(StoreError)

  /// Makes a folder for its owner only, and those above it. Throws `folder`.
  func makeFolder(_ path: String) throws(StoreError)

  /// Locks a file for this process until the lock is released; nil when another process has it.
  /// Throws `folder`.
  func lock(_ path: String) throws(StoreError) -> (any FileLock)?

  /// Bytes that nobody can guess.
  func randomBytes(_ count: Int) -> [UInt8]
}

/// A lock on a file; it ends with the object, and with the process.
package protocol FileLock: AnyObject {}

/// Keys and signatures. Protocol/3-ChangeSets §7: Ed25519; the simulator may take a cheaper one.
package protocol SignatureScheme: Sendable {
  /// The public key of a private one; nil for bytes that are no key.
  func publicKey(of privateKey: [UInt8]) -> [UInt8]?

  /// What signs with a key, to be kept: making it costs as much as a signature. Nil when `privateKey` is no key.
  func signer(with privateKey: [UInt8]) -> Signer?

  /// Whether `signature` is of these bytes and by that key; false for bytes that are no key.
  func isValid(_ signature: [UInt8], of bytes: [UInt8], by publicKey: [UInt8]) -> Bool
}

/// Signs bytes: 64 bytes; nil when that fails.
package typealias Signer = @Sendable ([UInt8]) -> [UInt8]?

/// Ed25519 (RFC 8032): keys of 32 bytes, signatures of 64.
package struct Ed25519: SignatureScheme {
  package init() {}

  package func publicKey(of privateKey: [UInt8]) -> [UInt8]? {
    // Bytes of another form are no key.
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: privateKey) else {
      return nil
    }
    return Array(key.publicKey.rawRepresentation)
  }

  package func signer(with privateKey: [UInt8]) -> Signer? {
    // Bytes of another form are no key.
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: privateKey) else {
      return nil
    }
    // Told by nil.
    return { bytes in (try? key.signature(for: bytes)).map(Array.init) }
  }

  package func isValid(
    _ signature: [UInt8], of bytes: [UInt8], by publicKey: [UInt8]
  ) -> Bool {
    // A key of another form proves nothing.
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
      return false
    }
    return key.isValidSignature(signature, for: bytes)
  }
}

/// The machine that this program runs on.
package struct SystemHost: Host {
  package init() {}

  package var signatures: any SignatureScheme { Ed25519() }

  package func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  package func read(_ path: String) throws(StoreError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .folder(path: path, problem: "is missing or unreadable")
    }
    return Array(data)
  }

  package func write(
    _ bytes: [UInt8], to path: String, isPrivate: Bool
  ) throws(StoreError) {
    func fail(_ what: String) -> StoreError {
      .folder(path: path, problem: "\(what): \(String(cString: strerror(errno)))")
    }
    let temporary = path + ".new"
    let file = open(
      temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, isPrivate ? 0o600 : 0o644)
    guard file >= 0 else { throw fail("cannot be created") }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Foundation.write(file, $0.baseAddress, $0.count)
      }
      guard count > 0 else {
        close(file)
        throw fail("cannot be written")
      }
      written += count
    }
    let synced = fsync(file)
    close(file)
    guard synced == 0 else { throw fail("cannot be made durable") }
    guard rename(temporary, path) == 0 else { throw fail("cannot be put in place") }
    let slash = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let folder = open(slash.isEmpty ? "/" : slash, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  package func makeFolder(_ path: String) throws(StoreError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .folder(path: path, problem: "cannot be created")
    }
  }

  package func lock(_ path: String) throws(StoreError) -> (any FileLock)? {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .folder(path: path, problem: String(cString: strerror(errno))) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      return nil
    }
    return DescriptorLock(file)
  }

  package func randomBytes(_ count: Int) -> [UInt8] {
    var random = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

/// A lock of flock(2).
private final class DescriptorLock: FileLock {
  private let file: Int32

  init(_ file: Int32) { self.file = file }

  deinit { close(file) }
}

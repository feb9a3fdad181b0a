internal import Foundation

/// The files of one node.
package struct ReplicaFolder: Hashable, Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The SQLite database; `-wal` and `-shm` lie beside it.
  package var database: String { path + "/replica.sqlite" }
  /// The private key: 64 hexadecimal digits, mode 0600.
  package var key: String { path + "/identity.key" }
  /// The lease outside the database (engine.md §6).
  package var lease: String { path + "/lease.json" }
  /// Locked by the process that owns the replica.
  package var lock: String { path + "/lock" }
  /// The configuration of the node.
  package var configuration: String { path + "/tributary.conf" }

  /// Whether a replica was created here.
  package var holdsReplica: Bool { FileManager.default.fileExists(atPath: database) }

  /// Writes a file whole: temporary file, fsync, rename, fsync of the folder.
  static func write(
    _ bytes: [UInt8], to path: String, mode: mode_t = 0o644
  ) throws(StoreError) {
    func fail(_ what: String) -> StoreError {
      .folder(path: path, problem: "\(what): \(String(cString: strerror(errno)))")
    }
    let temporary = path + ".new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
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

  static func read(_ path: String) throws(StoreError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .folder(path: path, problem: "is missing or unreadable")
    }
    return Array(data)
  }
}

enum Hexadecimal {
  static func encode(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Nil for anything but an even number of hexadecimal digits.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

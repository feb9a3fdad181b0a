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

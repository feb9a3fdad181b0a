import Foundation
import Glibc

/// A new, empty folder of one test, removed with everything in it when the last reference goes.
///
/// With TRIBUTARY_KEEP set in the environment it stays and its path is printed.
package final class TemporaryFolder: Sendable {
  /// An absolute path without a slash at the end.
  package let path: String

  /// `name` begins the folder's name, for those who look.
  package init(_ name: String = "tributary") throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(parent)/\(name)-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: parent])
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    if ProcessInfo.processInfo.environment["TRIBUTARY_KEEP"] != nil {
      print("kept: \(path)")
      return
    }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      print("not removed: \(path): \(error)")
    }
  }

  /// The path of a file or folder in it; it need not exist.
  package func path(of name: String) -> String { path + "/" + name }

  /// Makes a folder in it and returns its path.
  package func makeFolder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: path(of: name), withIntermediateDirectories: true)
    return path(of: name)
  }

  /// Writes a file in it and returns its path.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: path(of: name)))
    return path(of: name)
  }

  /// The bytes of a file in it.
  package func bytes(of name: String) throws -> [UInt8] {
    try TemporaryFolder.bytes(atPath: path(of: name))
  }

  /// The bytes of any file.
  package static func bytes(atPath path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }
}

import Foundation
import Terminal

/// Files that a person names.
enum FileAccess {
  /// All bytes of a file, `-` for the standard input. Throws `Problem` above `limit` bytes.
  static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
    let data: Data
    let handle = try open(path)
    do { data = try read(handle, upTo: limit + 1) } catch {
      throw cannotRead(path, error.localizedDescription)
    }
    guard data.count <= limit else {
      throw Problem(
        "the file is too large", on: path,
        because: "the limit is \(Quantity.bytes(UInt64(limit)))", next: ["Split it."],
        status: .data)
    }
    return Array(data)
  }

  /// Hands over all bytes of a file, `-` for the standard input, in pieces of at most 1 MiB.
  static func forEachPiece(
    of path: String, _ body: ([UInt8]) throws(Problem) -> Void
  ) throws(Problem) {
    let handle = try open(path)
    while true {
      let piece: Data?
      do { piece = try handle.read(upToCount: 1 << 20) } catch {
        throw cannotRead(path, error.localizedDescription)
      }
      guard let piece, !piece.isEmpty else { return }
      try body(Array(piece))
    }
  }

  private static func open(_ path: String) throws(Problem) -> FileHandle {
    if path == "-" { return FileHandle.standardInput }
    do { return try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch {
      throw cannotRead(path, error.localizedDescription)
    }
  }

  private static func cannotRead(_ path: String, _ reason: String) -> Problem {
    Problem(
      "cannot read the file", on: path, because: reason,
      next: ["Check the path and the rights of the file."], status: .noInput)
  }

  private static func read(_ handle: FileHandle, upTo limit: Int) throws -> Data {
    var data = Data()
    while data.count < limit {
      guard let piece = try handle.read(upToCount: min(1 << 20, limit - data.count)),
        !piece.isEmpty
      else { break }
      data.append(piece)
    }
    return data
  }

  /// Writes a file whole: a reader sees the old content or the new one.
  static func write(_ text: String, to path: String) throws(Problem) {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw cannotWrite(path, error.localizedDescription)
    }
  }

  static func cannotWrite(_ path: String, _ reason: String) -> Problem {
    Problem(
      "cannot write the file", on: path, because: reason,
      next: ["Check the folder, its rights and the room on the disk."], status: .cannotCreate)
  }
}

/// A file that grows piece by piece under another name and appears when it is complete.
final class GrowingFile {
  private let path: String
  private let temporary: String
  private let handle: FileHandle
  private(set) var byteCount: UInt64 = 0

  init(_ path: String) throws(Problem) {
    self.path = path
    temporary = path + ".new"
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let handle = FileHandle(forWritingAtPath: temporary)
    else { throw FileAccess.cannotWrite(path, "it cannot be created") }
    self.handle = handle
  }

  func append(_ bytes: [UInt8]) throws(Problem) {
    do { try handle.write(contentsOf: Data(bytes)) } catch {
      throw FileAccess.cannotWrite(path, error.localizedDescription)
    }
    byteCount += UInt64(bytes.count)
  }

  /// Puts the file in its place.
  func finish() throws(Problem) {
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw FileAccess.cannotWrite(path, error.localizedDescription)
    }
    guard rename(temporary, path) == 0 else {
      throw FileAccess.cannotWrite(path, String(cString: strerror(errno)))
    }
  }

  /// Removes what was written.
  func discard() { unlink(temporary) }
}

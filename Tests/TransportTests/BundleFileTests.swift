import Foundation
import TestSupport
import Testing
import Transport

@Suite struct BundleFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "tributary-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `what was written is read back, in pieces of any size`() throws {
    try withFolder { folder in
      var random = SeededGenerator(seed: 5)
      let bytes = random.bytes(100_000)
      let writer = try BundleFile.Writer(path: folder + "/a.bundle")
      for chunk in chunks(bytes, &random) { try writer.write(chunk) }
      #expect(try names(folder) == ["a.bundle.partial"])
      try writer.commit()
      #expect(try names(folder) == ["a.bundle"])
      let reader = try BundleFile.Reader(path: folder + "/a.bundle")
      var read: [UInt8] = []
      while let piece = try reader.read(atMost: 1 + random.below(9_000)) { read += piece }
      #expect(read == bytes)
      #expect(reader.byteCount == 100_000)
    }
  }

  @Test func `an abandoned bundle leaves the older one alone, and nothing else`() throws {
    try withFolder { folder in
      let path = folder + "/a.bundle"
      let first = try BundleFile.Writer(path: path)
      try first.write([1])
      try first.commit()
      do {
        let second = try BundleFile.Writer(path: path)
        try second.write([2, 2])
      }
      #expect(try names(folder) == ["a.bundle"])
      #expect(try BundleFile.Reader(path: path).read() == [1])
    }
  }

  @Test func `what an interrupted writer left is overwritten`() throws {
    try withFolder { folder in
      let path = folder + "/a.bundle"
      try Data([9, 9, 9]).write(to: URL(fileURLWithPath: path + ".partial"))
      let writer = try BundleFile.Writer(path: path)
      try writer.write([1])
      try writer.commit()
      #expect(try BundleFile.Reader(path: path).read() == [1])
    }
  }

  @Test func `two writers of one bundle do not mix`() throws {
    try withFolder { folder in
      let path = folder + "/a.bundle"
      let first = try BundleFile.Writer(path: path)
      do throws(TransportError) {
        _ = try BundleFile.Writer(path: path)
        Issue.record("two writers")
      } catch {
        guard case .file(path + ".partial", .lock, _) = error else {
          Issue.record("\(error)")
          return
        }
      }
      try first.write([1])
      try first.commit()
      #expect(try BundleFile.Reader(path: path).read() == [1])
    }
  }

  @Test func `a name that is no file's stays what it is`() throws {
    let folder = try TemporaryFolder("tributary-bundle")
    let pipe = folder.path(of: "pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: TransportError.file(path: pipe, during: .open, code: EEXIST)) {
      try BundleFile.Writer(path: pipe)
    }
    let inner = try folder.makeFolder("inner")
    #expect(throws: TransportError.file(path: inner, during: .open, code: EISDIR)) {
      try BundleFile.Writer(path: inner)
    }
    var facts = stat()
    #expect(stat(pipe, &facts) == 0 && facts.st_mode & S_IFMT == S_IFIFO)
  }

  @Test func `a spool gives back what was written and has no name`() throws {
    let folder = try TemporaryFolder("tributary-bundle")
    let spool = try BundleFile.Spool(in: folder.path, limitBytes: 600_000)
    var random = SeededGenerator(seed: 5)
    let pieces = [0, 1, 300_000, 299_999].map { random.bytes($0) }
    for piece in pieces { try spool.write(piece) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    var read: [UInt8] = []
    try spool.forEachPiece { read += $0 }
    #expect(read == pieces.flatMap { $0 })
    #expect(throws: TransportError.self) { try spool.write([1]) }
    #expect(throws: TransportError.self) { try BundleFile.Spool(in: folder.path + "/none") }
  }

  @Test func `limits, missing files and folders are typed errors`() throws {
    try withFolder { folder in
      let path = folder + "/a.bundle"
      let writer = try BundleFile.Writer(path: path, limitBytes: 3)
      try writer.write([1, 2, 3])
      #expect(throws: TransportError.fileTooLarge(path: path, limitBytes: 3)) {
        try writer.write([4])
      }
      #expect(try names(folder).isEmpty)
      #expect(throws: TransportError.file(path: path, during: .open, code: 2)) {
        try BundleFile.Reader(path: path)
      }
      #expect(throws: TransportError.file(path: folder, during: .open, code: 22)) {
        try BundleFile.Reader(path: folder)
      }
      try Data([1, 2, 3, 4]).write(to: URL(fileURLWithPath: path))
      #expect(throws: TransportError.fileTooLarge(path: path, limitBytes: 3)) {
        try BundleFile.Reader(path: path, limitBytes: 3)
      }
      #expect(
        throws: TransportError.file(path: folder + "/no/a.partial", during: .open, code: 2)
      ) {
        try BundleFile.Writer(path: folder + "/no/a")
      }
    }
  }
}

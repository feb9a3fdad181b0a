import Foundation
import Testing

/// Each file of `Protocol/Vectors` is read by a test.
@Suite struct FolderTests {
  /// Folders with readers of their own.
  private static let others: [String: String] = [
    "independent": "Makefile: make test runs independent/check.py", "draw": "InspectionTests",
  ]

  @Test func `No vector is without a reader`() throws {
    let (changeSets, bodies) = try ChangeSetFile.make()
    _ = changeSets
    var readers = [
      ClockVectors.file, ChangeSetVectors.file, ProofVectors.file, MergeVectors.file,
      FrameVectors.file, DictionaryVectors.file, BundleVectors.file, SessionVectors.file,
      "README.md",
    ]
    readers += bodies.map(\.name)
    readers += SessionVectors.files(
      try VectorFolder.read(SessionFile.self, SessionVectors.file))
    readers += try VectorFolder.read(BundleFile.self, BundleVectors.file).valid.map(\.file)
    let found = try FileManager.default.contentsOfDirectory(atPath: VectorFolder.url.path)
    for name in found.sorted() where !name.hasPrefix(".") {
      #expect(readers.contains(name) || Self.others[name] != nil, "\(name) has no reader")
    }
    for name in readers { #expect(found.contains(name), "\(name) is missing") }
  }
}

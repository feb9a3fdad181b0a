import Foundation
import FuzzTargets
import Testing

/// Every committed input of the fuzzer through the functions that the fuzzer calls: a property that does not
/// hold traps and names the input before.
@Suite struct ReplayTests {
  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fuzz")
  /// Bytes of the corpus, at most.
  private static let corpusBytes = 1_500_000

  static func files(_ path: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: folder.appending(path: path), includingPropertiesForKeys: nil
    ).sorted { $0.path < $1.path }
  }

  static func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
    try files("corpus/\(target.rawValue)").map { Array(try Data(contentsOf: $0)) }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `the corpus of a target keeps its properties and has inputs that decode`(
    _ target: FuzzTarget
  ) throws {
    var targets = FuzzTargets()
    var decoded = 0
    for input in try Self.corpus(target) where targets.take(input, target) { decoded += 1 }
    #expect(decoded > 0, "\(target): nothing in its corpus decodes")
  }

  @Test func `every input that once broke a property keeps it now`() throws {
    var targets = FuzzTargets()
    for file in try Self.files("crashes") where file.lastPathComponent != "README.md" {
      let name = file.lastPathComponent
      // `target-what`; some names of targets have a hyphen themselves.
      let target = FuzzTarget.allCases.filter { name.hasPrefix($0.rawValue + "-") }
        .max { $0.rawValue.count < $1.rawValue.count }
      targets.take(Array(try Data(contentsOf: file)), try #require(target, "\(name)"))
    }
  }

  @Test func `each target has a corpus, small enough to be kept`() throws {
    let folders = try Self.files("corpus").map(\.lastPathComponent)
    #expect(folders == FuzzTarget.allCases.map(\.rawValue).sorted())
    var total = 0
    for target in FuzzTarget.allCases {
      for input in try Self.corpus(target) {
        #expect(input.count <= FuzzTarget.inputBytes)
        total += input.count
      }
    }
    #expect(total <= Self.corpusBytes, "\(total) bytes: minimise it, see Fuzz/README.md")
  }
}

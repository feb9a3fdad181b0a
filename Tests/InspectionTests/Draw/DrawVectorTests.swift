import Foundation
import Inspection
import Testing

/// The published vectors: each names the first step that fails, or none. They are checked by this program
/// and by a verifier that was written from the page alone.
@Suite struct DrawVectorTests {
  private static let folder = DrawVector.folder

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
      .filter { $0.hasSuffix(".json") }.sorted()
  }

  @Test func `each vector fails at the step that it names, or at none`() throws {
    let names = try Self.names()
    #expect(names.count >= 20)
    var steps: Set<DrawStep> = []
    for name in names {
      let data = try Data(contentsOf: Self.folder.appending(path: name))
      let found = try JSONDecoder().decode(DrawVector.self, from: data)
      let failed = DrawVerifier.findings(of: found.record).filter { $0.fault != nil }
      let first = DrawStep.allCases.first { step in failed.contains { $0.step == step } }
      #expect(first == found.failingStep, "\(name): \(failed)")
      #expect((found.failingStep == nil) == name.hasPrefix("valid-"), "\(name)")
      if let step = found.failingStep { steps.insert(step) }
      let again = try JSONDecoder().decode(
        DrawRecord.self, from: try JSONEncoder().encode(found.record))
      #expect(again == found.record, "\(name)")
    }
    #expect(Set(DrawStep.allCases).subtracting(steps).isEmpty)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/env")))
  func `a verifier written from the page alone agrees on every vector`() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-B", Self.folder.appending(path: "verify.py").path(percentEncoded: false),
      "--vectors", Self.folder.path(percentEncoded: false),
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // 127: this machine has no python3.
    #expect([0, 127].contains(process.terminationStatus), "\(text)")
  }

  private static func page() throws -> String {
    try String(
      contentsOf: folder.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "10-Draw.md"), encoding: .utf8)
  }

  /// The digits of a block ```` ```hex name ```` of the page, up to two blanks per line.
  private static func example(_ name: String) throws -> String {
    let parts = try page().components(separatedBy: "```hex \(name)\n")
    let block = try #require(parts.last?.components(separatedBy: "```").first)
    return block.split(separator: "\n").map {
      $0.description.components(separatedBy: "  ")[0].filter { $0 != " " }
    }.joined()
  }

  @Test func `the examples and bounds of the page are what the code has`() throws {
    let text = { (bytes: [UInt8]) in
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
    var fixture = try DrawFixture()
    try fixture.draw()
    let (header, draw) = (fixture.published[1].header, fixture.draws[0])
    #expect(try Self.example("draw-row") == text(DrawFixture.rows()[6].bytes))
    #expect(try Self.example("draw-header") == text(header.bytes))
    let page = try Self.page()
    let seed = try #require(draw.reveal?.seed)
    let digest = ObjectDigest(seed: seed, parameters: draw.parameters)
      .digest(of: DrawFixture.code(7))
    for hash in [
      MerkleTree.leaf(DrawFixture.rows()[6].bytes), header.hash, seed, digest,
    ] {
      #expect(page.contains("`\(hash)`"))
    }
    #expect(draw.strata[3].selected[2] == DrawFixture.code(7))
    let bounds: [(String, Int)] = [
      ("rowsPerFrame", DrawLimits.rowsPerFrame), ("textBytes", DrawLimits.textBytes),
      ("filterBytes", DrawLimits.filterBytes), ("filterDepth", DrawLimits.filterDepth),
      ("strata", DrawLimits.strata), ("tasksPerSession", DrawLimits.tasksPerSession),
      ("committedValues", DrawLimits.committedValues), ("weight", Int(DrawLimits.weight)),
      ("units", DrawLimits.units), ("teamSize", DrawLimits.teamSize),
      ("reserves", DrawLimits.reserves),
    ]
    let plain = page.replacing(",", with: "")
    for (name, value) in bounds { #expect(plain.contains("| `\(name)` | \(value) |"), "\(name)") }
    for step in DrawStep.allCases { #expect(page.contains("| `\(step.rawValue)` |")) }
  }
}

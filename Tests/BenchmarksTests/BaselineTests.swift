import Benchmarks
import Causality
import Changes
import Testing

@Suite("The C baselines do what they are measured for", .serialized)
struct BaselineTests {
  private static let root = "/tmp/tributary-benchmarks-tests"

  private func folder(_ name: String) throws -> String {
    let path = Self.root + "/" + name
    ProcessMeasures.removeFolder(path)
    try ProcessMeasures.makeFolder(path)
    return path
  }

  @Test(
    "Raw and session end with the same rows, and send what they should",
    arguments: [
      BaselineEngine.Kind.raw, .session,
    ])
  func core(kind: BaselineEngine.Kind) throws {
    let workload = try CoreWorkload(rows: generatedRows(633), first: 500)
    let path = try folder("core-\(kind.rawValue)")
    defer { ProcessMeasures.removeFolder(path) }
    let engine = try BaselineEngine(kind, workload, folder: path, durability: .normal)
    let results = try BenchPhase.core.compactMap { try engine.run($0) }
    #expect(results.map(\.phase) == BenchPhase.core)
    #expect(
      results.map(\.rows) == [500, 500, 500, 250, 250, 250, 250, 250, 500, 20, 20, 20, 625])
    for result in results {
      #expect(result.wall >= 0 && result.cpu >= 0)
      switch result.phase {
      case .encodeInserts, .encodeUpdates, .encodeMix, .encodeOne:
        #expect(result.bytes > 0 && result.wireBytes > 0)
        if result.phase != .encodeOne { #expect(result.wireBytes < result.bytes) }
      case .fileSize: #expect(result.bytes > 100_000)
      default: break
      }
    }
  }

  @Test("Raw and session agree on the writer's rows")
  func sumsAgree() throws {
    let workload = try CoreWorkload(rows: generatedRows(633), first: 500)
    let path = try folder("sums")
    defer { ProcessMeasures.removeFolder(path) }
    var sums: [Int64] = []
    for kind in [BaselineEngine.Kind.raw, .session] {
      let engine = try BaselineEngine(kind, workload, folder: path, durability: .normal)
      for phase in BenchPhase.core { _ = try engine.run(phase) }
      sums.append(try engine.sum(of: .writer))
      sums.append(try engine.sum(of: .receiver))
    }
    #expect(sums[0] == sums[2])
    // The receivers have all rows; the session extension does not carry a column written unchanged.
    #expect(sums.allSatisfy { $0 % 1_000_003 == 625 })
  }

  @Test("Phases out of order are an error, not a crash")
  func outOfOrder() throws {
    let workload = try CoreWorkload(rows: generatedRows(40), first: 20)
    let path = try folder("order")
    defer { ProcessMeasures.removeFolder(path) }
    let engine = try BaselineEngine(.raw, workload, folder: path, durability: .normal)
    #expect(throws: BenchError.self) { try engine.run(.update) }
    #expect(throws: BenchError.self) { try engine.sum(of: .hub) }
  }

  @Test(
    "A hub ends with the rows of all children",
    arguments: [
      BaselineEngine.Kind.raw, .session,
    ])
  func hub(kind: BaselineEngine.Kind) throws {
    let workload = try HubWorkload(rows: generatedRows(1_815), children: 3, changes: 610)
    let path = try folder("hub-\(kind.rawValue)")
    defer { ProcessMeasures.removeFolder(path) }
    let engine = try BaselineEngine(kind, workload, folder: path, durability: .normal)
    let encoded = try #require(try engine.run(.hubEncode))
    let applied = try #require(try engine.run(.hubApply))
    #expect(encoded.rows == 3 * workload.changedRows)
    #expect(applied.rows == encoded.rows)
    #expect(encoded.wireBytes < encoded.bytes)
  }

  @Test("A dump loads again with every row")
  func dump() throws {
    let path = try folder("dump")
    defer { ProcessMeasures.removeFolder(path) }
    let source = path + "/source.db"
    try SourceFile.generate(
      source, counties: [try #require(Scope(code: 530_102))], companies: 300, inspectors: 10,
      results: 40)
    let copy = path + "/county.db"
    try SourceFile.copy(source, to: copy, companies: 200)
    let dump = try DumpBaseline.measure(
      source: copy, target: path + "/loaded.db", durability: .normal)
    #expect(dump.rows == 250)
    #expect(dump.gzipBytes < dump.bytes)
    let again = try DumpBaseline.measure(
      source: path + "/loaded.db", target: path + "/again.db", durability: .normal)
    #expect(again.rows == dump.rows)
    #expect(again.bytes == dump.bytes)
    #expect(
      try CompanySource.load(path + "/again.db", count: 200) == CompanySource.load(copy, count: 200)
    )
    #expect(throws: BenchError.self) { try CompanySource.load(copy, count: 201) }
  }
}

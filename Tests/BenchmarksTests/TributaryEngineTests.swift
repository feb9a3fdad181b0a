import Benchmarks
import Changes
import Testing

@Suite("The engine runs the baselines' phases", .serialized)
struct TributaryEngineTests {
  private func folder(_ name: String) throws -> String {
    let path = "/tmp/tributary-benchmarks-tests/engine-" + name
    ProcessMeasures.removeFolder(path)
    try ProcessMeasures.makeFolder(path)
    return path
  }

  @Test("Every phase of the core gives the rows of the baselines, and exchanges end")
  func core() throws {
    let workload = try CoreWorkload(rows: generatedRows(633), first: 500)
    let path = try folder("core")
    defer { ProcessMeasures.removeFolder(path) }
    let engine = try TributaryEngine(workload, folder: path)
    let results = try BenchPhase.core.compactMap { try engine.run($0) }
    #expect(results.map(\.phase) == BenchPhase.core)
    #expect(
      results.map(\.rows) == [500, 500, 500, 250, 250, 250, 250, 250, 500, 20, 20, 20, 625])
    let encoded = try #require(results.first { $0.phase == .encodeInserts })
    #expect(encoded.wireBytes > 500 && encoded.wireBytes < encoded.bytes)
    let file = try #require(results.first { $0.phase == .fileSize })
    #expect(file.bytes > 100_000 && file.wireBytes > 0)
    let figures = try engine.exchanges()
    #expect(figures.equal.rounds == 1)
    #expect(figures.equal.bytes < figures.oneDiffers.bytes)
  }

  @Test("A hub takes what its children send")
  func hub() throws {
    let workload = try HubWorkload(rows: generatedRows(930), children: 3, changes: 20)
    let path = try folder("hub")
    defer { ProcessMeasures.removeFolder(path) }
    let engine = try TributaryHubEngine(workload, folder: path)
    let encoded = try #require(try engine.run(.hubEncode))
    let applied = try #require(try engine.run(.hubApply))
    #expect(encoded.rows == 60)
    #expect(applied.rows == 60)
    #expect(encoded.wireBytes == applied.bytes)
  }

  @Test("Rows of several counties are refused where one county writes")
  func oneCounty() throws {
    let rows = generatedRows(60, scopes: [530_102, 530_103])
    let workload = try CoreWorkload(rows: rows, first: 40)
    #expect(throws: BenchError.self) {
      try TributaryEngine(workload, folder: "/tmp/tributary-benchmarks-tests/none")
    }
  }
}

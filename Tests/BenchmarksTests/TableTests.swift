import Benchmarks
import Testing

@Suite("Figures are printed in the agreed forms")
struct TableTests {
  private func result(
    _ engine: String, _ phase: BenchPhase, wall: Double, rows: Int = 100, wire: Int = 0
  ) -> PhaseResult {
    PhaseResult(
      engine: engine, phase: phase, rows: rows, wall: wall, cpu: wall / 2, bytes: wire * 2,
      wireBytes: wire)
  }

  @Test("A phase is one line of JSON")
  func phaseJSON() {
    let result = PhaseResult(
      engine: "tributary", phase: .encodeInserts, rows: 40_000, wall: 1.25, cpu: 0.000_001_6,
      bytes: 12, wireBytes: 7)
    #expect(
      result.json == "{\"engine\":\"tributary\",\"phase\":\"enc_ins\",\"rows\":40000,"
        + "\"wall\":1.250000,\"cpu\":0.000002,\"bytes\":12,\"zbytes\":7}")
    #expect(BenchPhase.core.count == 13)
    #expect(BenchPhase.hub.map(\.rawValue) == ["hub_encode", "hub_apply"])
  }

  @Test("Ratios are medians over repetitions of neighbours in one repetition")
  func ratios() {
    let run = PairedRun(repetitions: [
      [
        result("raw", .insert, wall: 1), result("tributary", .insert, wall: 3),
        result("raw", .insert, wall: 2),
      ],
      [result("raw", .insert, wall: 10), result("tributary", .insert, wall: 15)],
      [result("raw", .insert, wall: 1), result("tributary", .insert, wall: 9)],
    ])
    #expect(run.ratio("tributary", to: "raw", .insert, \.wall) == 2)
    #expect(run.median("tributary", .insert, \.wall) == 9)
    #expect(run.ratio("tributary", to: "session", .insert, \.wall) == nil)
    #expect(run.spread(of: "raw", \.wall) == 2)
    #expect(run.has("raw") && !run.has("session"))
  }

  @Test("A line is judged by its goal, then by what must be")
  func verdicts() {
    func verdict(_ must: Double?, _ goal: Double?, _ reached: Double?) -> BenchLine.Verdict {
      BenchLine(row: "1a", work: "", unit: "", must: must, goal: goal, reached: reached).verdict
    }
    #expect(verdict(2, 1.5, 1.5) == .goal)
    #expect(verdict(2, 1.5, 1.51) == .must)
    #expect(verdict(2, 1.5, 2.1) == .missed)
    #expect(verdict(2, nil, 1) == .must)
    #expect(verdict(nil, 1, 2) == .missed)
    #expect(verdict(2, 1, nil) == .notMeasured)
    let waiting = BenchLine(
      row: "1c", work: "", unit: "", must: 1.8, goal: 1.4, reached: 1.1, reachedByCPU: 2)
    #expect(waiting.verdict == .missed)
  }

  @Test("The table has every row of the goals, measured or not")
  func everyRow() {
    var figures = BenchFigures()
    let empty = figures.table(remarks: [])
    let rows = ["1a", "1b", "1c", "1d", "2", "3a", "3b", "3c", "4a", "4b", "4c"]
    let others = ["5a", "5b", "5c", "6a", "6b", "6c", "7", "8"]
    for row in rows + others { #expect(empty.lines.contains { $0.row == row }) }
    #expect(empty.lines.allSatisfy { $0.verdict == .notMeasured })
    figures.core = PairedRun(repetitions: [
      [
        result("raw", .insert, wall: 1), result("session", .encodeUpdates, wall: 1, wire: 1_500),
        result("tributary", .insert, wall: 1.8),
        result("tributary", .encodeUpdates, wall: 0.5, wire: 600),
      ]
    ])
    let table = figures.table(remarks: ["said"])
    #expect(table.lines.first { $0.row == "1a" }?.verdict == .must)
    #expect(table.lines.first { $0.row == "4b" }?.reached == 0.4)
    #expect(table.lines.last { $0.row == "4b" }?.verdict == .goal)
  }

  @Test("The text has aligned columns and ends with the remarks")
  func text() {
    let table = BenchTable(
      lines: [
        BenchLine(
          row: "1a", work: "bulk insert", unit: "x raw", must: 2, goal: 1.5, reached: 1.626,
          reachedByCPU: 1.7, note: "session 1.40"),
        BenchLine(
          row: "8", work: "memory", unit: "MiB", must: 512, goal: 256, reached: nil),
      ], remarks: ["raw against raw 1.03"])
    #expect(
      table.text == """
        #   work         unit   must  goal  reached  by cpu  verdict       note
        1a  bulk insert  x raw  2.00  1.50     1.63    1.70  must          session 1.40
        8   memory       MiB     512   256        -       -  not measured
        raw against raw 1.03

        """)
    #expect(
      table.markdown == """
        | # | work | must | goal | reached | by CPU | unit | verdict |
        |---|---|--:|--:|--:|--:|---|---|
        | 1a | bulk insert | 2.00 | 1.50 | 1.63 | 1.70 | x raw | must |
        | 8 | memory | 512 | 256 | - | - | MiB | not measured |

        - raw against raw 1.03

        """)
    #expect(
      table.lines[1].json == "{\"row\":\"8\",\"work\":\"memory\",\"unit\":\"MiB\","
        + "\"must\":512.0000,\"goal\":256.0000,\"reached\":null,\"reached_cpu\":null,"
        + "\"verdict\":\"not measured\",\"note\":\"\"}")
  }
}

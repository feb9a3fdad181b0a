import ArgumentParser
import Inspection
import Terminal

extension BenchCommand {
  /// `tributary bench draw`: a county's draw, from rows in memory to the result.
  struct Draw: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A frame of a large county and a stratified, weighted draw from it.")

    @Option(help: "Objects of the county.")
    var rows = 160_000

    @Option(help: "Basis points drawn per stratum.")
    var ratio: UInt32 = 500

    func validate() throws {
      guard (1...DrawLimits.rowsPerFrame).contains(rows), ratio <= 10_000 else {
        throw ValidationError("--rows is 1 to 8000000, --ratio 0 to 10000.")
      }
    }

    func run() throws {
      let strata = ["A", "B", "C", "D"]
      let objects = (0..<rows).map { number in
        let serial = String(number)
        return FrameRow(
          key: "91530102MA" + String(repeating: "0", count: 8 - serial.count) + serial,
          stratum: strata[number % 4], weight: UInt32(number % 5 + 1))
      }
      guard let task = TaskID([UInt8](repeating: 1, count: 16)) else { return }
      let clock = ContinuousClock()
      let start = clock.now
      let frame = try Frame(objects)
      let frozen = clock.now
      let parameters = try DrawParameters(
        task: task, sequence: 1, mode: .sample,
        strata: strata.map { StratumRule(stratum: $0, ratioBp: ratio) })
      let drawn = try ObjectDraw(
        frame: frame, parameters: parameters, seed: frame.tree.root)
      let end = clock.now
      let count = drawn.strata.reduce(0) { $0 + $1.selected.count }
      try StandardStream.output.write(
        "\(rows) rows: frame \(BenchCommand.milliseconds(frozen - start)) ms, "
          + "draw of \(count) \(BenchCommand.milliseconds(end - frozen)) ms\n")
    }
  }
}

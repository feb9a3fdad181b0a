import Foundation
import FuzzTargets

// Fuzz/Time.swift TARGET FILE…: the bound of time, of the decoders as they are shipped: without sanitizers, whose
// counters and fresh pages are most of what an instrumented build takes. `Fuzz/run` builds it. Ends with status 1 when
// an input takes more than 1 ms per KB.

@main enum Time {
  /// The least of this many runs counts.
  private static let runs = 20

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let target = arguments.first.flatMap(FuzzTarget.init(rawValue:)) else {
      fatalError("Time TARGET FILE…")
    }
    var targets = FuzzTargets()
    var (slowest, name, failures) = (0.0, "", 0)
    for path in arguments.dropFirst() {
      let bytes = Array(try Data(contentsOf: URL(filePath: path)))
      var (taken, written) = (Double.infinity, 0)
      for _ in 0..<runs {
        let start = processorMilliseconds()
        written = targets.decode(bytes, target)
        taken = min(taken, processorMilliseconds() - start)
      }
      let rate = taken / target.kilobytes(of: bytes, written: written)
      if rate > slowest { (slowest, name) = (rate, path) }
      if rate > 1 {
        print("\(path): \(taken) ms, \(rate) ms per KB; at most 1")
        failures += 1
      }
    }
    print(
      "time: \(target.rawValue): at most \(slowest) ms per KB, of \(arguments.count - 1) inputs; \(name)"
    )
    exit(failures == 0 ? 0 : 1)
  }
}

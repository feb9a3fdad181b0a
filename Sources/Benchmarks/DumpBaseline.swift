import CSessionBench

/// A database as SQL text, deflated at level 6 in the gzip format, and loaded again: what `.dump` and
/// `gzip` do, without their processes and pipes. The baseline of performance.md §1, 5a and 5b.
package struct DumpBaseline: Hashable, Sendable {
  package let rows: Int
  /// Bytes of SQL.
  package let bytes: Int
  /// Bytes in gzip format.
  package let gzipBytes: Int
  /// Processor seconds of reading, writing SQL and deflating.
  package let outCPU: Double
  /// Processor seconds of inflating, executing and committing.
  package let inCPU: Double

  /// Dumps `source` and loads it into `target`, which is replaced.
  package static func measure(
    source: String, target: String, durability: Durability
  ) throws(BenchError) -> DumpBaseline {
    var measure = csb_dump_measure()
    var text = [CChar](repeating: 0, count: 256)
    guard csb_dump(source, target, durability == .full ? 1 : 0, &measure, &text) == 0 else {
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .source(path: source, reason: String(decoding: bytes, as: UTF8.self))
    }
    return DumpBaseline(
      rows: Int(measure.rows), bytes: Int(measure.bytes), gzipBytes: Int(measure.deflated),
      outCPU: measure.out_cpu, inCPU: measure.in_cpu)
  }
}

/// What a benchmark measures, in the order of a run. Source: performance.md §3.
package enum BenchPhase: String, Hashable, Sendable, CaseIterable {
  case insert
  case encodeInserts = "enc_ins"
  case applyInserts = "app_ins"
  case update
  case encodeUpdates = "enc_upd"
  case applyUpdates = "app_upd"
  case encodeMix = "enc_mix"
  case applyMix = "app_mix"
  case singleTransactions = "txn1"
  case noDifference = "nodiff"
  case encodeOne = "enc_one"
  case applyOne = "app_one"
  case fileSize = "dbfile"
  case hubEncode = "hub_encode"
  case hubApply = "hub_apply"

  /// The phases of one writer and one receiver.
  package static let core: [BenchPhase] = allCases.filter { !hub.contains($0) }

  /// The phases of one hub and its children.
  package static let hub: [BenchPhase] = [.hubEncode, .hubApply]
}

/// What one phase took at one engine.
package struct PhaseResult: Hashable, Sendable {
  package let engine: String
  package let phase: BenchPhase
  /// Rows or, for phases of single transactions and exchanges, repetitions.
  package let rows: Int
  /// Seconds of the wall clock. Encoding phases include deflating.
  package let wall: Double
  /// Seconds of processor time of the whole process.
  package let cpu: Double
  /// Bytes of change sets before deflating; of the database file for `.fileSize`.
  package let bytes: Int
  /// Bytes as sent; 0 where nothing is sent.
  package let wireBytes: Int

  package init(
    engine: String, phase: BenchPhase, rows: Int, wall: Double, cpu: Double, bytes: Int = 0,
    wireBytes: Int = 0
  ) {
    self.engine = engine
    self.phase = phase
    self.rows = rows
    self.wall = wall
    self.cpu = cpu
    self.bytes = bytes
    self.wireBytes = wireBytes
  }

  /// One line of JSON, as other programs of the benchmark print it. Source: performance.md §3.
  package var json: String {
    "{\"engine\":\"\(engine)\",\"phase\":\"\(phase.rawValue)\",\"rows\":\(rows),"
      + "\"wall\":\(decimal(wall, digits: 6)),\"cpu\":\(decimal(cpu, digits: 6)),"
      + "\"bytes\":\(bytes),\"zbytes\":\(wireBytes)}"
  }
}

/// A number with that many decimals, rounded; `-` when it is not finite.
func decimal(_ value: Double, digits: Int) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = (value.magnitude * scale).rounded()
  guard scaled.isFinite, scaled < 9e18 else { return "-" }
  var text = String(UInt64(scaled))
  if digits > 0 {
    text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    text.insert(".", at: text.index(text.endIndex, offsetBy: -digits))
  }
  return (value < 0 && scaled > 0 ? "-" : "") + text
}

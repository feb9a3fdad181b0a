import Causality
import Changes

/// How long a core may take to agree once its links work: what must be sent, how fast, and how long nodes wait before
/// they try again (L1).
extension World {
  /// 2 × bytes missing ÷ bandwidth + 3 × round trip × depth + 2 × the longest pause between tries + a restart,
  /// milliseconds. Source: simulation.md §3.3.
  ///
  /// Each missing change set crosses one link to each node that lacks it. A node tries again after
  /// `backOffLongestMilliseconds` at most, and compares at least every `safetyExchangeMilliseconds`.
  func boundOfAgreement() -> Int {
    let speeds = [true, false].map { bandwidth(isUp: $0) }.filter { $0 > 0 }
    let transfer = speeds.min().map { 2 * missingBytes * 1_000 / $0 } ?? 0
    let roundTrip = 2 * Self.healedDelay / 1_000_000
    let pause = Int(max(Limits.safetyExchangeMilliseconds, Limits.backOffLongestMilliseconds))
    return transfer + 3 * roundTrip * depth + 2 * pause + Self.restartMilliseconds
  }

  /// A process that failed to begin is started again, and agreement is looked for every so often.
  private static var restartMilliseconds: Int { 25_000 }

  /// Links between the highest and the lowest node of the core.
  private var depth: Int {
    let depths = core.compactMap { tree.tier(of: nodes[$0].code.scope).map { Int($0.depth) } }
    return (depths.max() ?? 0) - (depths.min() ?? 0)
  }

  /// Bytes of the change sets that a node of the core has and another lacks, once for each that lacks them.
  private var missingBytes: Int {
    var all: [StreamID: VersionVector] = [:]
    for index in core {
      for (stream, known) in checkers.shadows[index] {
        all[stream] = (all[stream] ?? VersionVector()).union(known)
      }
    }
    var bytes = 0
    for index in core {
      for (stream, known) in all where tree.holds(nodes[index].code.scope, stream) {
        let own = checkers.known(index, stream)
        for entry in known.entries where entry.number > own[entry.replica] {
          for number in own[entry.replica] + 1...entry.number {
            bytes += sizes[Dot(stream: stream, replica: entry.replica, number: number)] ?? 0
          }
        }
      }
    }
    return bytes
  }
}

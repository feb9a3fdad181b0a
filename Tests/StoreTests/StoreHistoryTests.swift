import Foundation
import Testing

/// Random histories of whole replicas against a model that shares no code with them: after every write,
/// stamp and delivery each node shows the model's rows, siblings and conflicts under the model's names, and
/// digests are equal exactly where what stands is equal.
@Suite struct StoreHistoryTests {
  /// More of them in one run: `TRIBUTARY_HISTORIES=5000 swift test --filter StoreHistoryTests`; one alone:
  /// `TRIBUTARY_SEED=41`.
  static let perPart: Int = {
    let wanted = ProcessInfo.processInfo.environment["TRIBUTARY_HISTORIES"].flatMap { Int($0) }
    return max(1, (wanted ?? 100) / parts)
  }()
  static let parts = 20

  private static let onlySeed = ProcessInfo.processInfo.environment["TRIBUTARY_SEED"]
    .flatMap { UInt64($0) }

  @Test(.enabled(if: onlySeed != nil)) func `one history again`() throws {
    let history = try StoreHistory(seed: Self.onlySeed ?? 0)
    for _ in 0..<25 { try history.step() }
    try history.finish()
  }

  @Test(.enabled(if: onlySeed == nil), arguments: 0..<parts)
  func `what every node shows is what the model says`(part: Int) throws {
    var counts: [String: Int] = [:]
    for number in 0..<Self.perPart {
      let seed = UInt64(part * 1_000_000 + number)
      let history = try StoreHistory(seed: seed)
      for _ in 0..<25 { try history.step() }
      try history.finish()
      counts.merge(history.counts) { $0 + $1 }
    }
    if Self.perPart >= 15 {
      for what in Self.expected where counts[what, default: 0] == 0 {
        Issue.record("no history of part \(part) had: \(what)")
      }
    }
    if Self.perPart > 15 { print("part \(part): \(counts.sorted { $0.key < $1.key })") }
  }

  private static let expected = [
    "applied", "parts", "parked", "refused", "suspect", "form", "foreign", "moved", "impossible",
    "concurrentUpdate", "deleteAgainstUpdate", "duplicateCreate", "proposalPending", "review",
  ]
}

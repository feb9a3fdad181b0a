internal import Foundation
package import Simulator

/// The report for programs: one JSON object; times in milliseconds since the scenario's start.
package struct ReportJSON: Sendable {
  private let content: Content

  private struct Content: Encodable, Sendable {
    var title: String
    var isSound: Bool
    var headline: String
    var seed: UInt64
    var trace: String
    var nodesPerTier: [Int]
    var changeCount: Int
    var lost: Int
    var conflicts: Int
    var suspected: Int
    var agreedAt: Int?
    var recoveries: [Recovery]
    var deliveries: [Delivery]
    var lines: [Line]
    var checks: [Check]
    var samples: [Sample]
  }

  private struct Recovery: Encodable {
    let name: String
    let at, waiting: Int
    let doneAt: Int?
    let bytes: Int
  }

  private struct Delivery: Encodable {
    let from, to: String
    let count, median, high, longest: Int
  }

  private struct Line: Encodable {
    let division: Int
    let line: String
    let up, down, busiestHour, busy, quotaHits: Int
  }

  private struct Check: Encodable {
    let name: String
    let isPassed: Bool
    let detail: String
  }

  private struct Sample: Encodable {
    let at: Int
    let worstLag, behind: [Int]
    let conflicts, underWay: Int
  }

  package init(_ scenario: Scenario, _ found: Measurements) {
    let territory = scenario.territory
    content = Content(
      title: scenario.title, isSound: found.isSound, headline: Findings(scenario, found).headline,
      seed: scenario.seed, trace: String(found.verdict.traceHash, radix: 16),
      nodesPerTier: found.nodesPerTier, changeCount: found.changeCount, lost: found.lost,
      conflicts: found.conflictsAtEnd, suspected: found.suspected,
      agreedAt: found.agreedAtMilliseconds,
      recoveries: found.heals.map {
        Recovery(
          name: $0.name, at: $0.atMilliseconds, waiting: $0.waiting, doneAt: $0.doneAtMilliseconds,
          bytes: $0.bytes)
      },
      deliveries: found.deliveries.map {
        Delivery(
          from: territory.tierName($0.fromTier, count: 1),
          to: territory.tierName($0.toTier, count: 1),
          count: $0.count, median: $0.medianMilliseconds, high: $0.highMilliseconds,
          longest: $0.longestMilliseconds)
      },
      lines: found.links.map {
        Line(
          division: territory.divisions[$0.node].code, line: scenario.lines[$0.node].name,
          up: $0.upBytes,
          down: $0.downBytes, busiestHour: $0.busiestHourBytes, busy: $0.busyMilliseconds,
          quotaHits: $0.quotaHits)
      },
      checks: found.checks.map { Check(name: $0.name, isPassed: $0.isPassed, detail: $0.detail) },
      samples: found.samples.map {
        Sample(
          at: $0.atMilliseconds, worstLag: $0.worstLagMilliseconds, behind: $0.nodesBehind,
          conflicts: $0.conflicts, underWay: $0.underWay)
      })
  }

  /// Keys ascend. Throws what the encoder throws.
  package func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(content), as: UTF8.self) + "\n"
  }
}

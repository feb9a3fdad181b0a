/// What a rehearsal measured. Times are virtual milliseconds since the end of the warm-up unless said otherwise.
package struct Measurements: Sendable {
  /// One look at the whole tree.
  package struct Sample: Hashable, Sendable {
    package let atMilliseconds: Int
    /// By tier: the age of the oldest change that one of its nodes lacks; 0 when none lacks any.
    package let worstLagMilliseconds: [Int]
    /// By tier: nodes that lack a change older than a minute.
    package let nodesBehind: [Int]
    /// Open conflicts at the top.
    package let conflicts: Int
    /// Changes that are not yet wherever they belong.
    package let underWay: Int
  }

  /// A link that came back, or a machine.
  package struct Heal: Hashable, Sendable {
    package let name: String
    package let atMilliseconds: Int
    /// Pairs of change and node that waited for it.
    package internal(set) var waiting: Int
    /// When the last of them was there; nil while one is missing.
    package internal(set) var doneAtMilliseconds: Int?
    /// Bytes over the links in question until then, both ways.
    package internal(set) var bytes: Int
  }

  /// How long changes took from a tier to another.
  package struct Delivery: Hashable, Sendable {
    package let fromTier: Int
    package let toTier: Int
    package let count: Int
    package let medianMilliseconds: Int
    /// 95 of 100 took no longer.
    package let highMilliseconds: Int
    package let longestMilliseconds: Int
  }

  /// What one line carried, since the warm-up.
  package struct LinkTotal: Hashable, Sendable {
    package let node: Int
    package let upBytes: Int
    package let downBytes: Int
    /// Of the busiest hour, both ways.
    package let busiestHourBytes: Int
    /// Virtual milliseconds in which it sent, of the slower direction.
    package let busyMilliseconds: Int
    package let quotaHits: Int
  }

  /// What became of one kind of work.
  package struct WorkTotal: Hashable, Sendable {
    package internal(set) var done = 0
    /// Done while the node could not reach the top.
    package internal(set) var doneWhileCut = 0
    /// Had to wait because the machine was off.
    package internal(set) var delayed = 0
    /// Until what the nodes wrote was at the top, of those that are there: how many, half of them, the last.
    package internal(set) var atTop = 0
    package internal(set) var medianToTopMilliseconds = 0
    package internal(set) var longestToTopMilliseconds = 0
    /// Refused: a restored replica does not write.
    package internal(set) var refused = 0
  }

  /// A check of the end.
  package struct Check: Hashable, Sendable {
    package let name: String
    package let isPassed: Bool
    package let detail: String
  }

  package internal(set) var samples: [Sample] = []
  package internal(set) var heals: [Heal] = []
  package internal(set) var deliveries: [Delivery] = []
  package internal(set) var links: [LinkTotal] = []
  /// By hour, by tier of the lower end: bytes up, bytes down.
  package internal(set) var bytesPerHour: [[(up: Int, down: Int)]] = []
  /// Changes written, by hour.
  package internal(set) var changesPerHour: [Int] = []
  /// By kind of work.
  package internal(set) var work: [WorkTotal] = []
  package internal(set) var checks: [Check] = []
  /// Changes written since the warm-up, those of hubs about changes included.
  package internal(set) var changeCount = 0
  /// Changes whose only copy went with a disk.
  package internal(set) var lost = 0
  /// Marks of hubs: clocks ahead, and refusals.
  package internal(set) var suspected = 0
  package internal(set) var refused = 0
  /// Nodes that stopped writing, and why.
  package internal(set) var stopped: [(node: Int, reason: String)] = []
  /// When the last change was at the last node; nil when that did not happen in time.
  package internal(set) var agreedAtMilliseconds: Int?
  /// By tier of the tree.
  package internal(set) var nodesPerTier: [Int] = []
  package internal(set) var conflictsAtEnd = 0
  package internal(set) var verdict = Verdict()
  /// Disk images in memory at the end, bytes.
  package internal(set) var diskBytes = 0

  package init() {}

  /// Whether nothing was found that must not be.
  package var isSound: Bool { verdict.violation == nil && checks.allSatisfy(\.isPassed) }
}

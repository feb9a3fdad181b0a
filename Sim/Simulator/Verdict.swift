/// What a run found and did.
package struct Verdict: Sendable {
  /// An invariant of simulation.md §3 that did not hold.
  package struct Violation: Hashable, Sendable {
    /// `S10`, `Q1`, …
    package let invariant: String
    package let detail: String
    package let atMilliseconds: UInt64

    package init(invariant: String, detail: String, atMilliseconds: UInt64) {
      (self.invariant, self.detail) = (invariant, detail)
      self.atMilliseconds = atMilliseconds
    }
  }

  /// The first one; a run ends with it.
  package internal(set) var violation: Violation?
  /// A hash of every event, message and disk operation (D1).
  package internal(set) var traceHash: UInt64 = 0
  package internal(set) var counters: [Counter: Int] = [:]
  /// Virtual time from the beginning to agreement.
  package internal(set) var virtualMilliseconds: UInt64 = 0
  package internal(set) var nodeCount = 0
  /// From the end of the faults to agreement (L1), and the longest time without progress (L2).
  package internal(set) var convergenceMilliseconds = 0
  package internal(set) var longestStallMilliseconds = 0
  /// The slowest link of a probe: the time of a change over the links that it crossed.
  package internal(set) var slowestHopMilliseconds = 0

  /// What the core held in the end.
  var finalStates: [FinalState] = []

  package init() {}

  package subscript(counter: Counter) -> Int { counters[counter] ?? 0 }

  mutating func count(_ counter: Counter, _ more: Int = 1) { counters[counter, default: 0] += more }
}

/// What is counted in a run.
package enum Counter: String, CaseIterable, Sendable {
  case events, exchanges, waits, messages, commits, applied, alarms
  case bytes
  case framesSent = "frames-sent"
  case changeSetsSent = "change-sets-sent"
  case rowsChecked = "rows-checked"
  case imagesChecked = "images-checked"
  case conflictsSeen = "conflicts-seen"
  case refused, suspected
  case fixpoints
  case probes
  case scopesFound = "scopes-found-in-files"
  case appliedAgain = "applied-again"
  case loss = "F1 loss"
  case burst = "F1 loss in a burst"
  case duplicate = "F2 duplicate"
  case heavyDelay = "F3 heavy delay"
  case corruption = "F4 corruption"
  case slowLink = "F5 slow link"
  case partition = "F6 partition"
  case oneWay = "F7 one-way partition"
  case partial = "F8 partial partition"
  case swizzle = "F9 swizzled link"
  case cutInFrame = "F10 cut in frame"
  case bundle = "F12 bundle"
  case bundleTaken = "bundles-taken"
  case kill = "F13 kill"
  case crash = "F14 crash in operation"
  case crashInRecovery = "F15 crash in recovery"
  case pause = "F16 pause"
  case tie = "F18 tie"
  case lostWrite = "F19 lost write"
  case tornWrite = "F20 torn write"
  case crossFile = "F21 crash across files"
  case syncFailure = "F22 failed sync"
  case inputError = "F23 I/O error"
  case stickyError = "F23 I/O error that stays"
  case diskFull = "F24 disk full"
  case slowDisk = "F27 slow disk"
  case rot = "F25 bit rot"
  case rotOfLog = "F25 bit rot in the log"
  case rotUnseen = "rot-without-effect"
  case restore = "F29 disk put back"
  case clone = "F30 clone"
  case mixed = "F31 mixed files"
  case leaseMissing = "F31 missing lease"
  case leaseDamaged = "F31 damaged lease"
  case skew = "F34 schema skew"
  case upgrade = "F34 upgrade"
  case downgrade = "F34 refused downgrade"
  case clockOffset = "F36 clock offset"
  case clockDrift = "F37 clock drift"
  case clockJump = "F38 clock jump"
  case load = "F40 heavy operation"
  case herd = "F41 herd"
  case buggify = "F43 tiny turn"
  case checkpoint = "F43 early checkpoint"
  case hostile = "F44 lie"
  case equivocation = "F44 equivocation"
  case flood = "F45 flood"

  /// Whether this counts firings of a fault.
  package var isFault: Bool { rawValue.first == "F" }
}

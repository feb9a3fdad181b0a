/// Everything that decides what happens in a world: topology, rates, workload, faults. A run is a function
/// of its plan.
package struct Plan: Hashable, Sendable {
  /// A node of the tree; its disk is its place in the list, from 1.
  package struct Node: Hashable, Sendable {
    package let division: Int
    /// 0 for the top.
    package let parent: Int

    package init(division: Int, parent: Int) { (self.division, self.parent) = (division, parent) }
  }

  /// What a person or program does at a node.
  package struct Operation: Hashable, Sendable {
    /// What is done.
    package enum Kind: String, CaseIterable, Sendable {
      /// Insert, or update where the row lives.
      case put
      /// Delete where it lives.
      case delete
      /// Open a form on a row, for a later `save`.
      case open
      /// Save the form of that slot.
      case save
      /// Add or remove an element of the set.
      case label, unlabel
      /// Write the row and its namesake in the scope above in one transaction.
      case both
      /// Decide the first open conflict.
      case resolve
      /// Put a row of the table that only a hub may write.
      case order
      /// `slot` hundreds of rows in one transaction (F40).
      case bulk
      /// A hundred transactions one after the other (F40).
      case burst
      /// A value of some hundred kilobytes, which goes in parts (F40).
      case large
      /// Put a row of the table of version 2, where it is known.
      case extra
      /// The write-ahead log goes into the database, as it does by itself after thousands of pages (F43).
      case checkpoint
    }

    package let atMilliseconds: Int
    package let division: Int
    package let kind: Kind
    package let scope: Int
    package let key: Int
    package let slot: Int
    /// Column and number, ascending by column.
    package let values: [Value]

    /// A column and the number that stands for its value.
    package struct Value: Hashable, Sendable {
      package let column: Int
      package let number: Int
    }
  }

  /// A fault at a moment.
  package struct Fault: Hashable, Sendable {
    /// What goes wrong.
    package enum Kind: String, CaseIterable, Sendable {
      /// The link from the node to its hub is cut for `milliseconds`; `argument`: 0 both ways, 1 upwards,
      /// 2 downwards (F6, F7, F8).
      case cut
      /// The process dies; it comes back after `milliseconds` (F13).
      case kill
      /// The power goes; `argument` says what is lost (F19–F21).
      case power
      /// The power goes at the `argument`-th disk operation from then (F14).
      case crash
      /// The wall clock jumps by `argument` milliseconds (F38).
      case jump
      /// The node stands still for `milliseconds` (F16).
      case pause
      /// The disk is full for `milliseconds` (F24).
      case full
      /// The links of all nodes below are stopped one by one, `argument` milliseconds apart, and start again in
      /// another order within `milliseconds` (F9).
      case swizzle
      /// All links of the tree are cut for `milliseconds` and come back at once (F41).
      case herd
      /// The disk is put back as it was, after `milliseconds` (F29): `argument` 1 with all files, 0 the database
      /// alone.
      case restore
      /// Two copies of the node speak in turn, each for `milliseconds` (F30).
      case clone
      /// The lease file is another node's, is missing, or is cut short, by `argument` modulo 3 (F31).
      case mix
      /// `argument` bits flip on the disk, in the write-ahead log when `milliseconds` is 1, and the node is out of
      /// service (F25).
      case rot
      /// A bundle goes to the hub or comes from it, `milliseconds` on its way; bits of `argument`: from the hub,
      /// cut short, twice (F12).
      case bundle
      /// The node's child says HELLO and then what only harms (F45).
      case flood
      /// The node goes on with the program of schema version `argument`, after `milliseconds` (F34). An older one
      /// must refuse the file.
      case program
    }

    package let atMilliseconds: Int
    package let kind: Kind
    package let division: Int
    package let argument: Int
    package let milliseconds: Int
  }

  package var seed: UInt64
  package var options: Options
  package var nodes: [Node]
  /// Ascending by time.
  package var operations: [Operation]
  /// Ascending by time.
  package var faults: [Fault]

  /// Wall clocks that are wrong from the beginning: division, offset in milliseconds, drift in ppm.
  package var clocks: [Clock]

  /// Schema versions of the programs that nodes begin with, where they are not 1 (F34).
  package var versions: [Version] = []

  /// When the phase of faults is over: with the last pause of a process at the earliest, since what happened in it is
  /// taken only then.
  var healsAtMilliseconds: Int {
    faults.filter { $0.kind == .pause }.map { $0.atMilliseconds + $0.milliseconds }
      .reduce(options.chaosMilliseconds, max)
  }

  /// The schema version of the program that a node begins with.
  func version(of division: Int) -> Int {
    versions.last { $0.division == division }?.version ?? 1
  }

  /// The schema version of a node's program.
  package struct Version: Hashable, Sendable {
    package let division: Int
    package let version: Int
  }

  /// A wall clock's error.
  package struct Clock: Hashable, Sendable {
    package let division: Int
    package let offsetMilliseconds: Int
    package let driftPerMillion: Int
  }
}

/// Rates and sizes of a world. Rates are per million.
package struct Options: Hashable, Sendable {
  /// Length of the phase of faults.
  package var chaosMilliseconds = 600_000
  /// Time after it in which the core must agree.
  package var healMilliseconds = 43_200_000
  /// Messages lost: the link ends (F1).
  package var loss = 0
  /// Half minutes of a link in which nine messages of ten are lost (F1).
  package var bursts = 0
  /// Child's turns that are said again, late (F2).
  package var duplicate = 0
  package var duplicateMilliseconds = 600_000
  /// Mean one-way delay (F3).
  package var delayMicroseconds = 20_000
  /// Messages with a thousand times that delay.
  package var heavyTail = 0
  /// Bytes per second of a link upwards; 0 for no bound (F5).
  package var bandwidth = 0
  /// The same downwards; 0 for as much as upwards.
  package var bandwidthDown = 0
  /// Messages that are cut in the middle (F10).
  package var cutInFrame = 0
  /// Messages with flipped bits (F4).
  package var corruption = 0
  /// Disks (F22, F23).
  package var syncFailures = 0
  package var readErrors = 0
  package var writeErrors = 0
  package var otherErrors = 0
  /// 1: a disk that failed to read, write or open goes on failing until the process begins anew (F23).
  package var isSticky = 0
  /// Microseconds of a sync on about half of the disks (F27).
  package var slowSync = 0
  /// Whether sectors are torn without powersafe overwrite (F20).
  package var isNotPowersafe = 0
  /// Bytes of one turn and of one frame; 0 for what production takes (F43).
  package var turnBytes = 0
  package var frameBytes = 0
  /// Messages that are applied once more at once; nothing may change by it (S9).
  package var applyAgain = 100_000
  /// The link is cut after this byte of all that is said; 0 for never (F10, enumerated).
  package var cutAt = 0
  /// 1: after agreement one more round must move nothing (Q9).
  package var fixpoint = 0
  /// 1: after agreement changes are made on links that stand, and must arrive within seconds (L1).
  package var probe = 0
  /// Place of a node that lies to its hub, from 1; 0 for none (F44).
  package var hostile = 0
  /// Real Ed25519 instead of a keyed hash.
  package var realSignatures = 0
  /// Divisions of the core, 0 for all: bit i for node i.
  package var core = 0
  /// How what was written in separation is brought together in the end (Q12): 0 by the links of the tree, 1 by links
  /// of all to the top, 2 by bundles carried by hand.
  package var route = 0
  /// Checks every row after every event, not only those touched.
  package var checkAll = 0

  package init() {}

  /// Names in plans.
  static var fields: [(name: String, path: WritableKeyPath<Options, Int>)] {
    [
      ("chaos-ms", \.chaosMilliseconds), ("heal-ms", \.healMilliseconds), ("loss", \.loss),
      ("bursts", \.bursts), ("bandwidth-down", \.bandwidthDown), ("sticky", \.isSticky),
      ("slow-sync-us", \.slowSync), ("route", \.route),
      ("duplicate", \.duplicate), ("duplicate-ms", \.duplicateMilliseconds),
      ("delay-us", \.delayMicroseconds), ("heavy-tail", \.heavyTail),
      ("bandwidth", \.bandwidth), ("cut-in-frame", \.cutInFrame), ("corruption", \.corruption),
      ("sync-failures", \.syncFailures), ("read-errors", \.readErrors),
      ("write-errors", \.writeErrors), ("other-errors", \.otherErrors),
      ("turn-bytes", \.turnBytes), ("frame-bytes", \.frameBytes), ("apply-again", \.applyAgain),
      ("hostile", \.hostile), ("cut-at", \.cutAt), ("fixpoint", \.fixpoint),
      ("probe", \.probe),
      ("not-powersafe", \.isNotPowersafe), ("real-signatures", \.realSignatures),
      ("core", \.core), ("check-all", \.checkAll),
    ]
  }
}

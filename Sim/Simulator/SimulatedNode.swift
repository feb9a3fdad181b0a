import CFaultVFS
import Causality
import Changes
import Peering
import Replication
import Store
import Wire

/// The shell of one node: what Node is in production, in virtual time.
final class SimulatedNode {
  let plan: Plan.Node
  /// The schema version of its program, and of the one that it goes on with when it begins again (F34).
  var version: Int
  var nextVersion: Int?
  /// The node's disk in the fault VFS, from 1.
  let disk: Int
  let code: NodeCode
  /// The node that it calls; nil at the top.
  var hub: Int?
  let host: SimulatedHost
  let folder: ReplicaFolder

  /// Nil while the process is down.
  var replica: Replica?
  var challenges: ChallengeBook?
  /// What the process remembers of children and hub.
  var memories: [ReplicaID: ChildMemory] = [:]
  var hint = PeerHint()
  var schedule: LinkSchedule?
  var chance: Chance
  /// Changes with every start of the process: events of an earlier life are dropped.
  var life: UInt64 = 0
  var timer: UInt64 = 0
  var attempts: [UInt64: Int] = [:]
  var forms: [Int: (row: Oracle.Row, form: FormSnapshot)] = [:]
  /// Events wait until then: the disk is slow, or the node stands still.
  var busyUntil: Nanoseconds = 0
  /// The world's wall clock at virtual time zero, milliseconds since 1970.
  var wallStart: UInt64 = 1_767_225_600_000
  /// Numbers of the calls that this node is the hub of, ascending.
  var hubCalls: [Int] = []
  /// Wall clock against the world's.
  var clockOffset = 0
  var clockDrift = 0
  var isDead = false
  /// The wall clock that the conversation at hand began with.
  var wallOfCall: UInt64 = .max
  /// How often its file was opened.
  var opens = 0
  /// What was done to its files: opening them must end in a replica that does not write.
  var trouble: FileTrouble?

  // MARK: what the checkers know of it

  /// People who worked here: sessions of the checkers.
  var sessions: Set<Int> = []
  var lastLog: Int64 = 0
  /// The disk's syncs when its image was checked last.
  var syncsChecked: UInt64 = 0

  init(
    _ plan: Plan.Node, version: Int, disk: Int, code: NodeCode, hub: Int?, seed: UInt64,
    isReal: Bool
  ) {
    self.version = version
    (self.plan, self.disk, self.code, self.hub) = (plan, disk, code, hub)
    host = SimulatedHost(seed: seed, disk: disk, isReal: isReal) { path in
      faultvfs_exists(path) != 0
    }
    folder = ReplicaFolder("/\(disk)")
    chance = Chance(seed, .schedule, UInt64(disk))
  }

  /// The wall clock at a virtual time, milliseconds since 1970.
  func wall(_ now: Nanoseconds) -> UInt64 {
    let elapsed = Int(now / 1_000_000)
    let (drift, _) = (elapsed / 1_000).multipliedReportingOverflow(by: clockDrift)
    return UInt64(max(0, Int(wallStart) + elapsed + clockOffset + drift / 1_000))
  }

  /// A monotonic clock, milliseconds.
  static func monotonic(_ now: Nanoseconds) -> UInt64 { now / 1_000_000 }
}

/// One side of a call: a machine and what it has of the peer's turn.
struct CallSide {
  var machine: any ExchangeMachine
  var actions: ReplicaActions
  var decoder = FrameDecoder()
  var outcome: ExchangeOutcome?
  /// The change sets of the messages of its turn.
  var said: [Dot] = []
}

/// An exchange or a long poll on its way between a child and its hub.
final class Call {
  let number: Int
  let child: Int
  let hub: Int
  let attempt: UInt64
  let isWait: Bool
  /// Lives of the two processes that talk.
  let childLife: UInt64
  var hubLife: UInt64
  var childSide: CallSide?
  var hubSide: CallSide?
  var isOpened = false
  var peer: ReplicaID?
  /// Nothing more arrives.
  var isCut = false
  var messages = 0
  /// Deliveries keep their order, by direction: up, down.
  var lastDelivery: [Nanoseconds] = [0, 0]
  /// The child's turn as said, to be said again (F2).
  var recorded: [[UInt8]] = []
  var isReplay = false
  /// A long poll of a rehearsal that stands without machines.
  var isQuiet = false
  /// Bytes on the line: up, down.
  var wireBytes = [0, 0]
  /// How often the two ends had changed when it began.
  var changesAtStart: (child: UInt64, hub: UInt64) = (0, 0)
  /// Whether the child's file was older than what its hub knew of it when it called.
  var isBehindItself = false

  init(
    number: Int, child: Int, hub: Int, attempt: UInt64, isWait: Bool, childLife: UInt64,
    hubLife: UInt64
  ) {
    self.number = number
    self.child = child
    self.hub = hub
    self.attempt = attempt
    self.isWait = isWait
    self.childLife = childLife
    self.hubLife = hubLife
  }
}

import Causality
import Changes

/// One thing that happened, as the checkers are told of it. Nodes are places in the list of the tree's nodes.
///
/// Source: simulation.md §3.0: what a run did is a history, and a checker is a function of it.
enum Fact {
  /// A node wrote a change set.
  case wrote(node: Int, Written)
  /// A change set came into a node's log; `content` is a hash of header and body, `wall` the node's clock then.
  case applied(node: Int, dot: Dot, content: UInt64, wall: UInt64)
  /// A transaction of the node's file is over.
  case settled(node: Int)
  /// What a node says that it knows of a stream, and the digest of its rows.
  case knows(node: Int, stream: StreamID, known: VersionVector, digest: [UInt8])
  /// What a node shows of a row.
  case shows(node: Int, row: Oracle.Row, view: RowView?)
  /// Rows and groups in a node's inbox.
  case lists(node: Int, conflicts: [Oracle.Row: [GroupID]])
  /// A person at a node read; `session` keeps its meaning wherever the person goes.
  case read(session: Int, node: Int, stream: StreamID, known: VersionVector)
  /// A change set left a node; `proves`: it only waits there, and proves the one of that number, which was applied.
  case sent(from: Int, to: Int, dot: Dot, content: UInt64, proves: UInt64? = nil)
  /// An acknowledgement left a node: what it, what it and all below it, and what the top holds.
  case acknowledged(
    from: Int, to: Int, stream: StreamID, own: VersionVector, held: VersionVector,
    top: VersionVector)
  /// What the worst power cut would leave while a node speaks.
  case durable(node: Int, stream: StreamID, known: VersionVector)
  /// A process came back.
  case restarted(node: Int, stream: StreamID, known: VersionVector)
  /// A disk went back to an older state, or was lost: what it still holds.
  case lost(node: Int, known: [StreamID: VersionVector])
  /// The same message was applied once more: what changed by it.
  case appliedAgain(node: Int, applied: Int, changed: Bool)
  /// Change sets leave a node in one message; `earlier` went in other messages of the same turn.
  case said(from: Int, to: Int, dots: [Dot], earlier: [Dot])
  /// A change set came under a dot that is known at a node, and whether it was refused.
  case offered(node: Int, dot: Dot, content: UInt64, isRefused: Bool)
  /// A person decided between the writes of one group of a row.
  case decided(node: Int, row: Oracle.Row, group: GroupID, between: [StreamDot], by: Dot)
  /// A node opened its file: what had been done to it, whether it stops writing, and what it says of it.
  case opened(node: Int, trouble: FileTrouble?, isStopped: Bool, told: FileTrouble?)
  /// A node goes on with a program of another schema version: whether the file was taken, and what was said if not.
  case program(node: Int, version: UInt32, isTaken: Bool, told: String)
  /// A change set is at another node after that time, on links that work and stand; each of them is busy with it for
  /// `sendingMilliseconds` at most.
  case spread(Dot, to: Int, hops: Int, milliseconds: Int, sendingMilliseconds: Int = 0)
  /// The core agreed so long after the faults ended, and what it may take (L1).
  case agreed(milliseconds: Int, boundMilliseconds: Int)
  /// What a node of the core holds of a stream in the end.
  case holds(FinalState)
  /// The same for a history that is brought together by several routes.
  case delivered(route: Int, FinalState)
  /// A node's files hold bytes of a scope.
  case stores(node: Int, scope: Scope)
  /// A call of a node to its hub failed.
  case failedCall(node: Int, atMilliseconds: Int)
  /// How many own change sets of a stream a node counts, at a hub and at the top among them.
  case counts(node: Int, stream: StreamID, total: UInt64, atHub: UInt64, atTop: UInt64)
  /// A local read or write waited for something outside of the node.
  case blocked(node: Int, what: String)
  /// Milliseconds for which nothing that is missing came, with a usable path.
  case stalled(milliseconds: Int, missing: String)
  /// How many change sets wait at a node, and how many of them are known or could be applied.
  case waits(node: Int, count: Int, ready: Int)
  /// Entries of a node's quarantine.
  case quarantine(node: Int, entries: [String])
  /// `check` of a node's file found something.
  case unsound(node: Int, problem: String)
  /// Something failed that no fault explains.
  case failed(node: Int, what: String)
  /// Change sets that moved in a round after all agreed.
  case movedAfterEnd(count: Int)
  /// What a node holds in the end; `isCore`: whether it is of those that must agree.
  case ended(node: Int, isCore: Bool, known: [StreamID: VersionVector])
  /// Nothing follows.
  case over
}

/// What was done to the files of a node while it was down.
enum FileTrouble: Hashable {
  /// The lease file is gone, its bytes are noise, or it is another node's.
  case leaseMissing, leaseDamaged, leaseOfAnother
  /// The database is an older one.
  case databasePutBack
}

/// A change set as its writer made it.
struct Written {
  let dot: Dot
  let content: UInt64
  /// What it says that its writer knew.
  let context: VersionVector
  let timestamp: HybridTimestamp
  let parts: [Dot]
  let writes: [(row: Oracle.Row, write: Oracle.Write)]
  let marks: [Oracle.Mark]
}

/// A row as a node shows it; nil where it does not live.
struct RowView: Hashable {
  let dots: [GroupID: [StreamDot]]
  let shown: [Value]
}

/// What must be as promised after faults that destroy promises: simulation.md §2 (c).
struct Budget: Hashable {
  /// Nodes whose disks went back or were lost: writes that only they promised may be gone.
  var destroyed: Set<Int> = []
  /// Nodes whose writes are not trusted: hostile, or come back from a copy.
  var untrusted: Set<Int> = []
}

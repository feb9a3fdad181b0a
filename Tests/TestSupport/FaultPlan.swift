/// What goes wrong on one connection through a `FaultProxy`. Bytes are counted per connection and
/// direction from 0.
package struct FaultPlan: Hashable, Sendable {
  /// Which way bytes go.
  package enum Direction: Hashable, Sendable, CaseIterable {
    /// From who connected to the server.
    case up
    /// From the server to who connected.
    case down
  }

  /// How a connection ends when it is cut.
  package enum Ending: Hashable, Sendable {
    /// As if the peer had finished: both sides read to the end.
    case finish
    /// As if the peer had crashed: reset.
    case reset
  }

  private struct Change: Hashable, Sendable {
    let direction: Direction
    let offset: Int
    let mask: UInt8
  }

  private var cuts: [Direction: Int] = [:]
  private var swallowed: Set<Direction> = []
  private var changes: [Change] = []
  /// How a cut connection ends.
  package private(set) var ending = Ending.finish
  /// Milliseconds that each chunk waits before it is passed on.
  package private(set) var delayMilliseconds: UInt64 = 0
  /// Milliseconds without a byte after which what came in a direction is passed on, all at once; 0 passes at once.
  package private(set) var quietMilliseconds: UInt64 = 0

  /// Nothing goes wrong.
  package init() {}

  /// Passes `count` bytes in a direction, then ends the connection; 0 ends it at the first byte.
  package static func cut(_ direction: Direction, after count: Int, _ ending: Ending = .finish)
    -> FaultPlan
  {
    var plan = FaultPlan()
    plan.cuts[direction] = count
    plan.ending = ending
    return plan
  }

  /// Turns the bits of `mask` in one byte.
  package static func corrupt(_ direction: Direction, at offset: Int, mask: UInt8 = 1) -> FaultPlan
  {
    precondition(mask != 0, "a corrupted byte differs")
    var plan = FaultPlan()
    plan.changes = [Change(direction: direction, offset: offset, mask: mask)]
    return plan
  }

  /// Loses every byte of a direction without ending anything: the link works one way.
  package static func swallow(_ direction: Direction) -> FaultPlan {
    var plan = FaultPlan()
    plan.swallowed = [direction]
    return plan
  }

  /// Holds every chunk back.
  package static func delay(milliseconds: UInt64) -> FaultPlan {
    var plan = FaultPlan()
    plan.delayMilliseconds = milliseconds
    return plan
  }

  /// Holds what comes until the sender has been quiet so long, as a proxy does that buffers whole bodies.
  package static func buffer(untilQuietFor milliseconds: UInt64) -> FaultPlan {
    var plan = FaultPlan()
    plan.quietMilliseconds = milliseconds
    return plan
  }

  /// This plan and another at once; cuts and delays of the other stand.
  package func and(_ other: FaultPlan) -> FaultPlan {
    var plan = self
    plan.cuts.merge(other.cuts) { $1 }
    plan.changes += other.changes
    plan.swallowed.formUnion(other.swallowed)
    if !other.cuts.isEmpty { plan.ending = other.ending }
    if other.quietMilliseconds > 0 { plan.quietMilliseconds = other.quietMilliseconds }
    if other.delayMilliseconds > 0 { plan.delayMilliseconds = other.delayMilliseconds }
    return plan
  }

  /// What is left of a chunk that starts at an offset, and whether the connection ends after it.
  func apply(to chunk: [UInt8], at offset: Int, _ direction: Direction) -> (
    bytes: [UInt8], isCut: Bool
  ) {
    if swallowed.contains(direction) { return ([], false) }
    var bytes = chunk
    for change in changes
    where change.direction == direction && change.offset >= offset
      && change.offset < offset + chunk.count
    {
      bytes[change.offset - offset] ^= change.mask
    }
    guard let end = cuts[direction], end <= offset + chunk.count else { return (bytes, false) }
    return (Array(bytes.prefix(max(0, end - offset))), true)
  }
}

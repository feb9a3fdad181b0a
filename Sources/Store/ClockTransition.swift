internal import Causality
internal import Changes

/// What an update in the fast form makes of one row clock: the clock after it, how that is stored, and what
/// the row's hash and before-image take from it.
final class ClockTransition {
  /// The clock after the update.
  let clock: RowClock
  /// `clock.packedEntries`.
  let packed: [UInt8]
  /// The distinct dots after the update, ascending.
  let dots: [StreamDot]
  /// Per register: its dot's place in `dots`; meaningless for registers that are not in `registers`.
  let dotIndexes: [Int]
  /// The registers that have a dot after the update.
  let registers: UInt64
  /// The before-image's dots: the list of each register that the update replaces; empty for remote updates.
  let beforeIndexes: [UInt32]
  /// Whether the row's existence was last written by an update.
  let existenceWasUpdated: Bool

  /// From the clock before the update, which can be replaced.
  init(
    _ old: RowClock, _ plan: BlockPlan, _ write: ChangeWrite, _ dots: DotTable,
    _ statements: StatementCache, _ before: BeforeImages?
  ) throws(StoreError) {
    existenceWasUpdated = old.existenceIsUpdate
    beforeIndexes = try before?.indexes(old, plan.layout, dots, statements) ?? []
    var clock = old
    clock.replace(plan.registers, with: write.info.log)
    clock.existenceIsUpdate = true
    self.clock = clock
    packed = clock.packedEntries ?? []
    let base = try dots.info(clock.base, statements)
    let ofBase = plan.layout.registers(at: base.schemaVersion) & ~clock.named
    var owners: [(dot: StreamDot, registers: UInt64)] = ofBase == 0 ? [] : [(base.dot, ofBase)]
    for entry in clock.entries where entry.log != 0 {
      owners.append((try dots.info(entry.log, statements).dot, entry.registers))
    }
    owners.sort { $0.dot < $1.dot }
    self.dots = owners.map(\.dot)
    registers = owners.reduce(0) { $0 | $1.registers }
    dotIndexes = plan.layout.columnsOfRegister.indices.map { register in
      owners.firstIndex { $0.registers & 1 << UInt64(register) != 0 } ?? 0
    }
  }
}

/// The transitions of one block's update by the clocks before it. Rows that were written together have equal
/// clocks, so that most rows find theirs made.
final class ClockTransitions {
  private struct Known {
    let base: Int64
    let packed: [UInt8]
    /// Nil when the row needs the general form.
    let transition: ClockTransition?
  }

  private let plan: BlockPlan
  private let write: ChangeWrite
  private let dots: DotTable
  private let statements: StatementCache
  private let before: BeforeImages?
  private var known: [Known] = []
  private var last = 0
  private static let bound = 16

  init(
    _ plan: BlockPlan, _ write: ChangeWrite, _ dots: DotTable, _ statements: StatementCache,
    _ before: BeforeImages?
  ) {
    (self.plan, self.write, self.dots) = (plan, write, dots)
    (self.statements, self.before) = (statements, before)
  }

  /// The transition of a row with this stored clock; nil when the row needs the general form.
  func transition(
    base: Int64, packed: UnsafeRawBufferPointer
  ) throws(StoreError) -> ClockTransition? {
    if let index = index(base, packed) { return known[index].transition }
    let clock = try RowClock(base: base, packed: packed)
    var transition: ClockTransition?
    if try isReplaceable(clock) {
      transition = try ClockTransition(clock, plan, write, dots, statements, before)
    }
    let entry = Known(base: base, packed: Array(packed), transition: transition)
    if known.count < Self.bound {
      known.append(entry)
    } else {
      last = (last + 1) % Self.bound
      known[last] = entry
    }
    return transition
  }

  private func index(_ base: Int64, _ packed: UnsafeRawBufferPointer) -> Int? {
    for index in known.indices where known[index].base == base {
      let isEqual = known[index].packed.withUnsafeBytes { bytes in
        guard bytes.count == packed.count else { return false }
        for place in 0..<bytes.count where bytes[place] != packed[place] { return false }
        return true
      }
      if isEqual { return index }
    }
    return nil
  }

  private func isReplaceable(_ clock: RowClock) throws(StoreError) -> Bool {
    if clock.hasStoredRegisters { return false }
    // A row that this transaction has written before is coalesced in the general form.
    if write.isLocal, clock.existenceLog == write.info.log { return false }
    if plan.registers & ~clock.named != 0,
      try !write.covers(clock.base, dots, statements)
    {
      return false
    }
    for entry in clock.entries where entry.registers & plan.registers != 0 && entry.log != 0 {
      guard try write.covers(entry.log, dots, statements) else { return false }
    }
    return true
  }
}

import Causality
import Changes
import Merge

/// One register on a bench: writes by name, so that a test reads like the rule that it checks.
struct Bench {
  static let county = Stage.replica(530_102)
  static let terminal = Stage.replica(530_102, terminal: 1)
  static let prefecture = Stage.replica(530_100)
  static let province = Stage.replica(530_000)

  let policy: RegisterPolicy
  var register = Register()

  init(_ policy: Policy) { self.policy = .columns(policy) }
  init(_ policy: ExistencePolicy) { self.policy = .existence(policy) }

  static func name(_ replica: ReplicaID, _ number: UInt64) -> StreamDot {
    StreamDot(replica: replica, number: number)
  }

  static func dot(_ replica: ReplicaID, _ number: UInt64) -> Dot {
    Dot(stream: Stage.stream, replica: replica, number: number)
  }

  static func context(
    _ replica: ReplicaID, _ number: UInt64, knows: [StreamDot] = []
  ) -> WriteContext {
    var known = VersionVector()
    for name in knows { known[name.replica] = name.number }
    return WriteContext(dot: dot(replica, number), known: known)
  }

  static func write(
    _ replica: ReplicaID, _ number: UInt64, _ value: RegisterValue, at milliseconds: UInt64 = 0,
    kind: OperationKind = .update, over: [StreamDot]? = nil, hadValue: Bool = false,
    isSuspect: Bool = false, copyOf origin: Dot? = nil
  ) -> RegisterWrite {
    RegisterWrite(
      kind: kind,
      origin: WriteOrigin(
        dot: origin ?? dot(replica, number),
        timestamp: HybridTimestamp(milliseconds: milliseconds),
        tier: Stage.tier(origin?.replica ?? replica)),
      value: value, over: over, hadValue: hadValue, isSuspect: isSuspect)
  }

  /// Merges a write; `knows` is the context without the writer's own entry.
  @discardableResult
  mutating func put(
    _ replica: ReplicaID, _ number: UInt64, _ value: RegisterValue, at milliseconds: UInt64 = 0,
    knows: [StreamDot] = [], kind: OperationKind = .update, over: [StreamDot]? = nil,
    hadValue: Bool = false, isSuspect: Bool = false, copyOf origin: Dot? = nil
  ) -> MergeOutcome {
    let write = Self.write(
      replica, number, value, at: milliseconds, kind: kind, over: over, hadValue: hadValue,
      isSuspect: isSuspect, copyOf: origin)
    return register.merge(write, Self.context(replica, number, knows: knows), policy)
  }

  var shown: [Value]? { register.shownColumns(policy) }
  var conflict: Conflict? { register.conflict(policy) }
  var dots: [Dot] { register.dots.map(\.dot) }
}

extension RegisterValue {
  static func number(_ number: Int64) -> RegisterValue { .columns([.integer(number)]) }
}

extension [Value] {
  static func number(_ number: Int64) -> [Value] { [.integer(number)] }
}

package import Causality
import Changes
import Wire

/// What the schedule asks its shell to do. Nothing has an answer; what ends is told with its attempt.
package enum LinkAction: Hashable, Sendable {
  /// Call that parent for an exchange; tell its outcome with `exchangeEnded`.
  case startExchange(NodeCode, attempt: UInt64)
  /// Open a long poll to that parent; tell its outcome with `waitEnded`.
  case startWait(NodeCode, attempt: UInt64)
  /// Close the link of that attempt. Its outcome is ignored.
  case cancel(attempt: UInt64)
  /// Call `timerFired` at that monotonic time; replaces the timer before.
  case setTimer(atMilliseconds: UInt64)
}

/// When a child calls which parent: one link at a time, no storm.
///
/// Source: Protocol/6-Sessions §10. Parents stand in order of preference: the next one is called when
/// those before failed `Limits.failOverAfterFailures` times in a row, and the first that answers again is
/// returned to. Times are monotonic milliseconds and never go back.
package struct LinkSchedule: Sendable {
  private enum Activity: Sendable {
    case idle
    case exchanging(Running)
    case waiting(Running)
  }

  /// A link that is open.
  private struct Running: Sendable {
    let parent: Int
    let attempt: UInt64
    let sinceMilliseconds: UInt64
    /// A local change that this exchange is to carry: it is due again when it fails.
    let carriesLocalChange: Bool
  }

  private struct Parent: Sendable {
    let node: NodeCode
    var backOff = BackOff()
    var waitBackOff: BackOff
    /// No exchange before this time.
    var notBefore: UInt64 = 0
    /// No long poll before this time.
    var waitNotBefore: UInt64 = 0
    var isChallenged = false

    var isDown: Bool { backOff.failures >= Limits.failOverAfterFailures }
  }

  private var parents: [Parent]
  private var activity = Activity.idle
  private var attempt: UInt64 = 0
  /// The parent of the last exchange that came to its end, while it is up.
  private var lastCompleted: Int?
  private var hasLocalChange = false
  private var wantsAnother = false
  private var inARow: UInt32 = 0
  private var lastStart: UInt64?
  private var safetyDue: UInt64 = 0
  private var acknowledgeDue: UInt64?
  private var armed: UInt64?

  /// Parents in order of preference, 1…`Limits.parentsPerNode`. `pollMilliseconds`: the longest pause after
  /// failed long polls.
  package init(parents: [NodeCode], pollMilliseconds: UInt64 = Limits.pollMilliseconds) {
    precondition((1...Limits.parentsPerNode).contains(parents.count), "a child has parents")
    let waits = BackOff(
      firstMilliseconds: min(Limits.backOffFirstMilliseconds, pollMilliseconds),
      longestMilliseconds: pollMilliseconds)
    self.parents = parents.map { Parent(node: $0, waitBackOff: waits) }
  }

  /// The parent that is called now: the first that is not down; nil when all are.
  package var currentParent: NodeCode? { current.map { parents[$0].node } }

  /// Begins: the first exchange is due.
  package mutating func start(
    atMilliseconds now: UInt64, using generator: inout some RandomNumberGenerator
  ) -> [LinkAction] {
    precondition(attempt == 0, "a schedule starts once")
    safetyDue = now + BackOff.jitter(Limits.safetyExchangeMilliseconds, &generator)
    return proceed(now)
  }

  /// A change was made here, or came from a child: it goes up at once.
  package mutating func localChange(atMilliseconds now: UInt64) -> [LinkAction] {
    hasLocalChange = true
    return proceed(now)
  }

  /// An acknowledgement changed here: it goes up soon.
  package mutating func acknowledgementChanged(atMilliseconds now: UInt64) -> [LinkAction] {
    acknowledgeLater(now)
    return proceed(now)
  }

  /// The time of the last `.setTimer` is reached. An early call does no harm.
  package mutating func timerFired(
    atMilliseconds now: UInt64, using generator: inout some RandomNumberGenerator
  ) -> [LinkAction] {
    armed = nil
    guard let running, now >= deadline(running) else { return proceed(now) }
    let cancel = LinkAction.cancel(attempt: running.attempt)
    let lost = ExchangeOutcome(result: .failed(.linkEnded), peer: nil)
    if case .exchanging = activity {
      return [cancel]
        + exchangeEnded(
          attempt: running.attempt, lost, atMilliseconds: now, using: &generator)
    }
    return [cancel]
      + waitEnded(attempt: running.attempt, lost, atMilliseconds: now, using: &generator)
  }

  /// An exchange came to its end, well or not.
  package mutating func exchangeEnded(
    attempt: UInt64, _ outcome: ExchangeOutcome, atMilliseconds now: UInt64,
    using generator: inout some RandomNumberGenerator
  ) -> [LinkAction] {
    guard case .exchanging(let running) = activity, running.attempt == attempt else { return [] }
    activity = .idle
    switch outcome.result {
    case .complete: complete(running, outcome, now, &generator)
    case .challenged where !parents[running.parent].isChallenged:
      parents[running.parent].isChallenged = true
      if running.carriesLocalChange { hasLocalChange = true }
      wantsAnother = true
    case .challenged: fail(running, nil, now, &generator)
    case .failed(let error): fail(running, error, now, &generator)
    }
    return proceed(now)
  }

  /// A long poll came to its end: with news (`differs`), without, or failed.
  package mutating func waitEnded(
    attempt: UInt64, _ outcome: ExchangeOutcome, atMilliseconds now: UInt64,
    using generator: inout some RandomNumberGenerator
  ) -> [LinkAction] {
    guard case .waiting(let running) = activity, running.attempt == attempt else { return [] }
    activity = .idle
    let lasted = now - min(now, running.sinceMilliseconds)
    let isShort = lasted < Limits.shortestWaitMilliseconds
    switch outcome.result {
    case .complete where outcome.differs: wantsAnother = true
    case .complete where !isShort: parents[running.parent].waitBackOff.succeed()
    default:
      // Not answered as it should be: pause, then see by an exchange whether the link is up.
      let pause = parents[running.parent].waitBackOff.fail(using: &generator)
      parents[running.parent].waitNotBefore = now + pause
      safetyDue = min(safetyDue, now + pause)
      if case .failed(let error) = outcome.result {
        let asked = askedPause(error, &generator)
        parents[running.parent].notBefore = max(parents[running.parent].notBefore, now + asked)
      }
    }
    return proceed(now)
  }

  // MARK: Outcomes

  private mutating func complete(
    _ running: Running, _ outcome: ExchangeOutcome, _ now: UInt64,
    _ generator: inout some RandomNumberGenerator
  ) {
    let index = running.parent
    parents[index].backOff.succeed()
    parents[index].isChallenged = false
    lastCompleted = index
    wantsAnother = outcome.differs && outcome.moved
    inARow = wantsAnother ? inARow + 1 : 0
    safetyDue = now + BackOff.jitter(Limits.safetyExchangeMilliseconds, &generator)
    if outcome.applied > 0 { acknowledgeLater(now) }
    if outcome.moved {
      parents[index].waitBackOff.succeed()
    } else if outcome.differs {
      // The hub has news that cannot move: do not ask for them again and again.
      parents[index].waitNotBefore = now + parents[index].waitBackOff.fail(using: &generator)
    }
    if inARow >= Limits.exchangesInARow {
      inARow = Limits.exchangesInARow
      parents[index].notBefore = now + BackOff.jitter(Limits.backOffFirstMilliseconds, &generator)
    }
  }

  private mutating func fail(
    _ running: Running, _ error: ReplicationError?, _ now: UInt64,
    _ generator: inout some RandomNumberGenerator
  ) {
    let index = running.parent
    if running.carriesLocalChange { hasLocalChange = true }
    if lastCompleted == index { lastCompleted = nil }
    wantsAnother = false
    parents[index].isChallenged = false
    let pause =
      error?.isLasting ?? false
      ? parents[index].backOff.failForLong(using: &generator)
      : parents[index].backOff.fail(using: &generator)
    let asked = error.map { askedPause($0, &generator) } ?? 0
    parents[index].notBefore = now + max(pause, asked)
  }

  /// What the peer, or the disk here, asks for, within bounds, and some jitter.
  private func askedPause(
    _ error: ReplicationError, _ generator: inout some RandomNumberGenerator
  ) -> UInt64 {
    let asked = min(error.retryAfterMilliseconds, Limits.retryAfterLongestMilliseconds)
    return asked == 0 ? 0 : asked + BackOff.jitter(asked, &generator) / 4
  }

  private mutating func acknowledgeLater(_ now: UInt64) {
    let due = now + Limits.acknowledgeWithinMilliseconds
    acknowledgeDue = min(acknowledgeDue ?? due, due)
  }

  // MARK: Decisions

  private var current: Int? { parents.firstIndex { !$0.isDown } }

  private var running: Running? {
    switch activity {
    case .idle: nil
    case .exchanging(let running), .waiting(let running): running
    }
  }

  private func deadline(_ running: Running) -> UInt64 {
    if case .exchanging = activity {
      return running.sinceMilliseconds + Limits.exchangeLongestMilliseconds
    }
    return running.sinceMilliseconds + Limits.waitLongestMilliseconds
  }

  private mutating func proceed(_ now: UInt64) -> [LinkAction] {
    if case .exchanging(let running) = activity { return arm(deadline(running)) }
    var actions: [LinkAction] = []
    let due = exchangesDue()
    if let next = due.filter({ $0.time <= now }).min(by: { $0.parent < $1.parent }) {
      if case .waiting(let running) = activity {
        actions.append(.cancel(attempt: running.attempt))
      }
      return actions + startExchange(next.parent, now)
    }
    var timer = due.map(\.time).min()
    if case .idle = activity, let current {
      let waitTime = max(parents[current].waitNotBefore, parents[current].notBefore)
      let isBusy = timer.map { $0 <= now + Limits.exchangeGapMilliseconds } ?? false
      if waitTime <= now && !isBusy {
        actions.append(startWait(current, now))
      } else if waitTime > now {
        timer = min(timer ?? waitTime, waitTime)
      }
    }
    if let running {
      timer = min(timer ?? deadline(running), deadline(running))
    }
    return actions + (timer.map { arm($0) } ?? [])
  }

  /// Which parents are to be called for an exchange, and from when.
  private func exchangesDue() -> [(parent: Int, time: UInt64)] {
    let current = current
    // Parents that are down and preferred, or all when all are down, are tried again.
    var due = parents.indices.prefix(current ?? parents.count)
      .map { (parent: $0, time: parents[$0].notBefore) }
    guard let current else { return due }
    var time = min(safetyDue, acknowledgeDue ?? safetyDue)
    if wantsAnother || lastCompleted != current { time = 0 }
    if hasLocalChange {
      time = min(time, lastStart.map { $0 + Limits.exchangeGapMilliseconds } ?? 0)
    }
    due.append((current, max(time, parents[current].notBefore)))
    return due
  }

  private mutating func startExchange(_ parent: Int, _ now: UInt64) -> [LinkAction] {
    attempt += 1
    let running = Running(
      parent: parent, attempt: attempt, sinceMilliseconds: now,
      carriesLocalChange: hasLocalChange)
    activity = .exchanging(running)
    lastStart = now
    (hasLocalChange, wantsAnother, acknowledgeDue) = (false, false, nil)
    return [.startExchange(parents[parent].node, attempt: attempt)] + arm(deadline(running))
  }

  private mutating func startWait(_ parent: Int, _ now: UInt64) -> LinkAction {
    attempt += 1
    activity = .waiting(
      Running(
        parent: parent, attempt: attempt, sinceMilliseconds: now, carriesLocalChange: false))
    return .startWait(parents[parent].node, attempt: attempt)
  }

  private mutating func arm(_ time: UInt64) -> [LinkAction] {
    if armed == time { return [] }
    armed = time
    return [.setTimer(atMilliseconds: time)]
  }
}

extension ReplicationError {
  /// Whether only people can cure it.
  var isLasting: Bool {
    switch self {
    case .refused(let error), .violated(let error):
      switch error.code {
      case .versionMismatch, .unknownReplica, .retiredReplica, .notAdmitted: true
      default: false
      }
    case .identityLost: true
    default: false
    }
  }

  /// What the peer, or the disk here, asks for.
  var retryAfterMilliseconds: UInt64 {
    switch self {
    case .refused(let error): error.retryAfterMilliseconds
    case .notReady(let milliseconds), .hubBusy(let milliseconds): milliseconds
    default: 0
    }
  }
}

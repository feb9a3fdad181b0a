package import Causality
internal import Changes
package import Logging
internal import Replication
internal import ServiceLifecycle
package import Transport
internal import Wire

/// Calls the parents: performs what `LinkSchedule` asks for, over HTTP. Source: Protocol/6-Sessions §10.
package struct ParentLink: Service {
  private let engine: NodeEngine
  private let parents: [ParentAddress]
  private let hub: NodeCode
  private let pollMilliseconds: UInt64
  private let caller: ParentCaller
  private let logger: Logger
  private let clock = MonotonicClock()

  private enum Event: Sendable {
    case changed(NodeEngine.Change)
    case timer
    case ended(attempt: UInt64, isWait: Bool, ParentCaller.Call, ParentAddress)
  }

  /// `hub`: the node above this one; other addresses serve the same scopes, further up.
  package init(
    engine: NodeEngine, parents: [ParentAddress], hub: NodeCode, timeouts: SyncClient.Timeouts,
    pollMilliseconds: UInt64, logger: Logger
  ) {
    self.engine = engine
    self.pollMilliseconds = pollMilliseconds
    self.parents = parents
    self.hub = hub
    self.logger = logger
    caller = ParentCaller(
      engine: engine, client: SyncClient(timeouts: timeouts), hub: hub, logger: logger)
  }

  /// Runs until the service group stops.
  package func run() async throws {
    // Addresses are told apart by terminal numbers: the schedule knows places, not URLs.
    let places = parents.indices.compactMap {
      NodeCode(division: hub.division, terminal: UInt16($0))
    }
    guard !places.isEmpty else { return }
    let (events, continuation) = AsyncStream<Event>.makeStream(
      bufferingPolicy: .bufferingOldest(4_096))
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        let changes = await engine.changes()
        group.addTask {
          for await change in changes { continuation.yield(.changed(change)) }
        }
        await withTaskCancellationHandler {
          await drive(places, events, continuation)
        } onCancel: {
          continuation.finish()
        }
        group.cancelAll()
      }
    }
  }

  /// Performs what the schedule asks for until the events end.
  private func drive(
    _ places: [NodeCode], _ events: AsyncStream<Event>,
    _ continuation: AsyncStream<Event>.Continuation
  ) async {
    var schedule = LinkSchedule(parents: places, pollMilliseconds: pollMilliseconds)
    var random = SystemRandomNumberGenerator()
    var running: [UInt64: Task<Void, Never>] = [:]
    var timer: Task<Void, Never>?
    func perform(_ actions: [LinkAction]) {
      for action in actions {
        switch action {
        case .startExchange(let place, let attempt):
          running[attempt] = start(place, attempt, isWait: false, continuation)
        case .startWait(let place, let attempt):
          running[attempt] = start(place, attempt, isWait: true, continuation)
        case .cancel(let attempt): running[attempt]?.cancel()
        case .setTimer(let at):
          timer?.cancel()
          timer = startTimer(at, continuation)
        }
      }
    }
    perform(schedule.start(atMilliseconds: clock.milliseconds, using: &random))
    for await event in events {
      if case .ended(let attempt, _, _, _) = event { running[attempt] = nil }
      perform(handle(event, &schedule, &random))
    }
    timer?.cancel()
    for task in running.values { task.cancel() }
    // What they note comes before the replica is closed.
    for task in running.values { await task.value }
  }

  private func startTimer(
    _ at: UInt64, _ events: AsyncStream<Event>.Continuation
  ) -> Task<Void, Never> {
    Task {
      let pause = clock.pause(until: at)
      // Cancellation means that a later timer took its place.
      guard (try? await Task.sleep(for: .milliseconds(pause))) != nil else { return }
      events.yield(.timer)
    }
  }

  private func handle(
    _ event: Event, _ schedule: inout LinkSchedule, _ random: inout SystemRandomNumberGenerator
  ) -> [LinkAction] {
    switch event {
    case .changed(let change):
      var actions: [LinkAction] = []
      if !change.advanced.isEmpty {
        actions += schedule.localChange(atMilliseconds: clock.milliseconds)
      }
      if !change.acknowledged.isEmpty {
        actions += schedule.acknowledgementChanged(atMilliseconds: clock.milliseconds)
      }
      return actions
    case .timer: return schedule.timerFired(atMilliseconds: clock.milliseconds, using: &random)
    case .ended(let attempt, let isWait, let call, let parent):
      let outcome = call.outcome
      if let problem = call.problem {
        // A long poll that is given up for an exchange is no news.
        logger.log(
          level: isWait ? .debug : .notice, "exchange failed",
          metadata: ["parent": "\(parent)", "error": "\(problem)"])
      }
      return isWait
        ? schedule.waitEnded(
          attempt: attempt, outcome, atMilliseconds: clock.milliseconds, using: &random)
        : schedule.exchangeEnded(
          attempt: attempt, outcome, atMilliseconds: clock.milliseconds, using: &random)
    }
  }

  private func start(
    _ place: NodeCode, _ attempt: UInt64, isWait: Bool,
    _ events: AsyncStream<Event>.Continuation
  ) -> Task<Void, Never> {
    let address = parents[Int(place.terminal)]
    return Task {
      let call =
        isWait ? await caller.wait(with: address) : await caller.exchange(with: address)
      events.yield(.ended(attempt: attempt, isWait: isWait, call, address))
    }
  }
}

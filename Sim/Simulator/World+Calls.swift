import CFaultVFS
import Causality
import Changes
import Peering
import Replication
import Store
import Wire

/// Exchanges and long polls: what Talk, ParentCaller and HubHandler are in production.
extension World {
  func startCall(_ index: Int, _ attempt: UInt64, isWait: Bool) {
    let node = nodes[index]
    guard let replica = node.replica, let challenges = node.challenges, let hub = node.hub
    else { return }
    if isWait, startQuietPoll(index, hub, attempt) { return }
    nextCall += 1
    let call = Call(
      number: nextCall, child: index, hub: hub, attempt: attempt, isWait: isWait,
      childLife: node.life, hubLife: nodes[hub].life)
    verdict.count(isWait ? .waits : .exchanges)
    trace.add(2, UInt64(nextCall), UInt64(index))
    node.attempts[attempt] = nextCall
    call.isBehindItself = isBehindItself(index)
    if let rehearsed {
      call.changesAtStart = (rehearsed.changes[index], rehearsed.hubChanges[index])
    }
    do {
      // A replica that stopped writing takes and gives nothing, as in NodeEngine.
      if let reason = replica.stopReason { throw StoreError.writingStopped(reason) }
      let context = try context(replica, node)
      let shared = replica.streams(sharedWith: nodes[hub].code)
      let machine: any ExchangeMachine
      if isWait {
        guard node.hint.hasContact else {
          return end(call, ExchangeOutcome(result: .failed(.linkEnded), peer: nil))
        }
        machine = ChildWait(context: context, shared: shared, hint: node.hint)
      } else {
        machine = ChildExchange(context: context, shared: shared, hint: node.hint)
      }
      call.childSide = CallSide(
        machine: machine,
        actions: ReplicaActions(
          replica, challenges: challenges,
          conversation: Conversation(isHub: false, wallMilliseconds: node.wall(now))))
    } catch {
      return giveUp(call, error)
    }
    insert(call)
    drain(call, isHub: false)
  }

  /// As in production, or with turns and frames so small that everything takes many (F43).
  private func context(
    _ replica: Replica, _ node: SimulatedNode
  ) throws(StoreError) -> ExchangeContext {
    let usual = try replica.exchangeContext(wallMilliseconds: node.wall(now))
    let options = plan.options
    guard options.turnBytes > 0, options.frameBytes > 0, !isHealed else { return usual }
    verdict.count(.buggify)
    return ExchangeContext(
      replica: usual.replica, protocolVersions: usual.protocolVersions,
      schemaVersion: usual.schemaVersion, quarantineCount: usual.quarantineCount,
      wallMilliseconds: usual.wallMilliseconds, turnBytes: options.turnBytes,
      frameBytes: options.frameBytes)
  }

  /// What comes under a dot that is known here with another content.
  private func forks(
    in action: ExchangeAction, _ index: Int
  ) -> [(dot: Dot, content: UInt64)] {
    guard case .apply(let message, _) = action, !checkers.budget.untrusted.contains(index) else {
      return []
    }
    return message.changeSets.compactMap { set in
      guard checkers.known(index, set.dot.stream).contains(set.dot.replica, set.dot.number),
        let known = checkers.content(of: set.dot),
        // What does not decode is refused for that.
        let content = try? Self.content(set), (try? ChangeSetCodec.decodeHeader(set.header)) != nil
      else { return nil }
      return content != known ? (set.dot, content) : nil
    }
  }

  /// Applies a message once more: that takes nothing and changes nothing (S9). Where somebody lies each is, since
  /// what a lie keeps out of one message comes with the next.
  private func applyAgain(
    _ action: ExchangeAction, _ side: CallSide, _ index: Int, _ call: Call
  ) throws(StoreError) {
    guard case .apply = action, let replica = nodes[index].replica else { return }
    var chance = Chance(plan.seed, .fate, UInt64(call.number), 2_000_000 + UInt64(call.messages))
    guard plan.options.hostile > 0 || chance.happens(perMillion: plan.options.applyAgain) else {
      return
    }
    verdict.count(.appliedAgain)
    func summaries() throws(StoreError) -> [StreamSummary] {
      try undisturbed(index) { () throws(StoreError) in
        try replica.summaries(of: replica.streams)
      }
    }
    let before = try summaries()
    var copy = side.actions
    let answer = try copy.perform(action)
    let after = try summaries()
    var applied = 0
    if case .applied(let report) = answer { applied = report.applied }
    note(
      .appliedAgain(
        node: index, applied: applied,
        changed: before != after))
  }

  /// The replica's own trouble: the link is given up, as ParentCaller does.
  private func giveUp(_ call: Call, _ error: any Error) {
    trouble(call.child, error, "exchange")
    settle(call.child)
    end(
      call,
      ExchangeOutcome(
        result: .failed(.notReady(retryAfterMilliseconds: Limits.backOffLongestMilliseconds)),
        peer: nil))
  }

  /// Tells the schedule how a call went.
  private func end(_ call: Call, _ outcome: ExchangeOutcome) {
    let node = nodes[call.child]
    call.childSide = nil
    guard node.life == call.childLife else { return }
    node.attempts[call.attempt] = nil
    if case .complete = outcome.result, !call.isWait, call.isBehindItself,
      isBehindItself(call.child)
    {
      violate("S8", "node \(node.plan.division) was put back, spoke with its hub and writes on")
    }
    if case .failed = outcome.result {
      note(.failedCall(node: call.child, atMilliseconds: Int(now / 1_000_000)))
    }
    let time = SimulatedNode.monotonic(now)
    let actions =
      call.isWait
      ? node.schedule?.waitEnded(
        attempt: call.attempt, outcome, atMilliseconds: time, using: &node.chance)
      : node.schedule?.exchangeEnded(
        attempt: call.attempt, outcome, atMilliseconds: time, using: &node.chance)
    perform(actions ?? [], at: call.child)
  }

  /// Performs what one side's machine asks for until it waits or is finished.
  func drain(_ call: Call, isHub: Bool) {
    let index = isHub ? call.hub : call.child
    guard var side = isHub ? call.hubSide : call.childSide, let replica = nodes[index].replica
    else { return }
    nodes[index].wallOfCall = side.actions.conversation.wallMilliseconds
    var frames: [UInt8] = []
    do {
      while let action = side.machine.next() {
        switch action {
        case .send(let honest):
          let message = spoiled(honest, call, isHub: isHub)
          checkSent(
            message, from: index, to: isHub ? call.child : call.hub, earlier: side.said)
          if case .changes(let changes) = message { side.said += changes.changeSets.map(\.dot) }
          let frame = FrameCodec.encode(message)
          note(frame, of: message.kind, at: verdict[.bytes] + frames.count)
          frames += frame
          if frames.count > 65_536 {
            send(call, isUp: !isHub, frames)
            frames = []
          }
        case .setTimer(let milliseconds):
          queue.push(.waitOver(call: call.number), at: now + milliseconds * 1_000_000)
        case .finish(let outcome): side.outcome = outcome
        case .raise(let alarm):
          heard(alarm, at: index)
          try replica.heed(alarm, from: side.actions.conversation.peer)
        default:
          let forks = forks(in: action, index)
          let answer = try side.actions.perform(action)
          if case .applied(let report)? = answer {
            for fork in forks {
              note(
                .offered(
                  node: index, dot: fork.dot, content: fork.content,
                  isRefused: report.rejections.contains { $0.dot == fork.dot }))
            }
          }
          try applyAgain(action, side, index, call)
          tell(index, side.actions.takeChanged())
          if let answer { side.machine.answer(answer) }
        }
      }
    } catch {
      put(nil, call, isHub: isHub)
      if !isHub { return giveUp(call, error) }
      trouble(index, error, "exchange as hub")
      settle(index)
      queue.push(.linkEnded(call: call.number, isHub: false), at: now + .milliseconds(20))
      return
    }
    put(side, call, isHub: isHub)
    settle(index)
    guard nodes[index].replica != nil else { return }
    if !frames.isEmpty { send(call, isUp: !isHub, frames) }
    if side.outcome != nil { closeSide(call, side, isHub: isHub) }
  }

  private func put(_ side: CallSide?, _ call: Call, isHub: Bool) {
    if isHub { call.hubSide = side } else { call.childSide = side }
  }

  func tell(_ index: Int, _ changed: (advanced: [StreamID], acknowledged: [StreamID])) {
    guard !changed.advanced.isEmpty || !changed.acknowledged.isEmpty else { return }
    if !changed.advanced.isEmpty { inspect(index) }
    queue.push(
      .changed(
        node: index, life: nodes[index].life, advanced: changed.advanced,
        acknowledged: changed.acknowledged), at: now)
  }

  private func closeSide(_ call: Call, _ side: CallSide, isHub: Bool) {
    guard let outcome = side.outcome else { return }
    if isHub {
      if let exchange = side.machine as? HubExchange, let peer = call.peer {
        nodes[call.hub].memories[peer] = exchange.memory
      }
      call.hubSide = nil
      return
    }
    if let exchange = side.machine as? ChildExchange { nodes[call.child].hint = exchange.hint }
    if let wait = side.machine as? ChildWait { nodes[call.child].hint = wait.hint }
    verdict.count(.applied, outcome.applied)
    keepQuiet(call, outcome)
    end(call, outcome)
    // Nothing is left to be ended.
    if rehearsed != nil, call.hubSide == nil, call.isOpened { return remove(call.number) }
    if call.hubSide != nil || !call.isCut {
      queue.push(.linkEnded(call: call.number, isHub: true), at: now + .milliseconds(200_000))
    }
  }

  // MARK: hearing

  func deliver(_ number: Int, isUp: Bool, _ bytes: [UInt8], _ event: Event) {
    guard let call = calls[number], !call.isCut || bytes.isEmpty else { return }
    let index = isUp ? call.hub : call.child
    guard nodes[index].replica != nil else { return lose(call) }
    if rehearsed != nil, isBlocked(call, isUp: isUp) { return lose(call) }
    if isBusy(index, event) { return }
    trace.add(3, UInt64(number), UInt64(bytes.count))
    trace.add(bytes)
    if isUp, call.hubSide == nil, !openHub(call, bytes) { return }
    guard var side = isUp ? call.hubSide : call.childSide else { return }
    side.decoder.append(bytes)
    put(side, call, isHub: isUp)
    while var side = isUp ? call.hubSide : call.childSide, side.outcome == nil {
      do {
        guard let message = try side.decoder.next() else { return }
        side.machine.receive(message, wallMilliseconds: nodes[index].wall(now))
      } catch {
        var code = ProtocolErrorCode.malformedFrame
        if case .limitExceeded = error { code = .limitExceeded }
        side.machine.reject(code, subject: "\(error)")
      }
      put(side, call, isHub: isUp)
      drain(call, isHub: isUp)
    }
  }

  /// Makes the hub's machine once the child's first frame is whole.
  private func openHub(_ call: Call, _ bytes: [UInt8]) -> Bool {
    let node = nodes[call.hub]
    guard let replica = node.replica, let challenges = node.challenges, !call.isOpened
    else { return false }
    call.isOpened = true
    var decoder = FrameDecoder()
    decoder.append(bytes)
    // The machine is told of what is no frame when it reads the same bytes.
    if case .hello(let hello)? = try? decoder.next() { call.peer = hello.replica }
    let memory = call.peer.flatMap { node.memories[$0] } ?? ChildMemory()
    do {
      if let reason = replica.stopReason { throw StoreError.writingStopped(reason) }
      let context = try context(replica, node)
      call.hubSide = CallSide(
        machine: call.isWait
          ? HubWait(context: context, memory: memory) as any ExchangeMachine
          : HubExchange(context: context, memory: memory),
        actions: ReplicaActions(
          replica, challenges: challenges,
          conversation: Conversation(isHub: true, wallMilliseconds: node.wall(now))))
    } catch {
      trouble(call.hub, error, "exchange as hub")
      settle(call.hub)
      queue.push(.linkEnded(call: call.number, isHub: false), at: now + .milliseconds(20))
      return false
    }
    return true
  }

  func endLink(_ number: Int, isHub: Bool, _ event: Event) {
    guard let call = calls[number] else { return }
    let index = isHub ? call.hub : call.child
    if nodes[index].replica != nil, isBusy(index, event) { return }
    if var side = isHub ? call.hubSide : call.childSide {
      side.machine.linkEnded()
      put(side, call, isHub: isHub)
      drain(call, isHub: isHub)
    }
    call.isCut = true
    if call.childSide == nil, call.hubSide == nil, isHub || call.isReplay { remove(number) }
  }
}

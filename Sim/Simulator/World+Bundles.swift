import Causality
import Changes
import Peering
import Replication
import Store
import Wire

/// Bundle files carried by hand (F12): late, twice, in another order, cut short.
extension World {
  /// A bundle on its way.
  struct CarriedBundle {
    let from: Int
    let to: Int
    let sender: ReplicaID
    let messages: [Message]
  }

  /// Writes a bundle at a node for its hub, or at the hub for the node, and sends it on its way: it arrives after
  /// `milliseconds`, maybe a second time later.
  func carryBundle(_ index: Int, _ fault: Plan.Fault) {
    guard let hub = nodes[index].hub else { return }
    let (from, to) = fault.argument & 1 == 0 ? (index, hub) : (hub, index)
    guard let replica = nodes[from].replica, replica.stopReason == nil else { return }
    do {
      let messages = try exportBundle(from, to, replica)
      for message in messages { checkSent(message, from: from, to: to) }
      let bundle = CarriedBundle(
        from: from, to: to, sender: replica.identity.replica,
        messages: fault.argument & 2 == 0 ? messages : Array(messages.dropLast(2)))
      verdict.count(.bundle)
      queue.push(.bundle(bundle), at: now + .milliseconds(fault.milliseconds))
      if fault.argument & 4 != 0 {
        queue.push(.bundle(bundle), at: now + .milliseconds(fault.milliseconds * 2))
      }
    } catch {
      trouble(from, error, "bundle")
    }
    settle(from)
  }

  private func exportBundle(
    _ from: Int, _ to: Int, _ replica: Replica
  ) throws(StoreError) -> [Message] {
    let context = try replica.exchangeContext(wallMilliseconds: nodes[from].wall(now))
    let shared = replica.streams.filter { tree.holds(nodes[to].code.scope, $0) }
    var own: [Replication.StreamState] = []
    for state in try replica.summariesWithKnowledge(of: shared) {
      own.append(Replication.StreamState(summary: state.summary, known: state.known))
    }
    let actions = ReplicaActions(
      replica, challenges: ChallengeBook(host: nodes[from].host),
      conversation: Conversation(isHub: to > from, wallMilliseconds: nodes[from].wall(now)))
    var export = BundleExport(
      context: context, to: nodes[to].code, own: own, base: [],
      acknowledgements: try replica.acknowledgements(for: shared))
    var messages: [Message] = []
    while let action = export.next() {
      switch action {
      case .readChanges(let request): export.answer(try actions.readChanges(request))
      case .append(let message): messages.append(message)
      case .finish(let manifest):
        messages.insert(.bundleManifest(manifest), at: 0)
        messages.append(
          .bundleSeal(BundleSeal(contentHash: .zero, signature: [UInt8](repeating: 0, count: 64))))
      }
    }
    return messages
  }

  /// A bundle is taken in; the seal was looked at when the file was read.
  func takeBundle(_ bundle: CarriedBundle, _ event: Event) {
    let index = bundle.to
    if isBusy(index, event) { return }
    guard let replica = nodes[index].replica, let challenges = nodes[index].challenges,
      replica.stopReason == nil || bundle.from < index
    else { return }
    verdict.count(.bundleTaken)
    // What a late bundle brings is to be agreed on first.
    (agreedAt, sentBefore) = (nil, nil)
    nodes[index].wallOfCall = nodes[index].wall(now)
    do {
      var conversation = Conversation(
        isHub: bundle.from > index, wallMilliseconds: nodes[index].wall(now))
      conversation.peer = bundle.sender
      var actions = ReplicaActions(replica, challenges: challenges, conversation: conversation)
      let isWhole = bundle.messages.contains { if case .bundleSeal = $0 { true } else { false } }
      var machine = BundleImport(
        context: try replica.exchangeContext(wallMilliseconds: nodes[index].wall(now)),
        from: bundle.sender,
        standing: PeerStanding(
          registration: .admitted, signatureHolds: isWhole, challenge: [],
          shared: replica.streams.filter { tree.holds(nodes[bundle.from].code.scope, $0) }))
      for message in bundle.messages where !machine.isFinished {
        machine.receive(message, wallMilliseconds: nodes[index].wall(now))
        try drain(&machine, &actions, index)
      }
      if !machine.isFinished {
        machine.linkEnded()
        try drain(&machine, &actions, index)
      }
    } catch {
      trouble(index, error, "bundle")
    }
    settle(index)
  }

  private func drain(
    _ machine: inout BundleImport, _ actions: inout ReplicaActions, _ index: Int
  ) throws(StoreError) {
    while let action = machine.next() {
      switch action {
      case .send, .setTimer, .finish: break
      case .raise(let alarm):
        heard(alarm, at: index)
        try actions.replica.heed(alarm, from: actions.conversation.peer)
      default:
        let answer = try actions.perform(action)
        tell(index, actions.takeChanged())
        if let answer { machine.answer(answer) }
      }
    }
  }
}

import Causality
import Changes
import Crypto
import Peering
import Replication
import Store
import Wire

/// Bundle files carried by hand (F12): late, twice, in another order, cut short, with flipped bits.
extension World {
  /// A bundle file on its way.
  struct CarriedBundle {
    let from: Int
    let to: Int
    let bytes: [UInt8]
  }

  /// Writes a bundle at a node for its hub, or at the hub for the node, and sends it on its way: it arrives after
  /// `milliseconds`, maybe a second time later.
  func carryBundle(_ index: Int, _ fault: Plan.Fault) {
    guard let hub = nodes[index].hub else { return }
    let (from, to) = fault.argument & 1 == 0 ? (index, hub) : (hub, index)
    guard var bytes = makeBundle(from: from, to: to) else { return }
    var chance = Chance(plan.seed, .fate, UInt64(index), now)
    if fault.argument & 2 != 0 { bytes = Array(bytes.prefix(chance.below(bytes.count))) }
    if fault.argument & 8 != 0, !bytes.isEmpty {
      bytes[chance.below(bytes.count)] ^= UInt8(1 << chance.below(8))
    }
    verdict.count(.bundle)
    let bundle = CarriedBundle(from: from, to: to, bytes: bytes)
    queue.push(.bundle(bundle), at: now + .milliseconds(fault.milliseconds))
    if fault.argument & 4 != 0 {
      queue.push(.bundle(bundle), at: now + .milliseconds(fault.milliseconds * 2))
    }
  }

  /// The bytes of a bundle, sealed by the node that makes it; nil when it cannot make one now.
  func makeBundle(from: Int, to: Int) -> [UInt8]? {
    guard let replica = nodes[from].replica, replica.stopReason == nil else { return nil }
    var bytes: [UInt8]?
    do {
      let (manifest, messages) = try exportBundle(from, to, replica)
      for message in messages { checkSent(message, from: from, to: to) }
      bytes = try seal(manifest, messages, by: replica)
    } catch {
      trouble(from, error, "bundle")
    }
    settle(from)
    return bytes
  }

  private func seal(
    _ manifest: BundleManifest, _ messages: [Message], by replica: Replica
  ) throws(StoreError) -> [UInt8] {
    var writer = BundleWriter()
    let frames = messages.flatMap { writer.frame($0) }
    let content = writer.opening(manifest) + frames
    guard let hash = ContentHash(Array(SHA256.hash(data: content))) else {
      preconditionFailure("SHA-256 has 32 bytes")
    }
    let unsigned = BundleSeal(contentHash: hash, signature: [])
    let signature = try replica.identity.sign(unsigned.signedBytes)
    return content + writer.closing(BundleSeal(contentHash: hash, signature: signature))
  }

  private func exportBundle(
    _ from: Int, _ to: Int, _ replica: Replica
  ) throws(StoreError) -> (BundleManifest, [Message]) {
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
      case .finish(let manifest): return (manifest, messages)
      }
    }
    preconditionFailure("an export ends with its manifest")
  }

  /// What a bundle file holds as far as it can be read.
  private struct BundleContent {
    let manifest: BundleManifest
    let messages: [Message]
    /// The seal of a whole file whose hash is that of its bytes.
    let seal: BundleSeal?
  }

  private static func read(_ bytes: [UInt8]) -> BundleContent? {
    var reader = BundleReader()
    reader.append(bytes)
    var messages: [Message] = []
    // What is damaged ends there, as in BundleScan.
    while let message = try? reader.next() { messages.append(message) }
    guard case .bundleManifest(let manifest)? = messages.first else { return nil }
    var seal: BundleSeal?
    if case .bundleSeal(let found)? = messages.last, let count = reader.sealedByteCount,
      Array(SHA256.hash(data: bytes.prefix(Int(count)))) == found.contentHash.bytes
    {
      seal = found
    }
    return BundleContent(manifest: manifest, messages: messages, seal: seal)
  }

  /// A bundle file is taken in, as BundleImporter does it: first who seals it, then what is in it.
  func takeBundle(_ bundle: CarriedBundle, _ event: Event) {
    let index = bundle.to
    if isBusy(index, event) { return }
    guard let replica = nodes[index].replica, let challenges = nodes[index].challenges,
      replica.stopReason == nil || bundle.from < index, let content = Self.read(bundle.bytes)
    else { return }
    verdict.count(.bundleTaken)
    // What a late bundle brings is to be agreed on first.
    (agreedAt, sentBefore) = (nil, nil)
    nodes[index].wallOfCall = nodes[index].wall(now)
    do {
      let sender = content.manifest.from
      var conversation = Conversation(
        isHub: bundle.from > index, wallMilliseconds: nodes[index].wall(now))
      conversation.peer = sender
      let isKnown = try replica.registered(sender) != nil
      var holds = false
      if isKnown, let seal = content.seal {
        holds = try replica.isSigned(seal.signedBytes, signature: seal.signature, by: sender)
      }
      conversation.isProved = holds
      var actions = ReplicaActions(replica, challenges: challenges, conversation: conversation)
      var machine = BundleImport(
        context: try replica.exchangeContext(wallMilliseconds: nodes[index].wall(now)),
        from: sender,
        standing: PeerStanding(
          registration: isKnown ? .admitted : .unknown, signatureHolds: holds, challenge: [],
          shared: replica.streams.filter { tree.holds(nodes[bundle.from].code.scope, $0) }))
      for message in content.messages where !machine.isFinished {
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

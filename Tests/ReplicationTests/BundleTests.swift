import Causality
import Changes
import Replication
import Testing
import Wire

@Suite("Bundles") struct BundleTests {
  /// The frames of a bundle from one node for another, as they stand in the file.
  private func export(
    _ from: ModelNode, to: ModelNode, base: [StreamVector], addressed: Bool = true,
    batches: Int = .max
  ) -> [Message] {
    let shared = from.shared(with: to.node)
    var export = BundleExport(
      context: from.context, to: addressed ? to.node : nil,
      own: shared.map(from.replica.state), base: base,
      acknowledgements: shared.map(from.acknowledgement))
    var (frames, left) = ([Message](), batches)
    while let action = export.next() {
      switch action {
      case .readChanges(let request):
        export.answer(left > 0 ? from.replica.changes(request) : nil)
        left -= 1
      case .append(let message): frames.append(message)
      case .finish(let manifest): frames.insert(.bundleManifest(manifest), at: 0)
      }
    }
    return frames + [.bundleSeal(BundleSeal(contentHash: .zero, signature: []))]
  }

  /// Imports frames; returns the reply and the outcome.
  private func load(_ frames: [Message], at node: ModelNode, from: ModelNode, isSealed: Bool = true)
    -> (machine: BundleImport, outcome: ExchangeOutcome?)
  {
    var machine = BundleImport(
      context: node.context, from: from.replica.id,
      standing: PeerStanding(
        registration: .admitted, signatureHolds: isSealed, challenge: [],
        shared: node.shared(with: from.node)))
    for frame in frames {
      machine.receive(frame, wallMilliseconds: 0)
      _ = node.drain(&machine, peer: from.replica.id)
    }
    machine.linkEnded()
    _ = node.drain(&machine, peer: from.replica.id)
    return (machine, node.outcomes.last)
  }

  @Test("A bundle carries all that lacks, and its reply lets the next one carry the difference")
  func roundTrip() throws {
    let pair = try ModelPair()
    for _ in 0..<20 { pair.child.replica.write(pair.county) }
    pair.child.replica.write(pair.county, bytes: 20_000)
    let first = export(pair.child, to: pair.hub, base: [])
    let (machine, outcome) = load(first, at: pair.hub, from: pair.child)
    #expect(outcome?.result == .complete && outcome?.applied == 21 && outcome?.differs == false)
    #expect(pair.isEqual)
    let reply = machine.reply + [.bundleSeal(BundleSeal(contentHash: .zero, signature: []))]
    let (back, returned) = load(reply, at: pair.child, from: pair.hub)
    #expect(returned?.result == .complete)
    #expect(
      pair.child.replica.acknowledged[pair.hub.replica.id]?[pair.county]?.held
        == pair.hub.replica[pair.county].known)
    pair.child.replica.write(pair.county)
    let second = export(pair.child, to: pair.hub, base: back.peerKnows)
    #expect(second.reduce(0) { $0 + $1.changeSetCount } == 1)
    #expect(load(second, at: pair.hub, from: pair.child).outcome?.applied == 1)
    #expect(pair.isEqual)
  }

  @Test("A bundle that ends early says up to where it leads, and the next one goes on from there")
  func early() throws {
    let pair = try ModelPair()
    for _ in 0..<4 { pair.child.replica.write(pair.county, bytes: 70_000) }
    let first = export(pair.child, to: pair.hub, base: [], batches: 2)
    guard case .bundleManifest(let manifest) = first[0],
      let range = manifest.ranges.first(where: { $0.stream == pair.county })
    else { throw ExpectedManifest() }
    let (machine, outcome) = load(first, at: pair.hub, from: pair.child)
    #expect(outcome?.result == .complete && (1..<4).contains(outcome?.applied ?? 0))
    #expect(pair.hub.replica[pair.county].known == range.upTo && !pair.isEqual)
    #expect(machine.reply.count > 1, "it is acknowledged like any other")
    let rest = export(
      pair.child, to: pair.hub, base: [StreamVector(stream: pair.county, known: range.upTo)])
    let second = load(rest, at: pair.hub, from: pair.child).outcome
    #expect(second?.result == .complete)
    #expect((outcome?.applied ?? 0) + (second?.applied ?? 0) == 4)
    #expect(pair.isEqual)
  }

  private struct ExpectedManifest: Error {}

  @Test("Truncated anywhere, a bundle gives what it holds; again and whole, the rest")
  func truncated() throws {
    let count = try {
      let pair = try ModelPair()
      for _ in 0..<20 { pair.child.replica.write(pair.county) }
      return export(pair.child, to: pair.hub, base: []).count
    }()
    for kept in 0..<count {
      let pair = try ModelPair()
      for _ in 0..<20 { pair.child.replica.write(pair.county) }
      let frames = export(pair.child, to: pair.hub, base: [])
      let first = load(Array(frames.prefix(kept)), at: pair.hub, from: pair.child)
      #expect(first.outcome?.result == .failed(.linkEnded))
      let again = load(frames, at: pair.hub, from: pair.child)
      #expect(again.outcome?.result == .complete)
      #expect((first.outcome?.applied ?? 0) + (again.outcome?.applied ?? 0) == 20)
      #expect(pair.isEqual)
    }
  }

  @Test("Without a seal change sets count and acknowledgements do not")
  func unsealed() throws {
    let pair = try ModelPair()
    pair.child.replica.write(pair.county)
    let frames = export(pair.child, to: pair.hub, base: [])
    let (machine, _) = load(frames, at: pair.hub, from: pair.child, isSealed: false)
    #expect(pair.isEqual)
    #expect(pair.hub.replica.acknowledged.isEmpty)
    let back = load(machine.reply, at: pair.child, from: pair.hub, isSealed: false).machine
    #expect(back.peerKnows.isEmpty && pair.child.replica.acknowledged.isEmpty)
  }

  @Test("A bundle that builds on what is not known names the streams and changes nothing")
  func gap() throws {
    let pair = try ModelPair()
    for _ in 0..<4 { pair.child.replica.write(pair.county) }
    let base = [StreamVector(stream: pair.county, known: pair.child.replica[pair.county].known)]
    pair.child.replica.write(pair.county)
    let frames = export(pair.child, to: pair.hub, base: base)
    let outcome = load(frames, at: pair.hub, from: pair.child).outcome
    #expect(outcome?.result == .failed(.bundleGap([pair.county])))
    #expect(pair.hub.replica[pair.county].log.isEmpty)
  }

  @Test("A bundle does not build on what its exporter does not know itself")
  func foreignBase() throws {
    let pair = try ModelPair()
    pair.child.replica.write(pair.county)
    var known = VersionVector()
    known[pair.hub.replica.id] = 5
    let base = [StreamVector(stream: pair.county, known: known)]
    let frames = export(pair.child, to: pair.hub, base: base)
    #expect(load(frames, at: pair.hub, from: pair.child).outcome?.result == .complete)
    #expect(pair.isEqual)
  }

  @Test("A bundle of another node, for another node or with frames out of place is refused")
  func refused() throws {
    let pair = try ModelPair()
    pair.child.replica.write(pair.county)
    let frames = export(pair.child, to: pair.hub, base: [])
    let other = ModelNode(makeNode(10), tree: pair.hub.tree)
    #expect(
      load(frames, at: other, from: pair.child).outcome?.result
        == .failed(.bundleForOther(pair.hub.node)))
    let impostor = load(frames, at: pair.hub, from: other).outcome
    guard case .failed(.bundleMalformed) = impostor?.result else {
      Issue.record("the sender is who sealed the file")
      return
    }
    for changed in [frames + [.done], [.done] + frames] {
      let outcome = load(changed, at: pair.hub, from: pair.child).outcome
      #expect(outcome != nil)
    }
    let missing = load(
      [frames[0]] + frames.dropFirst(2), at: pair.hub, from: pair.child
    ).outcome
    guard case .failed(.bundleMalformed) = missing?.result else {
      Issue.record("the manifest counts the frames")
      return
    }
  }

  @Test("A bundle for whoever holds the streams is taken by several, beside the network")
  func shared() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    let frames = export(pair.child, to: pair.hub, base: [], addressed: false)
    pair.link.settle(pair.child, pair.hub)
    let outcome = load(frames, at: pair.hub, from: pair.child).outcome
    #expect(outcome?.applied == 0 && outcome?.result == .complete && pair.isEqual)
    let top = ModelNode(makeNode(10), tree: pair.hub.tree)
    #expect(load(frames, at: top, from: pair.child).outcome?.result == .complete)
    #expect(top.replica.state(pair.county) == pair.child.replica.state(pair.county))
  }
}

import Causality
import Changes
import Replication
import Testing
import Wire

@Suite("Long poll") struct WaitTests {
  /// Opens a long poll; returns the machines with the child's turn said.
  private func open(_ pair: ModelPair) -> (child: ChildWait, hub: HubWait, answer: [Message]) {
    var child = ChildWait(
      context: pair.child.context, shared: pair.child.shared(with: pair.hub.node),
      hint: pair.child.hint(pair.hub))
    var hub = HubWait(
      context: pair.hub.context,
      memory: pair.hub.memories[pair.child.replica.id] ?? ChildMemory())
    var answer: [Message] = []
    for message in pair.child.drain(&child, peer: pair.hub.replica.id) {
      hub.receive(message, wallMilliseconds: 0)
      answer += pair.hub.drain(&hub, peer: pair.child.replica.id)
    }
    return (child, hub, answer)
  }

  private func close(_ pair: ModelPair, _ child: inout ChildWait, _ answer: [Message])
    -> ExchangeOutcome?
  {
    for message in answer {
      child.receive(message, wallMilliseconds: pair.child.wall)
      _ = pair.child.drain(&child, peer: pair.hub.replica.id)
    }
    pair.child.hints[pair.hub.node] = child.hint
    return pair.child.outcomes.last
  }

  @Test("Without news the hub answers when its time is over")
  func quiet() throws {
    let pair = try ModelPair.met()
    var (child, hub, answer) = open(pair)
    #expect(answer.isEmpty && !hub.isFinished)
    hub.streamsChanged([pair.county])
    #expect(pair.hub.drain(&hub, peer: nil).isEmpty, "nothing really changed")
    hub.timerFired()
    answer = pair.hub.drain(&hub, peer: nil)
    let outcome = close(pair, &child, answer)
    #expect(outcome?.result == .complete && outcome?.differs == false)
  }

  @Test("News wake the child, whose next exchange pulls them in one round trip")
  func news() throws {
    var pair = try ModelPair.met()
    var (child, hub, _) = open(pair)
    pair.hub.replica.write(pair.prefecture)
    hub.streamsChanged([makeStream(12)])
    #expect(pair.hub.drain(&hub, peer: nil).isEmpty, "a stream of others does not wake")
    hub.streamsChanged([pair.prefecture])
    let answer = pair.hub.drain(&hub, peer: nil)
    #expect(close(pair, &child, answer)?.differs == true)
    #expect(pair.link.settle(pair.child, pair.hub) == 1)
    #expect(pair.isEqual && pair.link.changeSetsDown == 1)
  }

  @Test("What is new already when the long poll opens is answered at once")
  func earlyNews() throws {
    let pair = try ModelPair.met()
    pair.hub.replica.write(pair.prefecture)
    var (child, hub, answer) = open(pair)
    #expect(hub.isFinished)
    #expect(close(pair, &child, answer)?.differs == true)
    (child, hub, answer) = open(pair)
    #expect(!hub.isFinished, "what the child has seen is no news")
  }

  @Test("That a change reached the top wakes the child that waits for it")
  func topMoved() throws {
    var pair = try ModelPair.met()
    let dot = pair.child.replica.write(pair.county)
    pair.link.settle(pair.child, pair.hub)
    var (child, hub, _) = open(pair)
    pair.hub.tops[pair.county] = pair.hub.replica[pair.county].known
    hub.streamsChanged([pair.county])
    let answer = pair.hub.drain(&hub, peer: nil)
    #expect(close(pair, &child, answer)?.differs == true)
    #expect(pair.child.tops[pair.county]?.contains(dot.replica, dot.number) == true)
    pair.link.exchange(pair.child, pair.hub)
    (child, hub, _) = open(pair)
    #expect(!hub.isFinished, "it is news once only")
  }

  @Test("A stream that cannot move does not wake the child again and again")
  func stuck() throws {
    var pair = try ModelPair.met()
    pair.hub.replica.write(pair.prefecture)
    let prefecture = pair.prefecture
    pair.link.alterAnswer = { frames in frames.map { $0.tampered(prefecture) } }
    pair.link.settle(pair.child, pair.hub)
    #expect(!pair.isEqual)
    let (_, hub, _) = open(pair)
    #expect(!hub.isFinished)
  }

  @Test("Streams that the child does not list do not wake it")
  func unlisted() throws {
    let pair = try ModelPair.met()
    pair.hub.replica.write(pair.prefecture)
    var child = ChildWait(
      context: pair.child.context, shared: [pair.county], hint: pair.child.hint(pair.hub))
    var hub = HubWait(
      context: pair.hub.context,
      memory: pair.hub.memories[pair.child.replica.id] ?? ChildMemory())
    for message in pair.child.drain(&child, peer: pair.hub.replica.id) {
      hub.receive(message, wallMilliseconds: 0)
      #expect(pair.hub.drain(&hub, peer: pair.child.replica.id).isEmpty)
    }
    #expect(!hub.isFinished)
  }

  @Test("A hub that was started again gives a challenge, and the child exchanges")
  func challenged() throws {
    let pair = try ModelPair.met()
    pair.hub.processSecret += 1
    var (child, hub, answer) = open(pair)
    #expect(hub.isFinished)
    #expect(close(pair, &child, answer)?.result == .challenged)
    (child, hub, answer) = open(pair)
    #expect(!hub.isFinished)
  }

  @Test("Frames out of place and lost links end a long poll")
  func ends() throws {
    let pair = try ModelPair.met()
    var (child, hub, _) = open(pair)
    hub.linkEnded()
    child.linkEnded()
    #expect(pair.hub.drain(&hub, peer: nil).isEmpty)
    #expect(pair.child.drain(&child, peer: nil).isEmpty)
    #expect(pair.child.outcomes.last?.result == .failed(.linkEnded))
    var strange = HubWait(context: pair.hub.context, memory: ChildMemory())
    strange.receive(.done, wallMilliseconds: 0)
    #expect(
      pair.hub.drain(&strange, peer: nil).map(\.errorCode) == [nil, .unexpectedFrame, nil])
  }
}

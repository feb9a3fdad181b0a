import Causality
import Changes
import Replication
import TestSupport
import Testing
import Wire

@Suite("Resuming") struct ResumeTests {
  /// Exchanges until nothing moves, the first one cut; returns the change sets and parts that arrived up
  /// and down.
  private func run(_ pair: inout ModelPair, cutAfter cut: Int) -> (up: Int, down: Int, parts: Int) {
    var total = (up: 0, down: 0, parts: 0)
    for attempt in 0..<40 {
      pair.link.cutAfter = attempt == 0 ? cut : .max
      let outcome = pair.link.exchange(pair.child, pair.hub)
      total.up += pair.link.changeSetsUp
      total.down += pair.link.changeSetsDown
      total.parts += (pair.link.childFrames + pair.link.hubFrames).filter(\.isPart).count
      if outcome.result == .complete && !outcome.differs { break }
    }
    return total
  }

  @Test("After a cut at any frame nothing that arrived is sent again", arguments: 0..<24)
  func cutAnywhere(cut: Int) throws {
    var pair = try ModelPair.met()
    for _ in 0..<30 { pair.child.replica.write(pair.county) }
    for _ in 0..<20 { pair.hub.replica.write(pair.prefecture) }
    // The child knows that the prefecture's stream differs, as after a long poll.
    pair.link.cutAfter = 5
    pair.link.exchange(pair.child, pair.hub)
    let before = (pair.link.changeSetsUp, pair.link.changeSetsDown)
    let total = run(&pair, cutAfter: cut)
    #expect(pair.isEqual)
    #expect(before.0 + total.up == 30 && before.1 + total.down == 20)
  }

  @Test("A large change set resumes at the part where it was cut", arguments: 0..<34)
  func cutParts(cut: Int) throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county, bytes: 99_000)
    let total = run(&pair, cutAfter: cut)
    #expect(pair.isEqual && pair.hub.replica.staging.isEmpty)
    #expect(total.parts - pair.receiptsSeen <= 25 + 8, "25 parts and some receipts")
    #expect(total.up == 0)
  }

  @Test("The hub's parts resume, and spread over turns with a small budget")
  func partsDown() throws {
    var pair = try ModelPair.met()
    pair.hub.replica.write(pair.prefecture, bytes: 99_000)
    pair.hub.turnBytes = 9_000
    var dataParts = 0
    for attempt in 0..<40 {
      pair.link.cutAfter = attempt % 3 == 1 ? 6 : .max
      let outcome = pair.link.exchange(pair.child, pair.hub)
      dataParts += pair.link.hubFrames.filter(\.isDataPart).count
      if outcome.result == .complete && !outcome.differs { break }
    }
    #expect(pair.isEqual)
    #expect(dataParts == 25)
  }

  @Test(
    "Duplicated and reordered frames change nothing in the result", arguments: 1...40)
  func disorder(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    var pair = try ModelPair.met()
    for _ in 0..<25 {
      let node = generator.chance(50) ? pair.child : pair.hub
      node.replica.write(pair.county)
    }
    for round in 0..<8 {
      var shuffled = generator.split()
      let disturb: ([Message]) -> [Message] = { frames in
        (frames + frames.filter { _ in round % 2 == 0 }).shuffled(using: &shuffled)
      }
      pair.link.alter = disturb
      pair.link.exchange(pair.child, pair.hub)
      (pair.link.alter, pair.link.alterAnswer) = ({ $0 }, disturb)
      pair.link.exchange(pair.child, pair.hub)
      pair.link.alterAnswer = { $0 }
    }
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual, "seed \(seed)")
    #expect(pair.child.alarms.isEmpty && pair.hub.alarms.isEmpty, "seed \(seed)")
  }

  @Test("A turn said twice is taken once: the second time all is known")
  func replay() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    pair.link.exchange(pair.child, pair.hub)
    let turn = pair.link.childFrames
    let before = pair.hub.replica.state(pair.county)
    var listener = HubExchange(context: pair.hub.context, memory: ChildMemory())
    for message in turn {
      listener.receive(message, wallMilliseconds: 0)
      _ = pair.hub.drain(&listener, peer: pair.child.replica.id)
    }
    #expect(pair.hub.replica.state(pair.county) == before)
    #expect(pair.hub.outcomes.last?.applied == 0)
  }
}

extension ModelPair {
  /// Receipts in the last exchange.
  var receiptsSeen: Int {
    (link.childFrames + link.hubFrames).filter { $0.isPart && !$0.isDataPart }.count
  }
}

extension Message {
  var isPart: Bool {
    if case .part = self { true } else { false }
  }

  var isDataPart: Bool {
    if case .part(let part) = self { !part.bytes.isEmpty } else { false }
  }
}

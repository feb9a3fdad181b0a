import Causality
import Changes
import Replication
import TestSupport
import Testing
import Wire

@Suite("Exchange") struct ExchangeTests {
  @Test("At first contact the child says nothing of its streams until the hub gave a challenge")
  func challenge() throws {
    var pair = try ModelPair()
    pair.child.replica.write(pair.county)
    let first = pair.link.exchange(pair.child, pair.hub)
    #expect(first.result == .challenged)
    #expect(pair.link.childFrames.count == 2)
    for case .hello(let hello) in pair.link.childFrames + pair.link.hubFrames {
      #expect(hello.streams.isEmpty)
    }
    #expect(pair.link.hubFrames.map(\.errorCode).contains(.authenticationNeeded))
    #expect(pair.link.exchange(pair.child, pair.hub).result == .complete)
    #expect(pair.link.childFrames.allSatisfy { !$0.isKnowledge })
  }

  @Test("A cold start takes a challenge, a comparison and one exchange of data both ways")
  func coldStart() throws {
    var pair = try ModelPair()
    for _ in 0..<30 { pair.child.replica.write(pair.county) }
    for _ in 0..<20 { pair.hub.replica.write(pair.prefecture) }
    for _ in 0..<3 { pair.link.exchange(pair.child, pair.hub) }
    #expect(pair.isEqual)
    let last = try #require(pair.child.outcomes.last)
    #expect(last.applied == 20 && last.sent == 30 && !last.differs)
  }

  @Test("A child that pulled the key of its hub pushes at once what it had written before")
  func provedByPull() throws {
    var pair = try ModelPair()
    pair.child.registrations[pair.hub.replica.id] = .unknown
    for _ in 0..<3 { pair.child.replica.write(pair.county) }
    for _ in 0..<2 { pair.hub.replica.write(pair.prefecture) }
    for _ in 0..<3 { pair.link.exchange(pair.child, pair.hub) }
    #expect(pair.child.replica.state(pair.prefecture) == pair.hub.replica.state(pair.prefecture))
    #expect(pair.hub.replica.state(pair.county) != pair.child.replica.state(pair.county))
    // What came named the hub.
    pair.child.registrations[pair.hub.replica.id] = .admitted
    #expect(pair.link.settle(pair.child, pair.hub) == 2)
    #expect(pair.isEqual)
  }

  @Test("Equal replicas are done in one round trip of HELLO and DONE")
  func equal() throws {
    var pair = try ModelPair.met()
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(outcome.result == .complete && !outcome.differs && !outcome.moved)
    #expect(pair.link.childFrames.count == 2)
    #expect(pair.link.hubFrames.count == 2)
  }

  @Test("What the peer acknowledges is kept with the changes that follow, or alone when none do")
  func commits() throws {
    var pair = try ModelPair.met()
    (pair.child.commits, pair.hub.commits) = (0, 0)
    pair.child.replica.write(pair.county)
    pair.hub.replica.write(pair.prefecture)
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.hub.commits == 1)
    let said = pair.hub.replica.acknowledged[pair.child.replica.id] ?? [:]
    #expect(said[pair.county]?.held == pair.child.replica[pair.county].known)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
    // Nothing but acknowledgements.
    pair.child.commits = 0
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.child.commits <= 1)
    let told = pair.child.replica.acknowledged[pair.hub.replica.id] ?? [:]
    #expect(told[pair.prefecture]?.held == pair.hub.replica[pair.prefecture].known)
  }

  @Test("One change is pushed in one round trip, and pulled in one after news")
  func warm() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    #expect(pair.link.settle(pair.child, pair.hub) == 1)
    #expect(pair.isEqual && pair.link.changeSetsUp == 1)
    pair.hub.replica.write(pair.prefecture)
    #expect(pair.link.settle(pair.child, pair.hub) == 2)
    #expect(pair.isEqual && pair.link.changeSetsDown == 1)
  }

  @Test("Both sides' changes to one stream meet in two exchanges")
  func concurrent() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    pair.hub.replica.write(pair.county)
    #expect(pair.link.settle(pair.child, pair.hub) <= 2)
    #expect(pair.isEqual)
  }

  @Test("What the hub acknowledges is told when the child asks and when the top moved")
  func acknowledgements() throws {
    var pair = try ModelPair.met()
    let dot = pair.child.replica.write(pair.county)
    pair.link.exchange(pair.child, pair.hub)
    let told = pair.child.replica.acknowledged[pair.hub.replica.id]?[pair.county]
    #expect(told?.needs.contains(dot.replica, dot.number) == true)
    let heard = pair.hub.replica.acknowledged[pair.child.replica.id]?[pair.county]
    #expect(heard?.held.contains(dot.replica, dot.number) == true)
    pair.hub.tops[pair.county] = pair.hub.replica[pair.county].known
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.child.tops[pair.county]?.contains(dot.replica, dot.number) == true)
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.link.hubFrames.count == 2, "what was told is not repeated")
  }

  @Test("What the hub acknowledged into a broken link is said again")
  func acknowledgementCut() throws {
    var pair = try ModelPair.met()
    let dot = pair.child.replica.write(pair.county)
    pair.link.exchange(pair.child, pair.hub)
    pair.hub.tops[pair.county] = pair.hub.replica[pair.county].known
    pair.link.cutAfter = 3
    #expect(pair.link.exchange(pair.child, pair.hub).result == .failed(.linkEnded))
    #expect(pair.hub.memories[pair.child.replica.id] != nil)
    pair.link.cutAfter = .max
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.child.tops[pair.county]?.contains(dot.replica, dot.number) == true)
  }

  @Test("A turn keeps to its budget, and the next exchanges carry the rest")
  func budget() throws {
    var pair = try ModelPair.met()
    pair.child.turnBytes = 500
    for _ in 0..<40 { pair.child.replica.write(pair.county) }
    pair.link.exchange(pair.child, pair.hub)
    #expect((1..<40).contains(pair.link.changeSetsUp))
    let count = pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
    #expect((2...30).contains(count))
  }

  @Test("Clock offsets are told to both sides, also for clocks of another century")
  func clocks() throws {
    var pair = try ModelPair.met()
    pair.hub.wall = pair.child.wall + 90_000
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(outcome.clockOffsetMilliseconds == 90_000)
    #expect(pair.hub.outcomes.last?.clockOffsetMilliseconds == -90_000)
    pair.hub.wall = .max
    let far = pair.link.exchange(pair.child, pair.hub)
    #expect(far.clockOffsetMilliseconds == 1 << 62)
  }

  @Test("Replicas of three tiers converge over links that are cut anywhere", arguments: 1...30)
  func convergence(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let tree = try makeTree()
    let codes: [UInt32] = [10, 11, 12, 111, 112, 121, 122]
    let nodes = codes.map { ModelNode(makeNode($0), tree: tree, channels: [.both, .up, .down]) }
    let parents = [0, 0, 0, 1, 1, 2, 2]
    for node in nodes {
      node.frameBytes = 60 + generator.below(400)
      node.turnBytes = 300 + generator.below(5_000)
    }
    for _ in 0..<200 {
      let index = generator.below(nodes.count)
      if generator.chance(60) {
        let writable = nodes[index].replica.sortedStreams.filter {
          tree.mayWrite(nodes[index].node.scope, .scopeAndAbove, in: $0.scope)
        }
        let isLarge = generator.chance(3)
        nodes[index].replica.write(
          generator.pick(writable), bytes: isLarge ? 30_000 : 10 + generator.below(90))
      } else if index > 0 {
        var link = ModelLink()
        if generator.chance(70) { link.cutAfter = generator.below(30) }
        if generator.chance(5) { nodes[parents[index]].processSecret &+= 1 }
        link.exchange(nodes[index], nodes[parents[index]])
      }
    }
    for _ in 0..<6 {
      for index in nodes.indices.dropFirst() {
        var link = ModelLink()
        #expect(link.settle(nodes[index], nodes[parents[index]], most: 500) <= 500)
      }
    }
    for index in nodes.indices.dropFirst() {
      let (child, hub) = (nodes[index], nodes[parents[index]])
      for stream in child.shared(with: hub.node) {
        #expect(child.replica.state(stream) == hub.replica.state(stream), "seed \(seed)")
      }
      var link = ModelLink()
      link.exchange(child, hub)
      #expect(link.changeSetsUp + link.changeSetsDown == 0, "seed \(seed)")
    }
    #expect(nodes.allSatisfy { $0.alarms.isEmpty })
  }
}

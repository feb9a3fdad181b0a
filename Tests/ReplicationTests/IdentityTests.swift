import Causality
import Changes
import Replication
import Testing
import Wire

@Suite("Who is who") struct IdentityTests {
  @Test("A child restored from the past learns it before it says a change set")
  func restored() throws {
    var pair = try ModelPair.met()
    let backup = pair.child.replica.streams
    for _ in 0..<3 { pair.child.replica.write(pair.county) }
    pair.link.settle(pair.child, pair.hub)
    pair.child.replica.restore(backup)
    pair.child.hints = [:]
    pair.link.exchange(pair.child, pair.hub)
    let outcome = pair.link.exchange(pair.child, pair.hub)
    let alarm = Alarm.restored(pair.county, own: 1, peer: 4)
    #expect(outcome.result == .failed(.identityLost(alarm)))
    #expect(pair.child.alarms == [alarm])
    #expect(pair.link.changeSetsUp == 0)
  }

  @Test("Of two clones the later one learns it, whichever wrote more", arguments: [0, 1, 4])
  func cloned(more: Int) throws {
    var pair = try ModelPair.met()
    let clone = ModelNode(makeNode(111), tree: pair.child.tree)
    clone.replica.restore(pair.child.replica.streams)
    clone.hints = pair.child.hints
    pair.child.replica.write(pair.county)
    clone.replica.write(pair.county, salt: 9)
    for _ in 0..<more { clone.replica.write(pair.county, salt: 9) }
    pair.link.settle(pair.child, pair.hub)
    let outcome = pair.link.exchange(clone, pair.hub)
    let dot = Dot(stream: pair.county, replica: pair.child.replica.id, number: 2)
    #expect(outcome.result == .failed(.identityLost(.cloned(dot))))
    #expect(pair.hub.alarms.contains(.fork(dot, from: clone.replica.id)))
    #expect(pair.child.replica.state(pair.county) == pair.hub.replica.state(pair.county))
  }

  @Test("A hub restored from the past learns it from its child and takes nothing")
  func hubRestored() throws {
    var pair = try ModelPair.met()
    let backup = pair.hub.replica.streams
    pair.hub.replica.write(pair.prefecture)
    pair.link.settle(pair.child, pair.hub)
    pair.hub.replica.restore(backup)
    pair.hub.processSecret += 1
    pair.child.replica.write(pair.county)
    for _ in 0..<3 { pair.link.exchange(pair.child, pair.hub) }
    #expect(pair.hub.alarms == [.restored(pair.prefecture, own: 1, peer: 2)])
    guard case .failed(.refused(let error)) = pair.child.outcomes.last?.result else {
      Issue.record("the child is asked to come later")
      return
    }
    #expect(error.code == .notReady)
    #expect(pair.hub.replica[pair.county].log.count == 1)
  }

  @Test("A hub that lost others' change sets is filled again by its child")
  func hubRefilled() throws {
    var pair = try ModelPair.met()
    let backup = pair.hub.replica.streams
    for _ in 0..<5 { pair.child.replica.write(pair.county) }
    pair.link.settle(pair.child, pair.hub)
    pair.hub.replica.restore(backup)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual && pair.hub.alarms.isEmpty)
  }

  @Test("Equal knowledge with unequal rows raises an alarm on both sides, once per exchange")
  func digests() throws {
    var pair = try ModelPair.met()
    pair.hub.replica.corruptDigest(pair.county)
    pair.link.exchange(pair.child, pair.hub)
    #expect(
      pair.child.alarms == [.digestMismatch(pair.county, peer: pair.hub.replica.id)])
    #expect(pair.hub.alarms == [.digestMismatch(pair.county, peer: pair.child.replica.id)])
  }

  @Test("Digests are not compared while rows wait in quarantine or schemas differ")
  func noDigests() throws {
    var pair = try ModelPair.met()
    pair.hub.replica.corruptDigest(pair.county)
    pair.hub.quarantineCount = 1
    pair.link.exchange(pair.child, pair.hub)
    pair.hub.quarantineCount = 0
    pair.child.quarantineCount = 1
    pair.link.exchange(pair.child, pair.hub)
    pair.child.quarantineCount = 0
    pair.child.schemaVersion = 2
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.child.alarms.isEmpty && pair.hub.alarms.isEmpty)
  }

  @Test(
    "A hub answers strangers, the retired and the unrelated with the error and nothing else",
    arguments: [
      (PeerStanding.Registration.unknown, ProtocolErrorCode.unknownReplica),
      (.retired, .retiredReplica), (.notRelated, .notAdmitted),
    ])
  func refused(_ registration: PeerStanding.Registration, _ code: ProtocolErrorCode) throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    pair.hub.registrations[pair.child.replica.id] = registration
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(
      outcome.result
        == .failed(
          .refused(ErrorMessage(code: code, subject: pair.child.replica.id.description))))
    #expect(pair.link.hubFrames.map(\.errorCode) == [nil, code, nil])
    guard case .hello(let hello) = pair.link.hubFrames.first else {
      Issue.record("the hub begins with HELLO")
      return
    }
    #expect(hello.streams.isEmpty)
    #expect(!pair.isEqual)
  }

  @Test("A HELLO with a wrong signature is told only that it must authenticate")
  func impostor() throws {
    var pair = try ModelPair.met()
    pair.hub.forgers = [pair.child.replica.id]
    pair.hub.registrations[pair.child.replica.id] = .retired
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(outcome.result == .challenged)
    #expect(pair.hub.alarms == [.impostor(pair.child.replica.id)])
  }

  @Test("A child does not speak to a hub that is not who it should be")
  func wrongHub() throws {
    var pair = try ModelPair.met()
    pair.child.forgers = [pair.hub.replica.id]
    let outcome = pair.link.exchange(pair.child, pair.hub)
    guard case .failed(.violated(let error)) = outcome.result else {
      Issue.record("an impostor is refused")
      return
    }
    #expect(error.code == .authenticationNeeded)
    #expect(pair.child.alarms == [.impostor(pair.hub.replica.id)])
  }

  @Test("A new child that lacks the hub's key takes change sets and gives none")
  func unprovedHub() throws {
    var pair = try ModelPair()
    pair.child.replica.write(pair.county)
    pair.hub.replica.write(pair.prefecture)
    pair.child.registrations[pair.hub.replica.id] = .unknown
    for _ in 0..<4 { pair.link.exchange(pair.child, pair.hub) }
    #expect(pair.child.replica[pair.prefecture].log.count == 1)
    #expect(pair.hub.replica[pair.county].log.isEmpty)
    #expect(pair.child.replica.acknowledged.isEmpty)
    pair.child.registrations = [:]
    pair.link.settle(pair.child, pair.hub)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
  }

  @Test("Without a version in common both sides stop with the versions named")
  func versions() throws {
    var pair = try ModelPair.met()
    pair.hub.versions = 3...4
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(
      outcome.result
        == .failed(.violated(ErrorMessage(code: .versionMismatch, subject: "3-4"))))
    pair.hub.versions = 2...4
    #expect(pair.link.exchange(pair.child, pair.hub).result == .complete)
  }

  @Test("Nodes of neighbouring versions exchange while each speaks its last two")
  func neighbouringVersions() throws {
    for (child, hub) in [(1...1, 1...2), (1...2, 2...3), (2...3, 1...2), (2...3, 2...3)]
      as [(ClosedRange<UInt16>, ClosedRange<UInt16>)]
    {
      var pair = try ModelPair.met()
      (pair.child.versions, pair.hub.versions) = (child, hub)
      pair.child.replica.write(pair.county)
      pair.link.settle(pair.child, pair.hub)
      #expect(pair.isEqual, "\(child) and \(hub)")
    }
  }

  @Test("A hint that believes too much is corrected in one exchange")
  func highHint() throws {
    var pair = try ModelPair.met()
    for _ in 0..<5 { pair.child.replica.write(pair.county) }
    var hint = pair.child.hint(pair.hub)
    hint.believe(pair.child.replica[pair.county].known, of: pair.county)
    pair.child.hints[pair.hub.node] = hint
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.link.changeSetsUp == 0)
    #expect(pair.child.outcomes.last?.moved == true)
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.link.changeSetsUp == 5 && pair.isEqual)
  }

  @Test("A hint with a hole makes the hub park, and is corrected")
  func holeHint() throws {
    var pair = try ModelPair.met()
    for _ in 0..<5 { pair.child.replica.write(pair.county) }
    var hint = pair.child.hint(pair.hub)
    var known = pair.child.replica[pair.county].known
    known[pair.child.replica.id] = 4
    hint.believe(known, of: pair.county)
    pair.child.hints[pair.hub.node] = hint
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.hub.outcomes.last?.parked == 2)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
  }

  @Test("A hint that believes too little repeats and does no harm")
  func lowHint() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    var hint = pair.child.hint(pair.hub)
    hint.believe(VersionVector(), of: pair.county)
    pair.child.hints[pair.hub.node] = hint
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.link.changeSetsUp == 2 && pair.isEqual && pair.hub.alarms.isEmpty)
  }

  @Test("A hub of a new epoch is met as a stranger: its hint is void")
  func newEpoch() throws {
    var pair = try ModelPair.met()
    pair.hub.replica.id = makeReplica(makeNode(11), epoch: 2)
    pair.hub.processSecret += 1
    pair.child.replica.write(pair.county)
    #expect(pair.link.exchange(pair.child, pair.hub).result == .challenged)
    #expect(pair.child.hint(pair.hub).known(of: pair.county) == nil)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual && pair.child.alarms.isEmpty && pair.hub.alarms.isEmpty)
  }

  @Test("Subjects of errors are read back as they were written")
  func subjects() {
    let stream = makeStream(530_102, .up)
    let dot = Dot(stream: stream, replica: makeReplica(makeNode(530_102, 3)), number: 7)
    #expect(ErrorSubject("530102/up") == .stream(stream))
    #expect(ErrorSubject("530102/up:530102.3-1:7") == .dot(dot))
    #expect(ErrorSubject(ErrorSubject.dot(dot).text) == .dot(dot))
    for text in ["", "530102/sideways", "530102/up:530102.3-1:07", "0/up", "a:b:c", "530102/up:"] {
      #expect(ErrorSubject(text) == .other(text))
    }
  }
}

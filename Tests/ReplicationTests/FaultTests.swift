import Causality
import Changes
import Replication
import Testing
import Wire

@Suite("Violations and refusals") struct FaultTests {
  private func foreignChanges(_ pair: ModelPair) -> Message {
    let dot = Dot(
      stream: makeStream(112), replica: makeReplica(makeNode(112)), number: 1)
    let changeSet = EncodedChangeSet(
      dot: dot, header: [], body: [1], bodyIsDeflated: false, bodyByteCount: 1)
    return .changes(ChangesMessage(changeSets: [changeSet], heads: []))
  }

  @Test("A stream that is not shared is stopped on the link; the others go on")
  func foreignStream() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    let foreign = foreignChanges(pair)
    pair.link.alter = { [foreign] + $0 + [foreign] }
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(outcome.result == .complete && pair.isEqual)
    #expect(pair.hub.alarms == [.notShared(makeStream(112), from: pair.child.replica.id)])
    #expect(pair.link.hubFrames.filter { $0.errorCode == .streamNotShared }.count == 1)
    #expect(pair.hub.replica[makeStream(112)].log.isEmpty)
  }

  @Test("A hub cannot push a sibling's stream to a child")
  func foreignFromHub() throws {
    var pair = try ModelPair.met()
    let foreign = foreignChanges(pair)
    pair.link.alterAnswer = { $0 + [foreign] }
    pair.hub.replica.write(pair.prefecture)
    pair.link.exchange(pair.child, pair.hub)
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.child.alarms.first == .notShared(makeStream(112), from: pair.hub.replica.id))
    #expect(pair.child.replica[makeStream(112)].log.isEmpty && pair.isEqual)
  }

  @Test("A change set that is not proved stops its stream and replica only, until another process")
  func unproved() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    pair.child.replica.write(pair.prefecture)
    let county = pair.county
    pair.link.alter = { frames in frames.map { $0.tampered(county) } }
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(outcome.result == .complete && outcome.differs)
    #expect(pair.hub.alarms.count == 1)
    #expect(pair.link.hubFrames.contains { $0.errorCode == .unprovedChangeSet })
    #expect(
      pair.child.replica.state(pair.prefecture) == pair.hub.replica.state(pair.prefecture))
    pair.link.alter = { $0 }
    pair.link.exchange(pair.child, pair.hub)
    #expect(pair.link.changeSetsUp == 0, "what the hub refused is not pressed on it")
    pair.hub.processSecret += 1
    pair.link.settle(pair.child, pair.hub)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
  }

  @Test("A change set of the hub that is not proved is reported back and not sent again")
  func unprovedDown() throws {
    var pair = try ModelPair.met()
    pair.hub.replica.write(pair.prefecture)
    pair.hub.replica.write(pair.county)
    let prefecture = pair.prefecture
    pair.link.alterAnswer = { frames in frames.map { $0.tampered(prefecture) } }
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.child.replica.state(pair.county) == pair.hub.replica.state(pair.county))
    pair.hub.replica.write(pair.county)
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.link.childFrames.contains { $0.errorCode == .unprovedChangeSet })
    #expect(pair.link.changeSetsDown <= 1, "only the county's change set comes")
    pair.hub.replica.write(pair.prefecture)
    for _ in 0..<4 {
      pair.link.exchange(pair.child, pair.hub)
      #expect(pair.link.changeSetsDown == 0, "what was stopped is not sent again")
    }
    #expect(pair.child.replica.state(pair.county) == pair.hub.replica.state(pair.county))
  }

  @Test("A stream that cannot move is left out for ever longer, whatever the clock does")
  func stuck() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    let county = pair.county
    pair.link.alter = { frames in frames.map { $0.tampered(county) } }
    func spoken(_ seconds: Int) -> Int {
      var spoken = 0
      for _ in 0..<seconds {
        let outcome = pair.link.exchange(pair.child, pair.hub)
        #expect(outcome.result == .complete)
        if pair.link.childFrames.contains(where: \.isKnowledge) { spoken += 1 }
        pair.child.wall += 1_000
      }
      return spoken
    }
    // After 5 s, 10 s more, 20 s more, …
    #expect((4...7).contains(spoken(120)))
    #expect(spoken(60) <= 1)
    pair.child.wall -= 1_000_000
    #expect(spoken(1) == 1, "a clock that went back makes nobody wait longer")
    pair.child.wall += 10_000_000
    #expect(spoken(1) == 1)
  }

  @Test("A hub whose disk is full says when to come again, and nothing is lost")
  func hubNotReady() throws {
    var pair = try ModelPair.met()
    for _ in 0..<20 { pair.child.replica.write(pair.county) }
    pair.hub.replica.isDiskFull = true
    let outcome = pair.link.exchange(pair.child, pair.hub)
    guard case .failed(.refused(let error)) = outcome.result else {
      Issue.record("refused expected, was \(outcome.result)")
      return
    }
    #expect(error.code == .notReady && error.retryAfterMilliseconds == 5_000)
    pair.hub.replica.isDiskFull = false
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
  }

  @Test("A child whose disk is full stops and takes the rest later")
  func childNotReady() throws {
    var pair = try ModelPair.met()
    for _ in 0..<20 { pair.hub.replica.write(pair.county) }
    pair.link.exchange(pair.child, pair.hub)
    pair.child.replica.isDiskFull = true
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(outcome.result == .failed(.notReady(retryAfterMilliseconds: 5_000)))
    pair.child.replica.isDiskFull = false
    pair.link.settle(pair.child, pair.hub)
    #expect(pair.isEqual)
  }

  @Test("Frames out of place end the exchange")
  func unexpected() throws {
    var pair = try ModelPair.met()
    for message in [Message.done, .hello(hello(pair))] {
      var listener = HubExchange(context: pair.hub.context, memory: ChildMemory())
      if message != .done {
        listener.receive(.hello(hello(pair)), wallMilliseconds: 0)
        _ = pair.hub.drain(&listener, peer: nil)
      }
      listener.receive(message, wallMilliseconds: 0)
      let said = pair.hub.drain(&listener, peer: nil)
      #expect(said.map(\.errorCode) == [nil, .unexpectedFrame, nil])
      #expect(listener.isFinished)
    }
    pair.link.alterAnswer = { $0 + [.bundleSeal(BundleSeal(contentHash: .zero, signature: []))] }
    pair.hub.replica.write(pair.county)
    let outcome = pair.link.exchange(pair.child, pair.hub)
    #expect(
      outcome.result
        == .failed(.violated(ErrorMessage(code: .unexpectedFrame, subject: "SEAL"))))
  }

  @Test("A hub that answers before the child's turn is over is heard, and the turn is said again")
  func earlyAnswer() throws {
    for told in 0..<12 {
      var pair = try ModelPair.met()
      for _ in 0..<40 { pair.child.replica.write(pair.county) }
      pair.link.settle(pair.child, pair.hub)
      for _ in 0..<40 { pair.child.replica.write(pair.county) }
      // The hub has started anew and refuses the HELLO while changes are still on their way.
      pair.hub.processSecret += 1
      var speaker = ChildExchange(
        context: pair.child.context, shared: pair.child.shared(with: pair.hub.node),
        hint: pair.child.hint(pair.hub))
      var listener = HubExchange(context: pair.hub.context, memory: ChildMemory())
      var said: [Message] = []
      while said.count < told, let action = speaker.next() {
        if case .send(let message) = action { said.append(message) }
        if let answer = pair.child.perform(action, peer: pair.hub.replica.id) {
          speaker.answer(answer)
        }
      }
      guard said.count == told else { break }
      var answer: [Message] = []
      for message in said {
        listener.receive(message, wallMilliseconds: 0)
        answer += pair.hub.drain(&listener, peer: pair.child.replica.id)
      }
      if told == 0 { answer = [.done] }
      for message in answer {
        speaker.receive(message, wallMilliseconds: 0)
        #expect(pair.child.drain(&speaker, peer: pair.hub.replica.id).isEmpty, "it says no more")
      }
      #expect(speaker.isFinished, "after \(told) frames")
      let result = try #require(pair.child.outcomes.last).result
      if told == 0 {
        #expect(
          result
            == .failed(
              .violated(ErrorMessage(code: .unexpectedFrame, subject: "DONE before HELLO"))))
      } else {
        #expect(result == .challenged, "after \(told) frames")
      }
      pair.child.hints[pair.hub.node] = speaker.hint
      pair.link.settle(pair.child, pair.hub)
      let isEqual = pair.isEqual
      #expect(isEqual, "after \(told) frames")
    }
  }

  @Test("Frames after a turn's end change nothing, however much the hub has left to say")
  func late() throws {
    let pair = try ModelPair.met()
    for _ in 0..<40 { pair.hub.replica.write(pair.county) }
    var listener = HubExchange(context: pair.hub.context, memory: ChildMemory())
    for message in [Message.hello(hello(pair)), .done] {
      listener.receive(message, wallMilliseconds: 0)
      while !(message == .done), let action = listener.next() {
        if let answer = pair.hub.perform(action, peer: nil) { listener.answer(answer) }
      }
    }
    for message in [Message.done, .hello(hello(pair))] {
      listener.receive(message, wallMilliseconds: 0)
      listener.reject(.malformedFrame, subject: "frame 9")
    }
    #expect(pair.hub.drain(&listener, peer: nil).last == .done)
    #expect(listener.isFinished)
  }

  private func hello(_ pair: ModelPair) -> Hello {
    var speaker = ChildExchange(
      context: pair.child.context, shared: pair.child.shared(with: pair.hub.node),
      hint: pair.child.hint(pair.hub))
    guard case .hello(let hello) = pair.child.drain(&speaker, peer: nil).first else {
      preconditionFailure("a turn begins with HELLO")
    }
    return hello
  }

  @Test("Bytes that are no frame are answered with an error, and what came before counts")
  func malformed() throws {
    var pair = try ModelPair.met()
    pair.child.replica.write(pair.county)
    pair.link.cutAfter = 0
    var speaker = ChildExchange(
      context: pair.child.context, shared: pair.child.shared(with: pair.hub.node),
      hint: pair.child.hint(pair.hub))
    let turn = pair.child.drain(&speaker, peer: pair.hub.replica.id).dropLast()
    var listener = HubExchange(context: pair.hub.context, memory: ChildMemory())
    for message in turn {
      listener.receive(message, wallMilliseconds: 0)
      _ = pair.hub.drain(&listener, peer: pair.child.replica.id)
    }
    listener.reject(.malformedFrame, subject: "checksum")
    let said = pair.hub.drain(&listener, peer: pair.child.replica.id)
    #expect(said.map(\.errorCode) == [nil, .malformedFrame, nil])
    #expect(pair.isEqual)
  }

  @Test("A turn of too many frames ends at the limit")
  func frames() throws {
    let pair = try ModelPair.met()
    var listener = HubExchange(context: pair.hub.context, memory: ChildMemory())
    listener.receive(.hello(hello(pair)), wallMilliseconds: 0)
    _ = pair.hub.drain(&listener, peer: nil)
    let noise = Message.error(ErrorMessage(code: .replicaRestored, subject: ""))
    var count = 0
    while !listener.isFinished && count <= Limits.framesPerTurn {
      listener.receive(noise, wallMilliseconds: 0)
      while let action = listener.next() {
        if let answer = pair.hub.perform(action, peer: nil) { listener.answer(answer) }
      }
      count += 1
    }
    #expect(count == Limits.framesPerTurn + 1)
    #expect(
      pair.hub.outcomes.last?.result
        == .failed(
          .violated(ErrorMessage(code: .limitExceeded, subject: "framesPerTurn"))))
  }
}

extension Message {
  /// The same CHANGES with other bytes in one stream.
  func tampered(_ stream: StreamID) -> Message {
    guard case .changes(let message) = self else { return self }
    let changeSets = message.changeSets.map { changeSet in
      changeSet.dot.stream != stream
        ? changeSet
        : EncodedChangeSet(
          dot: changeSet.dot, header: changeSet.header, body: changeSet.body.map { ~$0 },
          bodyIsDeflated: false, bodyByteCount: changeSet.bodyByteCount)
    }
    return .changes(ChangesMessage(changeSets: changeSets, heads: message.heads))
  }
}

import Causality
import Changes
import Wire

/// The sessions of the vectors.
enum SessionSamples {
  private static let child = "530102-1"
  private static let hub = "530100-1"
  private static let county = "530102/both"
  private static let prefecture = "530100/both"
  private static let challenge = [UInt8](repeating: 0x7F, count: 16)

  private static func write(
    _ writer: String, _ stream: String, _ number: UInt64, text: String = "row",
    value: Value? = nil, context: [String] = []
  ) throws -> SessionFile.Step {
    let header = try ChangeSetSamples.header(
      stream: stream, replica: writer, number: number, context: context,
      timestamp: "\(1_729_999_999_000 + number)")
    let body = ChangeSetBody(blocks: [
      try ChangeSetSamples.block(
        1_000, .insert, [(1, 1)],
        [.init(key: [.text("\(writer) \(number)")], new: [value ?? .text(text)])])
    ])
    return SessionFile.Step(
      action: writer == child ? "childWrites" : "hubWrites",
      changeSet: try MergeFile.Carried(EncodedChangeSet(header: header, body: body)))
  }

  private static let exchange = SessionFile.Step(action: "exchange")
  private static let wait = SessionFile.Step(action: "wait")

  private static func hears(_ action: String, _ messages: [Message]) throws -> SessionFile.Step {
    SessionFile.Step(action: action, given: try SessionWorld.said(messages))
  }

  /// Bytes that no deflater shortens: SHA-256 of 0, 1, 2 …, each as 4 bytes, big endian; a little more than a part.
  private static let large: Value = {
    let hashes = (0..<8_200).map { number in
      Digest.sha256(withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) }).bytes
    }
    return .blob(hashes.flatMap { $0 })
  }()

  private static func hello(
    _ replica: String, versions: ClosedRange<UInt16> = 1...1, challenge: [UInt8] = challenge,
    streams: [StreamSummary] = [], isSigned: Bool = true
  ) throws -> Message {
    let replica = try ReplicaID(vector: replica)
    func make(_ signature: [UInt8]) -> Hello {
      Hello(
        protocolVersions: versions, replica: replica, schemaVersion: 1,
        wallMilliseconds: 1_730_000_000_000, quarantineCount: 0, challenge: challenge,
        streams: streams, signature: signature)
    }
    let signature =
      isSigned
      ? VectorKey.sign(make([]).signedBytes, by: replica) : [UInt8](repeating: 0, count: 64)
    return .hello(make(signature))
  }

  static func make() throws -> SessionFile {
    var file = SessionFile(tree: MergeStage.tree, keys: [:], sessions: [])
    for replica in [child, hub, "530103-1"] {
      file.keys[replica] = Hex.encode(
        VectorKey.publicKey(try ReplicaID(vector: replica)))
    }
    let first = [exchange, exchange, exchange]
    file.sessions =
      try [
        session(
          "first contact, both ways, then a long poll without news; as in 6-Sessions §12",
          [
            write(child, county, 1), write(child, county, 2), write(child, county, 3),
            write(hub, prefecture, 1), write(hub, prefecture, 2),
          ] + first + [exchange, wait]),
        session(
          "a change is pushed, the link breaks, nothing is sent twice",
          [write(child, county, 1)] + first + [
            write(child, county, 2),
            SessionFile.Step(action: "exchange", cutAfter: 3), exchange, exchange,
          ]),
        session(
          "a change set that is too large for a frame is pushed in parts",
          first + [write(child, county, 1, value: large), exchange, exchange]),
        session(
          "the link breaks between two parts: the receipt says where to go on",
          first + [
            write(child, county, 1, value: large),
            SessionFile.Step(action: "exchange", cutAfter: 4), exchange, exchange, exchange,
          ]),
        session(
          "a change set that is too large for a frame is pulled in parts",
          first + [write(hub, county, 1, value: large), wait, exchange, exchange]),
        session(
          "news of a long poll are fetched",
          first + [write(hub, prefecture, 1), wait, exchange]),
        session(
          "both write one stream",
          first + [write(child, county, 1), write(hub, county, 1), exchange, exchange]),
        session(
          "a child that does not know the hub pulls and does not push",
          [write(child, county, 1), write(hub, prefecture, 1)] + first, childKnowsHub: false),
        session(
          "a stream that cannot move is left out while the clock stands, until something changes",
          [write(child, county, 1)] + first + [exchange, exchange, write(child, county, 2)]
            + [exchange, exchange, write(hub, county, 1), exchange, exchange],
          childKnowsHub: false),
      ] + refusals()
    return file
  }

  private static func session(
    _ name: String, _ steps: [SessionFile.Step], childKnowsHub: Bool = true
  ) throws -> SessionFile.Session {
    var session = SessionFile.Session(
      name: name, child: child, hub: hub, childKnowsHub: childKnowsHub,
      challenge: Hex.encode(challenge), streams: [prefecture, county], steps: [])
    var world = try SessionWorld(session)
    session.steps = try steps.map { try world.run($0) }
    return session
  }

  private static func refusals() throws -> [SessionFile.Session] {
    let stream = try StreamID(vector: county)
    let good = try hello(child)
    let known = try VersionVector(vector: ["530100-1:9"])
    let manifest = Message.bundleManifest(
      BundleManifest(
        from: try ReplicaID(vector: child), to: nil, createdMilliseconds: 0,
        isAcknowledgement: true, ranges: [], frameCount: 0))
    guard let one = try write(child, county, 1).changeSet?.changeSet(),
      let other = try write(child, county, 1, text: "another").changeSet?.changeSet()
    else { throw MalformedVector(what: "a change set") }
    let unproved = ChangesMessage(
      changeSets: [one],
      heads: [SignedHead(dot: one.dot, hash: .zero, signature: [UInt8](repeating: 0, count: 64))])
    let fork = ChangesMessage(changeSets: [other], heads: [])
    let foreign = Message.knowledge(
      StreamKnowledge(
        stream: try StreamID(vector: "530103/both"), known: VersionVector(), receiverHead: nil))
    let restored = Message.knowledge(
      StreamKnowledge(stream: stream, known: known, receiverHead: .zero))
    let wrongVersion = try hello(child, versions: 9...9)
    let atHub: [(String, [Message])] = [
      ("DONE before HELLO", [.done]), ("no protocol version in common", [wrongVersion]),
      ("a replica that is not in the registry", [try hello("530103-1")]),
      ("a wrong signature", [try hello(child, isSigned: false)]),
      (
        "a challenge of another process",
        [try hello(child, challenge: [UInt8](repeating: 1, count: 16))]
      ),
      ("HELLO twice", [good, good]), ("MANIFEST in a turn", [good, manifest]),
      ("a stream that is not shared", [good, foreign, .done]),
      ("a change set that does not prove", [good, .changes(unproved), .done]),
      ("a hub that was restored", [good, restored]),
    ]
    var sessions = try atHub.map { name, messages in
      try session("the hub hears: \(name)", [hears("hubHears", messages)])
    }
    sessions.append(
      try session(
        "the hub hears: another content for a dot that it knows",
        [write(child, county, 1), exchange, exchange, exchange]
          + [hears("hubHears", [good, .changes(fork), .done])]))
    let reply = try hello(hub)
    let summary = StreamSummary(
      stream: stream, headsHash: 1, digest: [UInt8](repeating: 0, count: 16))
    let busy = Message.error(
      ErrorMessage(code: .notReady, subject: hub, retryAfterMilliseconds: 5_000))
    let advice = Message.error(
      ErrorMessage(code: .replicaRestored, subject: "530102/both:530102-1:9"))
    let challenged = Message.error(ErrorMessage(code: .authenticationNeeded, subject: child))
    let ahead = Message.knowledge(
      StreamKnowledge(
        stream: stream, known: try VersionVector(vector: ["530102-1:9"]), receiverHead: .zero))
    let atChild: [(String, [Message])] = [
      ("DONE before HELLO", [.done]), ("a wrong signature", [try hello(hub, isSigned: false)]),
      ("a hub that is not ready", [reply, busy, .done]),
      ("advice that it was restored", [reply, advice, .done]),
      ("a challenge", [reply, challenged, .done]),
      ("more of its own change sets than it has", [try hello(hub, streams: [summary]), ahead]),
      ("the end before DONE", [reply]), ("HELLO twice", [reply, reply]),
    ]
    for (name, messages) in atChild {
      sessions.append(
        try session(
          "the child hears: \(name)",
          [exchange, exchange, hears("childHears", messages)]))
    }
    return sessions
  }
}

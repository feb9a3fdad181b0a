internal import Causality
internal import Changes
internal import Merge
internal import Wire

/// One message on its way into the replica: proof, order, judgement, application, parking.
final class Delivery {
  private let replica: Replica
  private let peer: ReplicaID
  private let ingress: Ingress
  private let wallMilliseconds: UInt64
  private var runs: [StreamID: [ReplicaID: IncomingRun]] = [:]
  private(set) var outcome = ApplyOutcome()
  private var received: Set<Dot> = []
  /// The first log id of the group being applied; change sets of one group travel together.
  private var atom: Int64 = 0

  init(_ replica: Replica, peer: ReplicaID, ingress: Ingress, wallMilliseconds: UInt64) {
    self.replica = replica
    self.peer = peer
    self.ingress = ingress
    self.wallMilliseconds = wallMilliseconds
  }

  // MARK: receiving

  func receive(_ message: ChangesMessage) throws(StoreError) {
    try readParked()
    var heads: [Dot: SignedHead] = [:]
    for head in message.heads { heads[head.dot] = head }
    for encoded in message.changeSets {
      let header: ChangeSetHeader
      do {
        header = try ChangeSetCodec.decodeHeader(encoded.header)
      } catch {
        reject(encoded.dot, .malformedFrame, "header: \(error)")
        continue
      }
      guard header.dot == encoded.dot, replica.streams.contains(header.stream) else {
        reject(encoded.dot, .streamNotShared, "not a stream of this node")
        continue
      }
      let incoming = Incoming(
        header: header, encoded: encoded, signedHead: heads[encoded.dot],
        awaitsJudgement: entersHere(header.replica), hasWaited: false, source: peer)
      if try isKnown(incoming) { continue }
      received.insert(header.dot)
      add(incoming)
    }
    for stream in runs.keys.sorted() {
      for run in (runs[stream] ?? [:]).keys.sorted() { try prove(stream, run) }
    }
  }

  /// Whether this is the first hub that has the change sets of `author`.
  private func entersHere(_ author: ReplicaID) -> Bool {
    let own = replica.identity.replica
    switch ingress {
    case .none: return false
    case .peer: return author == peer
    case .everyone:
      return author != own && replica.tree.isAtOrAbove(own.node.scope, author.node.scope)
    }
  }

  private func add(_ incoming: Incoming) {
    let (stream, writer) = (incoming.header.stream, incoming.header.replica)
    runs[stream, default: [:]][writer, default: IncomingRun()].insert(incoming)
  }

  private func reject(_ dot: Dot, _ code: ProtocolErrorCode, _ detail: String) {
    outcome.rejected.append(ApplyOutcome.Rejection(dot: dot, code: code, detail: detail))
  }

  /// Whether the change set was applied before; another content under its dot is a fork (I7).
  private func isKnown(_ incoming: Incoming) throws(StoreError) -> Bool {
    let header = incoming.header
    let state = try replica.state(of: header.stream)
    guard state.known.contains(header.replica, header.number) else { return false }
    outcome.duplicates += 1
    let chain = try replica.chain(of: header.replica, in: header.stream, at: header.number)
    let previous = try replica.chain(
      of: header.replica, in: header.stream, at: header.number - 1)
    // Bytes that do not inflate are no other content for the dot.
    guard let chain, let body = try? incoming.encoded.canonicalBody() else { return true }
    let given = Replica.chainHash(
      previous ?? .zero, header: incoming.encoded.header, canonicalBody: body)
    if given != chain {
      reject(header.dot, .forkDetected, "have \(chain), got \(given)")
      try replica.quarantine(
        "fork", subject: header.dot.description, detail: "have \(chain), got \(given) from \(peer)",
        counts: false, wall: wallMilliseconds)
    }
    return true
  }

  private func readParked() throws(StoreError) {
    let select = try replica.statements(
      "SELECT stream, replica, number, flags, header, body_bytes, body, head_hash, signature, source "
        + "FROM tributary_parked ORDER BY stream, replica, number")
    defer { select.reset() }
    while try select.step() {
      guard let stream = StreamID(packed: UInt32(truncatingIfNeeded: select.integer(0))),
        let writer = ReplicaID(packed: select.unsigned(1)),
        // It decoded when it was parked.
        let header = try? ChangeSetCodec.decodeHeader(select.blob(4))
      else { throw .damagedRecord("parked change set") }
      let dot = Dot(stream: stream, replica: writer, number: select.unsigned(2))
      let flags = LogFlags(rawValue: select.integer(3))
      let encoded = EncodedChangeSet(
        dot: dot, header: select.blob(4), body: select.blob(6),
        bodyIsDeflated: flags.contains(.deflated),
        bodyByteCount: Int(select.integer(5)))
      let head = ContentHash(select.blob(7)).map {
        SignedHead(dot: dot, hash: $0, signature: select.blob(8))
      }
      add(
        Incoming(
          header: header, encoded: encoded, signedHead: head,
          awaitsJudgement: flags.contains(.awaitsJudgement), hasWaited: true,
          source: select.kind(9) == .null ? nil : ReplicaID(packed: select.unsigned(9))))
    }
  }

  /// Computes the chain of one run and verifies its signed heads. What waited and what the message brings may not go
  /// together: then each is looked at alone, so that neither a lie that waits keeps the truth out nor a lie that comes
  /// drives it away.
  private func prove(_ stream: StreamID, _ writer: ReplicaID) throws(StoreError) {
    guard let run = runs[stream]?[writer] else { return }
    let parts = run.parts
    var list = run.list
    defer { runs[stream]?[writer]?.list = list }
    guard let doubt = try proveList(&list, stream, writer) else { return }
    if let parts {
      // What a signed head proves stays, whoever brought it.
      let proved = Array(list.prefix(while: \.isProved))
      let last = proved.last?.header.number ?? 0
      func rest(_ part: [Incoming]) -> [Incoming] {
        proved + part.filter { $0.header.number > last }
      }
      var candidate = rest(parts.brought)
      if try proveList(&candidate, stream, writer) == nil {
        list = candidate
        return try keep(doubt, of: Self.sources(of: parts.waited, behind: last))
      }
      candidate = rest(parts.waited)
      if try proveList(&candidate, stream, writer) == nil { list = candidate }
    }
    reject(doubt.dot, .unprovedChangeSet, doubt.text)
    try keep(doubt, of: "\(peer)")
  }

  /// Who brought what waits behind a number.
  private static func sources(of waited: [Incoming], behind number: UInt64) -> String {
    let sources = Set(waited.filter { $0.header.number > number }.compactMap(\.source)).sorted()
    let names = sources.isEmpty ? "somebody" : sources.map(\.description).joined(separator: ", ")
    return names + ", and had waited"
  }

  /// Why something is not proved.
  private struct Doubt {
    let dot: Dot
    let text: String
  }

  /// Proves what can be; drops what is wrong and all behind it, and says why.
  private func proveList(
    _ list: inout [Incoming], _ stream: StreamID, _ writer: ReplicaID
  ) throws(StoreError) -> Doubt? {
    let state = try replica.state(of: stream)
    let key = try replica.verifyingKey(of: writer)
    var last = state.heads[writer]?.chain ?? .zero
    var next = state.known[writer] + 1
    /// Behind the last signed head that is right.
    var end = 0
    var doubt: Doubt?
    for index in list.indices {
      guard list[index].header.number == next else { break }
      let dot = list[index].header.dot
      // What does not inflate is refused.
      guard let body = try? list[index].content() else {
        doubt = Doubt(dot: dot, text: "the body does not inflate")
        list.removeSubrange(index...)
        break
      }
      last = Replica.chainHash(last, header: list[index].encoded.header, canonicalBody: body)
      list[index].chain = last
      next += 1
      guard let head = list[index].signedHead, let key else { continue }
      guard head.hash == last,
        replica.host.signatures.isValid(head.signature, of: head.signedBytes, by: key)
      else {
        doubt = Doubt(dot: list[end].header.dot, text: "the signature or chain is wrong")
        list.removeSubrange(end...)
        break
      }
      end = index + 1
    }
    for index in list.indices.prefix(end) { list[index].isProved = true }
    return doubt
  }

  /// Keeps what was not proved for people to see.
  private func keep(_ doubt: Doubt, of source: String) throws(StoreError) {
    try replica.quarantine(
      "unproved", subject: doubt.dot.description, detail: "\(doubt.text); from \(source)",
      counts: false, wall: wallMilliseconds)
  }

  // MARK: applying

  /// Applies transactions while any is ready.
  func applyReady() throws(StoreError) {
    let check = ReadyCheck(
      held: { self.replica.streams.contains($0) },
      known: { stream throws(StoreError) in try self.replica.state(of: stream).known },
      context: { header throws(StoreError) in
        let state = try self.replica.state(of: header.stream)
        return self.replica.context(of: header, after: state.heads[header.replica])
      })
    var progress = true
    while progress {
      progress = false
      for stream in runs.keys.sorted() {
        for writer in (runs[stream] ?? [:]).keys.sorted() {
          while let first = runs[stream]?[writer]?.first,
            let transaction = try check.transaction(of: first, among: runs)
          {
            try apply(transaction)
            progress = true
          }
        }
      }
      if progress { try proveAgain() }
    }
  }

  /// A key may have come with what was applied.
  private func proveAgain() throws(StoreError) {
    for stream in runs.keys.sorted() {
      for writer in (runs[stream] ?? [:]).keys.sorted() {
        guard let first = runs[stream]?[writer]?.first, !first.isProved else { continue }
        try prove(stream, writer)
      }
    }
  }

  private func apply(_ transaction: [Incoming]) throws(StoreError) {
    atom = replica.nextLog
    var bodies: [ChangeSetBody?] = []
    for incoming in transaction {
      bodies.append(try take(incoming))
      let (stream, writer) = (incoming.header.stream, incoming.header.replica)
      runs[stream]?[writer]?.remove(incoming.header.number)
      outcome.applied += 1
      if !outcome.streamsAdvanced.contains(stream) {
        outcome.streamsAdvanced.append(stream)
        outcome.streamsAdvanced.sort()
      }
    }
    try judge(transaction, bodies)
  }

  /// Applies one change set that is proved and ready; returns its body, nil when that is malformed.
  func take(_ incoming: Incoming) throws(StoreError) -> ChangeSetBody? {
    let header = incoming.header
    let state = try replica.state(of: header.stream)
    let head = state.heads[header.replica]
    let context = replica.context(of: header, after: head)
    guard let chain = incoming.chain else { preconditionFailure("a proved change set has a chain") }
    _ = replica.clock.observe(
      header.timestamp, milliseconds: wallMilliseconds,
      furthestAheadMilliseconds: Limits.clockAheadMilliseconds)
    let log = replica.nextLog
    replica.nextLog += 1
    var entry = LogEntry(
      id: log, atom: atom, header: header, encoded: incoming.encoded, chain: chain, flags: [],
      signature: incoming.signedHead?.signature)
    let body = try decode(incoming, context)
    if body == nil { entry.flags.insert(.malformed) }
    try replica.insert(entry)
    let info = try replica.dots.info(log, replica.statements)
    let write = ChangeWrite(
      info: info, context: WriteContext(dot: info.fullDot, known: context),
      origin: replica.writer.loader.origin(of: info), stream: state, isLocal: false)
    if let body { try replica.apply(body, write) }
    state.advance(
      header.replica,
      to: Head(number: header.number, chain: chain, context: context, log: log))
    if let body { for operation in body.controls { try replica.apply(operation, by: write) } }
    return body
  }

  /// What of the body takes effect; what does not is known, kept and listed. Nil when it does not decode.
  private func decode(
    _ incoming: Incoming, _ context: VersionVector
  ) throws(StoreError) -> ChangeSetBody? {
    let dot = incoming.header.dot
    let body: ChangeSetBody
    do {
      var incoming = incoming
      body = try ChangeSetCodec.decodeBody(try incoming.content(), of: incoming.header)
    } catch {
      try replica.quarantine(
        Replica.undecodable, subject: dot.description, detail: "\(error)", counts: true,
        wall: wallMilliseconds)
      return nil
    }
    let (effective, problems) = replica.effective(body, WriteContext(dot: dot, known: context))
    for problem in problems {
      try replica.quarantine(
        "malformed", subject: "\(dot) \(problem.place)", detail: problem.text,
        counts: !problem.isAlike, wall: wallMilliseconds)
    }
    return effective
  }

  /// Rights and clock, judged once, at the first hub that has the change set from its author.
  private func judge(
    _ transaction: [Incoming], _ bodies: [ChangeSetBody?]
  ) throws(StoreError) {
    guard let first = transaction.first, replica.stopReason == nil,
      transaction.contains(where: \.awaitsJudgement)
    else { return }
    let header = first.header
    let isAhead =
      header.timestamp.milliseconds > wallMilliseconds &+ Limits.clockAheadMilliseconds
    // A malformed body has no effect to judge.
    let onlyControls = bodies.allSatisfy { $0?.blocks.isEmpty ?? true }
    var refusal: (RefusalReason, String)?
    for (incoming, body) in zip(transaction, bodies) {
      if let found = replica.refusal(of: incoming.header, body, by: header.replica) {
        refusal = found
      }
    }
    guard refusal != nil || isAhead && !onlyControls else { return }
    let control = replica.begin(
      author: replica.identity.replica.description, reason: "ingress",
      wallMilliseconds: wallMilliseconds)
    for incoming in transaction {
      let dot = StreamDot(replica: header.replica, number: incoming.header.number)
      if let refusal {
        try control.control(
          .refuse(dot, refusal.0, detail: refusal.1), in: incoming.header.stream)
        outcome.refused.append(incoming.header.dot)
      } else {
        try control.control(.suspect(dot), in: incoming.header.stream)
        outcome.suspect.append(incoming.header.dot)
      }
    }
    _ = try replica.finish(control, atom: atom)
  }

  // MARK: parking

  /// Keeps what is not ready, replacing what was kept before.
  func park() throws(StoreError) {
    try replica.statements("DELETE FROM tributary_parked").run()
    let insert = try replica.statements(
      "INSERT INTO tributary_parked VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
    for stream in runs.keys.sorted() {
      for writer in (runs[stream] ?? [:]).keys.sorted() {
        let list = runs[stream]?[writer]?.list ?? []
        for incoming in list.prefix(Limits.parkedChangeSets) {
          if received.contains(incoming.header.dot) { outcome.parked += 1 }
          insert.bind(1, stream.packed)
          insert.bind(2, writer.packed)
          insert.bind(3, incoming.header.number)
          var flags: LogFlags = incoming.encoded.bodyIsDeflated ? .deflated : []
          if incoming.awaitsJudgement { flags.insert(.awaitsJudgement) }
          insert.bind(4, flags.rawValue)
          insert.bind(5, blob: incoming.encoded.header)
          insert.bind(6, Int64(incoming.encoded.bodyByteCount))
          insert.bind(7, blob: incoming.encoded.body)
          if let head = incoming.signedHead {
            insert.bind(8, blob: head.hash.bytes)
            insert.bind(9, blob: head.signature)
          } else {
            insert.bindNull(8)
            insert.bindNull(9)
          }
          if let source = incoming.source {
            insert.bind(10, source.packed)
          } else {
            insert.bindNull(10)
          }
          try insert.run()
        }
      }
    }
  }
}

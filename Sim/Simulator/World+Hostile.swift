import Causality
import Changes
import Replication
import Store
import Wire

/// A node that lies, and links that carry what no node says.
extension World {
  /// What a hostile child says instead of a message (F44).
  func spoiled(_ message: Message, _ call: Call, isHub: Bool) -> Message {
    guard !isHub, call.child == plan.options.hostile - 1, !isHealed,
      case .changes(let changes) = message, let first = changes.changeSets.first
    else { return message }
    var chance = Chance(plan.seed, .fate, UInt64(call.number), 3_000_000 + UInt64(call.messages))
    guard chance.happens(perMillion: 600_000) else { return message }
    verdict.count(.hostile)
    switch chance.below(8) {
    case 0:
      return .changes(
        ChangesMessage(
          changeSets: changes.changeSets,
          heads: changes.heads.map { head in
            var signature = head.signature
            signature[chance.below(signature.count)] ^= 1
            return SignedHead(dot: head.dot, hash: head.hash, signature: signature)
          }))
    case 1: return forged(changes, first, call, author: nodes[call.hub].code)
    case 2:
      let other = nodes[chance.below(nodes.count)].code
      return forged(changes, first, call, author: other)
    case 3: return altered(changes, first, heads: changes.heads)
    // Without a signed head it waits, ahead of the true one.
    case 6: return altered(changes, first, heads: [])
    case 4: return equivocated(changes, call, isKnown: true)
    case 5: return equivocated(changes, call, isKnown: false)
    default: return foreign(changes, call)
    }
  }

  /// In the name of another node, signed with the own key.
  private func forged(
    _ changes: ChangesMessage, _ first: EncodedChangeSet, _ call: Call, author: NodeCode
  ) -> Message {
    // What it sends decodes: it is an honest engine with a false tongue.
    guard let header = try? ChangeSetCodec.decodeHeader(first.header),
      let victim = ReplicaID(node: author, epoch: 1), let own = nodes[call.child].replica?.identity
    else { return .changes(changes) }
    let number = checkers.known(call.hub, header.stream)[victim] + 1
    let lie = ChangeSetHeader(
      stream: header.stream, replica: victim, number: number, contextAdvance: VersionVector(),
      timestamp: header.timestamp, schemaVersion: header.schemaVersion, parts: [],
      author: "forged", reason: "")
    let set = EncodedChangeSet(
      dot: lie.dot, header: ChangeSetCodec.encodeHeader(lie), body: first.body,
      bodyIsDeflated: first.bodyIsDeflated, bodyByteCount: first.bodyByteCount)
    let unsigned = SignedHead(dot: lie.dot, hash: .zero, signature: [])
    // No key, no lie.
    let signature = (try? own.sign(unsigned.signedBytes)) ?? []
    return .changes(
      ChangesMessage(
        changeSets: [set],
        heads: [SignedHead(dot: lie.dot, hash: .zero, signature: signature)]))
  }

  /// The own change set with another content, under the old signatures or none.
  private func altered(
    _ changes: ChangesMessage, _ first: EncodedChangeSet, heads: [SignedHead]
  ) -> Message {
    // As above.
    guard let header = try? ChangeSetCodec.decodeHeader(first.header) else {
      return .changes(changes)
    }
    let lie = ChangeSetHeader(
      stream: header.stream, replica: header.replica, number: header.number,
      contextAdvance: header.contextAdvance, timestamp: header.timestamp,
      schemaVersion: header.schemaVersion, parts: header.parts, author: "altered", reason: "")
    let set = EncodedChangeSet(
      dot: first.dot, header: ChangeSetCodec.encodeHeader(lie), body: first.body,
      bodyIsDeflated: first.bodyIsDeflated, bodyByteCount: first.bodyByteCount)
    return .changes(
      ChangesMessage(changeSets: [set] + changes.changeSets.dropFirst(), heads: heads))
  }

  /// Another content for an own change set, well signed: for one that the hub has already, or before the hub gets
  /// the true one.
  private func equivocated(
    _ changes: ChangesMessage, _ call: Call, isKnown: Bool
  ) -> Message {
    guard let replica = nodes[call.child].replica,
      let set = isKnown
        // What cannot be read is no lie.
        ? try? known(to: call.hub, of: replica)
        : changes.changeSets.first(where: { $0.dot.replica == replica.identity.replica }),
      // It is an honest engine's: it decodes.
      let header = try? ChangeSetCodec.decodeHeader(set.header),
      // Likewise.
      let body = try? set.canonicalBody()
    else { return .changes(changes) }
    var previous: ContentHash? = .zero
    if header.number > 1 {
      // What cannot be read is no lie.
      previous = try? replica.head(
        of: header.replica, in: header.stream, at: header.number - 1)
    }
    guard let previous else { return .changes(changes) }
    let lie = ChangeSetHeader(
      stream: header.stream, replica: header.replica, number: header.number,
      contextAdvance: header.contextAdvance, timestamp: header.timestamp,
      schemaVersion: header.schemaVersion, parts: header.parts, author: "equivocated", reason: "")
    let bytes = ChangeSetCodec.encodeHeader(lie)
    let chain = Replica.chainHash(previous, header: bytes, canonicalBody: body)
    let unsigned = SignedHead(dot: set.dot, hash: chain, signature: [])
    // No key, no lie.
    guard let signature = try? replica.identity.sign(unsigned.signedBytes) else {
      return .changes(changes)
    }
    verdict.count(.equivocation)
    return .changes(
      ChangesMessage(
        changeSets: [
          EncodedChangeSet(
            dot: set.dot, header: bytes, body: set.body, bodyIsDeflated: set.bodyIsDeflated,
            bodyByteCount: set.bodyByteCount)
        ], heads: [SignedHead(dot: set.dot, hash: chain, signature: signature)]))
  }

  /// The last own change set of a replica that its hub has; nil when there is none.
  private func known(to hub: Int, of replica: Replica) throws(StoreError) -> EncodedChangeSet? {
    let own = replica.identity.replica
    for stream in replica.streams {
      let number = checkers.known(hub, stream)[own]
      var lacked = try replica.knowledge(of: stream)
      guard number > 0, number <= lacked[own] else { continue }
      lacked[own] = number - 1
      guard let batch = try replica.changes(lackedBy: [(stream, lacked)], maxBytes: 1),
        case .frame(let message) = batch.content
      else { continue }
      return message.changeSets.first { $0.dot.replica == own && $0.dot.number == number }
    }
    return nil
  }

  /// Of a stream that the two do not share.
  private func foreign(_ changes: ChangesMessage, _ call: Call) -> Message {
    let scope = nodes[call.child].code.scope
    guard
      let other = nodes.first(where: {
        !tree.isAtOrAbove(scope, $0.code.scope) && !tree.isAtOrAbove($0.code.scope, scope)
      })
    else { return .changes(changes) }
    let stream = StreamID(scope: other.code.scope)
    return .changes(
      ChangesMessage(
        changeSets: changes.changeSets.map {
          EncodedChangeSet(
            dot: Dot(stream: stream, replica: $0.dot.replica, number: $0.dot.number),
            header: $0.header, body: $0.body, bodyIsDeflated: $0.bodyIsDeflated,
            bodyByteCount: $0.bodyByteCount)
        }, heads: []))
  }

  /// A child's HELLO, said again, with a turn that only means harm (F45): a body that inflates without end,
  /// a flood of tiny frames, noise, or the frames of the turn in another order.
  func flood(_ index: Int, _ fault: Plan.Fault) {
    guard nodes[index].replica != nil,
      let old = recordings.values.filter({ $0.hub == index && !$0.isWait })
        .max(by: { $0.number < $1.number }), let turn = old.recorded.first
    else { return }
    var chance = Chance(plan.seed, .fate, UInt64(old.number), 4_000_000)
    var decoder = FrameDecoder()
    decoder.append(turn)
    // A turn begins with a HELLO.
    guard case .hello(let hello)? = try? decoder.next() else { return }
    verdict.count(.flood)
    var bytes = FrameCodec.encode(.hello(hello))
    switch fault.argument % 4 {
    case 0:
      guard let stream = hello.streams.first?.stream,
        let bomb = Deflate.deflate([UInt8](repeating: 0, count: 1 << 20), level: 9)
      else { return }
      let dot = Dot(stream: stream, replica: hello.replica, number: 1)
      for claimed in [1 << 20, 10, Limits.changeSetBytes] {
        let set = EncodedChangeSet(
          dot: dot, header: bomb, body: bomb, bodyIsDeflated: true, bodyByteCount: claimed)
        bytes += FrameCodec.encode(.changes(ChangesMessage(changeSets: [set], heads: [])))
      }
    case 1:
      let tiny = FrameCodec.encode(
        .error(ErrorMessage(code: .limitExceeded, subject: "x")))
      for _ in 0..<2_000 { bytes += tiny }
    case 2: for _ in 0..<4_000 { bytes.append(UInt8(truncatingIfNeeded: chance.next())) }
    default: bytes += turn + turn
    }
    nextCall += 1
    let call = Call(
      number: nextCall, child: old.child, hub: index, attempt: 0, isWait: false, childLife: 0,
      hubLife: nodes[index].life)
    call.isReplay = true
    call.messages = 1
    calls[nextCall] = call
    queue.push(.deliver(call: nextCall, isUp: true, bytes: bytes), at: now + 1)
    queue.push(.linkEnded(call: nextCall, isHub: true), at: now + .milliseconds(10_000))
  }
}

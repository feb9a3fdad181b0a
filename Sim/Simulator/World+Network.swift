import Changes

/// The network: what becomes of a message is a hash of (seed, call, message), so that it stays the same when
/// other things are left out.
extension World {
  func send(_ call: Call, isUp: Bool, _ bytes: [UInt8]) {
    guard !call.isCut else { return }
    let from = isUp ? call.child : call.hub
    call.messages += 1
    verdict.count(.messages)
    if isUp { call.recorded.append(bytes) }
    if let rehearsed {
      verdict.count(.bytes, bytes.count)
      return send(call, isUp: isUp, bytes, over: rehearsed)
    }
    let options = plan.options
    var chance = Chance(plan.seed, .fate, UInt64(call.number), UInt64(call.messages))
    let begin = max(now, nodes[from].busyUntil)
    var delay = chance.exponential(mean: options.delayMicroseconds) * 1_000
    var content = bytes
    let said = verdict[.bytes]
    verdict.count(.bytes, bytes.count)
    if (said + 1...said + bytes.count).contains(options.cutAt) {
      verdict.count(.cutInFrame)
      content = Array(bytes.prefix(options.cutAt - said - 1))
      let time = arrival(call, isUp, begin, delay)
      queue.push(.deliver(call: call.number, isUp: isUp, bytes: content), at: time)
      return loseLater(call, at: time + 1)
    }
    if isHealed && isInCore(call) {
      delay = Self.healedDelay
    } else {
      if isLost(call, &chance) { return lose(call) }
      if chance.happens(perMillion: options.heavyTail) {
        verdict.count(.heavyDelay)
        delay *= 1_000
      }
      // Who hears no byte for so long gives up.
      if delay > Int(Limits.answerMilliseconds) * 1_000_000 { return lose(call) }
      if chance.happens(perMillion: options.corruption) {
        verdict.count(.corruption)
        for _ in 0...chance.below(8) {
          content[chance.below(content.count)] ^= UInt8(1 << chance.below(8))
        }
      }
      if chance.happens(perMillion: options.cutInFrame) {
        verdict.count(.cutInFrame)
        content = Array(content.prefix(chance.below(content.count)))
        queue.push(
          .deliver(call: call.number, isUp: isUp, bytes: content),
          at: arrival(call, isUp, begin, delay))
        return loseLater(call, at: arrival(call, isUp, begin, delay) + 1)
      }
      if isUp, !call.isWait, !call.isReplay, call.messages == 1,
        chance.happens(perMillion: options.duplicate)
      {
        recordings[call.number] = call
        queue.push(
          .replay(call: call.number),
          at: now + .milliseconds(1_000 + chance.below(options.duplicateMilliseconds)))
      }
    }
    if isBlocked(call, isUp: isUp) { return lose(call) }
    carry(content, call, isUp: isUp, from: begin, delay)
  }

  /// One-way delay of links that are healed, nanoseconds.
  static let healedDelay = 20_000_000

  /// Whether a message is lost by itself, or in a burst: half a minute in which hardly anything gets through.
  private func isLost(_ call: Call, _ chance: inout Chance) -> Bool {
    if chance.happens(perMillion: plan.options.loss) {
      verdict.count(.loss)
      return true
    }
    guard plan.options.bursts > 0 else { return false }
    var weather = Chance(plan.seed, .delay, UInt64(call.child), now / .milliseconds(30_000))
    guard weather.happens(perMillion: plan.options.bursts), chance.happens(perMillion: 900_000)
    else { return false }
    verdict.count(.burst)
    return true
  }

  /// Puts bytes on a link, behind those that are on their way there in the same direction: all calls share it. A slow
  /// link delivers them in pieces, as TCP does.
  private func carry(
    _ bytes: [UInt8], _ call: Call, isUp: Bool, from begin: Nanoseconds, _ delay: Int
  ) {
    let speed = bandwidth(isUp: isUp)
    guard speed > 0 else {
      return queue.push(
        .deliver(call: call.number, isUp: isUp, bytes: bytes),
        at: arrival(call, isUp, begin, delay))
    }
    verdict.count(.slowLink)
    var rest = bytes[...]
    repeat {
      let piece = rest.prefix(Limits.writePieceBytes)
      rest = rest.dropFirst(piece.count)
      let start = max(begin, linkFree[call.child][isUp ? 0 : 1])
      let sent = start + UInt64(piece.count) * 1_000_000_000 / UInt64(speed)
      linkFree[call.child][isUp ? 0 : 1] = sent
      queue.push(
        .deliver(call: call.number, isUp: isUp, bytes: Array(piece)),
        at: arrival(call, isUp, sent, delay))
    } while !rest.isEmpty
  }

  /// Bytes per second of a link; 0 for no bound.
  func bandwidth(isUp: Bool) -> Int {
    let options = plan.options
    return isUp || options.bandwidthDown == 0 ? options.bandwidth : options.bandwidthDown
  }

  private func arrival(
    _ call: Call, _ isUp: Bool, _ begin: Nanoseconds, _ delay: Int
  ) -> Nanoseconds {
    let direction = isUp ? 0 : 1
    let time = max(call.lastDelivery[direction] + 1, begin + UInt64(max(0, delay)))
    call.lastDelivery[direction] = time
    return time
  }

  func isInCore(_ call: Call) -> Bool {
    core.contains(call.child) && core.contains(call.hub)
  }

  func isBlocked(_ call: Call, isUp: Bool) -> Bool {
    if isHealed { return !isInCore(call) || route == .byHand }
    return cuts[call.child][isUp ? 0 : 1] > 0
  }

  /// Nothing more arrives; both sides learn of it, by a reset or by silence.
  func lose(_ call: Call) { loseLater(call, at: now) }

  /// Both sides give up a call on which nothing came for so long, e.g. because the length of a frame was corrupted.
  func checkSilence(_ number: Int) {
    guard let call = calls[number], !call.isCut else { return }
    let end =
      max(call.lastDelivery[0], call.lastDelivery[1])
      + .milliseconds(Int(Limits.answerMilliseconds))
    guard end <= now else { return queue.push(.silence(call: number), at: end) }
    call.isCut = true
    for isHub in [false, true] {
      queue.push(.linkEnded(call: number, isHub: isHub), at: now + 1_000_000)
    }
  }

  private func loseLater(_ call: Call, at time: Nanoseconds) {
    if time == now { call.isCut = true }
    var chance = Chance(plan.seed, .fate, UInt64(call.number), 1_000_000)
    for isHub in [false, true] {
      let delay = chance.happens(perMillion: 500_000) ? 100 : chance.within(1_000...120_000)
      queue.push(
        .linkEnded(call: call.number, isHub: isHub), at: time + .milliseconds(delay))
    }
  }

  /// Says a child's turn again, long after: a proxy repeats a request (F2).
  func replay(_ number: Int) {
    guard !isHealed, let old = recordings[number], nodes[old.hub].replica != nil else { return }
    verdict.count(.duplicate)
    nextCall += 1
    let call = Call(
      number: nextCall, child: old.child, hub: old.hub, attempt: 0, isWait: old.isWait,
      childLife: 0, hubLife: nodes[old.hub].life)
    call.isReplay = true
    call.messages = 1
    insert(call)
    for (index, bytes) in old.recorded.enumerated() {
      queue.push(
        .deliver(call: nextCall, isUp: true, bytes: bytes), at: now + UInt64(index) * 1_000_000)
    }
    queue.push(.linkEnded(call: nextCall, isHub: true), at: now + .milliseconds(60_000))
  }
}

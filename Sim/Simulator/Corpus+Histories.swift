import Causality
import Changes

extension Corpus {
  static let pairs: [Pair] = dots + ledger + transactions + sessions + rows + places + end

  private static let dots: [Pair] = [
    Pair("S1", "a change set has another content elsewhere") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2), content: isBad ? 2 : 1)
    },
    Pair("S1", "a change set is sent with another content") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .sent(from: 2, to: 1, dot: story.dot(2, 1, in: 2), content: isBad ? 2 : 1))
    },
    Pair("S1", "a number is used twice") { story, isBad in
      story.write(2, 1, in: 2)
      story.write(2, isBad ? 1 : 2, in: 2, content: 2)
    },
    Pair("S1", "a relay changes what it relays") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      story.facts.append(
        .sent(from: 1, to: 0, dot: story.dot(2, 1, in: 2), content: isBad ? 7 : 1))
    },
    Pair("S2", "a number is left out") { story, isBad in
      for number in 1...3 as ClosedRange<UInt64> { story.write(2, number, in: 2) }
      for number in isBad ? [1, 3] : [1, 2, 3] as [UInt64] {
        story.apply(1, story.dot(2, number, in: 2))
      }
    },
    Pair("S2", "a change set is applied twice") { story, isBad in
      for number in 1...2 as ClosedRange<UInt64> { story.write(2, number, in: 2) }
      story.apply(1, story.dot(2, 1, in: 2))
      story.apply(1, story.dot(2, isBad ? 1 : 2, in: 2))
    },
    Pair("S2", "change sets of one writer come in the wrong order") { story, isBad in
      for number in 1...2 as ClosedRange<UInt64> { story.write(2, number, in: 2) }
      for number in isBad ? [2, 1] : [1, 2] as [UInt64] {
        story.apply(1, story.dot(2, number, in: 2))
      }
    },
    Pair("S2", "numbers of another stream count") { story, isBad in
      story.write(1, 1, in: 2)
      story.write(1, 1, in: 3)
      if isBad { story.write(1, 3, in: 3) } else { story.write(1, 2, in: 3) }
    },
    Pair("S2", "a node says that it knows what it never applied") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .knows(
          node: isBad ? 1 : 2, stream: story.stream(2), known: story.vector([2: 1]), digest: [1]))
    },
    Pair("S2", "a node says that it does not know what it applied") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .knows(
          node: 2, stream: story.stream(2), known: story.vector(isBad ? [:] : [2: 1]), digest: [1]))
    },
    Pair("S4", "a change set comes from nowhere") { story, isBad in
      if !isBad { story.write(2, 1, in: 2) }
      story.apply(1, story.dot(2, 1, in: 2))
    },
    Pair("S4", "a node sends what it does not have") { story, isBad in
      story.write(2, 1, in: 2)
      if !isBad { story.apply(1, story.dot(2, 1, in: 2)) }
      story.facts.append(.sent(from: 1, to: 0, dot: story.dot(2, 1, in: 2), content: 1))
    },
    Pair("S4", "a node sends what waits there and proves nothing that it knows") { story, isBad in
      story.write(2, 1, in: 2)
      story.write(2, 2, in: 2, content: 2)
      if !isBad { story.apply(1, story.dot(2, 1, in: 2)) }
      story.facts.append(
        .sent(from: 1, to: 0, dot: story.dot(2, 2, in: 2), content: 2, proves: 1))
    },
    Pair("S4", "a node writes in the name of another") { story, isBad in
      story.write(1, 1, in: 2, as: isBad ? 2 : 1)
    },
    Pair("S1", "another content of a known change set passes") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      story.facts.append(
        .offered(node: 1, dot: story.dot(2, 1, in: 2), content: 2, isRefused: !isBad))
    },
    Pair("S9", "what is known is taken again") { story, isBad in
      story.facts.append(.appliedAgain(node: 1, applied: isBad ? 1 : 0, changed: false))
    },
    Pair("S9", "what is known changes a row again") { story, isBad in
      story.facts.append(.appliedAgain(node: 1, applied: 0, changed: isBad))
    },
  ]

  private static let ledger: [Pair] = [
    Pair("S3", "a hub tells that its child has what it lacks") { story, isBad in
      story.write(1, 1, in: 2)
      if !isBad { story.apply(2, story.dot(1, 1, in: 2)) }
      story.acknowledge(1, to: 0, in: 2, own: [1: 1], held: [1: 1], top: [:])
    },
    Pair("S3", "a hub tells that the top has what it lacks") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      if !isBad { story.apply(0, story.dot(2, 1, in: 2)) }
      story.acknowledge(1, to: 2, in: 2, own: [2: 1], held: [2: 1], top: [2: 1])
    },
    Pair("S3", "a hub acknowledges what has not come") { story, isBad in
      story.write(2, 1, in: 2)
      if !isBad { story.apply(1, story.dot(2, 1, in: 2)) }
      story.acknowledge(1, to: 2, in: 2, own: [2: 1], held: [:], top: [:])
    },
    Pair("S3", "what a hub promised is lost with its author's disk") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      if isBad { story.acknowledge(1, to: 2, in: 2, own: [2: 1], held: [2: 1], top: [:]) }
      story.facts.append(.lost(node: 2, known: [:]))
      story.end(2, [[:], [:], [:], nil])
    },
    Pair("S3", "a disk that was never lost has lost a write") { story, isBad in
      story.write(2, 1, in: 2)
      story.end(2, [[:], [:], [2: isBad ? 0 : 1], nil], core: [0, 1])
    },
    Pair("S3", "what the top promised is gone with all below") { story, isBad in
      story.write(2, 1, in: 2)
      for node in [1, 0] { story.apply(node, story.dot(2, 1, in: 2)) }
      story.acknowledge(0, to: 1, in: 2, own: [2: 1], held: [:], top: [2: 1])
      for node in [1, 2] { story.facts.append(.lost(node: node, known: [:])) }
      story.end(2, [[2: isBad ? 0 : 1], [:], [:], nil], core: [0])
    },
    Pair("S8", "a restart loses what was applied") { story, isBad in
      story.write(2, 1, in: 2)
      story.write(2, 2, in: 2)
      story.facts.append(
        .restarted(node: 2, stream: story.stream(2), known: story.vector([2: isBad ? 1 : 2])))
    },
    Pair("S8", "a restart loses one writer's change sets of two") { story, isBad in
      story.write(2, 1, in: 2)
      story.write(1, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      story.facts.append(
        .restarted(
          node: 1, stream: story.stream(2), known: story.vector(isBad ? [2: 1] : [1: 1, 2: 1])))
    },
    Pair("S8", "a replica whose lease is gone writes on") { story, isBad in
      story.facts.append(
        .opened(
          node: 2, trouble: .leaseMissing, isStopped: !isBad, told: isBad ? nil : .leaseMissing))
    },
    Pair("S8", "a database put back from a copy writes on") { story, isBad in
      story.facts.append(
        .opened(node: 2, trouble: .databasePutBack, isStopped: !isBad, told: nil))
    },
    Pair("S8", "a lease of another node is told as a copy") { story, isBad in
      story.facts.append(
        .opened(
          node: 2, trouble: .leaseOfAnother, isStopped: true,
          told: isBad ? .databasePutBack : .leaseOfAnother))
    },
    Pair("S8", "a replica stops without cause") { story, isBad in
      story.facts.append(
        .opened(node: 2, trouble: nil, isStopped: isBad, told: isBad ? .leaseDamaged : nil))
    },
    Pair("S20", "a node speaks of what a power cut could take") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .durable(node: 2, stream: story.stream(2), known: story.vector(isBad ? [:] : [2: 1])))
    },
    Pair("S20", "a hub speaks before its disk has what came") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      story.facts.append(
        .durable(node: 1, stream: story.stream(2), known: story.vector(isBad ? [:] : [2: 1])))
    },
  ]

  private static let transactions: [Pair] = [
    Pair("S5", "one part of a transaction comes alone") { story, isBad in
      let parts = [story.dot(1, 1, in: 2), story.dot(1, 1, in: 3)]
      story.write(1, 1, in: 2, at: 5, parts: parts, applies: false)
      story.write(1, 1, in: 3, at: 5, parts: parts, applies: false)
      story.apply(1, parts[0], settles: isBad)
      story.apply(1, parts[1])
    },
    Pair("S5", "a part never comes to a holder of both") { story, isBad in
      let parts = [story.dot(1, 1, in: 1), story.dot(1, 1, in: 2)]
      story.write(1, 1, in: 1, at: 5, parts: parts, applies: false)
      story.write(1, 1, in: 2, at: 5, parts: parts, applies: false)
      for part in parts { story.apply(1, part, settles: part == parts[1]) }
      // Node 3 does not hold the stream of scope 2's node 2, node 0 holds all.
      story.apply(isBad ? 0 : 3, parts[0])
    },
    Pair("S5", "the parts of a transaction are sent one by one") { story, isBad in
      let parts = [story.dot(1, 1, in: 1), story.dot(1, 1, in: 2)]
      story.write(1, 1, in: 1, at: 5, parts: parts, applies: false)
      story.write(1, 1, in: 2, at: 5, parts: parts, applies: false)
      for part in parts { story.apply(1, part, settles: part == parts[1]) }
      if isBad {
        for (place, part) in parts.enumerated() {
          story.facts.append(
            .said(from: 1, to: 0, dots: [part], earlier: Array(parts.prefix(place))))
        }
      } else {
        story.facts.append(.said(from: 1, to: 0, dots: parts, earlier: []))
      }
    },
    Pair("S6", "an effect comes before its cause") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      story.write(1, 1, in: 2, sees: [2: 1])
      if !isBad { story.apply(0, story.dot(2, 1, in: 2)) }
      story.apply(0, story.dot(1, 1, in: 2))
    },
    Pair("S6", "an effect comes before its cause's cause") { story, isBad in
      story.write(0, 1, in: 2)
      story.apply(1, story.dot(0, 1, in: 2))
      story.write(1, 1, in: 2, sees: [0: 1])
      story.apply(0, story.dot(1, 1, in: 2))
      story.write(0, 2, in: 2, sees: [1: 1])
      story.apply(2, story.dot(0, 1, in: 2))
      if !isBad { story.apply(2, story.dot(1, 1, in: 2)) }
      story.apply(2, story.dot(0, 2, in: 2))
    },
    Pair("S6", "a writer hides what it knew") { story, isBad in
      story.write(2, 1, in: 2)
      story.apply(1, story.dot(2, 1, in: 2))
      story.write(1, 1, in: 2, sees: isBad ? [:] : [2: 1])
    },
    Pair("S6", "a writer claims what it did not know") { story, isBad in
      story.write(2, 1, in: 2)
      if !isBad { story.apply(1, story.dot(2, 1, in: 2)) }
      story.write(1, 1, in: 2, sees: [2: 1])
    },
    Pair("S18", "a clock stands still") { story, isBad in
      story.write(2, 1, in: 2, at: 7)
      story.write(2, 2, in: 2, at: isBad ? 7 : 8)
    },
    Pair("S18", "a write is earlier than what its writer saw") { story, isBad in
      story.write(2, 1, in: 2, at: 7)
      story.apply(1, story.dot(2, 1, in: 2))
      story.write(1, 1, in: 2, sees: [2: 1], at: isBad ? 6 : 8)
    },
    Pair("S18", "a clock goes back") { story, isBad in
      story.write(2, 1, in: 2, at: 7)
      story.write(2, 2, in: 2, at: isBad ? 3 : 9)
    },
    Pair("S18", "two transactions look like parts of one") { story, isBad in
      let parts = [story.dot(1, 1, in: 2), story.dot(1, 1, in: 3)]
      story.write(1, 1, in: 2, at: 5, parts: isBad ? [] : parts, applies: false)
      story.write(1, 1, in: 3, at: 5, parts: isBad ? [] : parts, applies: false)
    },
  ]

  private static let sessions: [Pair] = [
    Pair("S7", "a person does not see the own write") { story, isBad in
      story.write(2, 1, in: 2)
      story.read(1, 2, scope: 2, [2: 1])
      story.read(1, 2, scope: 2, isBad ? [:] : [2: 1])
    },
    Pair("S7", "a person sees less than before at another node") { story, isBad in
      story.write(2, 1, in: 2)
      story.read(1, 2, scope: 2, [2: 1])
      story.read(1, 1, scope: 2, isBad ? [:] : [2: 1])
    },
    Pair("S7", "what one read led to is seen without it") { story, isBad in
      story.read(1, 1, scope: 2, [2: 2, 1: 1])
      story.read(isBad ? 1 : 2, 0, scope: 2, [2: 1, 1: 1])
    },
  ]

  private static let places: [Pair] = [
    Pair("S14", "a hub tells a county of its sibling") { story, isBad in
      story.write(3, 1, in: 3)
      story.apply(1, story.dot(3, 1, in: 3))
      story.facts.append(.sent(from: 1, to: isBad ? 2 : 0, dot: story.dot(3, 1, in: 3), content: 1))
    },
    Pair("S14", "a county holds what is its sibling's") { story, isBad in
      story.write(3, 1, in: 3)
      story.apply(isBad ? 2 : 1, story.dot(3, 1, in: 3))
    },
    Pair("S14", "a county's free pages hold bytes of its sibling") { story, isBad in
      guard let sibling = Scope(code: 4), let above = Scope(code: 1) else { return }
      story.facts.append(.stores(node: 2, scope: isBad ? sibling : above))
    },
    Pair("S15", "a county writes in its hub's scope") { story, isBad in
      story.write(isBad ? 2 : 0, 1, in: 1)
    },
    Pair("S15", "a county writes in its sibling's scope") { story, isBad in
      story.write(isBad ? 2 : 1, 1, in: 3)
    },
    Pair("S19", "a file is not sound after a restart") { story, isBad in
      story.write(2, 1, in: 2)
      if isBad { story.facts.append(.unsound(node: 2, problem: "the chain does not match")) }
    },
    Pair("S15", "what only a hub may write is not refused") { story, isBad in
      story.order(isBad ? 2 : 1)
    },
    Pair("S21", "a county counts at the top what is not there") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .counts(
          node: 2, stream: story.stream(2), total: 1, atHub: 0, atTop: isBad ? 1 : 0))
    },
    Pair("S21", "an own change set is counted nowhere") { story, isBad in
      story.write(2, 1, in: 2)
      story.write(2, 2, in: 2)
      story.facts.append(
        .counts(node: 2, stream: story.stream(2), total: isBad ? 1 : 2, atHub: 0, atTop: 0))
    },
    Pair("S22", "an older program takes a newer file") { story, isBad in
      story.facts.append(.program(node: 2, version: 2, isTaken: isBad, told: "nothing"))
    },
    Pair("S22", "a program refuses a file of its own version") { story, isBad in
      story.facts.append(.program(node: 2, version: 3, isTaken: !isBad, told: "another shape"))
      if !isBad { return }
      story.facts.append(.program(node: 2, version: 3, isTaken: true, told: "nothing"))
    },
    Pair("L1", "a change takes more than two seconds a link") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .spread(
          story.dot(2, 1, in: 2), to: 0, hops: 2,
          milliseconds: 2 * Checkers.millisecondsPerHop + (isBad ? 1 : 0)))
    },
    Pair("L1", "a slow link takes longer than its bytes do") { story, isBad in
      story.write(2, 1, in: 2)
      story.facts.append(
        .spread(
          story.dot(2, 1, in: 2), to: 1, hops: 1,
          milliseconds: Checkers.millisecondsPerHop + 400 + (isBad ? 1 : 0),
          sendingMilliseconds: 400))
    },
    Pair("L1", "a core agrees later than its bytes and pauses allow") { story, isBad in
      story.facts.append(.agreed(milliseconds: isBad ? 701 : 700, boundMilliseconds: 700))
    },
    Pair("L2", "a usable path brings nothing") { story, isBad in
      story.facts.append(
        .stalled(
          milliseconds: Checkers.longestStallMilliseconds + (isBad ? 1 : 0), missing: "2-1:1"))
    },
    Pair("L6", "a write waits for the network") { story, isBad in
      if isBad { story.facts.append(.blocked(node: 2, what: "put")) }
    },
    Pair("S26", "more waits at a node than may") { story, isBad in
      story.facts.append(
        .waits(node: 1, count: Limits.parkedChangeSets + (isBad ? 1 : 0), ready: 0))
    },
    Pair("S27", "a step fails without a fault") { story, isBad in
      story.write(2, 1, in: 2)
      if isBad { story.facts.append(.failed(node: 2, what: "put: SQLite says 21")) }
    },
    Pair("L3", "a node calls again and again") { story, isBad in
      for count in 0...Checkers.failedCallsPerMinute {
        story.facts.append(.failedCall(node: 2, atMilliseconds: count * (isBad ? 500 : 5_000)))
      }
    },
  ]

  private static let end: [Pair] = [
    Pair("Q1", "a county of the core lacks a change set") { story, isBad in
      story.write(1, 1, in: 2)
      story.end(2, [[:], [1: 1], [1: isBad ? 0 : 1], nil], core: [1, 2])
    },
    Pair("Q1", "two nodes that know the same show other rows") { story, isBad in
      for node in [1, 2] {
        story.facts.append(.holds(story.final(node, dump: isBad && node == 2 ? 2 : 1)))
      }
    },
    Pair("Q12", "carried by hand, a history leaves other rows than by links") { story, isBad in
      for route in 0..<3 {
        story.facts.append(
          .delivered(route: route, story.final(1, dump: isBad && route == 2 ? 2 : 1)))
      }
    },
    Pair("Q12", "by the direct link a change set is missing") { story, isBad in
      for route in 0..<2 {
        story.facts.append(
          .delivered(route: route, story.final(1, known: isBad && route == 1 ? 1 : 2)))
      }
    },
    Pair("Q2", "what waits could be applied") { story, isBad in
      story.facts.append(.waits(node: 1, count: 3, ready: isBad ? 1 : 0))
    },
    Pair("Q6", "a county's write is not at the top of the core") { story, isBad in
      story.write(2, 1, in: 2)
      // The hub's own end leaves the stream out: Q1 has nothing to compare.
      story.end(2, [nil, isBad ? nil : [2: 1], [2: 1], nil], core: [1, 2])
    },
    Pair("Q7", "a quarantine holds what nobody did") { story, isBad in
      story.facts.append(.quarantine(node: 1, entries: isBad ? ["fork 3-1:1"] : []))
    },
    Pair("Q7", "beside a liar, a quarantine tells of another node") { story, isBad in
      story.budget.untrusted = [2]
      story.facts.append(
        .quarantine(
          node: 1, entries: ["fork \(story.dot(isBad ? 3 : 2, 1, in: isBad ? 3 : 2)): have, got"]))
    },
    Pair("Q9", "something moves after all agreed") { story, isBad in
      story.facts.append(.movedAfterEnd(count: isBad ? 1 : 0))
    },
  ]
}

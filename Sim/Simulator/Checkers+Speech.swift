import Causality
import Changes

/// What nodes say to each other, and what they say of themselves.
extension Checkers {
  func sent(
    _ from: Int, _ to: Int, _ dot: Dot, _ content: UInt64, _ proves: UInt64?
  ) -> Finding? {
    if budget.untrusted.contains(from) { return nil }
    if !tree.holds(codes[to].scope, dot.stream) {
      return Finding("S14", "\(dot) goes from \(codes[from]) to \(codes[to])")
    }
    let known = known(from, dot.stream)[dot.replica]
    if dot.number > known, proves != known || known == 0 {
      return Finding("S4", "\(codes[from]) sends \(dot), which it does not know")
    }
    if let other = self.content(of: dot), other != content, !isUntrusted(dot) {
      return Finding("S1", "two contents of \(dot)")
    }
    return nil
  }

  /// What is atomic goes in one message: a part of a transaction is of no use alone (S5).
  func said(_ from: Int, _ to: Int, _ dots: [Dot], _ earlier: [Dot]) -> Finding? {
    if budget.untrusted.contains(from) { return nil }
    for dot in dots {
      for part in oracle.changes[dot]?.parts ?? [] where part != dot && earlier.contains(part) {
        return Finding("S5", "\(codes[from]) sends \(part) and \(dot) to \(codes[to]) one by one")
      }
    }
    return nil
  }

  /// Nobody takes two contents for a dot, or lets the second pass unnoticed (S1, I7).
  func offered(
    _ node: Int, _ dot: Dot, _ content: UInt64, _ isRefused: Bool
  ) -> Finding? {
    guard !budget.untrusted.contains(node),
      known(node, dot.stream).contains(dot.replica, dot.number),
      let known = self.content(of: dot), known != content, !isRefused
    else { return nil }
    return Finding("S1", "another content of \(dot) came to \(codes[node]), unnoticed")
  }

  /// A file is taken by a program of its own schema version or a later one, and by no older one (S22).
  mutating func program(
    _ node: Int, _ version: UInt32, _ isTaken: Bool, _ told: String
  ) -> Finding? {
    let isOlder = version < versions[node]
    if isTaken == isOlder {
      return Finding(
        "S22",
        "\(codes[node]): a program of version \(version) \(isTaken ? "takes" : "refuses") a file of "
          + "\(versions[node]), \(told)")
    }
    if isTaken { versions[node] = version }
    return nil
  }

  /// A replica notices by itself what was done to its files, and says what it was (S8).
  func opened(
    _ node: Int, _ trouble: FileTrouble?, _ isStopped: Bool, _ told: FileTrouble?
  ) -> Finding? {
    guard let trouble else {
      return isStopped && !budget.untrusted.contains(node)
        ? Finding(
          "S8", "\(codes[node]) stops without cause, for \(told.map { "\($0)" } ?? "nothing")")
        : nil
    }
    guard isStopped else { return Finding("S8", "\(codes[node]) writes in spite of \(trouble)") }
    guard let told, told != trouble else { return nil }
    return Finding("S8", "\(codes[node]) tells of \(told), it is \(trouble)")
  }

  /// An acknowledgement promises no more than is true, and is kept in the ledger (S3).
  mutating func acknowledged(
    _ from: Int, _ to: Int, _ stream: StreamID, _ own: VersionVector, _ held: VersionVector,
    _ top: VersionVector
  ) -> Finding? {
    if budget.untrusted.contains(from) { return nil }
    let scope = codes[from].scope
    for node in codes.indices where !budget.destroyed.contains(node) {
      let below = codes[node].scope
      guard tree.isAtOrAbove(scope, below), tree.holds(below, stream) else { continue }
      let (claimed, what) = node == from ? (own.union(held), "it") : (held, "all below it")
      if !known(node, stream).dominates(claimed) {
        return Finding(
          "S3",
          "\(codes[from]) tells that \(what) hold \(claimed) of \(stream), \(codes[node]) does not")
      }
    }
    if !budget.destroyed.contains(0), !known(0, stream).dominates(top) {
      return Finding("S3", "\(codes[from]) tells that the top holds \(top) of \(stream)")
    }
    if tree.isAtOrAbove(scope, codes[to].scope) {
      hubPromises[from, default: [:]][stream] =
        (hubPromises[from]?[stream] ?? VersionVector()).union(own)
    }
    topPromises[stream] = (topPromises[stream] ?? VersionVector()).union(top)
    return nil
  }

  /// Failing calls become rare: at most so many in a minute (L3).
  mutating func failedCall(_ node: Int, _ time: Int) -> Finding? {
    failedCalls[node].removeAll { $0 < time - 60_000 }
    failedCalls[node].append(time)
    return failedCalls[node].count <= Self.failedCallsPerMinute
      ? nil
      : Finding("L3", "\(codes[node]) failed \(failedCalls[node].count) times within a minute")
  }

  /// Half a second, doubled each time, with jitter of a half, twice (calls and long polls), and a few new starts.
  static let failedCallsPerMinute = 60

  /// How long a change takes over one link that works, with a long poll that stands (engine.md §9: within a
  /// second), with room for a process that begins.
  static let millisecondsPerHop = 2_000

  /// A stream that did not move is left out of exchanges so long, and the next ones are that far apart.
  static let longestStallMilliseconds = Int(
    Limits.stuckLongestMilliseconds + 2 * Limits.safetyExchangeMilliseconds)

  /// Every own change set is here only, at a hub, or at the top; and where it is counted, it is (S21).
  func counts(
    _ node: Int, _ stream: StreamID, _ total: UInt64, _ atHub: UInt64, _ atTop: UInt64
  ) -> Finding? {
    guard let own = known(node, stream).entries.first(where: { $0.replica.node == codes[node] })
    else { return total == 0 ? nil : Finding("S21", "\(codes[node]) counts \(total), wrote none") }
    if total != own.number {
      return Finding("S21", "\(codes[node]) counts \(total) of \(own.number) in \(stream)")
    }
    let highest =
      codes.indices.filter { above($0, codes[node].scope) }
      .map { known($0, stream)[own.replica] }.max() ?? 0
    let top = node == 0 ? own.number : known(0, stream)[own.replica]
    if budget.destroyed.isEmpty, atTop > top || atTop + atHub > max(highest, top) {
      return Finding(
        "S21", "\(codes[node]) counts \(atTop) at the top and \(atHub) at a hub of \(stream)")
    }
    return nil
  }

  /// A quarantine tells of what was injected only: each entry names a node that lies or went back (Q7).
  func quarantine(_ node: Int, _ entries: [String]) -> Finding? {
    let names = budget.untrusted.sorted().compactMap { ReplicaID(node: codes[$0], epoch: 1) }
      .map(\.description)
    let strange = entries.first { entry in
      // Where one node said two things, others differ who believe one of them each.
      if entry.hasPrefix("digest "), hasForks { return false }
      return !names.contains { entry.contains($0) }
    }
    return strange.map { Finding("Q7", "the quarantine of \(codes[node]) holds \($0)") }
  }

  func waits(_ node: Int, _ count: Int, _ ready: Int) -> Finding? {
    if count > Limits.parkedChangeSets {
      return Finding("S26", "\(count) change sets wait at \(codes[node])")
    }
    return ready == 0
      ? nil
      : Finding("Q2", "\(ready) change sets wait at \(codes[node]) although nothing is missing")
  }
}

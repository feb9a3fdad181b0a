import Causality
import Changes

/// What must hold when a run is over.
extension Checkers {
  func over() -> Finding? {
    let core = ends.filter(\.isCore)
    if let first = core.first {
      for end in core.dropFirst() {
        for (stream, known) in end.known.sorted(by: { $0.key < $1.key }) {
          guard let hub = core.last(where: { above($0.node, end.node) && $0.known[stream] != nil })
          else {
            continue
          }
          if hub.known[stream] != known {
            return Finding(
              "Q1",
              "\(stream): \(codes[end.node]) knows \(known), "
                + "\(codes[hub.node]) knows \(hub.known[stream] ?? VersionVector())")
          }
        }
      }
      // What a node of the core wrote is at the highest of the core (Q6).
      for dot in oracle.changes.keys.sorted() {
        guard core.contains(where: { codes[$0.node] == dot.replica.node && holds($0, dot) }),
          tree.holds(codes[first.node].scope, dot.stream), !holds(first, dot)
        else { continue }
        return Finding("Q6", "\(dot) is not at \(codes[first.node])")
      }
    }
    return checkRights() ?? checkLedger()
  }

  /// What its author may not write is refused by the first hub that has it (S15).
  private func checkRights() -> Finding? {
    for (dot, change) in oracle.changes.sorted(by: { $0.key < $1.key }) {
      let author = dot.replica.node.scope
      for row in change.rows where !oracle.mayWrite(author, row, tree) {
        guard ends.contains(where: { above($0.node, author) && holds($0, dot) }),
          !oracle.marks.contains(where: { $0.target == dot && $0.isRefusal })
        else { continue }
        return Finding(
          "S15", "\(dot) is not refused: \(author) may not write table \(row.table.number)")
      }
    }
    return nil
  }

  func above(_ upper: Int, _ scope: Scope) -> Bool {
    codes[upper].scope != scope && tree.isAtOrAbove(codes[upper].scope, scope)
  }

  func above(_ upper: Int, _ lower: Int) -> Bool {
    upper != lower && tree.isAtOrAbove(codes[upper].scope, codes[lower].scope)
  }

  func holds(
    _ end: (node: Int, isCore: Bool, known: [StreamID: VersionVector]), _ dot: Dot
  ) -> Bool {
    end.known[dot.stream]?.contains(dot.replica, dot.number) ?? false
  }

  /// Every write is still somewhere, unless all that promised it were destroyed (S3), and everyone who promised
  /// it has it.
  private func checkLedger() -> Finding? {
    guard ends.count == codes.count else { return nil }
    for dot in oracle.changes.keys.sorted() {
      var promised = codes.indices.filter { codes[$0] == dot.replica.node }
      for (hub, streams) in hubPromises
      where streams[dot.stream]?.contains(dot.replica, dot.number) ?? false { promised.append(hub) }
      if topPromises[dot.stream]?.contains(dot.replica, dot.number) ?? false { promised.append(0) }
      if promised.allSatisfy(budget.destroyed.contains) { continue }
      if !ends.contains(where: { holds($0, dot) }) {
        return Finding("S3", "\(dot) is nowhere; it was promised by \(promised.map { codes[$0] })")
      }
    }
    return nil
  }
}

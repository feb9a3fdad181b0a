import Causality
import Changes
import Crypto

/// What is disputed, and under which name.
extension StoreModel {
  func kind(_ entries: [Entry], _ policy: Policy) -> String? {
    switch policy {
    case .counter, .max, .min: return nil
    case .latest: return "concurrentUpdate"
    case .review: return "review"
    case .owner:
      let owned = Set(entries.filter(\.isOwned).map(\.write.values))
      return owned.count > 1 ? "concurrentUpdate" : "proposalPending"
    case .immutable:
      let first = Set(entries.filter { !$0.isLate }.map(\.write.values))
      return first.count > 1 ? "immutableFork" : "immutableViolation"
    case .rank(let order): return last(entries, order) == nil ? "rankFork" : nil
    }
  }

  func existenceDispute(
    _ row: Row, _ entries: [Entry], _ table: TableDeclaration, _ differs: Bool
  ) -> [Dispute] {
    if table.existence == .addWins { return [] }
    func isAlive(_ entry: Entry) -> Bool { entry.write.values != [.integer(0)] }
    if !entries.allSatisfy(isAlive) {
      return dispute(row, .existence, "deleteAgainstUpdate", entries, nil) { [isAlive($0)] }
    }
    let isCreated = entries.contains { $0.write.values == [.integer(2)] }
    return dispute(row, .existence, isCreated && differs ? "duplicateCreate" : nil, entries, nil) {
      [$0.dot]
    }
  }

  func dispute(
    _ row: Row, _ group: GroupID, _ kind: String?, _ entries: [Entry], _ policy: Policy?,
    side: (Entry) -> [AnyHashable]
  ) -> [Dispute] {
    guard let kind else { return [] }
    var sides: [[AnyHashable]] = []
    for entry in entries where !sides.contains(side(entry)) { sides.append(side(entry)) }
    let alive = entries.filter { $0.write.values != [.integer(0)] }
    let top = policy.map { best(entries, $0) } ?? preferred(alive)
    guard sides.count > 1, let top, let shown = sides.firstIndex(of: side(top)) else { return [] }
    return [
      Dispute(
        row: row, group: group, kind: kind,
        sides: sides.map { one in entries.filter { side($0) == one }.map(\.dot) }, shown: shown,
        id: Self.name(row, group, entries.map(\.dot).sorted()))
    ]
  }

  /// The id of a conflict (Protocol/4-Merge §7).
  private static func name(_ row: Row, _ group: GroupID, _ origins: [Dot]) -> String {
    var bytes = Array("tributary/conflict/1".utf8) + [0]
    func append(_ number: UInt64, _ width: Int) {
      bytes += (0..<width).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) }
    }
    let key = RowKey(row.key)?.bytes ?? []
    for number in [row.table.number, row.scope.code, UInt32(key.count)] {
      append(UInt64(number), 4)
    }
    bytes += key
    append(UInt64(group.number), 4)
    append(UInt64(origins.count), 4)
    for dot in origins {
      append(UInt64(dot.stream.packed), 4)
      append(dot.replica.packed, 8)
      append(dot.number, 8)
    }
    return SHA256.hash(data: bytes).prefix(16).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }.joined()
  }
}

import Causality
import Changes
import Merge
import Store
import TestSupport
import Testing
import Wire

/// Compares replicas with the model.
extension StoreHistory {
  /// Compares everything that a node shows and knows with the model, and its digests with its peers'.
  func check(_ node: UInt32) throws {
    guard unstamped[node] == nil else { return }
    let replica = world[node]
    var disputes: Set<StoreModel.Dispute> = []
    for row in model.rows where replica.streams.contains(stream(of: row)) {
      let view = model.view(row, knows(node))
      disputes.formUnion(view.disputes)
      let shown = try replica.row(row.table, scope: row.scope, key: row.key)
      #expect(shown?.values == view.values, "seed \(seed), node \(node), \(row)")
    }
    let found = Set(try replica.conflicts().map(Self.dispute))
    if found != disputes {
      Issue.record(
        """
        seed \(seed), node \(node): conflicts that should not be \(found.subtracting(disputes)), \
        missing \(disputes.subtracting(found))
        """)
    }
    for dispute in disputes { count(dispute.kind) }
    try checkKnowledge(node)
  }

  private static func dispute(_ conflict: OpenConflict) -> StoreModel.Dispute {
    let record = conflict.record
    return StoreModel.Dispute(
      row: StoreModel.Row(
        table: record.table, scope: record.scope, key: record.key.values ?? []),
      group: record.group, kind: "\(record.kind)",
      sides: record.siblings.map { $0.writers.map(\.dot) }, shown: record.shownIndex,
      id: conflict.id)
  }

  /// Equal knowledge ⇔ equal digest, as far as what stands tells two states apart.
  private func checkKnowledge(_ node: UInt32) throws {
    for stream in world[node].streams {
      func known(_ node: UInt32) -> Set<Int> {
        knows(node).filter { model.changeSets[$0].dot.stream == stream }
      }
      var expected = start[node]?[stream] ?? VersionVector()
      for index in known(node) {
        let dot = model.changeSets[index].dot
        expected[dot.replica] = max(expected[dot.replica], dot.number)
      }
      let knowledge = try world[node].knowledge(of: stream)
      #expect(knowledge == expected, "seed \(seed), node \(node), \(stream)")
      for other in Self.nodes where other != node && unstamped[other] == nil {
        guard world[other].streams.contains(stream) else { continue }
        let isKnown = known(node) == known(other)
        let (mine, theirs) = try (
          world[node].summary(of: stream), world[other].summary(of: stream)
        )
        #expect((mine == theirs) == isKnown, "seed \(seed), \(node), \(other), \(stream)")
        // Digests of different knowledge are equal only where the difference shows nowhere.
        let isSame = mine.digest == theirs.digest
        guard !isKnown, isSame || random.chance(5) else { continue }
        #expect(
          isSame == (content(stream, known(node)) == content(stream, known(other))),
          "seed \(seed), digests of \(node) and \(other), \(stream)")
      }
    }
  }

  /// What the digest of a stream is over: the dots of all live rows.
  private func content(_ stream: StreamID, _ known: Set<Int>) -> [StoreModel.Row: [GroupID: [Dot]]]
  {
    var content: [StoreModel.Row: [GroupID: [Dot]]] = [:]
    for row in model.rows where self.stream(of: row) == stream {
      let view = model.view(row, known)
      if view.values != nil { content[row] = view.standing.filter { !$0.value.isEmpty } }
    }
    return content
  }
}

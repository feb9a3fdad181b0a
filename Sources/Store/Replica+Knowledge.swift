package import Causality
internal import Changes
internal import Wire

extension Replica {
  /// What the writer of a change set knew of its stream when it wrote it, itself left out; nil when the change set
  /// is not here. What is not in it was written elsewhere at the same time or later, whatever the clocks say.
  ///
  /// Source: engine.md §1 (context). Cost: follows the change sets of that writer in the stream up to this one.
  package func writerKnowledge(of dot: Dot) throws(StoreError) -> VersionVector? {
    try reading { () throws(StoreError) in
      let log = try LogCursor(statements, dot.stream, dot.replica, after: 0)
      var (context, last) = (VersionVector(), UInt64(0))
      while last < dot.number, try log.step() {
        last += 1
        // Told below.
        guard let header = try? ChangeSetCodec.decodeHeader(log.row.blob(8)) else {
          throw .damagedRecord("log entry of \(dot.replica):\(last)")
        }
        context = context.union(header.contextAdvance)
      }
      guard last == dot.number else { return nil }
      guard dot.number > 1 else { return context }
      let own = VersionVector.Entry(replica: dot.replica, number: dot.number - 1)
      return context.union(VersionVector(ascending: [own]) ?? VersionVector())
    }
  }

  /// Bytes of the change sets known here that a peer had not when it last said what it has: headers and bodies as
  /// they stand in the log. Cost: for each replica that wrote, follows the log from the first of them on.
  package func queuedBytes(for peer: ReplicaID) throws(StoreError) -> UInt64 {
    var bytes: UInt64 = 0
    for stream in streams where tree.holds(peer.node.scope, stream) {
      let said = try peerAcknowledgements(for: stream).first { $0.peer == peer }
      let theirs = said?.needs ?? VersionVector()
      bytes += try reading { () throws(StoreError) in
        let known = try state(of: stream).known
        let select = try statements(
          // A replica's change sets follow one another in the log; from the first that lacks on all are read.
          """
          SELECT coalesce(sum(length(header) + length(body)), 0) FROM tributary_log
          WHERE stream = ?1 AND replica = ?2 AND number >= ?3
            AND id >= (SELECT log + ?3 - number FROM tributary_run
              WHERE stream = ?1 AND replica = ?2 AND number <= ?3 ORDER BY number DESC LIMIT 1)
          """)
        var sum: UInt64 = 0
        for entry in known.entries where entry.number > theirs[entry.replica] {
          select.bind(1, stream.packed)
          select.bind(2, entry.replica.packed)
          select.bind(3, theirs[entry.replica] + 1)
          if try select.step() { sum += select.unsigned(0) }
          select.reset()
        }
        return sum
      }
    }
    return bytes
  }
}

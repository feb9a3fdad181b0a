package import Causality
package import Changes

/// What is held of one stream.
package struct StreamStatus: Hashable, Sendable {
  package let stream: StreamID
  package let known: VersionVector
  /// 16 bytes.
  package let digest: [UInt8]
  /// Live rows.
  package let rowCount: Int
  /// Change sets that wait for a predecessor, a part, a signature or a key.
  package let parkedCount: Int

  /// Change sets applied here.
  package var changeSetCount: UInt64 { known.count(beyond: VersionVector()) }
}

/// How far one peer has come in one stream, as it said last.
package struct PeerLag: Hashable, Sendable {
  package let peer: ReplicaID
  package let stream: StreamID
  /// When the peer last said so, milliseconds since 1970; nil when it never did.
  package let acknowledgedMilliseconds: UInt64?
  /// Change sets known here that the peer had not.
  package let behind: UInt64
  /// When the oldest of these was written; nil when there is none.
  package let behindSinceMilliseconds: UInt64?
  /// Change sets that the peer had and this replica has not.
  package let ahead: UInt64
}

/// Something that was turned away or looks wrong, for a person.
package struct QuarantineEntry: Hashable, Sendable {
  package let id: Int64
  /// When it was first seen, milliseconds since 1970; 0 when that was not noted.
  package let atMilliseconds: UInt64
  package let kind: String
  package let subject: String
  package let detail: String
  /// Whether digests are not compared while it stands.
  package let suspendsDigests: Bool
}

/// A live row as it is shown, with its place.
package struct StoredRow: Hashable, Sendable {
  package let scope: Scope
  package let key: [Value]
  /// The value columns in order of id.
  package let values: [Value]
}

extension Replica {
  /// The version of the engine's tables in the file.
  package static var formatVersion: Int64 { EngineTables.formatVersion }

  /// All streams held here at one moment, ascending. Cost: follows the number of streams and replicas.
  package func streamStatuses() throws(StoreError) -> [StreamStatus] {
    try reading { () throws(StoreError) in
      var list: [StreamStatus] = []
      for stream in streams {
        let state = try state(of: stream)
        let select = try statements("SELECT count(*) FROM tributary_parked WHERE stream = ?")
        defer { select.reset() }
        select.bind(1, stream.packed)
        let parked = try select.step() ? select.integer(0) : 0
        list.append(
          StreamStatus(
            stream: stream, known: state.known, digest: state.digest.bigEndianBytes,
            rowCount: Int(state.rowCount), parkedCount: Int(parked)))
      }
      return list
    }
  }

  /// How far a peer has come in the streams that both hold, by what it acknowledged last. Streams in which
  /// neither has anything are left out.
  package func lags(of peer: ReplicaID) throws(StoreError) -> [PeerLag] {
    var list: [PeerLag] = []
    for stream in streams where tree.holds(peer.node.scope, stream) {
      let said = try peerAcknowledgements(for: stream).first { $0.peer == peer }
      let lag = try reading { () throws(StoreError) in
        let known = try state(of: stream).known
        let theirs = said?.needs ?? VersionVector()
        return PeerLag(
          peer: peer, stream: stream, acknowledgedMilliseconds: said?.atMilliseconds,
          behind: known.count(beyond: theirs),
          behindSinceMilliseconds: try oldest(of: known, beyond: theirs, in: stream),
          ahead: theirs.count(beyond: known))
      }
      if said != nil || lag.behind > 0 { list.append(lag) }
    }
    return list
  }

  /// When the oldest change set was written that `known` has and `other` lacks, milliseconds since 1970.
  private func oldest(
    of known: VersionVector, beyond other: VersionVector, in stream: StreamID
  ) throws(StoreError) -> UInt64? {
    let select = try statements(
      "SELECT hlc FROM tributary_log WHERE \(EngineTables.isDot)")
    var oldest: UInt64?
    for entry in known.entries where entry.number > other[entry.replica] {
      select.bind(1, stream.packed)
      select.bind(2, entry.replica.packed)
      select.bind(3, other[entry.replica] + 1)
      if try select.step() {
        let written = HybridTimestamp(packed: select.unsigned(0)).milliseconds
        oldest = min(oldest ?? written, written)
      }
      select.reset()
    }
    return oldest
  }

  /// What was turned away or looks wrong, the oldest first.
  package func quarantineEntries() throws(StoreError) -> [QuarantineEntry] {
    try reading { () throws(StoreError) in
      let select = try statements(
        "SELECT id, at, kind, subject, detail, counts FROM tributary_quarantine ORDER BY id")
      defer { select.reset() }
      var list: [QuarantineEntry] = []
      while try select.step() {
        list.append(
          QuarantineEntry(
            id: select.integer(0), atMilliseconds: select.unsigned(1), kind: select.text(2),
            subject: select.text(3), detail: select.text(4),
            suspendsDigests: select.integer(5) != 0))
      }
      return list
    }
  }

  /// Live rows of one table. Cost: linear.
  package func rowCount(of table: TableID) throws(StoreError) -> Int {
    let layout = try layout(table)
    return try reading { () throws(StoreError) in
      let select = try statements("SELECT count(*) FROM \(layout.table.name)")
      defer { select.reset() }
      return try select.step() ? Int(select.integer(0)) : 0
    }
  }

  /// Hands over the live rows of a table by scope and key, at one moment. `scope`: only those of that scope.
  /// `body` returns false to stop.
  package func forEachRow(
    of table: TableID, in scope: Scope? = nil, _ body: (StoredRow) -> Bool
  ) throws(StoreError) {
    let layout = try layout(table)
    let declaration = layout.table
    let names =
      [declaration.scopeColumn] + declaration.key.map(\.name) + declaration.columns.map(\.name)
    let order = ([declaration.scopeColumn] + declaration.key.map(\.name)).joined(separator: ", ")
    let condition = scope == nil ? "" : " WHERE \(declaration.scopeColumn) = ?1"
    let keyWidth = declaration.key.count
    try reading { () throws(StoreError) in
      let select = try Statement(
        statements.connection,
        "SELECT \(names.joined(separator: ", ")) FROM \(declaration.name)\(condition) "
          + "ORDER BY \(order)")
      if let scope { select.bind(1, text: scope.description) }
      while try select.step() {
        guard let found = Scope(select.text(0)) else {
          throw .damagedRecord("scope \(select.text(0)) in \(declaration.name)")
        }
        let row = StoredRow(
          scope: found, key: (0..<keyWidth).map { select.value(Int32(1 + $0)) },
          values: declaration.columns.indices.map { select.value(Int32(1 + keyWidth + $0)) })
        if !body(row) { return }
      }
    }
  }
}

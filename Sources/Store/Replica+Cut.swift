internal import Causality
internal import Changes
internal import GRDB
internal import Wire

extension Replica {
  /// Change sets that are taken from the log in one transaction of the copy.
  private static let replayedAtOnce = 500

  /// All that is known here now, of every stream held.
  package func cut() throws(StoreError) -> Cut {
    try reading { () throws(StoreError) in
      var entries: [Cut.Entry] = []
      for stream in streams {
        entries.append(Cut.Entry(stream: stream, known: try state(of: stream).known))
      }
      return Cut(entries)
    }
  }

  /// The replica as it was at a cut: a private copy that the log is replayed into up to the cut, gone when it is
  /// closed. Equal cuts give equal rows, whatever came since and on whichever node that holds the streams.
  ///
  /// Every cut can be read that some replica had and whose change sets are all here: the log keeps all of them.
  /// Throws `cutUnreadable` for others. The copy is an SQLite temporary file (`SQLITE_TMPDIR`, else `/var/tmp`).
  /// Cost: linear in the log up to the cut.
  package func rewound(to cut: Cut) throws(StoreError) -> Replica {
    try checkKnown(cut)
    let copy = try emptyCopy()
    try reading { () throws(StoreError) in
      let select = try Statement(
        statements.connection, "SELECT \(Self.logColumns) FROM tributary_log ORDER BY id")
      var isMore = true
      while isMore {
        isMore = try copy.transaction(stamping: nil) { () throws(StoreError) in
          try self.replay(select, cut, into: copy)
        }
      }
    }
    return copy
  }

  private func checkKnown(_ cut: Cut) throws(StoreError) {
    let here = try self.cut()
    for entry in cut.entries {
      guard streams.contains(entry.stream) else {
        throw .cutUnreadable(.streamNotHeld(entry.stream))
      }
      let known = here[entry.stream]
      for wanted in entry.known.entries where known[wanted.replica] < wanted.number {
        throw .cutUnreadable(
          .unknownHere(
            Dot(stream: entry.stream, replica: wanted.replica, number: wanted.number)))
      }
    }
  }

  /// A replica of the same node and schema that knows nothing and writes nothing.
  private func emptyCopy() throws(StoreError) -> Replica {
    let own = schema.tables.filter { $0.id != Registry.table.id }
    let plain: Schema
    do throws(Schema.Invalid) { plain = try Schema(version: schema.version, tables: own) } catch {
      throw .schema(error.reason)
    }
    let (database, connection) = try temporaryDatabase()
    try Self.createTables(
      database,
      facts: [
        ("format", .integer(EngineTables.formatVersion)),
        ("replica", .text(identity.replica.description)),
        ("anchor", .text(identity.anchor.description)),
        ("public_key", .text(Hexadecimal.encode(identity.publicKey))),
      ])
    let copy = try Self.make(
      folder, database, connection, tree, plain, host, nil, withKey: false)
    try copy.register()
    return copy
  }

  private func temporaryDatabase() throws(StoreError) -> (DatabaseQueue, OpaquePointer) {
    do {
      let database = try DatabaseQueue(
        path: "", configuration: Self.configuration(readOnly: false))
      let connection = try database.inDatabase { connection in
        // Nobody misses the copy after a power cut.
        try connection.execute(sql: "PRAGMA synchronous = OFF")
        return try Self.prepare(connection, folder)
      }
      return (database, connection)
    } catch let error as StoreError {
      throw error
    } catch {
      throw .folder(path: folder.database, problem: "no room for the rows of a cut: \(error)")
    }
  }

  /// Takes the next change sets of the log that are in the cut; returns whether there are more.
  private func replay(
    _ log: Statement, _ cut: Cut, into copy: Replica
  ) throws(StoreError) -> Bool {
    let delivery = Delivery(
      copy, peer: identity.replica, ingress: .none, wallMilliseconds: 0)
    var count = 0
    while count < Self.replayedAtOnce {
      guard try log.step() else { return false }
      let encoded = try encodedChangeSet(log)
      let dot = encoded.dot
      guard cut[dot.stream].contains(dot.replica, dot.number) else { continue }
      // Told below.
      guard let header = try? ChangeSetCodec.decodeHeader(encoded.header),
        let chain = ContentHash(log.blob(6))
      else { throw .damagedRecord("log entry of \(dot)") }
      let state = try copy.state(of: dot.stream)
      let context = copy.context(of: header, after: state.heads[header.replica])
      let isWhole = header.parts.allSatisfy {
        !streams.contains($0.stream) || cut[$0.stream].contains(header.replica, $0.number)
      }
      guard isWhole, state.known.dominates(context) else {
        throw .cutUnreadable(.notClosed(dot))
      }
      var incoming = Incoming(
        header: header, encoded: encoded, signedHead: nil, awaitsJudgement: false, hasWaited: false,
        source: nil)
      incoming.chain = chain
      incoming.isProved = true
      _ = try delivery.take(incoming)
      count += 1
    }
    return true
  }
}

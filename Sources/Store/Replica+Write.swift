package import Causality
package import Changes
internal import Merge
internal import Wire

extension Replica {
  /// Runs one local transaction: everything that `body` writes becomes one change set per stream touched, or
  /// nothing happens. Durable when it returns.
  ///
  /// `author` is the person or program, `reason` may be empty. Throws what `body` throws, `writingStopped`,
  /// `busy` when another program writes, `diskFull`.
  package func write<Result>(
    author: String, reason: String = "", wallMilliseconds: UInt64,
    _ body: (WriteTransaction) throws(StoreError) -> Result
  ) throws(StoreError) -> WriteReceipt<Result> {
    try checkWriting()
    return try transaction(stamping: wallMilliseconds) { () throws(StoreError) in
      let write = begin(author: author, reason: reason, wallMilliseconds: wallMilliseconds)
      let result = try body(write)
      return WriteReceipt(result: result, dots: try finish(write))
    }
  }

  func checkWriting() throws(StoreError) {
    if let stopReason { throw .writingStopped(stopReason) }
  }

  func begin(
    author: String, reason: String, wallMilliseconds: UInt64
  ) -> WriteTransaction {
    WriteTransaction(
      self, author: String(decoding: author.utf8.prefix(Limits.authorBytes), as: UTF8.self),
      reason: String(decoding: reason.utf8.prefix(Limits.reasonBytes), as: UTF8.self),
      timestamp: clock.tick(milliseconds: wallMilliseconds))
  }

  /// Makes the change sets of a transaction and logs them. `atom`: the log id of the group that it must
  /// travel with; nil for a group of its own.
  func finish(
    _ write: WriteTransaction, atom: Int64? = nil
  ) throws(StoreError) -> [Dot] {
    let drafts = write.drafts.filter { !$0.isEmpty }
      .sorted { $0.write.stream.stream < $1.write.stream.stream }
    guard let first = drafts.map(\.write.info.log).min() else { return [] }
    let parts =
      drafts.count == 1
      ? []
      : drafts.map {
        TransactionPart(stream: $0.write.stream.stream, number: $0.write.info.dot.number)
      }
    for draft in drafts { try log(draft, write.header(draft, parts: parts), atom: atom ?? first) }
    return drafts.map(\.write.info.fullDot)
  }

  private func log(
    _ draft: StreamDraft, _ header: ChangeSetHeader, atom: Int64
  ) throws(StoreError) {
    let state = draft.write.stream
    let body = ChangeSetBody(
      blocks: ChangeSetAssembler.blocks(draft.pieces.compactMap { $0 }), controls: draft.controls)
    let headerBytes = ChangeSetCodec.encodeHeader(header)
    let bodyBytes = ChangeSetCodec.encodeBody(body, of: header)
    guard bodyBytes.count <= Limits.changeSetBytes else {
      throw .invalidValue(
        table: "*", column: "*",
        problem: "a transaction of \(bodyBytes.count) bytes; at most \(Limits.changeSetBytes)")
    }
    try Self.checkSize(body, byteCount: bodyBytes.count)
    let head = state.heads[header.replica]
    let chain = Self.chainHash(
      head?.chain ?? .zero, header: headerBytes, canonicalBody: bodyBytes)
    let encoded = EncodedChangeSet(
      dot: header.dot, header: headerBytes, body: bodyBytes, bodyIsDeflated: false,
      bodyByteCount: bodyBytes.count)
    let isSmall = headerBytes.count + bodyBytes.count <= LogEntry.smallBytes
    let standsInLog = head != nil && header.contextAdvance.isEmpty && isSmall
    var entry = LogEntry(
      id: draft.write.info.log, atom: atom, header: header, encoded: encoded, chain: chain,
      flags: [], signature: nil)
    if standsInLog {
      entry.result = LogEntry.Result(
        digest: state.digest, rowCount: state.rowCount, clock: clock.last)
    }
    try insert(entry)
    state.advance(
      header.replica,
      to: Head(
        number: header.number, chain: chain, context: context(of: header, after: head),
        log: draft.write.info.log), standsInLog: standsInLog)
    for operation in draft.controls { try apply(operation, by: draft.write) }
  }

  /// Throws when a receiver would refuse the body: what is in it is more than its bytes allow.
  private static func checkSize(_ body: ChangeSetBody, byteCount: Int) throws(StoreError) {
    let most = BodyBudget.cells(ofBytes: byteCount)
    let cells = body.blocks.reduce(0) { $0 + $1.rowCount * $1.cells.width }
    guard body.rowCount <= Limits.operationsPerChangeSet, cells <= most else {
      throw .invalidValue(
        table: "*", column: "*",
        problem: "a transaction of \(body.rowCount) rows and \(cells) values in one scope; at most "
          + "\(Limits.operationsPerChangeSet) rows and \(most) values: write it in several")
    }
  }

  /// A live row as it is shown; nil when there is none.
  package func row(
    _ table: TableID, scope: Scope, key: [Value]
  ) throws(StoreError) -> RowSnapshot? {
    try reading { () throws(StoreError) in try snapshot(table, scope: scope, key: key) }
  }

  func snapshot(
    _ table: TableID, scope: Scope, key: [Value]
  ) throws(StoreError) -> RowSnapshot? {
    let layout = try layout(table)
    guard let rowKey = RowKey(key) else { return nil }
    let state = try writer.loader.load(table, layout, scope: scope, key: rowKey)
    guard state.registers.isAlive else { return nil }
    var seen = [
      FormSnapshot.Seen(
        group: .existence, dots: state.registers.existence.dots.map(\.streamDot))
    ]
    for group in state.registers.groups {
      seen.append(FormSnapshot.Seen(group: group.id, dots: group.register.dots.map(\.streamDot)))
    }
    return RowSnapshot(
      values: state.shown,
      form: FormSnapshot(table: table, scope: scope, key: rowKey, seen: seen))
  }
}

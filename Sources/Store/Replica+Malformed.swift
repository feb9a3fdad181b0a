internal import Causality
internal import Changes
internal import Merge
internal import Wire

/// A row of a change set that takes no effect.
struct RowProblem {
  /// Table and key.
  let place: String
  let text: String
  /// Whether every holder finds it, whatever its schema version.
  let isAlike: Bool
}

extension Replica {
  /// The kind of quarantine entries of change sets that do not decode here.
  static let undecodable = "undecodable"

  /// A body without the rows that cannot take effect: with `over` outside the context, or with values that
  /// the table does not take. Other rows of the change set are not affected.
  ///
  /// Source: Protocol/4-Merge §2, §8. Cost: linear in the cells.
  func effective(
    _ body: ChangeSetBody, _ context: WriteContext
  ) -> (body: ChangeSetBody, problems: [RowProblem]) {
    var problems: [RowProblem] = []
    var result = body
    for (index, block) in body.blocks.enumerated().reversed() {
      let found = self.problems(of: block, context)
      if found.isEmpty { continue }
      let name = layouts[block.table]?.table.name ?? "table \(block.table.number)"
      for (row, problem) in found.sorted(by: { $0.key < $1.key }) {
        let key = block.key(row)?.description ?? "row \(row)"
        problems.append(
          RowProblem(place: "\(name) \(key)", text: problem.text, isAlike: problem.isAlike))
      }
      let rest = (0..<block.rowCount).filter { found[$0] == nil }
      if rest.isEmpty {
        result.blocks.remove(at: index)
      } else {
        result.blocks[index] = block.selecting(rest)
      }
    }
    return (result, problems)
  }

  private func problems(
    of block: RowBlock, _ context: WriteContext
  ) -> [Int: (text: String, isAlike: Bool)] {
    var found: [Int: (text: String, isAlike: Bool)] = [:]
    // Most blocks are fine as a whole.
    if block.hasInvalidKey {
      for row in 0..<block.rowCount where block.key(row) == nil {
        found[row] = ("a key is null or real", true)
      }
    }
    for note in block.notes {
      guard let over = note.over, !context.allows(over: over) else { continue }
      found[note.row] = ("`over` is not within the context", true)
    }
    guard let layout = layouts[block.table] else { return found }
    guard block.keyWidth == layout.table.key.count else {
      for row in 0..<block.rowCount {
        found[row] = ("\(block.keyWidth) key columns for \(layout.table.name)", false)
      }
      return found
    }
    // Likewise.
    guard block.firstUnstorableCell(layout) != nil else { return found }
    for row in 0..<block.rowCount where found[row] == nil {
      if let cell = block.selecting([row]).firstUnstorableCell(layout) {
        found[row] = ("\(cell.column): \(cell.text)", false)
      }
    }
    return found
  }

  // MARK: after an upgrade

  /// Tries again what did not decode under an earlier program, in the order of the log: rows are rebuilt
  /// with it, as if it had been decoded in time.
  func retryUndecodable() throws(StoreError) {
    guard stopReason == nil, try hasUndecodable() else { return }
    try transaction(stamping: nil) { () throws(StoreError) in
      let select = try Statement(
        statements.connection, "SELECT id FROM tributary_log WHERE flags & ? <> 0 ORDER BY id")
      select.bind(1, LogFlags.malformed.rawValue)
      var logs: [Int64] = []
      while try select.step() { logs.append(select.integer(0)) }
      for log in logs { try retry(log) }
    }
  }

  private func hasUndecodable() throws(StoreError) -> Bool {
    try onConnection { () throws(StoreError) in
      let select = try statements("SELECT 1 FROM tributary_quarantine WHERE kind = ? LIMIT 1")
      defer { select.reset() }
      select.bind(1, text: Self.undecodable)
      return try select.step()
    }
  }

  private func retry(_ log: Int64) throws(StoreError) {
    guard let body = try loggedBody(log) else { return }
    var info = try dots.info(log, statements)
    info.flags.remove(.malformed)
    dots.insert(info)
    let update = try statements("UPDATE tributary_log SET flags = flags & ~?1 WHERE id = ?2")
    update.bind(1, LogFlags.malformed.rawValue)
    update.bind(2, log)
    try update.run()
    let delete = try statements("DELETE FROM tributary_quarantine WHERE kind = ? AND subject = ?")
    delete.bind(1, text: Self.undecodable)
    delete.bind(2, text: info.fullDot.description)
    try delete.run()
    let stream = try state(of: info.stream)
    try rebuildRows(of: info, stream)
    guard !body.controls.isEmpty, !info.flags.contains(.refused) else { return }
    let write = ChangeWrite(
      info: info, context: WriteContext(dot: info.fullDot, known: try loggedContext(of: info)),
      origin: writer.loader.origin(of: info), stream: stream, isLocal: false)
    for operation in body.controls { try apply(operation, by: write) }
  }

  /// The context of a change set in the log.
  private func loggedContext(of info: DotInfo) throws(StoreError) -> VersionVector {
    let cursor = try LogCursor(statements, info.stream, info.dot.replica, after: 0)
    var context = VersionVector()
    while try cursor.step(), cursor.row.unsigned(4) <= info.dot.number {
      // Headers decoded when they came.
      guard let header = try? ChangeSetCodec.decodeHeader(cursor.row.blob(8)) else {
        throw .damagedRecord("header of \(info.fullDot)")
      }
      context = context.union(header.contextAdvance)
    }
    return context
  }
}
